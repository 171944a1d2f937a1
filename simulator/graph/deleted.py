"""Deleted applications and service principals: list, read, restore, delete for good.

Source: Microsoft Graph v1.0 reference, "List deletedItems", "Restore deleted item", "Permanently delete item".
"""

from typing import Any

from simulator.graph import applications, errors, principals, query, replication, rights
from simulator.graph.call import Answer, Call
from simulator.graph.models import application_document, service_principal_document
from simulator.records import Application, ServicePrincipal
from simulator.tenant import Tenant

KINDS = {
    "microsoft.graph.application": (Application, applications.FILTERABLE),
    "microsoft.graph.servicePrincipal": (ServicePrincipal, principals.FILTERABLE),
}

Item = Application | ServicePrincipal


def list_or_get(call: Call) -> Answer:
    """Answer the deleted items of one kind (`microsoft.graph.application`), or the one item with this id."""
    name = call.path("id")
    if "." not in name:
        return _get(call)
    rights.require_read_all(call.caller)
    if name not in KINDS:
        raise errors.not_imitated(f"deleted items of the kind '{name}'")
    kind, filterable = KINDS[name]
    items = [item for item in call.readers.tenant.deleted_items() if isinstance(item, kind)]
    documents = [_document(call.readers.tenant, item) for item in items]
    return Answer(document=query.page(call, documents, "directoryObjects", name.rpartition(".")[2], filterable))


def _get(call: Call) -> Answer:
    item = _find(call, call.readers.tenant)
    rights.require_read(call.caller, item)
    document = _document(call.readers.tenant, item)
    return Answer(document=query.one(call, document, "directoryObjects", "directoryObject"))


def restore(call: Call) -> Answer:
    """Bring a deleted item back."""
    item = _find(call, call.tenant)
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    call.take(set())
    if isinstance(item, ServicePrincipal) and call.tenant.service_principal_by_app_id(item.app_id):
        raise errors.bad_request(f"A service principal of the application '{item.app_id}' exists already.")
    for each in (item, *_gone_with(call.tenant, item)):
        replication.returns(call.tenant, each)
    call.tenant.restore(item)
    return Answer(document={**query.context(call, "directoryObjects", single=True), **_document(call.tenant, item)})


def purge(call: Call) -> Answer:
    """Delete for good."""
    item = _find(call, call.tenant)
    rights.require_write(call.caller, item)
    query.check_options(call, set())
    for each in (item, *_gone_with(call.tenant, item)):
        replication.disappears(call.tenant, each)
    call.tenant.purge(item)
    return Answer(204)


def _find(call: Call, tenant: Tenant) -> Item:
    wanted = call.path("id").lower()
    found = next((item for item in tenant.deleted_items() if item.id == wanted), None)
    if found is None:
        raise errors.not_found(call.path("id"))
    return found


def _gone_with(tenant: Tenant, item: Item) -> list[ServicePrincipal]:
    """Return the service principal that went when its application was deleted."""
    if isinstance(item, ServicePrincipal):
        return []
    return [s for s in tenant.service_principals if s.app_id == item.app_id and s.deleted_with_application]


def _document(tenant: Tenant, item: Item) -> dict[str, Any]:
    if isinstance(item, Application):
        return {"@odata.type": "#microsoft.graph.application", **application_document(tenant, item)}
    return {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal_document(tenant, item)}
