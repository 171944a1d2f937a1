"""What keeps an application to some mailboxes: its grants, application access policies, and RBAC for Applications.

Sources: Microsoft Learn, New-ApplicationAccessPolicy; "Limiting application permissions to specific Exchange Online
mailboxes"; "Role Based Access Control for Applications in Exchange Online".  Owns the decision and its order.  Refuses
to own tokens (whoever asks says which roles the token holds) and answers (each API has its own).
"""

from dataclasses import dataclass

from simulator import applicationroles, recipientfilter
from simulator.records import AccessPolicy, ExchangeServicePrincipal, Group, Mailbox, ManagementScope, RoleAssignment
from simulator.tenant import Recipient, Tenant

EVERY_APPLICATION = "*"

READ = frozenset({"Calendars.Read", "Calendars.ReadWrite"})
"""App roles of Microsoft Graph that read calendars."""
WRITE = frozenset({"Calendars.ReadWrite"})


@dataclass(frozen=True)
class Restrictions:
    """What Exchange knows of applications at one moment."""

    policies: tuple[AccessPolicy, ...]
    groups: dict[str, Group]
    """By object id."""
    principals: tuple[ExchangeServicePrincipal, ...]
    scopes: tuple[ManagementScope, ...]
    assignments: tuple[RoleAssignment, ...]


def restrictions_now(tenant: Tenant) -> Restrictions:
    """Return them as the Test- cmdlets see them: at once."""
    return Restrictions(
        tuple(tenant.policies),
        {group.object_id: group for group in tenant.groups},
        tuple(tenant.exchange_service_principals),
        tuple(tenant.management_scopes),
        tuple(tenant.role_assignments),
    )


def restrictions_in_force(tenant: Tenant, app_id: str) -> Restrictions:
    """Return them as Graph enforces them for an application at this moment, with Microsoft's delays and caches."""
    del app_id
    return restrictions_now(tenant)


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
        applicationroles.permissions(assignment.role) & wanted and in_scope(tenant, restrictions, assignment, mailbox)
        for assignment in assignments_of(restrictions, app_id)
    )


# -- application access policies ----------------------------------------------------------------------------------------


def holds(groups: dict[str, Group], group: Group, object_id: str) -> bool:
    """Tell whether a group holds a recipient, directly or through nested groups."""
    seen: set[str] = set()
    waiting = [group]
    while waiting:
        current = waiting.pop()
        if object_id in current.member_ids:
            return True
        nested = (groups.keys() & set(current.member_ids)) - seen
        seen |= nested
        waiting += [groups[each] for each in nested]
    return False


def covers(restrictions: Restrictions, policy: AccessPolicy, target: Recipient) -> bool:
    """Tell whether a policy's scope holds a mailbox or group.  A group that took the scope's name is another scope."""
    if policy.scope_object_id == target.object_id:
        return True
    group = restrictions.groups.get(policy.scope_object_id)
    return group is not None and holds(restrictions.groups, group, target.object_id)


def allowed_by_policies(restrictions: Restrictions, app_id: str, target: Recipient) -> bool:
    """Decide: a matching denial refuses, a matching restriction allows, a restriction elsewhere refuses, else allowed."""
    own = [policy for policy in restrictions.policies if policy.app_id in (app_id.lower(), EVERY_APPLICATION)]
    matching = [policy for policy in own if covers(restrictions, policy, target)]
    if any(policy.access_right == "DenyAccess" for policy in matching):
        return False
    if any(policy.access_right == "RestrictAccess" for policy in matching):
        return True
    return not any(policy.access_right == "RestrictAccess" for policy in own)


# -- RBAC for Applications ----------------------------------------------------------------------------------------------


def assignments_of(restrictions: Restrictions, app_id: str) -> list[RoleAssignment]:
    """Return the role assignments of an application."""
    own = {principal.object_id for principal in restrictions.principals if principal.app_id == app_id.lower()}
    return [assignment for assignment in restrictions.assignments if assignment.assignee_object_id in own]


def in_scope(tenant: Tenant, restrictions: Restrictions, assignment: RoleAssignment, target: Recipient) -> bool:
    """Tell whether an assignment reaches a recipient: its filter, the direct members of its group, or everything."""
    if assignment.scope_guid is not None:
        scope = next((s for s in restrictions.scopes if s.guid == assignment.scope_guid), None)
        return scope is not None and recipientfilter.parse(scope.recipient_filter).matches(tenant, target)
    if assignment.group_object_id is not None:
        group = restrictions.groups.get(assignment.group_object_id)
        return group is not None and target.object_id in group.member_ids
    return True
