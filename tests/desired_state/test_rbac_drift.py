"""RBAC for Applications changed by hand, one thing at a time: named by the plan, mended by exactly what it takes."""

from collections.abc import Callable
from typing import Any

import pytest

from microsoft365.exchange.rbac_names import base_name
from tests.desired_state.canonical import canonical
from tests.desired_state.scenes import ROLE, address, planned_kinds, wish_for
from tests.desired_state.tenant import MARK
from tests.desired_state.without_sockets import InProcess

Deed = Callable[[InProcess, dict[str, Any]], None]


def principal_of(wish: dict[str, Any]) -> str:
    return str(wish["application"]["servicePrincipalId"])


def name_of(wish: dict[str, Any]) -> str:
    return f"{MARK} {principal_of(wish)[:8]}"


def another_name(tenant: InProcess, wish: dict[str, Any]) -> None:
    tenant.cmdlet("Set-ServicePrincipal", Identity=principal_of(wish), DisplayName="Displays", Confirm=False)


def a_filter(text: str) -> Deed:
    def change(tenant: InProcess, _: dict[str, Any]) -> None:
        tenant.cmdlet("Set-ManagementScope", Identity=MARK, RecipientRestrictionFilter=text, Confirm=False)

    return change


def disabled(tenant: InProcess, wish: dict[str, Any]) -> None:
    tenant.cmdlet("Set-ManagementRoleAssignment", Identity=name_of(wish), Enabled=False, Confirm=False)


def without_assignment(tenant: InProcess, wish: dict[str, Any]) -> None:
    tenant.cmdlet("Remove-ManagementRoleAssignment", Identity=name_of(wish), Confirm=False)


def without_assignment_and_scope(tenant: InProcess, wish: dict[str, Any]) -> None:
    without_assignment(tenant, wish)
    tenant.cmdlet("Remove-ManagementScope", Identity=MARK, Confirm=False)


def without_principal(tenant: InProcess, wish: dict[str, Any]) -> None:
    without_assignment(tenant, wish)
    tenant.cmdlet("Remove-ServicePrincipal", Identity=principal_of(wish), Confirm=False)


def another_scope(tenant: InProcess, wish: dict[str, Any]) -> None:
    tenant.cmdlet("New-ManagementScope", Name="Bern", RecipientRestrictionFilter="Office -eq 'Bern'")
    tenant.cmdlet("Set-ManagementRoleAssignment", Identity=name_of(wish), CustomResourceScope="Bern", Confirm=False)


def a_group_instead(tenant: InProcess, wish: dict[str, Any]) -> None:
    identity = {"Identity": name_of(wish), "RecipientGroupScope": "crm-mailboxes"}
    tenant.cmdlet("Set-ManagementRoleAssignment", **identity, Confirm=False)


def of_another_enterprise_application(tenant: InProcess, wish: dict[str, Any]) -> None:
    """The enterprise application was deleted and made anew: Exchange's copy still has the former object id."""
    without_principal(tenant, wish)
    former = "66666666-7777-4888-9999-aaaaaaaaaaaa"
    client_id = wish["application"]["clientId"]
    tenant.cmdlet("New-ServicePrincipal", AppId=client_id, ObjectId=former, DisplayName=MARK)
    name = f"{MARK} {former[:8]}"
    tenant.cmdlet("New-ManagementRoleAssignment", Name=name, Role=ROLE, App=former, CustomResourceScope=MARK)


@pytest.mark.parametrize(
    ("deed", "kinds", "beside"),
    [
        (another_name, ["markPrincipal"], ()),
        (a_filter("RecipientTypeDetails -eq 'UserMailbox'"), ["changeScope"], ()),
        (a_filter("RecipientTypeDetails -eq 'RoomMailbox' -or Name -like '*'"), ["changeScope"], ()),
        (a_filter("RecipientTypeDetails -eq 'RoomMailbox'"), ["changeScope"], ()),
        (disabled, ["changeAssignment"], ()),
        (without_assignment, ["createAssignment"], ()),
        (without_assignment_and_scope, ["createScope", "createAssignment"], ()),
        (without_principal, ["createPrincipal", "createAssignment"], ()),
        (another_scope, ["changeAssignment"], ("Bern",)),
        (a_group_instead, ["changeAssignment"], ()),
        (
            of_another_enterprise_application,
            ["removeAssignment", "removePrincipal", "createPrincipal", "createAssignment"],
            (),
        ),
    ],
)
def test_invariant_2_and_3_each_change_by_hand_is_mended_and_what_others_made_stays(
    in_process: InProcess, deed: Deed, kinds: list[str], beside: tuple[str, ...]
) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    wish = wish_for(tenant, tenant.application(), "rbac")
    tenant.apply(wish)
    undisturbed = canonical(tenant.snapshot())
    deed(tenant, wish)
    assert planned_kinds(tenant, wish) == kinds
    applied = tenant.apply(wish)
    assert applied.in_reach == 3
    now = canonical(tenant.snapshot())
    now["managementScopes"] = [one for one in now["managementScopes"] if one["name"] not in beside]
    assert now == undisturbed
    assert planned_kinds(tenant, wish) == []


@pytest.mark.parametrize(
    "text",
    [
        "(RecipientTypeDetails -eq 'RoomMailbox') -and (ResourceType -eq 'Room')",
        "resourcetype -EQ 'room' -and recipienttypedetails -eq 'roommailbox'",
        '((ResourceType -eq "Room") -and ((RecipientTypeDetails -eq "RoomMailbox")))',
    ],
)
def test_a_filter_that_says_the_same_is_no_difference(in_process: InProcess, text: str) -> None:
    """Exchange shows filters in a form of its own: what they say is compared, not how."""
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    wish = wish_for(tenant, tenant.application(), "rbac")
    tenant.apply(wish)
    a_filter(text)(tenant, wish)
    assert planned_kinds(tenant, wish) == []


def test_a_service_principal_that_somebody_has_made_known_is_taken_with_its_name_changed(in_process: InProcess) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    wish = wish_for(tenant, tenant.application(), "rbac", calendar="unmanaged")
    ids = {"AppId": wish["application"]["clientId"], "ObjectId": principal_of(wish)}
    (made,) = tenant.cmdlet("New-ServicePrincipal", **ids, DisplayName="ROOMZ, by hand")
    assert planned_kinds(tenant, wish) == ["markPrincipal", "createScope", "createAssignment"]
    tenant.apply(wish)
    (kept,) = tenant.cmdlet("Get-ServicePrincipal", Identity=ids["AppId"])
    assert (kept["Guid"], kept["DisplayName"]) == (made["Guid"], MARK)


def test_invariant_1_an_assignment_is_never_enabled_or_moved_without_naming_its_scope(in_process: InProcess) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    wish = wish_for(tenant, tenant.application(), "rbac")
    tenant.apply(wish)
    disabled(tenant, wish)
    tenant.simulator.log.clear()
    tenant.apply(wish)
    (change,) = [entry for entry in tenant.cmdlets() if entry["cmdlet"] == "Set-ManagementRoleAssignment"]
    assert change["parameters"]["Enabled"] is True
    assert change["parameters"]["CustomResourceScope"]


def test_a_group_that_is_renamed_keeps_its_assignment(in_process: InProcess) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    rooms = {"exclude": [address(tenant, 0)]}
    wish = wish_for(tenant, tenant.application(), "rbac", rooms=rooms)
    tenant.apply(wish)
    renamed = {**wish, "group": {**wish["group"], "name": "Räume", "alias": "raeume"}}
    assert planned_kinds(tenant, renamed) == ["updateGroup"]
    tenant.apply(renamed)
    assert planned_kinds(tenant, renamed) == []


def test_a_mark_that_is_too_long_for_a_name_is_found_again(in_process: InProcess) -> None:
    tenant = in_process
    mark = f"roomz:roomz/{'A-very-long-name-' * 4}"
    tenant.seed(rooms=3, people=2)
    wish = wish_for(tenant, tenant.application(mark=mark), "rbac", mark=mark)
    applied = tenant.apply(wish)
    assert applied.scope is not None
    assert applied.scope.name == base_name(mark)
    assert planned_kinds(tenant, wish) == []
