"""Which mailboxes' calendars an application can read, decided for all mailboxes at once.

Owns nothing but speed: what is decided is access.may's decision for each mailbox, which a test holds it to.  With ten
thousand rooms that is ten thousand decisions; sets make them one.
"""

from operator import attrgetter

from simulator import access, applicationroles, recipientfilter
from simulator.access import Restrictions
from simulator.records import AccessPolicy, RoleAssignment
from simulator.tenant import Tenant

_OBJECT_ID = attrgetter("object_id")


def readable(tenant: Tenant, restrictions: Restrictions, app_id: str, roles: frozenset[str]) -> set[str]:
    """Return the object ids of the mailboxes whose calendars an application with these app roles can read."""
    everything = set(map(_OBJECT_ID, tenant.mailboxes))
    readable = _by_policies(restrictions, app_id, everything) if roles & access.READ else set()
    for assignment in access.assignments_of(restrictions, app_id):
        if len(readable) == len(everything):
            break
        if applicationroles.permissions(assignment.role) & access.READ:
            readable |= _by_assignment(tenant, restrictions, assignment, everything)
    return readable


def _by_policies(restrictions: Restrictions, app_id: str, everything: set[str]) -> set[str]:
    own = [p for p in restrictions.policies if p.app_id in (app_id.lower(), access.EVERY_APPLICATION)]
    restricting = [policy for policy in own if policy.access_right == "RestrictAccess"]
    denied = _covered(restrictions, [policy for policy in own if policy.access_right == "DenyAccess"])
    allowed = everything & _covered(restrictions, restricting) if restricting else everything
    return allowed - denied


def _covered(restrictions: Restrictions, policies: list[AccessPolicy]) -> set[str]:
    """Return the object ids that the scopes of some policies hold: themselves, and members of members as well."""
    covered: set[str] = set()
    waiting = {policy.scope_object_id for policy in policies}
    while waiting:
        covered |= waiting
        groups = waiting & restrictions.groups.keys()
        waiting = set().union(*(restrictions.groups[each] for each in groups)) - covered
    return covered


def _by_assignment(
    tenant: Tenant, restrictions: Restrictions, assignment: RoleAssignment, everything: set[str]
) -> set[str]:
    if assignment.scope_guid is not None:
        scope = next((s for s in restrictions.scopes if s.guid == assignment.scope_guid), None)
        if scope is None:
            return set()
        wanted = recipientfilter.parse(scope.recipient_filter)
        return {mailbox.object_id for mailbox in tenant.mailboxes if wanted.matches(tenant, mailbox)}
    if assignment.group_object_id is not None:
        return everything & set(restrictions.scope_groups.get(assignment.group_object_id, ()))
    return everything
