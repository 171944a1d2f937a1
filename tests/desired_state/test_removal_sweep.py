"""Whatever goes wrong at whichever request of a removal: it says exactly what it did, and the next one finishes.

As test_fault_sweep.py for `apply`; here Microsoft Graph's requests fail as well.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from microsoft365.errors import Problem
from tests.desired_state.canonical import canonical
from tests.desired_state.removal_scenes import REMOVALS
from tests.desired_state.test_fault_sweep import EVERY, FAULTS, LIES, MOST_REQUESTS, changes_met, numbers
from tests.desired_state.without_sockets import InProcess


def pairs() -> list[tuple[str, str, str]]:
    """Return which ways are tried on which removals and interfaces: all, or each way and each removal on one of them."""
    apis = ("exchange", "graph")
    if EVERY:
        return [(name, fault, api) for name in REMOVALS for fault in FAULTS for api in apis]
    names = list(REMOVALS)
    chosen = [(names[number % len(names)], fault, apis[number // 2 % 2]) for number, fault in enumerate(FAULTS)]
    # Where something was found once, and where most can be told wrongly.
    chosen += [("policy now", "refused", "exchange"), ("rbac now", "not allowed", "exchange")]
    chosen += [(name, "not found", "exchange") for name in ("policy now", "rbac with a group now")]
    chosen += [(name, "a lie", "exchange") for name in ("policy now", "rbac now", "rbac with a group now")]
    return list(dict.fromkeys(chosen))


def steps(report: Mapping[str, Any], state: str) -> set[tuple[str, str]]:
    return {(part["kind"], subject) for part in report[state] for subject in part["subjects"]}


@pytest.mark.parametrize(("name", "fault", "api"), pairs())
def test_invariant_2_and_3_any_fault_at_any_request_of_a_removal_is_told_exactly_and_mended_by_the_next(
    in_process: InProcess, name: str, fault: str, api: str
) -> None:
    tenant = in_process
    removal = REMOVALS[name](tenant)
    start = tenant.keep()
    whole = removal.run().ledger.document()
    assert steps(whole, "done"), "there was nothing to remove"
    undisturbed = canonical(tenant.snapshot())
    for number in numbers(f"{name} {fault} {api}"):
        tenant.restore(start)
        tenant.fault({"api": api}, FAULTS[fault], skip=number)
        report: Mapping[str, Any] | None = None
        try:
            removal.run()
        except Problem as problem:
            report = problem.report or {"done": [], "unknown": [], "notDone": []}
        (met,) = tenant.control.get("/faults").json()["faults"]
        tenant.control.delete("/faults")
        if met["seen"] <= number:
            assert report is None
            assert number > 4, "the fault was never met"
            return
        if report is None and not (fault == "a lie" and changes_met(tenant)):
            # What ended well is not run again: the engine has forgotten it. (Nothing tells that "done" is a lie.)
            assert canonical(tenant.snapshot()) == undisturbed, f"request {number}: ended well, and is not done"
        again = removal.run().ledger.document()
        if not (fault in LIES and changes_met(tenant)):
            assert canonical(tenant.snapshot()) == undisturbed, f"request {number}"
        if report is not None and fault not in LIES:
            told = [steps(report, state) for state in ("done", "unknown", "notDone")]
            assert set().union(*told) <= steps(whole, "done")
            assert steps(report, "notDone") <= steps(again, "done"), "called not done, and was"
            # What is retired already is looked at again; what is removed is not.
            removed = {step for step in steps(report, "done") if not step[0].startswith("retire")}
            assert not removed & steps(again, "done"), "called done, and was not"
    pytest.fail(f"more than {MOST_REQUESTS} requests")


@pytest.mark.parametrize(
    ("when", "api", "fault"),
    [
        ("now", "graph", "reset after"),
        ("now", "graph", "not allowed"),
        ("now", "graph", "not found"),
        ("now", "graph", "a lie"),
        ("now", "exchange", "a lie"),
        ("later", "exchange", "not found"),
        ("later", "graph", "a lie"),
    ],
)
def test_invariant_1_no_fault_lets_a_removal_begin_while_a_grant_lives(
    in_process: InProcess, when: str, api: str, fault: str
) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    application = tenant.application()
    wish = tenant.desired(application["clientId"], removal=when)
    tenant.apply(wish)
    tenant.grant(application["principalId"])
    start, before = tenant.keep(), tenant.snapshot()
    for number in range(MOST_REQUESTS):
        tenant.restore(start)
        tenant.watch(application["clientId"])
        tenant.fault({"api": api}, FAULTS[fault], skip=number)
        with pytest.raises(Problem) as raised:
            tenant.remove({**wish, "application": {}}, tenant.simulator.store.first.now())
        (met,) = tenant.control.get("/faults").json()["faults"]
        assert tenant.snapshot() == before, f"request {number}"
        assert tenant.exposures() == []
        if met["seen"] <= number:
            assert "Calendars.ReadWrite" in str(raised.value)
            assert number > 3, "the fault was never met"
            return
    pytest.fail(f"more than {MOST_REQUESTS} requests")
