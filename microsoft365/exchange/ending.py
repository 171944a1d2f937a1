"""What of a stack may be taken out of Exchange by an Exchange administrator, and from when on: for who has no right to do it.

Owns the judgement alone: Graph is asked first, and what an application that exists, or that can be restored, might still need
is never among it. Changes nothing, and so notes nothing in Exchange either: the two hours for which tokens may live are counted
from when the application was seen to be gone. What is written for it: runbook_removal.py; where the deployer has the right to
remove: removal.py, rbac_removal.py.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from microsoft365.exchange.belongings import read_belongings
from microsoft365.exchange.closed import Applications, ensure_closed
from microsoft365.exchange.desired import Access
from microsoft365.exchange.gone import ensure_gone
from microsoft365.exchange.observed import Group, Policy
from microsoft365.exchange.rbac_belongings import read_rbac_belongings
from microsoft365.exchange.rbac_observed import Assignment, Principal, Scope
from microsoft365.exchange.rbac_removal import left_behind, rooms_reached
from microsoft365.exchange.removal import in_use
from microsoft365.exchange.removal_steps import RETIREMENT, Outcome, rooms_in
from microsoft365.exchange.transport import Reporter, Transport
from microsoft365.graph.client import Graph
from microsoft365.pace import Pace


@dataclass(frozen=True, slots=True)
class Ending:
    """What may go, and from when on; `rooms` are those whose calendar processing is to be Microsoft's again."""

    policies: tuple[Policy, ...] = ()
    groups: tuple[Group, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    scopes: tuple[Scope, ...] = ()
    principals: tuple[Principal, ...] = ()
    rooms: tuple[str, ...] = ()
    not_before: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """True where nothing is left to be taken away."""
        return not (self.policies or self.groups or self.assignments or self.scopes or self.principals or self.rooms)

    @property
    def named(self) -> list[str]:
        """What it is, in words for people."""
        return [
            *(f"the policy of the application {one.app_id}" for one in self.policies),
            *(f"the role assignment {one.name!r}" for one in self.assignments),
            *(f"the management scope {one.name!r}" for one in self.scopes),
            *(f"the service principal {one.object_id} in Exchange" for one in self.principals),
            *(f"the group {one.address}" for one in self.groups),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose belongings are asked about. `client_id` and `address` where they are known; `defaults`: calendar processing too."""

    mark: str
    access: Access
    client_id: str | None = None
    address: str | None = None
    defaults: bool = False
    destroying: bool = False
    """Whether nothing may be left of the stack's applications: then one that exists is an error, and not just in the way."""
    at_once: bool = False
    """Without a look at what can be restored, and without waiting: for the local tenant, while destroying."""


def find_ending(
    graph: Graph, transport: Transport, asked: Question, now: datetime, reporter: Reporter, pace: Pace
) -> tuple[Ending, Outcome]:
    """Return what may go, and in the outcome what stays and what has to wait, with the reason.

    Raises Guarded while an application that would be freed holds a grant for calendars (in `rbac`: exists), or cannot be read;
    GaveUp when Graph or Exchange does not agree with itself in time.
    """
    reporter.begin("Asking Microsoft Graph whether the application is gone", 0)
    applications = Applications.read(graph, asked.mark)
    of_model = _of_rbac if asked.access == "rbac" else _of_policy
    found, outcome = of_model(graph, transport, asked, applications, pace)
    until = None if asked.at_once else applications.marked_restorable_until()
    if until is not None and not found.is_empty:
        outcome.waiting.append(
            f"{', '.join(found.named)}: an application of this stack is among the deleted items and can be restored until {until}; "
            "purge it there, or run this again after that"
        )
    return replace(found, not_before=None if asked.at_once else _not_before(found, now)), outcome


def _of_policy(
    graph: Graph, transport: Transport, asked: Question, applications: Applications, pace: Pace
) -> tuple[Ending, Outcome]:
    found = read_belongings(transport, asked.mark, applications, asked.address, pace)
    outcome = Outcome(left=list(found.left))
    gone = tuple(one for one in found.policies if asked.at_once or not applications.exists(one.app_id))
    outcome.left += [
        f"the policy of the application {one.app_id} stays: the application exists"
        for one in found.policies
        if one not in gone
    ]
    client_ids = {one.app_id for one in gone} | ({asked.client_id} if asked.client_id else set())
    ensure_closed(graph, asked.mark if asked.destroying else None, client_ids, pace)
    groups = []
    for group in found.groups:
        others = found.users(group, without=gone)
        if others:
            outcome.left.append(in_use(group, others))
        elif applications.marked_exists() and not asked.at_once:
            outcome.left.append(f"the group {group.address} stays: an application of this stack exists")
        else:
            groups.append(group)
    rooms = sorted({guid for group in groups for guid in rooms_in(group)}) if asked.defaults else []
    return Ending(policies=gone, groups=tuple(groups), rooms=tuple(rooms)), outcome


def _of_rbac(
    graph: Graph, transport: Transport, asked: Question, applications: Applications, pace: Pace
) -> tuple[Ending, Outcome]:
    found = read_rbac_belongings(transport, asked.mark, applications, asked.address, pace)
    outcome = Outcome(left=list(found.left))
    lives = applications.marked_exists() and not asked.destroying
    if lives:
        outcome.left.append(f"what the application with the mark {asked.mark} uses stays, since that exists")
        found = left_behind(found, applications)
    client_ids = set(found.client_ids) | ({asked.client_id} if asked.client_id else set())
    ensure_gone(graph, None if lives else asked.mark, client_ids, pace)
    scopes, groups, principals = [], [], []
    for scope in found.scopes:
        others = found.others_of_scope(scope)
        if others:
            outcome.left.append(f"the management scope {scope.name!r} stays: others use it ({', '.join(others)})")
        else:
            scopes.append(scope)
    for group in found.groups:
        others = found.others_of_group(group)
        if others:
            outcome.left.append(f"the group {group.address} stays: others use it ({', '.join(others)})")
        else:
            groups.append(group)
    for principal in found.principals:
        others = found.others_of_principal(principal)
        if others:
            outcome.left.append(f"the service principal {principal.object_id} stays in Exchange ({', '.join(others)})")
        else:
            principals.append(principal)
    rooms = list(rooms_reached(transport, found, outcome)) if asked.defaults else []
    return (
        Ending(
            groups=tuple(groups),
            assignments=found.assignments,
            scopes=tuple(scopes),
            principals=tuple(principals),
            rooms=tuple(rooms),
        ),
        outcome,
    )


def _not_before(found: Ending, now: datetime) -> datetime | None:
    """Return from when on no token can live: two hours after each was retired, else after now."""
    retired = [one.mark.retired if one.mark else None for one in found.policies]
    retired += [one.mark.retired if one.mark else None for one in found.groups]
    retired += [one.mark.retired if one.mark else None for one in found.scopes]
    last = max([moment or now for moment in retired] or [now]) + RETIREMENT
    return last if last > now else None
