"""Performs what both access models have in common: the group, its members, calendar processing; and how a change is made.

Owns the waiting for a directory that lags behind its own writes, and the rule that something whose making got no answer is
looked for before it is made again. What a model adds: policy_apply.py, rbac_apply.py.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from microsoft365 import marks
from microsoft365.errors import GaveUp, OutcomeUnknown, Problem
from microsoft365.exchange import observe as reading
from microsoft365.exchange.actions import Action, Kind
from microsoft365.exchange.desired import Access, DesiredState
from microsoft365.exchange.ledger import Ledger
from microsoft365.exchange.members import FOREIGN, LAG_SECONDS, MEMBERS_IN_ONE_CALL, change_members
from microsoft365.exchange.observed import TITLES, CalendarSettings, Group
from microsoft365.exchange.plan import Plan
from microsoft365.exchange.rbac_observed import Assignment, Principal, Scope
from microsoft365.exchange.rows import guid_of
from microsoft365.exchange.runbook_file import Written
from microsoft365.exchange.transport import Answer, Call, Reporter, Transport
from microsoft365.pace import Pace

READ_BACK_SECONDS = 60.0
# How long what exists by Exchange's word may take to be listed.
_LISTED_SECONDS = 15.0
_SAMPLE_AT_LEAST = 10
# What every group of ours is made with. -ManagedBy is left out: an owner must be a mailbox, a mail user or a mail-enabled
# security group, which an application is not, and whoever deploys is no concern of the group's. Hence the bypass in every
# later call.
NEW_GROUP: Mapping[str, str | bool] = {
    "Type": "Security",
    "MemberJoinRestriction": "Closed",
    "MemberDepartRestriction": "Closed",
    "RequireSenderAuthenticationEnabled": True,
    "IgnoreNamingPolicy": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of it: what Exchange shows of group and restriction, and what people should know.

    In `policy` there are a group and a policy; in `rbac` a principal, an assignment, and a scope or a group.
    """

    plan: Plan
    model: Access = "policy"
    group: Group | None = None
    policy_identity: str | None = None
    principal: Principal | None = None
    scope: Scope | None = None
    assignment: Assignment | None = None
    in_reach: int
    runbook: Written | None = None
    """The script that was written instead of changing anything; None where nothing is left to do, or it was done."""
    with_titles: int | None
    """How many rooms keep meeting titles, less those of the sample on which Exchange does not show it yet."""
    notices: tuple[str, ...]
    restricted: bool = True
    """Whether the application is kept to the rooms: always where it was performed, else as it was found."""


class Performer:
    """One run of one plan. `group_guid` is the group's once there is one."""

    def __init__(self, transport: Transport, desired: DesiredState, todo: Plan, reporter: Reporter, pace: Pace) -> None:
        self.transport = transport
        self.desired = desired
        self.plan = todo
        self.reporter = reporter
        self.pace = pace
        self.client_id = str(desired.application.client_id)
        self.group_guid = todo.group.guid if todo.group else ""
        self.ledger = Ledger(todo.actions)

    def of(self, *kinds: Kind) -> list[Action]:
        """Return the plan's actions of these kinds, in order."""
        return [action for action in self.plan.actions if action.kind in kinds]

    def perform_group(self) -> None:
        """Make the group, or change it and its members. Raises what changing raises."""
        made_with: frozenset[str] = frozenset()
        for action in self.of("createGroup"):
            members = self.of("addMember")[:MEMBERS_IN_ONE_CALL]
            self._create_group(action, members)
            # Made by an attempt whose answer was lost, it has the same members; members are read back in any case.
            made_with = frozenset(addition.object_id for addition in members)
        for action in (*self.of("markGroup"), *self.of("updateGroup")):
            cmdlet = "Set-Group" if action.kind == "markGroup" else "Set-DistributionGroup"
            with self.ledger.performing(action):
                self.change(Call(cmdlet, {"Identity": self.group_guid, **action.values, **FOREIGN}))
        additions = [action for action in self.of("addMember") if action.object_id not in made_with]
        change_members(
            self.transport,
            self.group_guid,
            self.plan,
            self.of("removeMember"),
            additions,
            self.reporter,
            self.pace,
            exact=self.desired.rooms_group.members == "exact",
            ledger=self.ledger,
        )

    def group_calls(self) -> list[Call]:
        """Return the calls that show what became of the group."""
        return [reading.group_call(self.group_guid), reading.members_call(self.group_guid)]

    def group_seen(self, answers: Sequence[Answer]) -> tuple[Group | None, frozenset[str]]:
        """Read the answers to group_calls: the group, and who is in it."""
        group = reading.group_of(answers[0], {self.group_guid: ("", "")})
        lost = answers[1].failure is not None and answers[1].failure.not_found
        return group, frozenset(member.object_id for member in (() if lost else reading.members_of(answers[1])))

    def late_members(self, members: frozenset[str]) -> list[str]:
        """Return in words which changes of members Exchange does not show."""
        late = []
        missing = sum(room.object_id not in members for room in self.plan.wanted)
        if missing:
            late.append(f"{missing} rooms as members of the group")
        removed = sum(action.object_id in members for action in self.of("removeMember"))
        if removed:
            late.append(f"{removed} members as taken out")
        return late

    def sample(self) -> list[Action]:
        """Return 1 % of the rooms that were written, at least ten, spread evenly."""
        actions = self.of("setCalendar")
        number = min(len(actions), max(_SAMPLE_AT_LEAST, math.ceil(len(actions) / 100)))
        return [actions[position * len(actions) // number] for position in range(number)]

    def titled(self, without_titles: int) -> int | None:
        """Return how many rooms keep titles, less those of the sample that do not show it."""
        before = self.plan.with_titles
        return None if before is None else before + len(self.of("setCalendar")) - without_titles

    def _create_group(self, action: Action, additions: Sequence[Action]) -> None:
        parameters = {
            **action.values,
            **NEW_GROUP,
            "Members": [addition.target for addition in additions],
        }
        done = self.reporter.begin(f"Making the group {action.subject}", 1)
        with self.ledger.performing(action, *additions):
            answer = self.make(Call("New-DistributionGroup", parameters), lambda: self._marked_group() is not None)
        self.group_guid = guid_of(answer.rows[0]) if answer is not None and answer.rows else self._marked_group() or ""
        if not self.group_guid:
            raise GaveUp(
                f"the group {action.subject} was made, but Exchange does not show it yet; run again in a minute"
            )
        done(1)

    def make(self, call: Call, exists: Callable[[], bool], *, patience: float = LAG_SECONDS) -> Answer | None:
        """Make something exactly once; None when it was made by an attempt whose answer was lost.

        With more patience than a directory's lag needs, an organization that was customized just now is given time as well.
        """
        until = self.pace.now() + patience
        lost: list[str] = []
        try:
            return self._make(call, exists, until, lost, customizing=patience > LAG_SECONDS)
        except Problem as problem:
            # Refused now, but an earlier attempt may have made it.
            problem.unknown = problem.unknown or bool(lost)
            raise

    def _make(
        self, call: Call, exists: Callable[[], bool], until: float, lost: list[str], *, customizing: bool
    ) -> Answer | None:
        pause = 1.0
        while True:
            answer = None
            try:
                answer = self.transport.run([call])[0]
            except OutcomeUnknown as unknown:
                lost.append(str(unknown))
            failure = answer.failure if answer is not None else None
            if answer is not None and failure is None:
                return answer
            # A directory that lags does not find the group that was made a moment ago.
            worth_waiting = (
                failure is None or failure.busy or failure.not_found or (bool(lost) and failure.already_there)
            )
            if failure is not None and failure.dehydrated and customizing:
                worth_waiting = True
            if lost and exists():
                return None
            if answer is not None and not worth_waiting:
                self._made_before(answer, exists)
                raise answer.problem()
            if self.pace.now() + pause > until:
                if answer is not None:
                    raise answer.problem()
                raise GaveUp(f"no answer from Exchange ({lost[-1]}); run the same command again, it goes on from here")
            self.pace.wait(pause, f"{call.cmdlet}: {_why(answer)}")
            pause = min(pause * 2, 15.0)

    def _made_before(self, answer: Answer, exists: Callable[[], bool]) -> None:
        """Raise GaveUp where what is refused as already there is ours, and Exchange did not list it when this run looked.

        It was made a moment ago, by a run that was cut off perhaps. What was planned without it is not to be gone on with: its
        members, for one, nobody has looked at.
        """
        if answer.failure is None or not answer.failure.already_there:
            return
        until = self.pace.now() + _LISTED_SECONDS
        while not exists():
            if self.pace.now() + 3.0 > until:
                return
            self.pace.wait(3.0, f"{answer.call.cmdlet}: it exists already, looking whether it is this stack's")
        raise GaveUp(
            f"{answer.problem()}. It is this stack's own, made a moment ago, and Exchange lists it only now; run the same command "
            "again, it goes on from there"
        )

    def change(self, call: Call) -> None:
        """Perform one change that may happen twice, waiting for a new object to be known everywhere."""
        until = self.pace.now() + LAG_SECONDS
        pause = 1.0
        while True:
            answer = self.transport.run([call])[0]
            if answer.failure is None:
                return
            if not answer.failure.not_found or self.pace.now() + pause > until:
                raise answer.problem()
            self.pace.wait(pause, f"{call.cmdlet}: {_why(answer)}")
            pause = min(pause * 2, 15.0)

    def _marked_group(self) -> str | None:
        (notes,) = self.transport.run([reading.notes_call()])
        for guid, (_, text) in reading.notes_of(notes).items():
            mark = marks.find(text)
            if mark is not None and mark.stack == self.desired.mark:
                return guid
        return None

    def set_calendars(self) -> None:
        """Set calendar processing. Raises naming the rooms on which it could not be set."""
        actions = self.of("setCalendar")
        if not actions:
            return
        progress = self.reporter.begin("Setting calendar processing", len(actions))
        calls = [
            Call("Set-CalendarProcessing", {"Identity": action.target, **action.values, "Confirm": False})
            for action in actions
        ]
        answers = self.ledger.run(self.transport, actions, calls, progress)
        failed = [(action, answer) for action, answer in zip(actions, answers, strict=True) if answer.failure]
        if failed:
            problem = failed[0][1].problem()
            names = ", ".join(action.subject for action, _ in failed[:5])
            raise problem.saying(
                f"the restriction is in place; calendar processing was set on {len(actions) - len(failed)} of "
                f"{len(actions)} rooms, and not on {names}: {problem}. Running again goes on with these"
            )

    def wait_for(self, true: Callable[[], bool]) -> bool:
        """Ask until it is true, for a minute at most; returns whether it came true."""
        until = self.pace.now() + READ_BACK_SECONDS
        pause = 0.5
        while not true():
            if self.pace.now() + pause > until:
                return False
            self.pace.wait(pause, "Exchange does not show everything yet")
            pause = min(pause * 2, 10.0)
        return True


def _why(answer: Answer | None) -> str:
    """Return in words what a repetition waits for."""
    if answer is None or answer.failure is None:
        return "the answer was lost, and Exchange does not show what was asked for"
    if answer.failure.not_found:
        return "what was made a moment ago is not known everywhere yet"
    return "Exchange is not ready for it yet"


def without_titles(calendars: Sequence[CalendarSettings | None]) -> int:
    """Return how many rooms of a sample are not as they were set."""
    return sum(settings != TITLES for settings in calendars)


def calendars_seen(answers: Sequence[Answer]) -> list[CalendarSettings | None]:
    """Read a sample of rooms; None where Exchange did not say."""
    return [None if answer.failure else reading.calendar_of(answer) for answer in answers]
