"""Membership: when the whole list is replaced, when only single members are, and what is done about a first empty reading."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from microsoft365.errors import TenantRefused, TimedOut
from microsoft365.exchange.actions import Action
from microsoft365.exchange.failures import Failure
from microsoft365.exchange.ledger import Ledger
from microsoft365.exchange.members import change_members, see_nobody_again
from microsoft365.exchange.plan import Plan, plan
from microsoft365.exchange.transport import Answer, Call, Progress
from tests.desired_state.builders import desired, member, person, room, rooms, settled
from tests.desired_state.test_apply_lag import Quiet
from tests.desired_state.wires import Clock

GROUP = settled().groups[0].guid


OBJECT_IDS = {one.guid: one.object_id for one in (*map(member, (*rooms(30), room("new"))), person("vera"))}


def row(guid: str) -> dict[str, str]:
    return {"Guid": guid, "ExternalDirectoryObjectId": OBJECT_IDS[guid], "RecipientTypeDetails": "RoomMailbox"}


class Members:
    """The members of one group as Exchange keeps them, by their Guid."""

    def __init__(self, *guids: str) -> None:
        self.guids = list(guids)
        self.ran: list[str] = []
        self.before: Callable[[], None] = lambda: None
        # What replacing the whole list ends with, and how many of the new list are members by then.
        self.late: Exception | Failure | None = None
        self.reached = 0

    def run(self, calls: Sequence[Call], progress: Progress | None = None) -> list[Answer]:
        if calls:
            self.before()
        return [self._one(call) for call in calls]

    def _one(self, call: Call) -> Answer:
        self.ran.append(call.cmdlet)
        if call.cmdlet == "Get-DistributionGroupMember":
            return Answer(call, tuple(row(guid) for guid in self.guids))
        if call.cmdlet == "Update-DistributionGroupMember":
            self.guids = list(call.parameters["Members"])
            if self.late is not None:
                self.guids = self.guids[: self.reached]
            if isinstance(self.late, Exception):
                raise self.late
            return Answer(call, failure=self.late)
        if call.cmdlet == "Add-DistributionGroupMember":
            self.guids.append(call.parameters["Member"])
        elif call.parameters["Member"] not in self.guids:
            return Answer(call, failure=Failure(400, "MemberNotFoundException", "ist kein Mitglied"))
        else:
            self.guids.remove(call.parameters["Member"])
        return Answer(call)


def change(members: Members, found: Plan, *, exact: bool) -> None:
    def of(kind: str) -> list[Action]:
        return [action for action in found.actions if action.kind == kind]

    change_members(members, GROUP, found, of("removeMember"), of("addMember"), Quiet(), Clock().pace, exact=exact)


def growing(kind: str) -> tuple[Members, Plan]:
    """Return a group of three rooms to which twenty are to be added."""
    observed = replace(settled(3), rooms=rooms(23))
    return Members(*(one.guid for one in rooms(3))), plan(desired(group={"members": kind}), observed)


def test_invariant_3_at_least_keeps_whom_somebody_adds_between_reading_and_writing() -> None:
    members, found = growing("atLeast")
    vera = person("vera").guid
    late = iter([vera])
    members.before = lambda: members.guids.extend(late)
    change(members, found, exact=False)
    assert vera in members.guids
    assert set(members.ran) == {"Add-DistributionGroupMember"}
    assert {one.guid for one in rooms(23)} <= set(members.guids)


def test_exact_replaces_the_list_where_that_is_fewer_calls() -> None:
    members, found = growing("exact")
    change(members, found, exact=True)
    assert members.ran == ["Update-DistributionGroupMember"]
    assert sorted(members.guids) == sorted(one.guid for one in rooms(23))


def nobody(number: int = 23) -> Plan:
    """Return a plan that was made when the group seemed empty."""
    observed = settled(number)
    return plan(desired(), replace(observed, groups=(replace(observed.groups[0], members=()),)))


def test_invariant_3_members_that_show_late_are_not_replaced() -> None:
    members = Members(person("vera").guid)
    with pytest.raises(TenantRefused, match=r"incomplete reading.*first showed no members and then 1; nothing was"):
        see_nobody_again(members, nobody())
    assert members.guids == [person("vera").guid]


def test_a_group_that_is_empty_indeed_is_filled() -> None:
    members, found = Members(), nobody()
    see_nobody_again(members, found)
    change(members, found, exact=True)
    assert members.ran == ["Get-DistributionGroupMember", "Update-DistributionGroupMember"]


def test_whoever_is_shown_is_not_asked_for_again() -> None:
    members = Members()
    see_nobody_again(members, plan(desired(), settled()))
    see_nobody_again(members, plan(desired(), replace(settled(), groups=(), policies=())))
    assert members.ran == []


def test_few_changes_go_one_by_one_and_out_comes_first() -> None:
    observed: Any = settled(3)
    ours = observed.groups[0]
    observed = replace(
        observed,
        rooms=(*observed.rooms, room("new")),
        groups=(replace(ours, members=(*ours.members, person("vera"))),),
    )
    members = Members(*(one.guid for one in (*map(member, rooms(3)), person("vera"))))
    change(members, plan(desired(), observed), exact=True)
    assert members.ran == ["Remove-DistributionGroupMember", "Add-DistributionGroupMember"]


TOO_LONG = [
    TimedOut("Update-DistributionGroupMember: not available (HTTP 504), 1 attempts in 900 s"),
    Failure(504, "", "HTTP 504"),
    Failure(500, "TimeoutException", "Zeitüberschreitung"),
    Failure(400, "TaskCanceledException", "abgebrochen"),
]


@pytest.mark.parametrize("late", TOO_LONG, ids=str)
@pytest.mark.parametrize("reached", [0, 1, 7, 23])
def test_invariant_2_a_replacement_that_takes_too_long_is_finished_one_by_one(late: Any, reached: int) -> None:
    """A cmdlet has 15 minutes. Sent again whole it would take as long again, in this run and in every other."""
    members, found = growing("exact")
    members.late, members.reached = late, reached
    ledger = Ledger(found.actions)
    additions = [action for action in found.actions if action.kind == "addMember"]
    change_members(members, GROUP, found, [], additions, Quiet(), Clock().pace, exact=True, ledger=ledger)
    assert sorted(members.guids) == sorted(one.guid for one in rooms(23))
    assert members.ran.count("Update-DistributionGroupMember") == 1
    assert ledger.document()["unknown"] == []


def test_invariant_3_after_a_replacement_that_took_too_long_nobody_counts_as_out_by_an_empty_reading() -> None:
    """What took too long may still be under way: whoever must go is taken out, shown or not."""
    everybody = [*map(member, rooms(20)), person("vera")]
    observed = replace(settled(20), groups=(replace(settled(20).groups[0], members=tuple(everybody)),))
    found = plan(desired(rooms={"exclude": [room("00000").address], "max_removals": 100}), observed)
    found = replace(found, actions=tuple(action for action in found.actions for _ in range(6)))
    members = Members(person("vera").guid, room("00000").guid)
    members.late, members.reached = TimedOut("late"), 0
    change(members, found, exact=True)
    assert members.ran.count("Remove-DistributionGroupMember") >= 2


def test_a_replacement_that_is_refused_is_an_error() -> None:
    members, found = growing("exact")
    members.late = Failure(400, "QuotaException", "voll")
    with pytest.raises(TenantRefused, match="voll"):
        change(members, found, exact=True)
    assert members.ran == ["Update-DistributionGroupMember"]
