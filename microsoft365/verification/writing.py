"""Writes an event into every room and deletes it again, as ROOMZ's identity: proves that the displays can book.

Owns the event, and that none of ours stays behind: it carries the stack's mark, stands in the night of 2 January 2000,
where no display looks and nothing can be booked against it, counts as free, invites nobody, and is looked for before
anything is written, so that what a killed run left goes first. Deletes nothing but events of exactly that night whose
subject begins with exactly that mark. The order is: look, delete what is left, write, delete; where the answer to
writing is lost, look again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from microsoft365.exchange.transport import Reporter
from microsoft365.graph.batch import GraphBatches, Reply, Request
from microsoft365.verification.as_roomz import mailbox_path

BEGIN, END = datetime(2000, 1, 2, 3, 0, tzinfo=UTC), datetime(2000, 1, 2, 3, 5, tzinfo=UTC)
_GONE = frozenset({200, 204, 404})
_MOST_LEFT = 50
_WORDS = "verification: may be deleted at any time"


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it, by address.

    `refused` could not be written, `unproven` gave no usable answer and hold no event of ours; `left` still hold one.
    `leftovers` are the numbers of events of earlier runs that were deleted.
    """

    written: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    unproven: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    leftovers: Mapping[str, int] = field(default_factory=dict)


def subject_of(mark: str) -> str:
    """Return the subject of our events, by which they are known again."""
    return f"{mark} {_WORDS}"


def write_and_delete(batches: GraphBatches, addresses: Sequence[str], mark: str, reporter: Reporter) -> Written:
    """Do it. Raises what sending raises; what was written until then is deleted before it is raised."""
    return _Writing(batches, addresses, mark, reporter).whole()


class _Writing:
    def __init__(self, batches: GraphBatches, addresses: Sequence[str], mark: str, reporter: Reporter) -> None:
        self._batches = batches
        self._addresses = list(addresses)
        self._subject = subject_of(mark)
        self._reporter = reporter
        self._refused: dict[str, str] = {}
        self._unproven: dict[str, str] = {}
        self._left: dict[str, str] = {}

    def whole(self) -> Written:
        found = self._look(self._addresses, "Looking for events of a run that was cut off")
        leftovers = {address: ids for address, ids in found.items() if ids}
        if leftovers:
            self._delete([(address, one) for address, ids in leftovers.items() for one in ids], "Deleting them")
        ready = [address for address in found if address not in self._left]
        try:
            made = self._write(ready)
            self._delete(list(made.items()), "Deleting what was written")
        except BaseException:
            # Whatever stopped it, a person's Ctrl-C too: who wrote takes away.
            self._clean(ready)
            raise
        return Written(
            tuple(address for address in made if address not in self._left),
            self._refused,
            self._unproven,
            self._left,
            {address: len(ids) for address, ids in leftovers.items()},
        )

    def _look(self, addresses: Sequence[str], label: str) -> dict[str, list[str]]:
        """Return the ids of our events in each mailbox that could be read; the others are noted as unproven."""
        path = (
            f"calendarView?startDateTime={_stamp(BEGIN)}&endDateTime={_stamp(END)}&$select=id,subject&$top={_MOST_LEFT}"
        )
        requests = [Request("GET", f"{mailbox_path(address)}/{path}") for address in addresses]
        replies = self._batches.run(requests, self._reporter.begin(label, len(requests)))
        found: dict[str, list[str]] = {}
        for address, reply in zip(addresses, replies, strict=True):
            events = reply.body.get("value")
            if reply.status != 200 or not isinstance(events, list):
                self._unproven[address] = _said(reply)
                continue
            found[address] = [
                str(event.get("id"))
                for event in events
                if isinstance(event, dict) and str(event.get("subject") or "") == self._subject
            ]
        return found

    def _write(self, addresses: Sequence[str]) -> dict[str, str]:
        """Write, and return the id of what is to be deleted for each mailbox that was written to."""
        requests = [Request("POST", f"{mailbox_path(address)}/events", self._event()) for address in addresses]
        replies = self._batches.run(requests, self._reporter.begin("Writing an event into every room", len(requests)))
        made: dict[str, str] = {}
        lost: list[str] = []
        for address, reply in zip(addresses, replies, strict=True):
            if reply.status == 201 and reply.body.get("id"):
                made[address] = str(reply.body["id"])
            elif reply.status == 429:
                # Refused before it had any effect.
                self._unproven[address] = _said(reply)
            elif 400 <= reply.status < 500:
                self._refused[address] = _said(reply)
            else:
                lost.append(address)
                self._unproven[address] = _said(reply)
        if lost:
            # Nobody knows whether these were written; what stands there tells.
            for address, ids in self._look(lost, "Looking whether events were written whose answer was lost").items():
                if ids:
                    del self._unproven[address]
                    made[address] = ids[0]
        return made

    def _delete(self, events: Sequence[tuple[str, str]], label: str) -> None:
        requests = [
            Request("DELETE", f"{mailbox_path(address)}/events/{quote(one, safe='')}") for address, one in events
        ]
        replies = self._batches.run(requests, self._reporter.begin(label, len(requests)))
        for (address, _), reply in zip(events, replies, strict=True):
            # What somebody else took away in the meantime is gone as well.
            if reply.status not in _GONE:
                self._left[address] = _said(reply)

    def _clean(self, addresses: Sequence[str]) -> None:
        found = self._look(addresses, "Stopped; taking away what was written")
        self._delete([(address, one) for address, ids in found.items() for one in ids], "Deleting it")

    def _event(self) -> dict[str, Any]:
        return {
            "subject": self._subject,
            "body": {
                "contentType": "text",
                "content": "Written to see that the room can be booked, and deleted at once. It may be deleted at any time.",
            },
            "start": {"dateTime": BEGIN.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
            "end": {"dateTime": END.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"},
            "showAs": "free",
            "sensitivity": "private",
            "isReminderOn": False,
        }


def _stamp(moment: datetime) -> str:
    return quote(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), safe="")


def _said(reply: Reply) -> str:
    said = " ".join(f"HTTP {reply.status} {reply.code} {reply.message}".split())
    return said if reply.status else "the answer was lost"
