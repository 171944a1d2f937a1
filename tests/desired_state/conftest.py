"""One simulated tenant for a process of tests, as new for each test."""

from collections.abc import Iterator, Sequence

import pytest

from microsoft365.exchange.rest import RestTransport
from microsoft365.exchange.transport import Answer, Call, Progress
from simulator.server import SimulatorServer
from tests.desired_state.cmdlet_table import unknown
from tests.desired_state.tenant import Tenant
from tests.desired_state.without_sockets import InProcess


@pytest.fixture(scope="session")
def _tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    folder = tmp_path_factory.mktemp("tenant")
    with SimulatorServer(state_folder=folder, port=0, control_port=0) as server:
        yield Tenant(server, folder)


@pytest.fixture
def tenant(_tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """Return a tenant that nobody has touched: the named company with 25 rooms.

    Whatever cmdlets the test sends there from this process are compared with Microsoft's table of them.
    """
    sent: list[str] = []
    run = RestTransport.run

    def noted(transport: RestTransport, calls: Sequence[Call], progress: Progress | None = None) -> list[Answer]:
        sent.extend(wrong for call in calls for wrong in unknown(call.cmdlet, call.parameters))
        return run(transport, calls, progress)

    monkeypatch.setattr(RestTransport, "run", noted)
    _tenant.control.post("/reset").raise_for_status()
    _tenant.control.delete("/faults").raise_for_status()
    _tenant.forget_requests()
    yield _tenant
    assert sent == [], "cmdlets or parameters that Microsoft does not document"


@pytest.fixture(scope="session")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """Return a tenant without sockets; whoever uses it seeds it first."""
    with InProcess(tmp_path_factory.mktemp("in-process")) as tenant:
        yield tenant
