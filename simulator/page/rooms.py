"""The rooms and everybody else on the page: who is in reach and should be, whose titles are kept, what a door shows.

Owns the checks of a mailbox, their order (what needs attention comes first) and how many are drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from simulator import access
from simulator.exchange import calendarprocessing
from simulator.page import doors
from simulator.page.checks import WORSE, Check, State, worst
from simulator.page.doors import Door
from simulator.page.reach import PERSON, RESOURCE, ROOM, Connector
from simulator.records import Mailbox
from simulator.tenant import Tenant

FEW = 40
"""So many mailboxes are all drawn; with more, those that need no attention are folded away."""
DRAWN = 24
"""Where they are more, so many are drawn of one group; the rest are counted, and found by a search."""

CONTROL_MAILBOX = "control.mailbox"
"""Local part of the seeded mailbox that no connector has any business with."""

AS_THEY_SHOULD_BE, NOT_CHECKED = "As they should be", "Not checked: there is no connector"

TITLES = {
    "DeleteSubject": "titles deleted",
    "AddOrganizerToSubject": "organiser's name in titles",
    "RemovePrivateProperty": "private mark removed",
}
"""Calendar processing that must be false, and what happens while it is true (Microsoft Learn, Set-CalendarProcessing)."""

KINDS = {
    "UserMailbox": "person",
    "SharedMailbox": "shared mailbox",
    "Workspace": "workspace",
    "Equipment": "equipment",
}


@dataclass(frozen=True)
class Judged:
    """A mailbox and its checks: one for each connector, and for a room one more for its titles."""

    mailbox: Mailbox
    kind: str
    reach: tuple[Check, ...]
    titles: Check | None = None
    is_connected: bool = False
    """Whether Graph lets a connector read it now, whatever has been declared."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """All of them."""
        return self.reach if self.titles is None else (*self.reach, self.titles)

    @property
    def state(self) -> State:
        """The worst of the checks."""
        return worst(self.checks)


@dataclass(frozen=True)
class RoomView:
    """A room as it is drawn: its display and its checks."""

    name: str
    address: str
    place: str
    door: Door
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class OutsiderView:
    """A mailbox that is no room, as it is drawn."""

    name: str
    address: str
    kind: str
    checks: tuple[Check, ...]


Drawn = TypeVar("Drawn", RoomView, OutsiderView)


@dataclass(frozen=True)
class Listing(Generic[Drawn]):
    """Mailboxes under one heading: those that need attention, or those that belong together otherwise."""

    id: str
    title: str
    number: int
    drawn: tuple[Drawn, ...]
    is_open: bool

    @property
    def hidden(self) -> int:
        """How many are counted and not drawn."""
        return self.number - len(self.drawn)


def judge(tenant: Tenant, connectors: Sequence[Connector]) -> tuple[list[Judged], list[Judged]]:
    """Return the rooms and all other mailboxes, each with its checks; the control mailbox comes first."""
    rooms = [_judge_room(tenant, connectors, m) for m in tenant.mailboxes if m.resource_type == "Room"]
    others = [_judge_other(tenant, connectors, m) for m in tenant.mailboxes if m.resource_type != "Room"]
    others.sort(key=lambda each: (each.kind != "control mailbox", each.mailbox.resource_type is not None))
    return rooms, others


def _judge_room(tenant: Tenant, connectors: Sequence[Connector], mailbox: Mailbox) -> Judged:
    reaches = [each.reach(tenant, mailbox, access.WRITE) for each in connectors]
    checks = [ROOM[reach] for reach in reaches]
    if len(connectors) > 1:
        checks = [Check(c.state, f"{each.name}: {c.text}") for each, c in zip(connectors, checks, strict=True)]
    kept = titles(mailbox, is_wanted=bool(connectors))
    return Judged(mailbox, "room", tuple(checks), kept, any(reach.enforced for reach in reaches))


def titles(mailbox: Mailbox, *, is_wanted: bool) -> Check:
    """Judge whether meetings keep their title and their private mark; without a connector nobody asks for it."""
    settings = calendarprocessing.settings(mailbox)
    wrong = [text for name, text in TITLES.items() if settings[name]]
    if not wrong:
        return Check("good", "titles kept")
    words = "titles not kept" if len(wrong) == len(TITLES) else ", ".join(wrong)
    return Check("bad" if is_wanted else "off", words)


def _judge_other(tenant: Tenant, connectors: Sequence[Connector], mailbox: Mailbox) -> Judged:
    words = PERSON if mailbox.resource_type is None else RESOURCE
    is_control = mailbox.address.partition("@")[0].casefold() == CONTROL_MAILBOX
    kind = "control mailbox" if is_control else KINDS[mailbox.resource_type or mailbox.kind]
    return Judged(mailbox, kind, tuple(words[each.reach(tenant, mailbox, access.READ)] for each in connectors))


def room_listings(rooms: Sequence[Judged], now: datetime, wanted: str) -> tuple[Listing[RoomView], ...]:
    """Return the rooms that a text finds: first those that need attention, then the rest, by office if they are many."""
    found = [each for each in rooms if _is_found(each.mailbox, wanted)]
    attention, rest = _split(found)
    are_few = len(found) <= FEW
    offices: dict[str, list[Judged]] = {}
    for each in rest:
        title = _heading(rest) if are_few else each.mailbox.office or "Without an office"
        offices.setdefault(title, []).append(each)
    groups = [("rooms-attention", "Need attention", attention)]
    groups += [
        ("rooms-rest" if are_few else f"rooms-{'-'.join(title.split())}", title, members)
        for title, members in offices.items()
    ]
    return tuple(
        Listing(
            listing_id,
            title,
            len(members),
            tuple(_draw_room(each, now) for each in members[: FEW if are_few else DRAWN]),
            is_open=are_few or bool(wanted) or members is attention,
        )
        for listing_id, title, members in groups
        if members
    )


def other_listings(others: Sequence[Judged], wanted: str) -> tuple[Listing[OutsiderView], ...]:
    """Return the other mailboxes that a text finds, those that are in reach and must not be before the others."""
    found = [each for each in others if _is_found(each.mailbox, wanted)]
    attention, rest = _split(found)
    are_few = len(found) <= FEW
    groups = [
        ("others-attention", "In reach, and must not be", attention),
        ("others-rest", _heading(rest), rest),
    ]
    return tuple(
        Listing(
            listing_id,
            title,
            len(members),
            tuple(_draw_other(each) for each in members[: FEW if are_few else DRAWN]),
            is_open=are_few or bool(wanted) or members is attention,
        )
        for listing_id, title, members in groups
        if members
    )


def _heading(rest: Sequence[Judged]) -> str:
    return AS_THEY_SHOULD_BE if any(each.reach for each in rest) else NOT_CHECKED


def _is_found(mailbox: Mailbox, wanted: str) -> bool:
    texts = (mailbox.display_name, mailbox.address, mailbox.office, mailbox.city)
    return any(wanted.strip().casefold() in text.casefold() for text in texts)


def _split(found: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    attention = [each for each in found if each.state in ("wait", "bad")]
    attention.sort(key=lambda each: WORSE.index(each.state), reverse=True)
    return attention, [each for each in found if each.state not in ("wait", "bad")]


def _draw_room(judged: Judged, now: datetime) -> RoomView:
    mailbox = judged.mailbox
    seats = f"{mailbox.resource_capacity} seats" if mailbox.resource_capacity else ""
    return RoomView(
        mailbox.display_name,
        mailbox.address,
        ", ".join(part for part in (mailbox.office, seats) if part),
        doors.door(mailbox, now) if judged.is_connected else doors.UNCONNECTED,
        judged.checks,
    )


def _draw_other(judged: Judged) -> OutsiderView:
    mailbox = judged.mailbox
    return OutsiderView(mailbox.display_name, mailbox.address, judged.kind, judged.checks)
