"""The past of a tenant: exact at its boundaries, and small where a group is large."""

import tracemalloc
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from simulator.history import History, Members, MembersAt
from simulator.records import AccessPolicy, Group

START = datetime(2029, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


def group(*members: str, object_id: str = "g") -> Group:
    values = dict.fromkeys(("guid", "object_id", "name", "alias", "display_name", "address", "sid"), object_id)
    return Group.model_validate(
        {**values, "kind": "MailUniversalSecurityGroup", "created": START, "member_ids": list(members)}
    )


def policy(scope: str = "g") -> AccessPolicy:
    values = dict.fromkeys(("scope_name", "scope_identity", "scope_sid", "scope_object_id", "description"), scope)
    return AccessPolicy.model_validate({**values, "app_id": "a", "access_right": "RestrictAccess", "created": START})


def note(history: History, moment: datetime, policies: list[AccessPolicy], *groups: Group) -> None:
    history.note(moment, policies, groups, [], [], [])


def holds(history: History, moment: datetime, member: str, object_id: str = "g") -> bool:
    """Ask for one member and for all, which must agree."""
    members: Collection[str] | MembersAt = history.version(moment).members_at(moment).get(object_id, ())
    assert (member in members) == (member in list(members))
    return member in members


def test_what_is_there_at_first_has_always_been() -> None:
    history = History()
    note(history, START, [policy()], group("m"))
    assert len(history.version(START - timedelta(days=9999)).policies) == 1
    assert holds(history, START - timedelta(days=9999), "m")
    assert history.next_change(START - timedelta(days=9999)) is None


def test_a_change_counts_from_its_moment_on() -> None:
    history = History()
    own = group("m")
    note(history, START, [], own)
    own.member_ids.append("n")
    note(history, START + MINUTE, [policy()], own)
    own.member_ids.remove("m")
    note(history, START + 2 * MINUTE, [policy()], own)
    own.member_ids.append("m")
    note(history, START + 3 * MINUTE, [policy()], own, group(object_id="h"))
    moments = [START, *(START + n * MINUTE + tick for n in (1, 2, 3) for tick in (-TICK, 0 * TICK))]
    assert [holds(history, moment, "n") for moment in moments] == [False, False, True, True, True, True, True]
    assert [holds(history, moment, "m") for moment in moments] == [True, True, True, True, False, False, True]
    assert [len(history.version(moment).policies) for moment in moments] == [0, 0, 1, 1, 1, 1, 1]
    assert [len(history.version(moment).groups) for moment in moments] == [1, 1, 1, 1, 1, 1, 2]
    assert history.next_change(START) == START + MINUTE
    assert history.next_change(START + MINUTE - TICK) == START + MINUTE
    assert history.next_change(START + MINUTE) == START + 2 * MINUTE
    assert history.next_change(START + 3 * MINUTE) is None


def test_nothing_new_is_no_change() -> None:
    history = History()
    own = policy()
    note(history, START, [own], group("m", "n"))
    note(history, START + MINUTE, [policy()], group("n", "m"))
    assert history.next_change(START) is None
    own.description = "another"
    assert history.version(START).policies[0].description == "g"
    note(history, START + 2 * MINUTE, [own], group("n", "m"))
    assert history.next_change(START) == START + 2 * MINUTE


def test_a_removed_group_holds_nobody() -> None:
    history = History()
    note(history, START, [], group("m"))
    note(history, START + MINUTE, [])
    assert holds(history, START, "m")
    assert not holds(history, START + MINUTE, "m")


def test_turning_back_leaves_no_later_moment() -> None:
    history = History()
    own = group("m")
    note(history, START, [], own)
    for number in (1, 2, 3):
        own.member_ids = [f"n{number}"]
        note(history, START + number * MINUTE, [policy()] * number, own)
    history.look_up("a", START + 3 * MINUTE, MINUTE, MINUTE)
    now = START + MINUTE + TICK
    history.turn_back(now)
    assert [len(history.version(m).policies) for m in (START, now - TICK, now, now + MINUTE)] == [0, 1, 3, 3]
    assert [holds(history, m, "n1") for m in (START, now - TICK, now)] == [False, True, False]
    assert [holds(history, m, "n2") for m in (now - TICK, now)] == [False, False]
    assert [holds(history, m, "n3") for m in (now - TICK, now)] == [False, True]
    assert history.next_change(now - TICK) == now
    assert history.next_change(now) is None
    assert history.looked_up("a", now, MINUTE, MINUTE) is None
    own.member_ids = []
    note(history, now + MINUTE, [policy()] * 3, own)
    assert not holds(history, now + MINUTE, "n3")


@pytest.mark.parametrize(("idle", "longest"), [(MINUTE, 3 * MINUTE), (timedelta(0), MINUTE), (MINUTE, timedelta(0))])
def test_a_look_is_kept_while_it_is_used(idle: timedelta, longest: timedelta) -> None:
    history = History()
    kept = min(idle, longest) > timedelta(0)
    assert history.look_up("a", START, idle, longest) == START
    assert history.look_up("b", START + TICK, idle, longest) == START + TICK
    moments = [START + n * MINUTE - TICK for n in (1, 2, 3)]
    seen = []
    for moment in moments:
        history.look_up("a", moment - MINUTE / 2, idle, longest)
        seen.append(history.look_up("a", moment, idle, longest))
    assert seen == ([START, START, START] if kept else moments)
    anew = START + 3 * MINUTE
    assert history.looked_up("a", anew, idle, longest) is None
    assert history.look_up("a", anew, idle, longest) == anew
    assert history.next_look("a", START) == (anew if kept else None)
    assert history.look_up("a", anew + MINUTE, idle, longest) == anew + MINUTE


@given(some.lists(some.lists(some.sampled_from("abcde"), unique=True)))
def test_the_past_of_a_group_is_what_its_lists_were(lists: list[list[str]]) -> None:
    """Whether a list only grew, lost somebody or came in another order."""
    members = Members()
    last: list[str] = []
    for number, listed in enumerate(lists):
        assert members.note(START + number * MINUTE, listed) == (set(listed) != set(last))
        last = listed
    for number, listed in enumerate(lists):
        moment = START + number * MINUTE
        assert {member for member in "abcde" if members.held(moment, member)} == set(listed)
        assert set(members.all_held(moment)) == set(listed)


def test_members_added_one_by_one_to_many_stay_small() -> None:
    members = Members()
    names = [f"{number:036d}" for number in range(10_000)]
    members.note(START, names[:9800])
    tracemalloc.start()
    for number in range(9800, 10_000):
        members.note(START + number * TICK, names[: number + 1])
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # One copy of the list, and some hundred bytes a change; a copy a change were 16 MB.
    assert size < 500_000
    assert [members.held(START + 9900 * TICK, names[number]) for number in (0, 9900, 9901)] == [True, True, False]
