"""Performs a plan, and reads back what it did.

Owns the parameters of every changing cmdlet (but for membership: members.py), the waiting for a directory that lags
behind its own writes, and the rule that something whose making got no answer is looked for before it is made again.
What to do is plan.py's business.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from microsoft365 import marks
from microsoft365.errors import BadInput, GaveUp, Guarded, OutcomeUnknown
from microsoft365.exchange import observe as reading
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.members import FOREIGN, LAG_SECONDS, MEMBERS_IN_ONE_CALL, change_members, see_nobody_again
from microsoft365.exchange.observed import TITLES, CalendarSettings, Group, Policy
from microsoft365.exchange.plan import Action, Kind, Plan, plan
from microsoft365.exchange.rows import guid_of
from microsoft365.exchange.transport import Answer, Call, Reporter, Transport
from microsoft365.pace import Pace

READ_BACK_SECONDS = 60.0
_SAMPLE_AT_LEAST = 10
# "Limiting application permissions to specific Exchange Online mailboxes" (Microsoft Graph).
_POLICY_DELAY = (
    "a changed application access policy can take longer than an hour to take effect in Microsoft Graph, even where "
    "Test-ApplicationAccessPolicy shows it already"
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: the group and the policy as Exchange shows them, and what people should know."""

    plan: Plan
    group_object_id: str
    group_name: str
    group_address: str
    policy_identity: str
    in_reach: int
    with_titles: int | None
    """How many rooms keep meeting titles, less those of the sample on which Exchange does not show it yet."""
    notices: tuple[str, ...]


def apply(transport: Transport, desired: DesiredState, reporter: Reporter, pace: Pace) -> Applied:
    """Observe, plan, perform and read back.

    Raises BadInput without a client id, Guarded by a guard (nothing was changed), TenantRefused with what was not done,
    GaveUp when waiting has no sense any more. Running it again goes on from there.
    """
    if desired.application.client_id is None:
        raise BadInput("nothing was changed: application.clientId is missing, and a policy needs it")
    observed = reading.observe(transport, desired, reporter)
    todo = plan(desired, observed)
    if todo.guard is not None:
        raise Guarded(f"nothing was changed: {todo.guard}")
    see_nobody_again(transport, todo)
    performance = _Performance(transport, desired, todo, reporter, pace)
    return performance.run(observed.policies)


class _Performance:
    """One run of one plan."""

    def __init__(self, transport: Transport, desired: DesiredState, todo: Plan, reporter: Reporter, pace: Pace) -> None:
        self._transport = transport
        self._desired = desired
        self._plan = todo
        self._reporter = reporter
        self._pace = pace
        self._client_id = str(desired.application.client_id)
        self._guid = todo.group.guid if todo.group else ""

    def run(self, policies: tuple[Policy, ...]) -> Applied:
        made_with: frozenset[str] = frozenset()
        for action in self._of("createGroup"):
            made_with = self._create_group(action)
        for action in (*self._of("markGroup"), *self._of("updateGroup")):
            cmdlet = "Set-Group" if action.kind == "markGroup" else "Set-DistributionGroup"
            self._change(Call(cmdlet, {"Identity": self._guid, **action.values, **FOREIGN}))
        additions = [action for action in self._of("addMember") if action.object_id not in made_with]
        change_members(
            self._transport,
            self._guid,
            self._plan,
            self._of("removeMember"),
            additions,
            self._reporter,
            self._pace,
            exact=self._desired.group.members == "exact",
        )
        for action in self._of("createPolicy"):
            self._create_policy(action)
        for action in self._of("markPolicy"):
            parameters = {"Identity": action.target, **action.values, "Confirm": False}
            self._change(Call("Set-ApplicationAccessPolicy", parameters))
        self._remove_left_over_policies()
        self._set_calendars()
        return self._read_back(policies)

    def _of(self, *kinds: Kind) -> list[Action]:
        return [action for action in self._plan.actions if action.kind in kinds]

    def _create_group(self, action: Action) -> frozenset[str]:
        additions = self._of("addMember")[:MEMBERS_IN_ONE_CALL]
        # -ManagedBy is left out: an owner must be a mailbox, a mail user or a mail-enabled security group, which an
        # application is not, and whoever deploys is no concern of the group's. Hence the bypass in every later call.
        parameters = {
            **action.values,
            "Type": "Security",
            "MemberJoinRestriction": "Closed",
            "MemberDepartRestriction": "Closed",
            "RequireSenderAuthenticationEnabled": True,
            "IgnoreNamingPolicy": True,
            "Members": [addition.target for addition in additions],
        }
        done = self._reporter.begin(f"Making the group {action.subject}", 1)
        answer = self._make(Call("New-DistributionGroup", parameters), lambda: self._marked_group() is not None)
        self._guid = guid_of(answer.rows[0]) if answer is not None and answer.rows else self._marked_group() or ""
        if not self._guid:
            raise GaveUp(
                f"the group {action.subject} was made, but Exchange does not show it yet; run again in a minute"
            )
        done(1)
        # Made by an attempt whose answer was lost, it has the same members; members are read back in any case.
        return frozenset(addition.object_id for addition in additions)

    def _create_policy(self, action: Action) -> None:
        parameters = {
            "AppId": [self._client_id],
            "PolicyScopeGroupId": self._guid,
            "AccessRight": "RestrictAccess",
            "Description": action.values["Description"],
        }
        done = self._reporter.begin("Restricting the application to the group", 1)
        self._make(Call("New-ApplicationAccessPolicy", parameters), lambda: self._good_policy() is not None)
        done(1)

    def _make(self, call: Call, exists: Callable[[], bool]) -> Answer | None:
        """Make something exactly once; None when it was made by an attempt whose answer was lost."""
        until = self._pace.now() + LAG_SECONDS
        lost, pause = False, 1.0
        while True:
            answer = None
            try:
                answer = self._transport.run([call])[0]
            except OutcomeUnknown:
                lost = True
            failure = answer.failure if answer is not None else None
            if answer is not None and failure is None:
                return answer
            # A directory that lags does not find the group that was made a moment ago.
            worth_waiting = failure is None or failure.busy or failure.not_found or (lost and failure.already_there)
            if lost and exists():
                return None
            if answer is not None and not worth_waiting:
                raise answer.problem()
            if self._pace.now() + pause > until:
                if answer is not None:
                    raise answer.problem()
                raise GaveUp(
                    f"{call.cmdlet}: no answer from Exchange; run the same command again, it goes on from here"
                )
            self._pace.sleep(pause)
            pause = min(pause * 2, 15.0)

    def _change(self, call: Call) -> None:
        """Perform one change that may happen twice, waiting for a new object to be known everywhere."""
        until = self._pace.now() + LAG_SECONDS
        pause = 1.0
        while True:
            answer = self._transport.run([call])[0]
            if answer.failure is None:
                return
            if not answer.failure.not_found or self._pace.now() + pause > until:
                raise answer.problem()
            self._pace.sleep(pause)
            pause = min(pause * 2, 15.0)

    def _marked_group(self) -> str | None:
        (notes,) = self._transport.run([reading.notes_call()])
        for guid, (_, text) in reading.notes_of(notes).items():
            mark = marks.find(text)
            if mark is not None and mark.stack == self._desired.mark:
                return guid
        return None

    def _good_policy(self) -> Policy | None:
        group, policies = self._transport.run([reading.group_call(self._guid), reading.policies_call()])
        found = reading.group_of(group, {self._guid: ("", "")})
        own = [policy for policy in reading.policies_of(policies) if policy.app_id == self._client_id]
        return next((policy for policy in own if policy.restricts_to(found)), None)

    def _remove_left_over_policies(self) -> None:
        removals = self._of("removePolicy")
        if not removals:
            return
        if not self._wait_for(lambda: self._good_policy() is not None):
            raise GaveUp(
                "the policy for the rooms' group is not visible yet, so the policy that it replaces stays; run again in a "
                "minute"
            )
        for action in removals:
            (answer,) = self._transport.run(
                [Call("Remove-ApplicationAccessPolicy", {"Identity": action.target, "Confirm": False})]
            )
            if answer.failure is not None and not answer.failure.already_gone:
                raise answer.problem()

    def _set_calendars(self) -> None:
        actions = self._of("setCalendar")
        if not actions:
            return
        progress = self._reporter.begin("Setting calendar processing", len(actions))
        calls = [
            Call("Set-CalendarProcessing", {"Identity": action.target, **action.values, "Confirm": False})
            for action in actions
        ]
        answers = self._transport.run(calls, progress)
        failed = [(action, answer) for action, answer in zip(actions, answers, strict=True) if answer.failure]
        if failed:
            problem = failed[0][1].problem()
            names = ", ".join(action.subject for action, _ in failed[:5])
            raise type(problem)(
                f"the restriction is in place; calendar processing was set on {len(actions) - len(failed)} of "
                f"{len(actions)} rooms, and not on {names}: {problem}. Running again goes on with these"
            )

    def _read_back(self, policies: tuple[Policy, ...]) -> Applied:
        """See that Exchange shows what was done; the policy must be there, the rest is said when it is late."""
        group = self._plan.group
        if not self._plan.actions and group is not None:
            policy = next(one for one in policies if one.app_id == self._client_id and one.restricts_to(group))
            members = {member.object_id for member in group.members}
            in_reach = sum(room.object_id in members for room in self._plan.wanted)
            return Applied(
                self._plan,
                group.object_id,
                group.name,
                group.address,
                policy.identity,
                in_reach,
                self._plan.with_titles,
                self._plan.notices,
            )
        sample = _sample(self._of("setCalendar"))
        late: list[str] = ["the policy"]
        view: _View | None = None

        def agrees() -> bool:
            nonlocal view
            view = self._look(sample)
            late[:] = self._late(view)
            return not late

        self._reporter.begin("Reading back", 0)
        self._wait_for(agrees)
        if view is None or view.group is None or view.policy is None:
            raise GaveUp(
                f"Exchange does not show {' and '.join(late)} yet, so nothing may be granted to the application; run the "
                "same command again in some minutes"
            )
        notices = [f"Exchange does not show everything yet: {', '.join(late)}"] if late else []
        if self._of("createPolicy", "addMember", "removeMember"):
            notices.append(_POLICY_DELAY)
        seen = view.group
        titled = self._plan.with_titles
        return Applied(
            self._plan,
            seen.object_id,
            seen.name,
            seen.address,
            view.policy.identity,
            view.in_reach,
            None if titled is None else titled + len(self._of("setCalendar")) - view.without_titles,
            # What only this run can tell first: every preview repeats the rest.
            (*notices, *self._plan.notices),
        )

    def _look(self, sample: Sequence[Action]) -> "_View":
        calls = [reading.group_call(self._guid), reading.members_call(self._guid), reading.policies_call()]
        calls += [reading.calendar_call(action.target) for action in sample]
        group_answer, member_answer, policy_answer, *calendars = self._transport.run(calls)
        group = reading.group_of(group_answer, {self._guid: ("", "")})
        lost = member_answer.failure is not None and member_answer.failure.not_found
        members = frozenset(member.object_id for member in (() if lost else reading.members_of(member_answer)))
        own = [policy for policy in reading.policies_of(policy_answer) if policy.app_id == self._client_id]
        return _View(
            group,
            next((policy for policy in own if policy.restricts_to(group)), None),
            sum(room.object_id in members for room in self._plan.wanted),
            members,
            tuple(None if answer.failure else reading.calendar_of(answer) for answer in calendars),
        )

    def _late(self, view: "_View") -> list[str]:
        late = []
        if view.group is None:
            late.append("the group")
        if view.policy is None:
            late.append("the policy")
        missing = len(self._plan.wanted) - view.in_reach
        if missing:
            late.append(f"{missing} rooms as members of the group")
        removed = sum(action.object_id in view.members for action in self._of("removeMember"))
        if removed:
            late.append(f"{removed} members as taken out")
        if view.without_titles:
            late.append(f"calendar processing of {view.without_titles} of the {len(view.calendars)} rooms looked at")
        return late

    def _wait_for(self, true: Callable[[], bool]) -> bool:
        until = self._pace.now() + READ_BACK_SECONDS
        pause = 0.5
        while not true():
            if self._pace.now() + pause > until:
                return False
            self._pace.sleep(pause)
            pause = min(pause * 2, 10.0)
        return True


@dataclass(frozen=True, slots=True)
class _View:
    """What the tenant shows after the changes."""

    group: Group | None
    policy: Policy | None
    in_reach: int
    members: frozenset[str]
    calendars: tuple[CalendarSettings | None, ...]

    @property
    def without_titles(self) -> int:
        """How many rooms of the sample are not as they were set."""
        return sum(settings != TITLES for settings in self.calendars)


def _sample(actions: Sequence[Action]) -> list[Action]:
    """Return 1 % of them, at least ten, spread evenly."""
    number = min(len(actions), max(_SAMPLE_AT_LEAST, math.ceil(len(actions) / 100)))
    return [actions[position * len(actions) // number] for position in range(number)]
