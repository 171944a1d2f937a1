"""A simulated tenant in which a connector is finished, by plain calls to Microsoft's interfaces, and ways to verify it."""

from collections.abc import Iterator

import pytest

from simulator.server import SimulatorServer
from tests.verification.world import World


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    with SimulatorServer(tmp_path_factory.mktemp("tenant")) as running:
        yield running


@pytest.fixture
def fresh(_server: SimulatorServer) -> Iterator[World]:
    """A tenant that nobody has connected."""
    world = World(_server)
    yield world
    world.close()


@pytest.fixture
def policy(fresh: World) -> World:
    """A connector of the access model `policy` in which everything is as it must be."""
    fresh.connect_by_policy()
    return fresh


@pytest.fixture
def rbac(fresh: World) -> World:
    """A connector of the access model `rbac` in which everything is as it must be."""
    fresh.connect_by_rbac()
    return fresh
