"""Management role assignments: New-, Get-, Set-, Remove-ManagementRoleAssignment.

Source: Microsoft Learn, these pages, and "Role Based Access Control for Applications in Exchange Online"; rows from
public captures.  An application gets application roles, over a scope, the direct members of a group, or - without
either - the whole organization; a role group gets management roles and the right to give them to others.  What an
assignment decides is in access.py.
"""

from typing import Any

from simulator.applicationroles import APPLICATION_ROLES
from simulator.exchange import assignmentrows, errors, lookup, roleentries, rolegroups, scopes, serviceprincipals
from simulator.exchange.assignmentrows import Given
from simulator.exchange.cmdlet import BOOLEAN, IDENTITY, SWITCH, TEXT, Cmdlet, Parameter, Result, Session, modified
from simulator.exchange.organization import require_customization
from simulator.records import RoleAssignment
from simulator.tenant import Tenant, new_id

LONGEST_NAME = 64
SCOPES = ("CustomResourceScope", "RecipientGroupScope")
NOT_IMITATED_SCOPES = (
    "CustomRecipientWriteScope",
    "ExclusiveRecipientWriteScope",
    "RecipientAdministrativeUnitScope",
    "RecipientOrganizationalUnitScope",
    "RecipientRelativeWriteScope",
)


def new_assignment(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-ManagementRoleAssignment."""
    require_customization(session)
    role = roleentries.named(session.tenant, bound["Role"])
    if ("App" in bound) == ("SecurityGroup" in bound):
        raise errors.unknown_parameters([name for name in ("App", "SecurityGroup") if name in bound] or ["Role"])
    made = _give_to_group(session, role, bound) if "SecurityGroup" in bound else _give_to_app(session, role, bound)
    return Result([made], lambda given: assignmentrows.row(session.tenant, given))


def _give_to_app(session: Session, role: str, bound: dict[str, Any]) -> Given:
    tenant = session.tenant
    if bound.get("Delegating"):
        raise errors.not_imitated("the parameter Delegating together with App")
    principal = serviceprincipals.find(tenant, bound["App"])
    if role not in APPLICATION_ROLES:
        raise errors.invalid(f"The role '{role}' can't be assigned to a service principal: it is no application role.")
    scope_guid, group_object_id = _scope(tenant, bound)
    session.require_delegation(role)
    assignment = RoleAssignment(
        guid=new_id(),
        name=_name(tenant, bound.get("Name"), f"{role}-{principal.object_id}"),
        role=role,
        assignee_object_id=principal.object_id,
        scope_guid=scope_guid,
        group_object_id=group_object_id,
        created=tenant.now(),
    )
    tenant.role_assignments.append(assignment)
    return assignmentrows.given_to_app(assignment)


def _give_to_group(session: Session, role: str, bound: dict[str, Any]) -> Given:
    group = rolegroups.find_to_change(session.tenant, bound["SecurityGroup"])
    scoped = [name for name in SCOPES if name in bound]
    if scoped:
        raise errors.not_imitated(f"the parameter {scoped[0]} together with SecurityGroup")
    if "Name" in bound:
        raise errors.not_imitated("the parameter Name together with SecurityGroup")
    session.require_delegation(role)
    roles = group.delegating_roles if bound.get("Delegating") else group.roles
    made = Given(group=group, role=role, delegating=bool(bound.get("Delegating")))
    if role in roles:
        raise errors.already_exists("Name", made.name, group.name)
    roles.append(role)
    return made


def get_assignments(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ManagementRoleAssignment: by Identity, or by Role and RoleAssignee; else every assignment there is."""
    tenant = session.tenant
    if "Identity" in bound:
        others = [name for name in ("Role", "RoleAssignee") if name in bound]
        if others:
            raise errors.unknown_parameters(["Identity", *others])
        found = [find(tenant, bound["Identity"])]
    else:
        found = assignmentrows.every(tenant)
        if "Role" in bound:
            role = roleentries.named(tenant, bound["Role"])
            found = [given for given in found if given.role == role]
        if "RoleAssignee" in bound:
            assignee = _assignee(tenant, bound["RoleAssignee"])
            found = [given for given in found if given.assignee_id == assignee]
    return Result(found, lambda given: assignmentrows.row(tenant, given))


def set_assignment(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-ManagementRoleAssignment: another scope for an application's assignment, enabled or not."""
    assignment = find(session.tenant, bound["Identity"]).assignment
    if assignment is None:
        raise errors.not_imitated("changes of the role assignments of role groups")
    before = (assignment.scope_guid, assignment.group_object_id, assignment.enabled)
    wanted = _scope(session.tenant, bound)
    if wanted == (None, None) and "Enabled" not in bound:
        return modified(False, assignment.name)
    session.require_delegation(assignment.role)
    if wanted != (None, None):
        assignment.scope_guid, assignment.group_object_id = wanted
    assignment.enabled = bound.get("Enabled", assignment.enabled)
    after = (assignment.scope_guid, assignment.group_object_id, assignment.enabled)
    return modified(before != after, assignment.name)


def remove_assignment(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-ManagementRoleAssignment."""
    given = find(session.tenant, bound["Identity"])
    session.require_delegation(given.role)
    if given.assignment is not None:
        session.tenant.role_assignments.remove(given.assignment)
    elif given.group is not None:
        group = rolegroups.find_to_change(session.tenant, given.group.name)
        (group.delegating_roles if given.delegating else group.roles).remove(given.role)
    return Result()


def find(tenant: Tenant, identity: str) -> Given:
    """Return the assignment by name or GUID.  Raises ExchangeError."""
    for given in assignmentrows.every(tenant):
        if identity.casefold() in (given.name.casefold(), given.guid):
            return given
    raise errors.not_found(identity)


def _assignee(tenant: Tenant, identity: str) -> str:
    """Return the id of a role group or of a service principal.  Raises ExchangeError."""
    group = rolegroups.named(tenant, identity)
    return group.guid if group else serviceprincipals.find(tenant, identity).object_id


def _scope(tenant: Tenant, bound: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the scope's GUID or the group's object id; neither is the whole organization."""
    if all(name in bound for name in SCOPES):
        raise errors.unknown_parameters(list(SCOPES))
    if "CustomResourceScope" in bound:
        return scopes.find(tenant, bound["CustomResourceScope"]).guid, None
    if "RecipientGroupScope" in bound:
        return None, lookup.group(tenant, bound["RecipientGroupScope"]).object_id
    return None, None


def _name(tenant: Tenant, wanted: str | None, automatic: str) -> str:
    """Return the name: the wanted one, or one made of role and assignee, shortened and numbered as needed."""
    taken = {given.name.casefold() for given in assignmentrows.every(tenant, also_new=True)}
    if wanted is not None:
        if not wanted.strip():
            raise errors.invalid(f"'{wanted}' can't be the name of a role assignment.")
        if wanted.casefold() in taken:
            raise errors.already_exists("Name", wanted, tenant.distinguished_name(wanted))
        return wanted
    name, number = automatic[:LONGEST_NAME], 0
    while name.casefold() in taken:
        number += 1
        name = f"{automatic[: LONGEST_NAME - len(str(number)) - 1]}-{number}"
    return name


CMDLETS = [
    Cmdlet(
        "New-ManagementRoleAssignment",
        new_assignment,
        {
            "Name": Parameter(longest=LONGEST_NAME),
            "Role": IDENTITY,
            "App": TEXT,
            "Confirm": SWITCH,
            "CustomResourceScope": TEXT,
            "Delegating": SWITCH,
            "Force": SWITCH,
            "RecipientGroupScope": TEXT,
            "SecurityGroup": TEXT,
        },
        "application roles for service principals, over a scope, a group's direct members or the organization; "
        "management roles for role groups, also delegating; needs a delegating assignment of the role; unique names; "
        "refused in a dehydrated organization",
        documented=("Policy", "UnScopedTopLevel", "User", *NOT_IMITATED_SCOPES),
    ),
    Cmdlet(
        "Get-ManagementRoleAssignment",
        get_assignments,
        {"Identity": TEXT, "Role": TEXT, "RoleAssignee": TEXT},
        "by Identity, Role, RoleAssignee; those of role groups too, named role-group",
        documented=(
            "AssignmentMethod",
            "ConfigWriteScope",
            "CustomConfigWriteScope",
            "CustomRecipientWriteScope",
            "Delegating",
            "Enabled",
            "Exclusive",
            "ExclusiveConfigWriteScope",
            "ExclusiveRecipientWriteScope",
            "GetEffectiveUsers",
            "RecipientAdministrativeUnitScope",
            "RecipientGroupScope",
            "RecipientOrganizationalUnitScope",
            "RecipientWriteScope",
            "RoleAssigneeType",
            "WritableDatabase",
            "WritableRecipient",
            "WritableServer",
        ),
    ),
    Cmdlet(
        "Set-ManagementRoleAssignment",
        set_assignment,
        {
            "Identity": IDENTITY,
            "Confirm": SWITCH,
            "CustomResourceScope": TEXT,
            "Enabled": BOOLEAN,
            "RecipientGroupScope": TEXT,
        },
        "another scope, enabled or not; an assignment can't become organization-wide this way",
        documented=("Force", *NOT_IMITATED_SCOPES),
    ),
    Cmdlet(
        "Remove-ManagementRoleAssignment",
        remove_assignment,
        {"Identity": IDENTITY, "Confirm": SWITCH, "Force": SWITCH},
        "whole, but for built-in role groups; needs a delegating assignment of the role",
        asks_first=True,
    ),
]
