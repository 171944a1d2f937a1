"""Distribution groups and mail-enabled security groups as objects; their members are members.py's.

Owns Get-, New-, Set-, Remove-DistributionGroup, Get-Group and Set-Group.  Source: Microsoft Learn, these pages.  Notes
are a parameter of New-DistributionGroup and Set-Group, and a property of Get-Group only.
"""

import re
from typing import Any
from uuid import UUID

from simulator.exchange import errors, lookup, replication
from simulator.exchange.cmdlet import Result, Row, Session, modified, wanted_size
from simulator.records import Group
from simulator.tenant import Tenant, new_id

LONGEST_NOTES = 1024
"""What the directory's attribute holds (Active Directory schema, `info`)."""
MOST_MEMBERS = 10_000
"""Microsoft Learn, Update-DistributionGroupMember, parameter Members."""

_ALIAS = re.compile(
    r"^[A-Za-z0-9!#%*+\-/=?^_~$&'`{|}\u00a1-\u00ff]+(\.[A-Za-z0-9!#%*+\-/=?^_~$&'`{|}\u00a1-\u00ff]+)*$"
)


def _principal_row(tenant: Tenant, group: Group) -> Row:
    return {
        "Name": group.name,
        "DisplayName": group.display_name,
        "Identity": group.name,
        "Id": group.name,
        "RecipientType": group.kind,
        "RecipientTypeDetails": group.kind,
        "GroupType": "Universal, SecurityEnabled" if group.kind == "MailUniversalSecurityGroup" else "Universal",
        "SamAccountName": f"{group.alias[:12]}{group.sid.rpartition('-')[2]}",
        "IsDirSynced": group.is_dir_synced,
        "ManagedBy": list(group.managed_by),
        "WindowsEmailAddress": group.address,
        "ExternalDirectoryObjectId": group.object_id,
        "DistinguishedName": tenant.distinguished_name(group.name),
        "WhenCreatedUTC": group.created,
        "IsValid": True,
        "ExchangeVersion": "0.10 (14.0.100.0)",
        "Guid": UUID(group.guid),
        "ObjectState": "Unchanged",
    }


def distribution_group_row(tenant: Tenant, group: Group) -> Row:
    """Return a group as Get-DistributionGroup shows it: owners as GUIDs, without its notes."""
    return {
        **_principal_row(tenant, group),
        "Alias": group.alias,
        "BypassNestedModerationEnabled": False,
        "Description": list(group.description),
        "EmailAddresses": [f"SMTP:{group.address}", *(f"smtp:{other}" for other in group.other_addresses)],
        "HiddenFromAddressListsEnabled": group.hidden_from_address_lists,
        "HiddenGroupMembershipEnabled": False,
        "ManagedByWithDisplayNames": [],
        "MemberDepartRestriction": group.member_depart_restriction,
        "MemberJoinRestriction": group.member_join_restriction,
        "PrimarySmtpAddress": group.address,
        "RequireSenderAuthenticationEnabled": group.require_sender_authentication,
    }


def group_row(tenant: Tenant, group: Group) -> Row:
    """Return a group as Get-Group shows it: its notes and members, nothing of mail but the address."""
    members = (tenant.recipient_by_object_id(member) for member in group.member_ids)
    return {
        **_principal_row(tenant, group),
        "Notes": group.notes,
        "Members": [member.name for member in members if member],
        "IsHierarchicalGroup": False,
        "PhoneticDisplayName": "",
        "SID": group.sid,
        "SimpleDisplayName": "",
    }


def get_distribution_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-DistributionGroup."""
    return _get(session, bound, distribution_group_row)


def get_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-Group."""
    return _get(session, bound, group_row)


def _get(session: Session, bound: dict[str, Any], row: Any) -> Result:
    tenant = session.tenant
    found = (
        [lookup.group(tenant, bound["Identity"])] if "Identity" in bound else replication.found(tenant, tenant.groups)
    )
    kinds = bound.get("RecipientTypeDetails")
    found = [group for group in found if not kinds or group.kind in kinds]
    return Result(found, lambda group: row(tenant, group), size=wanted_size(bound))


def resolve_members(session: Session, identities: list[str]) -> list[str]:
    """Return the object ids of members, each once.  Raises ExchangeError."""
    if len(identities) > MOST_MEMBERS:
        raise errors.invalid(
            f"The parameter Members has {len(identities)} entries. The maximum number of entries is {MOST_MEMBERS}."
        )
    return list(dict.fromkeys(lookup.recipient(session.tenant, each).object_id for each in identities))


def new_distribution_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-DistributionGroup."""
    tenant, name = session.tenant, bound["Name"]
    alias = bound.get("Alias") or re.sub(r"[^A-Za-z0-9!#%*+\-/=?^_~.]", "?", name.replace(" ", ""))
    address = bound.get("PrimarySmtpAddress") or f"{alias}@{tenant.domains[0]}"
    security = bound.get("Type", "Distribution") == "Security"
    group = Group(
        guid=new_id(),
        object_id=new_id(),
        name=name,
        alias=alias,
        display_name=bound.get("DisplayName") or name,
        address=address,
        kind="MailUniversalSecurityGroup" if security else "MailUniversalDistributionGroup",
        sid="",
        created=tenant.now(),
        managed_by=_owners(tenant, bound["ManagedBy"]) if "ManagedBy" in bound else [tenant.organization_management_id],
        member_ids=resolve_members(session, bound.get("Members", [])),
        notes=bound.get("Notes", ""),
        description=bound.get("Description", []),
        require_sender_authentication=bound.get("RequireSenderAuthenticationEnabled", True),
        member_join_restriction=bound.get("MemberJoinRestriction", "Closed"),
        member_depart_restriction=bound.get("MemberDepartRestriction", "Closed" if security else "Open"),
    )
    _check(tenant, group, name=name, alias=alias, address=address)
    group.sid = tenant.new_sid()
    tenant.groups.append(group)
    tenant.recipients_changed()
    return Result([group], lambda made: _row_of_new(tenant, made))


def _row_of_new(tenant: Tenant, group: Group) -> Row:
    """Return the row of a group that was just made; where replication takes time, its place is not known yet."""
    row = distribution_group_row(tenant, group)
    return {**row, "DistinguishedName": None} if replication.delayed(tenant) else row


def set_distribution_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-DistributionGroup."""
    fields = {
        "DisplayName": "display_name",
        "HiddenFromAddressListsEnabled": "hidden_from_address_lists",
        "RequireSenderAuthenticationEnabled": "require_sender_authentication",
        "MemberJoinRestriction": "member_join_restriction",
        "MemberDepartRestriction": "member_depart_restriction",
        "Description": "description",
        "Name": "name",
        "Alias": "alias",
        "PrimarySmtpAddress": "address",
    }
    return _set(session, bound, fields)


def set_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-Group."""
    return _set(session, bound, {"Notes": "notes", "DisplayName": "display_name", "Name": "name"})


def _set(session: Session, bound: dict[str, Any], fields: dict[str, str]) -> Result:
    tenant = session.tenant
    bypass = bound.get("BypassSecurityGroupManagerCheck", False)
    group = lookup.group_to_change(tenant, bound["Identity"], session.cmdlet, bypass=bypass)
    wanted = {fields[name]: value for name, value in bound.items() if name in fields}
    if "ManagedBy" in bound:
        wanted["managed_by"] = _owners(tenant, bound["ManagedBy"])
    changes = {field: value for field, value in wanted.items() if getattr(group, field) != value}
    after = group.model_copy(update=changes)
    _check(
        tenant, after, name=changes.get("name"), alias=changes.get("alias"), address=changes.get("address"), own=group
    )
    if "address" in changes:
        # The former address stays with the group, as a secondary one.
        others = [other for other in (*group.other_addresses, group.address) if other.lower() != after.address.lower()]
        group.other_addresses = list(dict.fromkeys(others))
    for field, value in changes.items():
        setattr(group, field, value)
    tenant.recipients_changed()
    return modified(bool(changes), group.name)


def remove_distribution_group(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-DistributionGroup.  A policy that was scoped to the group stays and matches nothing any more."""
    tenant = session.tenant
    bypass = bound.get("BypassSecurityGroupManagerCheck", False)
    group = lookup.group_to_change(tenant, bound["Identity"], session.cmdlet, bypass=bypass)
    tenant.groups.remove(group)
    for other in tenant.groups:
        other.member_ids = [member for member in other.member_ids if member != group.object_id]
    tenant.recipients_changed()
    return Result()


def _owners(tenant: Tenant, identities: list[str]) -> list[str]:
    """Return the GUIDs of owners: mailboxes or mail-enabled security groups, or the role group that owns by default."""
    if not identities:
        raise errors.invalid("The group must have at least one owner. Specify a value for ManagedBy.")
    guids: list[str] = []
    for identity in identities:
        if identity.lower() in (tenant.organization_management_id, "organization management"):
            guids.append(tenant.organization_management_id)
            continue
        owner = lookup.recipient(tenant, identity)
        if owner.kind not in ("UserMailbox", "MailUniversalSecurityGroup"):
            raise errors.invalid(f"'{identity}' can't own a group: it is a {owner.kind}.")
        guids.append(owner.guid)
    return list(dict.fromkeys(guids))


def _check(
    tenant: Tenant,
    group: Group,
    *,
    name: str | None,
    alias: str | None,
    address: str | None,
    own: Group | None = None,
) -> None:
    """Refuse what no group may be; name, alias and address only where they are new."""
    security = group.kind == "MailUniversalSecurityGroup"
    if security and "Open" in (group.member_join_restriction, group.member_depart_restriction):
        raise errors.invalid(
            "MemberJoinRestriction and MemberDepartRestriction of a security group can't be Open.",
            "Microsoft.Exchange.Data.Directory.Recipient.RecipientTaskException",
        )
    if alias is not None and not _ALIAS.match(alias):
        raise errors.invalid(
            f'The value "{alias}" of Alias contains characters that it may not contain.',
            "Microsoft.Exchange.Data.DataValidationException",
        )
    if address is not None:
        local_part, _, domain = address.partition("@")
        if not local_part or domain.lower() not in (*tenant.domains, tenant.initial_domain):
            raise errors.invalid(
                f"You can't use the domain '{domain}' because it's not an accepted domain for your organization.",
                "Microsoft.Exchange.Management.Tasks.NotAcceptedDomainException",
            )
    for what, value in (("Name", name), ("Alias", alias), ("PrimarySmtpAddress", address)):
        for other in tenant.find_recipients(value) if value is not None else []:
            if other is not own:
                raise _taken(tenant, what, str(value), other.name)


def _taken(tenant: Tenant, what: str, value: str, holder: str) -> errors.ExchangeError:
    if what == "PrimarySmtpAddress":
        return errors.invalid(
            f'The proxy address "SMTP:{value}" is already being used by the proxy addresses or LegacyExchangeDN of '
            f'"{holder}". Please choose another proxy address.',
            "Microsoft.Exchange.Data.Directory.ProxyAddressExistsException",
        )
    return errors.already_exists(what, value, tenant.distinguished_name(holder))
