"""Small worlds for the access model `rbac`: principals, scopes, assignments, and what they are once a plan was performed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from microsoft365.exchange.actions import Action
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import MICROSOFTS_DEFAULTS, TITLES, Observed
from microsoft365.exchange.plan import Plan
from microsoft365.exchange.rbac_names import assignment_name, base_name
from microsoft365.exchange.rbac_observed import ROLE, Assignment, Principal, Rbac, Scope
from tests.desired_state.builders import CLIENT, MARK, after, an_id, desired, rooms

PRINCIPAL = an_id("service principal")
NAME = base_name(MARK)
ASSIGNED = assignment_name(MARK, PRINCIPAL)
ALL = "((RecipientTypeDetails -eq 'RoomMailbox') -and (ResourceType -eq 'Room'))"


def wish(**changes: Any) -> DesiredState:
    application = {"client_id": CLIENT, "service_principal_id": PRINCIPAL}
    return desired(**{"access": "rbac", "application": application, **changes})


def principal(**changes: Any) -> Principal:
    return replace(Principal(PRINCIPAL, CLIENT, MARK), **changes)


def scope(**changes: Any) -> Scope:
    return replace(Scope(an_id("scope"), NAME, ALL), **changes)


def assignment(**changes: Any) -> Assignment:
    made = Assignment(an_id("assignment"), ASSIGNED, ROLE, "scope", NAME, assignee=frozenset({PRINCIPAL}))
    return replace(made, **changes)


def settled(number: int = 3, **changes: Any) -> Observed:
    """Return a tenant in which everything is as `wish()` wants it; `changes` are of its Rbac."""
    everybody = rooms(number)
    reach = frozenset(room.object_id for room in everybody)
    found = Rbac(principal=principal(), scopes=(scope(),), assignments=(assignment(),), reach=reach)
    calendars = {room.object_id: TITLES for room in everybody}
    return Observed(everybody, calendars=calendars, rbac=replace(found, **changes))


def fresh(number: int = 3, **changes: Any) -> Observed:
    """Return a tenant that nobody has set up."""
    everybody = rooms(number)
    calendars = {room.object_id: MICROSOFTS_DEFAULTS for room in everybody}
    return Observed(everybody, calendars=calendars, rbac=replace(Rbac(), **changes))


def reach(of: Observed, wanted: DesiredState, ids: frozenset[str], texts: Mapping[str, frozenset[str]]) -> Observed:
    """Return the tenant with what our assignments reach, as reading would tell it.

    `ids` are the wanted rooms'; `texts` what other filters match, nothing for one that is not known.
    """
    rbac = of.rbac or Rbac()
    found: set[str] = set()
    for one in rbac.assignments:
        if one.mark is None or not one.enabled:
            continue
        if one.kind == "group":
            members = [each for group in of.groups if one.points_at_group(group.name) for each in group.members]
            found |= {member.object_id for member in members if member.is_resource}
            continue
        pointed = rbac.scope_of(one)
        if pointed is not None and not wanted.uses_group and pointed.key == wanted.scope_filter.key:
            found |= ids
        elif pointed is None or pointed.text not in texts:
            return replace(of, rbac=replace(rbac, reach=None))
        else:
            found |= texts[pointed.text]
    return replace(of, rbac=replace(rbac, reach=frozenset(found)))


def performed(observed: Observed, plan: Plan, wanted: DesiredState) -> Observed:
    """Return the tenant once the plan was performed, as Microsoft's pages describe each cmdlet."""
    reached = after(observed, plan)
    rbac = _with_groups_renamed(observed.rbac or Rbac(), observed, reached)
    group = next((one.name for one in reached.groups if one.mark and one.mark.stack == wanted.mark), None)
    for action in plan.actions:
        rbac = _principal(rbac, action)
        rbac = _scope(rbac, action)
        rbac = _assignment(rbac, action, wanted, group)
    return replace(reached, rbac=rbac)


def _with_groups_renamed(rbac: Rbac, before: Observed, now: Observed) -> Rbac:
    """Exchange keeps a reference to a group, and shows its name."""
    names = {one.guid: one.name for one in now.groups}
    renamed = {one.name: names[one.guid] for one in before.groups}
    assignments = tuple(
        replace(one, scope=renamed.get(one.scope, one.scope)) if one.kind == "group" else one
        for one in rbac.assignments
    )
    return replace(rbac, assignments=assignments)


def _principal(rbac: Rbac, action: Action) -> Rbac:
    values = action.values
    match action.kind:
        case "enableCustomization":
            return replace(rbac, customized=True)
        case "createPrincipal":
            assert rbac.principal is None
            return replace(rbac, principal=Principal(values["ObjectId"], values["AppId"], values["DisplayName"]))
        case "markPrincipal":
            assert rbac.principal is not None
            return replace(rbac, principal=replace(rbac.principal, display_name=values["DisplayName"]))
        case "removePrincipal":
            assert not rbac.assignments, "a service principal with assignments stays"
            return replace(rbac, principal=None)
    return rbac


def _scope(rbac: Rbac, action: Action) -> Rbac:
    if action.kind == "changeScope":
        return _with_scope_changed(rbac, action.target, action.values)
    if action.kind != "createScope":
        return rbac
    assert rbac.customized
    made = Scope(an_id("new scope"), action.values["Name"], f"({action.values['RecipientRestrictionFilter']})")
    assert made.name.casefold() not in {one.name.casefold() for one in rbac.scopes}
    return replace(rbac, scopes=(*rbac.scopes, made))


def _assignment(rbac: Rbac, action: Action, wanted: DesiredState, group: str | None) -> Rbac:
    values = action.values
    if action.kind == "removeAssignment":
        return replace(rbac, assignments=tuple(one for one in rbac.assignments if one.guid != action.target))
    if action.kind == "createAssignment":
        assert rbac.customized
        assert rbac.principal is not None
        assert values["Name"] not in {one.name for one in rbac.assignments}
        new = Assignment(an_id("new assignment"), values["Name"], values["Role"], "none")
        return replace(rbac, assignments=(*rbac.assignments, _over(new, wanted, rbac, group)))
    if action.kind != "changeAssignment":
        return rbac
    (old,) = [one for one in rbac.assignments if one.guid == action.target]
    changed = _over(old, wanted, rbac, group) if "scope" in values else old
    changed = replace(changed, enabled=changed.enabled or "Enabled" in values)
    return replace(rbac, assignments=tuple(changed if one is old else one for one in rbac.assignments))


def _with_scope_changed(rbac: Rbac, guid: str, values: Mapping[str, Any]) -> Rbac:
    (old,) = [one for one in rbac.scopes if one.guid == guid]
    new = replace(old, name=values.get("Name", old.name), text=values.get("RecipientRestrictionFilter", old.text))
    # Exchange keeps a reference and shows the name.
    assignments = tuple(replace(one, scope=new.name) if one.points_at_scope(old) else one for one in rbac.assignments)
    return replace(rbac, scopes=tuple(new if one is old else one for one in rbac.scopes), assignments=assignments)


def _over(one: Assignment, wanted: DesiredState, rbac: Rbac, group: str | None) -> Assignment:
    if wanted.uses_group:
        assert group, "an assignment is never made without a scope"
        return replace(one, kind="group", scope=group)
    live = [each for each in rbac.scopes if each.name == base_name(wanted.mark)]
    assert live, "an assignment is never made without a scope"
    return replace(one, kind="scope", scope=live[0].name)
