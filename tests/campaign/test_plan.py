"""Which cases follow from which requests, and what their names say.  No engine, no tenant."""

import re
from collections import Counter
from typing import Any

from tests.campaign import plan
from tests.campaign.requests import Made, Request, made, request_of
from tests.campaign.scenarios import SCENARIOS

GUID = "0b8e4ad1-8a5c-4f0e-9d67-1c3a5f0e2b44"


def entry(method: str, path: str, cmdlet: str | None = None) -> dict[str, Any]:
    api = "exchange" if "/adminapi/" in path else "graph" if path.startswith(("/v1.0", "/beta")) else "login"
    return {"api": api, "method": method, "path": path, "cmdlet": cmdlet}


def cmdlet(name: str) -> dict[str, Any]:
    return entry("POST", f"/adminapi/beta/{GUID}/InvokeCommand", name)


TOKEN = entry("POST", f"/{GUID}/oauth2/v2.0/token")
LIST = entry("GET", "/v1.0/applications")
APPLICATION = entry("POST", "/v1.0/applications")
PATCH = entry("PATCH", f"/v1.0/applications/{GUID}")
GRANT = entry("POST", f"/v1.0/servicePrincipals/{GUID}/appRoleAssignedTo")
READ_GRANT = entry("GET", f"/v1.0/servicePrincipals/{GUID}/appRoleAssignedTo/oEeKazzEDZ-KP0")
SECRET = entry("POST", f"/v1.0/applications/{GUID}/addPassword")
REMOVAL = entry("POST", f"/v1.0/applications/{GUID}/removePassword")
GROUP, SCOPE, ROOM, READ = map(
    cmdlet, ("New-DistributionGroup", "New-ManagementScope", "Set-CalendarProcessing", "Get-Mailbox")
)
ENVELOPE = entry("POST", f"/adminapi/beta/{GUID}/$batch")

FIRST_IN_POLICY = [
    TOKEN,
    LIST,
    APPLICATION,
    PATCH,
    PATCH,
    ENVELOPE,
    READ,
    GROUP,
    *[ROOM] * 25,
    GRANT,
    READ_GRANT,
    SECRET,
]
FIRST_IN_RBAC = [TOKEN, LIST, APPLICATION, PATCH, PATCH, READ, SCOPE, *[ROOM] * 25, SECRET]
REVOKED = [TOKEN, LIST, READ, SECRET, READ, REMOVAL]
RECORDED = {
    "policy: up from nothing": made(FIRST_IN_POLICY),
    "policy: secret renewed": made([TOKEN, LIST, READ, SECRET, READ]),
    "policy: secret revoked": made(REVOKED),
    "rbac: up from nothing": made(FIRST_IN_RBAC),
    "rbac: secret revoked": made(REVOKED),
}


def of(scenario: str, what: str) -> list[plan.Planned]:
    return [case for case in plan.cases(RECORDED) if case.scenario == scenario and case.request.what == what]


def test_a_request_is_known_by_what_it_asks_for_and_recognised_by_its_own_pattern() -> None:
    assert request_of(ENVELOPE) is None
    for asked in (TOKEN, LIST, APPLICATION, PATCH, GRANT, READ_GRANT, SECRET):
        request = request_of(asked)
        assert request is not None
        assert GUID not in request.what
        assert re.search(request.match["path"], asked["path"]), request
    beta = request_of(entry("GET", f"/beta/servicePrincipals/{GUID}"))
    assert beta == Request("graph", "GET /beta/servicePrincipals/{id}")
    assert not re.search(beta.match["path"], f"/v1.0/servicePrincipals/{GUID}")
    one = request_of(entry("GET", f"/v1.0/applications/{GUID}"))
    assert one is not None
    assert not re.search(one.match["path"], f"/v1.0/applications/{GUID}/owners")
    assert request_of(READ_GRANT) == Request("graph", "GET /servicePrincipals/{id}/appRoleAssignedTo/{id}")
    assert request_of(GROUP) == Request("exchange", "New-DistributionGroup")


def test_what_writes_and_who_makes_it() -> None:
    writes = [request for request in map(request_of, FIRST_IN_POLICY + REVOKED) if request and not request.reads]
    assert {request.what.split("/")[-1] for request in writes} >= {"addPassword", "removePassword", "appRoleAssignedTo"}
    by_script = {request.what for request in writes if request.made_by_script}
    assert by_script == {
        "New-DistributionGroup",
        "Set-CalendarProcessing",
        "POST /applications/{id}/removePassword",
    }


def test_every_write_meets_every_fault_and_is_killed_before_and_after() -> None:
    for scenario, what, number in (
        ("policy: up from nothing", "POST /applications", 1),
        ("policy: up from nothing", "PATCH /applications/{id}", 2),
        ("policy: up from nothing", "Set-CalendarProcessing", 1),
        ("policy: secret revoked", "POST /applications/{id}/removePassword", 1),
    ):
        found = Counter(case.kind for case in of(scenario, what))
        assert {kind: found[kind] for kind in plan.FAULTS + plan.KILLS_AFTER} == dict.fromkeys(
            plan.FAULTS + plan.KILLS_AFTER, number
        )
        assert sum(found[kind] for kind in plan.KILLS_BEFORE) == number
    assert {case.kind for case in plan.cases(RECORDED)} == set(plan.KINDS), "each one who is killed has its turn"
    assert {case.occurrence for case in of("policy: up from nothing", "Set-CalendarProcessing")} == {12}


def test_writes_that_both_models_begin_with_are_tried_once() -> None:
    assert (
        of("rbac: up from nothing", "POST /applications")
        == of("rbac: up from nothing", "PATCH /applications/{id}")
        == []
    )
    assert of("rbac: up from nothing", "New-ManagementScope")
    # Not shared: what came before them differs.
    assert of("rbac: up from nothing", "POST /applications/{id}/addPassword")
    assert of("rbac: secret revoked", "POST /applications/{id}/addPassword")


def test_every_pair_of_a_read_and_a_fault_is_tried_somewhere() -> None:
    tried = {(case.request, case.kind) for case in plan.cases(RECORDED) if case.request.reads}
    for request in {
        request for request in map(request_of, FIRST_IN_POLICY + FIRST_IN_RBAC) if request and request.reads
    }:
        kinds = plan.FAULTS_OF_LOGIN if request.api == "login" else plan.FAULTS_OF_READS
        assert {kind for read, kind in tried if read == request} == set(kinds), request


def test_reads_before_the_first_write_are_tried_once_for_each_model() -> None:
    places = {case.scenario for case in plan.cases(RECORDED) if case.request.what == "GET /applications"}
    assert places == {"policy: up from nothing", "policy: secret renewed", "rbac: secret revoked"}
    # A read that stands behind a write as well belongs to each scenario.
    places = {case.scenario for case in plan.cases(RECORDED) if case.request.what == "Get-Mailbox"}
    assert places == set(RECORDED)


def test_names_are_one_to_one_and_writes_come_first() -> None:
    cases = plan.cases(RECORDED)
    assert len({case.name for case in cases}) == len(cases)
    assert [case.request.reads for case in cases] == sorted(case.request.reads for case in cases)
    assert {case.row for case in of("policy: up from nothing", "PATCH /applications/{id}")} == {
        "PATCH /applications/{id} (1)",
        "PATCH /applications/{id} (2)",
    }


def test_the_scenarios_are_those_that_are_promised() -> None:
    kinds = {scenario.kind for scenario in SCENARIOS.values()}
    assert kinds == {
        "up from nothing",
        "room added",
        "room removed",
        "secret renewed",
        "secret revoked",
        "name changed",
        "group renamed",
        "destroy",
    }
    assert len(SCENARIOS) == 2 * len(kinds)


def test_what_is_made_survives_the_record() -> None:
    for one in RECORDED["policy: up from nothing"]:
        assert Made.of(one.document()) == one
