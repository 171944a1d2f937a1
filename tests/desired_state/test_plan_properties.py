"""For any tenant and any wish: performing the plan reaches it, the next plan is empty, and nothing of others moves."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from microsoft365.errors import BadInput
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import CalendarSettings, Group, Observed, Policy
from microsoft365.exchange.plan import plan
from tests.desired_state.builders import (
    ADDRESS,
    CLIENT,
    MARK,
    OTHER_CLIENT,
    after,
    an_id,
    desired,
    group,
    member,
    person,
    policy,
    retired,
    rooms,
)
from tests.support.cases import cases

ALL_ROOMS = rooms(8)
_switches = some.builds(CalendarSettings, some.booleans(), some.booleans(), some.booleans())
_notes = some.sampled_from(
    ["", MARK, f"{MARK} adopted", retired(), "of the reception", "roomz:roomz/other", f"x\n{MARK}"]
)


@some.composite
def tenants(draw: some.DrawFn) -> Observed:
    everybody = [*(member(room) for room in ALL_ROOMS), person("vera"), person("jon")]
    groups: list[Group] = []
    for name in ("one", "two"):
        if draw(some.booleans()):
            address = draw(some.sampled_from([ADDRESS, f"{name}@contoso.example"]))
            groups.append(
                group(
                    draw(some.lists(some.sampled_from(everybody), unique=True)),
                    guid=an_id(f"guid of {name}"),
                    object_id=an_id(f"object of {name}"),
                    notes=draw(_notes),
                    name=draw(some.sampled_from(["RoomzResources", name])),
                    address=address,
                    addresses=frozenset({address.casefold()}),
                    hidden=draw(some.booleans()),
                )
            )
    scopes = [*groups, group(guid=an_id("gone"), object_id=an_id("gone too"))]
    policies: list[Policy] = []
    for number in range(draw(some.integers(0, 3))):
        scope = draw(some.sampled_from(scopes))
        app_id = draw(some.sampled_from([CLIENT, OTHER_CLIENT]))
        identity = f"policy {number}"
        right = draw(some.sampled_from(["RestrictAccess", "RestrictAccess", "DenyAccess"]))
        policies.append(policy(scope, identity=identity, app_id=app_id, description=draw(_notes), access_right=right))
    calendars = {room.object_id: draw(_switches) for room in ALL_ROOMS}
    return Observed(ALL_ROOMS, tuple(groups), tuple(policies), calendars)


_wishes = some.builds(
    lambda include, members, adopt, limit, calendar: desired(
        rooms={"include": include, "max_removals": limit},
        group={"members": members, "adopt": adopt},
        calendar=calendar,
    ),
    some.one_of(
        some.just("all"), some.lists(some.sampled_from([room.address for room in ALL_ROOMS]), unique=True, min_size=1)
    ),
    some.sampled_from(["exact", "atLeast"]),
    some.booleans(),
    some.sampled_from([None, 8, "100%"]),
    some.sampled_from(["titles", "unmanaged"]),
)


@cases(300)
@given(tenants(), _wishes)
def test_invariant_2_performing_the_plan_leaves_nothing_to_do(observed: Observed, wish: DesiredState) -> None:
    found = plan(wish, observed)
    if found.guards:
        return
    reached = after(observed, found)
    again = plan(wish, reached)
    assert again.actions == ()
    assert again.guards == ()
    assert again.restriction_present
    assert again.in_reach == len(again.wanted)


@cases(300)
@given(tenants(), _wishes)
def test_invariant_3_nothing_of_others_is_touched(observed: Observed, wish: DesiredState) -> None:
    found = plan(wish, observed)
    reached = after(observed, found)
    ours = found.group.guid if found.group else None
    assert {one for one in observed.groups if one.guid != ours} <= set(reached.groups)
    assert {one for one in observed.policies if one.app_id != CLIENT} <= set(reached.policies)
    for one in observed.groups:
        if one.mark is None:
            assert set(one.members) <= set(next(left for left in reached.groups if left.guid == one.guid).members)
    if wish.calendar == "unmanaged":
        assert reached.calendars == observed.calendars


@cases(300)
@given(tenants(), _wishes)
def test_invariant_1_every_step_of_the_way_keeps_the_application_restricted(
    observed: Observed, wish: DesiredState
) -> None:
    """Once a policy restricts the application, there is one after every single action."""
    found = plan(wish, observed)
    if found.guards or not any(one.app_id == CLIENT for one in observed.policies):
        return
    for length in range(len(found.actions) + 1):
        part = after(observed, replace(found, actions=found.actions[:length]))
        assert any(one.app_id == CLIENT for one in part.policies)


@cases(200)
@given(tenants(), _wishes, some.integers(0, 40))
def test_invariant_2_a_run_that_was_killed_is_finished_by_the_next(
    observed: Observed, wish: DesiredState, length: int
) -> None:
    found = plan(wish, observed)
    if found.guards:
        return
    # What only the first action makes is known to the rest: the killed run is seen through the same eyes.
    part = after(observed, replace(found, actions=found.actions[:length]))
    try:
        rest = plan(wish, part)
    except BadInput as problem:
        raise AssertionError from problem
    if rest.guards:
        assert any("out of the application's reach" in guard for guard in rest.guards)
        return
    assert not plan(wish, after(part, rest)).actions
