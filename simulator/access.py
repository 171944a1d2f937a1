"""What application access policies decide for an application and a mailbox.

Source: Microsoft Learn, New-ApplicationAccessPolicy, and "Limiting application permissions to specific Exchange Online
mailboxes".  Owns the order of evaluation.  Policies count at once here; `policies_in_force` is where Microsoft's delay
belongs.
"""

from simulator.records import AccessPolicy, Group
from simulator.tenant import Recipient, Tenant

EVERY_APPLICATION = "*"


def policies_in_force(tenant: Tenant) -> list[AccessPolicy]:
    """Return the policies that Graph honours at this moment."""
    return tenant.policies


def scope_of(tenant: Tenant, policy: AccessPolicy) -> Recipient | None:
    """Return the group or mailbox of a policy; None when it is gone, also when another of that name took its place."""
    return tenant.recipient_by_object_id(policy.scope_object_id)


def holds(tenant: Tenant, group: Group, object_id: str) -> bool:
    """Tell whether a group holds a recipient, directly or through nested groups."""
    groups = {each.object_id: each for each in tenant.groups}
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


def covers(tenant: Tenant, policy: AccessPolicy, target: Recipient) -> bool:
    """Tell whether a policy's scope holds a mailbox or group."""
    scope = scope_of(tenant, policy)
    if scope is None:
        return False
    if scope.object_id == target.object_id:
        return True
    return isinstance(scope, Group) and holds(tenant, scope, target.object_id)


def allowed(tenant: Tenant, policies: list[AccessPolicy], app_id: str, target: Recipient) -> bool:
    """Decide: a matching denial refuses, a matching restriction allows, a restriction elsewhere refuses, else allowed."""
    own = [policy for policy in policies if policy.app_id in (app_id.lower(), EVERY_APPLICATION)]
    matching = [policy for policy in own if covers(tenant, policy, target)]
    if any(policy.access_right == "DenyAccess" for policy in matching):
        return False
    if any(policy.access_right == "RestrictAccess" for policy in matching):
        return True
    return not any(policy.access_right == "RestrictAccess" for policy in own)
