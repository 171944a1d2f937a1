"""ROOMZ's sign-in, and what its application may do by its token and by its grants."""

from datetime import timedelta
from typing import Any

from tests.tenant.client import EIGER, expect
from tests.verification.world import World, only, symptoms

FEW = (EIGER,)
MAIL_READ = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"


def refused(world: World, symptom: str, **options: Any) -> Any:
    """Verify, see that the sign-in is refused with this symptom and nothing else was asked as ROOMZ, return the finding."""
    world.forget_requests()
    subject = options.pop("subject", None) or world.subject(addresses=FEW)
    report = world.verify(subject, **options)
    finding = only(report, symptom)
    assert finding.status == "failed"
    assert (report.verdict, report.closed) == ("noSignIn", False)
    assert [entry for entry in world.requests() if entry["api"] == "calendars"] == []
    return finding


def test_an_ended_secret_stands_every_display_still(policy: World) -> None:
    policy.advance(3 * 366 * 86400)
    finding = refused(policy, "secret-ended")
    assert "AADSTS7000222" in finding.says
    assert "pulumi up --stack dev issues the next generation" in finding.remedy
    report = policy.verify(policy.subject(addresses=FEW))
    assert only(report, "control-unasked").cause == "ROOMZ's sign-in is refused"


def test_a_secret_id_is_told_from_a_wrong_value(policy: World) -> None:
    finding = refused(policy, "secret-id-instead-of-value", secret=policy.application["keyId"])
    assert "take the Value: pulumi stack output clientSecret --show-secrets --stack dev" in finding.remedy
    assert "AADSTS7000215" in refused(policy, "secret-unknown", secret="abc8Q~wrong").says


def test_a_new_secret_is_given_a_moment(fresh: World) -> None:
    fresh.connect_by_policy()
    fresh.conditions(lag={"secretSeconds": 40})
    fresh.new_secret()
    now = fresh.now()
    subject = fresh.subject(addresses=FEW, secret_issued_on=now)
    early = fresh.verify(subject)
    assert early.verdict == "pending"
    assert only(early, "secret-too-new").remedy.endswith("--wait 5")
    report = fresh.verify(subject, wait_minutes=5)
    assert (report.verdict, report.closed) == ("green", True)
    assert fresh.pauses == [20.0, 20.0]
    # The same refusal of a secret that was issued long ago is a fault.
    fresh.new_secret()
    refused(fresh, "secret-unknown", subject=fresh.subject(addresses=FEW, secret_issued_on=now - timedelta(days=1)))


def test_an_application_that_is_not_there_is_named(policy: World) -> None:
    other = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    finding = refused(policy, "application-unknown", subject=policy.subject(addresses=FEW, client_id=other))
    assert other in finding.says
    assert "Deleted applications" in finding.remedy


def test_a_disabled_application_is_named(policy: World) -> None:
    path = f"/servicePrincipals/{policy.application['servicePrincipalId']}"
    expect(policy.client.graph("PATCH", path, {"accountEnabled": False}), 204)
    assert "Enabled for users to sign-in" in refused(policy, "application-disabled").remedy


def test_conditional_access_is_named(policy: World) -> None:
    policy.conditions(blockedClientIds=[policy.client_id])
    assert "Conditional Access" in refused(policy, "blocked-by-conditional-access").remedy


def test_any_other_refusal_is_said_in_microsofts_words(policy: World) -> None:
    body = {"error": "invalid_request", "error_description": "AADSTS900023: Something new.\r\nTrace ID: 1"}
    # The administrator signs in for Graph and for Exchange before ROOMZ does.
    policy.fault({"api": "login", "path": "/token"}, {"status": 400, "body": body}, times=9, skip=2)
    finding = refused(policy, "sign-in-refused")
    assert finding.says == "Microsoft refuses the sign-in: AADSTS900023: Something new."


def test_a_missing_grant_is_told_from_one_that_tokens_do_not_carry_yet(policy: World) -> None:
    # Microsoft Entra shows the grant, and new tokens do not have it: so it looks when it is new.
    policy.conditions(lag={"graphDeleteSeconds": 30})
    policy.take_the_grant_away()
    subject = policy.subject(addresses=FEW)
    early = policy.verify(subject)
    assert only(early, "role-too-new").status == "pending"
    unaided = policy.verify(subject, administrator=False)
    assert "or was made a moment ago" in only(unaided, "role-missing").cause
    policy.advance(60)
    late = policy.verify(subject)
    assert only(late, "role-missing").cause == "the grant (admin consent) is missing"
    assert late.verdict == "red"


def test_a_revoked_grant_that_a_token_still_carries_is_said(policy: World) -> None:
    # So it looks to whoever reads behind: the token has the role, and the list of grants has nothing.
    policy.fault({"api": "graph", "path": "appRoleAssignments"}, {"status": 200, "body": {"value": []}})
    report = policy.verify(policy.subject(addresses=FEW))
    assert "then every display stands still" in only(report, "grant-gone").cause
    assert report.verdict == "red"


def test_with_rbac_every_grant_is_one_too_many(rbac: World) -> None:
    expect(rbac.client.grant(rbac.application["servicePrincipalId"], MAIL_READ), 201)
    report = rbac.verify(rbac.subject(addresses=FEW))
    assert only(report, "grants-beyond-calendars").says.endswith("Mail.Read of Microsoft Graph")
    assert (report.verdict, report.closed) == ("red", False)


def test_a_reader_without_a_right_tells_what_it_could_not_see(policy: World) -> None:
    path = f"/tenants/{policy.client.tenant_id}/rights/{policy.client.administrator['clientId']}"
    given = {"appRoles": ["Exchange.ManageAsApp"], "directoryRoles": ["Exchange Recipient Administrator"]}
    policy.client.control("PUT", path, given)
    report = policy.verify(policy.subject(addresses=FEW))
    assert report.verdict == "green"
    assert report.closed, "the refusal was seen, and Exchange confirmed the mailbox"
    unread = [finding for finding in report.findings if finding.symptom == "restriction-unread"]
    assert {finding.says for finding in unread} == {
        "application access policies",
        "service principals, management scopes and role assignments",
        "what Exchange's own test says of each mailbox",
    }
    assert all("docs/permissions.md" in finding.remedy and finding.cause for finding in unread)
    assert "Application.Read.All" in only(report, "grants-unread").cause


def test_a_reader_that_may_change_nothing_sees_everything(policy: World) -> None:
    path = f"/tenants/{policy.client.tenant_id}/rights/{policy.client.administrator['clientId']}"
    given = {"appRoles": ["Exchange.ManageAsApp", "Application.Read.All"], "directoryRoles": ["Global Reader"]}
    policy.client.control("PUT", path, given)
    report = policy.verify()
    assert (report.verdict, report.closed) == ("green", True)
    assert symptoms(report, "skipped") == {"titles-unmanaged"}
