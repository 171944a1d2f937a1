"""The access model `rbac`: RBAC for Applications instead of a grant in Entra. Pure.

Owns what counts as a difference of service principal, management scope and role assignment, their order (principal, scope,
assignment, then what is left over), and what stops a run: any assignment of our service principal that is not the one that
we make. An assignment without a scope is never made. Here nothing opens when something is missing: without an assignment
the application reads nothing.
"""

from collections.abc import Sequence

from microsoft365.exchange.actions import Action, Kind
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Group, Observed, Room
from microsoft365.exchange.rbac_names import assignment_name, base_name
from microsoft365.exchange.rbac_observed import ROLE, Assignment, Rbac, Scope

# New-ServicePrincipal, -DisplayName.
LONGEST_DISPLAY_NAME = 256
# Done before the group is touched: what is to be said aloud, and what takes time to be known everywhere.
_FIRST: tuple[Kind, ...] = ("enableCustomization",)


def notice_of_delay() -> str:
    """Return what people should know after a change of what is in reach."""
    return (
        "Exchange keeps what it decided about an application for 30 minutes after its last call, and for 2 hours while it is in "
        "use (Role Based Access Control for Applications in Exchange Online): a change counts for it by then, and "
        "Test-ServicePrincipalAuthorization shows it at once"
    )


def merged(group_actions: Sequence[Action], rbac_actions: Sequence[Action]) -> list[Action]:
    """Return both in the order in which they are performed."""
    first = [action for action in rbac_actions if action.kind in _FIRST]
    return [*first, *group_actions, *(action for action in rbac_actions if action.kind not in _FIRST)]


def display_name(mark: str) -> str:
    """Return the name of Exchange's service principal: the mark, shortened like every other name where it is too long."""
    return mark if len(mark) <= LONGEST_DISPLAY_NAME else base_name(mark)


def live_scope(desired: DesiredState, rbac: Rbac) -> Scope | None:
    """Return this stack's scope; one that was retired is none."""
    name = base_name(desired.mark).casefold()
    return next((scope for scope in rbac.scopes if scope.name.casefold() == name), None)


def own_assignment(desired: DesiredState, rbac: Rbac) -> Assignment | None:
    """Return the assignment that this stack made, if it can be kept: ours by name, of our role, and narrowed by something."""
    return next((one for one in rbac.assignments if _is_ours(desired, one) and _is_sound(one)), None)


def points_at(assignment: Assignment, scope: Scope | None, group: Group | None) -> bool:
    """Tell whether an assignment is narrowed by this group, or else by this scope."""
    if group is not None:
        return assignment.points_at_group(group.name, group.object_id, group.guid)
    return scope is not None and assignment.points_at_scope(scope)


def restricts(desired: DesiredState, observed: Observed, group: Group | None) -> bool:
    """Tell whether everything stands: principal, scope or group, and the one assignment over it."""
    rbac = observed.rbac or Rbac()
    keep, scope = own_assignment(desired, rbac), live_scope(desired, rbac)
    if keep is None or not keep.enabled or len(rbac.assignments) != 1:
        return False
    if desired.uses_group:
        return group is not None and points_at(keep, None, group)
    return scope is not None and scope.key == desired.scope_filter.key and points_at(keep, scope, None)


def confines(desired: DesiredState, observed: Observed) -> bool:
    """Tell whether the application is kept to resource mailboxes by what we assigned, whichever of them are wanted now.

    True where the one assignment that it has is ours, and is narrowed by a scope or a group that holds resources alone.
    """
    rbac = observed.rbac or Rbac()
    keep = own_assignment(desired, rbac)
    if keep is None or not keep.enabled or len(rbac.assignments) != 1:
        return False
    scope = rbac.scope_of(keep)
    if scope is not None:
        return scope.holds_resources_alone
    groups = [one for one in observed.groups if one.mark is not None and points_at(keep, None, one)]
    return len(groups) == 1 and all(member.is_resource for member in groups[0].members)


def in_reach(observed: Observed, wanted: Sequence[Room]) -> int:
    """Return how many of the wanted rooms are in reach now; what cannot be told is not."""
    reach = observed.rbac.reach if observed.rbac else None
    return sum(room.object_id in (reach or ()) for room in wanted)


def rbac_actions(
    desired: DesiredState,
    observed: Observed,
    wanted: Sequence[Room],
    group: Group | None,
    guards: list[str],
    notices: list[str],
) -> list[Action]:
    """Return what is to be done; adds what stops the run and what people should know."""
    rbac = observed.rbac or Rbac()
    keep = own_assignment(desired, rbac)
    _guard_assignments(desired, rbac, guards)
    _guard_reach(desired, observed, wanted, keep, group, guards)
    # With another service principal everything that hangs on the former one is made anew.
    stale = _is_stale(desired, rbac)
    scope = live_scope(desired, rbac) or _renamed_scope(rbac)
    actions = _principal_actions(desired, rbac, stale=stale)
    if not desired.uses_group:
        actions += _scope_actions(desired, scope)
    actions += _assignment_actions(desired, rbac, None if stale else keep, scope, group, stale=stale)
    if not rbac.customized and any(action.kind in ("createScope", "createAssignment") for action in actions):
        reason = "it was never customized, and takes neither scopes nor assignments before it is"
        actions.insert(0, Action("enableCustomization", "the organization", reason))
        notices.append(
            "the organization was never customized: Enable-OrganizationCustomization will be run, which cannot be undone and "
            "changes nobody's rights"
        )
    notices += _notices(desired, observed)
    return actions


def _is_ours(desired: DesiredState, assignment: Assignment) -> bool:
    return assignment.mark is not None and assignment.mark.belongs_to(desired.mark)


def _is_sound(assignment: Assignment) -> bool:
    """Tell whether it is what we make, wherever it points: our role, given to the application, narrowed by something."""
    return assignment.role.casefold() == ROLE.casefold() and assignment.kind != "none" and assignment.to_application


def _is_stale(desired: DesiredState, rbac: Rbac) -> bool:
    wanted = desired.application.service_principal_id
    return rbac.principal is not None and wanted is not None and rbac.principal.object_id != wanted


def _renamed_scope(rbac: Rbac) -> Scope | None:
    """Return the scope that this stack made under its former name.

    Only where the application's own assignment carries the same former name: a scope that somebody pointed our assignment
    at belongs to whoever made it.
    """
    for assignment in rbac.assignments:
        scope = rbac.scope_of(assignment)
        if (
            scope is not None
            and scope.mark is not None
            and scope.mark.retired is None
            and scope.mark == assignment.mark
        ):
            return scope
    return None


def _principal_actions(desired: DesiredState, rbac: Rbac, *, stale: bool) -> list[Action]:
    application, principal = desired.application, rbac.principal
    name = display_name(desired.mark)
    values = {"AppId": application.client_id, "ObjectId": application.service_principal_id, "DisplayName": name}
    if principal is not None and not stale:
        if principal.display_name == name:
            return []
        reason = f"its name there is {principal.display_name!r}"
        return [Action("markPrincipal", principal.object_id, reason, principal.object_id, {"DisplayName": name})]
    actions = []
    if principal is not None:
        reason = f"Exchange knows {principal.object_id}, and the enterprise application is {application.service_principal_id}"
        actions += [_removal(one, "it was given to the former service principal") for one in rbac.assignments]
        actions.append(Action("removePrincipal", principal.object_id, reason, principal.object_id))
    subject = application.client_id or "the new application"
    reason = (
        "a role can be given only to what Exchange knows"
        if application.client_id
        else "the application does not exist yet"
    )
    return [*actions, Action("createPrincipal", subject, reason, "", values)]


def _scope_actions(desired: DesiredState, scope: Scope | None) -> list[Action]:
    name, wanted = base_name(desired.mark), desired.scope_filter
    if scope is None:
        new = {"Name": name, "RecipientRestrictionFilter": str(wanted)}
        return [Action("createScope", name, f"no scope is called {name}", "", new)]
    values: dict[str, str] = {}
    reasons: list[str] = []
    if scope.name != name:
        values["Name"] = name
        reasons.append(f"its name is {scope.name!r}")
    if scope.key != wanted.key:
        values["RecipientRestrictionFilter"] = str(wanted)
        reasons.append(f"its filter is {scope.text!r}")
    return [Action("changeScope", name, " and ".join(reasons), scope.guid, values)] if values else []


def _assignment_actions(
    desired: DesiredState,
    rbac: Rbac,
    keep: Assignment | None,
    scope: Scope | None,
    group: Group | None,
    *,
    stale: bool,
) -> list[Action]:
    name = assignment_name(desired.mark, desired.application.service_principal_id)
    # What is left over goes last: until then it reaches what the new one reaches.
    former = [one for one in rbac.assignments if one is not keep and one.mark is not None and _is_sound(one)]
    replaced = [] if stale else [_removal(one, "the stack had another name") for one in former]
    if keep is None:
        new = {"Name": name, "Role": ROLE}
        return [Action("createAssignment", name, "without it the application reads nothing", "", new), *replaced]
    values: dict[str, str] = {}
    reasons: list[str] = []
    if not points_at(keep, None if desired.uses_group else scope, group if desired.uses_group else None):
        values["scope"] = "group" if desired.uses_group else "scope"
        reasons.append(f"it points at the {keep.kind} {keep.scope!r}")
    if not keep.enabled:
        values["Enabled"] = "true"
        reasons.append("it is disabled")
    changes = [Action("changeAssignment", keep.name, " and ".join(reasons), keep.guid, values)] if values else []
    return [*changes, *replaced]


def _removal(assignment: Assignment, reason: str) -> Action:
    return Action("removeAssignment", assignment.name, reason, assignment.guid)


def _guard_assignments(desired: DesiredState, rbac: Rbac, guards: list[str]) -> None:
    """Stop for every assignment of our service principal that gives more than ours, or that somebody else made."""
    client_id = desired.application.client_id
    for assignment in rbac.assignments:
        if assignment.mark is not None and _is_sound(assignment):
            continue
        if assignment.kind == "none":
            reach = "over the whole organization: without a scope it reaches every mailbox"
        else:
            reach = f"over the {assignment.kind} {assignment.scope!r}"
        whose = "" if _is_ours(desired, assignment) else ", which was not made here"
        guards.append(
            f"the application {client_id} has the role {assignment.role!r} {reach} (assignment {assignment.name!r}){whose}; "
            f"take it away: {assignment.removal}"
        )


def _guard_reach(
    desired: DesiredState,
    observed: Observed,
    wanted: Sequence[Room],
    keep: Assignment | None,
    group: Group | None,
    guards: list[str],
) -> None:
    """Stop where more rooms would go out of reach than one run may take, whatever it is that holds them now."""
    rbac = observed.rbac or Rbac()
    if desired.uses_group and keep is not None and points_at(keep, None, group):
        # The members themselves are what is in reach: group_plan.py counts them.
        return
    wanted_ids = {room.object_id for room in wanted}
    unknown = rbac.reach is None
    reached = frozenset(room.object_id for room in observed.rooms) if rbac.reach is None else rbac.reach
    lost = reached - wanted_ids
    limit = desired.rooms.removal_limit(len(reached))
    if len(lost) <= limit:
        return
    names = sorted(room.address for room in observed.rooms if room.object_id in lost)[:5]
    known = f" ({', '.join(names)}{', …' if len(lost) > len(names) else ''})" if names else ""
    may = "may be in reach now (what the assignment points at cannot be read as a filter) and" if unknown else "of"
    counted = f"{len(lost)} rooms{known} {may}" if unknown else f"{len(lost)}{known} {may} {len(reached)} rooms"
    guards.append(
        f"{counted} would be taken out of the application's reach, and one run may take {limit}; if that is meant, raise it for "
        f"this run: pulumi config set --path roomz:rooms.maxRemovals {len(lost)}"
    )


def _notices(desired: DesiredState, observed: Observed) -> list[str]:
    """Name what is left alone: of a former deployment, of the other access model, and of another way to say which rooms."""
    rbac = observed.rbac or Rbac()
    notices = [
        f"the scope {scope.name!r} of a former deployment is left alone; end it with: {desired.ending_command()}"
        for scope in rbac.scopes
        if scope.mark is not None and scope.mark.retired is not None and scope.mark.belongs_to(desired.mark)
    ]
    notices += [
        f"the application access policy of {policy.app_id} is left from a run with roomz:access policy; in rbac, where nothing is "
        f"granted in Entra, it narrows nothing. Remove it: Remove-ApplicationAccessPolicy -Identity '{policy.identity}'"
        for policy in observed.policies
        if policy.app_id == desired.application.client_id
    ]
    scope = live_scope(desired, rbac)
    if desired.uses_group and scope is not None:
        notices.append(
            f"the management scope {scope.name!r} is not used, since the rooms are kept in a group; destroy removes it, or: "
            f"Remove-ManagementScope -Identity '{scope.name}'"
        )
    if not desired.uses_group:
        notices += [
            f"the group {group.address} of this stack is not used, since a filter says which rooms are meant; destroy removes it, or: "
            f"Remove-DistributionGroup -Identity {group.address}"
            for group in observed.groups
            if group.mark is not None and group.mark.stack == desired.mark
        ]
    return notices
