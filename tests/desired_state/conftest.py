"""One simulated tenant for a process of tests, as new for each test."""

from collections.abc import Iterator

import pytest

from simulator.server import SimulatorServer
from tests.desired_state.tenant import Tenant


@pytest.fixture(scope="session")
def _tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    folder = tmp_path_factory.mktemp("tenant")
    with SimulatorServer(state_folder=folder, port=0, control_port=0) as server:
        yield Tenant(server, folder)


@pytest.fixture
def tenant(_tenant: Tenant) -> Tenant:
    """Return a tenant that nobody has touched: the named company with 25 rooms."""
    _tenant.control.post("/reset").raise_for_status()
    _tenant.control.delete("/faults").raise_for_status()
    _tenant.forget_requests()
    return _tenant
