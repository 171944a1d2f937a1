"""Performs a plan of the access model `policy`, and reads back what it did.

Owns the cmdlets of application access policies: the new one is made and seen before what it replaces goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from microsoft365.errors import GaveUp, Guarded
from microsoft365.exchange import observe as reading
from microsoft365.exchange.actions import Action
from microsoft365.exchange.observed import CalendarSettings, Group, Observed, Policy
from microsoft365.exchange.performing import Applied, Performer, calendars_seen, without_titles
from microsoft365.exchange.policy_model import another_policy, is_foreign
from microsoft365.exchange.transport import Call

# "Limiting application permissions to specific Exchange Online mailboxes" (Microsoft Graph).
_POLICY_DELAY = (
    "a changed application access policy can take longer than an hour to take effect in Microsoft Graph, even where "
    "Test-ApplicationAccessPolicy shows it already"
)


class PolicyPerformance(Performer):
    """One run of one plan."""

    def run(self, observed: Observed) -> Applied:
        """Perform everything, in the order that keeps calendars closed. Raises what changing raises."""
        self.perform_group()
        for action in self.of("createPolicy"):
            with self.ledger.performing(action):
                self._create_policy(action)
        for action in self.of("markPolicy"):
            parameters = {"Identity": action.target, **action.values, "Confirm": False}
            with self.ledger.performing(action):
                self.change(Call("Set-ApplicationAccessPolicy", parameters))
        self._remove_left_over_policies()
        self.set_calendars()
        return self._read_back(observed.policies)

    def _create_policy(self, action: Action) -> None:
        parameters = {
            "AppId": [self.client_id],
            "PolicyScopeGroupId": self.group_guid,
            "AccessRight": "RestrictAccess",
            "Description": action.values["Description"],
        }
        done = self.reporter.begin("Restricting the application to the group", 1)
        self.make(Call("New-ApplicationAccessPolicy", parameters), lambda: self._good_policy() is not None)
        done(1)

    def _good_policy(self) -> Policy | None:
        group, policies = self.transport.run([reading.group_call(self.group_guid), reading.policies_call()])
        found = reading.group_of(group, {self.group_guid: ("", "")})
        own = [policy for policy in reading.policies_of(policies) if policy.app_id == self.client_id]
        return next((policy for policy in own if policy.restricts_to(found)), None)

    def _remove_left_over_policies(self) -> None:
        removals = self.of("removePolicy")
        if not removals:
            return
        if not self.wait_for(lambda: self._good_policy() is not None):
            raise GaveUp(
                "the policy for the rooms' group is not visible yet, so the policy that it replaces stays; run again in a "
                "minute"
            )
        for action in removals:
            call = Call("Remove-ApplicationAccessPolicy", {"Identity": action.target, "Confirm": False})
            with self.ledger.performing(action):
                (answer,) = self.transport.run([call])
                if answer.failure is not None and not answer.failure.already_gone:
                    raise answer.problem()

    def _read_back(self, policies: tuple[Policy, ...]) -> Applied:
        """See that Exchange shows what was done; the policy must be there, the rest is said when it is late."""
        group = self.plan.group
        if not self.plan.actions and group is not None:
            policy = next(one for one in policies if one.app_id == self.client_id and one.restricts_to(group))
            return Applied(
                plan=self.plan,
                group=group,
                policy_identity=policy.identity,
                in_reach=self.plan.in_reach,
                with_titles=self.plan.with_titles,
                notices=self.plan.notices,
            )
        sample = self.sample()
        late: list[str] = ["the policy"]
        view: _View | None = None

        def agrees() -> bool:
            nonlocal view
            view = self._look(sample)
            late[:] = self._late(view)
            return not late

        self.reporter.begin("Reading back", 0)
        self.wait_for(agrees)
        if view is None or view.group is None or view.policy is None:
            raise GaveUp(
                f"Exchange does not show {' and '.join(late)} yet, so nothing may be granted to the application; run the "
                "same command again in some minutes"
            )
        if view.foreign:
            # The first reading did not show it. Nothing is granted, or widened, on what one reading lacked.
            raise Guarded(another_policy(view.foreign[0]))
        notices = [f"Exchange does not show everything yet: {', '.join(late)}"] if late else []
        if self.of("createPolicy", "addMember", "removeMember"):
            notices.append(_POLICY_DELAY)
        return Applied(
            plan=self.plan,
            group=view.group,
            policy_identity=view.policy.identity,
            in_reach=sum(room.object_id in view.members for room in self.plan.wanted),
            with_titles=self.titled(without_titles(view.calendars)),
            # What only this run can tell first: every preview repeats the rest.
            notices=(*notices, *self.plan.notices),
        )

    def _look(self, sample: Sequence[Action]) -> "_View":
        calls = [*self.group_calls(), reading.policies_call()]
        calls += [reading.calendar_call(action.target) for action in sample]
        group_answer, member_answer, policy_answer, *calendars = self.transport.run(calls)
        group, members = self.group_seen([group_answer, member_answer])
        own = [policy for policy in reading.policies_of(policy_answer) if policy.app_id == self.client_id]
        policy = next((policy for policy in own if policy.restricts_to(group)), None)
        foreign = tuple(one for one in own if one is not policy and is_foreign(one))
        return _View(group, policy, foreign, members, tuple(calendars_seen(calendars)))

    def _late(self, view: "_View") -> list[str]:
        late = [] if view.group is not None else ["the group"]
        late += [] if view.policy is not None else ["the policy"]
        late += self.late_members(view.members)
        unset = without_titles(view.calendars)
        if unset:
            late.append(f"calendar processing of {unset} of the {len(view.calendars)} rooms looked at")
        return late


@dataclass(frozen=True, slots=True)
class _View:
    """What the tenant shows after the changes."""

    group: Group | None
    policy: Policy | None
    foreign: tuple[Policy, ...]
    members: frozenset[str]
    calendars: tuple[CalendarSettings | None, ...]
