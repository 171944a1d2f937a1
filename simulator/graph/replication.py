"""Replication: readers of the directory stay behind whoever writes to it, as far as `conditions.lag` says.

Microsoft Entra is eventually consistent: the answer to a write is right, but a reading soon after it may answer 404 for
a new object, show the former state of a changed one, or still find a deleted one (Microsoft, "Designing for Eventual
Consistency for Microsoft Entra").  So handlers write to the newest state and answer from it, and say beforehand what
they do (`appears`, `changes`, `disappears`, `returns`); whatever is looked up to be shown or referred to goes through `Readers`.

The lag that counts is the one at the time of writing.  What readers still miss is part of the tenant (records.py,
Replication) and survives a restart.  Refuses to own: secrets that do not work yet (login/), what Exchange and calendars
take time for, and objects that nobody wrote through Graph, which are seen at once.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from simulator.graph import errors
from simulator.records import Application, Arrival, Former, Grant, ServicePrincipal
from simulator.tenant import Tenant

DirectoryObject = Application | ServicePrincipal | Grant
Item = TypeVar("Item", Application, ServicePrincipal, Grant)


def appears(tenant: Tenant, item: DirectoryObject) -> None:
    """Say that an object is new."""
    lag, now = tenant.conditions.lag, tenant.now()
    if lag.graph_create_seconds or lag.graph_create_reads:
        tenant.replication.arrivals.append(
            Arrival(
                object_id=item.id,
                since=now,
                until=now + timedelta(seconds=lag.graph_create_seconds),
                reads_left=lag.graph_create_reads,
            )
        )


def changes(tenant: Tenant, item: DirectoryObject) -> None:
    """Say that an object is about to change; to be called before it does."""
    _keep(tenant, item, tenant.conditions.lag.graph_change_seconds)


def disappears(tenant: Tenant, item: DirectoryObject) -> None:
    """Say that an object is about to be deleted; to be called before it is."""
    _keep(tenant, item, tenant.conditions.lag.graph_delete_seconds)


def returns(tenant: Tenant, item: DirectoryObject) -> None:
    """Say that a deleted object is about to be restored; to be called before it is."""
    _keep(tenant, item, tenant.conditions.lag.graph_create_seconds)


def _keep(tenant: Tenant, item: DirectoryObject, seconds: float) -> None:
    if seconds:
        now = tenant.now()
        state = item.model_copy(deep=True)
        tenant.replication.former.append(Former(since=now, until=now + timedelta(seconds=seconds), state=state))


class Readers:
    """What one request sees of the directory."""

    def __init__(self, tenant: Tenant) -> None:
        now, replication = tenant.now(), tenant.replication
        replication.arrivals = [a for a in replication.arrivals if a.reads_left or _counts(a, now)]
        replication.former = [former for former in replication.former if _counts(former, now)]
        self._now = now
        self._arrivals = {arrival.object_id: arrival for arrival in replication.arrivals}
        self.tenant = _as_seen(tenant)
        """The tenant with the former states in it.  New objects are in it too: `sees` and `one` tell whether they show."""

    def sees(self, object_id: str) -> bool:
        """Tell whether an object shows already, and count the reading when it does not."""
        arrival = self._arrivals.get(object_id)
        if arrival is None:
            return True
        if arrival.reads_left:
            arrival.reads_left -= 1
            return False
        return not _counts(arrival, self._now)

    def one(self, item: Item | None) -> Item | None:
        """Return the object if it is there and shows already."""
        return item if item is not None and self.sees(item.id) else None

    def must_see(self, item: Item | None, name: str) -> Item:
        """Return the object.  Raises GraphError, by the name that the request has for it, when it is not there or does not show yet."""
        seen = self.one(item)
        if seen is None:
            raise errors.not_found(name)
        return seen


def _counts(entry: Arrival | Former, now: datetime) -> bool:
    """Tell whether an entry still holds readers back; one from after `now` does not: somebody set the clock back."""
    return entry.since <= now < entry.until


def _as_seen(tenant: Tenant) -> Tenant:
    """Return the tenant with each object in the oldest state that some reader still sees; the tenant itself if none."""
    oldest: dict[str, DirectoryObject] = {}
    for former in tenant.replication.former:
        oldest.setdefault(former.state.id, former.state)
    if not oldest:
        return tenant
    return tenant.model_copy(
        update={
            "applications": _states(tenant.applications, oldest, Application),
            "service_principals": _states(tenant.service_principals, oldest, ServicePrincipal),
            "grants": _states(tenant.grants, oldest, Grant),
        }
    )


def _states(living: list[Item], oldest: dict[str, DirectoryObject], kind: type[Item]) -> list[Item]:
    former = {state.id: state for state in oldest.values() if isinstance(state, kind)}
    return [former.pop(item.id, item) for item in living] + list(former.values())
