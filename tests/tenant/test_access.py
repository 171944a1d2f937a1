"""Who may touch which calendar: Entra's grants, application access policies and RBAC for Applications, united."""

from typing import Any

import httpx
import pytest

from tests.tenant import rbac
from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, expect, graph_error
from tests.tenant.test_calendars import BLOCKED, BYPASS

RIGI = "room-rigi@alpenblick.example"
DENIED = (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
NO_PERMISSIONS = (
    401,
    "NoPermissionsInAccessToken",
    "The token contains no permissions, or permissions can not be understood.",
)
TIMES = {
    "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"},
}


@pytest.fixture
def roomz(tenant: TenantClient) -> dict[str, Any]:
    """An application that nobody gave anything; Exchange knows its service principal."""
    made = tenant.make_application()
    rbac.register(tenant, made["appId"], made["servicePrincipalId"])
    return {**made, "ObjectId": made["servicePrincipalId"]}


def read(tenant: TenantClient, application: dict[str, Any], mailbox: str, token: str | None = None) -> httpx.Response:
    token = token or tenant.token(client_id=application["appId"])
    return tenant.graph("GET", f"/users/{mailbox}/calendar", token=token)


def reach(tenant: TenantClient, application: dict[str, Any], *mailboxes: str) -> list[int]:
    return [read(tenant, application, mailbox).status_code for mailbox in mailboxes]


def write(tenant: TenantClient, application: dict[str, Any], mailbox: str) -> httpx.Response:
    token = tenant.token(client_id=application["appId"])
    return tenant.graph("POST", f"/users/{mailbox}/events", {"subject": "x", **TIMES}, token=token)


def test_a_token_without_roles_is_nothing_without_an_assignment(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    assert graph_error(read(tenant, roomz, EIGER)) == NO_PERMISSIONS
    assert graph_error(read(tenant, roomz, "nobody@alpenblick.example")) == NO_PERMISSIONS


def test_a_token_without_roles_reads_what_is_in_scope(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    assert reach(tenant, roomz, EIGER, RIGI, CONTROL_MAILBOX) == [200, 200, 403]
    assert graph_error(read(tenant, roomz, CONTROL_MAILBOX)) == BLOCKED
    assert write(tenant, roomz, EIGER).status_code == 201
    assert graph_error(write(tenant, roomz, CONTROL_MAILBOX)) == BLOCKED
    assert read(tenant, roomz, "nobody@alpenblick.example").status_code == 404


def test_a_group_scope_holds_direct_members_only(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group("Inner", [RIGI])
    tenant.make_group("Outer", [EIGER, "Inner"])
    rbac.assign(tenant, roomz, RecipientGroupScope="Outer")
    assert reach(tenant, roomz, EIGER, RIGI) == [200, 403]


def test_an_assignment_without_a_scope_reaches_everything(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    rbac.assign(tenant, roomz)
    assert reach(tenant, roomz, EIGER, CONTROL_MAILBOX) == [200, 200]


def test_another_role_does_not_read_calendars(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    rbac.assign(tenant, roomz, Role="Application Mail.Read")
    assert graph_error(read(tenant, roomz, EIGER)) == DENIED


def test_the_role_for_everything_reads_and_writes_calendars(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    rbac.assign(
        tenant, roomz, Role="Application Exchange Full Access", CustomResourceScope=rbac.make_scope(tenant)["Name"]
    )
    assert write(tenant, roomz, EIGER).status_code == 201


def test_reading_role_does_not_write(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    rbac.assign(tenant, roomz, Role="Application Calendars.Read")
    assert reach(tenant, roomz, EIGER) == [200]
    assert graph_error(write(tenant, roomz, EIGER)) == DENIED


def test_scopes_of_roles_are_not_mixed(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group("Written", [EIGER])
    rbac.assign(tenant, roomz, Role="Application Calendars.Read", CustomResourceScope=rbac.make_scope(tenant)["Name"])
    rbac.assign(tenant, roomz, RecipientGroupScope="Written")
    assert [write(tenant, roomz, m).status_code for m in (EIGER, RIGI)] == [201, 403]
    assert reach(tenant, roomz, EIGER, RIGI) == [200, 200]


def test_another_applications_assignment_is_not_mine(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    other = tenant.make_application("Other")
    rbac.register(tenant, other["appId"], other["servicePrincipalId"])
    rbac.assign(tenant, {"ObjectId": other["servicePrincipalId"]})
    assert graph_error(read(tenant, roomz, EIGER)) == NO_PERMISSIONS


def test_a_grant_for_the_whole_organization_defeats_the_scope(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    grant = expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    before = tenant.token(client_id=roomz["appId"])
    assert reach(tenant, roomz, CONTROL_MAILBOX) == [200]
    tenant.graph("DELETE", f"/servicePrincipals/{tenant.graph_principal_id()}/appRoleAssignedTo/{grant['id']}")
    assert reach(tenant, roomz, EIGER, CONTROL_MAILBOX) == [200, 403]
    assert read(tenant, roomz, CONTROL_MAILBOX, before).status_code == 200


def test_policies_narrow_the_grant_and_never_the_assignment(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    tenant.make_group("Narrow", [EIGER])
    tenant.restrict(roomz["appId"], "Narrow")
    assert reach(tenant, roomz, EIGER, RIGI, CONTROL_MAILBOX) == [200, 403, 403]
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    assert reach(tenant, roomz, EIGER, RIGI, CONTROL_MAILBOX) == [200, 200, 403]


def test_a_denial_does_not_narrow_the_assignment(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group("Denied", [EIGER])
    tenant.restrict(roomz["appId"], "Denied", "DenyAccess")
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    assert reach(tenant, roomz, EIGER) == [200]


def test_other_roles_and_no_assignment_are_denied_outright(tenant: TenantClient) -> None:
    answer = tenant.graph("GET", f"/users/{EIGER}/calendar")
    assert graph_error(answer) == DENIED


def test_other_roles_do_not_keep_an_assignment_from_counting(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    path = f"/tenants/{tenant.tenant_id}/rights/{roomz['appId']}"
    tenant.control("PUT", path, {"appRoles": ["Place.Read.All"]})
    assert graph_error(read(tenant, roomz, EIGER)) == DENIED
    rbac.assign(tenant, roomz, CustomResourceScope=rbac.make_scope(tenant)["Name"])
    assert reach(tenant, roomz, EIGER) == [200]
    assert graph_error(read(tenant, roomz, CONTROL_MAILBOX)) == BLOCKED


def test_tokens_outlive_the_application(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    tenant.make_group()
    tenant.restrict(roomz["appId"], "RoomzResources")
    token = tenant.token(client_id=roomz["appId"])
    expect(tenant.graph("DELETE", f"/applications/{roomz['id']}"), 204)
    assert [read(tenant, roomz, m, token).status_code for m in (EIGER, CONTROL_MAILBOX)] == [200, 403]
    # Whoever takes the policy away while tokens live opens every calendar.
    (policy,) = [p for p in tenant.rows("Get-ApplicationAccessPolicy") if p["AppId"].lower() == roomz["appId"]]
    tenant.rows("Remove-ApplicationAccessPolicy", {"Identity": policy["Identity"], "Confirm": False})
    assert read(tenant, roomz, CONTROL_MAILBOX, token).status_code == 200
    tenant.advance(66 * 60)
    assert read(tenant, roomz, CONTROL_MAILBOX, token).status_code == 401


def test_mailbox_on_premises_is_no_mailbox_online(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    address = "room-saanen@alpenblick.example"
    path = f"/tenants/{tenant.tenant_id}/mailboxes"
    tenant.control("POST", path, {"address": address, "isDirSynced": True, "livesOnPremises": True})
    expect(tenant.grant(roomz["servicePrincipalId"]), 201)
    answer = read(tenant, roomz, address)
    text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    assert graph_error(answer) == (404, "MailboxNotEnabledForRESTAPI", text)
    assert tenant.cmdlet("Get-Mailbox", {"Identity": address}).status_code == 404
    assert tenant.cmdlet("Set-CalendarProcessing", {"Identity": address, "DeleteSubject": False}).status_code == 404
    assert address not in {m["PrimarySmtpAddress"] for m in tenant.rows("Get-Mailbox")}
    (user,) = tenant.rows("Get-Recipient", {"Identity": address})
    assert (user["RecipientType"], user["RecipientTypeDetails"]) == ("MailUser", "MailUser")
    listed = tenant.rows("Get-Recipient", {"RecipientTypeDetails": ["RoomMailbox"]})
    assert address not in {r["PrimarySmtpAddress"] for r in listed}
    tenant.make_group("Mixed", [EIGER])
    tenant.rows("Add-DistributionGroupMember", {"Identity": "Mixed", "Member": address, **BYPASS})
    filtered = {"Filter": "RecipientTypeDetails -eq 'RoomMailbox'", "ResultSize": "Unlimited"}
    assert address not in {r["PrimarySmtpAddress"] for r in tenant.rows("Get-Recipient", filtered)}
