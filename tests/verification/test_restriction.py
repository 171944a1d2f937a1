"""What keeps the application to the rooms, as an administrator's identity sees it: missing, doubled, too wide, of another."""

from typing import Any

from tests.tenant import rbac as exchange
from tests.tenant.client import EIGER
from tests.tenant.connected import MARK
from tests.verification.world import BYPASS, ROOMS_ONLY, World, only, symptoms

FEW = (EIGER,)
ANNA = "anna.keller@alpenblick.example"


def own_policy(world: World) -> dict[str, Any]:
    return next(row for row in world.rows("Get-ApplicationAccessPolicy") if row["AppId"].lower() == world.client_id)


def test_a_policy_of_somebody_else_for_the_same_application_is_named(policy: World) -> None:
    group = policy.client.make_group("Others", [ANNA])
    made = policy.client.restrict(policy.client_id, group["Guid"])
    report = policy.verify(policy.subject(addresses=FEW))
    other = only(report, "policy-of-others")
    assert "at the group Others as well" in other.says
    assert other.remedy == f"if it is not needed: Remove-ApplicationAccessPolicy -Identity '{made['Identity']}'"
    assert only(report, "strangers-in-reach").mailboxes == (ANNA,)
    assert not report.closed
    # By hand nobody knows whose a policy is: one of the two is as good as the other.
    by_hand = policy.verify(policy.subject(addresses=FEW, stack=None))
    assert "policy-of-others" not in symptoms(by_hand, "failed")


def test_nobody_is_told_to_remove_the_one_policy_that_keeps_calendars_closed(policy: World) -> None:
    policy.rows("Set-ApplicationAccessPolicy", Identity=own_policy(policy)["Identity"], Description="by hand")
    report = policy.verify(policy.subject(addresses=FEW))
    unmarked = only(report, "policy-without-mark")
    assert (unmarked.status, report.verdict, report.closed) == ("noted", "green", True)
    assert "do not remove it by hand" in unmarked.remedy
    assert not any("Remove-ApplicationAccessPolicy" in finding.remedy for finding in report.findings)


def test_policies_that_deny_and_those_for_everybody_are_worth_knowing(policy: World) -> None:
    policy.client.make_group("Refused", [EIGER])
    policy.client.restrict(policy.client_id, "Refused", "DenyAccess")
    policy.client.make_group("Everybody", ["room-rigi@alpenblick.example"])
    policy.client.restrict("*", "Everybody")
    report = policy.verify(policy.subject(addresses=FEW))
    assert "a policy of the application refuses the members of the group Refused" in only(report, "policy-denies").says
    assert "at the group Everybody" in only(report, "policy-for-everyone").says
    assert only(report, "room-not-covered").mailboxes == FEW


def test_a_policy_whose_group_was_deleted_refuses_everybody(policy: World) -> None:
    policy.rows("Remove-DistributionGroup", Identity=policy.group["Guid"], **BYPASS)
    report = policy.verify(policy.subject(addresses=FEW))
    assert "RoomzResources" in only(report, "policy-group-gone").says
    assert "the policy's group does not exist any more" in only(report, "room-not-covered").cause


def test_an_assignment_beside_a_policy_is_one_too_many(policy: World) -> None:
    principal = exchange.register(policy.client, policy.client_id, policy.application["servicePrincipalId"])
    exchange.make_scope(policy.client, "Everyone", "RecipientType -eq 'UserMailbox'")
    exchange.assign(policy.client, principal, Name="By hand", CustomResourceScope="Everyone")
    report = policy.verify(policy.subject(addresses=FEW))
    assert "over the scope Everyone as well (assignment By hand)" in only(report, "assignment-of-others").says
    assert not report.closed


def test_exchange_that_does_not_know_the_application_is_named(fresh: World) -> None:
    fresh.access = "rbac"
    fresh.application = fresh.client.make_application()
    fresh.new_secret()
    report = fresh.verify(fresh.subject(addresses=FEW))
    assert only(report, "principal-missing").remedy == "pulumi up --stack dev"
    assert only(report, "room-not-covered").cause == "Exchange does not know the application's service principal"


def test_the_object_id_of_the_registration_is_told_from_the_enterprise_applications(fresh: World) -> None:
    fresh.access = "rbac"
    fresh.application = fresh.client.make_application(notes=MARK)
    fresh.new_secret()
    principal = exchange.register(fresh.client, fresh.client_id, fresh.application["id"])
    exchange.make_scope(fresh.client, MARK, ROOMS_ONLY)
    exchange.assign(fresh.client, principal, Name=f"{MARK} 12345678", CustomResourceScope=MARK)
    report = fresh.verify(fresh.subject(addresses=FEW, application_object_id=fresh.application["id"]))
    wrong = only(report, "principal-of-registration")
    assert fresh.application["id"] in wrong.says
    assert fresh.application["servicePrincipalId"] in wrong.says
    assert wrong.cause.startswith("it is the object id of the app registration")
    assert "not that of App registrations" in wrong.remedy


def test_another_assignment_and_one_of_another_role_are_named(rbac: World) -> None:
    principal = {"ObjectId": rbac.application["servicePrincipalId"]}
    rbac.client.make_group("Others", [ANNA])
    exchange.assign(rbac.client, principal, Name="Second", RecipientGroupScope="Others")
    exchange.assign(
        rbac.client, principal, Name="Mail", Role="Application Mail.Read", CustomResourceScope="roomz:roomz/dev"
    )
    report = rbac.verify(rbac.subject(addresses=FEW))
    others = [finding for finding in report.findings if finding.symptom == "assignment-of-others"]
    assert len(others) == 2
    assert {"(assignment Second)", "(assignment Mail)"} == {finding.says.rpartition("well ")[2] for finding in others}
    assert all("Remove-ManagementRoleAssignment" in finding.remedy for finding in others)
    assert only(report, "strangers-in-reach").mailboxes == (ANNA,)
    assert not report.closed


def test_a_policy_beside_rbac_has_no_effect_and_a_scope_by_hand_is_looked_at(fresh: World) -> None:
    fresh.connect_by_rbac()
    fresh.client.make_group("Left", [EIGER])
    fresh.client.restrict(fresh.client_id, "Left")
    fresh.rows(
        "Set-ManagementScope",
        Identity=MARK,
        RecipientRestrictionFilter="PrimarySmtpAddress -like 'room-*'",
        Confirm=False,
    )
    report = fresh.verify(fresh.subject(addresses=FEW))
    assert "(group Left); with rbac it has no effect" in only(report, "policy-without-effect").says
    assert "PrimarySmtpAddress" in only(report, "scope-not-understood").says
    assert (report.verdict, report.closed) == ("green", True)
