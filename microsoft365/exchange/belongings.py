"""What in Exchange belongs to a stack that is being removed: by its mark, or by the mark of its former name.

Owns the reading, when something in it counts as missing, and the judgement for the way back (ownership.py judges for the way
there). Takes nothing away, and does not look again by itself (agreement.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from microsoft365 import marks
from microsoft365.exchange import observe as reading
from microsoft365.exchange.agreement import agreed
from microsoft365.exchange.closed import Applications
from microsoft365.exchange.observed import Group, Policy
from microsoft365.exchange.transport import Transport
from microsoft365.pace import Pace

# How long Exchange may take to agree with itself.
_AGREEMENT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Belongings:
    """The stack's policies and groups, all policies there are, and what is left to others, in words for people."""

    policies: tuple[Policy, ...]
    groups: tuple[Group, ...]
    all_policies: tuple[Policy, ...]
    left: tuple[str, ...] = ()
    says_none: bool = False
    """Whether Exchange answered with an empty list of policies. Where there is none it says "not found" instead."""

    def users(self, group: Group, *, without: Sequence[Policy]) -> list[Policy]:
        """Return the policies that use a group, but for some of them."""
        return [
            policy
            for policy in self.all_policies
            if policy.group_object_id == group.object_id and policy not in without
        ]

    @property
    def nothing_missing(self) -> bool:
        """True where each policy has its group, each group its policy and its members: what `apply` makes."""
        used = {policy.group_object_id for policy in self.policies}
        return bool(used) and used == {group.object_id for group in self.groups if group.members}

    @property
    def doubtful(self) -> bool:
        """True where no policy is listed, and a group might go that one uses."""
        return self.says_none and bool(self.groups)

    @property
    def shown(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """The ids of all policies, of the stack's groups and of their members."""
        return (
            frozenset(policy.identity for policy in self.all_policies),
            frozenset(group.guid for group in self.groups),
            frozenset(member.object_id for group in self.groups for member in group.members),
        )


def read_belongings(
    transport: Transport, mark: str, applications: Applications, address: str | None, pace: Pace
) -> Belongings:
    """Read everything that carries the mark, and what a renaming of the stack left with another one.

    That is a policy with any mark of ours whose application carries this stack's mark, and the group of such a policy
    where it has the same other mark. While an application of that other stack exists, or could be restored, its stack
    lives: then they are named, and left to it.

    Whatever is missing (no policy, no group, nobody in the group) is believed once two readings in a row agree, and
    never while `address`, the group's as far as it is known, is that of a group which the list of groups lacks. A list of
    policies that is empty, where a group might go that others use, is believed once it has been so for half a minute. Raises
    GaveUp when that does not come within half a minute, and what reading raises.
    """
    return agreed(lambda: _look(transport, mark, applications, address), _AGREEMENT_SECONDS, pace)


def _look(
    transport: Transport, mark: str, applications: Applications, address: str | None
) -> tuple[Belongings, str | None]:
    """Read once; with what in the reading contradicts itself, in words for people."""
    calls = [reading.notes_call(), reading.policies_call()]
    calls += [reading.group_at_call(address)] if address is not None else []
    notes_answer, policies_answer, *at_address = transport.run(calls)
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
    groups = _groups(transport, guids, notes)
    contradiction = None
    if len(groups) < len(guids):
        contradiction = f"Get-Group lists a group with the mark {mark} that Get-DistributionGroup does not find"
    for answer in at_address:
        rows = reading.groups_at(answer)
        if any(reading.is_security_group(row) and guid not in notes for guid, row in rows.items()):
            contradiction = f"Get-DistributionGroup finds the group {address}, and Get-Group does not list it"
    says_none = policies_answer.failure is None and not policies
    return Belongings((*own, *taken), groups, policies, tuple(left), says_none), contradiction


def _is_former(policy: Policy, mark: str, applications: Applications) -> bool:
    return policy.mark is not None and policy.mark.stack != mark and applications.is_ours(policy.app_id)


def _stack(mark: marks.Mark | None) -> str | None:
    return None if mark is None else mark.stack


def _groups(transport: Transport, guids: Sequence[str], notes: Mapping[str, tuple[str, str]]) -> tuple[Group, ...]:
    answers = transport.run([call for guid in guids for call in (reading.group_call(guid), reading.members_call(guid))])
    found = []
    for group_answer, members_answer in zip(answers[::2], answers[1::2], strict=True):
        group = reading.group_of(group_answer, notes)
        # A group may go between two calls: a removal that is run twice at once finds what the other has just taken away.
        just_gone = members_answer.failure is not None and members_answer.failure.not_found
        if group is not None and not just_gone:
            found.append(replace(group, members=reading.members_of(members_answer)))
    return tuple(found)
