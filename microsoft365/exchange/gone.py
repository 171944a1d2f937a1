"""Asks Microsoft Graph whether applications exist at all. Reads only.

Owns one answer: "neither registration nor service principal is there" (ensure_gone), which the access model `rbac` waits
for before it takes anything away. What cannot be read counts as there.
"""

from collections.abc import Collection

from microsoft365.errors import Guarded, NoAccess, TenantRefused
from microsoft365.exchange.agreement import wait_for_graph
from microsoft365.graph import applications as directory
from microsoft365.graph.client import Graph
from microsoft365.graph.rights import READ
from microsoft365.pace import Pace


def ensure_gone(graph: Graph, mark: str | None, client_ids: Collection[str], pace: Pace) -> None:
    """Return once no application carries the mark (if any), and none of these client ids has an application or a service principal.

    Raises Guarded while one has, or where it cannot be read; GaveUp when Graph still shows after a minute what it also shows
    as deleted.
    """
    if mark is None and not client_ids:
        return

    def look() -> tuple[list[str], bool]:
        try:
            there, undecided = _look(graph, mark, client_ids)
        except (NoAccess, TenantRefused) as error:
            subject = ", ".join(sorted(client_ids)) or f"an application with the mark {mark}"
            raise Guarded(f"nothing was removed: it cannot be told whether {subject} still exists. {error}") from None
        if there:
            raise Guarded(
                f"nothing was removed, since the application exists: {'; '.join(there)}. Delete it first: pulumi destroy does, or "
                "Microsoft Entra, App registrations"
            )
        return undecided, False

    wait_for_graph(look, pace)


def _look(graph: Graph, mark: str | None, client_ids: Collection[str]) -> tuple[list[str], list[str]]:
    """Return who is there, and whom Graph shows as both there and deleted."""
    listed = {directory.client_id_of(one): one for one in directory.all_applications(graph)}
    deleted = {item.client_id for item in directory.deleted_applications(graph)}
    marked = {client_id for client_id, one in listed.items() if mark and directory.has_mark(one, mark)}
    there: list[str] = []
    undecided: list[str] = []
    for client_id in sorted(marked | set(client_ids)):
        if not _exists(graph, client_id):
            continue
        name = f"{(listed.get(client_id) or {}).get('displayName') or 'application'} ({client_id})"
        (undecided if client_id in deleted else there).append(name)
    return there, undecided


def _exists(graph: Graph, client_id: str) -> bool:
    """Ask for the objects themselves: lists lag behind deletions."""
    if graph.get(f"/applications(appId='{client_id}')?$select=id,appId", right=READ) is not None:
        return True
    principal = directory.service_principal(graph, client_id)
    if principal is None:
        return False
    return graph.get(f"/servicePrincipals/{principal.get('id')}?$select=id", right=READ) is not None
