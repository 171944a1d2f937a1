"""A simulated tenant, and a stack in it, for each end-to-end test: not yet up, or up where the test is marked `connected`."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.server import SimulatorServer
from tests.support.connected import Template
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
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stacks are that are up already; shared by all processes of the run."""
    shared = tmp_path_factory.getbasetemp()
    return (shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared) / "connected"


@pytest.fixture
def template(request: pytest.FixtureRequest, templates: Path) -> Template | None:
    """What a test marked `connected(**keys of roomz)` begins with."""
    marker = request.node.get_closest_marker("connected")
    return Template.prepared(templates, dict(marker.kwargs)) if marker else None


@pytest.fixture
def server(tmp_path: Path, template: Template | None) -> Iterator[SimulatorServer]:
    if template:
        template.copy_tenant(tmp_path / "tenant")
    with SimulatorServer(tmp_path / "tenant") as running:
        yield running


@pytest.fixture
def tenant(server: SimulatorServer, template: Template | None) -> Tenant:
    return template.tenant(server) if template else Tenant.first(server)


@pytest.fixture
def made() -> list[Stack]:
    """Every stack of a test."""
    return []


@pytest.fixture
def new_stack(tmp_path: Path, server: SimulatorServer, tenant: Tenant, made: list[Stack]) -> Iterator[NewStack]:
    """Make a stack with keys of `roomz:`; whatever the test did to it, no secret may stand in its state or what was said."""

    def make(**configuration: Any) -> Stack:
        made.append(Stack.create(tmp_path / f"checkout-{len(made)}", server, tenant, **configuration))
        return made[-1]

    yield make
    for stack in made:
        assert leaks(stack.state_files(), {}) == [], "a secret stands in the state"
        assert leaks("\n".join(stack.said), {}) == [], "a secret was said"


@pytest.fixture
def stack(
    tmp_path: Path,
    server: SimulatorServer,
    tenant: Tenant,
    template: Template | None,
    new_stack: NewStack,
    made: list[Stack],
) -> Stack:
    """A stack like the dev stack: not yet up, or up where the test is marked `connected`."""
    if template is None:
        return new_stack()
    made.append(template.copy_stack(tmp_path / "connected", server, tenant))
    return made[-1]
