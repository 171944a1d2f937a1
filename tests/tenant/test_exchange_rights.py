"""Who may run which cmdlet: directory roles in the token, role groups in Exchange."""

from typing import Any

import pytest

from simulator.exchange.roles import OF_CMDLETS
from simulator.exchange.table import CMDLETS
from tests.tenant.client import EIGER, TenantClient, exchange_error, expect
from tests.tenant.rbac import NO_CONFIRMATION, READ_WRITE, ROOMS, give, make_scope, register

BYPASS = {"BypassSecurityGroupManagerCheck": True, **NO_CONFIRMATION}
SECURITY_GROUPS = "Security Group Creation and Membership"


def test_every_cmdlet_has_its_roles() -> None:
    assert set(OF_CMDLETS) == {cmdlet.name for cmdlet in CMDLETS.values()}


@pytest.mark.parametrize(
    ("role", "cmdlet", "parameters", "status"),
    [
        ("Exchange Administrator", "Get-ManagementScope", {}, 200),
        ("Global Administrator", "New-ManagementScope", {"Name": "x", "RecipientRestrictionFilter": ROOMS}, 200),
        ("Global Reader", "Get-ManagementRoleAssignment", {}, 200),
        ("Global Reader", "Get-Mailbox", {}, 200),
        ("Global Reader", "New-ManagementScope", {"Name": "x", "RecipientRestrictionFilter": ROOMS}, 403),
        ("Global Reader", "Enable-OrganizationCustomization", {}, 403),
        (
            "Exchange Recipient Administrator",
            "Set-CalendarProcessing",
            {"Identity": EIGER, "DeleteSubject": False},
            200,
        ),
        ("Exchange Recipient Administrator", "New-DistributionGroup", {"Name": "x", "Type": "Security"}, 200),
        ("Exchange Recipient Administrator", "Set-Group", {"Identity": "crm-mailboxes", "Notes": "x"}, 400),
        ("Exchange Recipient Administrator", "Set-Group", {"Identity": "crm-mailboxes", "Notes": "x", **BYPASS}, 400),
        ("Exchange Recipient Administrator", "Get-ApplicationAccessPolicy", {}, 403),
        ("Exchange Recipient Administrator", "New-ServicePrincipal", {"AppId": "x", "ObjectId": "x"}, 403),
        (
            "Exchange Recipient Administrator",
            "Remove-ApplicationAccessPolicy",
            {"Identity": "x", "Confirm": False},
            403,
        ),
    ],
)
def test_directory_roles(tenant: TenantClient, role: str, cmdlet: str, parameters: dict[str, Any], status: int) -> None:
    answer = tenant.cmdlet(cmdlet, parameters, token=give(tenant, directoryRoles=[role]))
    assert answer.status_code == status, answer.text
    assert status != 403 or answer.content == b""


def test_the_bypass_needs_a_role_of_its_own(tenant: TenantClient) -> None:
    token = give(tenant, directoryRoles=["Exchange Recipient Administrator"])
    given = {"Identity": "crm-mailboxes", "Member": EIGER}
    without = tenant.cmdlet("Add-DistributionGroupMember", given, token=token)
    assert exchange_error(without)[1] == "OperationRequiresGroupManagerException"
    refused = tenant.cmdlet("Add-DistributionGroupMember", {**given, **BYPASS}, token=token)
    assert "Invalid cmdlet parameters specified. BypassSecurityGroupManagerCheck" in refused.text


def member_of_a_role_group(tenant: TenantClient, *roles: str) -> str:
    """Take the deployer's directory roles away, put it into a role group with these roles, and return its token."""
    client_id = tenant.administrator["clientId"]
    (own,) = expect(tenant.graph("GET", f"/servicePrincipals?$filter=appId eq '{client_id}'&$select=id"), 200)["value"]
    principal = register(tenant, client_id, own["id"])
    tenant.rows("New-RoleGroup", {"Name": "ROOMZ deployers", "Roles": list(roles)})
    tenant.rows("Add-RoleGroupMember", {"Identity": "roomz deployers", "Member": principal["Identity"]})
    return give(tenant, directoryRoles=[])


def test_a_role_group_allows_the_cmdlets_of_its_roles_and_no_others(tenant: TenantClient) -> None:
    token = member_of_a_role_group(tenant, "Mail Recipients", "Distribution Groups", SECURITY_GROUPS)
    for name, parameters in (
        ("Get-Mailbox", {}),
        ("New-DistributionGroup", {"Name": "RoomzResources", "Type": "Security", "Members": [EIGER]}),
        ("Set-Group", {"Identity": "RoomzResources", "Notes": "x", **BYPASS}),
        ("Update-DistributionGroupMember", {"Identity": "RoomzResources", "Members": ["room-rigi"], **BYPASS}),
        ("Set-CalendarProcessing", {"Identity": EIGER, "DeleteSubject": False}),
    ):
        assert tenant.cmdlet(name, parameters, token=token).status_code == 200, name
    for name in ("Get-ApplicationAccessPolicy", "New-ManagementScope", "Get-ServicePrincipal", "New-RoleGroup"):
        refused = tenant.cmdlet(name, {"Name": "x"} if name.startswith("New") else {}, token=token)
        assert (refused.status_code, refused.content) == (403, b""), name


def test_without_manage_as_app_no_role_group_helps(tenant: TenantClient) -> None:
    member_of_a_role_group(tenant, "Mail Recipients")
    token = give(tenant, appRoles=[])
    assert tenant.cmdlet("Get-Mailbox", token=token).status_code == 401


def test_leaving_the_role_group_counts_at_once(tenant: TenantClient) -> None:
    token = member_of_a_role_group(tenant, "Role Management")
    members = expect(tenant.cmdlet("Get-RoleGroupMember", {"Identity": "ROOMZ deployers"}, token=token), 200)["value"]
    assert [row["RecipientTypeDetails"] for row in members] == ["ServicePrincipal"]
    given = {"Identity": "ROOMZ deployers", "Member": members[0]["Identity"], **NO_CONFIRMATION}
    again = tenant.cmdlet("Add-RoleGroupMember", {k: v for k, v in given.items() if k != "Confirm"}, token=token)
    assert exchange_error(again)[1] == "MemberAlreadyExistsException"
    assert tenant.cmdlet("Remove-RoleGroupMember", given, token=token).status_code == 200
    assert tenant.cmdlet("Get-RoleGroup", token=token).status_code == 403


def test_application_roles_are_given_by_whom_they_are_delegated_to(tenant: TenantClient) -> None:
    token = member_of_a_role_group(tenant, "Role Management")
    principal = register_other(tenant, token)
    scope = {"Name": "Rooms", "RecipientRestrictionFilter": ROOMS}
    assert tenant.cmdlet("New-ManagementScope", scope, token=token).status_code == 200
    given = {"App": principal["ObjectId"], "Role": READ_WRITE, "CustomResourceScope": "Rooms", "Name": "roomz"}
    refused = exchange_error(tenant.cmdlet("New-ManagementRoleAssignment", given, token=token))
    assert "You must be assigned a delegating role assignment" in refused[2]
    administrator = give(tenant, directoryRoles=["Exchange Administrator"])
    delegate = {"SecurityGroup": "ROOMZ deployers", "Role": READ_WRITE, "Delegating": True}
    (made,) = expect(tenant.cmdlet("New-ManagementRoleAssignment", delegate, token=administrator), 200)["value"]
    assert (made["RoleAssignmentDelegationType"], made["RoleAssigneeType"]) == ("DelegatingOrgWide", "RoleGroup")
    assert tenant.cmdlet("New-ManagementRoleAssignment", given, token=token).status_code == 200
    mail = {**given, "Role": "Application Mail.Read", "Name": "mail"}
    assert "delegating" in exchange_error(tenant.cmdlet("New-ManagementRoleAssignment", mail, token=token))[2]
    remove = {"Identity": made["Name"], **NO_CONFIRMATION}
    assert tenant.cmdlet("Remove-ManagementRoleAssignment", remove, token=administrator).status_code == 200
    roomz = {"Identity": "roomz", **NO_CONFIRMATION}
    assert "delegating" in exchange_error(tenant.cmdlet("Remove-ManagementRoleAssignment", roomz, token=token))[2]


def register_other(tenant: TenantClient, token: str) -> dict[str, Any]:
    ids = {"AppId": "6233fba6-0198-4277-892f-9275bf728bcc", "ObjectId": "ca73fffa-cedb-4b84-860f-d7fb8aa8a6c1"}
    return dict(expect(tenant.cmdlet("New-ServicePrincipal", ids, token=token), 200)["value"][0])


def test_role_groups(tenant: TenantClient) -> None:
    built_in = {row["Name"] for row in tenant.rows("Get-RoleGroup")}
    assert built_in == {"Organization Management", "Recipient Management", "View-Only Organization Management"}
    made = tenant.rows("New-RoleGroup", {"Name": "Own", "Roles": ["mail recipients"], "Members": ["anna.keller"]})[0]
    assert (made["Roles"], made["Members"], made["RoleAssignments"]) == (
        ["Mail Recipients"],
        ["Anna Keller"],
        ["Mail Recipients-Own"],
    )
    assert tenant.rows("Get-RoleGroup", {"Identity": made["Guid"]}) == [made]
    assert exchange_error(tenant.cmdlet("New-RoleGroup", {"Name": "OWN"}))[1] == "ADObjectAlreadyExistsException"
    assert tenant.cmdlet("New-RoleGroup", {"Name": "x", "Roles": ["Nonsense"]}).status_code == 404
    no_one = tenant.cmdlet("Add-RoleGroupMember", {"Identity": "Own", "Member": "6233fba6-0198-4277-892f-9275bf728bcc"})
    assert exchange_error(no_one)[0] == 404
    assert tenant.cmdlet("Remove-RoleGroup", {"Identity": "Recipient Management", "Confirm": False}).status_code == 501
    tenant.rows("Remove-RoleGroup", {"Identity": "Own", "Confirm": False})
    assert {row["Name"] for row in tenant.rows("Get-RoleGroup")} == built_in


def test_what_can_be_no_cmdlet_is_answered_as_exchange_answers_it(tenant: TenantClient) -> None:
    for name in ("Nonsense", "Frobnicate-Mailbox", "Get-EXOMailbox", "Get-Mailbox; Remove-Mailbox"):
        refused = tenant.cmdlet(name)
        assert (refused.status_code, refused.content) == (403, b""), name
    assert tenant.cmdlet("Get-TransportRule").status_code == 501


def test_scopes_survive_who_made_them(tenant: TenantClient) -> None:
    make_scope(tenant)
    before = tenant.snapshot()
    assert [scope["name"] for scope in before["managementScopes"]] == ["Rooms"]
    give(tenant, directoryRoles=[])
    assert tenant.snapshot()["managementScopes"] == before["managementScopes"]
