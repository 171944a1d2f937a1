"""What displays show: titles, Reserved, or the organizer's name, and what is behind it."""

from datetime import UTC, datetime

import pytest

from microsoft365.verification.doors import meeting_of
from tests.tenant.client import EIGER
from tests.verification.world import World, only, symptoms

RIGI, MOENCH = "room-rigi@alpenblick.example", "room-moench@alpenblick.example"


def test_exchanges_default_is_told_from_meetings_that_were_booked_before(policy: World) -> None:
    policy.invite(EIGER, "Quarterly review")
    policy.invite(RIGI, "Sprint planning")
    policy.keep_titles(EIGER, MOENCH)
    policy.rows("Set-CalendarProcessing", Identity=MOENCH, RemovePrivateProperty=True)
    policy.invite(EIGER, "Roadmap", hours=3)
    policy.invite(EIGER, "Salary talks", private=True, hours=4)
    policy.invite(MOENCH, "Medical", private=True)
    report = policy.verify(policy.subject(titles=True, addresses=(EIGER, RIGI, MOENCH)), doors=True)
    assert only(report, "titles-replaced").mailboxes == (RIGI,)
    assert "-AddOrganizerToSubject $false" in only(report, "titles-replaced").remedy
    assert "meetings that are booked from then on" in only(report, "titles-replaced").remedy
    assert only(report, "private-flag-removed").mailboxes == (RIGI, MOENCH)
    assert "instead of Reserved" in only(report, "private-flag-removed").says
    before = only(report, "booked-before")
    assert (before.status, before.mailboxes) == ("noted", (EIGER,))
    kept = only(report, "titles-kept")
    assert kept.says == (
        "titles and the private flag of new meetings are kept in 1 room; of the next meetings there, shown with a title: 1, "
        "as Reserved: 1"
    )
    assert report.verdict == "red"
    assert [(door.address, door.kind, door.shows) for door in report.doors or ()] == [
        (EIGER, "organizer", "Anna Keller"),
        (RIGI, "organizer", "Anna Keller"),
        # A private meeting whose flag was taken off: what it is about hangs beside the door.
        (MOENCH, "title", "Medical"),
    ]


def test_without_an_administrator_the_newest_meeting_is_the_witness(policy: World) -> None:
    policy.invite(EIGER, "Quarterly review")
    policy.invite(RIGI, "Sprint planning")
    policy.keep_titles(EIGER)
    policy.advance(60)
    policy.invite(EIGER, "Roadmap", hours=3)
    report = policy.verify(policy.subject(titles=True, addresses=(EIGER, RIGI, MOENCH)), administrator=False)
    assert only(report, "titles-untold").mailboxes == (RIGI,)
    assert "processing-unread" in symptoms(report, "skipped")
    assert report.verdict == "green"
    assert report.doors is None, "what people have planned is in the report only where it was asked for"


def test_where_nobody_asked_for_titles_only_private_ones_that_show_are_told(policy: World) -> None:
    policy.keep_titles(EIGER, RIGI)
    policy.rows("Set-CalendarProcessing", Identity=RIGI, RemovePrivateProperty=True)
    report = policy.verify()
    assert only(report, "titles-unmanaged").status == "skipped"
    assert only(report, "private-flag-removed-unmanaged").mailboxes == (RIGI,)
    assert report.verdict == "green"


ORGANIZER = {"emailAddress": {"name": "Anna Keller", "address": "anna.keller@alpenblick.example"}}


@pytest.mark.parametrize(
    ("event", "shown", "text"),
    [
        ({"subject": "Review", "sensitivity": "normal", "organizer": ORGANIZER}, "title", "Review"),
        ({"subject": "Review", "sensitivity": "private", "organizer": ORGANIZER}, "reserved", "Reserved"),
        ({"subject": "anna keller ", "sensitivity": "normal", "organizer": ORGANIZER}, "organizer", "Anna Keller"),
        ({"subject": "", "sensitivity": "normal", "organizer": ORGANIZER}, "organizer", "Anna Keller"),
        ({"subject": None}, "organizer", ""),
        ({"subject": "Review", "organizer": "strange"}, "title", "Review"),
    ],
)
def test_a_door_shows_what_the_room_kept(event: dict[str, object], shown: str, text: str) -> None:
    meeting = meeting_of(event)
    assert (meeting.shown, meeting.text) == (shown, text)


def test_times_are_read_as_graph_writes_them() -> None:
    event = {"start": {"dateTime": "2026-11-24T08:30:00.0000000"}, "createdDateTime": "2026-11-20T07:00:00.1234567Z"}
    meeting = meeting_of(event)
    assert meeting.start == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert meeting.booked == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert meeting_of({"start": {"dateTime": "soon"}}).start is None
