"""What a verification found, as one versioned document: for the table that people read, for `--json`, for the hand-over.

Owns the shape and what follows from the findings as a whole. Refuses to own causes and remedies (symptoms_*.py) and exit
codes (scripts/). A field that is taken away or gets another meaning raises `VERSION`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from microsoft365.exchange.desired import Access

VERSION: Literal[1] = 1

Status = Literal["passed", "noted", "pending", "failed", "skipped"]
"""`noted` is worth knowing and no fault; `pending` is not so yet, and may become so without anybody doing anything."""
Verdict = Literal["green", "pending", "red", "noSignIn"]
CheckName = Literal["signIn", "permissions", "rooms", "write", "titles", "controlMailbox", "restriction", "handOver"]

CHECKS: dict[CheckName, str] = {
    "signIn": "ROOMZ's sign-in",
    "permissions": "Permissions",
    "rooms": "Rooms' calendars",
    "write": "Write and delete",
    "titles": "Meeting titles",
    "controlMailbox": "Control mailbox",
    "restriction": "Restriction in Exchange",
    "handOver": "Hand-over and renewal",
}
"""Every check in the order in which they are shown, with its name for people."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Finding(_Model):
    """One thing that was found. `symptom` is its stable name; `mailboxes` are those that it is about, all of them."""

    check: CheckName
    symptom: str
    status: Status
    says: str
    cause: str = ""
    remedy: str = ""
    mailboxes: tuple[str, ...] = ()


class Door(_Model):
    """What the display beside a room's door shows of its next meeting, to whoever passes by; `start` is its beginning."""

    address: str
    start: datetime | None
    shows: str
    kind: Literal["title", "reserved", "organizer"]


class Report(_Model):
    """What verification found, and whether it is proven that the application is kept to the rooms.

    `closed` is true only where the control mailbox was refused *and* Exchange confirmed that it exists, and nothing else
    was found by which the application reaches more than the rooms: what a hand-over waits for. `lookedTimes` is how
    often everything was asked, `waitedMinutes` for how long. `doors` is there only where it was asked for, since it holds
    what people have planned.
    """

    schema_version: Literal[1] = VERSION
    verdict: Verdict
    closed: bool
    checked_at: datetime
    tenant_id: str
    client_id: str
    access: Access
    stack: str | None
    rooms: int
    with_administrator: bool
    wrote: bool
    looked_times: int
    waited_minutes: int
    findings: tuple[Finding, ...]
    doors: tuple[Door, ...] | None = None

    def of(self, *statuses: Status) -> list[Finding]:
        """Return the findings with one of these statuses."""
        return [finding for finding in self.findings if finding.status in statuses]


OPENS = frozenset(
    {
        "control-open",
        "control-open-by-grant",
        "control-soon-open",
        "grant-beside-rbac",
        "grants-beyond-calendars",
        "policy-missing",
        "policy-of-others",
        "assignment-of-others",
        "assignment-without-scope",
        "strangers-in-reach",
    }
)
"""Symptoms by which the application reaches, or is about to reach, more than the rooms."""


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Return the worst of the findings; a refused sign-in is a verdict of its own, since nothing else could be asked."""
    found = list(findings)
    if any(finding.check == "signIn" and finding.status == "failed" for finding in found):
        return "noSignIn"
    if any(finding.status == "failed" for finding in found):
        return "red"
    return "pending" if any(finding.status == "pending" for finding in found) else "green"


def is_closed(findings: Iterable[Finding]) -> bool:
    """Tell whether it is proven that the application is kept to the rooms."""
    found = {finding.symptom for finding in findings}
    return "control-refused" in found and found.isdisjoint(OPENS)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in the order in which they are shown: by check, what is worst first."""
    checks = list(CHECKS)
    worst: list[Status] = ["failed", "pending", "noted", "passed", "skipped"]
    return tuple(sorted(findings, key=lambda one: (checks.index(one.check), worst.index(one.status))))
