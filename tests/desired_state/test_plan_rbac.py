"""The plan of the access model `rbac`: what differs, in which order it is mended, what stops a run; and for any tenant."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Observed
from microsoft365.exchange.plan import Plan, plan
from microsoft365.exchange.rbac_observed import ROLE, Rbac
from tests.desired_state.builders import ADDRESS, MARK, after, an_id, group, member, person, retired, room, rooms
from tests.desired_state.rbac_builders import (
    ALL,
    ASSIGNED,
    NAME,
    PRINCIPAL,
    assignment,
    fresh,
    performed,
    principal,
    reach,
    scope,
    settled,
    wish,
)
from tests.support.cases import cases


def kinds(found: Plan) -> list[str]:
    return [action.kind for action in found.actions]


def ids(number: int) -> frozenset[str]:
    return frozenset(one.object_id for one in rooms(number))


def test_a_settled_tenant_needs_nothing() -> None:
    found = plan(wish(), settled())
    assert (found.actions, found.guards, found.notices) == ((), (), ())
    assert found.restriction_present
    assert (found.in_reach, found.with_titles) == (3, 3)


def test_invariant_1_scope_before_assignment_and_principal_before_both() -> None:
    found = plan(wish(), fresh())
    assert kinds(found) == ["createPrincipal", "createScope", "createAssignment", *["setCalendar"] * 3]
    assert found.actions[0].values == {
        "AppId": wish().application.client_id,
        "ObjectId": PRINCIPAL,
        "DisplayName": MARK,
    }
    assert found.actions[1].values == {"Name": NAME, "RecipientRestrictionFilter": ALL[1:-1]}
    assert found.actions[2].values == {"Name": ASSIGNED, "Role": ROLE}
    assert not found.restriction_present
    assert found.in_reach == 0


def test_invariant_1_the_group_is_full_before_the_assignment_is_made() -> None:
    found = plan(wish(rooms={"include": [room("00000").address]}, calendar="unmanaged"), fresh())
    assert kinds(found) == ["createGroup", "updateGroup", "addMember", "createPrincipal", "createAssignment"]


def test_an_organization_that_was_never_customized_is_first_and_said_aloud() -> None:
    found = plan(wish(calendar="unmanaged"), fresh(customized=False))
    assert kinds(found) == ["enableCustomization", "createPrincipal", "createScope", "createAssignment"]
    assert any("Enable-OrganizationCustomization will be run" in notice for notice in found.notices)
    # Only where it is needed.
    assert kinds(plan(wish(), settled(customized=False))) == []


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        ({"scopes": (scope(text="RecipientTypeDetails -eq 'RoomMailbox'"),)}, ["changeScope"], "its filter is"),
        ({"scopes": (scope(text="nonsense"),)}, ["changeScope"], "'nonsense'"),
        ({"scopes": ()}, ["createScope", "changeAssignment"], "no scope is called"),
        ({"assignments": (), "reach": frozenset()}, ["createAssignment"], "the application reads nothing"),
        ({"assignments": (assignment(enabled=False),)}, ["changeAssignment"], "it is disabled"),
        ({"assignments": (assignment(scope="Everybody"),)}, ["changeAssignment"], "it points at the scope 'Everybody'"),
        ({"assignments": (assignment(kind="group", scope="Staff"),)}, ["changeAssignment"], "the group 'Staff'"),
        ({"principal": principal(display_name="x")}, ["markPrincipal"], "'x'"),
        (
            {"principal": None, "assignments": (), "reach": frozenset()},
            ["createPrincipal", "createAssignment"],
            "what Exchange knows",
        ),
        (
            {"principal": principal(object_id=an_id("former"))},
            ["removeAssignment", "removePrincipal", "createPrincipal", "createAssignment"],
            "former service principal",
        ),
    ],
)
def test_each_drift_is_repaired_by_what_it_takes(changes: dict[str, Any], expected: list[str], words: str) -> None:
    observed = settled(**changes)
    found = plan(wish(), observed)
    assert kinds(found) == expected
    assert found.guards == ()
    assert not found.restriction_present or "principal" in changes
    assert words in " ".join(action.reason for action in found.actions)
    again = reach(performed(observed, found, wish()), wish(), ids(3), {})
    assert plan(wish(), again).actions == ()
    assert plan(wish(), again).restriction_present


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (assignment(name="by hand", guid=an_id("x")), "which was not made here"),
        (assignment(name="by hand", guid=an_id("x"), kind="none", scope=""), "over the whole organization"),
        (assignment(guid=an_id("x"), kind="none", scope=""), "over the whole organization"),
        (assignment(guid=an_id("x"), role="Application Mail.Read"), "'Application Mail.Read'"),
        (assignment(name="Mail Recipients-x", guid=an_id("x"), to_application=False), "Remove-RoleGroupMember"),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_invariant_1_any_other_assignment_stops_the_run_with_what_ends_it(one: Any, words: str, beside: bool) -> None:
    found = plan(wish(), settled(assignments=(assignment(), one) if beside else (one,)))
    (guard,) = found.guards
    assert words in guard
    assert "take it away: " in guard
    assert not found.restriction_present


def test_a_quotation_mark_in_a_name_does_not_leave_the_command() -> None:
    bad = assignment(name="x' -Confirm:$false; Remove-Mailbox 'y", guid=an_id("x"))
    (guard,) = plan(wish(), settled(assignments=(assignment(), bad))).guards
    assert "-Identity 'x'' -Confirm:$false; Remove-Mailbox ''y'" in guard


def test_a_renamed_stack_takes_its_scope_along_and_replaces_its_assignment() -> None:
    former = (assignment(name="roomz:roomz/old 12345678", scope="roomz:roomz/old"),)
    observed = settled(
        scopes=(scope(name="roomz:roomz/old"),), assignments=former, principal=principal(display_name="old")
    )
    found = plan(wish(), observed)
    assert found.guards == ()
    assert kinds(found) == ["markPrincipal", "changeScope", "createAssignment", "removeAssignment"]
    reached = performed(observed, found, wish())
    assert plan(wish(), reach(reached, wish(), ids(3), {})).actions == ()


def test_invariant_3_the_scope_of_another_stack_is_left_alone_where_ours_points_at_it() -> None:
    """Somebody pointed our assignment at another stack's scope: ours is pointed back, theirs keeps its name and filter."""
    theirs = scope(name="roomz:roomz/other", guid=an_id("theirs"), text="Office -eq 'Bern'")
    observed = settled(scopes=(theirs,), assignments=(assignment(scope=theirs.name),))
    found = plan(wish(), observed)
    assert kinds(found) == ["createScope", "changeAssignment"]
    assert theirs in (performed(observed, found, wish()).rbac or Rbac()).scopes


def test_what_was_retired_is_left_alone_and_named() -> None:
    old = scope(name=f"{NAME} retired 2026-01-02T03:04:05Z", guid=an_id("old"))
    found = plan(wish(), settled(scopes=(old, scope())))
    assert found.actions == ()
    assert any(
        "of a former deployment is left alone" in notice and "--access rbac" in notice for notice in found.notices
    )


def test_no_more_rooms_go_out_of_reach_than_allowed_whatever_holds_them() -> None:
    fewer = {"include": {"filter": "Office -eq 'Bern'"}}
    observed = replace(settled(20), matching=frozenset(list(ids(20))[:5]))
    (guard,) = plan(wish(rooms=fewer), observed).guards
    assert "15 (" in guard
    assert "of 20 rooms would be taken out of the application's reach" in guard
    assert "roomz:rooms.maxRemovals 15" in guard
    allowed = plan(wish(rooms={**fewer, "maxRemovals": 15}), observed)
    assert (allowed.guards, kinds(allowed)) == ((), ["changeScope"])


def test_invariant_3_what_cannot_be_told_counts_as_in_reach() -> None:
    observed = replace(settled(20, reach=None), matching=frozenset(list(ids(20))[:5]))
    (guard,) = plan(wish(rooms={"include": {"filter": "Office -eq 'Bern'"}}), observed).guards
    assert "15 rooms" in guard
    assert "may be in reach now" in guard


def test_the_guard_counts_when_a_scope_becomes_a_group() -> None:
    few = {"include": [one.address for one in rooms(20)[:4]]}
    (guard,) = plan(wish(rooms=few, calendar="unmanaged"), settled(20)).guards
    assert "of 20 rooms" in guard


def test_members_that_are_no_rooms_are_taken_out_of_the_group() -> None:
    ours = group([member(one) for one in rooms(3)] + [person("vera")])
    listed = {"include": [one.address for one in rooms(3)]}
    observed = replace(settled(assignments=(assignment(kind="group", scope=ours.name),)), groups=(ours,))
    found = plan(wish(rooms=listed), observed)
    assert kinds(found) == ["removeMember"]
    assert found.restriction_present


# -- any tenant and any wish ------------------------------------------------------------------------------------------------

EVERYBODY = rooms(8)
TEXTS = {
    "RecipientTypeDetails -eq 'RoomMailbox'": ids(8),
    "Office -eq 'Bern'": frozenset(list(ids(8))[:3]),
    "RecipientTypeDetails -eq 'UserMailbox'": frozenset[str](),
}
_names = some.sampled_from([ASSIGNED, "roomz:roomz/old 00000000", "roomz:roomz/other 11111111"])


@some.composite
def tenants(draw: some.DrawFn) -> Observed:
    scope_names = draw(
        some.lists(
            some.sampled_from([NAME, "roomz:roomz/old", f"{NAME} retired 2026-01-02T03:04:05Z", "Everybody"]),
            unique=True,
        )
    )
    texts = some.sampled_from([ALL, *TEXTS, "beyond what is understood"])
    scopes = tuple(scope(name=name, guid=an_id(f"scope {name}"), text=draw(texts)) for name in scope_names)
    groups = []
    if draw(some.booleans()):
        people = [*(member(one) for one in EVERYBODY), person("vera")]
        notes = draw(some.sampled_from([MARK, retired(), "of the reception", "roomz:roomz/other"]))
        address = draw(some.sampled_from([ADDRESS, "x@contoso.example"]))
        in_it = draw(some.lists(some.sampled_from(people), unique=True))
        # No two groups have one name.
        name = "RoomzResources" if address == ADDRESS else "another"
        addresses = frozenset({address.casefold()})
        groups.append(group(in_it, notes=notes, name=name, address=address, addresses=addresses))
    known = draw(some.sampled_from([principal(), principal(), principal(object_id=an_id("former")), None]))
    assignments = []
    for number, name in enumerate(draw(some.lists(_names, unique=True)) if known else []):
        targets = [("scope", one.name) for one in scopes] + [("group", one.name) for one in groups]
        if not targets:
            continue
        kind, target = draw(some.sampled_from(targets))
        assignments.append(
            assignment(name=name, guid=an_id(f"a{number}"), kind=kind, scope=target, enabled=draw(some.booleans()))
        )
    rbac = Rbac(draw(some.booleans()) or bool(scopes), known, scopes, tuple(assignments))
    return replace(
        fresh(8),
        groups=tuple(groups),
        rbac=rbac,
        matching=frozenset(draw(some.sets(some.sampled_from(sorted(ids(8))), min_size=1))),
    )


wishes = some.builds(
    lambda include, adopt: wish(rooms={"include": include, "maxRemovals": 100}, group={"adopt": adopt}),
    some.one_of(
        some.just("all"),
        some.just({"filter": "Office -eq 'Genève'"}),
        some.lists(some.sampled_from([one.address for one in EVERYBODY]), unique=True, min_size=1),
    ),
    some.booleans(),
)


def seen(observed: Observed, wanted: DesiredState) -> Observed:
    """Return the tenant as reading would show it: `matching` only for a filter, and what is in reach."""
    if wanted.rooms.condition is None:
        observed = replace(observed, matching=None)
    matched = ids(8) if observed.matching is None else observed.matching
    return reach(observed, wanted, matched, TEXTS)


@cases(300)
@given(tenants(), wishes)
def test_invariant_2_performing_the_plan_leaves_nothing_to_do(tenant: Observed, wanted: DesiredState) -> None:
    observed = seen(tenant, wanted)
    found = plan(wanted, observed)
    if found.guards:
        return
    again = plan(wanted, seen(performed(observed, found, wanted), wanted))
    assert (again.actions, again.guards) == ((), ())
    assert again.restriction_present
    assert again.in_reach == len(again.wanted)


@cases(300)
@given(tenants(), wishes)
def test_invariant_1_no_step_reaches_further_than_before_and_after(tenant: Observed, wanted: DesiredState) -> None:
    """After every single action only rooms are in reach that were so before, or are wanted."""
    observed = seen(tenant, wanted)
    found = plan(wanted, observed)
    before = observed.rbac.reach if observed.rbac else None
    if found.guards or before is None:
        return
    wanted_ids = {one.object_id for one in found.wanted}
    group_members = {one.object_id for each in observed.groups for one in each.members}
    for length in range(len(found.actions) + 1):
        part = replace(found, actions=found.actions[:length])
        now = seen(performed(observed, part, wanted), wanted)
        assert now.rbac is not None
        reached = now.rbac.reach
        assert reached is not None
        # A group that the assignment is pointed at has been put in order before.
        assert reached <= before | wanted_ids or reached <= group_members | wanted_ids
        if length == len(found.actions):
            assert reached == wanted_ids
        assert all(one.kind != "none" for one in now.rbac.assignments)


@cases(300)
@given(tenants(), wishes)
def test_invariant_3_nothing_of_others_is_touched(tenant: Observed, wanted: DesiredState) -> None:
    observed = seen(tenant, wanted)
    found = plan(wanted, observed)
    reached = performed(observed, found, wanted) if not found.guards else after(observed, found)
    assert observed.rbac is not None
    assert reached.rbac is not None
    others = {one for one in observed.rbac.scopes if one.mark is None or one.mark.retired is not None}
    assert others <= set(reached.rbac.scopes)
    ours = found.group.guid if found.group else None
    assert {one for one in observed.groups if one.guid != ours} <= set(reached.groups)


@cases(200)
@given(tenants(), wishes, some.integers(0, 20))
def test_invariant_2_a_run_that_was_killed_is_finished_by_the_next(
    tenant: Observed, wanted: DesiredState, length: int
) -> None:
    observed = seen(tenant, wanted)
    found = plan(wanted, observed)
    if found.guards:
        return
    part = seen(performed(observed, replace(found, actions=found.actions[:length]), wanted), wanted)
    rest = plan(wanted, part)
    if rest.guards:
        assert any("take it over" in guard or "reach" in guard or "taking it over" in guard for guard in rest.guards)
        return
    assert not plan(wanted, seen(performed(part, rest, wanted), wanted)).actions
