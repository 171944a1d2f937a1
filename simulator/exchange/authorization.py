"""Test-ServicePrincipalAuthorization: what RBAC for Applications gives a service principal, and whether it reaches a mailbox.

Source: Microsoft Learn, this page, and "Role Based Access Control for Applications in Exchange Online".  It sees RBAC
only - neither grants in Entra nor application access policies - and sees it at once.
"""

from typing import Any

from simulator import access, applicationroles
from simulator.exchange import assignmentrows, lookup, serviceprincipals
from simulator.exchange.cmdlet import IDENTITY, SWITCH, TEXT, Cmdlet, Result, Row, Session
from simulator.records import Mailbox, RoleAssignment
from simulator.tenant import Tenant

NOT_RUN = "Not Run"
"""InScope without a Resource."""


def test_authorization(session: Session, bound: dict[str, Any]) -> Result:
    """Run Test-ServicePrincipalAuthorization: a row for each assignment."""
    tenant = session.tenant
    principal = serviceprincipals.find(tenant, bound["Identity"])
    mailbox = lookup.mailbox(tenant, bound["Resource"]) if "Resource" in bound else None
    own = [a for a in tenant.role_assignments if a.assignee_object_id == principal.object_id and a.enabled]
    return Result([_row(tenant, assignment, mailbox) for assignment in own])


def _row(tenant: Tenant, assignment: RoleAssignment, mailbox: Mailbox | None) -> Row:
    kind, name = assignmentrows.scope(tenant, assignment)
    reached = NOT_RUN if mailbox is None else _reaches(tenant, assignment, mailbox)
    return {
        "RoleName": assignment.role,
        "GrantedPermissions": ", ".join(applicationroles.APPLICATION_ROLES[assignment.role]),
        "AllowedResourceScope": name or kind,
        "ScopeType": kind,
        "InScope": reached,
    }


def _reaches(tenant: Tenant, assignment: RoleAssignment, mailbox: Mailbox) -> bool:
    return access.in_scope(tenant, access.restrictions_now(tenant), assignment, mailbox)


CMDLETS = [
    Cmdlet(
        "Test-ServicePrincipalAuthorization",
        test_authorization,
        {"Identity": IDENTITY, "Confirm": SWITCH, "Resource": TEXT},
        "a row for each assignment; InScope is a Boolean value, or the text Not Run without Resource; the words for an "
        "organization-wide assignment are unverified",
    )
]
