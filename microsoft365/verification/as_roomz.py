"""Asks Microsoft Graph as ROOMZ does: a token and its roles, every room's calendar, the control mailbox. Changes nothing.

Owns which requests are made and the values that judging takes. A room's next meetings are read, since they are what a
display shows; of the control mailbox, which is a person's, nothing but whether its calendar answers.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from microsoft365.errors import SignInRefused
from microsoft365.exchange.transport import Reporter
from microsoft365.graph.batch import GraphBatches, Reply, Request
from microsoft365.session import Session
from microsoft365.verification.doors import Meeting, meeting_of

# How far ahead meetings are looked at, and how many of each room.
_AHEAD = timedelta(days=7)
_MOST_MEETINGS = 10
_FIELDS = "subject,sensitivity,organizer,createdDateTime,start"


@dataclass(frozen=True, slots=True)
class Seen:
    """What ROOMZ's identity was answered for one mailbox. Status 0: nothing usable."""

    status: int
    code: str = ""
    message: str = ""
    meetings: tuple[Meeting, ...] = ()

    @property
    def said(self) -> str:
        """The answer in one line."""
        return " ".join(f"HTTP {self.status} {self.code} {self.message}".split()) if self.status else "no usable answer"


@dataclass(frozen=True, slots=True)
class AsRoomz:
    """What was seen with ROOMZ's identity.

    `roles` are those of its token, None where it cannot be read. `rooms` are by address as it was asked for; `by_id` those
    that were not found by address and whose object id was known, with what that answered.
    """

    refusal: SignInRefused | None = None
    roles: frozenset[str] | None = None
    rooms: Mapping[str, Seen] = field(default_factory=dict)
    by_id: Mapping[str, Seen] = field(default_factory=dict)
    control: Seen | None = None


def roles_of(token: str) -> frozenset[str] | None:
    """Return the roles that an access token carries; None for a token that is in no form that can be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    roles = claims.get("roles", []) if isinstance(claims, dict) else None
    return frozenset(str(role) for role in roles) if isinstance(roles, list) else None


def batches_of(session: Session) -> GraphBatches:
    """Return the way to Graph's batches as the session's identity."""
    graph = session.endpoints.graph
    return GraphBatches(session.graph.http, graph, lambda stale: session.sign_in.token(graph, instead_of=stale))


def look(
    session: Session,
    addresses: Sequence[str],
    object_ids: Mapping[str, str],
    control: str | None,
    reporter: Reporter,
) -> AsRoomz:
    """Sign in and read. `object_ids` are Exchange's by address, where an administrator's identity knows them.

    Raises what reading raises; a refused sign-in and whatever a mailbox is answered are results.
    """
    reporter.begin("Signing in as ROOMZ", 0)(1)
    try:
        token = session.sign_in.token(session.endpoints.graph)
    except SignInRefused as refusal:
        return AsRoomz(refusal=refusal)
    batches = batches_of(session)
    now = session.now()
    requests = [Request("GET", _view(address, now)) for address in addresses]
    if control is not None:
        # Its name and owner at most, never what a person has planned.
        requests.append(Request("GET", f"{mailbox_path(control)}/calendar?$select=id"))
    replies = batches.run(requests, reporter.begin("Reading rooms as ROOMZ does", len(requests)))
    rooms = {address: seen_of(reply) for address, reply in zip(addresses, replies, strict=False)}
    missing = [address for address, seen in rooms.items() if seen.code == "ErrorInvalidUser" and address in object_ids]
    again = batches.run([Request("GET", _view(object_ids[address], now)) for address in missing])
    return AsRoomz(
        roles=roles_of(token),
        rooms=rooms,
        by_id={address: seen_of(reply) for address, reply in zip(missing, again, strict=True)},
        control=None if control is None else _answered(replies[-1]),
    )


def mailbox_path(name: str) -> str:
    """Return the path of a mailbox by address or object id."""
    return f"/users/{quote(name, safe='@')}"


def seen_of(reply: Reply) -> Seen:
    """Return what a room's answer says; a good status without a list of meetings is no usable answer."""
    events = reply.body.get("value")
    if reply.status != 200:
        return _answered(reply)
    if not isinstance(events, list):
        return Seen(0)
    return Seen(200, meetings=tuple(meeting_of(event) for event in events if isinstance(event, dict)))


def _answered(reply: Reply) -> Seen:
    return Seen(reply.status, reply.code, reply.message)


def _view(name: str, now: datetime) -> str:
    begin, end = (quote(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), safe="") for moment in (now, now + _AHEAD))
    options: dict[str, Any] = {
        "startDateTime": begin,
        "endDateTime": end,
        "$select": _FIELDS,
        "$orderby": "start/dateTime",
        "$top": _MOST_MEETINGS,
    }
    return f"{mailbox_path(name)}/calendarView?" + "&".join(f"{key}={value}" for key, value in options.items())
