"""Owners of applications and service principals: service principals and people.

Owns the owners' references only.  Source: Microsoft Graph v1.0, "Add owner" and "Remove owner".
"""

from typing import Any

from simulator.graph import errors, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.filters import EQUAL, Filterable
from simulator.graph.models import service_principal_document
from simulator.records import Mailbox, ServicePrincipal
from simulator.tenant import Tenant

FILTERABLE: Filterable = {"id": EQUAL}


def reference(call: Call, text: object) -> str:
    """Return the id of the directory object that a reference names.  Raises GraphError."""
    if not isinstance(text, str):
        raise errors.bad_request("Invalid URL format specified in @odata.id; it must be a text.")
    for version in ("v1.0", "beta"):
        for collection in ("directoryObjects", "servicePrincipals", "users"):
            prefix = f"{call.simulator.identity_url}/{version}/{collection}/"
            if text.startswith(prefix) and len(text) > len(prefix):
                return text.removeprefix(prefix).lower()
    raise errors.bad_request(f"Invalid URL format specified in @odata.id: '{text}'.")


def resolve(call: Call, references: object) -> list[str]:
    """Return the ids of `owners@odata.bind`, each once.  Raises GraphError for one that readers do not see.

    The text then names no id: so it was captured from Microsoft.
    """
    if not isinstance(references, list):
        raise errors.bad_request("Invalid value specified for property 'owners@odata.bind'.")
    ids: list[str] = []
    for text in references:
        owner = reference(call, text)
        if not _exists(call, owner):
            raise errors.not_found("")
        if owner not in ids:
            ids.append(owner)
    return ids


def list_owners(call: Call, item: rights.Owned) -> Answer:
    """Answer the owners."""
    rights.require_read(call.caller, item)
    documents = [_owner_document(call.readers.tenant, owner) for owner in item.owner_ids]
    found = [document for document in documents if document]
    return Answer(document=query.page(call, found, "directoryObjects", "directoryObject", FILTERABLE))


def add_owner(call: Call, item: rights.Owned) -> Answer:
    """Add an owner."""
    rights.require_add_owner(call.caller, item)
    query.check_options(call, set())
    owner = reference(call, call.take({"@odata.id"}).get("@odata.id"))
    if not _exists(call, owner):
        raise errors.not_found(owner)
    if owner in item.owner_ids:
        raise errors.bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    replication.changes(call.tenant, item)
    item.owner_ids.append(owner)
    return Answer(204)


def remove_owner(call: Call, item: rights.Owned) -> Answer:
    """Remove an owner, also the last one."""
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    owner = call.path("owner").lower()
    if owner not in item.owner_ids:
        raise errors.not_found(owner)
    replication.changes(call.tenant, item)
    item.owner_ids.remove(owner)
    return Answer(204)


def _exists(call: Call, owner: str) -> bool:
    return call.readers.tenant.directory_object(owner) is not None and call.readers.sees(owner)


def _owner_document(tenant: Tenant, owner: str) -> dict[str, Any] | None:
    found = tenant.directory_object(owner)
    if isinstance(found, ServicePrincipal):
        return {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal_document(tenant, found)}
    if isinstance(found, Mailbox):
        return {
            "@odata.type": "#microsoft.graph.user",
            "id": found.object_id,
            "displayName": found.display_name,
            "mail": found.address,
            "userPrincipalName": found.address,
        }
    return None
