"""What in Exchange belongs to a stack that is being removed: by its mark, or by the mark of its former name.

Owns the reading and the judgement for the way back (ownership.py judges for the way there). Takes nothing away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from microsoft365 import marks
from microsoft365.exchange import observe as reading
from microsoft365.exchange.closed import Applications
from microsoft365.exchange.observed import Group, Policy
from microsoft365.exchange.transport import Transport


@dataclass(frozen=True, slots=True)
class Belongings:
    """The stack's policies and groups, all policies there are, and what is left to others, in words for people."""

    policies: tuple[Policy, ...]
    groups: tuple[Group, ...]
    all_policies: tuple[Policy, ...]
    left: tuple[str, ...] = ()

    def users(self, group: Group, *, without: Sequence[Policy]) -> list[Policy]:
        """Return the policies that use a group, but for some of them."""
        return [
            policy
            for policy in self.all_policies
            if policy.group_object_id == group.object_id and policy not in without
        ]


def read_belongings(transport: Transport, mark: str, applications: Applications) -> Belongings:
    """Read everything that carries the mark, and what a renaming of the stack left with another one.

    That is a policy with any mark of ours whose application carries this stack's mark, and the group of such a policy
    where it has the same other mark. While an application of that other stack exists, or could be restored, its stack
    lives: then they are named, and left to it. Raises what reading raises.
    """
    notes_answer, policies_answer = transport.run([reading.notes_call(), reading.policies_call()])
    notes, policies = reading.notes_of(notes_answer), reading.policies_of(policies_answer)
    own = [policy for policy in policies if _stack(policy.mark) == mark]
    former = [policy for policy in policies if _is_former(policy, mark, applications)]
    taken = [policy for policy in former if not applications.any_of(str(_stack(policy.mark)))]
    former_groups = {(policy.group_object_id, _stack(policy.mark)) for policy in taken}
    stacks = {guid: _stack(marks.find(text)) for guid, (_, text) in notes.items()}
    guids = [
        guid
        for guid, stack in stacks.items()
        if stack is not None and (stack == mark or (notes[guid][0], stack) in former_groups)
    ]
    left = [
        f"the policy of the application {policy.app_id} stays: the application carries the mark {mark}, but the policy that "
        f"of {_stack(policy.mark)}, a stack whose application exists or can be restored"
        for policy in former
        if policy not in taken
    ]
    return Belongings((*own, *taken), _groups(transport, guids, notes), policies, tuple(left))


def _is_former(policy: Policy, mark: str, applications: Applications) -> bool:
    return policy.mark is not None and policy.mark.stack != mark and applications.is_ours(policy.app_id)


def _stack(mark: marks.Mark | None) -> str | None:
    return None if mark is None else mark.stack


def _groups(transport: Transport, guids: Sequence[str], notes: Mapping[str, tuple[str, str]]) -> tuple[Group, ...]:
    answers = transport.run([call for guid in guids for call in (reading.group_call(guid), reading.members_call(guid))])
    found = [
        reading.group_of(answers[2 * number], notes, reading.members_of(answers[2 * number + 1]))
        for number in range(len(guids))
    ]
    return tuple(group for group in found if group is not None)
