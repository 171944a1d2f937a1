"""A tenant as canonical JSON: equal tenants give equal documents, whatever order things were made in.

Owns the choice of what counts.  Secrets' values and hashes are left out, and so are the clock and signing keys.
"""

from collections.abc import Sequence
from typing import Any

from simulator import moments
from simulator.exchange import calendarprocessing
from simulator.records import Application, Group, Record, ServicePrincipal
from simulator.tenant import Tenant


def snapshot(tenant: Tenant) -> dict[str, Any]:
    """Return the document."""
    applications = sorted(tenant.applications, key=lambda a: a.id)
    principals = sorted(tenant.service_principals, key=lambda s: s.id)
    return {
        "tenantId": tenant.id,
        "domains": sorted(tenant.domains),
        "applications": [_application(a) for a in applications if not a.deleted_date_time],
        "servicePrincipals": [_principal(s) for s in principals if not s.deleted_date_time],
        "grants": sorted((_grant(tenant, g) for g in tenant.living_grants()), key=lambda g: str(sorted(g.items()))),
        "deletedItems": {
            "applications": [_application(a) for a in applications if a.deleted_date_time],
            "servicePrincipals": [_principal(s) for s in principals if s.deleted_date_time],
        },
        "defaultAppManagementPolicy": tenant.default_app_management_policy.model_dump(mode="json", by_alias=True),
        "appManagementPolicies": sorted(
            (p.model_dump(mode="json", by_alias=True) for p in tenant.app_management_policies),
            key=lambda p: str(p["id"]),
        ),
        "groups": [_group(tenant, group) for group in sorted(tenant.groups, key=lambda g: g.object_id)],
        "policies": sorted(
            (p.model_dump(mode="json", by_alias=True, exclude={"created"}) for p in tenant.policies),
            key=lambda p: (p["appId"], p["scopeObjectId"], p["scopeSid"]),
        ),
        "isCustomized": tenant.is_customized,
        "exchangeServicePrincipals": _sorted(tenant.exchange_service_principals),
        "managementScopes": _sorted(tenant.management_scopes),
        "roleAssignments": _sorted(tenant.role_assignments),
        "roleGroups": _sorted(tenant.role_groups),
        "managementRoles": _sorted(tenant.management_roles),
        "mailboxes": [
            {
                **m.model_dump(mode="json", by_alias=True, exclude={"created", "events", "calendar_processing"}),
                "events": len(m.events),
                "calendarProcessing": calendarprocessing.settings(m) if m.resource_type else None,
            }
            for m in sorted(tenant.mailboxes, key=lambda m: m.object_id)
        ],
    }


def _sorted(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return records without the time at which they were made, by their GUIDs."""
    documents = [record.model_dump(mode="json", by_alias=True, exclude={"created"}) for record in records]
    return sorted(documents, key=lambda document: str(document["guid"]))


def _application(application: Application) -> dict[str, Any]:
    passwords = sorted(application.passwords, key=lambda p: p.key_id)
    return {
        "id": application.id,
        "appId": application.app_id,
        "properties": application.properties,
        "ownerIds": sorted(application.owner_ids),
        "appManagementPolicyId": application.app_management_policy_id,
        "passwords": [
            {
                "keyId": p.key_id,
                "displayName": p.display_name,
                "startDateTime": moments.seconds(p.start_date_time),
                "endDateTime": moments.seconds(p.end_date_time),
            }
            for p in passwords
        ],
        "certificates": [
            c.model_dump(mode="json", by_alias=True, exclude={"certificate"})
            for c in sorted(application.certificates, key=lambda c: c.key_id)
        ],
        "federatedCredentials": [
            c.model_dump(mode="json", by_alias=True)
            for c in sorted(application.federated_credentials, key=lambda c: c.id)
        ],
    }


def _principal(principal: ServicePrincipal) -> dict[str, Any]:
    return {
        "id": principal.id,
        "appId": principal.app_id,
        "properties": principal.properties,
        "ownerIds": sorted(principal.owner_ids),
        "directoryRoles": sorted(principal.directory_roles),
    }


def _grant(tenant: Tenant, grant: Any) -> dict[str, Any]:
    resource = tenant.service_principal(grant.resource_id)
    values = {role.id: role.value for role in resource.app_roles} if resource else {}
    return {
        "principalId": grant.principal_id,
        "resourceId": grant.resource_id,
        "appRoleId": grant.app_role_id,
        "value": values.get(grant.app_role_id),
    }


def _group(tenant: Tenant, group: Group) -> dict[str, Any]:
    document = group.model_dump(mode="json", by_alias=True, exclude={"created"})
    members = (tenant.recipient_by_object_id(member) for member in group.member_ids)
    return {
        **document,
        "memberIds": sorted(group.member_ids),
        "managedBy": sorted(group.managed_by),
        "members": sorted(member.address for member in members if member),
    }
