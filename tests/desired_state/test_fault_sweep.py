"""Whatever goes wrong at whichever request: the run says exactly what it did, the next one finishes, and no instant is open.

Every request of a run of `apply` fails in turn, in each way and from each state (scenes.py). `make faults` tries every way in
every state, which takes minutes; the tests that always run try each way and each state, at every second request.
"""

import os
import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from microsoft365.errors import Problem
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observe import observe
from microsoft365.exchange.plan import Plan, plan
from tests.desired_state.canonical import canonical
from tests.desired_state.scenes import SCENES, Scene
from tests.desired_state.without_sockets import InProcess, Quiet
from tests.support.refusals import NOT_FOUND_BY_CMDLET, of_cmdlet

MOST_REQUESTS = 100
EVERY = bool(os.environ.get("ROOMZ_EVERY_FAULT"))

PAGE = "<!DOCTYPE html><html><head><title>Access denied</title></head><body>Contoso proxy</body></html>"
AT_ONCE = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
FAULTS: Mapping[str, dict[str, Any]] = {
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
    "throttled": {"status": 429, "headers": {"Retry-After": "2"}},
    "throttled without a time": {"status": 429},
    "too much at once": {"status": 403, "body": AT_ONCE, "headers": {"Content-Type": "text/plain"}},
    "unavailable": {"status": 503},
    "gateway timeout": {"status": 504},
    "internal error": {"status": 500},
    "token refused": {"status": 401},
    "cut off": {"truncateBody": True},
    "dribbled": {"dribbleSeconds": 0.001},
    "not allowed": {"status": 403, "body": "\0\0\0\0"},
    "refused": {"status": 400, "body": of_cmdlet("Microsoft.Exchange.QuotaException", "Kontingent überschritten.")},
    "not found": NOT_FOUND_BY_CMDLET,
    "a proxy's page": {"status": 403, "body": PAGE, "headers": {"Content-Type": "text/html"}},
    "a proxy's page as success": {"status": 200, "body": PAGE, "headers": {"Content-Type": "text/html"}},
    "nonsense": {"status": 200, "body": {"oops": 1}},
    "a lie": {"status": 200, "body": {"value": []}},
}
# What says "done" and has done nothing, or that there is nothing: no client can report that exactly.
LIES = ("a lie", "not found")
# What is worth waiting for, so that nobody should have to run anything twice.
SURVIVED = (
    "reset before",
    "reset after",
    "throttled",
    "throttled without a time",
    "too much at once",
    "unavailable",
    "gateway timeout",
    "internal error",
    "token refused",
    "cut off",
    "dribbled",
    "nonsense",
    "a proxy's page as success",
)


# Where something was found once, and where most can be told wrongly.
MORE = (
    ("policy_first", "reset after"),
    ("policy_first", "refused"),
    ("rbac_first", "not allowed"),
    ("rbac_of_a_renamed_stack", "a lie"),
)


def pairs() -> list[tuple[str, str]]:
    """Return which ways are tried in which states: all, or each way in one state, and each state in one way or two."""
    if EVERY:
        return [(scene, fault) for scene in SCENES for fault in FAULTS]
    scenes = list(SCENES)
    chosen = [(scenes[number % len(scenes)], fault) for number, fault in enumerate(FAULTS)]
    return [*chosen, *(pair for pair in MORE if pair not in chosen)]


def numbers(case: str) -> range:
    """Return at which requests a case is disturbed: all, or every second, where half of the cases begin with the second."""
    return range(MOST_REQUESTS) if EVERY else range(zlib.crc32(case.encode()) % 2, MOST_REQUESTS, 2)


def planned(tenant: InProcess, scene: Scene) -> Plan:
    desired = DesiredState.model_validate(scene.wish)
    return plan(desired, observe(tenant.transport(), desired, Quiet()))


def named(plan_of: Plan) -> set[tuple[str, str]]:
    return {(action.kind, action.subject) for action in plan_of.actions}


def assert_exact(report: Mapping[str, Any], before: Plan, left: Plan) -> None:
    """The report covers the plan; what it calls done is not to be done any more, what it calls not done is."""
    parts: dict[str, set[tuple[str, str]]] = {
        state: {(part["kind"], subject) for part in report[state] for subject in part["subjects"]}
        for state in ("done", "unknown", "notDone")
    }
    numbers = [part["number"] for state in parts for part in report[state]]
    assert sum(numbers) == len(before.actions)
    assert not parts["done"] & named(left), "called done, and is not"
    assert parts["notDone"] <= named(left), "called not done, and is"
    assert "run the same command again" in report["remedy"]


def changes_met(tenant: InProcess) -> bool:
    """Tell whether the fault met a change: Exchange never says that it has done what it has not."""
    met = [entry["cmdlet"] for entry in tenant.requests() if "answered by a fault" in str(entry.get("notes"))]
    return any(cmdlet is not None and not cmdlet.startswith("Get-") for cmdlet in met)


@pytest.mark.parametrize(("name", "fault"), pairs())
def test_invariant_1_2_and_3_any_fault_at_any_request_is_told_exactly_and_mended_by_the_next_run(
    in_process: InProcess, name: str, fault: str
) -> None:
    tenant = in_process
    scene = SCENES[name](tenant)
    start, before = tenant.keep(), planned(tenant, scene)
    tenant.apply(scene.wish)
    undisturbed = canonical(tenant.snapshot())
    assert planned(tenant, scene).actions == ()
    for number in numbers(f"{name} {fault}"):
        tenant.restore(start)
        tenant.watch(scene.client_id)
        tenant.fault({"api": "exchange"}, FAULTS[fault], skip=number)
        problem: Problem | None = None
        try:
            tenant.apply(scene.wish)
        except Problem as raised:
            problem = raised
        (met,) = tenant.control.get("/faults").json()["faults"]
        tenant.control.delete("/faults")
        if met["seen"] <= number:
            assert problem is None
            assert number > 5, "the fault was never met"
            return
        assert problem is None or fault not in SURVIVED, f"request {number}: {problem}"
        if problem is not None and problem.report is not None and fault not in LIES:
            assert_exact(problem.report, before, planned(tenant, scene))
        tenant.apply(scene.wish)
        if not (fault in LIES and changes_met(tenant)):
            assert canonical(tenant.snapshot()) == undisturbed, f"request {number}"
        assert tenant.exposures() == [], f"request {number}"
    pytest.fail(f"more than {MOST_REQUESTS} requests")
