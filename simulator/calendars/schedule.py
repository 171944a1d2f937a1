"""getSchedule: who is free when, each schedule answered by itself.

Source: Microsoft Graph v1.0 reference, "calendar: getSchedule", resource types scheduleInformation and scheduleItem;
"Get free/busy schedule of Outlook calendar users and resources" (20 schedules, less than 62 days, what is shown of an
event).  The caller needs a right to the mailbox of the path; Microsoft does not say what it needs for the schedules
that it names.  Here it needs the same right to each, and one that it may not read is answered with an error.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from simulator import access
from simulator.calendars import models, rights
from simulator.graph import errors, query
from simulator.graph.call import Answer, Call
from simulator.records import Event, Group, Mailbox

MOST_SCHEDULES = 20
LONGEST = timedelta(days=62)
SLOT_MINUTES = (5, 1440)
"""The shortest and the longest slot of the merged view."""
USUAL_SLOT = 30
DIGITS = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3}
"""The merged view's digits; `unknown` counts as busy (unverified)."""
WORKING_HOURS = {
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
    "timeZone": {"name": "W. Europe Standard Time"},
}
"""Those of a mailbox whose owner never changed them; Set-MailboxCalendarConfiguration is not imitated."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Period:
    """What of the calendars is asked for."""

    begin: datetime
    end: datetime
    slot: timedelta
    time_zone: str


def get_schedule(call: Call) -> Answer:
    """Answer the schedules that the body names, in its order."""
    rights.mailbox_for(call, rights.READ)
    query.check_options(call, set())
    wanted = _arguments(call)
    begin, end = (models.read_moment(wanted.get(name), name) for name in ("startTime", "endTime"))
    slot = timedelta(minutes=_slot(wanted.get("availabilityViewInterval", USUAL_SLOT)))
    if end - begin < slot:
        raise _invalid("The period must end after it starts, and must not be shorter than availabilityViewInterval.")
    period = Period(begin, end, slot, models.time_zone(call))
    restrictions = access.restrictions_in_force(call.tenant, call.caller.app_id)
    schedules = [_schedule(call, restrictions, name, period) for name in _names(wanted.get("schedules"))]
    context = f"{call.base}/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return Answer(document={"@odata.context": context, "value": schedules})


def _schedule(call: Call, restrictions: access.Restrictions, name: str, period: Period) -> Document:
    begin, end = period.begin, period.end
    if end - begin > LONGEST:
        text = (
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long. The allowed limit = "
            f"{LONGEST.days} days; the actual limit = {(end - begin).days} days."
        )
        return _error(name, text, "5006")
    mailbox = _mailbox(call, name)
    if mailbox is None:
        return _error(name, f"Unable to resolve e-mail address {name} to an Active Directory object.", "5009")
    if mailbox.lives_on_premises or not rights.may(call, restrictions, rights.READ, mailbox):
        return _error(name, f"The caller has no free/busy access to the calendar of {name}.", "ErrorNoFreeBusyAccess")
    events = sorted((e for e in mailbox.events if e.start < end and e.end > begin), key=lambda event: event.start)
    return {
        "scheduleId": name,
        "availabilityView": _view(events, period),
        "scheduleItems": [_item(event, period.time_zone) for event in events],
        "workingHours": WORKING_HOURS,
    }


def _mailbox(call: Call, address: str) -> Mailbox | None:
    for found in call.tenant.find_recipients(address):
        if address.lower() == found.address.lower():
            if isinstance(found, Group):
                raise errors.not_imitated("the schedule of a distribution list")
            return found
    return None


def _error(name: str, message: str, code: str) -> Document:
    return {"scheduleId": name, "error": {"message": message, "responseCode": code}}


def _item(event: Event, zone: str) -> Document:
    """Return what the caller may see of an event: of a private one no more than when."""
    values = {**models.DEFAULTS, **event.properties}
    times = {
        "status": values["showAs"],
        "start": models.write_moment(event.start, zone),
        "end": models.write_moment(event.end, zone),
    }
    if values["sensitivity"] not in ("normal", "personal"):
        return {"isPrivate": values["sensitivity"] == "private", **times}
    location = values["location"] if isinstance(values["location"], dict) else {}
    return {
        "isPrivate": False,
        "subject": values["subject"],
        "location": str(location.get("displayName") or ""),
        **times,
    }


def _view(events: list[Event], period: Period) -> str:
    """Return one digit for each slot: the least free of what touches it."""
    begin, slot = period.begin, period.slot
    digits = [0] * ceil((period.end - begin) / slot)
    for event in events:
        digit = DIGITS.get({**models.DEFAULTS, **event.properties}["showAs"], DIGITS["busy"])
        first = max(0, (event.start - begin) // slot)
        last = min(len(digits), ceil((event.end - begin) / slot))
        for index in range(first, last):
            digits[index] = max(digits[index], digit)
    return "".join(str(digit) for digit in digits)


# -- the body -------------------------------------------------------------------------------------------------------------


def _arguments(call: Call) -> Document:
    """Return the action's parameters by their documented names; Graph's own examples write them with either case."""
    known = {name.lower(): name for name in ("schedules", "startTime", "endTime", "availabilityViewInterval")}
    given = {name: value for name, value in call.body.items() if not name.startswith("@odata.")}
    unknown = [name for name in given if name.lower() not in known]
    if unknown:
        raise errors.bad_request(f"Invalid property '{unknown[0]}'.")
    return {known[name.lower()]: value for name, value in given.items()}


def _names(value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each.strip() for each in value):
        raise _invalid("schedules must be a collection of SMTP addresses.")
    if len(value) > MOST_SCHEDULES:
        raise _invalid(f"The request names {len(value)} schedules. The maximum is {MOST_SCHEDULES}.")
    return value


def _slot(value: object) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    shortest, longest = SLOT_MINUTES
    if isinstance(value, bool) or not isinstance(value, int) or not shortest <= value <= longest:
        raise _invalid(f"availabilityViewInterval must be a number of minutes from {shortest} to {longest}.")
    return value


def _invalid(message: str) -> errors.GraphError:
    return errors.GraphError(400, "ErrorInvalidParameter", message)
