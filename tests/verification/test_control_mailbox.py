"""The control mailbox: only 403 on a mailbox that Exchange confirms proves that others are closed."""

import pytest

from tests.tenant import rbac as exchange
from tests.tenant.client import CONTROL_MAILBOX, EIGER, expect
from tests.verification.world import BYPASS, World, only, symptoms

FEW = (EIGER,)


def test_it_is_open_without_a_policy(policy: World) -> None:
    for row in policy.rows("Get-ApplicationAccessPolicy"):
        if row["AppId"].lower() == policy.client_id:
            policy.rows("Remove-ApplicationAccessPolicy", Identity=row["Identity"], Confirm=False)
    report = policy.verify(policy.subject(addresses=FEW))
    opened = only(report, "control-open")
    assert (report.verdict, report.closed) == ("red", False)
    assert "Test-ApplicationAccessPolicy says that it may" in opened.says
    assert opened.cause == "no application access policy keeps the application to anything"
    assert opened.remedy == "do not hand the secret over. pulumi up --stack dev makes the policy"
    assert "reads every calendar" in only(report, "policy-missing").says


def test_it_is_open_until_microsoft_heeds_the_policy_and_closed_afterwards(fresh: World) -> None:
    fresh.conditions(lag={"policySeconds": 3600})
    fresh.connect_by_policy()
    subject = fresh.subject(addresses=FEW)
    early = fresh.verify(subject)
    waiting = only(early, "control-waits-for-microsoft")
    assert (early.verdict, early.closed, waiting.status) == ("pending", False, "pending")
    assert "Test-ApplicationAccessPolicy says that it may not" in waiting.says
    assert "do not hand the secret over yet" in waiting.remedy
    unaided = fresh.verify(subject, administrator=False)
    assert only(unaided, "control-open-untested").status == "pending"
    assert (unaided.verdict, unaided.closed) == ("pending", False)
    late = fresh.verify(subject, wait_minutes=90)
    assert (late.verdict, late.closed) == ("green", True)
    assert late.waited_minutes == 60


def test_it_is_open_by_a_grant_beside_rbac_whatever_exchanges_own_test_says(rbac: World) -> None:
    expect(rbac.client.grant(rbac.application["servicePrincipalId"]), 201)
    report = rbac.verify(rbac.subject(addresses=FEW))
    assert "see Permissions" in only(report, "control-open-by-grant").cause
    assert "every calendar of the tenant is open" in only(report, "grant-beside-rbac").says
    assert (report.verdict, report.closed) == ("red", False)
    # ROOMZ's own token shows it too.
    unaided = rbac.verify(rbac.subject(addresses=FEW), administrator=False)
    assert {"control-open-by-grant", "grant-beside-rbac"} <= symptoms(unaided, "failed")


def test_it_is_open_by_an_assignment_over_the_whole_organization(rbac: World) -> None:
    principal = {"ObjectId": rbac.application["servicePrincipalId"]}
    exchange.assign(rbac.client, principal, Name="Everything")
    report = rbac.verify(rbac.subject(addresses=FEW))
    assert "the assignment Everything reaches the whole organization" in only(report, "control-open").cause
    assert "Remove-ManagementRoleAssignment -Identity 'Everything'" in only(report, "control-open").remedy
    assert "(assignment Everything)" in only(report, "assignment-without-scope").says


def test_it_is_about_to_open_where_somebody_put_it_into_the_group(policy: World) -> None:
    policy.conditions(lag={"policySeconds": 3600})
    policy.advance(7200)
    policy.rows("Add-DistributionGroupMember", Identity=policy.group["Guid"], Member=CONTROL_MAILBOX, **BYPASS)
    report = policy.verify(policy.subject(addresses=FEW))
    soon = only(report, "control-soon-open")
    assert (report.verdict, report.closed) == ("red", False)
    assert "in a group that a policy of the application points at (RoomzResources)" in soon.cause
    assert only(report, "strangers-in-reach").mailboxes == (CONTROL_MAILBOX,)


def test_nobody_who_is_not_there_proves_anything(policy: World) -> None:
    report = policy.verify(policy.subject(addresses=FEW, control_mailbox="nobody@alpenblick.example"))
    missing = only(report, "control-missing")
    assert (report.verdict, report.closed) == ("red", False)
    assert "HTTP 404 ErrorInvalidUser" in missing.says
    # Even a refusal does not, where Exchange does not know the address.
    refusal = {
        "status": 403,
        "body": {"error": {"code": "ErrorAccessDenied", "message": "Access to OData is disabled."}},
    }
    policy.fault({"api": "calendars", "path": "/users/nobody@"}, refusal)
    again = policy.verify(policy.subject(addresses=FEW, control_mailbox="nobody@alpenblick.example"))
    assert "Exchange knows nobody of that address" in only(again, "control-missing").says
    assert not again.closed


def test_an_address_that_is_nobodys_takes_no_other_answer_away(rbac: World) -> None:
    named = (EIGER, "room-eigr@alpenblick.example")
    report = rbac.verify(rbac.subject(addresses=named, control_mailbox="nobody@alpenblick.example"))
    assert "restriction-unread" not in symptoms(report, "skipped")
    assert only(report, "room-unknown").mailboxes == named[1:]
    assert "control-missing" in symptoms(report, "failed")


def test_a_room_is_no_control_mailbox(policy: World) -> None:
    for addresses in (FEW, ("room-rigi@alpenblick.example",)):
        report = policy.verify(policy.subject(addresses=addresses, control_mailbox=EIGER))
        assert only(report, "control-is-a-room").says.startswith(f"{EIGER} is a room")
        assert (report.verdict, report.closed) == ("red", False)


def test_no_control_mailbox_is_not_green(policy: World) -> None:
    report = policy.verify(policy.subject(addresses=FEW, control_mailbox=None))
    assert (report.verdict, report.closed) == ("red", False)
    assert "pulumi config set --path roomz:verify.controlMailbox" in only(report, "control-unnamed").remedy


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "NoPermissionsInAccessToken"), (429, "ApplicationThrottled"), (503, "ServiceUnavailable")],
)
def test_401_429_and_a_disturbance_prove_nothing(policy: World, status: int, code: str) -> None:
    answer = {"status": status, "headers": {"retry-after": "600"}, "body": {"error": {"code": code}}}
    policy.fault({"api": "calendars", "path": "/users/control"}, answer, times=9)
    report = policy.verify(policy.subject(addresses=FEW))
    unproven = only(report, "control-unproven")
    assert f"HTTP {status} {code}" in unproven.says
    assert (report.verdict, report.closed) == ("pending", False)


def test_a_refusal_for_lack_of_a_role_proves_nothing_of_the_restriction(policy: World) -> None:
    mail_read = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
    granted = policy.client.graph(
        "GET", f"/servicePrincipals/{policy.application['servicePrincipalId']}/appRoleAssignments"
    ).json()["value"][0]["id"]
    graph = policy.client.graph_principal_id()
    expect(policy.client.graph("DELETE", f"/servicePrincipals/{graph}/appRoleAssignedTo/{granted}"), 204)
    expect(policy.client.grant(policy.application["servicePrincipalId"], mail_read), 201)
    report = policy.verify(policy.subject(addresses=FEW))
    assert only(report, "control-unproven").says.startswith(CONTROL_MAILBOX)
    assert only(report, "role-missing").remedy.startswith("pulumi up --refresh")
    assert "Mail.Read of Microsoft Graph" in only(report, "grants-beyond-calendars").says
    assert only(report, "room-without-role").mailboxes == FEW
    assert not report.closed


def test_the_persons_events_are_never_read(policy: World) -> None:
    policy.verify(policy.subject(addresses=FEW))
    asked = [entry["path"] for entry in policy.requests() if CONTROL_MAILBOX in entry["path"]]
    assert asked == [f"/v1.0/users/{CONTROL_MAILBOX}/calendar"]
