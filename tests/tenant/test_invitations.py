"""Invitations that people send: what a room does with them, what it keeps, and what its door shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.calendars.display import Shown, at_the_door
from simulator.server import SimulatorServer
from tests.tenant.client import EIGER, TenantClient, expect

ANNA = "anna.keller@alpenblick.example"
RIGI = "room-rigi@alpenblick.example"
DAY = datetime(2029, 12, 1, 9, 0, tzinfo=UTC)
TITLES = {"AddOrganizerToSubject": False, "DeleteSubject": False, "RemovePrivateProperty": False}


@pytest.fixture(autouse=True)
def _a_morning_in_november(tenant: TenantClient) -> None:
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/clock", {"now": "2029-11-24T08:00:00Z"})


def process(tenant: TenantClient, room: str, **settings: Any) -> None:
    tenant.rows("Set-CalendarProcessing", {"Identity": room, **settings, "Confirm": False})


def body(**fields: Any) -> dict[str, Any]:
    """A meeting on the first of December, from nine to ten."""
    start = fields.pop("start", DAY)
    minutes = fields.pop("minutes", 60)
    times = {"start": start.isoformat(), "end": (start + timedelta(minutes=minutes)).isoformat()}
    return {
        "organizer": ANNA,
        "rooms": [EIGER],
        "subject": "Quarterly review",
        "body": "Bring the figures",
        **times,
        **fields,
    }


def invite(tenant: TenantClient, **fields: Any) -> dict[str, tuple[str, str]]:
    """Send the invitation; returns for each room what it did and why."""
    answer = tenant.control("POST", f"/tenants/{tenant.tenant_id}/meetings", body(**fields))
    return {each["room"]: (each["outcome"], each["reason"]) for each in answer["rooms"]}


def calendar(tenant: TenantClient, mailbox: str = EIGER) -> list[dict[str, Any]]:
    """Read the first week of December as an application that may read everything."""
    reader = next(a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "CRM calendar sync")
    for policy in tenant.cmdlet("Get-ApplicationAccessPolicy").json().get("value", []):
        tenant.rows("Remove-ApplicationAccessPolicy", {"Identity": policy["Identity"], "Confirm": False})
    window = "startDateTime=2029-12-01T00:00:00Z&endDateTime=2029-12-08T00:00:00Z"
    path = f"/users/{mailbox}/calendarView?{window}"
    events = expect(tenant.graph("GET", path, token=tenant.token(client_id=reader["appId"])), 200)["value"]
    assert isinstance(events, list)
    return events


def door(server: SimulatorServer, room: str = EIGER) -> list[Shown]:
    """What the display beside the door shows in the first week of December."""
    mailbox = next(m for m in server.simulator.store.first.mailboxes if m.address == room)
    return at_the_door(mailbox, DAY - timedelta(days=1), DAY + timedelta(days=7))


def test_a_new_room_keeps_the_organizers_name_and_nothing_else(server: SimulatorServer, tenant: TenantClient) -> None:
    assert invite(tenant, private=True)[EIGER][0] == "accepted"
    (event,) = calendar(tenant)
    assert event["subject"] == "Anna Keller"
    assert event["body"]["content"] == ""
    assert event["sensitivity"] == "normal"
    assert event["organizer"] == {"emailAddress": {"name": "Anna Keller", "address": ANNA}}
    assert (event["isOrganizer"], event["responseStatus"]["response"], event["showAs"]) == (False, "accepted", "busy")
    assert door(server) == [Shown("Anna Keller", "Anna Keller", DAY, DAY + timedelta(hours=1))]


def test_titles_and_the_private_flag_are_kept_where_processing_says_so(
    server: SimulatorServer, tenant: TenantClient
) -> None:
    invite(tenant)
    process(tenant, EIGER, **TITLES, DeleteComments=False)
    later = DAY + timedelta(hours=2)
    invite(tenant, start=later)
    invite(tenant, start=later + timedelta(hours=2), subject="Salary", private=True)
    subjects = [(e["subject"], e["sensitivity"], e["body"]["content"]) for e in calendar(tenant)]
    assert subjects == [
        ("Anna Keller", "normal", ""),
        ("Quarterly review", "normal", "Bring the figures"),
        ("Salary", "private", "Bring the figures"),
    ]
    assert [(s.title, s.organizer) for s in door(server)] == [
        ("Anna Keller", "Anna Keller"),
        ("Quarterly review", "Anna Keller"),
        ("Reserved", None),
    ]


@pytest.mark.parametrize(
    ("add_organizer", "delete_subject", "subject", "title"),
    [
        (True, True, "Anna Keller", "Anna Keller"),
        (True, False, "Anna Keller", "Anna Keller"),
        (False, True, "", "Anna Keller"),
        (False, False, "Quarterly review", "Quarterly review"),
    ],
)
def test_subject(
    server: SimulatorServer, tenant: TenantClient, add_organizer: bool, delete_subject: bool, subject: str, title: str
) -> None:
    process(tenant, EIGER, AddOrganizerToSubject=add_organizer, DeleteSubject=delete_subject)
    invite(tenant)
    assert [e["subject"] for e in calendar(tenant)] == [subject]
    assert [s.title for s in door(server)] == [title]


def test_conflicts_are_declined_room_by_room(tenant: TenantClient) -> None:
    assert invite(tenant)[EIGER][0] == "accepted"
    both = invite(tenant, start=DAY + timedelta(minutes=59), rooms=[EIGER, RIGI])
    assert both[EIGER] == ("declined", "It conflicts with another booking (AllowConflicts is False).")
    assert both[RIGI][0] == "accepted"
    assert invite(tenant, start=DAY + timedelta(minutes=60))[EIGER][0] == "accepted"
    assert len(calendar(tenant)) == 2
    process(tenant, EIGER, AllowConflicts=True)
    assert invite(tenant)[EIGER][0] == "accepted"


def test_what_an_application_booked_is_in_the_way(tenant: TenantClient) -> None:
    application = tenant.make_application()
    expect(tenant.grant(application["servicePrincipalId"]), 201)
    token = tenant.token(client_id=application["appId"])
    times = {
        name: {"dateTime": f"2029-12-01T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    booked = expect(tenant.graph("POST", f"/users/{EIGER}/events", {"subject": "x", **times}, token=token), 201)
    assert invite(tenant)[EIGER][0] == "declined"
    expect(tenant.graph("PATCH", f"/users/{EIGER}/events/{booked['id']}", {"showAs": "free"}, token=token), 200)
    assert invite(tenant)[EIGER][0] == "accepted"


@pytest.mark.parametrize(
    ("settings", "fields", "outcome", "word"),
    [
        ({}, {"start": datetime(2030, 5, 23, 9, tzinfo=UTC)}, "accepted", "free"),
        ({}, {"start": datetime(2030, 5, 24, 9, tzinfo=UTC)}, "declined", "BookingWindowInDays"),
        ({"BookingWindowInDays": 0}, {"start": datetime(2029, 11, 24, 20, tzinfo=UTC)}, "accepted", "free"),
        ({"BookingWindowInDays": 0}, {"start": datetime(2029, 11, 25, 0, tzinfo=UTC)}, "declined", "BookingWindow"),
        ({}, {"minutes": 1440}, "accepted", "free"),
        ({}, {"minutes": 1441}, "declined", "MaximumDurationInMinutes"),
        ({"MaximumDurationInMinutes": 0}, {"minutes": 5000}, "accepted", "free"),
        ({"MinimumDurationInMinutes": 90}, {}, "accepted", "free"),
        ({"BookingType": "Reserved"}, {}, "declined", "Reserved"),
        ({}, {"start": datetime(2029, 11, 24, 6, tzinfo=UTC)}, "declined", "past"),
        ({"AllBookInPolicy": False}, {}, "declined", "may not book"),
        ({"AllBookInPolicy": False, "AllRequestInPolicy": True}, {}, "tentative", "approval"),
        ({"AllRequestOutOfPolicy": True}, {"minutes": 1441}, "tentative", "MaximumDurationInMinutes"),
        ({}, {"organizer": "eve@elsewhere.example"}, "declined", "ProcessExternalMeetingMessages"),
        ({"ProcessExternalMeetingMessages": True}, {"organizer": "eve@elsewhere.example"}, "accepted", "free"),
        ({"AutomateProcessing": "None"}, {}, "none", "None"),
        ({"AutomateProcessing": "AutoUpdate"}, {}, "tentative", "AutoUpdate"),
        ({"AutomateProcessing": "AutoUpdate", "AddNewRequestsTentatively": False}, {}, "none", "Tentatively"),
    ],
)
def test_decision(
    tenant: TenantClient, settings: dict[str, Any], fields: dict[str, Any], outcome: str, word: str
) -> None:
    if settings:
        process(tenant, EIGER, **settings)
    events = len_of(tenant)
    did, why = invite(tenant, **fields)[EIGER]
    assert did == outcome
    assert word in why
    assert len_of(tenant) - events == (1 if outcome in ("accepted", "tentative") else 0)


def len_of(tenant: TenantClient, mailbox: str = EIGER) -> int:
    """How many events a mailbox's calendar has."""
    return int(next(m["events"] for m in tenant.snapshot()["mailboxes"] if m["address"] == mailbox))


def test_without_the_booking_attendant_nothing_is_made_of_the_subject(tenant: TenantClient) -> None:
    process(tenant, EIGER, AutomateProcessing="AutoUpdate")
    invite(tenant, private=True)
    (event,) = calendar(tenant)
    assert (event["subject"], event["body"]["content"]) == ("Quarterly review", "Bring the figures")
    assert (event["showAs"], event["responseStatus"]["response"]) == ("tentative", "notResponded")
    assert event["sensitivity"] == "normal"


@pytest.mark.parametrize(("tentative", "show_as"), [(True, "tentative"), (False, "free")])
def test_what_waits_for_approval(tenant: TenantClient, tentative: bool, show_as: str) -> None:
    settings = {"AllBookInPolicy": False, "AllRequestInPolicy": True, "TentativePendingApproval": tentative}
    process(tenant, EIGER, **settings)
    invite(tenant)
    (event,) = calendar(tenant)
    assert (event["showAs"], event["responseStatus"]["response"]) == (show_as, "tentativelyAccepted")


def test_the_organizer_keeps_the_whole_meeting(tenant: TenantClient) -> None:
    invite(tenant, rooms=[EIGER, RIGI], private=True)
    (own,) = calendar(tenant, ANNA)
    assert (own["subject"], own["sensitivity"], own["isOrganizer"]) == ("Quarterly review", "private", True)
    assert [a["status"]["response"] for a in own["attendees"]] == ["accepted", "accepted"]
    copies = [calendar(tenant, room)[0] for room in (EIGER, RIGI)]
    assert {copy["iCalUId"] for copy in copies} == {own["iCalUId"]}
    assert len({copy["id"] for copy in [own, *copies]}) == 3


@pytest.mark.parametrize(
    ("settings", "fields", "status", "word"),
    [
        ({"ScheduleOnlyDuringWorkHours": True}, {}, 501, "ScheduleOnlyDuringWorkHours"),
        ({"EnforceCapacity": True}, {}, 501, "EnforceCapacity"),
        ({}, {"organizer": "nobody@alpenblick.example"}, 404, "nobody@"),
        ({}, {"rooms": [ANNA]}, 404, ANNA),
        ({}, {"rooms": []}, 400, "rooms"),
        ({}, {"minutes": 0}, 400, "end must be after start"),
    ],
)
def test_refusals(
    tenant: TenantClient, settings: dict[str, Any], fields: dict[str, Any], status: int, word: str
) -> None:
    if settings:
        process(tenant, RIGI, **settings)
    before = tenant.snapshot()
    answer = tenant.plain.post(f"/tenants/{tenant.tenant_id}/meetings", json=body(**{"rooms": [EIGER, RIGI], **fields}))
    assert answer.status_code == status
    assert word in answer.json()["error"]
    assert tenant.snapshot() == before


def test_a_fresh_tenant_has_meetings_today(server: SimulatorServer, tenant: TenantClient) -> None:
    tenant.control("POST", "/reset")
    booked = {m["name"]: m["events"] for m in tenant.snapshot()["mailboxes"] if m["events"] and m["resourceType"]}
    assert booked == {"Room Eiger": 2, "Room Matterhorn": 1, "Room Moench": 1, "Room Rigi": 1, "Room Uetliberg": 1}
    mailbox = next(m for m in server.simulator.store.first.mailboxes if m.address == EIGER)
    now = datetime.now(UTC)
    today = at_the_door(mailbox, now - timedelta(days=1), now + timedelta(days=1))
    assert [each.title for each in today] == ["Anna Keller", "Anna Keller"]
    ids = [event.id for event in mailbox.events]
    tenant.control("POST", "/reset")
    again = next(m for m in server.simulator.store.first.mailboxes if m.address == EIGER)
    assert [event.id for event in again.events] == ids
