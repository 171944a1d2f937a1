"""Service principals: create, read, list, change, delete, and their owners.

Source: Microsoft Graph v1.0 reference, servicePrincipal.
"""

from simulator.graph import errors, owners, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.filters import ANY, DOCUMENTED, EQUAL, STARTS, Filterable
from simulator.graph.models import SERVICE_PRINCIPAL_DEFAULTS, merged, service_principal_document
from simulator.records import Application, ServicePrincipal
from simulator.tenant import Tenant, new_id

FILTERABLE: Filterable = {
    "accountEnabled": DOCUMENTED,
    "alternativeNames": ANY,
    "appDescription": DOCUMENTED,
    "appDisplayName": DOCUMENTED,
    "appId": STARTS,
    "appOwnerOrganizationId": DOCUMENTED,
    "createdDateTime": DOCUMENTED,
    "deletedDateTime": DOCUMENTED,
    "description": DOCUMENTED,
    "disabledByMicrosoftStatus": DOCUMENTED,
    "displayName": STARTS,
    "homepage": DOCUMENTED,
    "id": EQUAL,
    "keyCredentials": DOCUMENTED,
    "servicePrincipalNames": ANY,
    "servicePrincipalType": DOCUMENTED,
    "tags": ANY,
}


def _named(call: Call, tenant: Tenant) -> tuple[ServicePrincipal | None, str]:
    if "app_id" in call.request.path_params:
        return tenant.service_principal_by_app_id(call.path("app_id")), call.path("app_id")
    return tenant.service_principal(call.path("id")), call.path("id")


def find(call: Call) -> ServicePrincipal:
    """Return the service principal that the path names, as readers see it.  Raises GraphError when they see none."""
    return call.readers.must_see(*_named(call, call.readers.tenant))


def find_newest(call: Call) -> ServicePrincipal:
    """Return it in its newest state, to be changed.  Raises GraphError when it is gone, or new and not seen yet."""
    return call.readers.must_see(*_named(call, call.tenant))


def list_principals(call: Call) -> Answer:
    """Answer a page of service principals."""
    rights.require_read_all(call.caller)
    tenant = call.readers.tenant
    documents = [service_principal_document(tenant, s) for s in tenant.service_principals if not s.deleted_date_time]
    return Answer(document=query.page(call, documents, "servicePrincipals", "servicePrincipal", FILTERABLE))


def get(call: Call) -> Answer:
    """Answer one service principal."""
    principal = find(call)
    rights.require_read(call.caller, principal)
    document = service_principal_document(call.readers.tenant, principal)
    return Answer(document=query.one(call, document, "servicePrincipals", "servicePrincipal"))


def create(call: Call) -> Answer:
    """Make the service principal of an application of this tenant."""
    rights.require_create(call.caller)
    query.check_options(call, set())
    body = call.take({*SERVICE_PRINCIPAL_DEFAULTS, "appId", "owners@odata.bind", "servicePrincipalType"})
    app_id = body.pop("appId", None)
    if body.pop("servicePrincipalType", "Application") != "Application":
        raise errors.not_imitated("service principals of another type than Application")
    if not isinstance(app_id, str) or not app_id:
        raise errors.bad_request("Invalid value specified for property 'appId' of resource 'ServicePrincipal'.")
    application = _application(call, app_id)
    if call.tenant.service_principal_by_app_id(app_id):
        raise errors.GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use.",
        )
    owner_ids = owners.resolve(call, body.pop("owners@odata.bind", []))
    named = {"displayName": application.properties["displayName"]}
    properties = merged(named, body, SERVICE_PRINCIPAL_DEFAULTS, "ServicePrincipal")
    if not rights.writes_all(call.caller) and call.caller.object_id not in owner_ids:
        owner_ids.insert(0, call.caller.object_id)
    principal = ServicePrincipal(
        id=new_id(),
        app_id=application.app_id,
        created_date_time=call.tenant.now(),
        properties=properties,
        owner_ids=owner_ids,
        owner_organization_id=call.tenant.id,
    )
    call.tenant.service_principals.append(principal)
    replication.appears(call.tenant, principal)
    document = query.one(
        call, service_principal_document(call.tenant, principal), "servicePrincipals", "servicePrincipal"
    )
    return Answer(201, document, f"{call.base}/servicePrincipals/{principal.id}")


def _application(call: Call, app_id: str) -> Application:
    """Return the application that a new service principal stands for.  Raises GraphError when readers see none."""
    application = call.readers.one(call.tenant.application_by_app_id(app_id))
    if application is None:
        if not rights.writes_all(call.caller):
            raise errors.GraphError(
                403,
                "Authorization_RequestDenied",
                "When using this permission, the backing application of the service principal being created must in "
                "the local tenant",
            )
        raise errors.bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object."
        )
    if not rights.writes_all(call.caller) and call.caller.object_id not in application.owner_ids:
        raise errors.denied()
    return application


def change(call: Call) -> Answer:
    """Change the properties that the body names; what it leaves out stays."""
    principal = find_newest(call)
    rights.require_write(call.caller, principal)
    query.check_options(call, set())
    body = call.take(set(SERVICE_PRINCIPAL_DEFAULTS))
    if body.get("keyCredentials"):
        raise errors.not_imitated("certificates of service principals (keyCredentials)")
    properties = merged(principal.properties, body, SERVICE_PRINCIPAL_DEFAULTS, "ServicePrincipal")
    replication.changes(call.tenant, principal)
    principal.properties = properties
    return Answer(204)


def delete(call: Call) -> Answer:
    """Delete softly; its grants end."""
    principal = find_newest(call)
    rights.require_write(call.caller, principal)
    query.check_options(call, set())
    replication.disappears(call.tenant, principal)
    call.tenant.delete_service_principal(principal)
    return Answer(204)


def list_owners(call: Call) -> Answer:
    """Answer the owners."""
    return owners.list_owners(call, find(call))


def add_owner(call: Call) -> Answer:
    """Add an owner."""
    return owners.add_owner(call, find_newest(call))


def remove_owner(call: Call) -> Answer:
    """Remove an owner."""
    return owners.remove_owner(call, find_newest(call))
