"""Asks Exchange and Microsoft Entra as an administrator: what is declared there, and what Exchange's own tests say.

Owns which cmdlets are asked and the values that judging takes. What the identity may not read is left out by name, with
the reason, so that a reader with few rights still tells what it can. Changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeVar

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.exchange.desired import Rooms
from microsoft365.exchange.observe import (
    calendar_call,
    calendar_of,
    members_call,
    members_of,
    policies_call,
    policies_of,
)
from microsoft365.exchange.observed import SECURITY_GROUP, CalendarSettings, Member, Policy, Room
from microsoft365.exchange.rbac_observed import ROLE, Assignment, Principal, Scope
from microsoft365.exchange.rbac_reading import (
    assignments_call,
    assignments_of,
    lists_calls,
    principals_of,
    scopes_of,
)
from microsoft365.exchange.reading_rights import missing_to_read
from microsoft365.exchange.room_list import room_list_of
from microsoft365.exchange.room_reading import rooms_calls, rooms_of, who_else
from microsoft365.exchange.rows import guid_of, has, id_of, rows_or_none
from microsoft365.exchange.transport import Answer, Call, Reporter, Transport
from microsoft365.graph.permissions import Permission, held_permissions
from microsoft365.packets import threads
from microsoft365.session import Session
from microsoft365.verification.subject import Subject

Section = Literal["grants", "policies", "rbac", "groups", "tests", "processing", "control"]
_GROUP_FIELDS = ("Guid", "ExternalDirectoryObjectId", "Name", "PrimarySmtpAddress", "RecipientTypeDetails")
_PERMISSION = "Calendars.ReadWrite"
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Circle:
    """A group that something points at, with its direct members."""

    object_id: str
    name: str
    address: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class AsAdministrator:
    """What was seen with an administrator's identity. Whatever stands in `unread` was not read, for that reason.

    `addresses` are the rooms to be verified; `rooms` those of them that Exchange knows, by address in lower case. `tested`
    tells, by address in lower case, whether Exchange's own test lets the application at it; none where it did not say.
    `control_kind` is Exchange's RecipientTypeDetails of the control mailbox, None where it knows nobody of that address.
    """

    addresses: tuple[str, ...] = ()
    rooms: Mapping[str, Room] = field(default_factory=dict)
    on_premises: tuple[Room, ...] = ()
    principal_id: str | None = None
    permissions: tuple[Permission, ...] = ()
    policies: tuple[Policy, ...] = ()
    principal: Principal | None = None
    assignments: tuple[Assignment, ...] = ()
    scopes: tuple[Scope, ...] = ()
    circles: tuple[Circle, ...] = ()
    tested: Mapping[str, bool] = field(default_factory=dict)
    processing: Mapping[str, CalendarSettings] = field(default_factory=dict)
    control_kind: str | None = None
    unread: Mapping[Section, str] = field(default_factory=dict)

    def circle_of(self, identity: str) -> Circle | None:
        """Return the group by name or object id; None where it was not found."""
        wanted = identity.casefold()
        return next((one for one in self.circles if wanted in (one.name.casefold(), one.object_id)), None)

    @property
    def object_ids(self) -> dict[str, str]:
        """Exchange's object id of each room to be verified that it knows, by address as it was asked for."""
        found = {address: self.rooms.get(address.casefold()) for address in self.addresses}
        return {address: room.object_id for address, room in found.items() if room is not None}


def look(session: Session, subject: Subject, reporter: Reporter) -> AsAdministrator:
    """Read. Raises NoAccess where the identity cannot sign in or may not list rooms, BadInput for rooms that there are not."""
    reporter.begin("Asking Exchange and Microsoft Entra as the administrator", 0)(1)
    session.warm_up()
    try:
        return _Look(session, subject, reporter).whole()
    except NoAccess as problem:
        raise problem.saying(_to_a_reader(problem)) from None


class _Look:
    def __init__(self, session: Session, subject: Subject, reporter: Reporter) -> None:
        self._session = session
        self._exchange: Transport = session.exchange
        self._subject = subject
        self._reporter = reporter
        self._unread: dict[Section, str] = {}

    def whole(self) -> AsAdministrator:
        subject, named = self._subject, self._subject.named_rooms
        wish = subject.rooms if named is None else _any_kind(named)
        room_calls = rooms_calls(wish)
        calls = [*room_calls, policies_call(), *lists_calls()[:2], _groups_call()]
        with threads(1) as pool:
            permissions_later = pool.submit(held_permissions, self._session.graph, subject.client_id)
            answers = self._exchange.run(calls)
            principal_id, permissions = self._read("grants", permissions_later.result) or (None, ())
        rooms, on_premises, addresses = self._rooms(wish, named, answers[: len(room_calls)])
        policy_answer, principal_answer, scope_answer, group_answer = answers[len(room_calls) :]
        policies = self._read("policies", lambda: policies_of(policy_answer)) or ()
        principals = self._read("rbac", lambda: principals_of(principal_answer)) or ()
        scopes = self._read("rbac", lambda: scopes_of(scope_answer)) or ()
        principal = next((one for one in principals if one.app_id == subject.client_id), None)
        assignments = self._assignments(principal)
        return AsAdministrator(
            addresses=addresses,
            rooms=rooms,
            on_premises=on_premises,
            principal_id=principal_id,
            permissions=permissions,
            policies=policies,
            principal=principal,
            assignments=assignments,
            scopes=scopes,
            circles=self._circles(group_answer, policies, assignments),
            tested=self._tested(principal, addresses),
            processing=self._processing({one: rooms[one.casefold()] for one in addresses if one.casefold() in rooms}),
            control_kind=self._control_kind(),
            unread=self._unread,
        )

    def _read(self, section: Section, read: Callable[[], Value]) -> Value | None:
        """Return what is read; None, with the reason noted, for lack of a right or where Exchange refuses."""
        try:
            return read()
        except (NoAccess, TenantRefused) as problem:
            self._unread.setdefault(section, _to_a_reader(problem))
            return None

    def _rooms(
        self, wish: Rooms, named: tuple[str, ...] | None, answers: Sequence[Answer]
    ) -> tuple[dict[str, Room], tuple[Room, ...], tuple[str, ...]]:
        if named is not None:
            # Whatever somebody named is asked about, also what is no room: that is found out then.
            return _by_address(rooms_of(answers[0])), (), named
        rooms = room_list_of(self._exchange, wish, answers)
        return _by_address(rooms.existing), rooms.unreachable, tuple(room.address for room in rooms.wanted)

    def _assignments(self, principal: Principal | None) -> tuple[Assignment, ...]:
        if principal is None or "rbac" in self._unread:
            return ()
        (answer,) = self._exchange.run([assignments_call(principal.object_id)])
        return self._read("rbac", lambda: assignments_of(answer)) or ()

    def _circles(
        self, groups: Answer, policies: Sequence[Policy], assignments: Sequence[Assignment]
    ) -> tuple[Circle, ...]:
        ids = {policy.group_object_id for policy in policies if policy.app_id == self._subject.client_id}
        names = {one.scope.casefold() for one in assignments if one.kind == "group"}
        rows = self._read("groups", lambda: rows_or_none(groups)) or ()
        needed = [
            row
            for row in rows
            if id_of(row.get("ExternalDirectoryObjectId")) in ids or str(row.get("Name") or "").casefold() in names
        ]
        answers = self._exchange.run([members_call(guid_of(row)) for row in needed]) if needed else []
        circles: list[Circle] = []
        for row, answer in zip(needed, answers, strict=True):
            members = self._read("groups", partial(members_of, answer)) or ()
            object_id = id_of(row.get("ExternalDirectoryObjectId")) or guid_of(row)
            circles.append(
                Circle(object_id, str(row.get("Name") or ""), str(row.get("PrimarySmtpAddress") or ""), members)
            )
        return tuple(circles)

    def _tested(self, principal: Principal | None, addresses: Sequence[str]) -> dict[str, bool]:
        control = self._subject.control_mailbox
        everybody = [*addresses, *([control] if control is not None else [])]
        if self._subject.access == "rbac":
            if "rbac" in self._unread:
                self._unread.setdefault("tests", self._unread["rbac"])
                return {}
            if principal is None:
                # What Exchange does not know has no role.
                return {address.casefold(): False for address in everybody}
            calls = [_authorization_call(principal.object_id, address) for address in everybody]
            read = _in_scope
        else:
            calls = [_policy_test_call(self._subject.client_id, address) for address in everybody]
            read = _granted
        answers = self._exchange.run(calls, self._reporter.begin("Asking Exchange's own test", len(calls)))
        found = {
            address.casefold(): self._read("tests", partial(read, answer))
            for address, answer in zip(everybody, answers, strict=True)
        }
        return {address: reached for address, reached in found.items() if reached is not None}

    def _processing(self, rooms: Mapping[str, Room]) -> dict[str, CalendarSettings]:
        calls = [calendar_call(room.guid) for room in rooms.values()]
        answers = self._exchange.run(calls, self._reporter.begin("Reading calendar processing", len(calls)))
        found = {
            address.casefold(): self._read("processing", partial(calendar_of, answer))
            for address, answer in zip(rooms, answers, strict=True)
        }
        return {address: settings for address, settings in found.items() if settings is not None}

    def _control_kind(self) -> str | None:
        control = self._subject.control_mailbox
        if control is None:
            return None
        address = control.casefold()
        return (self._read("control", lambda: who_else(self._exchange, [address])) or {}).get(address)


def _to_a_reader(problem: NoAccess | TenantRefused) -> str:
    """Return what was refused and what it takes to read it, which is less than whoever deploys has."""
    if not isinstance(problem, NoAccess) or not problem.cmdlet:
        return str(problem)
    return f"Exchange does not allow it: {missing_to_read(problem.cmdlet)}"


def _by_address(rooms: Sequence[Room]) -> dict[str, Room]:
    return {address: room for room in rooms for address in room.addresses | {room.address.casefold()}}


def _any_kind(addresses: tuple[str, ...]) -> Rooms:
    """Return the wish for these rooms, of whatever kind; it is only to read what Exchange knows of them."""
    return Rooms(include=addresses, kinds=("room", "workspace", "equipment"))


def _groups_call() -> Call:
    parameters = {"RecipientTypeDetails": [SECURITY_GROUP], "ResultSize": "Unlimited"}
    return Call("Get-DistributionGroup", parameters, _GROUP_FIELDS)


def _policy_test_call(client_id: str, address: str) -> Call:
    return Call("Test-ApplicationAccessPolicy", {"Identity": address, "AppId": client_id})


def _authorization_call(principal_id: str, address: str) -> Call:
    return Call("Test-ServicePrincipalAuthorization", {"Identity": principal_id, "Resource": address})


def _granted(answer: Answer) -> bool | None:
    """Read Test-ApplicationAccessPolicy: one row that says Granted or Denied, anything else says nothing."""
    rows = rows_or_none(answer)
    if len(rows) != 1:
        return None
    if has(rows[0], "AccessCheckResult", "Granted"):
        return True
    return False if has(rows[0], "AccessCheckResult", "Denied") else None


def _in_scope(answer: Answer) -> bool | None:
    """Read Test-ServicePrincipalAuthorization: a row for each role, `InScope` as a Boolean or as its text.

    None where the mailbox is not found: then it says nothing about the application.
    """
    if answer.failure is not None and answer.failure.not_found:
        return None
    of_calendars = [
        row
        for row in answer.complete()
        if has(row, "RoleName", ROLE)
        or _PERMISSION.casefold()
        in (part.strip().casefold() for part in str(row.get("GrantedPermissions") or "").split(","))
    ]
    return any(str(row.get("InScope")).casefold() == "true" for row in of_calendars)
