"""The exposure meter of one tenant: it looks at every moment at which something changes, so its intervals are exact.

Between two changes nothing differs, except what time alone decides; so the meter looks after each request that changed
something, and at each moment of moments.py that has passed since, with the tenant's clock standing at that moment.  Owns
when to look and what is allowed.  Refuses to own what is found (findings.py) and the book-keeping (intervals.py).
"""

from datetime import datetime
from heapq import nsmallest
from typing import Any, Literal

from simulator import moments
from simulator.exposure import findings
from simulator.exposure.intervals import EXAMPLES, Figure
from simulator.exposure.moments import next_moment
from simulator.requestlog import Entry
from simulator.tenant import Tenant

CHANGE_NO_RIGHT = frozenset({"set-calendarprocessing"})
"""Cmdlets that write what no right depends on; ten thousand rooms are ten thousand of them."""

Allowed = Literal["rooms"] | list[str]


class Meter:
    """Measures from its making on."""

    def __init__(self, tenant: Tenant, allowed: Allowed, client_ids: list[str] | None) -> None:
        self._tenant, self._allowed = tenant, allowed
        self._client_ids = None if client_ids is None else {client_id.lower() for client_id in client_ids}
        self._there_before = {application.app_id for application in tenant.applications}
        self._revision = -1
        self._begin = self._seen = tenant.now()
        self._next: datetime | None = None
        self._figures = {
            findings.avoidable: Figure(),
            findings.with_delays: Figure(),
            findings.one_secret_away: Figure(),
        }
        self._evaluate(self._begin, None)

    def catch_up(self) -> None:
        """Look at each moment until now at which time alone may have changed something."""
        now = self._tenant.now()
        if now < self._seen:
            for figure in self._figures.values():
                figure.close_all(self._seen)
            self._evaluate(now, None)
        while self._next is not None and self._next <= now:
            with self._tenant.standing_at(self._next):
                self._evaluate(self._next, None)
        self._seen = now

    def look(self, revision: int, entry: Entry | None) -> None:
        """Look at what a request has changed, or the control API when there is no entry, if anything has changed."""
        if revision == self._revision:
            return
        self._revision = revision
        if entry and (entry.api == "calendars" or (entry.cmdlet or "").lower() in CHANGE_NO_RIGHT):
            return
        self._evaluate(self._tenant.now(), entry.number if entry else None)

    def document(self) -> dict[str, Any]:
        """Return what was measured until now."""
        now = self._tenant.now()
        avoidable, delayed, away = (figure.document(now) for figure in self._figures.values())
        return {
            "begin": moments.ticks(self._begin),
            "now": moments.ticks(now),
            "allowed": self._allowed,
            "clientIds": None if self._client_ids is None else sorted(self._client_ids),
            "avoidable": avoidable,
            "withDelays": delayed,
            "oneSecretAway": away,
        }

    def _evaluate(self, moment: datetime, number: int | None) -> None:
        allowed = self._allowed_ids()
        for find, figure in self._figures.items():
            figure.take(find(self._tenant, self._watches, allowed), moment, number, self._addresses)
        self._next = next_moment(self._tenant, self._watches, moment)

    def _watches(self, app_id: str) -> bool:
        return app_id not in self._there_before if self._client_ids is None else app_id in self._client_ids

    def _allowed_ids(self) -> set[str]:
        if self._allowed == "rooms":
            return {mailbox.object_id for mailbox in self._tenant.mailboxes if mailbox.kind == "RoomMailbox"}
        addresses = {address.lower() for address in self._allowed}
        return {mailbox.object_id for mailbox in self._tenant.mailboxes if mailbox.address.lower() in addresses}

    def _addresses(self, object_ids: frozenset[str]) -> list[str]:
        outside = (mailbox.address for mailbox in self._tenant.mailboxes if mailbox.object_id in object_ids)
        return nsmallest(EXAMPLES, outside)
