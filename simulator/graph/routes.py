"""The routes of Graph's directory part, in v1.0 and beta alike; what is not in the table answers 501."""

from starlette.routing import Route

from simulator.graph import applications, deleted, errors, federated, grants, principals
from simulator.graph.call import Answer, Call, Handler, endpoint
from simulator.operation import Operation, routes

VERSIONS = ("/v1.0", "/beta")
REFERENCE = "Microsoft Graph v1.0 reference"


def _operation(method: str, paths: str | tuple[str, ...], handler: Handler, imitated: str, source: str) -> Operation:
    each = (paths,) if isinstance(paths, str) else paths
    return Operation(
        method,
        tuple(version + path for version in VERSIONS for path in each),
        endpoint(handler),
        imitated,
        f"{REFERENCE}, {source}",
    )


APPLICATION = ("/applications/{id}", "/applications(appId='{app_id}')")
PRINCIPAL = ("/servicePrincipals/{id}", "/servicePrincipals(appId='{app_id}')")


def _below(paths: tuple[str, ...], tail: str) -> tuple[str, ...]:
    return tuple(path + tail for path in paths)


OPERATIONS = [
    _operation(
        "GET",
        "/applications",
        applications.list_applications,
        "$filter eq and startswith on appId, displayName, id; $select; $top; pages of 100",
        "List applications",
    ),
    _operation(
        "POST",
        "/applications",
        applications.create,
        "all writable properties; keyCredentials (X.509 with an RSA key, to verify); owners@odata.bind; unknown properties are "
        "refused",
        "Create application",
    ),
    _operation(
        "GET",
        APPLICATION,
        applications.get,
        "$select; certificates' key only with $select=keyCredentials",
        "Get application",
    ),
    _operation(
        "PATCH",
        APPLICATION,
        applications.change,
        "as create; keyCredentials replace what was there; not passwordCredentials",
        "Update application",
    ),
    _operation(
        "DELETE",
        APPLICATION,
        applications.delete,
        "soft, 30 days by the tenant's clock; the service principal goes along, its grants end",
        "Delete application",
    ),
    _operation(
        "GET", _below(APPLICATION, "/owners"), applications.list_owners, "people and service principals", "List owners"
    ),
    _operation("POST", _below(APPLICATION, "/owners/$ref"), applications.add_owner, "whole", "Add owner"),
    _operation(
        "DELETE",
        _below(APPLICATION, "/owners/{owner}/$ref"),
        applications.remove_owner,
        "whole; the last owner may go",
        "Remove owner",
    ),
    _operation(
        "POST",
        _below(APPLICATION, "/addPassword"),
        applications.add_password,
        "value shown once, two years by default; no app management policies yet",
        "application: addPassword",
    ),
    _operation(
        "POST",
        _below(APPLICATION, "/removePassword"),
        applications.remove_password,
        "whole; the text for an unknown key is that of removeKey (unverified)",
        "application: removePassword",
    ),
    _operation(
        "GET",
        _below(APPLICATION, "/federatedIdentityCredentials"),
        federated.list_credentials,
        "$filter eq on name, subject; $select; $top; pages of 100",
        "List federatedIdentityCredentials",
    ),
    _operation(
        "POST",
        _below(APPLICATION, "/federatedIdentityCredentials"),
        federated.create,
        "20 an application, unique names and pairs of issuer and subject, one audience",
        "Create federatedIdentityCredential",
    ),
    _operation(
        "GET",
        _below(APPLICATION, "/federatedIdentityCredentials/{credential}"),
        federated.get,
        "by id or name; $select",
        "Get federatedIdentityCredential",
    ),
    _operation(
        "PATCH",
        _below(APPLICATION, "/federatedIdentityCredentials/{credential}"),
        federated.change,
        "the name stays; not making one (Prefer: create-if-missing)",
        "Update federatedIdentityCredential",
    ),
    _operation(
        "DELETE",
        _below(APPLICATION, "/federatedIdentityCredentials/{credential}"),
        federated.delete,
        "whole; tokens live on until they end",
        "Delete federatedIdentityCredential",
    ),
    _operation(
        "GET",
        "/servicePrincipals",
        principals.list_principals,
        "as applications",
        "List servicePrincipals",
    ),
    _operation(
        "POST",
        "/servicePrincipals",
        principals.create,
        "for applications of the tenant; with Application.ReadWrite.OwnedBy for owned ones",
        "Create servicePrincipal",
    ),
    _operation("GET", PRINCIPAL, principals.get, "$select", "Get servicePrincipal"),
    _operation(
        "PATCH", PRINCIPAL, principals.change, "not certificates; disabling ends sign-in", "Update servicePrincipal"
    ),
    _operation("DELETE", PRINCIPAL, principals.delete, "soft; its grants end", "Delete servicePrincipal"),
    _operation("GET", _below(PRINCIPAL, "/owners"), principals.list_owners, "as applications", "List owners"),
    _operation("POST", _below(PRINCIPAL, "/owners/$ref"), principals.add_owner, "whole", "Add owner"),
    _operation("DELETE", _below(PRINCIPAL, "/owners/{owner}/$ref"), principals.remove_owner, "whole", "Remove owner"),
    _operation(
        "GET",
        _below(PRINCIPAL, "/appRoleAssignedTo"),
        grants.list_given_by,
        "$filter eq on ids; pages of 100",
        "List appRoleAssignedTo",
    ),
    _operation(
        "POST",
        _below(PRINCIPAL, "/appRoleAssignedTo"),
        grants.give,
        "service principals as principals; duplicates and unknown roles refused",
        "Grant an appRoleAssignment for a service principal",
    ),
    _operation(
        "GET", _below(PRINCIPAL, "/appRoleAssignedTo/{grant}"), grants.get_given, "whole", "Get appRoleAssignment"
    ),
    _operation(
        "DELETE",
        _below(PRINCIPAL, "/appRoleAssignedTo/{grant}"),
        grants.take_back_given,
        "whole; tokens keep their roles until they end",
        "Delete appRoleAssignedTo",
    ),
    _operation(
        "GET",
        _below(PRINCIPAL, "/appRoleAssignments"),
        grants.list_held_by,
        "as appRoleAssignedTo",
        "List appRoleAssignments granted to a service principal",
    ),
    _operation(
        "POST",
        _below(PRINCIPAL, "/appRoleAssignments"),
        grants.receive,
        "as appRoleAssignedTo",
        "Grant an appRoleAssignment to a service principal",
    ),
    _operation(
        "GET", _below(PRINCIPAL, "/appRoleAssignments/{grant}"), grants.get_held, "whole", "Get appRoleAssignment"
    ),
    _operation(
        "DELETE",
        _below(PRINCIPAL, "/appRoleAssignments/{grant}"),
        grants.take_back_held,
        "whole",
        "Delete appRoleAssignment",
    ),
    _operation(
        "GET",
        "/directory/deletedItems/{id}",
        deleted.list_or_get,
        "applications and service principals; an item by its id",
        "List deletedItems, Get deleted item",
    ),
    _operation(
        "POST",
        "/directory/deletedItems/{id}/restore",
        deleted.restore,
        "the service principal and the grants come back with the application (unverified, the worse reading)",
        "Restore deleted item",
    ),
    _operation("DELETE", "/directory/deletedItems/{id}", deleted.purge, "whole", "Permanently delete item"),
]


def _not_imitated(call: Call) -> Answer:
    raise errors.not_imitated(f"{call.request.method} {call.request.url.path}")


def starlette_routes() -> list[Route]:
    """Return the routes, and last the one that refuses everything else by name."""
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    refusals = [Route(version + "/{rest:path}", endpoint(_not_imitated), methods=everything) for version in VERSIONS]
    return [*routes(OPERATIONS), *refusals]
