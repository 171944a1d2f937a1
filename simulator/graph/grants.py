"""App role assignments: what the portal calls admin consent for an application permission.

Source: Microsoft Graph v1.0 reference, "Grant an appRoleAssignment for a service principal" and its neighbours.
"""

from simulator.graph import errors, principals, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.filters import EQUAL, GUID, STARTS, Filterable
from simulator.graph.models import grant_document, service_principal_document
from simulator.records import Grant, ServicePrincipal
from simulator.tenant import Tenant, new_opaque_id

FILTERABLE: Filterable = {"id": EQUAL, "principalDisplayName": STARTS, "resourceId": GUID}


def list_given_by(call: Call) -> Answer:
    """Answer who holds app roles of this service principal (appRoleAssignedTo)."""
    resource = principals.find(call)
    return _list(call, [g for g in call.readers.tenant.living_grants() if g.resource_id == resource.id])


def list_held_by(call: Call) -> Answer:
    """Answer which app roles this service principal holds (appRoleAssignments)."""
    principal = principals.find(call)
    return _list(call, [g for g in call.readers.tenant.living_grants() if g.principal_id == principal.id])


def get_given(call: Call) -> Answer:
    """Answer one assignment of this resource."""
    return _get(call, _find(call, call.readers.tenant, given=True))


def get_held(call: Call) -> Answer:
    """Answer one assignment of this principal."""
    return _get(call, _find(call, call.readers.tenant, given=False))


def give(call: Call) -> Answer:
    """Assign an app role of this resource."""
    rights.require_read_assignments(call.caller)
    return _create(call, "resourceId", principals.find(call))


def receive(call: Call) -> Answer:
    """Assign an app role to this principal."""
    rights.require_read_assignments(call.caller)
    return _create(call, "principalId", principals.find(call))


def take_back_given(call: Call) -> Answer:
    """Remove an assignment of this resource."""
    return _delete(call, given=True)


def take_back_held(call: Call) -> Answer:
    """Remove an assignment of this principal."""
    return _delete(call, given=False)


def _list(call: Call, grants: list[Grant]) -> Answer:
    rights.require_read_assignments(call.caller)
    documents = [grant_document(call.readers.tenant, grant) for grant in grants]
    return Answer(document=query.page(call, documents, _name(call), "appRoleAssignment", FILTERABLE))


def _get(call: Call, grant: Grant) -> Answer:
    rights.require_read_assignments(call.caller)
    document = grant_document(call.readers.tenant, grant)
    return Answer(document=query.one(call, document, _name(call), "appRoleAssignment"))


def _name(call: Call) -> str:
    """Return what `@odata.context` calls the collection that the path names."""
    side = "appRoleAssignedTo" if "/appRoleAssignedTo" in call.request.url.path else "appRoleAssignments"
    return f"servicePrincipals('{principals.find(call).id}')/{side}"


def _find(call: Call, tenant: Tenant, *, given: bool) -> Grant:
    """Return the assignment that the path names, of the newest state or of what readers see: `tenant` is one of them."""
    principal, name = principals.find(call), call.path("grant")
    for grant in tenant.living_grants():
        side = grant.resource_id if given else grant.principal_id
        if grant.id == name and side == principal.id and call.readers.sees(grant.id):
            return grant
    raise errors.not_found(name)


def _create(call: Call, side: str, item: ServicePrincipal) -> Answer:
    query.check_options(call, set())
    body = call.take({"appRoleId", "principalId", "resourceId"})
    values = {name: str(body.get(name) or "").lower() for name in ("appRoleId", "principalId", "resourceId")}
    resource, principal = (
        call.readers.one(call.tenant.service_principal(values[name])) for name in ("resourceId", "principalId")
    )
    rights.require_assign(call.caller, resource)
    for name, value in values.items():
        if not value:
            raise errors.bad_request(f"Invalid value specified for property '{name}' of resource 'AppRoleAssignment'.")
    if values[side] != item.id:
        raise errors.bad_request(f"The {side} of the body is not the one of the address.")
    if principal is None:
        raise errors.bad_request("Not a valid reference update")
    if resource is None:
        raise errors.bad_request("Permission being assigned was not found on application")
    roles = service_principal_document(call.tenant, resource)["appRoles"]
    if not any(
        role["id"] == values["appRoleId"] and role["isEnabled"] and "Application" in role["allowedMemberTypes"]
        for role in roles
    ):
        raise errors.bad_request("Permission being assigned was not found on application")
    for grant in call.tenant.living_grants():
        if (grant.app_role_id, grant.principal_id, grant.resource_id) == (
            values["appRoleId"],
            principal.id,
            resource.id,
        ):
            raise errors.bad_request("Permission being assigned already exists on the object")
    grant = Grant(
        id=new_opaque_id(),
        app_role_id=values["appRoleId"],
        principal_id=principal.id,
        resource_id=resource.id,
        created_date_time=call.tenant.now(),
    )
    call.tenant.grants.append(grant)
    replication.appears(call.tenant, grant)
    document = query.one(call, grant_document(call.tenant, grant), _name(call), "appRoleAssignment")
    return Answer(201, document)


def _delete(call: Call, *, given: bool) -> Answer:
    rights.require_read_assignments(call.caller)
    query.check_options(call, set())
    grant = _find(call, call.tenant, given=given)
    rights.require_assign(call.caller, call.tenant.service_principal(grant.resource_id))
    replication.disappears(call.tenant, grant)
    call.tenant.grants.remove(grant)
    return Answer(204)
