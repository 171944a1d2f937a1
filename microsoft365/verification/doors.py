"""What a visitor sees of a meeting at a room's door, by what the room's calendar kept of it. Pure.

ROOMZ's displays show a meeting's title where that is switched on, and *Reserved* in place of a private one's. Owns no
judgement of whether that is as it should be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Shown = Literal["title", "reserved", "organizer"]
"""`organizer`: Exchange put the organizer's name in place of the title, or took the title away."""

RESERVED = "Reserved"


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of a room. `text` is what a door shows; `booked` is when the event was made."""

    shown: Shown
    text: str
    start: datetime | None
    booked: datetime | None


def meeting_of(event: Mapping[str, Any]) -> Meeting:
    """Read one of Graph's events."""
    subject = str(event.get("subject") or "").strip()
    organizer = _name(event.get("organizer"))
    start = event.get("start")
    moment = _moment(str(start.get("dateTime") or "") if isinstance(start, Mapping) else "")
    booked = _moment(str(event.get("createdDateTime") or ""))
    if str(event.get("sensitivity") or "").casefold() == "private":
        return Meeting("reserved", RESERVED, moment, booked)
    if not subject or subject.casefold() == organizer.casefold():
        return Meeting("organizer", organizer, moment, booked)
    return Meeting("title", subject, moment, booked)


def _name(organizer: Any) -> str:
    address = organizer.get("emailAddress") if isinstance(organizer, Mapping) else None
    return str(address.get("name") or "").strip() if isinstance(address, Mapping) else ""


def _moment(text: str) -> datetime | None:
    """Read a moment of Graph's, which has seven digits behind the second, and UTC where it says nothing."""
    whole = text.partition(".")[0].removesuffix("Z")
    try:
        return datetime.fromisoformat(f"{whole}+00:00") if whole else None
    except ValueError:
        return None
