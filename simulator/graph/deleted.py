"""Deleted applications and service principals: list, read, restore, delete for good.

Source: Microsoft Graph v1.0 reference, "List deletedItems", "Restore deleted item", "Permanently delete item".
"""

from typing import Any

from simulator.graph import errors, query, rights
from simulator.graph.call import Answer, Call
from simulator.graph.models import application_document, service_principal_document
from simulator.records import Application, ServicePrincipal

FILTERABLE = {"appId", "displayName", "id"}
KINDS = {"microsoft.graph.application": Application, "microsoft.graph.servicePrincipal": ServicePrincipal}

Item = Application | ServicePrincipal


def list_or_get(call: Call) -> Answer:
    """Answer the deleted items of one kind (`microsoft.graph.application`), or the one item with this id."""
    name = call.path("id")
    if "." not in name:
        return _get(call)
    rights.require_read_all(call.caller)
    kind = KINDS.get(name)
    if kind is None:
        raise errors.not_imitated(f"deleted items of the kind '{name}'")
    documents = [_document(call, item) for item in call.tenant.deleted_items() if isinstance(item, kind)]
    return Answer(document=query.page(call, documents, "directoryObjects", kind.__name__, FILTERABLE))


def _get(call: Call) -> Answer:
    item = _find(call)
    rights.require_read(call.caller, item)
    return Answer(document=query.one(call, _document(call, item), "directoryObjects", "directoryObject"))


def restore(call: Call) -> Answer:
    """Bring a deleted item back."""
    item = _find(call)
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    call.take(set())
    if isinstance(item, ServicePrincipal) and call.tenant.service_principal_by_app_id(item.app_id):
        raise errors.bad_request(f"A service principal of the application '{item.app_id}' exists already.")
    call.tenant.restore(item)
    return Answer(document={**query.context(call, "directoryObjects", single=True), **_document(call, item)})


def purge(call: Call) -> Answer:
    """Delete for good."""
    item = _find(call)
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    call.tenant.purge(item)
    return Answer(204)


def _find(call: Call) -> Item:
    wanted = call.path("id").lower()
    found = next((item for item in call.tenant.deleted_items() if item.id == wanted), None)
    if found is None:
        raise errors.not_found(call.path("id"))
    return found


def _document(call: Call, item: Item) -> dict[str, Any]:
    if isinstance(item, Application):
        return {"@odata.type": "#microsoft.graph.application", **application_document(call.tenant, item)}
    return {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal_document(call.tenant, item)}
