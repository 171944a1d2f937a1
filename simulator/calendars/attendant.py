"""The Calendar Attendant and the resource booking attendant: what a room does with an invitation.

Source: Microsoft Learn, Set-CalendarProcessing.  Owns the decision and what of the invitation is kept in the room's
calendar.  Refuses to own the answer's way to the organizer (there is no mail here) and what a display makes of the
event (display.py).  Settings count for invitations that come after them, never for events that are there already.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from simulator.exchange import calendarprocessing
from simulator.records import Event, Mailbox, Organizer, Response

Outcome = Literal["accepted", "tentative", "declined", "none"]
"""`tentative` waits for a person's decision; `none`: nobody answered."""

NOT_IMITATED = (
    "ScheduleOnlyDuringWorkHours",
    "EnforceCapacity",
    "BookInPolicy",
    "RequestInPolicy",
    "RequestOutOfPolicy",
    "ResourceDelegates",
)
"""Settings that decide something which is not known here (work hours, attendees, delegates), once they are not empty."""


class SettingNotImitatedError(Exception):
    """What a room does depends on a setting that is not imitated; the text names it."""


@dataclass(frozen=True)
class Invitation:
    """A meeting request as a person sends it from Outlook; times are moments in UTC."""

    meeting_id: str
    organizer: Organizer
    is_external: bool
    """Whether the organizer is outside of the organization."""
    subject: str
    start: datetime
    end: datetime
    is_private: bool = False
    body: str = ""


@dataclass(frozen=True)
class Reply:
    """What the room did, and why."""

    outcome: Outcome
    reason: str


def receive(room: Mailbox, invitation: Invitation, now: datetime) -> Reply:
    """Let a room process an invitation; what it keeps of it is then in its calendar.

    Raises SettingNotImitatedError; then nothing is kept.
    """
    settings = calendarprocessing.settings(room)
    reply = decide(settings, room, invitation, now)
    if reply.outcome in ("accepted", "tentative"):
        room.events.append(_kept(settings, room, invitation, reply, now))
    return reply


def decide(settings: dict[str, Any], room: Mailbox, invitation: Invitation, now: datetime) -> Reply:
    """Return what a room with these settings does with an invitation.  Raises SettingNotImitatedError."""
    if settings["AutomateProcessing"] == "None":
        return Reply("none", "AutomateProcessing is None: nothing processes meeting requests here.")
    if invitation.is_external and not settings["ProcessExternalMeetingMessages"]:
        return Reply("declined", "ProcessExternalMeetingMessages is False: external meeting requests are rejected.")
    if settings["AutomateProcessing"] == "AutoUpdate":
        if not settings["AddNewRequestsTentatively"]:
            return Reply("none", "AddNewRequestsTentatively is False: only existing calendar items are updated.")
        return Reply("tentative", "AutomateProcessing is AutoUpdate: tentative until a delegate approves it.")
    _refuse_what_is_not_imitated(settings)
    if settings["BookingType"] == "Reserved":
        return Reply("declined", "BookingType is Reserved: the resource can't be reserved.")
    if invitation.end <= now:
        return Reply("declined", "The meeting is in the past.")
    against = _out_of_policy(settings, room, invitation, now)
    if against and not settings["AllRequestOutOfPolicy"]:
        return Reply("declined", against)
    if against:
        return Reply("tentative", f"{against} AllRequestOutOfPolicy is True: it waits for a delegate's approval.")
    if settings["AllBookInPolicy"]:
        return Reply("accepted", "The resource is free, and the request is in policy.")
    if settings["AllRequestInPolicy"]:
        return Reply("tentative", "AllBookInPolicy is False: it waits for a delegate's approval.")
    return Reply("declined", "AllBookInPolicy and AllRequestInPolicy are False: the organizer may not book.")


def _refuse_what_is_not_imitated(settings: dict[str, Any]) -> None:
    for name in NOT_IMITATED:
        if settings[name]:
            raise SettingNotImitatedError(f"The local tenant does not imitate calendar processing with {name}.")


def _out_of_policy(settings: dict[str, Any], room: Mailbox, invitation: Invitation, now: datetime) -> str | None:
    """Return why a request is not in policy, or None."""
    window, longest = settings["BookingWindowInDays"], settings["MaximumDurationInMinutes"]
    shortest = settings["MinimumDurationInMinutes"] if room.resource_type == "Workspace" else 0
    duration = invitation.end - invitation.start
    if (invitation.start.date() - now.date()).days > window:
        return f"It begins more than {window} days ahead (BookingWindowInDays)."
    if longest and duration > timedelta(minutes=longest):
        return f"It is longer than {longest} minutes (MaximumDurationInMinutes)."
    if duration < timedelta(minutes=shortest):
        return f"It is shorter than {shortest} minutes (MinimumDurationInMinutes)."
    if not settings["AllowConflicts"] and any(_in_the_way(event, invitation) for event in room.events):
        return "It conflicts with another booking (AllowConflicts is False)."
    return None


def _in_the_way(event: Event, invitation: Invitation) -> bool:
    touches = event.start < invitation.end and event.end > invitation.start
    return touches and event.properties.get("showAs", "busy") != "free"


def _kept(settings: dict[str, Any], room: Mailbox, invitation: Invitation, reply: Reply, now: datetime) -> Event:
    """Return the event as the room's calendar keeps it.

    What concerns subject and body is used with AutoAccept only; the private flag is cleared with AutoUpdate as well,
    since Microsoft's page makes no such exception for RemovePrivateProperty.
    """
    subject, body = invitation.subject, invitation.body
    is_private = invitation.is_private and not settings["RemovePrivateProperty"]
    if settings["AutomateProcessing"] == "AutoAccept":
        if settings["AddOrganizerToSubject"]:
            subject = invitation.organizer.name
        elif settings["DeleteSubject"]:
            subject = ""
        if settings["DeleteComments"]:
            body = ""
    show_as = "busy"
    response: Response = "accepted"
    if reply.outcome == "tentative":
        by_itself = settings["AutomateProcessing"] == "AutoUpdate"
        show_as = "tentative" if by_itself or settings["TentativePendingApproval"] else "free"
        response = "notResponded" if by_itself else "tentativelyAccepted"
    properties = {"subject": subject, "body": {"contentType": "html", "content": body}, "showAs": show_as}
    return copy_of(
        room, invitation, now, response, {**properties, "sensitivity": "private" if is_private else "normal"}
    )


def copy_of(
    mailbox: Mailbox, invitation: Invitation, now: datetime, response: Response, properties: dict[str, Any]
) -> Event:
    """Return a mailbox's copy of a meeting; its id follows from the two."""
    mark = sha256(f"{invitation.meeting_id}/{mailbox.guid}".encode()).digest()
    return Event(
        id=f"AAMk{urlsafe_b64encode(mark).decode()}",
        created_date_time=now,
        changed_date_time=now,
        start=invitation.start,
        end=invitation.end,
        properties=properties,
        organizer=invitation.organizer,
        response=response,
        meeting_id=invitation.meeting_id,
    )
