"""Calendars and events for applications.

Owns what a permitted caller reads and writes; rights.py decides who that is.  An event that an application writes into
a room's calendar is not an invitation: calendar processing does not touch it.
"""

from datetime import datetime
from urllib.parse import quote

from simulator import moments
from simulator.calendars import listing, models, rights
from simulator.graph import errors, filters, query
from simulator.graph.call import Answer, Call
from simulator.records import Event, Mailbox
from simulator.tenant import new_opaque_id

EVENTS_OF_A_PAGE = 10
"""Microsoft Graph, "List events": the default page."""


def get_calendar(call: Call) -> Answer:
    """Answer the mailbox's calendar."""
    mailbox = rights.mailbox_for(call, rights.READ)
    return Answer(document=query.one(call, models.calendar_document(mailbox), _name(call, "calendar"), "calendar"))


def get_view(call: Call) -> Answer:
    """Answer the events that touch a span of time."""
    mailbox = rights.mailbox_for(call, rights.READ)
    begin, end = _bound(call, "startDateTime"), _bound(call, "endDateTime")
    if end < begin:
        raise errors.GraphError(400, "ErrorInvalidParameter", "endDateTime is before startDateTime.")
    found = sorted((e for e in mailbox.events if e.start < end and e.end > begin), key=lambda e: e.start)
    options = frozenset({"startDateTime", "endDateTime", "$orderby"})
    return _list(call, mailbox, listing.ordered(call, found), options)


def list_events(call: Call) -> Answer:
    """Answer all events."""
    mailbox = rights.mailbox_for(call, rights.READ)
    found = listing.ordered(call, listing.matching(call, mailbox.events))
    return _list(call, mailbox, found, frozenset({"$filter", "$orderby"}))


def get_event(call: Call) -> Answer:
    """Answer one event."""
    mailbox = rights.mailbox_for(call, rights.READ)
    return _answer(call, mailbox, _find(call, mailbox))


def create_event(call: Call) -> Answer:
    """Write an event."""
    mailbox = rights.mailbox_for(call, rights.WRITE)
    query.check_options(call, set())
    body = call.take({*models.DEFAULTS, "start", "end"})
    models.check(body)
    for name in ("start", "end"):
        if name not in body:
            raise errors.GraphError(400, "ErrorPropertyValidationFailure", f"At least one property failed: {name}.")
    start, end = (models.read_moment(body.pop(name), name) for name in ("start", "end"))
    _check_span(start, end)
    now = call.tenant.now()
    event = Event(
        id=f"AAMk{new_opaque_id(36)}=",
        created_date_time=now,
        changed_date_time=now,
        start=start,
        end=end,
        properties=body,
    )
    mailbox.events.append(event)
    answer = _answer(call, mailbox, event)
    return Answer(201, answer.document, f"{call.base}/users/{mailbox.object_id}/events/{event.id}")


def change_event(call: Call) -> Answer:
    """Change what the body names."""
    mailbox = rights.mailbox_for(call, rights.WRITE)
    query.check_options(call, set())
    event = _find(call, mailbox)
    body = call.take({*models.DEFAULTS, "start", "end"})
    models.check(body)
    start = models.read_moment(body.pop("start"), "start") if "start" in body else event.start
    end = models.read_moment(body.pop("end"), "end") if "end" in body else event.end
    _check_span(start, end)
    event.start, event.end = start, end
    event.properties = {**event.properties, **body}
    event.changed_date_time = call.tenant.now()
    return _answer(call, mailbox, event)


def delete_event(call: Call) -> Answer:
    """Delete an event."""
    mailbox = rights.mailbox_for(call, rights.WRITE)
    query.check_options(call, set())
    mailbox.events.remove(_find(call, mailbox))
    return Answer(204)


def _bound(call: Call, name: str) -> datetime:
    text = call.request.query_params.get(name)
    if not text:
        raise errors.GraphError(
            400,
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
        )
    try:
        # A plus sign in a query means a blank; callers forget to write it as %2B.
        return moments.parse(text.replace(" ", "+"))
    except ValueError as error:
        raise errors.GraphError(400, "ErrorInvalidParameter", f"The value '{text}' of {name} is no time.") from error


def _check_span(start: datetime, end: datetime) -> None:
    if end < start:
        raise errors.GraphError(400, "ErrorPropertyValidationFailure", "The end of the event is before its start.")


def _find(call: Call, mailbox: Mailbox) -> Event:
    for event in mailbox.events:
        if event.id == call.path("event"):
            return event
    raise errors.GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _list(call: Call, mailbox: Mailbox, events: list[Event], options: frozenset[str]) -> Answer:
    time_zone = models.time_zone(call)
    documents = [models.event_document(mailbox, event, time_zone) for event in events]
    return Answer(
        document=query.page(
            call,
            documents,
            _name(call, call.request.url.path.rpartition("/")[2]),
            "event",
            filters.NO_FILTER,
            default_size=EVENTS_OF_A_PAGE,
            further_options=options,
        )
    )


def _answer(call: Call, mailbox: Mailbox, event: Event) -> Answer:
    document = models.event_document(mailbox, event, models.time_zone(call))
    return Answer(document=query.one(call, document, _name(call, "events"), "event"))


def _name(call: Call, collection: str) -> str:
    """Return what `@odata.context` calls a collection of the mailbox: by the user as the request named it."""
    return f"users('{quote(call.path('user'), safe='')}')/{collection}"
