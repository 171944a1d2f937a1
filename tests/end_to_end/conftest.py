"""A simulated tenant, and a stack in it, for each end-to-end test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.server import SimulatorServer
from tests.support.secrets import leaks
from tests.support.stack import Stack
from tests.support.tenant import Tenant

NewStack = Callable[..., Stack]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs the engine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatorServer]:
    with SimulatorServer(tmp_path / "tenant") as running:
        yield running


@pytest.fixture
def tenant(server: SimulatorServer) -> Tenant:
    return Tenant.first(server)


@pytest.fixture
def new_stack(tmp_path: Path, server: SimulatorServer, tenant: Tenant) -> Iterator[NewStack]:
    """Make a stack with keys of `roomz:`; whatever the test did to it, no secret may stand in its state or what was said."""
    made: list[Stack] = []

    def make(**configuration: Any) -> Stack:
        made.append(Stack.create(tmp_path / f"checkout-{len(made)}", server, tenant, **configuration))
        return made[-1]

    yield make
    for stack in made:
        assert leaks(stack.state_files(), {}) == [], "a secret stands in the state"
        assert leaks("\n".join(stack.said), {}) == [], "a secret was said"


@pytest.fixture
def stack(new_stack: NewStack) -> Stack:
    """A stack like the dev stack, not yet up."""
    return new_stack()
