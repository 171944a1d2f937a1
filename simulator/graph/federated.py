"""An application's federated identity credentials: whose tokens, for which subject, it may trade for its own.

Owns what may be registered.  Refuses to own the comparison with a token, which sign-in makes (login/federation.py).
Source: Microsoft Graph v1.0 reference, federatedIdentityCredential; Microsoft Learn, "Important considerations and
restrictions for federated identity credentials".
"""

import re
from typing import Any

from simulator.graph import applications, errors, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.filters import EQUAL, Filterable
from simulator.records import Application, FederatedCredential
from simulator.tenant import new_id

Document = dict[str, Any]

FILTERABLE: Filterable = {"name": EQUAL, "subject": EQUAL}
MOST_CREDENTIALS = 20
LONGEST_TEXT = 600
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
PROPERTIES = {"audiences", "description", "issuer", "name", "subject"}


def list_credentials(call: Call) -> Answer:
    """Answer a page of them."""
    application = applications.find(call)
    rights.require_read(call.caller, application)
    documents = [_document(credential) for credential in application.federated_credentials]
    collection = _collection(application)
    return Answer(document=query.page(call, documents, collection, "federatedIdentityCredential", FILTERABLE))


def get(call: Call) -> Answer:
    """Answer one, by its id or name."""
    application = applications.find(call)
    rights.require_read(call.caller, application)
    return Answer(document=_answer(call, application, _find(call, application)))


def create(call: Call) -> Answer:
    """Let the application trust an issuer for a subject."""
    application = applications.find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    body = _body(call)
    for name in ("name", "issuer", "subject", "audiences"):
        if body.get(name) is None:
            raise _invalid(f"{name} is required", name, None)
    if any(each.name == body["name"] for each in application.federated_credentials):
        raise errors.GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"FederatedIdentityCredential with name {body['name']} already exists.",
        )
    if len(application.federated_credentials) >= MOST_CREDENTIALS:
        raise errors.GraphError(
            403,
            "Directory_QuotaExceeded",
            f"The application has {MOST_CREDENTIALS} federated identity credentials already, which is the maximum.",
        )
    credential = FederatedCredential(id=new_id(), **body)
    _check_unique(application, credential)
    replication.changes(call.tenant, application)
    application.federated_credentials.append(credential)
    address = f"{call.base}/applications/{application.id}/federatedIdentityCredentials/{credential.id}"
    return Answer(201, _answer(call, application, credential), address)


def change(call: Call) -> Answer:
    """Change what the body names; a name stays as it is."""
    application = applications.find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    if "create-if-missing" in call.request.headers.get("prefer", ""):
        raise errors.not_imitated("making a federated identity credential by PATCH (Prefer: create-if-missing)")
    credential = _find(call, application)
    body = _body(call)
    if body.get("name", credential.name) != credential.name:
        raise errors.bad_request("Name is immutable and cannot be changed after creation.")
    changed = credential.model_copy(update=body)
    _check_unique(application, changed)
    replication.changes(call.tenant, application)
    place = application.federated_credentials.index(credential)
    application.federated_credentials[place] = changed
    return Answer(204)


def delete(call: Call) -> Answer:
    """Trust it no longer; tokens that were issued live on."""
    application = applications.find_newest(call)
    rights.require_write(call.caller, application)
    query.check_options(call, set())
    credential = _find(call, application)
    replication.changes(call.tenant, application)
    application.federated_credentials.remove(credential)
    return Answer(204)


def _collection(application: Application) -> str:
    return f"applications('{application.id}')/federatedIdentityCredentials"


def _answer(call: Call, application: Application, credential: FederatedCredential) -> Document:
    return query.one(call, _document(credential), _collection(application), "federatedIdentityCredential")


def _document(credential: FederatedCredential) -> Document:
    return {
        "id": credential.id,
        "name": credential.name,
        "issuer": credential.issuer,
        "subject": credential.subject,
        "description": credential.description,
        "audiences": list(credential.audiences),
    }


def _find(call: Call, application: Application) -> FederatedCredential:
    name = call.path("credential")
    found = next((c for c in application.federated_credentials if name.lower() == c.id or name == c.name), None)
    if found is None:
        raise errors.not_found(name)
    return found


def _body(call: Call) -> Document:
    """Return the body's properties, each of the form that it must have.  Raises GraphError."""
    if "claimsMatchingExpression" in call.body:
        raise errors.not_imitated("flexible federated identity credentials (claimsMatchingExpression)")
    body = call.take(PROPERTIES)
    for name, value in body.items():
        if not _is_well_formed(name, value):
            raise _invalid(f"{name} has an invalid value", name, value)
    return body


def _is_well_formed(name: str, value: object) -> bool:
    match name:
        case "audiences":
            return isinstance(value, list) and len(value) == 1 and _is_text(value[0])
        case "description":
            return value is None or (isinstance(value, str) and len(value) <= LONGEST_TEXT)
        case "issuer":
            return isinstance(value, str) and _is_text(value) and value.startswith("https://")
        case "name":
            return isinstance(value, str) and NAME.fullmatch(value) is not None
        case _:
            return _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT


def _check_unique(application: Application, credential: FederatedCredential) -> None:
    for other in application.federated_credentials:
        if other.id != credential.id and (other.issuer, other.subject) == (credential.issuer, credential.subject):
            raise _invalid(
                "The combination of issuer and subject must be unique for the application. "
                f"Issuer {credential.issuer} and Subject: {credential.subject} already exist",
                "subject",
                credential.subject,
            )


def _invalid(text: str, name: str, value: object) -> errors.GraphError:
    return errors.GraphError(
        400,
        "InvalidFederatedIdentityCredentialValue",
        f"{text}. paramName: FederatedIdentityCredential.{name.capitalize()}, paramValue: {value}, objectType: "
        "Microsoft.Online.DirectoryServices.Application",
    )
