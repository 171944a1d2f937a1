"""Asks Microsoft Graph whether taking a restriction away would open calendars to anybody. Reads only.

Owns two answers: "nobody who would be freed holds a grant for calendars" (ensure_closed), be it of Microsoft Graph or of
Exchange itself, and "is this application gone for good" (Applications). What cannot be read counts as held.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from microsoft365 import marks
from microsoft365.errors import Guarded, NoAccess, Problem, TenantRefused
from microsoft365.exchange.agreement import wait_for_graph
from microsoft365.graph import applications as directory
from microsoft365.graph.client import Graph, Item
from microsoft365.graph.rights import READ
from microsoft365.pace import Pace

# "Restore or remove a recently deleted application with the Microsoft identity platform": 30 days.
_RESTORABLE_DAYS = timedelta(days=30)


def ensure_closed(graph: Graph, mark: str | None, client_ids: Collection[str], pace: Pace) -> None:
    """Return once neither an application with the mark (if any) nor one of these client ids holds a grant for calendars.

    Raises Guarded while one does, or cannot be read, naming what to revoke; GaveUp when Graph still shows what it also
    shows as deleted after a minute.
    """
    if mark is None and not client_ids:
        return

    def look() -> tuple[list[str], bool]:
        try:
            holding, undecided, alive = _look(graph, mark, client_ids)
        except (NoAccess, TenantRefused) as error:
            raise cannot_be_told(mark, client_ids, error) from None
        if holding:
            raise Guarded(
                "nothing was removed, since without the restriction every calendar would be open to "
                + "; ".join(holding)
                + ". Revoke it first: Microsoft Entra, Enterprise applications, the application, Permissions"
            )
        # Of what still exists, one empty answer may come from a server that lags.
        return undecided, not alive

    wait_for_graph(look, pace)


def cannot_be_told(mark: str | None, client_ids: Collection[str], error: Problem) -> Guarded:
    """Return what a removal ends with when Graph could not be read."""
    subject = ", ".join(sorted(client_ids)) or f"the applications with the mark {mark}"
    return Guarded(
        f"nothing was removed: it cannot be told whether {subject} still may read calendars, and without the restriction "
        f"that would be every calendar. {error}"
    )


def _look(graph: Graph, mark: str | None, client_ids: Collection[str]) -> tuple[list[str], list[str], bool]:
    """Return who holds a grant for calendars, whom Graph shows as both there and deleted, and whether anybody exists."""
    listed = directory.all_applications(graph)
    deleted = {item.client_id for item in directory.deleted_applications(graph)}
    registrations = {directory.client_id_of(application): application for application in listed}
    marked = {client_id for client_id, one in registrations.items() if mark and directory.has_mark(one, mark)}
    roles = directory.calendar_roles(graph)
    holding, undecided, alive = [], [], False
    for client_id in sorted(marked | set(client_ids)):
        registration = registrations.get(client_id)
        alive = alive or registration is not None
        name = str((registration or {}).get("displayName") or "application")
        if registration is not None and client_id in deleted:
            undecided.append(f"{name} ({client_id})")
            continue
        principal = directory.service_principal(graph, client_id)
        if principal is None:
            continue
        alive = True
        held = _held(graph, str(principal.get("id")), roles)
        if held == []:
            continue
        if held is None or client_id in deleted or not _really_there(graph, str(principal.get("id")), registration):
            undecided.append(f"{name} ({client_id})")
        else:
            holding.append(f"{name} ({client_id}), which holds {', '.join(held)}")
    return holding, undecided, alive


def _held(graph: Graph, principal_id: str, roles: Mapping[str, str]) -> list[str] | None:
    """Return the permissions for calendars that a service principal holds; None when it is just gone."""
    granted = directory.grants(graph, principal_id)
    if granted is None:
        return None
    held = {roles.get(str(grant.get("appRoleId")).lower()) for grant in granted}
    return sorted(name for name in held if name)


def _really_there(graph: Graph, principal_id: str, registration: Item | None) -> bool:
    """Ask for the objects themselves: lists lag behind deletions."""
    if graph.get(f"/servicePrincipals/{principal_id}?$select=id", right=READ) is None:
        return False
    if registration is None:
        return True
    return graph.get(f"/applications/{registration.get('id')}?$select=id", right=READ) is not None


@dataclass(frozen=True, slots=True)
class Applications:
    """Which applications exist, and which are deleted and could be restored, by client id.

    `marks` holds the stack that each of them, present or deleted, carries in its notes.
    """

    present: frozenset[str]
    deleted: Mapping[str, directory.Deleted]
    marks: Mapping[str, str]
    mark: str

    @classmethod
    def read(cls, graph: Graph, mark: str) -> "Applications":
        """Read both lists. Raises NoAccess, TenantRefused, GaveUp: a list that fails is not an empty one."""
        listed = directory.all_applications(graph)
        deleted = {item.client_id: item for item in directory.deleted_applications(graph)}
        notes = {client_id: item.notes for client_id, item in deleted.items()}
        notes |= {directory.client_id_of(application): str(application.get("notes") or "") for application in listed}
        found = {client_id: mark_found.stack for client_id, text in notes.items() if (mark_found := marks.find(text))}
        present = frozenset(directory.client_id_of(application) for application in listed)
        return cls(present, deleted, found, mark)

    def is_ours(self, client_id: str) -> bool:
        """Tell whether an application, present or deleted, carries this stack's mark."""
        return self.marks.get(client_id) == self.mark

    def any_of(self, stack: str) -> bool:
        """Tell whether any application, present or deleted, carries the mark of a stack."""
        return stack in self.marks.values()

    def exists(self, client_id: str) -> bool:
        """Tell whether the application is there now."""
        return client_id in self.present

    def marked_exists(self) -> bool:
        """Tell whether any application with this stack's mark is there now."""
        return any(self.is_ours(client_id) for client_id in self.present)

    def restorable_until(self, client_id: str) -> str | None:
        """Return until when a deleted application can be restored; None when it is gone for good."""
        item = self.deleted.get(client_id)
        return None if item is None else _until(item.deleted)

    def marked_restorable_until(self) -> str | None:
        """Return until when a deleted application with this stack's mark can be restored; None when there is none."""
        items = [item for client_id, item in self.deleted.items() if self.is_ours(client_id)]
        return _until(items[0].deleted) if items else None


def _until(deleted: str) -> str:
    try:
        moment = datetime.fromisoformat(deleted.replace("Z", "+00:00"))
    except ValueError:
        return f"30 days after {deleted or 'its deletion'}"
    return (moment + _RESTORABLE_DAYS).strftime("%Y-%m-%d")
