"""Role groups and who is in them: New-, Get-, Remove-RoleGroup, Get-, Add-, Remove-RoleGroupMember.

Source: Microsoft Learn, these pages, and "App-only authentication for unattended scripts in Exchange Online PowerShell"
(a service principal as a member).  What members may run is in rights.py.
"""

from typing import Any
from uuid import UUID

from simulator.exchange import errors, lookup, replication, roleentries, serviceprincipals
from simulator.exchange.cmdlet import (
    IDENTITY,
    SIZE,
    SWITCH,
    TEXT,
    TEXTS,
    Cmdlet,
    Parameter,
    Result,
    Row,
    Session,
    wanted_size,
)
from simulator.exchange.organization import require_customization
from simulator.exchange.roles import KNOWN_ROLES
from simulator.records import RoleGroup
from simulator.tenant import Tenant, new_id


def named(tenant: Tenant, identity: str) -> RoleGroup | None:
    """Return the role group by name, GUID or distinguished name."""
    wanted = identity.casefold()
    for group in replication.found(tenant, tenant.role_groups):
        if wanted in (group.name.casefold(), group.guid, tenant.distinguished_name(group.name).casefold()):
            return group
    return None


def find(tenant: Tenant, identity: str) -> RoleGroup:
    """Return the role group.  Raises ExchangeError."""
    group = named(tenant, identity)
    if group is None:
        raise errors.not_found(identity)
    return group


def find_to_change(tenant: Tenant, identity: str) -> RoleGroup:
    """Return a role group that is not Microsoft's own.  Raises ExchangeError."""
    group = find(tenant, identity)
    if group.built_in:
        raise errors.not_imitated(f"changes of the built-in role group {group.name}, but of its members")
    return group


def _row(tenant: Tenant, group: RoleGroup) -> Row:
    return {
        "ManagedBy": [],
        "RoleAssignments": [f"{role}-{group.name}" for role in group.roles],
        "Roles": list(group.roles),
        "DisplayName": "",
        "ExternalDirectoryObjectId": "",
        "Members": [_member_name(tenant, member) for member in group.member_ids],
        "SamAccountName": group.name,
        "Description": group.description,
        "RoleGroupType": "Standard",
        "LinkedGroup": "",
        "Capabilities": [],
        "Name": group.name,
        "Identity": group.name,
        "Id": group.name,
        "IsValid": True,
        "ExchangeVersion": "0.10 (14.0.100.0)",
        "DistinguishedName": tenant.distinguished_name(group.name),
        "WhenCreatedUTC": group.created,
        "Guid": UUID(group.guid),
        "ObjectState": "Unchanged",
    }


def new_role_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-RoleGroup; the caller needs a delegating assignment of each role."""
    require_customization(session)
    tenant, name = session.tenant, bound["Name"]
    roles = [roleentries.named(tenant, each) for each in bound.get("Roles", [])]
    for role in roles:
        session.require_delegation(role)
    for other in tenant.role_groups:
        if other.name.casefold() == name.casefold():
            raise errors.already_exists("Name", name, tenant.distinguished_name(other.name))
    group = RoleGroup(
        guid=new_id(),
        name=name,
        description=bound.get("Description", ""),
        roles=roles,
        member_ids=list(dict.fromkeys(_member(tenant, each) for each in bound.get("Members", []))),
        created=tenant.now(),
    )
    tenant.role_groups.append(group)
    return Result([group], lambda made: _row(tenant, made))


def get_role_groups(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-RoleGroup."""
    tenant = session.tenant
    every = replication.found(tenant, tenant.role_groups)
    found = [find(tenant, bound["Identity"])] if "Identity" in bound else every
    return Result(found, lambda group: _row(tenant, group), size=wanted_size(bound))


def remove_role_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-RoleGroup."""
    session.tenant.role_groups.remove(find_to_change(session.tenant, bound["Identity"]))
    return Result()


def get_members(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-RoleGroupMember."""
    tenant = session.tenant
    group = find(tenant, bound["Identity"])
    return Result(group.member_ids, lambda member: _member_row(tenant, member), size=wanted_size(bound))


def add_member(session: Session, bound: dict[str, Any]) -> Result:
    """Run Add-RoleGroupMember."""
    group, member = find(session.tenant, bound["Identity"]), _member(session.tenant, bound["Member"])
    if member in group.member_ids:
        raise errors.already_member(_member_name(session.tenant, member), group.name)
    group.member_ids.append(member)
    return Result()


def remove_member(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-RoleGroupMember."""
    group, member = find(session.tenant, bound["Identity"]), _member(session.tenant, bound["Member"])
    if member not in group.member_ids:
        raise errors.no_member(_member_name(session.tenant, member), group.name)
    group.member_ids.remove(member)
    return Result()


def _member(tenant: Tenant, identity: str) -> str:
    """Return the object id of a service principal that Exchange knows, or of a recipient.  Raises ExchangeError."""
    try:
        return serviceprincipals.find(tenant, identity).object_id
    except errors.ExchangeError as refusal:
        if not errors.is_not_found(refusal):
            raise
        return lookup.recipient(tenant, identity).object_id


def _member_name(tenant: Tenant, object_id: str) -> str:
    recipient = tenant.recipient_by_object_id(object_id)
    return recipient.name if recipient else object_id


def _member_row(tenant: Tenant, object_id: str) -> Row:
    principals = {principal.object_id: principal for principal in tenant.exchange_service_principals}
    recipient = tenant.recipient_by_object_id(object_id)
    principal = principals.get(object_id)
    guid = recipient.guid if recipient else principal.guid if principal else object_id
    name = recipient.name if recipient else object_id
    return {
        "Name": name,
        "Identity": name,
        "Id": name,
        "DisplayName": recipient.display_name if recipient else principal.display_name if principal else "",
        "RecipientType": "User" if recipient is None else recipient.kind,
        "RecipientTypeDetails": "ServicePrincipal" if recipient is None else recipient.kind,
        "ExternalDirectoryObjectId": object_id,
        "Guid": UUID(guid),
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


_WRITE = {"Identity": IDENTITY, "BypassSecurityGroupManagerCheck": SWITCH, "Confirm": SWITCH}

CMDLETS = [
    Cmdlet(
        "New-RoleGroup",
        new_role_group,
        {
            "Name": Parameter(required=True, longest=64),
            "Confirm": SWITCH,
            "Description": TEXT,
            "Force": SWITCH,
            "Members": TEXTS,
            "Roles": TEXTS,
        },
        f"the roles {', '.join(KNOWN_ROLES[:8])}, the application roles and derived ones; needs a delegating assignment of "
        "each; refused in a dehydrated organization",
        documented=(
            "CustomRecipientWriteScope",
            "DisplayName",
            "ManagedBy",
            "RecipientOrganizationalUnitScope",
            "WellKnownObject",
        ),
    ),
    Cmdlet(
        "Get-RoleGroup",
        get_role_groups,
        {"Identity": TEXT, "ResultSize": SIZE},
        "three built-in ones, with those of their roles that matter here, and one's own",
        documented=("Filter", "ReadFromDomainController", "SortBy", "ShowPartnerLinked"),
    ),
    Cmdlet(
        "Remove-RoleGroup",
        remove_role_group,
        {"Identity": IDENTITY, "BypassSecurityGroupManagerCheck": SWITCH, "Confirm": SWITCH, "Force": SWITCH},
        "one's own; its assignments go along",
        asks_first=True,
    ),
    Cmdlet(
        "Get-RoleGroupMember",
        get_members,
        {"Identity": IDENTITY, "ResultSize": SIZE},
        "service principals (the properties shown are unverified) and recipients",
        documented=("ReadFromDomainController",),
    ),
    Cmdlet(
        "Add-RoleGroupMember",
        add_member,
        {**_WRITE, "Member": IDENTITY},
        "service principals that Exchange knows, and recipients; it counts at once (unverified)",
    ),
    Cmdlet("Remove-RoleGroupMember", remove_member, {**_WRITE, "Member": IDENTITY}, "as Add", asks_first=True),
]
