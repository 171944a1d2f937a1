"""One server for all tests of this folder; each test begins with a fresh tenant."""

from collections.abc import Iterator

import pytest

from simulator.server import SimulatorServer
from tests.tenant.client import TenantClient


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    """A running server with the default company."""
    with SimulatorServer(tmp_path_factory.mktemp("tenant")) as running:
        yield running


@pytest.fixture
def tenant(server: SimulatorServer) -> Iterator[TenantClient]:
    """A client of a fresh tenant."""
    client = TenantClient(server)
    client.control("POST", "/reset")
    yield client
    client.close()
