"""A simulated tenant and a stack of the provider's resources in it, for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.server import SimulatorServer
from tests.provider.running import EVERYTHING, ProviderStack

NewStack = Callable[..., ProviderStack]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatorServer]:
    with SimulatorServer(tmp_path / "tenant") as running:
        yield running


@pytest.fixture
def new_stack(tmp_path: Path, server: SimulatorServer) -> NewStack:
    """Make a stack that declares what is named, or everything; all stacks of a test are in one tenant."""
    made: list[ProviderStack] = []

    def make(*declared: str, **configuration: Any) -> ProviderStack:
        folder = tmp_path / f"stack-{len(made)}"
        made.append(ProviderStack.create(folder, server, declared or EVERYTHING, **configuration))
        return made[-1]

    return make
