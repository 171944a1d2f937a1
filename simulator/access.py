"""What keeps an application to some mailboxes: its grants, application access policies, and RBAC for Applications.

Sources: Microsoft Learn, New-ApplicationAccessPolicy; "Limiting application permissions to specific Exchange Online
mailboxes"; "Role Based Access Control for Applications in Exchange Online".  Owns the decision, its order, and which
moment's state it is made from.  Refuses to own tokens (whoever asks says which roles the token holds), the past itself
(history.py) and answers (each API has its own).

As tested and as enforced differ in time.  The Test- cmdlets see what is so now: `restrictions_now`.  Graph enforces
policies, and the groups that they name, as they were `lag.policy_seconds` ago; what RBAC gives an application it looks
up at the application's first call and goes by that look until `lag.rbac_idle_seconds` have passed without a call, or
`lag.rbac_longest_seconds` since the look: `restrictions_in_force`.  A look takes in principals, assignments, scopes and
the members of group scopes; what a scope's filter says of a mailbox is always as it is now.

For whoever samples a tenant over time: `restrictions_at(tenant, moment)` is what Exchange knew at a moment, and
`restrictions_in_force(tenant, app_id, moment)` what Graph would go by if the application called then; both also answer
for a moment to come, if nothing else happens until then.  Between a moment and `next_change_after(tenant, app_id,
moment)` the latter does not change, except by what the application itself calls.  A change counts from its moment on,
so the state *at* a boundary is the new one.  Delays are those that the tenant's conditions say now.  None of this
changes anything; only `restrictions_for_call`, which is for calls of applications, keeps a look of Graph's alive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from simulator import applicationroles, recipientfilter
from simulator.history import MembersAt
from simulator.records import AccessPolicy, ExchangeServicePrincipal, Mailbox, ManagementScope, RoleAssignment
from simulator.tenant import Recipient, Tenant

EVERY_APPLICATION = "*"

READ = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
"""App roles of Microsoft Graph that read calendars."""
WRITE = frozenset({"Calendars.ReadWrite"})

Groups = Mapping[str, MembersAt]
"""The direct members of each group; everything by object id."""


@dataclass(frozen=True)
class Restrictions:
    """What Exchange knows of applications, or what Graph goes by."""

    policies: tuple[AccessPolicy, ...]
    groups: Groups
    """As application access policies see them."""
    principals: tuple[ExchangeServicePrincipal, ...]
    scopes: tuple[ManagementScope, ...]
    assignments: tuple[RoleAssignment, ...]
    scope_groups: Groups
    """The same groups as RBAC for Applications sees them, which may be at another moment."""


# -- which moment counts --------------------------------------------------------------------------------------------------


def note_changes(tenant: Tenant) -> None:
    """Take down what Exchange knows now, if it is something new.  To be called whenever anything may have changed."""
    tenant.history.note(
        tenant.now(),
        tenant.policies,
        tenant.groups,
        tenant.exchange_service_principals,
        tenant.management_scopes,
        [assignment for assignment in tenant.role_assignments if assignment.enabled],
    )


def restrictions_now(tenant: Tenant) -> Restrictions:
    """Return them as the Test- cmdlets see them: at once."""
    return restrictions_at(tenant, tenant.now())


def restrictions_at(tenant: Tenant, moment: datetime) -> Restrictions:
    """Return them as the Test- cmdlets saw them at a moment."""
    note_changes(tenant)
    return _restrictions(tenant, moment, moment)


def restrictions_in_force(tenant: Tenant, app_id: str, moment: datetime | None = None) -> Restrictions:
    """Return them as Graph would enforce them if the application called at a moment; without one, now."""
    note_changes(tenant)
    moment = moment or tenant.now()
    look = tenant.history.looked_up(app_id.lower(), moment, *_rbac_delays(tenant))
    return _restrictions(tenant, moment - _policy_delay(tenant), look.at if look else moment)


def restrictions_for_call(tenant: Tenant, app_id: str) -> Restrictions:
    """Return them as Graph enforces them for a call that an application makes now; the call keeps its look alive."""
    note_changes(tenant)
    now = tenant.now()
    looked = tenant.history.look_up(app_id.lower(), now, *_rbac_delays(tenant))
    return _restrictions(tenant, now - _policy_delay(tenant), looked)


def next_change_after(tenant: Tenant, app_id: str, moment: datetime) -> datetime | None:
    """Return the first moment after another at which `restrictions_in_force` may differ; None when none is known.

    A policy's change counts `lag.policy_seconds` after it was made; what RBAC gives counts when Graph looks anew.
    """
    note_changes(tenant)
    history, delay, (idle, longest) = tenant.history, _policy_delay(tenant), _rbac_delays(tenant)
    policies = history.next_change(moment - delay)
    look = history.looked_up(app_id.lower(), moment, idle, longest)
    candidates = [
        policies + delay if policies else None,
        look.ends(idle, longest) if look else history.next_change(moment),
        history.next_look(app_id.lower(), moment) if min(idle, longest) > timedelta(0) else None,
    ]
    return min((each for each in candidates if each is not None), default=None)


def _restrictions(tenant: Tenant, policies_at: datetime, rbac_at: datetime) -> Restrictions:
    policies, rbac = tenant.history.version(policies_at), tenant.history.version(rbac_at)
    return Restrictions(
        policies.policies,
        policies.members_at(policies_at),
        rbac.principals,
        rbac.scopes,
        rbac.assignments,
        rbac.members_at(rbac_at),
    )


def _policy_delay(tenant: Tenant) -> timedelta:
    return timedelta(seconds=tenant.conditions.lag.policy_seconds)


def _rbac_delays(tenant: Tenant) -> tuple[timedelta, timedelta]:
    lag = tenant.conditions.lag
    return timedelta(seconds=lag.rbac_idle_seconds), timedelta(seconds=lag.rbac_longest_seconds)


# -- the decision ---------------------------------------------------------------------------------------------------------


def may(
    tenant: Tenant,
    restrictions: Restrictions,
    app_id: str,
    roles: frozenset[str],
    wanted: frozenset[str],
    mailbox: Mailbox,
) -> bool:
    """Tell whether an application with these app roles may do to a mailbox's calendar what one of `wanted` allows.

    Entra's grants, as far as the policies let them, and RBAC's assignments are united; policies do not narrow RBAC.
    """
    if roles & wanted and allowed_by_policies(restrictions, app_id, mailbox):
        return True
    return any(
        gives(assignment, wanted) and in_scope(tenant, restrictions, assignment, mailbox)
        for assignment in assignments_of(restrictions, app_id)
    )


# -- application access policies ------------------------------------------------------------------------------------------


def holds(groups: Groups, group_id: str, object_id: str) -> bool:
    """Tell whether a group holds a recipient, directly or through nested groups."""
    seen: set[str] = set()
    waiting = [group_id]
    while waiting:
        current = waiting.pop()
        members = groups.get(current, ())
        if object_id in members:
            return True
        seen.add(current)
        waiting += [each for each in groups if each not in seen and each in members]
    return False


def covers(restrictions: Restrictions, policy: AccessPolicy, target: Recipient) -> bool:
    """Tell whether a policy's scope holds a mailbox or group.  A group that took the scope's name is another scope."""
    return policy.scope_object_id == target.object_id or holds(
        restrictions.groups, policy.scope_object_id, target.object_id
    )


def allowed_by_policies(restrictions: Restrictions, app_id: str, target: Recipient) -> bool:
    """Decide: a matching denial refuses, a matching restriction allows, a restriction elsewhere refuses, else allowed."""
    own = [policy for policy in restrictions.policies if policy.app_id in (app_id.lower(), EVERY_APPLICATION)]
    matching = [policy for policy in own if covers(restrictions, policy, target)]
    if any(policy.access_right == "DenyAccess" for policy in matching):
        return False
    if any(policy.access_right == "RestrictAccess" for policy in matching):
        return True
    return not any(policy.access_right == "RestrictAccess" for policy in own)


# -- RBAC for Applications ------------------------------------------------------------------------------------------------


def assignments_of(restrictions: Restrictions, app_id: str) -> list[RoleAssignment]:
    """Return the role assignments of an application."""
    own = {principal.object_id for principal in restrictions.principals if principal.app_id == app_id.lower()}
    return [assignment for assignment in restrictions.assignments if assignment.assignee_object_id in own]


def gives(assignment: RoleAssignment, wanted: frozenset[str]) -> bool:
    """Tell whether an assignment's role gives one of these permissions, in whatever scope."""
    return not applicationroles.permissions(assignment.role).isdisjoint(wanted)


def in_scope(tenant: Tenant, restrictions: Restrictions, assignment: RoleAssignment, target: Recipient) -> bool:
    """Tell whether an assignment reaches a recipient: its filter, the direct members of its group, or everything."""
    if assignment.scope_guid is not None:
        scope = next((s for s in restrictions.scopes if s.guid == assignment.scope_guid), None)
        return scope is not None and _filter(scope.recipient_filter).matches(tenant, target)
    if assignment.group_object_id is not None:
        return target.object_id in restrictions.scope_groups.get(assignment.group_object_id, ())
    return True


@lru_cache(maxsize=1024)
def _filter(text: str) -> recipientfilter.Filter:
    return recipientfilter.parse(text)
