"""Reads what decisions need, in as few calls as the wire allows: one round for lists, one for everything about them.

Owns which cmdlets are asked and how their rows become observed.py's values. A row that is not what was asked for is
left out (some Get- cmdlets answer an unknown -Identity with all objects), one that lacks an id stops the run.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from microsoft365.errors import TenantRefused
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import (
    SECURITY_GROUP,
    CalendarSettings,
    Group,
    Member,
    Observed,
    Policy,
    Room,
)
from microsoft365.exchange.rbac_names import base_name
from microsoft365.exchange.rbac_observed import Assignment
from microsoft365.exchange.rbac_reading import assignments_beside, assignments_call, lists_calls, reach_of, read_rbac
from microsoft365.exchange.room_list import room_list_of
from microsoft365.exchange.room_reading import rooms_calls
from microsoft365.exchange.rows import addresses_of, guid_of, has, id_of, rows_or_none
from microsoft365.exchange.transport import Answer, Call, Reporter, Row, Transport
from microsoft365.marks import find

_GROUP_FIELDS = (
    "Guid",
    "ExternalDirectoryObjectId",
    "Name",
    "Alias",
    "PrimarySmtpAddress",
    "EmailAddresses",
    "RecipientTypeDetails",
    "HiddenFromAddressListsEnabled",
    "IsDirSynced",
)
_NOTES_FIELDS = ("Guid", "ExternalDirectoryObjectId", "Notes")
_MEMBER_FIELDS = ("ExternalDirectoryObjectId", "Guid", "PrimarySmtpAddress", "RecipientTypeDetails")
_CALENDAR_FIELDS = ("AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty")


def observe(transport: Transport, desired: DesiredState, reporter: Reporter) -> Observed:
    """Read everything that plan.plan needs.

    Raises what reading can raise (NoAccess, TenantRefused, GaveUp): a reading that fails is never an empty one. Raises
    BadInput when the configured rooms cannot be resolved, before their calendars are read.
    """
    reporter.begin("Reading rooms, groups and what restricts the application", 0)(1)
    room_calls = rooms_calls(desired.rooms)
    group_calls = [notes_call()]
    if desired.group is not None:
        group_calls.append(group_at_call(desired.group.primary_smtp_address))
    model_calls = _model_calls(desired)
    answers = transport.run([*room_calls, *group_calls, *model_calls])
    notes, *at_address = answers[len(room_calls) : len(room_calls) + len(group_calls)]
    of_model = answers[len(room_calls) + len(group_calls) :]
    notes_by_guid = notes_of(notes)
    known = groups_at(at_address[0]) if at_address else {}
    rooms = room_list_of(transport, desired.rooms, answers[: len(room_calls)])
    policies: tuple[Policy, ...] = ()
    beside: tuple[Assignment, ...] | None = ()
    rbac = None
    if desired.access == "rbac":
        rbac = read_rbac(transport, desired, of_model)
        needed = _marked_groups(notes_by_guid, rbac.former_bases | {base_name(desired.mark).casefold()})
        if needed and not (desired.uses_group and rbac.assignments):
            policies = _policies_if_readable(transport)
    else:
        policies = policies_of(of_model[0])
        needed = _needed_groups(desired, notes_by_guid, policies)
        client_id = desired.application.client_id
        if client_id is not None and not any(policy.app_id == client_id for policy in policies):
            beside = assignments_beside(transport, client_id)
    titled = rooms.wanted if desired.calendar == "titles" else ()
    groups, calendars = _second_round(transport, known, notes_by_guid, needed | set(known), titled, reporter)
    if rbac is not None:
        rbac = replace(rbac, reach=reach_of(transport, desired, rbac, rooms.wanted, groups))
    return Observed(
        rooms.existing, groups, policies, calendars, rooms.elsewhere, rooms.on_premises, rooms.matching, rbac, beside
    )


def _model_calls(desired: DesiredState) -> list[Call]:
    """Return the calls for what restricts an application in this access model."""
    if desired.access == "policy":
        return [policies_call()]
    principal_id = desired.application.service_principal_id
    return [*lists_calls(), *([assignments_call(principal_id)] if principal_id is not None else [])]


def notes_call() -> Call:
    """Return the call for all mail-enabled security groups' notes (only Get-Group has them)."""
    return Call("Get-Group", {"RecipientTypeDetails": [SECURITY_GROUP], "ResultSize": "Unlimited"}, _NOTES_FIELDS)


def notes_of(answer: Answer) -> dict[str, tuple[str, str]]:
    """Return object id and notes by group, its Guid in lower case."""
    return {
        guid_of(row): (id_of(row.get("ExternalDirectoryObjectId")), str(row.get("Notes") or ""))
        for row in answer.complete()
    }


def policies_call() -> Call:
    """Return the call for all application access policies; an -Identity is not to be trusted here."""
    return Call("Get-ApplicationAccessPolicy", {})


def policies_of(answer: Answer) -> tuple[Policy, ...]:
    """Read the policies; a tenant that never had one says "not found" instead of nothing."""
    return tuple(_policy(row) for row in rows_or_none(answer))


def _policies_if_readable(transport: Transport) -> tuple[Policy, ...]:
    """Read the policies where the model needs no right to: they are named and nothing else, so a refusal stops nobody."""
    (answer,) = transport.run([policies_call()])
    readable = answer.failure is None or answer.failure.not_found
    return policies_of(answer) if readable else ()


def group_call(guid: str) -> Call:
    """Return the call for one group's settings."""
    return Call("Get-DistributionGroup", {"Identity": guid}, _GROUP_FIELDS)


def group_at_call(address: str) -> Call:
    """Return the call for whichever group has an address; read its answer with `groups_at`."""
    return Call("Get-DistributionGroup", {"Identity": address}, _GROUP_FIELDS)


def groups_at(answer: Answer) -> dict[str, Row]:
    """Return the groups that really have the address that was asked for, by Guid: none, or one."""
    address = str(answer.call.parameters.get("Identity", "")).casefold()
    return {guid_of(row): row for row in rows_or_none(answer) if address in addresses_of(row)}


def is_security_group(row: Row) -> bool:
    """Tell whether it is one of the groups that `notes_call` lists."""
    return has(row, "RecipientTypeDetails", SECURITY_GROUP)


def members_call(guid: str) -> Call:
    """Return the call for all direct members of a group."""
    return Call("Get-DistributionGroupMember", {"Identity": guid, "ResultSize": "Unlimited"}, _MEMBER_FIELDS)


def calendar_call(room_guid: str) -> Call:
    """Return the call for one room's calendar processing."""
    return Call("Get-CalendarProcessing", {"Identity": room_guid}, _CALENDAR_FIELDS)


def members_of(answer: Answer) -> tuple[Member, ...]:
    """Read a group's members."""
    return tuple(
        Member(
            id_of(row.get("ExternalDirectoryObjectId")) or guid_of(row),
            guid_of(row),
            str(row.get("PrimarySmtpAddress") or ""),
            str(row.get("RecipientTypeDetails") or ""),
        )
        for row in answer.complete()
    )


def calendar_of(answer: Answer) -> CalendarSettings:
    """Read one room's calendar processing; exactly one row with three booleans is a reading, anything else is none."""
    rows = answer.complete()
    values = [rows[0].get(name) for name in _CALENDAR_FIELDS] if len(rows) == 1 else []
    if len(values) != len(_CALENDAR_FIELDS) or not all(isinstance(value, bool) for value in values):
        raise TenantRefused(
            f"Get-CalendarProcessing {answer.call.parameters.get('Identity')}: Exchange answered with {len(rows)} rows, or "
            "without the three settings; nothing was changed"
        )
    return CalendarSettings(*(bool(value) for value in values))


def group_of(answer: Answer, notes: Mapping[str, tuple[str, str]], members: tuple[Member, ...] = ()) -> Group | None:
    """Read one group by its Guid; None when it does not exist."""
    guid = str(answer.call.parameters.get("Identity", "")).lower()
    row = next((row for row in rows_or_none(answer) if guid_of(row) == guid), None)
    return None if row is None else _group(row, notes, members)


def _second_round(
    transport: Transport,
    known: Mapping[str, Row],
    notes: Mapping[str, tuple[str, str]],
    needed: Iterable[str],
    rooms: Sequence[Room],
    reporter: Reporter,
) -> tuple[tuple[Group, ...], dict[str, CalendarSettings]]:
    guids = sorted(needed)
    more = [guid for guid in guids if guid not in known]
    calls = [members_call(guid) for guid in guids] + [group_call(guid) for guid in more]
    calls += [calendar_call(room.guid) for room in rooms]
    answers = transport.run(calls, reporter.begin("Reading group and calendar processing", len(calls)))
    member_answers = dict(zip(guids, answers, strict=False))
    group_answers = dict(zip(more, answers[len(guids) :], strict=False))
    groups = []
    for guid in guids:
        row = known.get(guid)
        bare = _group(row, notes, ()) if row is not None else group_of(group_answers[guid], notes)
        if bare is None:
            continue
        groups.append(replace(bare, members=members_of(member_answers[guid])))
    calendars = {
        room.object_id: calendar_of(answer)
        for room, answer in zip(rooms, answers[len(guids) + len(more) :], strict=True)
    }
    return tuple(groups), calendars


def _marked_groups(notes: Mapping[str, tuple[str, str]], bases: AbstractSet[str]) -> set[str]:
    """Return the groups whose mark is one of these, as names spell it."""
    found = {guid: find(text) for guid, (_, text) in notes.items()}
    return {guid for guid, mark in found.items() if mark is not None and base_name(mark.stack).casefold() in bases}


def _needed_groups(desired: DesiredState, notes: Mapping[str, tuple[str, str]], policies: Sequence[Policy]) -> set[str]:
    client_id = desired.application.client_id
    scopes = {policy.group_object_id for policy in policies if client_id is not None and policy.app_id == client_id}
    return {
        guid
        for guid, (object_id, text) in notes.items()
        if object_id in scopes or ((mark := find(text)) is not None and mark.stack == desired.mark)
    }


def _group(row: Row, notes: Mapping[str, tuple[str, str]], members: tuple[Member, ...]) -> Group:
    guid = guid_of(row)
    kind = str(row.get("RecipientTypeDetails") or "")
    if guid not in notes and kind == SECURITY_GROUP:
        raise TenantRefused(
            f"the group {row.get('PrimarySmtpAddress')} was listed by Get-DistributionGroup and not by Get-Group, so the "
            "reading is not complete; nothing was changed. Run the same command again in a minute"
        )
    object_id = id_of(row.get("ExternalDirectoryObjectId")) or notes.get(guid, ("", ""))[0]
    return Group(
        guid,
        object_id,
        str(row.get("Name") or ""),
        str(row.get("Alias") or ""),
        str(row.get("PrimarySmtpAddress") or ""),
        kind,
        frozenset(addresses_of(row)),
        hidden=bool(row.get("HiddenFromAddressListsEnabled")),
        dir_synced=bool(row.get("IsDirSynced")),
        notes=notes.get(guid, ("", ""))[1],
        members=members,
    )


def _policy(row: Row) -> Policy:
    identity, app_id = str(row.get("Identity") or ""), str(row.get("AppId") or "")
    if not identity or not app_id:
        raise TenantRefused("Exchange answered with an application access policy without identity; nothing was changed")
    # `<SID>;<the group's object id>`, at the end of the identity as well.
    raw = str(row.get("ScopeIdentityRaw") or identity)
    return Policy(
        identity,
        app_id.lower(),
        raw.rpartition(";")[2].strip().lower(),
        str(row.get("AccessRight") or ""),
        str(row.get("Description") or ""),
        str(row.get("ScopeName") or ""),
    )
