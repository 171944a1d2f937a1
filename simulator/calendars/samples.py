"""A day's meetings of the default company, so that a fresh tenant's doors have something to show.

Owns names and hours.  The rooms process them like any others, in the first minute of the tenant's day: as long as
nobody has changed calendar processing, they keep the organizer's name and nothing else.
"""

from datetime import UTC, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from simulator.calendars import meetings
from simulator.tenant import Tenant

ZONE = ZoneInfo("Europe/Zurich")


class Sample(NamedTuple):
    """A meeting today, from one local time to another."""

    organizer: str
    room: str
    subject: str
    begin: time
    end: time
    is_private: bool = False


SAMPLES = [
    Sample("anna.keller", "room-eiger", "Quarterly review", time(9, 0), time(10, 30)),
    Sample("elif.yildiz", "room-rigi", "Sprint planning", time(8, 30), time(9, 30)),
    Sample("beat.zbinden", "room-moench", "Salary talks", time(11, 0), time(12, 0), is_private=True),
    Sample("greta.luethi", "room-uetliberg", "Customer visit Bergbahnen", time(13, 30), time(15, 0)),
    Sample("chiara.bernasconi", "room-matterhorn", "Interview", time(14, 0), time(15, 0), is_private=True),
    Sample("anna.keller", "room-eiger", "Rehearsal of the general meeting", time(15, 0), time(17, 0)),
]


def hold_meetings(tenant: Tenant) -> None:
    """Let the people of the default company meet on the day that the tenant's clock says."""
    domain = tenant.domains[0]
    day = tenant.now().astimezone(ZONE).date()
    for number, sample in enumerate(SAMPLES, 1):
        begin, end = (datetime.combine(day, each, ZONE).astimezone(UTC) for each in (sample.begin, sample.end))
        meeting = meetings.Meeting(
            organizer=f"{sample.organizer}@{domain}",
            rooms=(f"{sample.room}@{domain}",),
            subject=sample.subject,
            start=begin,
            end=end,
            is_private=sample.is_private,
        )
        first_minute = datetime.combine(day, time(0, 0), ZONE).astimezone(UTC)
        meetings.send(tenant, meeting, first_minute, f"{domain}/sample-{number}")
