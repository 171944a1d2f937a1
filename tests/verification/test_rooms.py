"""Rooms as ROOMZ's identity meets them: what refuses them, and whether Microsoft or somebody's set-up is behind it."""

import pytest

from microsoft365.errors import BadInput
from microsoft365.verification.waiting import RBAC_IDLE_SECONDS
from tests.tenant import rbac as exchange
from tests.tenant.client import EIGER
from tests.verification.world import BYPASS, ROOMS_ONLY, World, only, symptoms

RIGI, MOENCH, NIESEN = (f"room-{name}@alpenblick.example" for name in ("rigi", "moench", "niesen"))
NEW = "room-new@alpenblick.example"
HOUR = 3600.0


def by_path(address: str) -> dict[str, str]:
    """Match what is asked about a mailbox by its address."""
    return {"api": "calendars", "path": f"/users/{address}/"}


def test_everything_is_green_where_everything_is_as_it_must_be(policy: World) -> None:
    report = policy.verify()
    assert (report.verdict, report.closed, report.rooms) == ("green", True, 25)
    assert symptoms(report, "passed") == {
        "secret-accepted",
        "permissions-right",
        "rooms-readable",
        "control-refused",
        "restriction-right",
    }
    assert symptoms(report, "failed", "pending", "noted") == set()
    assert policy.pauses == []


def test_everything_is_green_with_rbac_too(rbac: World) -> None:
    report = rbac.verify()
    assert (report.verdict, report.closed, report.rooms) == ("green", True, 25)
    assert only(report, "restriction-right").says.startswith("Application Calendars.ReadWrite over the scope")


def test_without_an_administrator_it_lists_what_was_not_asked(policy: World) -> None:
    report = policy.verify(policy.subject(addresses=(EIGER, RIGI)), administrator=False)
    assert report.verdict == "green"
    assert not report.closed, "a mailbox that nobody confirmed proves nothing for a hand-over"
    assert "that it exists was not confirmed" in only(report, "control-refused-unconfirmed").says
    assert symptoms(report, "skipped") == {"grants-unread", "titles-unmanaged", "restriction-unread"}
    assert "ARM_CLIENT_ID" in only(report, "restriction-unread").remedy
    asked = [entry for entry in policy.requests() if entry["cmdlet"]]
    assert [entry["cmdlet"] for entry in asked if entry["cmdlet"].startswith(("Test-", "Get-Application"))] == []


def test_a_room_outside_of_the_group_is_told_from_one_that_microsoft_has_not_let_in_yet(policy: World) -> None:
    policy.rows("Remove-DistributionGroupMember", Identity=policy.group["Guid"], Member=RIGI, **BYPASS)
    policy.conditions(lag={"policySeconds": HOUR})
    policy.advance(2 * HOUR)
    policy.client.control(
        "POST", f"/tenants/{policy.client.tenant_id}/mailboxes", {"address": NEW, "resourceType": "Room"}
    )
    policy.rows("Add-DistributionGroupMember", Identity=policy.group["Guid"], Member=NEW, **BYPASS)
    policy.rows("Remove-DistributionGroupMember", Identity=policy.group["Guid"], Member=MOENCH, **BYPASS)
    report = policy.verify()
    outside, waiting = only(report, "room-not-covered"), only(report, "room-waits-for-microsoft")
    assert (outside.mailboxes, waiting.mailboxes) == ((RIGI,), (NEW,))
    assert "not in the group RoomzResources" in outside.cause
    assert "pulumi up --stack dev" in outside.remedy
    assert "longer than an hour" in waiting.cause
    assert "--wait 120" in waiting.remedy
    # Graph still lets it in, and will not for long.
    assert only(report, "room-leaves").mailboxes == (MOENCH,)
    assert report.verdict == "red"


def test_a_new_room_turns_green_while_it_waits_for_microsoft(policy: World) -> None:
    policy.conditions(lag={"policySeconds": HOUR})
    policy.advance(2 * HOUR)
    policy.client.control(
        "POST", f"/tenants/{policy.client.tenant_id}/mailboxes", {"address": NEW, "resourceType": "Room"}
    )
    policy.rows("Add-DistributionGroupMember", Identity=policy.group["Guid"], Member=NEW, **BYPASS)
    subject = policy.subject(addresses=(EIGER, NEW))
    short = policy.verify(subject, wait_minutes=25)
    assert (short.verdict, short.looked_times, short.waited_minutes) == ("pending", 4, 25)
    assert policy.pauses == [600.0, 600.0, 300.0]
    whole = policy.verify(subject, wait_minutes=120)
    assert (whole.verdict, whole.closed) == ("green", True)
    assert policy.pauses[3:] == [600.0] * 4
    # Nothing failed and nothing is pending: no reason to wait for the rest of the two hours.
    assert whole.waited_minutes == 40


def test_rbac_is_left_alone_for_half_an_hour_and_asked_once(fresh: World) -> None:
    fresh.conditions(lag={"rbacIdleSeconds": 1800, "rbacLongestSeconds": 7200})
    fresh.access = "rbac"
    fresh.application = fresh.client.make_application()
    principal = exchange.register(fresh.client, fresh.client_id, fresh.application["servicePrincipalId"])
    fresh.new_secret()
    # ROOMZ asked before the assignment was there, and Graph keeps that in mind.
    before = fresh.verify(fresh.subject(stack=None))
    assert only(before, "room-not-covered").cause.startswith("no role assignment")
    assert "assignment-missing" in symptoms(before, "failed")
    exchange.make_scope(fresh.client, "Rooms", ROOMS_ONLY)
    exchange.assign(fresh.client, principal, CustomResourceScope="Rooms")
    fresh.forget_requests()
    report = fresh.verify(fresh.subject(stack=None), wait_minutes=150)
    assert (report.verdict, report.closed, report.looked_times) == ("green", True, 2)
    assert fresh.pauses == [RBAC_IDLE_SECONDS]
    asked = [entry for entry in fresh.requests() if entry["api"] == "calendars"]
    # Two looks at 25 rooms and the control mailbox, and nothing in between, which would have begun the half hour anew.
    assert len(asked) == 2 * 26


def test_rbac_says_at_once_that_a_shorter_wait_cannot_help(rbac: World) -> None:
    rbac.conditions(lag={"rbacIdleSeconds": 1800, "rbacLongestSeconds": 7200})
    assignment = rbac.rows("Get-ManagementRoleAssignment", RoleAssignee=rbac.application["servicePrincipalId"])[0]
    rbac.rows("Remove-ManagementRoleAssignment", Identity=assignment["Guid"], Confirm=False)
    assert rbac.verify().verdict == "red"
    principal = {"ObjectId": rbac.application["servicePrincipalId"]}
    exchange.assign(rbac.client, principal, Name=assignment["Name"], CustomResourceScope="roomz:roomz/dev")
    report = rbac.verify(wait_minutes=20)
    assert (report.verdict, report.looked_times, report.waited_minutes) == ("pending", 1, 0)
    assert rbac.pauses == []
    waiting = only(report, "room-waits-for-microsoft")
    assert "up to 2 hours" in waiting.cause
    assert "--wait 150" in waiting.remedy


def test_without_an_administrator_a_refusal_may_be_either(policy: World) -> None:
    policy.rows("Remove-DistributionGroupMember", Identity=policy.group["Guid"], Member=RIGI, **BYPASS)
    report = policy.verify(policy.subject(addresses=(EIGER, RIGI)), administrator=False)
    refused = only(report, "room-refused")
    assert (refused.status, refused.mailboxes) == ("pending", (RIGI,))
    assert "not covered by the restriction, or covered" in refused.cause
    assert report.verdict == "pending"


def test_addresses_that_graph_does_not_find_are_told_apart(policy: World) -> None:
    where = f"/tenants/{policy.client.tenant_id}/mailboxes"
    away = "room-cellar@alpenblick.example"
    policy.client.control("POST", where, {"address": away, "resourceType": "Room", "livesOnPremises": True})
    gone = {"status": 404, "body": {"error": {"code": "ErrorInvalidUser", "message": "The requested user is invalid."}}}
    # A room whose sign-in name is another: found by its id alone. And a new one that Graph does not know at all.
    policy.fault(by_path(RIGI), gone)
    rigi = policy.rows("Get-Mailbox", Identity=MOENCH)[0]
    policy.fault(by_path(MOENCH), gone, times=5)
    policy.fault(by_path(rigi["ExternalDirectoryObjectId"]), gone, times=5)
    named = (EIGER, RIGI, MOENCH, away, "room-eigr@alpenblick.example")
    report = policy.verify(policy.subject(addresses=named))
    assert only(report, "rooms-readable").says == "1 room can be read"
    assert only(report, "room-by-another-name").mailboxes == (RIGI,)
    assert "user principal name" in only(report, "room-by-another-name").remedy
    assert only(report, "room-too-new").mailboxes == (MOENCH,)
    assert only(report, "room-too-new").status == "pending"
    assert only(report, "room-not-online").mailboxes == (away,)
    assert only(report, "room-unknown").mailboxes == ("room-eigr@alpenblick.example",)
    assert "Resource ID" in only(report, "room-unknown").remedy


def test_throttled_and_strange_answers_prove_nothing(policy: World) -> None:
    busy = {"status": 429, "headers": {"retry-after": "600"}, "body": {"error": {"code": "ApplicationThrottled"}}}
    policy.fault(by_path(RIGI), busy, times=9)
    policy.fault(
        by_path(MOENCH), {"status": 400, "body": {"error": {"code": "ErrorStrange", "message": "What?"}}}, times=9
    )
    policy.fault(by_path(NIESEN), {"status": 503, "body": {"error": {"code": "ServiceUnavailable"}}}, times=2)
    report = policy.verify()
    assert only(report, "room-busy").mailboxes == (RIGI,)
    assert only(report, "room-busy").status == "pending"
    assert only(report, "room-unexpected").says.endswith("HTTP 400 ErrorStrange What?")
    assert only(report, "rooms-readable").says == "23 rooms can be read", "a short disturbance is tried again"


def test_a_rooms_list_that_graph_cannot_give_is_asked_for(policy: World) -> None:
    policy.forget_requests()
    with pytest.raises(BadInput, match=r"--rooms FILE.*ARM_\*"):
        policy.verify(administrator=False)
    assert policy.requests() == []


def test_a_declared_list_of_rooms_needs_no_administrator(policy: World) -> None:
    subject = policy.subject(rooms={"include": (EIGER, RIGI), "exclude": (RIGI.upper(),)})
    report = policy.verify(subject, administrator=False)
    assert only(report, "rooms-readable").says == "1 room can be read"
