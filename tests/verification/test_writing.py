"""Writing into rooms: proven, and nothing of ours stays behind, however a run ends. Nobody else's event is touched."""

from datetime import timedelta
from typing import Any

import pytest

from microsoft365.verification.writing import BEGIN, subject_of
from tests.tenant.client import EIGER, expect
from tests.tenant.connected import MARK
from tests.verification.world import Quiet, World, only, symptoms

RIGI, MOENCH = "room-rigi@alpenblick.example", "room-moench@alpenblick.example"
ROOMS = (EIGER, RIGI, MOENCH)
READ_ONLY = "798ee544-9d2d-430c-a058-570e29e34338"


def put(world: World, room: str, subject: str, **changes: Any) -> None:
    """Let the application write an event, as a run that was killed did, or as somebody else does."""
    begin = changes.get("begin", BEGIN)
    times = [
        {"dateTime": moment.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
        for moment in (begin, begin + timedelta(minutes=5))
    ]
    token = world.client.token(client_id=world.client_id)
    body = {"subject": subject, "start": times[0], "end": times[1]}
    expect(world.client.graph("POST", f"/users/{room}/events", body, token), 201)


def test_an_event_is_written_and_deleted_in_every_room(policy: World) -> None:
    before = policy.client.snapshot()
    policy.forget_requests()
    report = policy.verify(policy.subject(addresses=ROOMS), write=True)
    assert only(report, "write-possible").says == "an event was written into 3 rooms and deleted again"
    assert (report.verdict, report.wrote) == ("green", True)
    assert policy.client.snapshot() == before
    written = [
        entry["path"] for entry in policy.requests() if entry["method"] == "POST" and entry["path"].endswith("/events")
    ]
    assert sorted(written) == sorted(f"/v1.0/users/{room}/events" for room in ROOMS)


def test_without_being_asked_it_writes_nothing(policy: World) -> None:
    policy.verify(policy.subject(addresses=ROOMS))
    assert [e for e in policy.requests() if e["api"] == "calendars" and e["method"] != "GET"] == []


def test_what_a_killed_run_left_goes_first_and_nothing_else_does(policy: World) -> None:
    put(policy, EIGER, subject_of(MARK))
    put(policy, RIGI, subject_of(MARK))
    put(policy, EIGER, subject_of("roomz:roomz/prod"))
    put(policy, EIGER, f"{subject_of(MARK)}, they say")
    put(policy, RIGI, "New year's party")
    put(policy, MOENCH, subject_of(MARK), begin=BEGIN + timedelta(days=1))
    report = policy.verify(policy.subject(addresses=ROOMS), write=True)
    gone = only(report, "leftovers-deleted")
    assert (gone.status, gone.mailboxes) == ("noted", (EIGER, RIGI))
    assert gone.says == "2 events of an earlier run that was cut off deleted from 2 rooms"
    left = {room: policy.subjects(room) for room in ROOMS}
    assert subject_of(MARK) not in left[EIGER] + left[RIGI]
    assert {subject_of("roomz:roomz/prod"), f"{subject_of(MARK)}, they say"} <= set(left[EIGER])
    assert "New year's party" in left[RIGI]
    # Our words on another day are somebody's copy.
    assert subject_of(MARK) in left[MOENCH]
    assert report.verdict == "green"


@pytest.mark.parametrize("stopped_at", ["Writing an event into every room", "Deleting what was written"])
def test_a_run_that_is_stopped_takes_away_what_it_wrote(policy: World, stopped_at: str) -> None:
    class Stops(Quiet):
        def begin(self, label: str, total: int) -> Any:
            progress = super().begin(label, total)

            def stop(_number: int) -> None:
                raise KeyboardInterrupt

            return stop if label == stopped_at else progress

    before = policy.client.snapshot()
    policy.reporter = Stops()
    with pytest.raises(KeyboardInterrupt):
        policy.verify(policy.subject(addresses=ROOMS), write=True)
    assert policy.client.snapshot() == before
    writes = [e for e in policy.requests() if e["api"] == "calendars" and e["method"] == "POST"]
    assert len(writes) == 3, "nothing was written, so nothing was proven"


def test_events_whose_answer_was_lost_are_looked_for_and_deleted(policy: World) -> None:
    before = policy.client.snapshot()
    # Written, and the connection broken before anybody heard of it; and one that had no effect.
    policy.fault({"api": "calendars", "method": "POST", "path": f"/users/{RIGI}/events"}, {"reset": "after"})
    report = policy.verify(policy.subject(addresses=ROOMS), write=True)
    assert policy.client.snapshot() == before
    assert symptoms(report, "failed") == set()
    writes = [e["path"] for e in policy.requests() if e["method"] == "POST" and e["path"].endswith("/events")]
    assert len(writes) == len(set(writes)), "what may have happened was sent a second time"
    assert any("Looking whether" in label for label in policy.reporter.labels)


def test_reading_alone_is_told(policy: World) -> None:
    principal = policy.application["servicePrincipalId"]
    expect(policy.client.grant(principal, READ_ONLY), 201)
    refusal = {"status": 403, "body": {"error": {"code": "ErrorAccessDenied", "message": "Access is denied."}}}
    policy.fault({"api": "calendars", "method": "POST", "path": f"/users/{RIGI}/events"}, refusal)
    report = policy.verify(policy.subject(addresses=ROOMS), write=True)
    assert only(report, "write-refused").mailboxes == (RIGI,)
    assert only(report, "write-possible").says.startswith("an event was written into 2 rooms")
    assert report.verdict == "red"


def test_no_usable_answer_to_writing_is_no_fault(policy: World) -> None:
    busy = {"status": 429, "headers": {"retry-after": "600"}, "body": {"error": {"code": "ApplicationThrottled"}}}
    policy.fault({"api": "calendars", "method": "POST", "path": f"/users/{RIGI}/events"}, busy)
    report = policy.verify(policy.subject(addresses=ROOMS), write=True)
    unproven = only(report, "write-unproven")
    assert (unproven.status, unproven.mailboxes) == ("pending", (RIGI,))
    assert report.verdict == "pending"


def test_an_event_that_cannot_be_deleted_is_said_and_goes_the_next_time(policy: World) -> None:
    before = policy.client.snapshot()
    refusal = {"status": 403, "body": {"error": {"code": "ErrorAccessDenied", "message": "Access is denied."}}}
    policy.fault({"api": "calendars", "method": "DELETE", "path": f"/users/{RIGI}/events"}, refusal)
    report = policy.verify(policy.subject(addresses=ROOMS), write=True)
    left = only(report, "event-left")
    assert (left.status, left.mailboxes) == ("failed", (RIGI,))
    assert subject_of(MARK) in left.remedy
    again = policy.verify(policy.subject(addresses=ROOMS), write=True)
    assert only(again, "leftovers-deleted").mailboxes == (RIGI,)
    assert again.verdict == "green"
    assert policy.client.snapshot() == before
