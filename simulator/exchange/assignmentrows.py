"""Role assignments as Exchange lists them: those of applications and those of role groups in one shape.

Owns names, scopes and rows of what is assigned.  Refuses to own changes (assignments.py, rolegroups.py).
"""

from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from simulator.exchange import replication
from simulator.exchange.cmdlet import Row
from simulator.records import RoleAssignment, RoleGroup
from simulator.tenant import Tenant

ORGANIZATION = "Organization"


@dataclass(frozen=True)
class Given:
    """A role that somebody has: a service principal by an assignment of its own, or a role group."""

    role: str
    assignment: RoleAssignment | None = None
    group: RoleGroup | None = None
    delegating: bool = False

    @property
    def name(self) -> str:
        """The assignment's name; those of role groups are made of role and group."""
        if self.assignment is not None:
            return self.assignment.name
        return f"{self.role}-{self.group.name if self.group else ''}{'-Delegating' if self.delegating else ''}"

    @property
    def guid(self) -> str:
        """The assignment's GUID; those of role groups follow from group and name."""
        if self.assignment is not None:
            return self.assignment.guid
        return str(uuid5(NAMESPACE_OID, f"{self.assignee_id}/{self.name}"))

    @property
    def assignee_id(self) -> str:
        """The ObjectId of the service principal, or the GUID of the role group."""
        if self.assignment is not None:
            return self.assignment.assignee_object_id
        return self.group.guid if self.group else ""


def given_to_app(assignment: RoleAssignment) -> Given:
    """Return an application's assignment in the common shape."""
    return Given(role=assignment.role, assignment=assignment)


def every(tenant: Tenant, *, also_new: bool = False) -> list[Given]:
    """Return all assignments; `also_new` those too that other domain controllers do not have yet."""
    own = tenant.role_assignments if also_new else replication.found(tenant, tenant.role_assignments)
    groups = tenant.role_groups if also_new else replication.found(tenant, tenant.role_groups)
    return [
        *(given_to_app(assignment) for assignment in own),
        *(Given(role=role, group=group) for group in groups for role in group.roles),
        *(Given(role=role, group=group, delegating=True) for group in groups for role in group.delegating_roles),
    ]


def scope(tenant: Tenant, assignment: RoleAssignment) -> tuple[str, str | None]:
    """Return an assignment's RecipientWriteScope and the name of its scope or group; None where there is no name.

    A scope or a group that is gone leaves its id.
    """
    if assignment.scope_guid is not None:
        names = {found.guid: found.name for found in tenant.management_scopes}
        return "CustomRecipientScope", names.get(assignment.scope_guid, assignment.scope_guid)
    if assignment.group_object_id is not None:
        group = tenant.recipient_by_object_id(assignment.group_object_id)
        return "Group", group.name if group else assignment.group_object_id
    return ORGANIZATION, None


def row(tenant: Tenant, given: Given) -> Row:
    """Return an assignment as Get-ManagementRoleAssignment shows it."""
    assignment = given.assignment
    write_scope, resource_scope = scope(tenant, assignment) if assignment else (ORGANIZATION, None)
    assignee = given.assignee_id if assignment else (given.group.name if given.group else "")
    return {
        "User": assignee,
        "AssignmentMethod": "Direct",
        "Identity": given.name,
        "EffectiveUserName": assignee if assignment else "All Group Members",
        "AssignmentChain": "",
        "RoleAssigneeType": "ServicePrincipal" if assignment else "RoleGroup",
        "RoleAssignee": assignee,
        "RoleAssigneeName": assignee,
        "Role": given.role,
        "RoleAssignmentDelegationType": "DelegatingOrgWide" if given.delegating else "Regular",
        "App": given.assignee_id if assignment else None,
        "CustomRecipientWriteScope": None,
        "CustomConfigWriteScope": None,
        "CustomResourceScope": resource_scope,
        "RecipientReadScope": ORGANIZATION,
        "ConfigReadScope": "OrganizationConfig",
        "RecipientWriteScope": write_scope,
        "ConfigWriteScope": "OrganizationConfig",
        "Enabled": assignment.enabled if assignment else True,
        "Name": given.name,
        "Id": given.name,
        "IsValid": True,
        "DistinguishedName": tenant.distinguished_name(given.name),
        "WhenCreatedUTC": assignment.created if assignment else given.group.created if given.group else None,
        "Guid": UUID(given.guid),
        "ObjectState": "Unchanged",
    }
