"""The routes of Graph's directory part, in v1.0 and beta alike; what is not in the table answers 501."""

from starlette.routing import Route

from simulator.graph import (
    applications,
    batch,
    deleted,
    errors,
    federated,
    grants,
    passwords,
    policies,
    principals,
    query,
    users,
)
from simulator.graph.call import Answer, Call, Handler, endpoint
from simulator.operation import Endpoint, Operation, routes

VERSIONS = ("/v1.0", "/beta")
REFERENCE = "Microsoft Graph v1.0 reference"


def _operation(method: str, paths: str | tuple[str, ...], handler: Handler, imitated: str, source: str) -> Operation:
    return _row(method, paths, endpoint(handler), imitated, f"{REFERENCE}, {source}")


def _row(method: str, paths: str | tuple[str, ...], answer: Endpoint, imitated: str, source: str) -> Operation:
    each = (paths,) if isinstance(paths, str) else paths
    return Operation(method, tuple(version + path for version in VERSIONS for path in each), answer, imitated, source)


APPLICATION = ("/applications/{id}", "/applications(appId='{app_id}')")
PRINCIPAL = ("/servicePrincipals/{id}", "/servicePrincipals(appId='{app_id}')")
POLICIES = "/policies/appManagementPolicies"
LISTED = (
    "$select; $top; pages of 100; $filter eq, in and startswith on {}, any on {}, with and, or and parentheses; with "
    "ConsistencyLevel eventual and $count=true also ne, not, null, $orderby and @odata.count; other filters are refused "
    "as Graph refuses them, or by name where Graph has them"
)


def _below(paths: tuple[str, ...], tail: str) -> tuple[str, ...]:
    return tuple(path + tail for path in paths)


OPERATIONS = [
    _operation(
        "GET",
        ("/applications/$count", "/servicePrincipals/$count"),
        query.refuse_count,
        "refused: without ConsistencyLevel eventual as Graph does, with it by name",
        "Advanced query capabilities on Microsoft Entra ID objects",
    ),
    _operation(
        "GET",
        "/applications",
        applications.list_applications,
        LISTED.format("displayName (appId and id without startswith)", "identifierUris and tags"),
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
        "soft, 30 days by the tenant's clock; the service principal goes along, as if it were deleted itself",
        "Delete application",
    ),
    _operation(
        "GET", _below(APPLICATION, "/owners"), applications.list_owners, "people and service principals", "List owners"
    ),
    _operation(
        "POST",
        _below(APPLICATION, "/owners/$ref"),
        applications.add_owner,
        "whole; needs Directory.Read.All besides",
        "Add owner",
    ),
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
        passwords.add,
        "value shown once, two years by default; limited by app management policies; 409 while another change of the "
        "passwords is fresh (conditions)",
        "application: addPassword",
    ),
    _operation(
        "POST",
        _below(APPLICATION, "/removePassword"),
        passwords.remove,
        "as addPassword; the text for an unknown key is that of removeKey (unverified)",
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
        LISTED.format(
            "appId and displayName (id without startswith)", "servicePrincipalNames, tags and alternativeNames"
        ),
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
    _operation(
        "DELETE",
        PRINCIPAL,
        principals.delete,
        "soft; its grants end; Exchange's copy of it and its role assignments go for good",
        "Delete servicePrincipal",
    ),
    _operation("GET", _below(PRINCIPAL, "/owners"), principals.list_owners, "as applications", "List owners"),
    _operation("POST", _below(PRINCIPAL, "/owners/$ref"), principals.add_owner, "as applications", "Add owner"),
    _operation("DELETE", _below(PRINCIPAL, "/owners/{owner}/$ref"), principals.remove_owner, "whole", "Remove owner"),
    _operation(
        "GET",
        _below(PRINCIPAL, "/appRoleAssignedTo"),
        grants.list_given_by,
        "pages of 100; $filter eq on resourceId (a GUID without quotes) and id, eq and startswith on principalDisplayName",
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
    _operation(
        "GET",
        "/policies/defaultAppManagementPolicy",
        policies.get_default,
        "restrictions of passwords and keys; those of passwords count",
        "Get tenantAppManagementPolicy",
    ),
    _operation(
        "PATCH",
        "/policies/defaultAppManagementPolicy",
        policies.change_default,
        "as Get; other restrictions are refused by name",
        "Update tenantAppManagementPolicy",
    ),
    _operation("GET", POLICIES, policies.list_policies, "$select; $top; pages of 100", "List appManagementPolicies"),
    _operation("POST", POLICIES, policies.create, "as the default one", "Create appManagementPolicy"),
    _operation("GET", POLICIES + "/{policy}", policies.get, "$select", "Get appManagementPolicy"),
    _operation("PATCH", POLICIES + "/{policy}", policies.change, "as create", "Update appManagementPolicy"),
    _operation(
        "DELETE",
        POLICIES + "/{policy}",
        policies.delete,
        "whole; applications fall under the default again (unverified)",
        "Delete appManagementPolicy",
    ),
    _operation(
        "GET",
        _below(APPLICATION, "/appManagementPolicies"),
        policies.list_assigned,
        "$select",
        "List appManagementPolicies of an application",
    ),
    _operation(
        "POST",
        _below(APPLICATION, "/appManagementPolicies/$ref"),
        policies.assign,
        "one at most; the text for a second one is a guess",
        "Assign appliesTo",
    ),
    _operation(
        "DELETE",
        _below(APPLICATION, "/appManagementPolicies/{policy}/$ref"),
        policies.take_back,
        "whole",
        "Remove appliesTo",
    ),
    _operation(
        "GET",
        "/users/{id}",
        users.get,
        "accounts of mailboxes; $select of the default properties and accountEnabled",
        "Get a user",
    ),
    _row(
        "POST",
        "/$batch",
        batch.batch,
        "20 requests at most, calendars among them; dependsOn; answers in any order; bodies in base64 are refused by name",
        "Microsoft Graph, Combine multiple HTTP requests using JSON batching",
    ),
]


def _not_imitated(call: Call) -> Answer:
    raise errors.not_imitated(f"{call.request.method} {call.request.url.path}")


def starlette_routes() -> list[Route]:
    """Return the routes, and last the one that refuses everything else by name."""
    everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    refusals = [Route(version + "/{rest:path}", endpoint(_not_imitated), methods=everything) for version in VERSIONS]
    return [*routes(OPERATIONS), *refusals]
