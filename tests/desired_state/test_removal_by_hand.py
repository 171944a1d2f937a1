"""Whatever somebody has deleted by hand, a removal takes the rest away, in each access model, now and in two steps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.desired_state.removal_scenes import CLIENT, NOW, PRINCIPAL, made_by_policy, made_by_rbac
from tests.desired_state.scenes import FOREIGN
from tests.desired_state.tenant import MARK
from tests.desired_state.without_sockets import InProcess

Deed = Callable[[InProcess], None]
OURS = ("groups", "policies", "exchangeServicePrincipals", "managementScopes", "roleAssignments")


def nothing(_: InProcess) -> None:
    """Nobody was here."""


def group(tenant: InProcess) -> None:
    tenant.cmdlet("Remove-DistributionGroup", Identity="RoomzResources@alpenblick.example", **FOREIGN)


def policy(tenant: InProcess) -> None:
    ours = [one for one in tenant.cmdlet("Get-ApplicationAccessPolicy") if MARK in str(one["Description"])]
    tenant.cmdlet("Remove-ApplicationAccessPolicy", Identity=ours[0]["Identity"], Confirm=False)


def members(tenant: InProcess) -> None:
    (room, *_) = tenant.cmdlet("Get-DistributionGroupMember", Identity="RoomzResources@alpenblick.example")
    keep = [room["Guid"]]
    tenant.cmdlet(
        "Update-DistributionGroupMember", Identity="RoomzResources@alpenblick.example", Members=keep, **FOREIGN
    )


def assignment(tenant: InProcess) -> None:
    tenant.cmdlet("Remove-ManagementRoleAssignment", Identity=f"{MARK} {PRINCIPAL[:8]}", Confirm=False)


def scope(tenant: InProcess) -> None:
    (ours,) = tenant.cmdlet("Get-ManagementScope")
    tenant.cmdlet("Remove-ManagementScope", Identity=ours["Guid"], Confirm=False)


def principal(tenant: InProcess) -> None:
    tenant.cmdlet("Remove-ServicePrincipal", Identity=PRINCIPAL, Confirm=False)


POLICY: dict[str, list[Deed]] = {
    "nothing": [nothing],
    "the group": [group],
    "the policy": [policy],
    "all members but one": [members],
    "both": [policy, group],
}
RBAC: dict[str, list[Deed]] = {
    "nothing": [nothing],
    "the assignment": [assignment],
    "assignment and scope": [assignment, scope],
    "assignment and principal": [assignment, principal],
    "everything": [assignment, scope, principal],
}
RBAC_WITH_GROUP: dict[str, list[Deed]] = {
    "nothing": [nothing],
    "the group": [group],
    "the assignment": [assignment],
    "assignment and principal": [assignment, principal],
    "everything": [assignment, principal, group],
}
CASES = [
    pytest.param(make, deeds, id=f"{name}: {case}")
    for name, make, table in (
        ("policy", made_by_policy, POLICY),
        ("rbac", made_by_rbac, RBAC),
        ("rbac with a group", lambda tenant: made_by_rbac(tenant, with_group=True), RBAC_WITH_GROUP),
    )
    for case, deeds in table.items()
]


def untouched(tenant: InProcess) -> dict[str, Any]:
    """Return what is there of others: what a tenant has that nobody has connected."""
    tenant.seed(rooms=3, people=2)
    return {name: tenant.snapshot()[name] for name in OURS}


@pytest.mark.parametrize(("make", "deeds"), CASES)
def test_invariant_2_and_3_now_takes_the_rest_and_nothing_else(
    in_process: InProcess, make: Callable[[InProcess], dict[str, Any]], deeds: list[Deed]
) -> None:
    before = untouched(in_process)
    wish = make(in_process)
    for deed in deeds:
        deed(in_process)
    in_process.remove(wish, NOW)
    assert {name: in_process.snapshot()[name] for name in OURS} == before
    again = in_process.remove(wish, NOW)
    assert not any(again.removed.values())


@pytest.mark.parametrize(("make", "deeds"), CASES)
def test_invariant_2_and_3_later_and_its_end_take_the_rest_and_nothing_else(
    in_process: InProcess, make: Callable[[InProcess], dict[str, Any]], deeds: list[Deed]
) -> None:
    before = untouched(in_process)
    wish = {**make(in_process), "removal": "later"}
    for deed in deeds:
        deed(in_process)
    in_process.remove(wish, NOW)
    ended = in_process.end(wish, NOW + timedelta(hours=3))
    assert ended.waiting == []
    assert {name: in_process.snapshot()[name] for name in OURS} == before


@pytest.mark.parametrize(("make", "deeds"), CASES)
def test_invariant_2_and_3_what_goes_between_retirement_and_end_is_not_missed(
    in_process: InProcess, make: Callable[[InProcess], dict[str, Any]], deeds: list[Deed]
) -> None:
    before = untouched(in_process)
    wish = {**make(in_process), "removal": "later"}
    retired = in_process.remove(wish, NOW)
    assert retired.retired
    for deed in deeds:
        deed(in_process)
    ended = in_process.end(wish, NOW + timedelta(hours=3))
    assert ended.waiting == []
    assert {name: in_process.snapshot()[name] for name in OURS} == before


def test_what_is_left_says_how_long_it_may_still_count(in_process: InProcess) -> None:
    """With Microsoft's own figures, in both models, and only where something was taken away."""
    wish = made_by_policy(in_process)
    (said,) = in_process.remove(wish, NOW).notices
    assert "up to 30 minutes" in said
    assert "longer than an hour" in said
    assert in_process.remove(wish, NOW).notices == []
    wish = made_by_rbac(in_process)
    (said,) = in_process.remove(wish, NOW).notices
    assert "30 minutes" in said
    assert "2 hours" in said
    assert in_process.remove(wish, NOW).notices == []


def test_invariant_3_an_empty_list_of_policies_costs_nobody_the_group(in_process: InProcess) -> None:
    """Exchange says "not found" where there is none; a list that is empty twice in a row is what a failing reading looks like."""
    wish = made_by_policy(in_process)
    other = {
        "AppId": [CLIENT],
        "AccessRight": "RestrictAccess",
        "PolicyScopeGroupId": wish["group"]["primarySmtpAddress"],
    }
    in_process.cmdlet("New-ApplicationAccessPolicy", Description="theirs", **other)
    in_process.fault({"cmdlet": "Get-ApplicationAccessPolicy"}, {"status": 200, "body": {"value": []}}, times=4)
    outcome = in_process.remove(wish, NOW)
    assert any(CLIENT in left for left in outcome.left)
    assert outcome.removed["groups"] == 0


def test_a_tenant_whose_list_of_policies_is_empty_all_the_time_is_cleared_in_the_end(in_process: InProcess) -> None:
    wish = made_by_policy(in_process)
    policy(in_process)
    in_process.fault({"cmdlet": "Get-ApplicationAccessPolicy"}, {"status": 200, "body": {"value": []}}, times=999)
    assert in_process.remove(wish, NOW).removed["groups"] == 1
