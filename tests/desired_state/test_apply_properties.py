"""For any tenant and any wish, the real `apply` against the simulated tenant, also after a run that was killed.

It reaches what is wanted; then nothing is left to do; nothing else was touched; and nothing was opened on the way. What is reached is decided by the simulated tenant, what is wanted by the wish, and neither by the project's code.
"""

import contextlib
import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as some

from microsoft365.errors import BadInput, Guarded, Problem
from microsoft365.exchange.actions import Kind
from microsoft365.exchange.apply import apply
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observe import observe
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.plan import plan
from microsoft365.exchange.transport import Progress, Transport
from simulator import access
from simulator.control.snapshot import snapshot
from simulator.exposure.meter import Meter
from simulator.tenant import Tenant
from tests.desired_state.builders import MARK
from tests.desired_state.killable import KillableWire, Killed
from tests.desired_state.random_tenants import (
    ADDRESS,
    COMPANY,
    DOMAIN,
    SWITCHES,
    WORKSPACE,
    Ours,
    Situation,
    build,
    meant,
    situations,
    wishes,
)
from tests.desired_state.wires import Clock
from tests.support.cases import cases

ROLES = {"policy": frozenset({"Calendars.ReadWrite"}), "rbac": frozenset[str]()}
OF_THE_GROUP = (
    "name", "alias", "displayName", "address", "otherAddresses", "notes", "hiddenFromAddressLists", "memberIds", "members",
)  # fmt: skip
# What each kind of action may run, by Microsoft's pages: a new group is made with members, and a long change of members
# replaces the list.
CMDLETS: Mapping[Kind, set[str]] = {
    "createGroup": {"New-DistributionGroup"},
    "markGroup": {"Set-Group"},
    "updateGroup": {"Set-DistributionGroup"},
    "addMember": {"Add-DistributionGroupMember", "Update-DistributionGroupMember"},
    "removeMember": {"Remove-DistributionGroupMember", "Update-DistributionGroupMember"},
    "createPolicy": {"New-ApplicationAccessPolicy"},
    "markPolicy": {"Set-ApplicationAccessPolicy"},
    "removePolicy": {"Remove-ApplicationAccessPolicy"},
    "enableCustomization": {"Enable-OrganizationCustomization"},
    "createPrincipal": {"New-ServicePrincipal"},
    "markPrincipal": {"Set-ServicePrincipal"},
    "removePrincipal": {"Remove-ServicePrincipal"},
    "createScope": {"New-ManagementScope"},
    "changeScope": {"Set-ManagementScope"},
    "createAssignment": {"New-ManagementRoleAssignment"},
    "changeAssignment": {"Set-ManagementRoleAssignment"},
    "removeAssignment": {"Remove-ManagementRoleAssignment"},
    "setCalendar": {"Set-CalendarProcessing"},
}


class Silent:
    """A reporter that tells nobody."""

    def begin(self, label: str, total: int) -> Progress:
        return lambda _: None


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KillableWire]:
    made = KillableWire(tmp_path_factory.mktemp("tenant"))
    yield made
    made.end()


class Case:
    """One tenant, one wish."""

    def __init__(self, wire: KillableWire, model: str, situation: Situation, wish: Mapping[str, Any]) -> None:
        self.wire, self.model, self.situation, self.wish = wire, model, situation, wish
        self.tenant: Tenant = wire.fresh(COMPANY)
        self.ours: Ours = build(self.tenant, situation, model)
        wire.simulator.store.changed()
        document = {
            "connection": {"tenant_id": self.tenant.id},
            "mark": MARK,
            "access": model,
            "application": {"client_id": self.ours.client_id, "service_principal_id": self.ours.principal_id},
            **wish,
        }
        self.desired = DesiredState.model_validate(document)
        self.wanted = meant(self.tenant, wish)
        resources = [mailbox.address for mailbox in self.tenant.mailboxes if mailbox.resource_type]
        self.meter = Meter(self.tenant, resources, [self.ours.client_id])
        wire.simulator.meters[self.tenant.id] = self.meter

    def may_be_refused(self) -> bool:
        """Where nothing of ours and no group is there, only a wish that means no room, or what is no room, can be."""
        found, rooms = self.situation, self.wish["rooms"]
        ours = found.principal != "none" or any(policy.application == "ours" for policy in found.policies)
        no_room = f"{WORKSPACE}@{DOMAIN}" in rooms["include"] and "workspace" not in rooms["kinds"]
        return bool(found.groups) or ours or no_room or not self.wanted

    def transport(self) -> Transport:
        return self.wire.transport()

    def planned(self) -> set[Kind]:
        """What the plan says before anything is done."""
        return {action.kind for action in plan(self.desired, observe(self.transport(), self.desired, Silent())).actions}

    def apply(self) -> Applied:
        return apply(self.transport(), self.desired, Silent(), Clock().pace)

    def changing(self) -> set[str]:
        """The cmdlets that took effect and change something."""
        named = [(entry.cmdlet or "", entry.status) for entry in self.wire.simulator.log.since(0)]
        return {cmdlet for cmdlet, status in named if status == 200 and not cmdlet.startswith(("Get-", "Test-"))} - {""}

    def in_reach(self) -> set[str]:
        """Whose calendar the application could read now, as the tenant decides it."""
        now = access.restrictions_now(self.tenant)
        roles = ROLES[self.model]
        return {
            mailbox.object_id
            for mailbox in self.tenant.mailboxes
            if access.may(self.tenant, now, self.ours.client_id, roles, access.READ, mailbox)
        }

    def in_reach_by_others(self) -> set[str]:
        """What policies for all applications add: they are nobody's to change."""
        now = access.restrictions_now(self.tenant)
        for_all = [policy for policy in now.policies if policy.app_id == "*"] if self.model == "policy" else []
        return {
            mailbox.object_id
            for mailbox in self.tenant.mailboxes
            if any(access.covers(now, policy, mailbox) for policy in for_all)
        }


@pytest.mark.parametrize("model", ["policy", "rbac"])
@cases(30)
@given(data=some.data())
def test_invariant_2_apply_reaches_what_is_wanted_and_invariants_1_and_3_hold_on_the_way(
    wire: KillableWire, model: str, data: some.DataObject
) -> None:
    case = Case(wire, model, data.draw(situations(model)), data.draw(wishes()))
    before = snapshot(case.tenant)
    killed = data.draw(some.none() | some.tuples(some.integers(0, 8), some.booleans()))
    refused: Problem | None = None
    try:
        planned = case.planned()
        if killed is not None:
            wire.changes_left, wire.killed_after_the_effect = killed
            with contextlib.suppress(Killed):
                case.apply()
            wire.revive()
        applied = case.apply()
    except (BadInput, Guarded) as problem:
        refused = problem
    if refused is not None:
        event(f"refused: {type(refused).__name__}")
        assert case.may_be_refused(), refused
        if killed is None or not case.changing():
            assert snapshot(case.tenant) == before, "invariant 6: a refusal changes nothing"
        return
    event("applied after a kill" if killed else "applied")
    for kind in sorted(planned):
        event(f"planned: {kind}")
    _nothing_was_opened(case)
    _is_reached(case, before, applied)
    _nothing_else_was_touched(case, before, applied, planned)
    _nothing_is_left_to_do(case)


def _is_reached(case: Case, before: Mapping[str, Any], applied: Applied) -> None:
    reached, others = case.in_reach(), case.in_reach_by_others()
    assert case.wanted <= reached
    surplus = reached - case.wanted - others
    if case.desired.uses_group and case.desired.rooms_group.members == "atLeast":
        former = _group(before, applied.group.object_id if applied.group else "")
        kinds = {"RoomMailbox", *(["EquipmentMailbox"] if "equipment" in case.desired.rooms.kinds else [])}
        rooms = {mailbox.object_id for mailbox in case.tenant.mailboxes if mailbox.kind in kinds}
        surplus -= rooms & set(former["memberIds"] if former else ())
    assert not surplus, "invariant 1: more is in reach than is wanted"
    if case.desired.calendar == "titles":
        for mailbox in case.tenant.mailboxes:
            if mailbox.object_id in case.wanted:
                assert [mailbox.calendar_processing.get(name, True) for name in SWITCHES] == [False] * 3


def _nothing_is_left_to_do(case: Case) -> None:
    again = plan(case.desired, observe(case.transport(), case.desired, Silent()))
    assert again.actions == ()
    assert again.guards == ()
    assert again.restriction_present
    assert again.in_reach == len(again.wanted) == len(case.wanted)
    before, since = snapshot(case.tenant), case.wire.simulator.log.last
    case.apply()
    assert snapshot(case.tenant) == before
    asked = {entry.cmdlet or "Get-" for entry in case.wire.simulator.log.since(since)}
    assert all(cmdlet.startswith("Get-") for cmdlet in asked)


def _nothing_was_opened(case: Case) -> None:
    """Whatever was open before the run; no request of ours opened anything."""
    document = case.meter.document()
    for figure in ("avoidable", "oneSecretAway"):
        opened = [each for each in document[figure]["intervals"] if each["openedBy"] is not None]
        assert opened == [], "invariant 1: calendars were opened on the way"


def _nothing_else_was_touched(case: Case, before: dict[str, Any], applied: Applied, planned: set[Kind]) -> None:
    after = snapshot(case.tenant)
    group_id = applied.group.object_id if applied.group else ""
    own = {principal["objectId"] for state in (before, after) for principal in _principals(state, case.ours)}
    scopes = _own_scopes(before, after, own)
    made = {group["objectId"] for group in after["groups"]} - {group["objectId"] for group in before["groups"]}
    left, right = (_others(case, state, group_id, made, own, scopes) for state in (before, after))
    assert left == right, "invariant 3"
    allowed = {cmdlet for kind in planned for cmdlet in CMDLETS[kind]}
    if "createGroup" in planned:
        allowed |= CMDLETS["updateGroup"]
    assert case.changing() <= allowed, "an action outside of the plan"
    former = next((group for group in before["groups"] if group["objectId"] == group_id), None)
    if former is not None and "roomz:" not in former["notes"]:
        assert set(former["memberIds"]) <= set(_group(after, group_id)["memberIds"]), (
            "nobody is taken out on taking over"
        )
        own_policy = any(
            one["appId"] == case.ours.client_id and one["scopeObjectId"] == group_id for one in before["policies"]
        )
        assert own_policy or (case.desired.rooms_group.adopt and former["address"] == ADDRESS)


def _others(
    case: Case, state: dict[str, Any], group_id: str, made: set[str], own: set[str], scopes: set[str]
) -> dict[str, Any]:
    """Return a tenant without what the run may change."""
    rest = copy.deepcopy(state)
    if group_id in made:
        rest["groups"] = [group for group in rest["groups"] if group["objectId"] != group_id]
    elif (group := _group(rest, group_id)) is not None:
        for name in OF_THE_GROUP:
            group.pop(name)
    if case.model == "policy":
        rest["policies"] = [one for one in rest["policies"] if one["appId"] != case.ours.client_id]
    else:
        principals = rest["exchangeServicePrincipals"]
        rest["exchangeServicePrincipals"] = [one for one in principals if one["appId"] != case.ours.client_id]
        rest["roleAssignments"] = [one for one in rest["roleAssignments"] if one["assigneeObjectId"] not in own]
        rest["managementScopes"] = [one for one in rest["managementScopes"] if one["guid"] not in scopes]
        rest.pop("isCustomized")
    for mailbox in rest["mailboxes"]:
        if case.desired.calendar == "titles" and mailbox["objectId"] in case.wanted:
            for name in SWITCHES:
                mailbox["calendarProcessing"].pop(name)
    return rest


def _group(state: Mapping[str, Any], group_id: str) -> Any:
    return next((group for group in state["groups"] if group["objectId"] == group_id), None)


def _principals(state: Mapping[str, Any], ours: Ours) -> list[dict[str, Any]]:
    return [one for one in state["exchangeServicePrincipals"] if one["appId"] == ours.client_id]


def _own_scopes(before: Mapping[str, Any], after: Mapping[str, Any], own: set[str]) -> set[str]:
    """Return the scopes of this stack's name; one that was renamed to it was our own assignment's before."""
    found = {one["guid"] for state in (before, after) for one in state["managementScopes"] if one["name"] == MARK}
    named = {one["guid"] for one in before["managementScopes"] if one["name"] == MARK}
    pointed = {one["scopeGuid"] for one in before["roleAssignments"] if one["assigneeObjectId"] in own}
    there = {one["guid"] for one in before["managementScopes"]}
    assert found & there <= named | pointed, "invariant 3: somebody else's scope was taken"
    return found
