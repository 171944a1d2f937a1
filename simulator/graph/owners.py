"""Owners of applications and service principals: service principals and people.

Owns the owners' references only.  Source: Microsoft Graph v1.0, "Add owner" and "Remove owner".
"""

from typing import Any

from simulator.graph import errors, query, rights
from simulator.graph.call import Answer, Call
from simulator.graph.models import service_principal_document
from simulator.records import Mailbox, ServicePrincipal
from simulator.tenant import Tenant


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
    """Return the ids of `owners@odata.bind`, each once.  Raises GraphError for one that does not exist."""
    if not isinstance(references, list):
        raise errors.bad_request("Invalid value specified for property 'owners@odata.bind'.")
    ids: list[str] = []
    for text in references:
        owner = reference(call, text)
        if call.tenant.directory_object(owner) is None:
            raise errors.not_found(owner)
        if owner not in ids:
            ids.append(owner)
    return ids


def list_owners(call: Call, item: rights.Owned) -> Answer:
    """Answer the owners."""
    rights.require_read(call.caller, item)
    documents = [_owner_document(call.tenant, owner) for owner in item.owner_ids]
    return Answer(document=query.page(call, [d for d in documents if d], "directoryObjects", "directoryObject", {"id"}))


def add_owner(call: Call, item: rights.Owned) -> Answer:
    """Add an owner."""
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    owner = reference(call, call.take({"@odata.id"}).get("@odata.id"))
    if call.tenant.directory_object(owner) is None:
        raise errors.not_found(owner)
    if owner in item.owner_ids:
        raise errors.bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    item.owner_ids.append(owner)
    return Answer(204)


def remove_owner(call: Call, item: rights.Owned) -> Answer:
    """Remove an owner, also the last one."""
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    owner = call.path("owner").lower()
    if owner not in item.owner_ids:
        raise errors.not_found(owner)
    item.owner_ids.remove(owner)
    return Answer(204)


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
