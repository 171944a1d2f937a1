"""The routes of calendars, in v1.0 and beta alike."""

from starlette.routing import Route

from simulator.calendars import handlers, schedule
from simulator.graph.call import Handler, endpoint
from simulator.graph.routes import VERSIONS
from simulator.operation import Operation, routes

REFERENCE = "Microsoft Graph v1.0 reference"
USER = "/users/{user}"
EVENTS = (f"{USER}/events", f"{USER}/calendar/events")
EVENT = tuple(f"{path}/{{event}}" for path in EVENTS)


def _operation(method: str, paths: tuple[str, ...], handler: Handler, imitated: str, source: str) -> Operation:
    every = tuple(version + path for version in VERSIONS for path in paths)
    return Operation(method, every, endpoint(handler), imitated, f"{REFERENCE}, {source}")


OPERATIONS = [
    _operation("GET", (f"{USER}/calendar",), handlers.get_calendar, "the one calendar of a mailbox", "Get calendar"),
    _operation(
        "GET",
        (f"{USER}/calendarView", f"{USER}/calendar/calendarView"),
        handlers.get_view,
        "single events; $select, $top, $orderby on start/dateTime and end/dateTime; pages of 10; Prefer outlook.timezone",
        "List calendarView",
    ),
    _operation(
        "POST",
        (f"{USER}/calendar/getSchedule",),
        schedule.get_schedule,
        "up to 20 mailboxes, less than 62 days; each that the caller may not read, or that there is not, is answered with "
        "an error (unverified); no subject of a private event; not distribution lists",
        "calendar: getSchedule",
    ),
    _operation(
        "GET",
        EVENTS,
        handlers.list_events,
        "$select, $top; $filter by start/dateTime, end/dateTime and startsWith(subject); $orderby on start/dateTime and "
        "end/dateTime; pages of 10",
        "List events",
    ),
    _operation("POST", EVENTS, handlers.create_event, "single events; no invitations are sent", "Create event"),
    _operation("GET", EVENT, handlers.get_event, "$select", "Get event"),
    _operation("PATCH", EVENT, handlers.change_event, "as create", "Update event"),
    _operation("DELETE", EVENT, handlers.delete_event, "whole", "Delete event"),
]


def starlette_routes() -> list[Route]:
    """Return the routes."""
    return routes(OPERATIONS)
