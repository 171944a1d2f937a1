"""The group of the rooms against what is declared: settings, mark, members. Pure; the same in both access models.

Owns what counts as a difference of the group, and the guards about its members. Which group is ours: ownership.py.
"""

from collections.abc import Sequence
from typing import Any

from microsoft365.exchange.actions import Action
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Group, Member, Room
from microsoft365.exchange.rooms import mailbox_types
from microsoft365.marks import Mark, put

_MOST_NAMES = 5


def group_actions(desired: DesiredState, group: Group | None, *, adopted: bool) -> list[Action]:
    """Return what makes the group, or makes its mark and settings what is declared."""
    wanted = desired.rooms_group
    mark = Mark(desired.mark, adopted=adopted)
    settings: dict[str, Any] = {}
    if group is None:
        values = {
            "Name": wanted.name,
            "DisplayName": wanted.name,
            "Alias": wanted.alias,
            "PrimarySmtpAddress": wanted.primary_smtp_address,
            "Notes": str(mark),
        }
        actions = [Action("createGroup", wanted.name, f"no group carries the mark {desired.mark}", "", values)]
        if wanted.hidden_from_address_lists:
            settings["HiddenFromAddressListsEnabled"] = True
        reason = "an invitation to the group would book every room"
    else:
        actions = []
        if group.mark != mark:
            reason = f"its notes say {str(group.mark)!r}" if group.mark else "its notes do not say whose it is"
            notes = put(group.notes, mark)
            actions.append(Action("markGroup", group.name, reason, group.guid, {"Notes": notes}, group.object_id))
        if group.name != wanted.name:
            settings |= {"Name": wanted.name, "DisplayName": wanted.name}
        if group.alias.casefold() != wanted.alias.casefold():
            settings["Alias"] = wanted.alias
        if group.address.casefold() != wanted.primary_smtp_address.casefold():
            settings["PrimarySmtpAddress"] = wanted.primary_smtp_address
        if group.hidden != wanted.hidden_from_address_lists:
            settings["HiddenFromAddressListsEnabled"] = wanted.hidden_from_address_lists
        reason = f"differs in {', '.join(name for name in settings if name != 'DisplayName')}"
    if settings:
        target, object_id = (group.guid, group.object_id) if group else ("", "")
        actions.append(Action("updateGroup", group.name if group else wanted.name, reason, target, settings, object_id))
    return actions


def member_actions(
    desired: DesiredState, wanted: tuple[Room, ...], group: Group | None, guards: list[str]
) -> list[Action]:
    """Return who is to be taken out and put in; adds what stops the run."""
    members = group.members if group else ()
    wanted_ids = {room.object_id for room in wanted}
    present = {member.object_id for member in members}
    surplus = [member for member in members if member.object_id not in wanted_ids]
    # A workspace is a room mailbox to the group; equipment is what is meant only where it is asked for.
    strangers = [member for member in surplus if member.kind not in mailbox_types(desired.rooms)]
    removals: list[Action] = []
    if desired.rooms_group.members == "atLeast":
        if strangers:
            guards.append(_strangers_in_reach(strangers))
    elif surplus and group is not None and group.mark is None:
        guards.append(_members_of_others(group, surplus, strangers))
    else:
        removals = [_removal(member) for member in surplus]
        # Not the rooms alone: a room that was converted to another kind of mailbox looks like a person.
        limit = desired.rooms.removal_limit(len(members))
        if len(surplus) > limit:
            guards.append(_too_many_removals(members, surplus, strangers, limit))
    additions = [
        Action("addMember", room.address, "is not a member of the group", room.guid, {}, room.object_id)
        for room in wanted
        if room.object_id not in present
    ]
    return removals + additions


def _strangers_in_reach(strangers: Sequence[Member]) -> str:
    return (
        f"the group has {len(strangers)} member(s) that are no room mailbox, whose calendars the application could read: "
        f"{_members_named(strangers)}; take them out, or set roomz:group.members to exact"
    )


def _members_of_others(group: Group, surplus: Sequence[Member], strangers: Sequence[Member]) -> str:
    """Word the guard for a group that somebody else filled: its members are not ours to take out."""
    remedy = (
        "roomz:group.members atLeast is no way round: the application could read the calendars of whoever is no room"
        if strangers
        else "or keep these rooms in reach: pulumi config set --path roomz:group.members atLeast"
    )
    return (
        f"the group {group.address} does not carry this stack's mark and has {len(surplus)} member(s) that are not among "
        f"the wanted rooms: {_members_named(surplus)}. Nobody is taken out of a group on taking it over; take them out "
        "yourself (Exchange admin center > Recipients > Groups), or choose another address: pulumi config set --path "
        f"roomz:group.primarySmtpAddress ADDRESS; {remedy}"
    )


def _too_many_removals(
    members: Sequence[Member], surplus: Sequence[Member], strangers: Sequence[Member], limit: int
) -> str:
    in_reach = len(members) - len(strangers)
    others = (
        f" and {len(strangers)} other member(s), as rooms are that were converted to another kind of mailbox "
        f"({_members_named(strangers)}),"
        if strangers
        else ""
    )
    return (
        f"{len(surplus) - len(strangers)} of {in_reach} rooms{others} would be taken out of the application's reach, and "
        f"one run may take {limit}; if that is meant, raise it for this run: pulumi config set --path "
        f"roomz:rooms.maxRemovals {len(surplus)}"
    )


def _members_named(members: Sequence[Member]) -> str:
    """Return the first five, each with what it is."""
    names = ", ".join(f"{member.address or member.object_id} ({member.kind})" for member in members[:_MOST_NAMES])
    return f"{names}, …" if len(members) > _MOST_NAMES else names


def _removal(member: Member) -> Action:
    reason = "is not among the wanted rooms" if member.is_resource else f"is a {member.kind}, not a wanted room"
    return Action(
        "removeMember",
        member.address or member.object_id,
        reason,
        member.guid or member.object_id,
        {},
        member.object_id,
    )
