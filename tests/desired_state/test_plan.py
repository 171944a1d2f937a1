"""The plan: what counts as a difference, in which order it is mended, and what stops a run."""

from dataclasses import replace
from typing import Any

import pytest

from microsoft365.errors import BadInput
from microsoft365.exchange.observed import MICROSOFTS_DEFAULTS, ROOM_ON_PREMISES, TITLES, CalendarSettings, Observed
from microsoft365.exchange.plan import Plan, plan
from tests.desired_state.builders import (
    ADDRESS,
    CLIENT,
    MARK,
    OTHER_CLIENT,
    after,
    an_id,
    desired,
    fresh,
    group,
    member,
    person,
    policy,
    retired,
    room,
    rooms,
    settled,
)


def kinds(found: Plan) -> list[str]:
    return [action.kind for action in found.actions]


def test_a_settled_tenant_needs_nothing() -> None:
    found = plan(desired(), settled())
    assert (found.actions, found.guards, found.notices) == ((), (), ())
    assert not found.differs
    assert found.restriction_present
    assert (found.in_reach, found.with_titles) == (3, 3)


def test_invariant_1_group_and_members_come_before_the_policy_and_calendars_last() -> None:
    found = plan(desired(), fresh())
    assert kinds(found) == ["createGroup", "updateGroup", *["addMember"] * 3, "createPolicy", *["setCalendar"] * 3]
    assert not found.restriction_present


def test_invariant_2_what_was_performed_needs_nothing_more() -> None:
    first = plan(desired(), fresh())
    assert not plan(desired(), after(fresh(), first)).differs


def test_before_the_application_exists_the_policy_is_announced_and_nothing_is_restricted() -> None:
    found = plan(desired(application={}), fresh())
    assert "the new application" in found.summary()
    assert not found.restriction_present


def test_ids_are_compared_without_regard_to_letter_case() -> None:
    assert not plan(desired(application={"client_id": CLIENT.upper()}), settled()).differs


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"name": "Old"}, {"Name": "RoomzResources", "DisplayName": "RoomzResources"}),
        ({"alias": "old"}, {"Alias": "RoomzResources"}),
        (
            {"address": "old@contoso.example", "addresses": frozenset({"old@contoso.example"})},
            {"PrimarySmtpAddress": ADDRESS},
        ),
        ({"hidden": False}, {"HiddenFromAddressListsEnabled": True}),
    ],
)
def test_invariant_1_the_group_changes_in_place(change: dict[str, Any], values: dict[str, Any]) -> None:
    observed = settled()
    old = replace(observed.groups[0], **change)
    found = plan(desired(), replace(observed, groups=(old,)))
    assert kinds(found) == ["updateGroup"]
    assert found.actions[0].values == values
    assert found.actions[0].target == old.guid


@pytest.mark.parametrize("change", [{"alias": "ROOMZRESOURCES"}, {"address": ADDRESS.upper()}])
def test_letter_case_of_alias_and_address_is_no_difference(change: dict[str, Any]) -> None:
    observed = settled()
    assert not plan(desired(), replace(observed, groups=(replace(observed.groups[0], **change),))).differs


def test_a_room_taken_out_by_hand_is_added_again() -> None:
    observed = settled()
    ours = observed.groups[0]
    less = replace(observed, groups=(replace(ours, members=ours.members[1:]),))
    found = plan(desired(), less)
    assert [(action.kind, action.subject) for action in found.actions] == [("addMember", "room-00000@contoso.example")]
    assert found.in_reach == 2
    assert "1 room to add to the group" in found.summary()


def test_a_policy_deleted_by_hand_is_made_again() -> None:
    found = plan(desired(), replace(settled(), policies=()))
    assert kinds(found) == ["createPolicy"]
    assert not found.restriction_present


@pytest.mark.parametrize("position", [0, 1, 2])
def test_each_flipped_switch_is_seen_and_only_these_three_are_written(position: int) -> None:
    flipped = CalendarSettings(*[index == position for index in range(3)])
    observed = settled()
    one = observed.rooms[1]
    found = plan(desired(), replace(observed, calendars={**observed.calendars, one.object_id: flipped}))
    assert kinds(found) == ["setCalendar"]
    assert found.actions[0].target == one.guid
    assert found.actions[0].values == {
        "AddOrganizerToSubject": False,
        "DeleteSubject": False,
        "RemovePrivateProperty": False,
    }


def test_unmanaged_calendars_are_left_alone_and_not_counted() -> None:
    found = plan(desired(calendar="unmanaged"), replace(settled(), calendars={}))
    assert not found.differs
    assert found.with_titles is None


def test_exact_takes_out_people_and_nested_groups() -> None:
    observed = settled()
    ours = observed.groups[0]
    stranger = person("vera")
    found = plan(desired(), replace(observed, groups=(replace(ours, members=(*ours.members, stranger)),)))
    assert [(action.kind, action.target) for action in found.actions] == [("removeMember", stranger.guid)]


def test_members_to_go_are_taken_out_before_rooms_are_added() -> None:
    observed = settled()
    ours = replace(observed.groups[0], members=(*observed.groups[0].members[1:], person("vera")))
    assert kinds(plan(desired(), replace(observed, groups=(ours,)))) == ["removeMember", "addMember"]


def test_invariant_3_at_least_never_takes_a_room_out() -> None:
    observed = settled()
    found = plan(
        desired(group={"members": "atLeast"}, rooms={"include": ["room-00000@contoso.example"]}),
        observed,
    )
    assert not found.differs


def test_at_least_stops_on_a_member_that_is_no_room() -> None:
    observed = settled()
    ours = replace(observed.groups[0], members=(*observed.groups[0].members, person("vera")))
    found = plan(desired(group={"members": "atLeast"}), replace(observed, groups=(ours,)))
    assert "vera@contoso.example (UserMailbox)" in (found.guard or "")
    assert not found.actions


@pytest.mark.parametrize(
    ("limit", "members", "stopped"),
    [
        (None, 10, False),
        (None, 14, True),
        (2, 12, False),
        (1, 12, True),
        (0, 11, True),
        ("20%", 12, False),
        ("10%", 12, True),
    ],
)
def test_the_removal_limit(limit: int | str | None, members: int, stopped: bool) -> None:
    """Ten rooms are wanted: whatever is above goes out of reach."""
    all_rooms = rooms(members)
    ours = group(member(one) for one in all_rooms)
    calendars = {one.object_id: TITLES for one in all_rooms}
    observed = Observed(all_rooms, (ours,), (policy(ours),), calendars)
    include = [one.address for one in all_rooms[:10]]
    found = plan(desired(rooms={"include": include, "max_removals": limit}), observed)
    assert (found.guard is not None) is stopped
    if stopped:
        assert f"maxRemovals {members - 10}" in (found.guard or "")


@pytest.mark.parametrize(("strangers", "stopped"), [(1, False), (3, False), (4, True)])
def test_converted_rooms_count_against_the_removal_limit(strangers: int, stopped: bool) -> None:
    """A room that was converted to a shared mailbox is a member that is no room."""
    observed = settled(10)
    ours = observed.groups[0]
    converted = [replace(person(f"shared-{number}"), kind="SharedMailbox") for number in range(strangers)]
    grown = replace(observed, groups=(replace(ours, members=(*ours.members, *converted)),))
    found = plan(desired(), grown)
    assert (found.guard is not None) is stopped
    if stopped:
        assert "0 of 10 rooms and 4 other member(s)" in (found.guard or "")
        assert "shared-3@contoso.example (SharedMailbox)" in (found.guard or "")
        assert "maxRemovals 4" in (found.guard or "")
    assert not plan(desired(rooms={"max_removals": strangers}), grown).guards


def test_rooms_and_others_are_counted_together() -> None:
    observed = settled(10)
    ours = replace(observed.groups[0], members=(*observed.groups[0].members, person("vera"), person("jon")))
    few = {"exclude": [one.address for one in rooms(2)]}
    found = plan(desired(rooms=few), replace(observed, groups=(ours,)))
    assert "2 of 10 rooms and 2 other member(s)" in (found.guard or "")
    assert "maxRemovals 4" in (found.guard or "")


def test_invariant_3_a_group_made_by_somebody_else_is_not_touched() -> None:
    observed = settled()
    theirs = replace(observed.groups[0], notes="of the reception", members=(person("vera"),))
    found = plan(desired(), replace(observed, groups=(theirs,), policies=()))
    assert "group.adopt true" in (found.guard or "")
    assert not [action for action in found.actions if action.target == theirs.guid]


def test_adopting_keeps_the_notes_and_says_adopted() -> None:
    theirs = group([member(one) for one in rooms(3)], notes="of the reception")
    observed = replace(settled(), groups=(theirs,), policies=())
    wanted = desired(group={"adopt": True})
    found = plan(wanted, observed)
    assert kinds(found) == ["markGroup", "createPolicy"]
    assert found.actions[0].values == {"Notes": f"of the reception\n{MARK} adopted"}
    assert found.adopted
    again = plan(desired(), after(observed, found))
    assert not again.differs
    assert again.adopted


@pytest.mark.parametrize("number", [1, 2, 7])
def test_invariant_3_adopting_takes_nobody_out(number: int) -> None:
    """Below the limit of removals as well: these members are somebody else's."""
    people = [person(f"person-{position}") for position in range(number)]
    theirs = group([*(member(one) for one in rooms(3)), *people], notes="of the reception")
    found = plan(desired(group={"adopt": True}), replace(settled(), groups=(theirs,), policies=()))
    guard = found.guard or ""
    assert "removeMember" not in kinds(found)
    assert f"{number} member(s)" in guard
    assert ("person-4@contoso.example (UserMailbox)" in guard) is (number > 4)
    assert "person-5@contoso.example" not in guard
    assert "roomz:group.primarySmtpAddress ADDRESS" in guard
    assert "members atLeast is no way round" in guard


def test_invariant_3_rooms_of_an_adopted_group_stay_too_and_at_least_is_a_way() -> None:
    theirs = group([member(one) for one in rooms(3)], notes="of the reception")
    observed = replace(settled(), groups=(theirs,), policies=())
    include = {"include": [one.address for one in rooms(2)]}
    found = plan(desired(rooms=include, group={"adopt": True}), observed)
    assert "removeMember" not in kinds(found)
    assert "room-00002@contoso.example (RoomMailbox)" in (found.guard or "")
    assert "config set --path roomz:group.members atLeast" in (found.guard or "")
    kept = plan(desired(rooms=include, group={"adopt": True, "members": "atLeast"}), observed)
    assert kinds(kept) == ["markGroup", "createPolicy"]


def test_invariant_3_a_group_whose_mark_was_lost_is_not_emptied_either() -> None:
    observed = settled()
    ours = replace(observed.groups[0], notes="", members=(*observed.groups[0].members, person("vera")))
    found = plan(desired(), replace(observed, groups=(ours,)))
    assert "vera@contoso.example" in (found.guard or "")
    assert "removeMember" not in kinds(found)


def test_another_stacks_group_is_refused() -> None:
    theirs = group([member(one) for one in rooms(3)], notes="roomz:roomz/prod")
    found = plan(desired(group={"adopt": True}), replace(settled(), groups=(theirs,), policies=()))
    assert "roomz/prod" in (found.guard or "")


def test_a_renamed_stack_marks_its_own_group_and_policy_anew() -> None:
    observed = settled()
    ours = replace(observed.groups[0], notes="roomz:roomz/old")
    found = plan(desired(), replace(observed, groups=(ours,), policies=(policy(ours, description="roomz:roomz/old"),)))
    assert kinds(found) == ["markGroup", "markPolicy"]
    assert found.guard is None
    assert len(found.notices) == 2
    assert all("anew" in notice for notice in found.notices)


@pytest.mark.parametrize(
    ("change", "word"),
    [({"kind": "MailUniversalDistributionGroup"}, "mail-enabled"), ({"dir_synced": True}, "on-premises")],
)
def test_groups_that_cannot_serve_are_refused(change: dict[str, Any], word: str) -> None:
    observed = settled()
    found = plan(desired(), replace(observed, groups=(replace(observed.groups[0], **change),)))
    assert word in (found.guard or "")


def test_an_address_of_another_group_is_refused() -> None:
    observed = settled()
    ours = replace(observed.groups[0], address="old@contoso.example", addresses=frozenset({"old@contoso.example"}))
    theirs = group(guid=an_id("theirs"), object_id=an_id("theirs too"), notes="", name="Theirs")
    found = plan(desired(), replace(observed, groups=(ours, theirs)))
    assert "Theirs" in (found.guard or "")


def test_two_groups_with_the_mark_are_told_apart_by_the_policy() -> None:
    observed = settled()
    copy = replace(
        observed.groups[0],
        guid=an_id("copy"),
        object_id=an_id("copy too"),
        address="c@contoso.example",
        addresses=frozenset(),
    )
    assert not plan(desired(), replace(observed, groups=(copy, observed.groups[0]))).differs
    found = plan(
        desired(group={"primary_smtp_address": "x@contoso.example"}),
        replace(observed, groups=(copy, observed.groups[0]), policies=()),
    )
    assert "several groups" in (found.guard or "")


def test_invariant_1_a_policy_of_a_vanished_group_goes_only_after_the_new_one() -> None:
    observed = settled()
    anew = replace(observed.groups[0], guid=an_id("anew"), object_id=an_id("anew too"))
    found = plan(desired(), replace(observed, groups=(anew,)))
    assert kinds(found) == ["createPolicy", "removePolicy"]
    assert found.actions[1].target == observed.policies[0].identity


@pytest.mark.parametrize(
    "change",
    [{"description": "by hand", "group_object_id": an_id("elsewhere")}, {"access_right": "DenyAccess"}],
)
def test_another_policy_for_our_application_stops_the_run(change: dict[str, Any]) -> None:
    observed = settled()
    other = replace(policy(observed.groups[0]), identity="other", **change)
    found = plan(desired(), replace(observed, policies=(*observed.policies, other)))
    assert CLIENT in (found.guard or "")
    assert "removePolicy" not in kinds(found)


def test_invariant_1_a_policy_that_denies_is_no_restriction_to_the_rooms() -> None:
    observed = settled()
    found = plan(desired(), replace(observed, policies=(policy(observed.groups[0], access_right="DenyAccess"),)))
    assert not found.restriction_present
    assert found.guard is not None


def test_a_policy_on_our_group_whose_description_was_changed_is_described_again() -> None:
    observed = settled()
    found = plan(desired(), replace(observed, policies=(policy(observed.groups[0], description="by hand"),)))
    assert kinds(found) == ["markPolicy"]
    assert found.restriction_present


def test_invariant_3_policies_of_other_applications_are_left_alone_and_named() -> None:
    observed = settled()
    other = policy(observed.groups[0], identity="theirs", app_id=OTHER_CLIENT, description="theirs")
    found = plan(desired(), replace(observed, policies=(*observed.policies, other)))
    assert not found.differs
    assert OTHER_CLIENT in found.notices[0]


def test_a_retired_policy_of_a_former_application_is_left_alone_and_its_end_is_named() -> None:
    observed = settled()
    former = policy(observed.groups[0], identity="former", app_id=OTHER_CLIENT, description=retired())
    found = plan(desired(), replace(observed, policies=(*observed.policies, former)))
    assert not found.differs
    assert f"remove --retired --mark {MARK}" in found.notices[0]


def test_a_retired_mark_of_our_own_is_renewed() -> None:
    observed = settled()
    ours = replace(observed.groups[0], notes=retired())
    found = plan(desired(), replace(observed, groups=(ours,), policies=(policy(ours, description=retired()),)))
    assert kinds(found) == ["markGroup", "markPolicy"]
    assert [list(action.values.values()) for action in found.actions] == [[MARK], [MARK]]


def test_workspaces_are_no_rooms() -> None:
    desk = room("desk", resource="Workspace")
    observed = settled()
    assert not plan(desired(), replace(observed, rooms=(*observed.rooms, desk))).differs


def test_everything_wrong_with_a_list_is_said_at_once() -> None:
    observed = fresh(2)
    desk = room("desk", resource="Workspace")
    alias = room("alias", addresses=frozenset({"room-alias@contoso.example", "second@contoso.example"}))
    observed = replace(
        observed, rooms=(*observed.rooms, desk, alias), elsewhere={"vera@contoso.example": "UserMailbox"}
    )
    include = [desk.address, alias.address, "second@contoso.example", "vera@contoso.example", "nobody@contoso.example"]
    with pytest.raises(BadInput) as raised:
        plan(desired(rooms={"include": include}), observed)
    for word in ("workspace", "the same room", "a UserMailbox", "nobody in this tenant"):
        assert word in str(raised.value)


def test_excluding_an_address_that_nobody_has_is_an_error() -> None:
    with pytest.raises(BadInput, match=r"rooms\.exclude: x@contoso\.example"):
        plan(desired(rooms={"exclude": ["x@contoso.example"]}), fresh())


def test_no_room_at_all_is_an_error_and_not_an_empty_group() -> None:
    with pytest.raises(BadInput, match="no room is left"):
        plan(desired(), fresh(0))
    with pytest.raises(BadInput, match="no room is left"):
        plan(desired(rooms={"exclude": ["room-00000@contoso.example"]}), fresh(1))


def test_the_summary_stays_short() -> None:
    found = plan(desired(), fresh(10_000))
    assert len(found.summary()) < 1000
    assert "10000 rooms" in found.summary()


def test_an_unknown_calendar_is_set() -> None:
    found = plan(desired(), replace(settled(), calendars={}))
    assert kinds(found) == ["setCalendar"] * 3
    assert MICROSOFTS_DEFAULTS != TITLES


def test_rooms_whose_mailbox_is_on_premises_are_named_and_change_nothing() -> None:
    found = plan(desired(), replace(settled(), on_premises=(room("zinal"), room("arolla"))))
    assert found.actions == ()
    assert len(found.notices) == 2
    assert "room-arolla@contoso.example cannot be reached: its mailbox is on-premises" in found.notices[0]
    assert "room-zinal@contoso.example" in found.notices[1]
    assert len(found.wanted) == 3


def test_of_many_rooms_on_premises_the_first_are_named_and_the_rest_counted() -> None:
    found = plan(desired(), replace(settled(), on_premises=rooms(40)))
    assert len(found.notices) == 6
    assert found.notices[-1].startswith("35 more rooms")


@pytest.mark.parametrize(
    "chosen", [{"exclude": ["ROOM-zinal@contoso.example"]}, {"include": ["room-00000@contoso.example"]}]
)
def test_rooms_on_premises_that_nobody_wants_are_not_named(chosen: dict[str, Any]) -> None:
    zinal = "room-zinal@contoso.example"
    observed = replace(settled(1), on_premises=(room("zinal"),), elsewhere={zinal: ROOM_ON_PREMISES})
    found = plan(desired(rooms=chosen), observed)
    assert (found.actions, found.notices) == ((), ())


def test_a_listed_room_on_premises_is_refused_by_what_it_is() -> None:
    zinal = "room-zinal@contoso.example"
    observed = replace(settled(), elsewhere={zinal: ROOM_ON_PREMISES})
    with pytest.raises(BadInput, match=rf"rooms\.include: {zinal} is a room whose mailbox is on-premises"):
        plan(desired(rooms={"include": [zinal, "room-00000@contoso.example"]}), observed)


def test_that_rooms_on_premises_could_not_be_read_is_said_and_stops_nobody() -> None:
    found = plan(desired(), replace(settled(), on_premises=None))
    assert found.actions == ()
    assert "could not be read" in found.notices[0]
