"""App role assignments: what the portal calls admin consent for an application permission.

Source: Microsoft Graph v1.0 reference, "Grant an appRoleAssignment for a service principal" and its neighbours.
"""

from simulator.graph import errors, principals, query, rights
from simulator.graph.call import Answer, Call
from simulator.graph.models import grant_document, service_principal_document
from simulator.records import Grant, ServicePrincipal
from simulator.tenant import new_opaque_id

FILTERABLE = {"appRoleId", "principalId", "resourceId"}


def list_given_by(call: Call) -> Answer:
    """Answer who holds app roles of this service principal (appRoleAssignedTo)."""
    resource = principals.find(call)
    return _list(call, [g for g in call.tenant.living_grants() if g.resource_id == resource.id])


def list_held_by(call: Call) -> Answer:
    """Answer which app roles this service principal holds (appRoleAssignments)."""
    principal = principals.find(call)
    return _list(call, [g for g in call.tenant.living_grants() if g.principal_id == principal.id])


def get_given(call: Call) -> Answer:
    """Answer one assignment of this resource."""
    return _get(call, _find(call, principals.find(call), given=True))


def get_held(call: Call) -> Answer:
    """Answer one assignment of this principal."""
    return _get(call, _find(call, principals.find(call), given=False))


def give(call: Call) -> Answer:
    """Assign an app role of this resource."""
    rights.require_assign(call.caller)
    resource = principals.find(call)
    return _create(call, "resourceId", resource)


def receive(call: Call) -> Answer:
    """Assign an app role to this principal."""
    rights.require_assign(call.caller)
    principal = principals.find(call)
    return _create(call, "principalId", principal)


def take_back_given(call: Call) -> Answer:
    """Remove an assignment of this resource."""
    return _delete(call, given=True)


def take_back_held(call: Call) -> Answer:
    """Remove an assignment of this principal."""
    return _delete(call, given=False)


def _list(call: Call, grants: list[Grant]) -> Answer:
    rights.require_read_assignments(call.caller)
    documents = [grant_document(call.tenant, grant) for grant in grants]
    return Answer(document=query.page(call, documents, "appRoleAssignments", "appRoleAssignment", FILTERABLE))


def _get(call: Call, grant: Grant) -> Answer:
    rights.require_read_assignments(call.caller)
    return Answer(
        document=query.one(call, grant_document(call.tenant, grant), "appRoleAssignments", "appRoleAssignment")
    )


def _find(call: Call, principal: ServicePrincipal, *, given: bool) -> Grant:
    name = call.path("grant")
    for grant in call.tenant.living_grants():
        if grant.id == name and principal.id == (grant.resource_id if given else grant.principal_id):
            return grant
    raise errors.not_found(name)


def _create(call: Call, side: str, item: ServicePrincipal) -> Answer:
    query.check_options(call, set())
    body = call.take({"appRoleId", "principalId", "resourceId"})
    values = {name: str(body.get(name) or "").lower() for name in ("appRoleId", "principalId", "resourceId")}
    for name, value in values.items():
        if not value:
            raise errors.bad_request(f"Invalid value specified for property '{name}' of resource 'AppRoleAssignment'.")
    if values[side] != item.id:
        raise errors.bad_request(f"The {side} of the body is not the one of the address.")
    resource = call.tenant.service_principal(values["resourceId"])
    principal = call.tenant.service_principal(values["principalId"])
    if resource is None or principal is None:
        raise errors.bad_request("Not a valid reference update")
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
    document = query.one(call, grant_document(call.tenant, grant), "appRoleAssignments", "appRoleAssignment")
    return Answer(201, document)


def _delete(call: Call, *, given: bool) -> Answer:
    rights.require_assign(call.caller)
    query.check_options(call, set())
    call.tenant.grants.remove(_find(call, principals.find(call), given=given))
    return Answer(204)
