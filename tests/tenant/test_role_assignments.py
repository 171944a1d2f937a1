"""Service principals in Exchange, role assignments, and what they reach."""

from typing import Any
from uuid import uuid4

import pytest

from simulator import access
from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, exchange_error, expect
from tests.tenant.rbac import NO_CONFIRMATION, READ_WRITE, ROOMS, assign, make_scope, register


def in_scope(tenant: TenantClient, principal: dict[str, Any], resource: str | None = None) -> list[Any]:
    given = {"Identity": principal["AppId"], **({"Resource": resource} if resource else {})}
    return [row["InScope"] for row in tenant.rows("Test-ServicePrincipalAuthorization", given)]


def test_service_principals_are_taken_as_given_and_once(tenant: TenantClient) -> None:
    made = register(tenant)
    assert made["Identity"] == made["ObjectId"]
    for identity in (made["ObjectId"].upper(), made["AppId"], made["Guid"], made["DistinguishedName"], "roomz"):
        assert tenant.rows("Get-ServicePrincipal", {"Identity": identity}) == [made]
    for ids in (
        {"AppId": made["AppId"].upper(), "ObjectId": str(uuid4())},
        {"AppId": str(uuid4()), "ObjectId": made["ObjectId"]},
    ):
        kind, text = exchange_error(tenant.cmdlet("New-ServicePrincipal", ids))[1:]
        assert kind == "ADObjectAlreadyExistsException"
        assert "already exists" in text
    assert tenant.cmdlet("New-ServicePrincipal", {"AppId": "roomz", "ObjectId": str(uuid4())}).status_code == 400
    register(tenant)
    assert exchange_error(tenant.cmdlet("Get-ServicePrincipal", {"Identity": "ROOMZ"}))[1].endswith(
        "AmbiguousException"
    )
    tenant.rows("Set-ServicePrincipal", {"Identity": made["AppId"], "DisplayName": "Displays", **NO_CONFIRMATION})
    assert tenant.rows("Get-ServicePrincipal", {"Identity": "displays"})[0]["Guid"] == made["Guid"]
    tenant.rows("Remove-ServicePrincipal", {"Identity": made["ObjectId"], **NO_CONFIRMATION})
    assert len(tenant.rows("Get-ServicePrincipal")) == 1


def test_assignment_over_a_scope(tenant: TenantClient) -> None:
    principal = register(tenant)
    make_scope(tenant)
    made = assign(tenant, principal, Name="roomz", CustomResourceScope="rooms")
    shown = (
        "Name",
        "Role",
        "App",
        "RoleAssigneeType",
        "CustomResourceScope",
        "RecipientWriteScope",
        "AssignmentMethod",
    )
    assert [made[name] for name in shown] == [
        "roomz",
        READ_WRITE,
        principal["ObjectId"],
        "ServicePrincipal",
        "Rooms",
        "CustomRecipientScope",
        "Direct",
    ]
    for given in ({"RoleAssignee": principal["ObjectId"]}, {"RoleAssignee": principal["AppId"]}, {"Identity": "ROOMZ"}):
        assert tenant.rows("Get-ManagementRoleAssignment", given) == [made]
    by_role = tenant.rows("Get-ManagementRoleAssignment", {"Role": READ_WRITE.lower()})
    assert {row["RoleAssigneeType"] for row in by_role} == {"ServicePrincipal", "RoleGroup"}
    (row,) = tenant.rows("Test-ServicePrincipalAuthorization", {"Identity": principal["ObjectId"], "Resource": EIGER})
    assert row == {
        "RoleName": READ_WRITE,
        "GrantedPermissions": "Calendars.ReadWrite",
        "AllowedResourceScope": "Rooms",
        "ScopeType": "CustomRecipientScope",
        "InScope": True,
    }
    assert in_scope(tenant, principal, CONTROL_MAILBOX) == [False]
    assert in_scope(tenant, principal) == ["Not Run"]
    tenant.rows("Set-Mailbox", {"Identity": EIGER, "Type": "Regular"})
    assert in_scope(tenant, principal, EIGER) == [False]


def test_assignment_over_a_group_reaches_direct_members_only(tenant: TenantClient) -> None:
    principal = register(tenant)
    tenant.make_group("Inner", ["room-rigi"])
    outer = tenant.make_group("Outer", [EIGER, "Inner"])
    made = assign(tenant, principal, RecipientGroupScope="outer")
    assert (made["RecipientWriteScope"], made["CustomResourceScope"]) == ("Group", "Outer")
    assert in_scope(tenant, principal, EIGER) == [True]
    assert in_scope(tenant, principal, "room-rigi") == [False]
    bypass = {"BypassSecurityGroupManagerCheck": True, **NO_CONFIRMATION}
    tenant.rows("Remove-DistributionGroup", {"Identity": outer["Guid"], **bypass})
    tenant.make_group("Outer", [EIGER])
    assert in_scope(tenant, principal, EIGER) == [False]


def test_without_a_scope_everything_is_reached(tenant: TenantClient) -> None:
    principal = register(tenant)
    made = assign(tenant, principal)
    assert (made["RecipientWriteScope"], made["CustomResourceScope"]) == ("Organization", None)
    assert made["Name"] == f"{READ_WRITE}-{principal['ObjectId']}"[:64]
    assert assign(tenant, principal)["Name"] != made["Name"]
    assert in_scope(tenant, principal, CONTROL_MAILBOX) == [True, True]


def test_each_row_is_an_assignment_and_grants_do_not_count(tenant: TenantClient) -> None:
    application = tenant.make_application()
    expect(tenant.grant(application["servicePrincipalId"]), 201)
    principal = register(tenant, application["appId"], application["servicePrincipalId"])
    assert in_scope(tenant, principal, EIGER) == []
    make_scope(tenant, "Bern", f"{ROOMS} -and Office -eq 'Bern'")
    make_scope(tenant, "Zurich", f"{ROOMS} -and Office -eq 'Zurich'")
    assign(tenant, principal, CustomResourceScope="Bern")
    assign(tenant, principal, CustomResourceScope="Zurich", Role="Application Exchange Full Access")
    rows = tenant.rows("Test-ServicePrincipalAuthorization", {"Identity": principal["AppId"], "Resource": EIGER})
    assert sorted((row["AllowedResourceScope"], row["InScope"]) for row in rows) == [("Bern", True), ("Zurich", False)]
    assert "Calendars.ReadWrite" in rows[1]["GrantedPermissions"].split(", ")


@pytest.mark.parametrize(
    ("parameters", "status", "part"),
    [
        ({"App": str(uuid4())}, 404, "couldn't be found"),
        ({"Role": "Application Calendars.Write"}, 404, "couldn't be found"),
        ({"Role": "Mail Recipients"}, 400, "no application role"),
        ({"CustomResourceScope": "Rooms "}, 404, "couldn't be found"),
        ({"RecipientGroupScope": EIGER}, 404, "couldn't be found"),
        ({"CustomResourceScope": "Rooms", "RecipientGroupScope": "crm-mailboxes"}, 400, "Parameter set"),
        ({"SecurityGroup": "Organization Management"}, 400, "Parameter set"),
        ({"RecipientAdministrativeUnitScope": "x"}, 501, "RecipientAdministrativeUnitScope"),
        ({"User": "anna.keller"}, 501, "User"),
        ({"Name": "n" * 65}, 400, "The maximum length is 64"),
        ({"Name": "ROOMZ"}, 400, "already exists"),
    ],
)
def test_bad_assignments_are_refused_whole(
    tenant: TenantClient, parameters: dict[str, Any], status: int, part: str
) -> None:
    principal = register(tenant)
    make_scope(tenant)
    assign(tenant, principal, Name="roomz", CustomResourceScope="Rooms")
    before = tenant.snapshot()
    given = {"App": principal["ObjectId"], "Role": READ_WRITE, **parameters}
    answer = tenant.cmdlet("New-ManagementRoleAssignment", given)
    assert answer.status_code == status, answer.text
    assert part in answer.text
    assert tenant.snapshot() == before


def test_assignment_moves_to_another_scope_and_goes(tenant: TenantClient) -> None:
    principal = register(tenant)
    make_scope(tenant)
    make_scope(tenant, "Bern", f"{ROOMS} -and Office -eq 'Bern'")
    assign(tenant, principal, Name="roomz", CustomResourceScope="Rooms")
    change = {"Identity": "roomz", "CustomResourceScope": "Bern", **NO_CONFIRMATION}
    tenant.rows("Set-ManagementRoleAssignment", change)
    assert in_scope(tenant, principal, "room-rigi") == [False]
    assert "modified" in expect(tenant.cmdlet("Set-ManagementRoleAssignment", change), 200)["@adminapi.warnings"][0]
    gone = {"Identity": principal["ObjectId"], **NO_CONFIRMATION}
    assert "'roomz' refers to it" in exchange_error(tenant.cmdlet("Remove-ServicePrincipal", gone))[2]
    asking = tenant.cmdlet("Remove-ManagementRoleAssignment", {"Identity": "roomz"})
    assert exchange_error(asking)[1] == "ShouldContinueException"
    tenant.rows("Remove-ManagementRoleAssignment", {"Identity": "roomz", **NO_CONFIRMATION})
    assert in_scope(tenant, principal, EIGER) == []
    tenant.rows("Remove-ServicePrincipal", gone)


def test_roles_by_name(tenant: TenantClient) -> None:
    (role,) = tenant.rows("Get-ManagementRole", {"Identity": "application ews.accessasapp"})
    assert (role["Name"], role["RoleType"]) == ("Application EWS.AccessAsApp", "ApplicationEWSAccessAsApp")
    assert len(tenant.rows("Get-ManagementRole", {"Identity": "Application*"})) == 13
    found = tenant.rows("Get-ManagementRole", {"Cmdlet": "Set-CalendarProcessing"})
    assert [row["Name"] for row in found] == ["Mail Recipients"]
    assert tenant.cmdlet("Get-ManagementRole", {"Identity": "Nonsense"}).status_code == 404


def test_a_new_scope_or_assignment_is_found_later_but_its_name_is_taken_at_once(tenant: TenantClient) -> None:
    tenant.server.simulator.store.first.conditions.lag.exchange_create_seconds = 5
    principal = register(tenant)
    make_scope(tenant)
    given = {"App": principal["ObjectId"], "Role": READ_WRITE, "CustomResourceScope": "Rooms", "Name": "roomz"}
    status, kind, text = exchange_error(tenant.cmdlet("New-ManagementRoleAssignment", given))
    assert (status, kind) == (404, "ManagementObjectNotFoundException")
    assert text.endswith(".PROD.OUTLOOK.COM'.")
    assert tenant.rows("Get-ManagementScope") == tenant.rows("Get-ServicePrincipal") == []
    again = tenant.cmdlet("New-ManagementScope", {"Name": "Rooms", "RecipientRestrictionFilter": ROOMS})
    assert exchange_error(again)[1] == "ADObjectAlreadyExistsException"
    tenant.advance(6)
    assert tenant.rows("New-ManagementRoleAssignment", given)[0]["Name"] == "roomz"
    assert tenant.cmdlet("Get-ManagementRoleAssignment", {"Identity": "roomz"}).status_code == 404
    assert in_scope(tenant, principal, EIGER) == [True]
    tenant.advance(6)
    assert len(tenant.rows("Get-ManagementRoleAssignment", {"RoleAssignee": principal["ObjectId"]})) == 1


@pytest.mark.parametrize(
    ("role", "reads"),
    [
        ("Application Calendars.Read", True),
        ("Application Exchange Full Access", True),
        ("Application Mail Full Access", False),
        ("Application EWS.AccessAsApp", False),
    ],
)
def test_a_role_gives_calendars_by_its_permissions_not_by_its_name(
    tenant: TenantClient, role: str, reads: bool
) -> None:
    principal = register(tenant)
    assign(tenant, principal, Role=role)
    state = tenant.server.simulator.store.first
    restrictions = access.restrictions_now(state)
    mailbox = state.mailboxes[0]
    assert access.may(state, restrictions, principal["AppId"], frozenset(), access.READ, mailbox) is reads


def test_a_disabled_assignment_gives_nothing(tenant: TenantClient) -> None:
    principal = register(tenant)
    make_scope(tenant)
    assign(tenant, principal, Name="roomz", CustomResourceScope="Rooms")
    change = {"Identity": "roomz", "Enabled": False, **NO_CONFIRMATION}
    tenant.rows("Set-ManagementRoleAssignment", change)
    (row,) = tenant.rows("Get-ManagementRoleAssignment", {"Identity": "roomz"})
    assert (row["Enabled"], row["CustomResourceScope"]) == (False, "Rooms")
    assert in_scope(tenant, principal, EIGER) == []
    state = tenant.server.simulator.store.first
    room = next(one for one in state.mailboxes if one.address == EIGER)
    may = [access.may(state, access.restrictions_now(state), principal["AppId"], frozenset(), access.READ, room)]
    tenant.rows("Set-ManagementRoleAssignment", {**change, "Enabled": True})
    may.append(access.may(state, access.restrictions_now(state), principal["AppId"], frozenset(), access.READ, room))
    assert may == [False, True]
