"""What the display beside a room's door shows of an event, as a visitor sees it.

Owns that one decision.  Refuses to own how it comes to be in the calendar (attendant.py) and how it looks (page/).
A display reads the room's calendar through Microsoft Graph and knows nothing else: where the room did not keep a
meeting's title, the organizer's name is what is left to show.
"""

from dataclasses import dataclass
from datetime import datetime

from simulator.records import Event, Mailbox

RESERVED = "Reserved"
"""What stands at the door in place of anything that a visitor is not to know."""


@dataclass(frozen=True)
class Shown:
    """One line of a door display; times are moments in UTC."""

    title: str
    """The meeting's title, the organizer's name where the room did not keep it, or "Reserved"."""
    organizer: str | None
    """Who invited; None where the meeting is private, or where the room itself is its organizer."""
    begins: datetime
    ends: datetime


def shown(mailbox: Mailbox, event: Event) -> Shown:
    """Return what the display of `mailbox` shows of one of its events.

    A private event (sensitivity `private`, which Graph's scheduleItem calls isPrivate) shows neither its title nor its
    organizer.  An event whose free/busy status is `free` is not filtered out here: ask `event.properties` for `showAs`.
    """
    if event.properties.get("sensitivity") == "private":
        return Shown(RESERVED, None, event.start, event.end)
    by_somebody_else = event.organizer is not None and event.organizer.address.lower() != mailbox.address.lower()
    organizer = event.organizer.name if event.organizer and by_somebody_else else None
    title = str(event.properties.get("subject") or "").strip()
    return Shown(title or organizer or RESERVED, organizer, event.start, event.end)


def at_the_door(mailbox: Mailbox, begin: datetime, end: datetime) -> list[Shown]:
    """Return what the display lists between two moments, in order of time; events that leave the room free are not."""
    touching = [event for event in mailbox.events if event.start < end and event.end > begin]
    busy = [event for event in touching if event.properties.get("showAs", "busy") != "free"]
    return [shown(mailbox, event) for event in sorted(busy, key=lambda event: event.start)]
