"""Members of groups: Get-, Add-, Remove-, Update-DistributionGroupMember.

Source: Microsoft Learn, these pages.
"""

import random
from typing import Any

from simulator.exchange import errors, lookup
from simulator.exchange.cmdlet import Result, Session, wanted_size
from simulator.exchange.groups import resolve_members
from simulator.exchange.mailboxes import recipient_row
from simulator.records import Group


def get_members(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-DistributionGroupMember: direct members, in no particular order."""
    tenant = session.tenant
    group = lookup.group(tenant, bound["Identity"])
    found = [tenant.recipient_by_object_id(member) for member in group.member_ids]
    members = [member for member in found if member is not None]
    random.shuffle(members)
    return Result(members, lambda member: recipient_row(tenant, member), size=wanted_size(bound))


def add_member(session: Session, bound: dict[str, Any]) -> Result:
    """Run Add-DistributionGroupMember."""
    group, member = _group_and_member(session, bound)
    if member.object_id == group.object_id:
        raise errors.invalid(f"The group '{group.name}' can't be a member of itself.")
    if member.object_id in group.member_ids:
        raise errors.already_member(member.name, group.name)
    group.member_ids.append(member.object_id)
    return Result()


def remove_member(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-DistributionGroupMember."""
    group, member = _group_and_member(session, bound)
    if member.object_id not in group.member_ids:
        raise errors.no_member(member.name, group.name)
    group.member_ids.remove(member.object_id)
    return Result()


def update_members(session: Session, bound: dict[str, Any]) -> Result:
    """Run Update-DistributionGroupMember: these members and no others."""
    if not bound.get("Members"):
        raise errors.not_imitated(
            "Update-DistributionGroupMember without Members or with an empty list: Microsoft's page does not say what "
            "they do"
        )
    bypass = bound.get("BypassSecurityGroupManagerCheck", False)
    group = lookup.group_to_change(session.tenant, bound["Identity"], session.cmdlet, bypass=bypass)
    members = resolve_members(session, bound["Members"])
    if group.object_id in members:
        raise errors.invalid(f"The group '{group.name}' can't be a member of itself.")
    group.member_ids = members
    return Result()


def _group_and_member(session: Session, bound: dict[str, Any]) -> tuple[Group, Any]:
    bypass = bound.get("BypassSecurityGroupManagerCheck", False)
    group = lookup.group_to_change(session.tenant, bound["Identity"], session.cmdlet, bypass=bypass)
    return group, lookup.recipient(session.tenant, bound["Member"])
