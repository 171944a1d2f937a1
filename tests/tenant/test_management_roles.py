"""Management roles that a tenant derives: which cmdlets and parameters they leave, and who may make and give them."""

from typing import Any

import pytest

from tests.tenant.client import EIGER, TenantClient, exchange_error, expect
from tests.tenant.rbac import NO_CONFIRMATION, READ_WRITE, ROOMS, give, make_scope, register

BYPASS = {"BypassSecurityGroupManagerCheck": True, **NO_CONFIRMATION}
SECURITY_GROUPS = "Security Group Creation and Membership"


def derive(tenant: TenantClient, name: str, parent: str, *cmdlets: str) -> dict[str, Any]:
    enabled = {"EnabledCmdlets": list(cmdlets)} if cmdlets else {}
    return tenant.rows("New-ManagementRole", {"Name": name, "Parent": parent, **enabled})[0]


def entries(tenant: TenantClient, identity: str) -> dict[str, list[str]]:
    return {row["Name"]: row["Parameters"] for row in tenant.rows("Get-ManagementRoleEntry", {"Identity": identity})}


def deploy_with(tenant: TenantClient, *roles: str) -> str:
    """Leave the deployer with the rights of a role group of these roles, and return its token."""
    client_id = tenant.administrator["clientId"]
    (own,) = expect(tenant.graph("GET", f"/servicePrincipals?$filter=appId eq '{client_id}'&$select=id"), 200)["value"]
    principal = register(tenant, client_id, own["id"])
    tenant.rows("New-RoleGroup", {"Name": "Deployers", "Roles": list(roles), "Members": [principal["Identity"]]})
    return give(tenant, directoryRoles=[])


def test_a_derived_role_has_what_was_named_of_its_parent(tenant: TenantClient) -> None:
    made = derive(tenant, "Rooms", "mail recipients", "set-calendarprocessing", "Get-Mailbox")
    assert (made["Name"], made["Parent"], made["IsRootRole"], made["RoleType"]) == (
        "Rooms",
        "Mail Recipients",
        False,
        "MailRecipients",
    )
    assert set(entries(tenant, "Rooms\\*")) == {"Set-CalendarProcessing", "Get-Mailbox"}
    whole = derive(tenant, "Whole", "Mail Recipients")
    assert whole["Name"] == "Whole"
    assert entries(tenant, "Whole\\*") == entries(tenant, "Mail Recipients\\*")
    for parameters, status in (
        ({"Name": "x", "Parent": "Mail Recipients", "EnabledCmdlets": ["New-ManagementScope"]}, 404),
        ({"Name": "x", "Parent": "Nonsense"}, 404),
        ({"Name": "ROOMS", "Parent": "Mail Recipients"}, 400),
    ):
        assert tenant.cmdlet("New-ManagementRole", parameters).status_code == status, parameters


def test_the_bypass_is_in_one_role_for_groups_and_in_another_for_role_groups(tenant: TenantClient) -> None:
    bypass = "BypassSecurityGroupManagerCheck"
    assert bypass in entries(tenant, f"{SECURITY_GROUPS}\\Set-Group")["Set-Group"]
    assert bypass not in entries(tenant, "Distribution Groups\\Set-Group")["Set-Group"]
    assert bypass in entries(tenant, "Role Management\\Add-RoleGroupMember")["Add-RoleGroupMember"]
    allowing = tenant.rows("Get-ManagementRole", {"Cmdlet": "Set-Group", "CmdletParameters": ["Identity", bypass]})
    assert [row["Name"] for row in allowing] == [SECURITY_GROUPS]
    every = tenant.rows("Get-ManagementRoleEntry", {"Identity": "*\\Set-Group", "Parameters": ["Bypass*"]})
    assert [row["Identity"] for row in every] == [f"{SECURITY_GROUPS}\\Set-Group"]


def test_entries_are_added_narrowed_and_removed(tenant: TenantClient) -> None:
    derive(tenant, "Rooms", "Mail Recipients", "Get-Mailbox")
    identity = "Rooms\\Set-CalendarProcessing"
    tenant.rows("Add-ManagementRoleEntry", {"Identity": identity, "Parameters": ["identity", "DeleteSubject"]})
    assert entries(tenant, identity) == {"Set-CalendarProcessing": ["Identity", "DeleteSubject"]}
    tenant.rows("Set-ManagementRoleEntry", {"Identity": identity, "Parameters": ["Confirm"], "AddParameter": True})
    tenant.rows(
        "Set-ManagementRoleEntry", {"Identity": identity, "Parameters": ["DeleteSubject"], "RemoveParameter": True}
    )
    assert entries(tenant, identity) == {"Set-CalendarProcessing": ["Identity", "Confirm"]}
    tenant.rows("Set-ManagementRoleEntry", {"Identity": identity, "Parameters": ["DeleteSubject"]})
    assert entries(tenant, identity) == {"Set-CalendarProcessing": ["DeleteSubject"]}
    again = tenant.cmdlet("Add-ManagementRoleEntry", {"Identity": identity})
    assert exchange_error(again)[1] == "ADObjectAlreadyExistsException"
    tenant.rows("Add-ManagementRoleEntry", {"Identity": identity, "Overwrite": True})
    assert "AddOrganizerToSubject" in entries(tenant, identity)["Set-CalendarProcessing"]
    tenant.rows("Remove-ManagementRoleEntry", {"Identity": identity, **NO_CONFIRMATION})
    assert set(entries(tenant, "Rooms\\*")) == {"Get-Mailbox"}
    assert tenant.cmdlet("Get-ManagementRoleEntry", {"Identity": identity}).status_code == 404


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Add-ManagementRoleEntry", {"Identity": "Mail Recipients\\Set-Group"}),
        ("Set-ManagementRoleEntry", {"Identity": "Mail Recipients\\Get-Mailbox", "Parameters": ["Identity"]}),
        ("Remove-ManagementRoleEntry", {"Identity": "Mail Recipients\\Get-Mailbox", **NO_CONFIRMATION}),
        ("Remove-ManagementRole", {"Identity": "Mail Recipients", **NO_CONFIRMATION}),
        ("Add-ManagementRoleEntry", {"Identity": "Rooms\\Get-Mailbox", "Parameters": ["Nonsense"], "Overwrite": True}),
        ("Add-ManagementRoleEntry", {"Identity": "Rooms"}),
    ],
)
def test_what_cant_be_changed(tenant: TenantClient, cmdlet: str, parameters: dict[str, Any]) -> None:
    derive(tenant, "Rooms", "Mail Recipients", "Get-Mailbox")
    assert tenant.cmdlet(cmdlet, parameters).status_code == 400


def test_a_derived_role_allows_its_cmdlets_and_its_parameters_and_no_others(tenant: TenantClient) -> None:
    derive(tenant, "Rooms", "Mail Recipients", "Get-Mailbox", "Set-CalendarProcessing")
    names = ["Identity", "DeleteSubject", "Confirm"]
    tenant.rows("Set-ManagementRoleEntry", {"Identity": "Rooms\\Set-CalendarProcessing", "Parameters": names})
    token = deploy_with(tenant, "Rooms")
    given = {"Identity": EIGER, "DeleteSubject": False}
    assert tenant.cmdlet("Set-CalendarProcessing", given, token=token).status_code == 200
    more = tenant.cmdlet("Set-CalendarProcessing", {**given, "BookingWindowInDays": 3}, token=token)
    assert "Invalid cmdlet parameters specified. BookingWindowInDays" in more.text
    refused = tenant.cmdlet("Get-CalendarProcessing", {"Identity": EIGER}, token=token)
    assert (refused.status_code, refused.content) == (403, b"")


def test_parameters_of_two_roles_add_up(tenant: TenantClient) -> None:
    derive(tenant, "Bypass", SECURITY_GROUPS, "Set-Group")
    tenant.rows(
        "Set-ManagementRoleEntry",
        {"Identity": "Bypass\\Set-Group", "Parameters": ["BypassSecurityGroupManagerCheck", "Confirm"]},
    )
    token = deploy_with(tenant, "Bypass", "Distribution Groups")
    given = {"Identity": "crm-mailboxes", "Notes": "x", **BYPASS}
    assert tenant.cmdlet("Set-Group", given, token=token).status_code == 200


def test_a_narrowed_role_management_gives_one_role_and_takes_no_other(tenant: TenantClient) -> None:
    derive(tenant, "Assign", "Role Management", "New-ManagementRoleAssignment")
    names = ["Name", "App", "Role", "CustomResourceScope"]
    tenant.rows("Set-ManagementRoleEntry", {"Identity": "Assign\\New-ManagementRoleAssignment", "Parameters": names})
    principal, _ = register(tenant), make_scope(tenant, "Rooms", ROOMS)
    token = deploy_with(tenant, "Assign")
    given = {"App": principal["ObjectId"], "Role": READ_WRITE, "CustomResourceScope": "Rooms", "Name": "roomz"}
    assert "delegating" in tenant.cmdlet("New-ManagementRoleAssignment", given, token=token).text
    administrator = give(tenant, directoryRoles=["Exchange Administrator"])
    delegate = {"SecurityGroup": "Deployers", "Role": READ_WRITE, "Delegating": True}
    expect(tenant.cmdlet("New-ManagementRoleAssignment", delegate, token=administrator), 200)
    token = give(tenant, directoryRoles=[])
    expect(tenant.cmdlet("New-ManagementRoleAssignment", given, token=token), 200)
    # To itself it gives nothing: neither by an assignment to its group nor by becoming a member of another one.
    more = {"SecurityGroup": "Deployers", "Role": "Mail Recipients"}
    assert "SecurityGroup" in tenant.cmdlet("New-ManagementRoleAssignment", more, token=token).text
    join = {"Identity": "Organization Management", "Member": EIGER, "BypassSecurityGroupManagerCheck": True}
    refused = tenant.cmdlet("Add-RoleGroupMember", join, token=token)
    assert (refused.status_code, refused.content) == (403, b"")


def test_whoever_may_give_the_parent_may_give_what_was_derived_from_it(tenant: TenantClient) -> None:
    derive(tenant, "Rooms", "Mail Recipients", "Get-Mailbox")
    derive(tenant, "Fewer", "Rooms", "Get-Mailbox")
    tenant.rows("New-RoleGroup", {"Name": "Own", "Roles": ["Rooms"]})
    tenant.rows("New-ManagementRoleAssignment", {"SecurityGroup": "Own", "Role": "Fewer"})
    roles = tenant.rows("Get-RoleGroup", {"Identity": "Own"})[0]["Roles"]
    assert roles == ["Rooms", "Fewer"]
    token = deploy_with(tenant, "Role Management")
    refused = tenant.cmdlet("New-ManagementRole", {"Name": "x", "Parent": "Rooms"}, token=token)
    assert exchange_error(refused)[1] == "TaskInvalidOperationException"


def test_a_role_in_use_stays(tenant: TenantClient) -> None:
    derive(tenant, "Rooms", "Mail Recipients", "Get-Mailbox")
    derive(tenant, "Fewer", "Rooms", "Get-Mailbox")
    remove = {"Identity": "Rooms", **NO_CONFIRMATION}
    assert "Fewer" in exchange_error(tenant.cmdlet("Remove-ManagementRole", remove))[2]
    tenant.rows("Remove-ManagementRole", {"Identity": "Fewer", **NO_CONFIRMATION})
    tenant.rows("New-RoleGroup", {"Name": "Own", "Roles": ["Rooms"]})
    assert "Rooms-Own" in exchange_error(tenant.cmdlet("Remove-ManagementRole", remove))[2]
    tenant.rows("Remove-RoleGroup", {"Identity": "Own", **NO_CONFIRMATION})
    tenant.rows("Remove-ManagementRole", remove)
    assert [role["name"] for role in tenant.snapshot()["managementRoles"]] == []


def test_a_dehydrated_organization_derives_nothing(tenant: TenantClient) -> None:
    tenant.control("POST", "/seed", {"rooms": 1, "people": 1, "customized": False})
    refused = tenant.cmdlet("New-ManagementRole", {"Name": "x", "Parent": "Mail Recipients"})
    assert exchange_error(refused)[1] == "InvalidOperationInDehydratedContextException"
