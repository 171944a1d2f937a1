"""What of RBAC for Applications belongs to a stack that is being removed: by its mark, or by the mark of its former name.

Owns the reading, when something in it counts as missing, and the judgement for the way back. Takes nothing away. For the model `policy`: belongings.py.
"""

from dataclasses import dataclass, replace

from microsoft365 import marks
from microsoft365.exchange import observe as reading
from microsoft365.exchange import rbac_reading
from microsoft365.exchange.agreement import agreed
from microsoft365.exchange.closed import Applications
from microsoft365.exchange.observed import Group, Policy
from microsoft365.exchange.rbac_names import base_name
from microsoft365.exchange.rbac_observed import Assignment, Principal, Scope
from microsoft365.exchange.transport import Transport
from microsoft365.pace import Pace

# How long Exchange may take to agree with itself.
_AGREEMENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RbacBelongings:
    """The stack's assignments, scopes, service principals and groups; and what else there is, to tell who uses them."""

    assignments: tuple[Assignment, ...] = ()
    scopes: tuple[Scope, ...] = ()
    principals: tuple[Principal, ...] = ()
    groups: tuple[Group, ...] = ()
    client_ids: frozenset[str] = frozenset()
    """Of every application that would lose something."""
    all_assignments: tuple[Assignment, ...] = ()
    policies: tuple[Policy, ...] = ()
    """All application access policies, where there is a group that one may use."""
    left: tuple[str, ...] = ()
    says_none: bool = False
    """Whether Exchange answered with an empty list of policies, see belongings.py."""

    @property
    def doubtful(self) -> bool:
        """True where no policy is listed, and a group might go that one uses."""
        return self.says_none

    @property
    def shown(self) -> frozenset[str]:
        """The ids of everything, and of who is in it: two readings agree when theirs are the same."""
        return frozenset(
            [
                *(assignment.guid for assignment in self.assignments),
                *(scope.guid for scope in self.scopes),
                *(group.guid for group in self.groups),
                *(f"{group.guid} {member.guid}" for group in self.groups for member in group.members),
                *(one.object_id for one in self.principals),
                *(policy.identity for policy in self.policies),
            ]
        )

    @property
    def nothing_missing(self) -> bool:
        """True where there is all that `apply` makes: no group without its members."""
        filled = all(group.members for group in self.groups)
        return (
            filled
            and not self.says_none
            and bool(self.assignments and self.principals and (self.scopes or self.groups))
        )

    def others_of_scope(self, scope: Scope) -> list[str]:
        """Return the names of assignments by others that use a scope."""
        return [one.name for one in self.all_assignments if one.points_at_scope(scope) and one not in self.assignments]

    def others_of_group(self, group: Group) -> list[str]:
        """Return what of others uses a group, in words for people."""
        names = (group.name, group.object_id, group.guid)
        assigned = [one for one in self.all_assignments if one.points_at_group(*names) and one not in self.assignments]
        return [
            *(f"the role assignment {one.name!r}" for one in assigned),
            *(f"the policy of {one.app_id}" for one in self.policies if one.group_object_id == group.object_id),
        ]

    def others_of_principal(self, principal: Principal) -> list[str]:
        """Return the names of assignments by others that a service principal has."""
        ids = {principal.object_id, principal.app_id}
        return [one.name for one in self.all_assignments if ids & one.assignee and one not in self.assignments]


def read_rbac_belongings(
    transport: Transport, mark: str, applications: Applications, address: str | None, pace: Pace
) -> RbacBelongings:
    """Read everything that carries the mark, and what a renaming of the stack left with another one.

    Whatever is missing is believed once two readings in a row agree, and never while the reading contradicts itself. Raises
    GaveUp when that does not come in a minute, and what reading raises.
    """
    return agreed(lambda: _look(transport, mark, applications, address), _AGREEMENT_SECONDS, pace)


def _look(
    transport: Transport, mark: str, applications: Applications, address: str | None
) -> tuple[RbacBelongings, str | None]:
    """Read once; with what in the reading contradicts itself, in words for people."""
    calls = [*rbac_reading.lists_calls()[:2], rbac_reading.assignments_call(), reading.notes_call()]
    calls += [reading.group_at_call(address)] if address is not None else []
    principal_answer, scope_answer, assignment_answer, notes_answer, *at_address = transport.run(calls)
    all_principals = rbac_reading.principals_of(principal_answer)
    all_scopes = rbac_reading.scopes_of(scope_answer)
    all_assignments = rbac_reading.assignments_of(assignment_answer)
    notes = reading.notes_of(notes_answer)
    ours = {client_id for client_id in applications.marks if applications.is_ours(client_id)}
    principals = tuple(one for one in all_principals if one.app_id in ours or _carries(one.display_name, mark))
    ids = {id_ for one in principals for id_ in (one.object_id, one.app_id)}
    bases, left = _bases(mark, all_assignments, ids, applications)
    assignments = tuple(one for one in all_assignments if one.mark is not None and one.mark.base in bases)
    scopes = tuple(one for one in all_scopes if one.mark is not None and one.mark.base in bases)
    marked = {guid: marks.find(text) for guid, (_, text) in notes.items()}
    guids = [guid for guid, one in marked.items() if one is not None and base_name(one.stack).casefold() in bases]
    groups, policies, says_none, contradiction = _groups(transport, guids, notes)
    named = {scope.name.casefold() for scope in all_scopes} | {scope.guid for scope in all_scopes}
    for one in assignments:
        if one.kind == "scope" and one.scope.casefold() not in named:
            contradiction = f"the role assignment {one.name!r} uses the scope {one.scope!r}, which is not listed"
    for answer in at_address:
        rows = reading.groups_at(answer)
        if any(reading.is_security_group(row) and guid not in notes for guid, row in rows.items()):
            contradiction = f"Get-DistributionGroup finds the group {address}, and Get-Group does not list it"
    assigned = {
        one.app_id for one in all_principals for each in assignments if {one.object_id, one.app_id} & each.assignee
    }
    client_ids = frozenset({one.app_id for one in principals} | assigned | ours)
    found = RbacBelongings(
        assignments, scopes, principals, groups, client_ids, all_assignments, policies, tuple(left), says_none
    )
    return found, contradiction


def _bases(
    mark: str, assignments: tuple[Assignment, ...], ids: set[str], applications: Applications
) -> tuple[set[str], list[str]]:
    """Return the names' marks that are this stack's: its own, and those of its application's assignments.

    The latter only while no application carries the mark that they stand for: then its stack lives, and they are left to it.
    """
    living = {base_name(stack).casefold() for stack in applications.marks.values()}
    bases, left = {base_name(mark).casefold()}, []
    for one in assignments:
        if one.mark is None or one.mark.base in bases or not ids & one.assignee:
            continue
        if one.mark.base in living:
            left.append(
                f"the role assignment {one.name!r} stays: the application carries the mark {mark}, but the assignment that of a "
                "stack whose application exists or can be restored"
            )
        else:
            bases.add(one.mark.base)
    return bases, left


def _carries(text: str, mark: str) -> bool:
    found = marks.find(text)
    return text == base_name(mark) or (found is not None and found.stack == mark)


def _groups(
    transport: Transport, guids: list[str], notes: dict[str, tuple[str, str]]
) -> tuple[tuple[Group, ...], tuple[Policy, ...], bool, str | None]:
    """Read the groups with their members, and the policies that may use one, with whether their list was empty."""
    if not guids:
        return (), (), False, None
    calls = [call for guid in guids for call in (reading.group_call(guid), reading.members_call(guid))]
    *answers, policy_answer = transport.run([*calls, reading.policies_call()])
    found = []
    for group_answer, members_answer in zip(answers[::2], answers[1::2], strict=True):
        group = reading.group_of(group_answer, notes)
        # A removal that is run twice at once finds what the other has just taken away.
        just_gone = members_answer.failure is not None and members_answer.failure.not_found
        if group is not None and not just_gone:
            found.append(replace(group, members=reading.members_of(members_answer)))
    contradiction = None
    if len(found) < len(guids):
        contradiction = "Get-Group lists a group with the mark that Get-DistributionGroup does not find"
    policies = reading.policies_of(policy_answer)
    return tuple(found), policies, policy_answer.failure is None and not policies, contradiction
