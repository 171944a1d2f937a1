"""What Microsoft Graph tells about our applications: passwords, owners, grants, and whether one is really gone.

Owns the queries and the shapes that observation prints. Passwords here are metadata only: Graph never shows a value
again.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from microsoft365 import marks
from microsoft365.errors import TenantRefused
from microsoft365.graph.client import Graph, Item, describe, error_of
from microsoft365.graph.rights import READ
from microsoft365.graph.secret_policies import secret_policy
from microsoft365.packets import threads

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
# Office 365 Exchange Online, whose own permissions lead to calendars as well.
EXCHANGE_APP_ID = "00000002-0000-0ff1-ce00-000000000000"
# Exchange Web Services "with full access to all mailboxes". A policy restricts such an application too ("Limiting
# application permissions to specific Exchange Online mailboxes").
_FULL_ACCESS = "full_access_as_app"
_SELECT = "id,appId,displayName,notes,createdDateTime,passwordCredentials,requiredResourceAccess"
# Before an object that Graph does not find is asked for again: its servers agree within seconds as a rule ("Eventual
# consistency", Microsoft Graph best practices).
_SECOND_LOOK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Deleted:
    """An application in deleted items, where it can be restored for 30 days. `deleted` is Graph's own text."""

    client_id: str
    object_id: str
    display_name: str
    deleted: str
    notes: str = ""


def all_applications(graph: Graph) -> list[Item]:
    """Read every application registration; `notes`, where our mark is, cannot be searched for."""
    return graph.collection(f"/applications?$select={_SELECT}&$top=999", right=READ)


def ours(applications: Iterable[Item], mark: str, client_id: str | None) -> list[Item]:
    """Return those that carry the mark of this stack, or are the one that is asked about."""
    return [
        application
        for application in applications
        if has_mark(application, mark) or (client_id is not None and client_id_of(application) == client_id)
    ]


def has_mark(application: Item, mark: str) -> bool:
    """Tell whether its notes carry this stack's mark."""
    found = marks.find(str(application.get("notes") or ""))
    return found is not None and found.stack == mark


def client_id_of(application: Item) -> str:
    """Return the client id in lower case."""
    return str(application.get("appId") or "").lower()


def deleted_applications(graph: Graph) -> list[Deleted]:
    """Read the applications that are deleted and could still be restored."""
    path = "/directory/deletedItems/microsoft.graph.application?$select=id,appId,displayName,deletedDateTime,notes&$top=999"
    return [
        Deleted(
            client_id_of(item),
            str(item.get("id") or ""),
            str(item.get("displayName") or ""),
            str(item.get("deletedDateTime") or ""),
            str(item.get("notes") or ""),
        )
        for item in graph.collection(path, right=READ)
    ]


def service_principal(graph: Graph, client_id: str) -> Item | None:
    """Read the service principal of a client id; None when there is none."""
    found = graph.collection(
        f"/servicePrincipals?$filter=appId eq '{client_id}'&$select=id,appId,displayName", right=READ
    )
    exact = [item for item in found if client_id_of(item) == client_id]
    return exact[0] if exact else None


def grants(graph: Graph, service_principal_id: str) -> list[Item] | None:
    """Read the application permissions that were consented to for a service principal; None when it is gone."""
    return graph.related(f"/servicePrincipals/{service_principal_id}/appRoleAssignments", right=READ)


def calendar_roles(graph: Graph) -> dict[str, str]:
    """Return the application permissions for calendars, name by role id, as this tenant has them.

    Those of Microsoft Graph and of Exchange itself. Raises TenantRefused where Graph offers none, or Exchange no
    permission at all: both exist wherever an application access policy does, so that is no complete reading.
    """
    of_graph, of_exchange = _roles(graph, GRAPH_APP_ID), _roles(graph, EXCHANGE_APP_ID)
    found = {
        role_id: name
        for role_id, name in (of_graph | of_exchange).items()
        if name.startswith("Calendars.") or name == _FULL_ACCESS
    }
    if of_graph.keys().isdisjoint(found) or not of_exchange:
        raise TenantRefused(
            "the service principals of Microsoft Graph and Office 365 Exchange Online do not name their permissions"
        )
    return found


def _roles(graph: Graph, app_id: str) -> dict[str, str]:
    path = f"/servicePrincipals?$filter=appId eq '{app_id}'&$select=id,appId,appRoles"
    found = [item for item in graph.collection(path, right=READ) if client_id_of(item) == app_id]
    return {
        str(role.get("id")).lower(): str(role.get("value") or "")
        for item in found
        for role in item.get("appRoles") or []
    }


def observe_entra(
    graph: Graph, mark: str, client_id: str | None, object_id: str | None = None
) -> tuple[dict[str, Any], str | None]:
    """Read what `observe` prints under `entra`, and the client id that it is about.

    Without a client id the application is looked for by its mark; one that is the only one is taken. With one,
    `applicationIsGone` tells whether it exists, and while it does it is among `applications`: a list that does not show
    it is not believed. Raises TenantRefused when that cannot be decided, and what reading raises.
    """
    applications = ours(all_applications(graph), mark, client_id)
    gone: bool | None = None
    if client_id is not None:
        application = next((one for one in applications if client_id_of(one) == client_id), None)
        if application is None:
            application = _unlisted(graph, client_id, object_id)
            applications += [application] if application is not None else []
        gone = application is None
    elif len(applications) == 1:
        client_id = client_id_of(applications[0])
    about = next((str(one.get("id")) for one in applications if client_id_of(one) == client_id), None)
    with threads(4) as pool:
        owners_later = [pool.submit(_owner_ids, graph, f"/applications/{one.get('id')}") for one in applications]
        policy_later = pool.submit(secret_policy, graph, about)
        principal, granted = _principal_and_grants(graph, client_id, pool)
        owners = [later.result() for later in owners_later]
        policy = policy_later.result()
    documents = [_document(application, ids) for application, ids in zip(applications, owners, strict=True)]
    return {
        "applicationIsGone": gone,
        "applications": documents,
        "servicePrincipal": principal,
        "grants": [
            {name: grant.get(name) for name in ("id", "appRoleId", "resourceId", "resourceDisplayName")}
            for grant in granted
        ],
        "secretPolicy": policy,
    }, client_id


def _unlisted(graph: Graph, client_id: str, object_id: str | None) -> Item | None:
    """Read an application that the list does not show; None once it is certain that it is gone.

    Certain is: not found by itself, and found among the deleted items, or still not found a few seconds later. Raises
    TenantRefused when Graph says both that it is there and that it is deleted, or gives an answer that says neither.
    """
    for look in range(2):
        if look:
            graph.http.pace.wait(
                _SECOND_LOOK_SECONDS, "Looking a second time, since one list that lacks the application proves nothing"
            )
        application = _directly(graph, client_id, object_id)
        deleted = any(item.client_id == client_id for item in deleted_applications(graph))
        if application is None and deleted:
            return None
        if application is not None and not deleted:
            return application
    if application is None:
        return None
    raise _incomplete(client_id, "it is found by its id and among the deleted items, and not in the list")


def _directly(graph: Graph, client_id: str, object_id: str | None) -> Item | None:
    """Ask for the application by its ids; None when Graph itself says that it does not exist."""
    keys = [f"/{object_id}"] if object_id else []
    for key in (*keys, f"(appId='{client_id}')"):
        response = graph.send("GET", f"{graph.base}/applications{key}?$select={_SELECT}", right=READ)
        if response.status_code == 404 and error_of(response)[0]:
            continue
        application = _object(response)
        if response.status_code != 200 or not client_id_of(application):
            raise _incomplete(client_id, f"asked for it alone, Graph answered {describe(response)}")
        if client_id_of(application) == client_id:
            return application
    return None


def _object(response: httpx.Response) -> Item:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _incomplete(client_id: str, why: str) -> TenantRefused:
    return TenantRefused(
        f"incomplete reading: Microsoft Graph does not list the application {client_id}, and whether it is gone cannot be "
        f"told ({why}); nothing was changed. Run the same command again in some minutes"
    )


def _principal_and_grants(
    graph: Graph, client_id: str | None, pool: ThreadPoolExecutor
) -> tuple[dict[str, Any] | None, Sequence[Item]]:
    principal = service_principal(graph, client_id) if client_id is not None else None
    if principal is None:
        return None, []
    object_id = str(principal.get("id"))
    owners_later = pool.submit(_owner_ids, graph, f"/servicePrincipals/{object_id}")
    granted = grants(graph, object_id) or []
    return {"objectId": object_id, "ownerIds": owners_later.result()}, granted


def _owner_ids(graph: Graph, path: str) -> list[str] | None:
    """Read who owns an application or a service principal; None when it is just gone."""
    owners = graph.related(f"{path}/owners?$select=id", right=READ)
    return None if owners is None else [str(owner.get("id")) for owner in owners]


def _document(application: Item, owner_ids: list[str] | None) -> dict[str, Any]:
    return {
        "clientId": client_id_of(application),
        "objectId": application.get("id"),
        "displayName": application.get("displayName"),
        "createdDateTime": application.get("createdDateTime"),
        "passwords": [
            {name: password.get(name) for name in ("keyId", "displayName", "startDateTime", "endDateTime")}
            for password in application.get("passwordCredentials") or []
        ],
        "ownerIds": owner_ids,
        "requestedPermissions": [
            {"resourceAppId": resource.get("resourceAppId"), "id": access.get("id")}
            for resource in application.get("requiredResourceAccess") or []
            for access in resource.get("resourceAccess") or []
        ],
    }
