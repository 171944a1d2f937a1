"""What must be in a tenant before the request of a capture is made; each scene returns the names that the capture uses.

Owns nothing about answers: a scene's own requests must merely succeed.
"""

from typing import Any

from tests.tenant.client import CALENDARS_READ_WRITE, EIGER, TenantClient, expect

CALENDARS_READ = "798ee544-9d2d-430c-a058-570e29e34338"
DOMAIN = "alpenblick.example"
Names = dict[str, str]


def nothing(tenant: TenantClient) -> Names:
    """A fresh tenant."""
    return {"domain": DOMAIN, "room": EIGER, "client": tenant.administrator["clientId"]}


def rights(tenant: TenantClient, **given: list[str]) -> Names:
    """The deployer with other rights, and its new tokens."""
    client = tenant.administrator["clientId"]
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/rights/{client}", given)
    return {**nothing(tenant), "token": tenant.token(), "exchangeToken": tenant.token("exchange")}


def without_app_role(tenant: TenantClient) -> Names:
    """The deployer may not manage Exchange at all."""
    return rights(tenant, appRoles=[], directoryRoles=[])


def without_directory_role(tenant: TenantClient) -> Names:
    """The deployer may manage Exchange, and has no role there."""
    return rights(tenant, appRoles=["Exchange.ManageAsApp"], directoryRoles=[])


def reader(tenant: TenantClient) -> Names:
    """The deployer may read applications and nothing else."""
    return rights(tenant, appRoles=["Application.Read.All"])


def writer_of_all(tenant: TenantClient) -> Names:
    """The deployer may write every application."""
    return rights(tenant, appRoles=["Application.ReadWrite.All"])


def group(tenant: TenantClient) -> Names:
    """A mail-enabled security group with one room."""
    made = tenant.make_group("Capture Rooms".replace(" ", ""), [EIGER])
    return {**nothing(tenant), "group": made["Guid"], "groupId": made["ExternalDirectoryObjectId"]}


def application(tenant: TenantClient) -> Names:
    """An application with its service principal, and a token without any role."""
    made = tenant.make_application("Capture", identifierUris=[f"api://{DOMAIN}/capture"])
    return {
        **nothing(tenant),
        "id": made["id"],
        "appId": made["appId"],
        "principal": made["servicePrincipalId"],
        "graphPrincipal": tenant.graph_principal_id(),
        "token": tenant.token(client_id=made["appId"]),
    }


def applications(tenant: TenantClient) -> Names:
    """Three applications whose names begin alike."""
    for number in range(3):
        expect(tenant.graph("POST", "/applications", {"displayName": f"Capture {number}"}), 201)
    return nothing(tenant)


def password(tenant: TenantClient) -> Names:
    """An application with a secret."""
    names = application(tenant)
    made = expect(tenant.graph("POST", f"/applications/{names['id']}/addPassword", {}), 200)
    return {**names, "keyId": made["keyId"], "secret": made["secretText"]}


def ended_password(tenant: TenantClient) -> Names:
    """An application whose secret has ended."""
    names = password(tenant)
    tenant.advance(3 * 366 * 86400)
    return names


def grant(tenant: TenantClient, role: str = CALENDARS_READ_WRITE) -> Names:
    """An application with a grant, and a token that holds it."""
    names = application(tenant)
    made = expect(tenant.grant(names["principal"], role), 201)
    return {**names, "grant": made["id"], "token": tenant.token(client_id=names["appId"])}


def grant_to_read(tenant: TenantClient) -> Names:
    """An application that may read calendars and not write them."""
    return grant(tenant, CALENDARS_READ)


def policy(tenant: TenantClient) -> Names:
    """A grant, and a policy that keeps the application to the group's one room."""
    names = {**grant(tenant), **group(tenant)}
    made = tenant.restrict(names["appId"], names["group"])
    return {**names, "policy": made["Identity"]}


def no_policy(tenant: TenantClient) -> Names:
    """A tenant without any policy."""
    for each in tenant.rows("Get-ApplicationAccessPolicy"):
        tenant.rows("Remove-ApplicationAccessPolicy", {"Identity": each["Identity"], "Confirm": False})
    return nothing(tenant)


def synchronized_group(tenant: TenantClient) -> Names:
    """The group that is mastered on-premises."""
    found = [each for each in tenant.rows("Get-DistributionGroup") if each["IsDirSynced"]]
    return {**nothing(tenant), "group": found[0]["Guid"]}


def rbac(tenant: TenantClient) -> Names:
    """A service principal in Exchange, a scope over room mailboxes, and the role for it."""
    names = application(tenant)
    new = {"AppId": names["appId"], "ObjectId": names["principal"], "DisplayName": "Capture"}
    tenant.rows("New-ServicePrincipal", new)
    scope = {"Name": "Capture Rooms", "RecipientRestrictionFilter": "RecipientTypeDetails -eq 'RoomMailbox'"}
    tenant.rows("New-ManagementScope", scope)
    assignment = {
        "Name": "Capture Calendars",
        "App": names["principal"],
        "Role": "Application Calendars.ReadWrite",
        "CustomResourceScope": "Capture Rooms",
    }
    tenant.rows("New-ManagementRoleAssignment", assignment)
    return names


def conditions(tenant: TenantClient, **given: Any) -> Names:
    """Other conditions of the tenant, and an application."""
    names = application(tenant)
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/conditions", given)
    return names


def app_management(tenant: TenantClient, *restrictions: dict[str, Any]) -> Names:
    """An application, and the tenant's default app management policy with these restrictions on secrets."""
    names = application(tenant)
    names |= rights(tenant, appRoles=["Policy.ReadWrite.ApplicationConfiguration", "Application.ReadWrite.All"])
    body = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": list(restrictions)}}
    expect(tenant.graph("PATCH", "/policies/defaultAppManagementPolicy", body, names["token"]), 204)
    return names


def short_secrets(tenant: TenantClient) -> Names:
    """The tenant's app management policy limits secrets to 180 days."""
    return app_management(tenant, {"restrictionType": "passwordLifetime", "maxLifetime": "P180D"})


def no_secrets(tenant: TenantClient) -> Names:
    """The tenant's app management policy forbids secrets."""
    return app_management(tenant, {"restrictionType": "passwordAddition", "maxLifetime": None})


def blocked(tenant: TenantClient) -> Names:
    """Conditional Access refuses the deployer."""
    return conditions(tenant, blockedClientIds=[tenant.administrator["clientId"]])


def errors_as_json(tenant: TenantClient) -> Names:
    """Exchange writes what a cmdlet threw as JSON."""
    return conditions(tenant, exchangeErrorForm="json")


def errors_within(tenant: TenantClient) -> Names:
    """Exchange writes what a cmdlet threw into the inner exception alone."""
    return conditions(tenant, exchangeErrorForm="internal")


def german(tenant: TenantClient) -> Names:
    """The organization's language is German."""
    return conditions(tenant, exchangeLanguage="de")


def directory_that_fails(tenant: TenantClient) -> Names:
    """A group, and a directory behind Exchange that cannot be written to just now."""
    return {**group(tenant), **conditions(tenant, exchangeFailingWrites=1)}
