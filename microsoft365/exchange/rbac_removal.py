"""The way back in the access model `rbac`, never while the application exists.

Owns the order (Graph is asked first; assignment, scope, Exchange's service principal, group), the retirement of what a real
tenant keeps for a while, and its end. The time of retirement stands in the scope's name, which can be changed and which
stays when Entra takes service principal and assignments along; where the rooms are kept in a group, in the group's notes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.exchange import filters
from microsoft365.exchange.closed import Applications, cannot_be_told
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.gone import ensure_gone
from microsoft365.exchange.observed import EQUIPMENT_MAILBOX, ROOM_MAILBOX
from microsoft365.exchange.rbac_belongings import RbacBelongings, read_rbac_belongings
from microsoft365.exchange.rbac_model import notice_of_delay
from microsoft365.exchange.rbac_names import retired_name
from microsoft365.exchange.rbac_observed import Assignment, Principal, Scope
from microsoft365.exchange.removal_steps import (
    RETIREMENT,
    Outcome,
    claimed,
    old_enough,
    put_defaults_back,
    refuse_now_elsewhere,
    remove_group,
    remove_what_may_be_gone,
    retire_group,
    rooms_in,
    when,
)
from microsoft365.exchange.room_reading import matching_call
from microsoft365.exchange.rows import guid_of
from microsoft365.exchange.transport import Call, Reporter, Transport
from microsoft365.graph.client import Graph
from microsoft365.pace import Pace


def remove_rbac(
    graph: Graph, transport: Transport, desired: DesiredState, now: datetime, reporter: Reporter, pace: Pace
) -> Outcome:
    """Remove (`removal: now`) or retire (`removal: later`) what carries the mark, and what a renaming left behind.

    Raises Guarded while an application with the mark, or one that would lose something, exists or cannot be read; GaveUp
    when Graph or Exchange does not agree with itself in time; BadInput for `now` on a real tenant.
    """
    refuse_now_elsewhere(desired)
    reporter.begin("Asking Microsoft Graph whether the application is gone", 0)
    try:
        applications = Applications.read(graph, desired.mark)
    except (NoAccess, TenantRefused) as error:
        raise cannot_be_told(desired.mark, (), error) from None
    address = desired.group.primary_smtp_address if desired.group is not None else None
    found = read_rbac_belongings(transport, desired.mark, applications, address, pace)
    client_ids = set(found.client_ids)
    if desired.application.client_id is not None:
        client_ids.add(desired.application.client_id)
    ensure_gone(graph, desired.mark, client_ids, pace)
    outcome = _outcome(found)
    later = desired.removal == "later" and bool(found.scopes or found.groups)
    if later:
        outcome.expect("retireScope", [scope.name for scope in found.scopes])
        outcome.expect("retireGroup", [group.address for group in found.groups])
    else:
        _expect_removals(found, found.scopes, outcome)
    with outcome.ledger.reporting():
        if desired.calendar_on_removal == "defaults":
            put_defaults_back(transport, rooms_reached(transport, found, outcome), outcome, reporter)
        if not later:
            _remove_all(transport, found, found.scopes, desired.mark, outcome, reporter, pace)
            return outcome
        for scope in found.scopes:
            _retire_scope(transport, scope, desired.mark, now, outcome)
        for group in found.groups:
            retire_group(transport, claimed(transport, group, desired.mark), now, outcome)
    return outcome


def remove_retired_rbac(
    graph: Graph,
    transport: Transport,
    mark: str,
    address: str | None,
    now: datetime,
    reporter: Reporter,
    pace: Pace,
) -> Outcome:
    """Delete what was retired two hours ago or longer and whose application is gone for good; retire what was not.

    What must wait is in the outcome, with the reason: the caller ends with 5. Raises what `remove_rbac` raises.
    """
    applications = Applications.read(graph, mark)
    found = read_rbac_belongings(transport, mark, applications, address, pace)
    outcome = _outcome(found)
    if applications.marked_exists():
        outcome.left.append(f"what the application with the mark {mark} uses stays, since that exists")
        found = left_behind(found, applications)
    ensure_gone(graph, None if applications.marked_exists() else mark, found.client_ids, pace)
    with outcome.ledger.reporting():
        _end(transport, applications, found, now, outcome, reporter, pace)
    return outcome


def _end(
    transport: Transport,
    applications: Applications,
    found: RbacBelongings,
    now: datetime,
    outcome: Outcome,
    reporter: Reporter,
    pace: Pace,
) -> None:
    mark = applications.mark
    may_go = [scope for scope in found.scopes if _scope_may_go(scope, applications, transport, now, outcome)]
    groups = [claimed(transport, group, mark) for group in found.groups]
    ready = [
        _retired_long_ago(
            f"the group {group.address}", group.mark.retired if group.mark else None, applications, now, outcome
        )
        for group in groups
    ]
    for group in groups:
        if group.mark is not None and group.mark.retired is None:
            retire_group(transport, group, now, outcome)
    if len(may_go) < len(found.scopes) or not all(ready):
        return
    _expect_removals(found, may_go, outcome)
    _remove_all(transport, found, may_go, mark, outcome, reporter, pace)


def left_behind(found: RbacBelongings, applications: Applications) -> RbacBelongings:
    """Return what a former deployment left while a new one of the same stack lives: retired, and of applications that are gone."""
    gone = tuple(one for one in found.principals if not applications.exists(one.app_id))
    ids = {id_ for one in gone for id_ in (one.object_id, one.app_id)}
    assignments = tuple(one for one in found.assignments if one.assignee & ids)
    used = [one for one in found.all_assignments if one not in assignments]
    scopes = tuple(
        scope
        for scope in found.scopes
        if scope.mark is not None
        and scope.mark.retired is not None
        and not any(one.points_at_scope(scope) for one in used)
    )
    held = [one for one in assignments if any(one.points_at_scope(scope) for scope in scopes)]
    kept = {id_ for one in assignments if one not in held for id_ in one.assignee}
    principals = tuple(one for one in gone if not {one.object_id, one.app_id} & kept)
    client_ids = frozenset(one.app_id for one in principals)
    return replace(
        found, assignments=tuple(held), scopes=scopes, principals=principals, groups=(), client_ids=client_ids
    )


def _outcome(found: RbacBelongings) -> Outcome:
    kinds = ("assignments", "scopes", "servicePrincipals", "groups", "calendars", "marks")
    return Outcome(removed=dict.fromkeys(kinds, 0), left=list(found.left))


def _scope_may_go(
    scope: Scope, applications: Applications, transport: Transport, now: datetime, outcome: Outcome
) -> bool:
    retired = scope.mark.retired if scope.mark else None
    if retired is None:
        _retire_scope(transport, scope, applications.mark, now, outcome)
    return _retired_long_ago(f"the management scope {scope.name!r}", retired, applications, now, outcome)


def _retired_long_ago(
    name: str, retired: datetime | None, applications: Applications, now: datetime, outcome: Outcome
) -> bool:
    if retired is None:
        outcome.waiting.append(f"{name}: retired just now; run this again after {when(now + RETIREMENT)}")
        return False
    until = applications.marked_restorable_until()
    if until is not None:
        outcome.waiting.append(
            f"{name}: an application of this stack is among the deleted items and can be restored until {until}; purge it "
            "there, or run this again after that"
        )
        return False
    return old_enough(name, retired, now, outcome)


def _retire_scope(transport: Transport, scope: Scope, mark: str, now: datetime, outcome: Outcome) -> None:
    name = scope.name
    if scope.mark is not None and scope.mark.retired is None:
        name = retired_name(mark, now)
        parameters = {"Identity": scope.guid, "Name": name, "Confirm": False}
        with outcome.performing("retireScope", scope.name):
            transport.run([Call("Set-ManagementScope", parameters)])[0].complete()
    outcome.retired.append(f"the management scope {name!r}, with the role assignment over it")


def _expect_removals(found: RbacBelongings, scopes: Sequence[Scope], outcome: Outcome) -> None:
    outcome.expect("removeAssignment", [assignment.name for assignment in found.assignments])
    outcome.expect("removeScope", [scope.name for scope in scopes])
    outcome.expect("removePrincipal", [principal.object_id for principal in found.principals])
    outcome.expect("removeGroup", [group.address for group in found.groups])


def _remove_all(
    transport: Transport,
    found: RbacBelongings,
    scopes: Sequence[Scope],
    mark: str,
    outcome: Outcome,
    reporter: Reporter,
    pace: Pace,
) -> None:
    """Remove assignments, scopes, service principals and groups: nothing goes before what uses it."""
    for assignment in found.assignments:
        _remove_assignment(transport, assignment, outcome, reporter, pace)
    for scope in scopes:
        _remove_scope(transport, found, scope, outcome, reporter, pace)
    for principal in found.principals:
        _remove_principal(transport, found, principal, outcome, reporter, pace)
    _remove_groups(transport, found, mark, outcome, reporter, pace)
    if found.assignments:
        outcome.notices.append(notice_of_delay())


def _remove_assignment(
    transport: Transport, assignment: Assignment, outcome: Outcome, reporter: Reporter, pace: Pace
) -> None:
    reporter.begin(f"Removing the role assignment {assignment.name}", 1)
    with outcome.performing("removeAssignment", assignment.name):
        call = Call("Remove-ManagementRoleAssignment", {"Identity": assignment.guid, "Confirm": False})
        remove_what_may_be_gone(transport, call, pace)
    outcome.removed["assignments"] += 1


def _remove_scope(
    transport: Transport, found: RbacBelongings, scope: Scope, outcome: Outcome, reporter: Reporter, pace: Pace
) -> None:
    others = found.others_of_scope(scope)
    if others:
        why = f"the management scope {scope.name!r} stays: role assignments of others use it ({', '.join(others)})"
        outcome.leave("removeScope", scope.name, why)
        return
    reporter.begin(f"Removing the management scope {scope.name}", 1)
    with outcome.performing("removeScope", scope.name):
        call = Call("Remove-ManagementScope", {"Identity": scope.guid, "Confirm": False})
        remove_what_may_be_gone(transport, call, pace)
    outcome.removed["scopes"] += 1


def _remove_principal(
    transport: Transport, found: RbacBelongings, principal: Principal, outcome: Outcome, reporter: Reporter, pace: Pace
) -> None:
    others = found.others_of_principal(principal)
    if others:
        why = (
            f"the service principal {principal.object_id} stays in Exchange: it has roles that were not assigned here "
            f"({', '.join(others)})"
        )
        outcome.leave("removePrincipal", principal.object_id, why)
        return
    reporter.begin(f"Removing the service principal {principal.object_id} from Exchange", 1)
    with outcome.performing("removePrincipal", principal.object_id):
        call = Call("Remove-ServicePrincipal", {"Identity": principal.object_id, "Confirm": False})
        remove_what_may_be_gone(transport, call, pace)
    outcome.removed["servicePrincipals"] += 1


def _remove_groups(
    transport: Transport, found: RbacBelongings, mark: str, outcome: Outcome, reporter: Reporter, pace: Pace
) -> None:
    for group in found.groups:
        others = found.others_of_group(group)
        if others:
            why = f"the group {group.address} stays: others use it ({', '.join(others)})"
            outcome.leave("removeGroup", group.address, why)
        else:
            remove_group(transport, claimed(transport, group, mark), outcome, reporter, pace)


def rooms_reached(transport: Transport, found: RbacBelongings, outcome: Outcome) -> dict[str, str]:
    """Return the rooms that the restriction holds now, by GUID: the members of its groups, and what its scopes match."""
    rooms = {guid: address for group in found.groups for guid, address in rooms_in(group).items()}
    for scope in found.scopes:
        try:
            call = matching_call(filters.parse_scope(scope.text), [ROOM_MAILBOX, EQUIPMENT_MAILBOX])
        except filters.FilterError as problem:
            outcome.left.append(
                f"calendar processing of the rooms of {scope.name!r} stays: its filter is not known here ({problem})"
            )
            continue
        # A scope that matches no room at all is believed once it is repeated: afterwards nothing tells which rooms they were.
        rows = transport.run([call])[0].complete() or transport.run([call])[0].complete()
        # Exchange was not asked for more than the ids.
        rooms = {guid_of(row): guid_of(row) for row in rows} | rooms
    return rooms
