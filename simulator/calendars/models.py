"""Events as Graph's JSON has them: which properties a caller may write, and times with their zones.

Source: Microsoft Graph v1.0 reference, resource types calendar, event and dateTimeTimeZone.
"""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator import moments
from simulator.graph import errors
from simulator.graph.call import Call
from simulator.records import Event, Mailbox, Organizer

Document = dict[str, Any]

DEFAULTS: Document = {
    "subject": "",
    "body": {"contentType": "html", "content": ""},
    "location": {"displayName": "", "locationType": "default"},
    "attendees": [],
    "categories": [],
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isAllDay": False,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
}
"""The writable properties of an event, its times aside, and what they are when nobody said."""

NEVER = "0001-01-01T00:00:00Z"
"""What Graph writes for a moment that there was not."""

CHOICES = {
    "importance": {"low", "normal", "high"},
    "sensitivity": {"normal", "personal", "private", "confidential"},
    "showAs": {"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"},
}
WINDOWS_ZONES = {
    "W. Europe Standard Time": "Europe/Zurich",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Romance Standard Time": "Europe/Paris",
    "GMT Standard Time": "Europe/London",
    "E. Europe Standard Time": "Europe/Chisinau",
    "Eastern Standard Time": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
}
"""Unicode CLDR, windowsZones: the zones that Europe meets, and two of the Graph reference's examples."""


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name, UTC, or one of the Windows names above.  Raises GraphError: 501."""
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise errors.not_imitated(f"the time zone '{name}'") from error
    except KeyError as error:
        raise errors.not_imitated(f"the time zone '{name}'") from error


_PREFER = re.compile(r'outlook\.timezone\s*=\s*"?([^",;]+)"?')


def time_zone(call: Call) -> str:
    """Return the name of the time zone that the caller wants times in: `Prefer: outlook.timezone="..."`, else UTC."""
    found = _PREFER.search(call.request.headers.get("prefer", ""))
    return found.group(1).strip() if found else "UTC"


def read_moment(document: Any, name: str) -> datetime:
    """Return a dateTimeTimeZone as a moment in UTC.  Raises GraphError."""
    if not isinstance(document, dict) or set(document) - {"dateTime", "timeZone", "@odata.type"}:
        raise errors.GraphError(
            400, "ErrorPropertyValidationFailure", f"The property '{name}' is not a dateTimeTimeZone."
        )
    try:
        moment = datetime.fromisoformat(str(document["dateTime"]).rstrip("Z").partition(".")[0])
    except (KeyError, ValueError) as error:
        raise errors.GraphError(
            400, "ErrorPropertyValidationFailure", f"The dateTime of '{name}' is no time."
        ) from error
    return moment.replace(tzinfo=zone(str(document.get("timeZone") or "UTC"))).astimezone(UTC)


def write_moment(moment: datetime, name: str) -> Document:
    """Return a moment as a dateTimeTimeZone of the named zone."""
    return {"dateTime": moment.astimezone(zone(name)).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": name}


def check(body: Document) -> None:
    """Refuse values that an event can't have.  Raises GraphError."""
    for name, choices in CHOICES.items():
        if name in body and body[name] not in choices:
            raise errors.GraphError(400, "ErrorPropertyValidationFailure", f"'{body[name]}' is no value of '{name}'.")
    if "subject" in body and not isinstance(body["subject"], str):
        raise errors.GraphError(400, "ErrorPropertyValidationFailure", "The subject must be a text.")


def event_document(mailbox: Mailbox, event: Event, time_zone: str) -> Document:
    """Return an event with all of its properties, its times in a zone."""
    body = {**DEFAULTS, **event.properties}
    organizer = event.organizer or Organizer(name=mailbox.display_name, address=mailbox.address)
    answered = event.response not in ("organizer", "none", "notResponded")
    return {
        "id": event.id,
        "createdDateTime": moments.ticks(event.created_date_time),
        "lastModifiedDateTime": moments.ticks(event.changed_date_time),
        "changeKey": f"{event.id[:12]}{int(event.changed_date_time.timestamp())}",
        "originalStartTimeZone": time_zone,
        "originalEndTimeZone": time_zone,
        "iCalUId": event.meeting_id or event.id,
        "hasAttachments": False,
        "bodyPreview": "",
        "isCancelled": False,
        "isOrganizer": event.response == "organizer",
        "isDraft": False,
        "type": "singleInstance",
        "recurrence": None,
        "seriesMasterId": None,
        "onlineMeeting": None,
        "responseStatus": {
            "response": event.response,
            "time": moments.seconds(event.created_date_time) if answered else NEVER,
        },
        **body,
        "start": write_moment(event.start, time_zone),
        "end": write_moment(event.end, time_zone),
        "organizer": {"emailAddress": organizer.model_dump()},
    }


def calendar_document(mailbox: Mailbox) -> Document:
    """Return the mailbox's one calendar."""
    return {
        "id": f"AAMk{mailbox.guid.replace('-', '')}AAA=",
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": mailbox.guid.replace("-", "")[:16],
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": False,
        "isRemovable": False,
        "owner": {"name": mailbox.display_name, "address": mailbox.address},
    }
