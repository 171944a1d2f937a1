"""Applications: create, read, list, change, delete, and their owners.

Refuses to own their passwords (passwords.py).  Source: Microsoft Graph v1.0 reference, application.
"""

from typing import Any

from simulator.graph import credentials, errors, owners, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.filters import ANY, DOCUMENTED, EQUAL, STARTS, Filterable
from simulator.graph.models import APPLICATION_DEFAULTS, application_document, merged
from simulator.records import Application
from simulator.tenant import Tenant, new_id

FILTERABLE: Filterable = {
    "appId": EQUAL,
    "createdDateTime": DOCUMENTED,
    "deletedDateTime": DOCUMENTED,
    "description": DOCUMENTED,
    "disabledByMicrosoftStatus": DOCUMENTED,
    "displayName": STARTS,
    "id": EQUAL,
    "identifierUris": ANY,
    "info": DOCUMENTED,
    "keyCredentials": DOCUMENTED,
    "publisherDomain": DOCUMENTED,
    "requiredResourceAccess": DOCUMENTED,
    "signInAudience": DOCUMENTED,
    "tags": ANY,
    "uniqueName": DOCUMENTED,
}
LONGEST_NAME = 256
LONGEST_NOTES = 1024


def _named(call: Call, tenant: Tenant) -> tuple[Application | None, str]:
    if "app_id" in call.request.path_params:
        return tenant.application_by_app_id(call.path("app_id")), call.path("app_id")
    return tenant.application(call.path("id")), call.path("id")


def find(call: Call) -> Application:
    """Return the application that the path names, as readers see it.  Raises GraphError when they see none."""
    return call.readers.must_see(*_named(call, call.readers.tenant))


def find_newest(call: Call) -> Application:
    """Return it in its newest state, to be changed.  Raises GraphError when it is gone, or new and not seen yet."""
    return call.readers.must_see(*_named(call, call.tenant))


def list_applications(call: Call) -> Answer:
    """Answer a page of applications."""
    rights.require_read_all(call.caller)
    tenant = call.readers.tenant
    documents = [application_document(tenant, a) for a in tenant.applications if not a.deleted_date_time]
    return Answer(document=query.page(call, documents, "applications", "application", FILTERABLE))


def get(call: Call) -> Answer:
    """Answer one application."""
    application = find(call)
    rights.require_read(call.caller, application)
    with_keys = "keyCredentials" in call.request.query_params.get("$select", "").split(",")
    document = application_document(call.readers.tenant, application, with_keys=with_keys)
    return Answer(document=query.one(call, document, "applications", "application"))


def create(call: Call) -> Answer:
    """Register an application."""
    rights.require_create(call.caller)
    query.check_options(call, set())
    body = call.take({*APPLICATION_DEFAULTS, "owners@odata.bind"})
    owner_ids = owners.resolve(call, body.pop("owners@odata.bind", []))
    if not body.get("displayName"):
        raise errors.bad_request("Invalid value specified for property 'displayName' of resource 'Application'.")
    certificates = credentials.certificates(body.pop("keyCredentials", None), [], call.tenant.now())
    properties = merged({}, body, APPLICATION_DEFAULTS, "Application")
    _check(call, body, None)
    if not rights.writes_all(call.caller) and call.caller.object_id not in owner_ids:
        # Whoever creates under Application.ReadWrite.OwnedBy owns what it created.
        owner_ids.insert(0, call.caller.object_id)
    application = Application(
        id=new_id(),
        app_id=new_id(),
        created_date_time=call.tenant.now(),
        properties=properties,
        owner_ids=owner_ids,
        certificates=certificates,
    )
    call.tenant.applications.append(application)
    replication.appears(call.tenant, application)
    document = query.one(call, application_document(call.tenant, application), "applications", "application")
    return Answer(201, document, f"{call.base}/applications/{application.id}")


def change(call: Call) -> Answer:
    """Change the properties that the body names; what it leaves out stays."""
    application = find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    if "passwordCredentials" in call.body:
        raise errors.bad_request("Updates to passwordCredentials are not supported here; use addPassword.")
    body = call.take(set(APPLICATION_DEFAULTS))
    if "displayName" in body and not body["displayName"]:
        raise errors.bad_request("Invalid value specified for property 'displayName' of resource 'Application'.")
    certificates = application.certificates
    if "keyCredentials" in body:
        certificates = credentials.certificates(body.pop("keyCredentials"), certificates, call.tenant.now())
    properties = merged(application.properties, body, APPLICATION_DEFAULTS, "Application")
    _check(call, body, application)
    replication.changes(call.tenant, application)
    application.properties, application.certificates = properties, certificates
    return Answer(204)


def delete(call: Call) -> Answer:
    """Delete softly; the service principal goes along and its grants end."""
    application = find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    replication.disappears(call.tenant, application)
    principal = call.tenant.service_principal_by_app_id(application.app_id)
    if principal:
        replication.disappears(call.tenant, principal)
    call.tenant.delete_application(application)
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


def _check(call: Call, body: dict[str, Any], application: Application | None) -> None:
    """Refuse values that the directory refuses."""
    for name, longest in (("displayName", LONGEST_NAME), ("notes", LONGEST_NOTES), ("description", LONGEST_NOTES)):
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            raise errors.bad_request(f"Invalid value specified for property '{name}' of resource 'Application'.")
    for uri in body.get("identifierUris") or []:
        for other in call.tenant.applications:
            if other is not application and uri in (other.properties.get("identifierUris") or []):
                raise errors.bad_request(
                    "Another object with the same value for property identifierUris already exists."
                )
    for access in body.get("requiredResourceAccess") or []:
        if not isinstance(access, dict) or set(access) - {"resourceAppId", "resourceAccess", "@odata.type"}:
            raise errors.bad_request("Invalid value specified for property 'requiredResourceAccess'.")
        for permission in access.get("resourceAccess") or []:
            if not isinstance(permission, dict) or permission.get("type") not in ("Role", "Scope"):
                raise errors.bad_request("Invalid value specified for property 'resourceAccess'.")
