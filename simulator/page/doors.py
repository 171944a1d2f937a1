"""What hangs beside a room's door: the display as a visitor sees it at one moment.

Owns which of the calendar's meetings are on it, and the hours, which are those at the door.  Refuses to own what a
meeting is called there: that is calendars/display.py's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from simulator.calendars.display import Shown, at_the_door
from simulator.records import Mailbox

ZONE = ZoneInfo("Europe/Zurich")
"""The seeded companies are Swiss, and so are the hours at their doors."""


@dataclass(frozen=True)
class Door:
    """A door display; every text is drawn as it stands, an empty one is left out."""

    state: Literal["free", "occupied", "unconnected"]
    title: str
    hours: str = ""
    organizer: str = ""
    after: str = ""
    """What comes next."""


UNCONNECTED = Door("unconnected", "Not connected", "No connector reads this calendar")
"""The display of a room that is not in reach has nothing to show."""


def door(mailbox: Mailbox, now: datetime) -> Door:
    """Return the display of a connected room: the meeting that runs, or until when the room is free."""
    day = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    end_of_day = day + timedelta(days=1)
    meetings = at_the_door(mailbox, now, end_of_day)
    running = [meeting for meeting in meetings if meeting.begins <= now]
    coming = next((meeting for meeting in meetings if meeting.begins > now), None)
    if running:
        current = running[0]
        organizer = current.organizer or ""
        return Door(
            "occupied",
            current.title,
            _hours(current, day, end_of_day),
            "" if organizer in current.title else organizer,
            _after(current, coming, end_of_day),
        )
    if coming is None:
        return Door("free", "Free", "for the rest of the day")
    return Door("free", f"Free until {_clock(coming.begins)}", after=_line(coming))


def _after(current: Shown, coming: Shown | None, end_of_day: datetime) -> str:
    if coming is not None and coming.begins <= current.ends:
        return _line(coming)
    return f"Free from {_clock(current.ends)}" if current.ends < end_of_day else ""


def _hours(meeting: Shown, day: datetime, end_of_day: datetime) -> str:
    """Return the hours as far as they are of the day that is shown."""
    if meeting.begins < day:
        return f"until {_clock(meeting.ends)}" if meeting.ends < end_of_day else "all day"
    return (
        f"{_clock(meeting.begins)} – {_clock(meeting.ends)}"
        if meeting.ends < end_of_day
        else f"from {_clock(meeting.begins)}"
    )


def _line(meeting: Shown) -> str:
    return f"{_clock(meeting.begins)}  {meeting.title}"


def _clock(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%H:%M")
