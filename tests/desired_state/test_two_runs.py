"""Two runs of `apply` in one tenant at once, with nothing that locks: one waits at each of its requests while the other runs.

That happens when a stack's state was copied, when its backend has no lock, or when a run outlives the engine that started it.
Pulumi's own lock, and two whole `up`s, are in end_to_end/test_concurrency.py. `make faults` tries every request, the tests that
always run every second.
"""

import os
import threading

import httpx
import pytest

from microsoft365.errors import Problem
from microsoft365.exchange.apply import apply
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.rest import RestTransport
from microsoft365.http import Http
from tests.desired_state.canonical import canonical
from tests.desired_state.scenes import SCENES, Scene
from tests.desired_state.wires import Clock
from tests.desired_state.without_sockets import InProcess, Quiet

LIMIT_SECONDS = 60
STEP = 1 if os.environ.get("ROOMZ_EVERY_FAULT") else 2


class Gate(httpx.BaseTransport):
    """The way into the tenant for a run that waits before its request number `at` until it is let go on."""

    def __init__(self, tenant: InProcess, at: int) -> None:
        self._tenant = tenant
        self._at = at
        self._seen = 0
        self._counting = threading.Lock()
        self.waits = threading.Event()
        self.may_go_on = threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._counting:
            here = self._seen == self._at
            self._seen += 1
        if here:
            self.waits.set()
            assert self.may_go_on.wait(LIMIT_SECONDS), "nobody let it go on"
        return self._tenant.wire.handle_request(request)


class SlowRun(threading.Thread):
    """A run in a thread of its own, which stops before one of its requests."""

    def __init__(self, tenant: InProcess, scene: Scene, at: int) -> None:
        super().__init__(daemon=True)
        self.gate = Gate(tenant, at)
        self.problem: Problem | None = None
        self.ended = threading.Event()
        self._tenant, self._scene = tenant, scene

    def run(self) -> None:
        try:
            clock = Clock()
            client = httpx.Client(transport=self.gate)
            transport = RestTransport(
                Http(client, pace=clock.pace),
                self._tenant.exchange,
                self._tenant.id,
                lambda stale: self._tenant.token(self._tenant.exchange, instead_of=stale),
            )
            apply(transport, DesiredState.model_validate(self._scene.wish), Quiet(), clock.pace)
        except Problem as problem:
            self.problem = problem
        finally:
            self.gate.waits.set()
            self.ended.set()


@pytest.mark.parametrize("name", SCENES)
def test_invariant_1_and_2_two_runs_at_once_make_nothing_twice_and_open_nothing(
    in_process: InProcess, name: str
) -> None:
    tenant = in_process
    scene = SCENES[name](tenant)
    start = tenant.keep()
    tenant.apply(scene.wish)
    undisturbed = canonical(tenant.snapshot())
    for number in range(0, 100, STEP):
        tenant.restore(start)
        tenant.watch(scene.client_id)
        slow = SlowRun(tenant, scene, number)
        slow.start()
        assert slow.gate.waits.wait(LIMIT_SECONDS)
        if slow.ended.is_set():
            assert slow.problem is None
            assert number > 3, "the other run never waited"
            return
        tenant.apply(scene.wish)
        slow.gate.may_go_on.set()
        assert slow.ended.wait(LIMIT_SECONDS)
        tenant.apply(scene.wish)
        assert canonical(tenant.snapshot()) == undisturbed, f"before request {number}: {slow.problem}"
        assert tenant.exposures() == [], f"before request {number}"
    pytest.fail("more than 100 requests")
