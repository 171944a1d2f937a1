"""Meetings that a person calls from Outlook: who is meant, the invitations, and the organizer's own copy.

Owns the way from a person to the rooms.  Refuses to own what a room does with an invitation (attendant.py).  There are
no people among the invited, no recurring meetings, no updates and no cancellations.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.calendars import attendant
from simulator.calendars.attendant import Invitation, Reply
from simulator.exchange import calendarprocessing
from simulator.records import Mailbox, Organizer
from simulator.tenant import Tenant

RESPONSES = {"accepted": "accepted", "tentative": "tentativelyAccepted", "declined": "declined", "none": "none"}


class NoSuchPartyError(Exception):
    """There is no such organizer or room in the tenant; the text says who."""


@dataclass(frozen=True)
class Meeting:
    """What a person fills in; `organizer` and `rooms` are addresses, times have an offset."""

    organizer: str
    rooms: tuple[str, ...]
    subject: str
    start: datetime
    end: datetime
    is_private: bool = False
    body: str = ""
    organizer_name: str | None = None
    """For an organizer from outside."""


def send(tenant: Tenant, meeting: Meeting, now: datetime, meeting_id: str) -> list[tuple[Mailbox, Reply]]:
    """Send the invitations, let the rooms process them, and return what each room did.

    Raises NoSuchPartyError, or attendant.SettingNotImitatedError when a room's answer can't be told; then nothing was
    sent to anybody.
    """
    person = _person(tenant, meeting)
    organizer = Organizer(
        name=person.display_name if person else meeting.organizer_name or meeting.organizer,
        address=person.address if person else meeting.organizer,
    )
    invitation = Invitation(
        meeting_id=meeting_id,
        organizer=organizer,
        is_external=person is None,
        subject=meeting.subject,
        start=meeting.start.astimezone(UTC),
        end=meeting.end.astimezone(UTC),
        is_private=meeting.is_private,
        body=meeting.body,
    )
    # A room that is named twice is invited once.
    rooms = list({room.guid: room for room in (_room(tenant, address) for address in meeting.rooms)}.values())
    for room in rooms:
        attendant.decide(calendarprocessing.settings(room), room, invitation, now)
    replies = [(room, attendant.receive(room, invitation, now)) for room in rooms]
    if person:
        _keep_own_copy(person, invitation, replies, now)
    return replies


def _keep_own_copy(
    person: Mailbox, invitation: Invitation, replies: list[tuple[Mailbox, Reply]], now: datetime
) -> None:
    attendees = [
        {
            "type": "resource",
            "status": {"response": RESPONSES[reply.outcome], "time": "0001-01-01T00:00:00Z"},
            "emailAddress": {"name": room.display_name, "address": room.address},
        }
        for room, reply in replies
    ]
    properties = {
        "subject": invitation.subject,
        "body": {"contentType": "html", "content": invitation.body},
        "sensitivity": "private" if invitation.is_private else "normal",
        "location": {"displayName": "; ".join(room.display_name for room, _ in replies), "locationType": "default"},
        "attendees": attendees,
    }
    person.events.append(attendant.copy_of(person, invitation, now, "organizer", properties))


def _person(tenant: Tenant, meeting: Meeting) -> Mailbox | None:
    """Return the organizer's mailbox, None for somebody from outside.  Raises NoSuchPartyError."""
    found = _mailbox(tenant, meeting.organizer)
    if found is not None:
        return found
    _, _, domain = meeting.organizer.rpartition("@")
    if domain.lower() in (*tenant.domains, tenant.initial_domain, ""):
        raise NoSuchPartyError(f"Nobody has the address '{meeting.organizer}' in this tenant.")
    return None


def _room(tenant: Tenant, address: str) -> Mailbox:
    found = _mailbox(tenant, address)
    if found is None or found.resource_type is None or found.lives_on_premises:
        raise NoSuchPartyError(f"There is no room, workspace or equipment with the address '{address}' online.")
    return found


def _mailbox(tenant: Tenant, address: str) -> Mailbox | None:
    named = (each for each in tenant.find_recipients(address) if isinstance(each, Mailbox))
    return next((each for each in named if each.address.lower() == address.lower()), None)
