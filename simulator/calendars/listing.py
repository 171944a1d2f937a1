"""Which events of a calendar a list holds, and in which order: $filter and $orderby.

Sources: Microsoft Graph, "Use query parameters to customize responses" ($filter on start/dateTime) and "List events"
(startsWith on subject).  Anything else is refused by name.  Owns nothing of pages, which are graph/query.py's.
"""

import re
from collections.abc import Callable
from datetime import datetime
from operator import eq, ge, gt, le, lt

from simulator import moments
from simulator.graph import errors
from simulator.graph.call import Call
from simulator.records import Event

_TIMES = r"(start|end)/dateTime"
_ORDER = re.compile(rf"^\s*{_TIMES}(?:\s+(asc|desc))?\s*$", re.IGNORECASE)
_TIME = re.compile(rf"^\s*{_TIMES}\s+(eq|ge|gt|le|lt)\s+'([^']+)'\s*$", re.IGNORECASE)
_SUBJECT = re.compile(r"^\s*startswith\(\s*subject\s*,\s*'((?:[^']|'')*)'\s*\)\s*$", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
"""The word between two conditions, not inside of quotation marks."""
_COMPARISONS: dict[str, Callable[[datetime, datetime], bool]] = {"eq": eq, "ge": ge, "gt": gt, "le": le, "lt": lt}

Condition = Callable[[Event], bool]


def ordered(call: Call, events: list[Event]) -> list[Event]:
    """Return the events in the order that $orderby asks for, as they are without it.  Raises GraphError: 501."""
    text = call.request.query_params.get("$orderby")
    if text is None:
        return events
    found = _ORDER.match(text)
    if found is None:
        raise errors.not_imitated(f'the order "{text}" of events; it knows start/dateTime and end/dateTime')
    return sorted(events, key=_moment(found.group(1)), reverse=(found.group(2) or "").lower() == "desc")


def matching(call: Call, events: list[Event]) -> list[Event]:
    """Return the events that $filter lets through, all without it.  Raises GraphError: 400 or 501."""
    text = call.request.query_params.get("$filter")
    if text is None:
        return events
    conditions = [_condition(part, text) for part in _AND.split(text)]
    return [event for event in events if all(condition(event) for condition in conditions)]


def _moment(name: str) -> Callable[[Event], datetime]:
    return (lambda event: event.start) if name.lower() == "start" else (lambda event: event.end)


def _condition(part: str, whole: str) -> Condition:
    subject, time = _SUBJECT.match(part), _TIME.match(part)
    if subject:
        wanted = subject.group(1).replace("''", "'").casefold()
        return lambda event: str(event.properties.get("subject") or "").casefold().startswith(wanted)
    if time is None:
        raise errors.not_imitated(
            f'the filter "{whole}" of events; it knows comparisons of start/dateTime and end/dateTime, '
            "startsWith(subject,'...') and the word and"
        )
    try:
        limit = moments.parse(time.group(3))
    except ValueError as error:
        raise errors.GraphError(400, "ErrorInvalidParameter", f"The value '{time.group(3)}' is no time.") from error
    moment, compare = _moment(time.group(1)), _COMPARISONS[time.group(2).lower()]
    return lambda event: compare(moment(event), limit)
