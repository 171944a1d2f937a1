"""Intervals in which an application could read what it should not, opened and closed as findings come in.

Owns one figure of the meter and its document.  Refuses to own what a finding is (findings.py) and when to look (meter.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator import moments
from simulator.exposure.findings import Credential, Finding, Findings

EXAMPLES = 5
"""Addresses that an interval names."""

Addresses = Callable[[frozenset[str]], list[str]]
"""Returns some addresses of mailboxes that are given by object id."""


@dataclass
class Interval:
    """From `begin` to before `end`, which is open while it is None; `mailboxes` is the most at any moment of it."""

    client_id: str
    begin: datetime
    opened_by: int | None
    end: datetime | None = None
    closed_by: int | None = None
    credentials: set[Credential] = field(default_factory=set)
    mailboxes: int = 0
    examples: list[str] = field(default_factory=list)

    def seconds(self, now: datetime) -> float:
        """Return how long it is, or has been until now."""
        return ((self.end or now) - self.begin).total_seconds()

    def document(self, now: datetime) -> dict[str, Any]:
        """Return the interval as the control API shows it."""
        return {
            "clientId": self.client_id,
            "begin": moments.ticks(self.begin),
            "end": moments.ticks(self.end) if self.end else None,
            "seconds": self.seconds(now),
            "openedBy": self.opened_by,
            "closedBy": self.closed_by,
            "credentials": [{"kind": c.kind, "keyId": c.key_id or None} for c in sorted(self.credentials)],
            "mailboxes": self.mailboxes,
            "examples": self.examples,
        }


class Figure:
    """The intervals of one figure; an application has at most one that is open."""

    def __init__(self) -> None:
        self.intervals: list[Interval] = []
        self._open: dict[str, Interval] = {}

    def take(self, findings: Findings, moment: datetime, number: int | None, addresses: Addresses) -> None:
        """Open, go on with and close intervals; `number` is the log's entry that led to the findings, if one did."""
        for client_id in self._open.keys() - findings.keys():
            self._close(client_id, moment, number)
        for client_id, finding in findings.items():
            interval = self._open.get(client_id)
            if interval is None:
                interval = self._open[client_id] = Interval(client_id, moment, number)
                self.intervals.append(interval)
            _go_on(interval, finding, addresses)

    def close_all(self, moment: datetime) -> None:
        """End what is open, because the clock is set back."""
        for client_id in list(self._open):
            self._close(client_id, moment, None)

    def document(self, now: datetime) -> dict[str, Any]:
        """Return the figure: the sum of its seconds, and its intervals in the order in which they began."""
        return {
            "seconds": sum(interval.seconds(now) for interval in self.intervals),
            "intervals": [interval.document(now) for interval in self.intervals],
        }

    def _close(self, client_id: str, moment: datetime, number: int | None) -> None:
        interval = self._open.pop(client_id)
        interval.end, interval.closed_by = moment, number


def _go_on(interval: Interval, finding: Finding, addresses: Addresses) -> None:
    interval.credentials |= finding.credentials
    if len(finding.outside) > interval.mailboxes:
        interval.mailboxes = len(finding.outside)
        interval.examples = addresses(finding.outside)
