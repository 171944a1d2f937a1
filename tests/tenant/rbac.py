"""What tests of RBAC for Applications share: an application that Exchange knows, a scope, an assignment."""

from typing import Any
from uuid import uuid4

from tests.tenant.client import TenantClient

ROOMS = "RecipientTypeDetails -eq 'RoomMailbox'"
READ_WRITE = "Application Calendars.ReadWrite"
NO_CONFIRMATION = {"Confirm": False}


def register(tenant: TenantClient, app_id: str | None = None, object_id: str | None = None) -> dict[str, Any]:
    """Make Exchange know a service principal; the ids are nobody's unless given."""
    ids = {"AppId": app_id or str(uuid4()), "ObjectId": object_id or str(uuid4())}
    return tenant.rows("New-ServicePrincipal", {**ids, "DisplayName": "ROOMZ"})[0]


def make_scope(tenant: TenantClient, name: str = "Rooms", text: str = ROOMS) -> dict[str, Any]:
    """Make a management scope."""
    return tenant.rows("New-ManagementScope", {"Name": name, "RecipientRestrictionFilter": text})[0]


def assign(tenant: TenantClient, principal: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """Give the application the role to read and write calendars."""
    given = {"App": principal["ObjectId"], "Role": READ_WRITE, **parameters}
    return tenant.rows("New-ManagementRoleAssignment", given)[0]


def give(tenant: TenantClient, **rights: Any) -> str:
    """Give the deployer other rights and return its Exchange token."""
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/rights/{tenant.administrator['clientId']}", rights)
    return tenant.token("exchange")
