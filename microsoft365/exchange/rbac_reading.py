"""Reads RBAC for Applications: Exchange's service principals, management scopes, role assignments, and what they reach.

Owns which cmdlets are asked and how their rows become rbac_observed.py's values. A row without an id stops the run.
"""

from collections.abc import Sequence

from microsoft365.errors import TenantRefused
from microsoft365.exchange import filters
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import EQUIPMENT_MAILBOX, ROOM_MAILBOX, Group, Room
from microsoft365.exchange.rbac_observed import Assignment, Principal, Rbac, Scope, ScopeKind
from microsoft365.exchange.room_reading import matching_call
from microsoft365.exchange.rows import guid_of, has, id_of, rows_or_none
from microsoft365.exchange.transport import Answer, Call, Row, Transport

_PRINCIPAL_FIELDS = ("ObjectId", "AppId", "DisplayName")
_SCOPE_FIELDS = ("Guid", "Name", "RecipientFilter", "ScopeRestrictionType")
_ASSIGNMENT_FIELDS = (
    "Guid",
    "Name",
    "Role",
    "RoleAssignee",
    "RoleAssigneeName",
    "RoleAssigneeType",
    "App",
    "CustomResourceScope",
    "CustomRecipientWriteScope",
    "RecipientWriteScope",
    "Enabled",
)
_ASSIGNEE_FIELDS = ("App", "RoleAssignee", "RoleAssigneeName")


def lists_calls() -> list[Call]:
    """Return the calls for all service principals and scopes, and for whether the organization was ever customized."""
    return [
        Call("Get-ServicePrincipal", {}, _PRINCIPAL_FIELDS),
        Call("Get-ManagementScope", {}, _SCOPE_FIELDS),
        Call("Get-OrganizationConfig", {}, ("IsDehydrated",)),
    ]


def assignments_call(principal_id: str | None = None) -> Call:
    """Return the call for the assignments of a service principal, which Exchange resolves; without one, for all."""
    parameters = {"RoleAssignee": principal_id} if principal_id is not None else {}
    return Call("Get-ManagementRoleAssignment", parameters, _ASSIGNMENT_FIELDS)


def principals_of(answer: Answer) -> tuple[Principal, ...]:
    """Read the service principals that Exchange knows."""
    return tuple(_principal(row) for row in answer.complete())


def scopes_of(answer: Answer) -> tuple[Scope, ...]:
    """Read the management scopes over recipients."""
    return tuple(
        Scope(guid_of(row), str(row.get("Name") or ""), str(row.get("RecipientFilter") or ""))
        for row in rows_or_none(answer)
        if has(row, "ScopeRestrictionType", "RecipientScope")
    )


def assignments_of(answer: Answer) -> tuple[Assignment, ...]:
    """Read role assignments; none where Exchange does not know the service principal that was asked about."""
    return tuple(_assignment(row) for row in rows_or_none(answer))


def customized_of(answer: Answer) -> bool:
    """Tell whether the organization takes scopes and assignments of its own."""
    rows = answer.complete()
    dehydrated = rows[0].get("IsDehydrated") if len(rows) == 1 else None
    if not isinstance(dehydrated, bool):
        raise TenantRefused(
            "Get-OrganizationConfig: Exchange did not say whether it was customized; nothing was changed"
        )
    return not dehydrated


def read_rbac(transport: Transport, desired: DesiredState, answers: Sequence[Answer]) -> Rbac:
    """Put together what the answers to `lists_calls` say, all but what is in reach.

    A further answer is that to the assignments of the service principal that the last outputs name. Where Exchange knows
    another one, or none was named, they are asked for. Raises what reading raises, and TenantRefused where two answers
    contradict each other.
    """
    principal_answer, scope_answer, organization, *asked = answers
    client_id = desired.application.client_id
    own = [one for one in principals_of(principal_answer) if client_id is not None and one.app_id == client_id]
    if len(own) > 1:
        raise TenantRefused(
            f"Exchange lists {len(own)} service principals for the application {client_id}; nothing was changed"
        )
    principal = own[0] if own else None
    assignments: tuple[Assignment, ...] = ()
    if principal is not None:
        if not asked or asked[0].call.parameters.get("RoleAssignee") != principal.object_id:
            asked = transport.run([assignments_call(principal.object_id)])
        if asked[0].failure is not None and asked[0].failure.not_found:
            raise TenantRefused(
                f"incomplete reading: Exchange lists the service principal {principal.object_id} and does not find it; nothing "
                "was changed. Run the same command again in a minute"
            )
        # What is made for an application has an assignment, so that none is believed once it is repeated.
        assignments = assignments_of(asked[0]) or assignments_of(
            transport.run([assignments_call(principal.object_id)])[0]
        )
    elif asked and assignments_of(asked[0]):
        raise TenantRefused(
            f"incomplete reading: Exchange does not list the service principal of {client_id} and shows roles that it has; nothing "
            "was changed. Run the same command again in a minute"
        )
    scopes = scopes_of(scope_answer)
    if _unlisted(assignments, scopes):
        # Exchange refuses to remove a scope that an assignment uses, so that the list is short; or somebody found a way.
        scopes = scopes_of(transport.run([lists_calls()[1]])[0])
    return Rbac(customized_of(organization), principal, scopes, assignments)


def _unlisted(assignments: Sequence[Assignment], scopes: Sequence[Scope]) -> bool:
    """Tell whether an assignment points at a scope that the list of scopes lacks."""
    listed = Rbac(scopes=tuple(scopes))
    return any(one.kind == "scope" and listed.scope_of(one) is None for one in assignments)


def assignments_beside(transport: Transport, client_id: str) -> tuple[Assignment, ...] | None:
    """Return the role assignments of an application that is kept by a policy; None where they may not be read.

    The model `policy` needs no right to read them, so that a refusal is no error there.
    """
    (principal_answer,) = transport.run(lists_calls()[:1])
    if principal_answer.failure is not None:
        return None
    own = [one for one in principals_of(principal_answer) if one.app_id == client_id]
    answers = transport.run([assignments_call(one.object_id) for one in own])
    if any(answer.failure is not None and not answer.failure.not_found for answer in answers):
        return None
    return tuple(one for answer in answers for one in assignments_of(answer))


def reach_of(
    transport: Transport, desired: DesiredState, found: Rbac, wanted: Sequence[Room], groups: Sequence[Group]
) -> frozenset[str] | None:
    """Tell which rooms our own assignments reach now: no question where they stand as declared. None: it cannot be told."""
    reached: set[str] = set()
    for assignment in found.assignments:
        if assignment.mark is None or not assignment.enabled:
            continue
        part = _reach_of(transport, desired, found, assignment, wanted, groups)
        if part is None:
            return None
        reached |= part
    return frozenset(reached)


def _reach_of(
    transport: Transport,
    desired: DesiredState,
    found: Rbac,
    assignment: Assignment,
    wanted: Sequence[Room],
    groups: Sequence[Group],
) -> set[str] | None:
    if assignment.kind == "group":
        group = next((one for one in groups if one.name.casefold() == assignment.scope.casefold()), None)
        return None if group is None else {member.object_id for member in group.members if member.is_resource}
    scope = found.scope_of(assignment)
    if scope is None:
        return None
    if not desired.uses_group and scope.key == desired.scope_filter.key:
        return {room.object_id for room in wanted}
    try:
        call = matching_call(filters.parse_scope(scope.text), [ROOM_MAILBOX, EQUIPMENT_MAILBOX])
    except filters.FilterError:
        return None
    (answer,) = transport.run([call])
    if answer.failure is not None:
        # Not every filter of a scope is one that a Get- cmdlet takes.
        return None
    return {id_of(row.get("ExternalDirectoryObjectId")) or guid_of(row) for row in answer.rows}


def _principal(row: Row) -> Principal:
    object_id, app_id = id_of(row.get("ObjectId")), id_of(row.get("AppId"))
    if not object_id or not app_id:
        raise TenantRefused("Exchange answered with a service principal without ids; nothing was changed")
    return Principal(object_id, app_id, str(row.get("DisplayName") or ""))


def _assignment(row: Row) -> Assignment:
    scope = str(row.get("CustomResourceScope") or row.get("CustomRecipientWriteScope") or "")
    return Assignment(
        guid_of(row),
        str(row.get("Name") or ""),
        str(row.get("Role") or ""),
        _kind(row, scope),
        scope,
        # Only a plain "no" is one: what is unclear counts as an assignment that gives access.
        enabled=row.get("Enabled") is not False,
        to_application=has(row, "RoleAssigneeType", "ServicePrincipal"),
        assignee=frozenset(id_of(row.get(name)) for name in _ASSIGNEE_FIELDS) - {""},
    )


def _kind(row: Row, scope: str) -> ScopeKind:
    """Tell what narrows an assignment; whatever is not known to narrow it does not."""
    written = id_of(row.get("RecipientWriteScope"))
    if scope and written == "group":
        return "group"
    return "scope" if scope and written.startswith("custom") else "none"
