"""Applications: create, read, list, change, delete, and their owners and passwords.

Source: Microsoft Graph v1.0 reference, application; "application: addPassword", "application: removePassword".
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from simulator.graph import credentials, errors, owners, query, rights
from simulator.graph.call import Answer, Call
from simulator.graph.models import APPLICATION_DEFAULTS, application_document, merged, password_document
from simulator.records import Application, Password
from simulator.store import hash_secret
from simulator.tenant import new_id

FILTERABLE = {"appId", "displayName", "id"}
DEFAULT_LIFETIME_YEARS = 2
LONGEST_NAME = 256
LONGEST_NOTES = 1024


def find(call: Call) -> Application:
    """Return the application that the path names.  Raises GraphError when it is not there."""
    if "app_id" in call.request.path_params:
        application, name = call.tenant.application_by_app_id(call.path("app_id")), call.path("app_id")
    else:
        application, name = call.tenant.application(call.path("id")), call.path("id")
    if application is None:
        raise errors.not_found(name)
    return application


def list_applications(call: Call) -> Answer:
    """Answer a page of applications."""
    rights.require_read_all(call.caller)
    living = [a for a in call.tenant.applications if not a.deleted_date_time]
    documents = [application_document(call.tenant, application) for application in living]
    return Answer(document=query.page(call, documents, "applications", "application", FILTERABLE))


def get(call: Call) -> Answer:
    """Answer one application."""
    application = find(call)
    rights.require_read(call.caller, application)
    with_keys = "keyCredentials" in call.request.query_params.get("$select", "").split(",")
    document = application_document(call.tenant, application, with_keys=with_keys)
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
    if not call.caller.has(rights.WRITE_ALL) and call.caller.object_id not in owner_ids:
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
    document = query.one(call, application_document(call.tenant, application), "applications", "application")
    return Answer(201, document, f"{call.base}/applications/{application.id}")


def change(call: Call) -> Answer:
    """Change the properties that the body names; what it leaves out stays."""
    application = find(call)
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
    application.properties, application.certificates = properties, certificates
    return Answer(204)


def delete(call: Call) -> Answer:
    """Delete softly; the service principal goes along and its grants end."""
    application = find(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    call.tenant.delete_application(application)
    return Answer(204)


def list_owners(call: Call) -> Answer:
    """Answer the owners."""
    return owners.list_owners(call, find(call))


def add_owner(call: Call) -> Answer:
    """Add an owner."""
    return owners.add_owner(call, find(call))


def remove_owner(call: Call) -> Answer:
    """Remove an owner."""
    return owners.remove_owner(call, find(call))


def add_password(call: Call) -> Answer:
    """Make a client secret; this answer is the only one that shows its value."""
    application = find(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    wanted = call.take({"passwordCredential"}).get("passwordCredential") or {}
    if not isinstance(wanted, dict):
        raise errors.bad_request("Invalid value specified for property 'passwordCredential'.")
    unknown = set(wanted) - {"displayName", "startDateTime", "endDateTime", "@odata.type"}
    if unknown:
        raise errors.bad_request(f"Invalid property '{sorted(unknown)[0]}'.")
    now = call.tenant.now().replace(microsecond=0)
    start = credentials.moment(wanted, "startDateTime") or now
    end = credentials.moment(wanted, "endDateTime") or _years_after(start, DEFAULT_LIFETIME_YEARS)
    if start < now - timedelta(days=1):
        raise errors.GraphError(400, "KeyCredentialsInvalidStartDate", "Key credential start date is invalid.")
    if end <= max(start, now):
        raise errors.GraphError(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")
    name = wanted.get("displayName")
    if name is not None and not isinstance(name, str):
        raise errors.bad_request("Invalid value specified for property 'displayName' of resource 'PasswordCredential'.")
    secret = _new_secret()
    password = Password(
        key_id=new_id(),
        display_name=name,
        start_date_time=start,
        end_date_time=end,
        hint=secret[:3],
        secret_hash=hash_secret(secret),
        created_date_time=call.tenant.now(),
    )
    application.passwords.append(password)
    context = {"@odata.context": f"{call.base}/$metadata#microsoft.graph.passwordCredential"}
    return Answer(200, {**context, **password_document(password, secret)})


def remove_password(call: Call) -> Answer:
    """Remove a client secret; tokens that it was traded for live on."""
    application = find(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    key_id = call.take({"keyId"}).get("keyId")
    if not isinstance(key_id, str):
        raise errors.bad_request("Invalid value specified for property 'keyId' of resource 'PasswordCredential'.")
    kept = [password for password in application.passwords if password.key_id != key_id.lower()]
    if len(kept) == len(application.passwords):
        raise errors.bad_request("No credentials found to be removed.")
    application.passwords = kept
    return Answer(204)


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


def _years_after(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)


def _new_secret() -> str:
    """Return a value of the form that Entra gives out: 40 characters with `8Q~` after the first three."""
    return f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(26)[:34]}"
