"""What a plan says of the restriction that stands, and when it is another plan: what runs by runbook decide by."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microsoft365.exchange.observed import Member, Observed
from microsoft365.exchange.plan import plan
from tests.desired_state import builders, rbac_builders
from tests.desired_state.builders import desired, group, member, person, policy, rooms
from tests.desired_state.rbac_builders import assignment, scope, wish

ROOMS = rooms(3)
LISTED = [ROOMS[0].address, ROOMS[1].address]


def of_filter(text: str) -> Observed:
    return rbac_builders.settled(scopes=(scope(text=text),))


def of_group(*others: Member) -> Observed:
    ours = group([member(ROOMS[0]), *others])
    pointed = assignment(kind="group", scope=ours.name)
    return replace(rbac_builders.settled(assignments=(pointed,)), groups=(ours,))


RBAC = {
    "as declared": (rbac_builders.settled(), "present"),
    "nothing": (rbac_builders.fresh(), "absent"),
    "equipment": (of_filter("RecipientTypeDetails -eq 'EquipmentMailbox'"), "differs"),
    "rooms of one office": (of_filter("(RecipientTypeDetails -eq 'RoomMailbox') -and (Office -eq 'Bern')"), "differs"),
    "rooms and people": (
        of_filter("(RecipientTypeDetails -eq 'RoomMailbox') -or (RecipientTypeDetails -eq 'UserMailbox')"),
        "absent",
    ),
    "all but people": (of_filter("-not (RecipientTypeDetails -eq 'UserMailbox')"), "absent"),
    "a filter that is not understood": (of_filter("MemberOfGroup -eq 'CN=x'"), "absent"),
    "a group of rooms, where none is used": (of_group(), "differs"),
    "a group with a person, where none is used": (of_group(person("vera")), "absent"),
    "disabled": (rbac_builders.settled(assignments=(assignment(enabled=False),)), "absent"),
    "two": (rbac_builders.settled(assignments=(assignment(), assignment(guid="y", name="by hand"))), "absent"),
    "somebody else's scope": (
        rbac_builders.settled(
            scopes=(scope(guid="x", name="Everybody", text="Name -like 'a*'"),),
            assignments=(assignment(scope="Everybody"),),
        ),
        "absent",
    ),
}


@pytest.mark.parametrize(("observed", "standing"), RBAC.values(), ids=RBAC)
def test_invariant_1_what_does_not_keep_to_resources_counts_as_no_restriction(
    observed: Observed, standing: str
) -> None:
    assert plan(wish(rooms={"max_removals": 9}), observed).standing == standing


def test_a_policy_stands_or_does_not() -> None:
    assert plan(desired(), builders.settled()).standing == "present"
    assert plan(desired(), builders.fresh()).standing == "absent"
    assert (
        plan(desired(), replace(builders.settled(), policies=(policy(access_right="DenyAccess"),))).standing == "absent"
    )


@pytest.mark.parametrize("number", [1, 3])
def test_invariant_2_a_plan_is_the_same_before_and_after_the_application_exists(number: int) -> None:
    before = plan(desired(application={}), builders.fresh(number))
    assert before.digest == plan(desired(), builders.fresh(number)).digest
    of_rbac = plan(wish(application={}), rbac_builders.fresh(number))
    assert of_rbac.digest == plan(wish(), rbac_builders.fresh(number)).digest
    assert of_rbac.digest != before.digest


@given(some.permutations(range(3)), some.permutations(range(3)))
def test_the_order_in_which_exchange_lists_things_makes_no_other_plan(some_order: list[int], other: list[int]) -> None:
    def of(order: list[int]) -> Observed:
        ours = group([member(ROOMS[number]) for number in order])
        return replace(
            builders.settled(), rooms=tuple(ROOMS[number] for number in order), groups=(ours,), policies=(policy(ours),)
        )

    wanted = desired(rooms={"include": LISTED[:1], "max_removals": 9})
    assert plan(wanted, of(some_order)).digest == plan(wanted, of(other)).digest


def test_whatever_else_is_to_be_done_makes_another() -> None:
    found = {
        plan(wanted, observed).digest
        for wanted, observed in (
            (desired(), builders.settled()),
            (desired(), builders.fresh(3)),
            (desired(), builders.fresh(4)),
            (desired(calendar="unmanaged"), builders.fresh(3)),
            (desired(group={"name": "Other"}), builders.settled()),
            (desired(group={"name": "Another"}), builders.settled()),
            (wish(), rbac_builders.fresh(3)),
            (wish(rooms={"kinds": ["workspace", "room"]}), rbac_builders.fresh(3)),
        )
    }
    assert len(found) == 8
