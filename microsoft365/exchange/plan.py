"""The plan: a pure function from what is wanted and what was read to an ordered list of actions, each with its reason.

Owns what counts as a difference, the order that keeps calendars closed (group, membership, policy, then what is left
over, then calendar processing), and the guards that stop a run. Performs nothing; ownership.py says which group is ours.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from microsoft365.exchange import ownership
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import TITLES, CalendarSettings, Group, Member, Observed, Policy, Room
from microsoft365.exchange.rooms import mailbox_types, select, unreachable
from microsoft365.marks import Mark, put

Kind = Literal[
    "createGroup",
    "markGroup",
    "updateGroup",
    "removeMember",
    "addMember",
    "createPolicy",
    "markPolicy",
    "removePolicy",
    "setCalendar",
]
_MOST_NAMES = 5
_LABELS: Mapping[str, tuple[str, str]] = {
    "createGroup": ("the group is to be made", "{} groups are to be made"),
    "markGroup": ("the group's mark differs", "{} groups' marks differ"),
    "updateGroup": ("the group's settings differ", "{} groups' settings differ"),
    "removeMember": ("1 member to take out of the group", "{} members to take out of the group"),
    "addMember": ("1 room to add to the group", "{} rooms to add to the group"),
    "createPolicy": ("the application access policy is missing", "{} application access policies are missing"),
    "markPolicy": ("the policy's description differs", "{} policies' descriptions differ"),
    "removePolicy": ("1 policy without a group to remove", "{} policies without a group to remove"),
    "setCalendar": ("calendar processing differs on 1 room", "calendar processing differs on {} rooms"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One change. `subject` and `reason` are for people; `target` and `values` are for whoever performs it.

    `target` is an identity that Exchange takes; it is empty for what the plan itself makes. `values` are parameters.
    """

    kind: Kind
    subject: str
    reason: str
    target: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, in order; nothing at all while `guards` has an entry."""

    actions: tuple[Action, ...]
    guards: tuple[str, ...]
    notices: tuple[str, ...]
    wanted: tuple[Room, ...]
    group: Group | None
    adopted: bool
    restriction_present: bool
    in_reach: int
    with_titles: int | None

    @property
    def counts(self) -> dict[str, int]:
        """How many actions of each kind."""
        return dict(Counter(action.kind for action in self.actions))

    @property
    def guard(self) -> str | None:
        """Everything that stops the run, as one text."""
        return "; ".join(self.guards) or None

    @property
    def differs(self) -> bool:
        """True when performing it would change something, or is refused."""
        return bool(self.actions or self.guards)

    def summary(self) -> str:
        """Return one line for people, naming the first subjects."""
        if not self.actions:
            return "nothing differs"
        parts = []
        counts = self.counts
        if "createGroup" in counts:
            # What a new group needs besides is part of making it.
            counts.pop("updateGroup", None)
        for kind, number in counts.items():
            one, many = _LABELS[kind]
            names = [_named(action) for action in self.actions if action.kind == kind]
            listed = f" ({', '.join(names[:3])}{', …' if number > len(names[:3]) else ''})"
            parts.append((one if number == 1 else many.format(number)) + listed)
        return "; ".join(parts)


def _named(action: Action) -> str:
    """The subject; of a group, whose name says little, also what differs."""
    return f"{action.subject} {action.reason}" if action.kind == "updateGroup" else action.subject


def plan(desired: DesiredState, observed: Observed) -> Plan:
    """Compare, and return what is to be done.

    Raises BadInput for rooms that cannot be what the configuration says (rooms.select).
    """
    wanted = select(desired.rooms, observed.rooms, observed.elsewhere, observed.matching)
    choice = ownership.choose(desired, observed)
    group, guards, notices = choice.group, list(choice.guards), list(choice.notices)
    actions: list[Action] = []
    # Without knowing which group is ours there is nothing to plan.
    if not choice.guards:
        actions = _group_actions(desired, group, adopted=choice.adopted)
        actions += _member_actions(desired, wanted, group, guards)
        actions += _policy_actions(desired, observed, group, guards, notices)
        actions += _calendar_actions(desired, wanted, observed.calendars)
    notices += _unreachable_notices(desired, observed.on_premises)
    members = {member.object_id for member in group.members} if group else set()
    client_id = desired.application.client_id
    titled = [observed.calendars.get(room.object_id) == TITLES for room in wanted]
    return Plan(
        actions=tuple(actions),
        guards=tuple(guards),
        notices=tuple(notices),
        wanted=wanted,
        group=group,
        adopted=choice.adopted,
        restriction_present=client_id is not None
        and any(policy.app_id == client_id and policy.restricts_to(group) for policy in observed.policies),
        in_reach=sum(room.object_id in members for room in wanted),
        with_titles=sum(titled) if desired.calendar == "titles" else None,
    )


def _group_actions(desired: DesiredState, group: Group | None, *, adopted: bool) -> list[Action]:
    wanted = desired.group
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


def _member_actions(
    desired: DesiredState, wanted: tuple[Room, ...], group: Group | None, guards: list[str]
) -> list[Action]:
    members = group.members if group else ()
    wanted_ids = {room.object_id for room in wanted}
    present = {member.object_id for member in members}
    surplus = [member for member in members if member.object_id not in wanted_ids]
    # A workspace is a room mailbox to the group; equipment is what is meant only where it is asked for.
    strangers = [member for member in surplus if member.kind not in mailbox_types(desired.rooms)]
    removals: list[Action] = []
    if desired.group.members == "atLeast":
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


def _policy_actions(
    desired: DesiredState, observed: Observed, group: Group | None, guards: list[str], notices: list[str]
) -> list[Action]:
    client_id = desired.application.client_id
    description = desired.mark
    if client_id is None:
        notices += ownership.notices_on_policies(desired, observed, group)
        reason = "the application does not exist yet"
        return [Action("createPolicy", "the new application", reason, "", {"Description": description})]
    notices += ownership.notices_on_policies(desired, observed, group)
    own = [policy for policy in observed.policies if policy.app_id == client_id]
    good = [policy for policy in own if policy.restricts_to(group)]
    keep = good[0] if good else None
    actions = []
    if keep is None:
        reason = "without it the application could read every calendar"
        actions.append(Action("createPolicy", client_id, reason, "", {"AppId": client_id, "Description": description}))
    elif keep.description != description:
        reason = f"its description says {keep.description!r}"
        actions.append(Action("markPolicy", client_id, reason, keep.identity, {"Description": description}))
    # What is left over goes last: while one policy for the application stands, its calendars stay closed.
    for policy in own:
        if policy is keep or (keep is not None and policy.identity == keep.identity):
            continue
        if policy.mark is None or not policy.access_right.casefold().startswith("restrict"):
            guards.append(_another_policy(policy, client_id))
        else:
            reason = "its group is not the rooms' group (any more)"
            actions.append(Action("removePolicy", policy.scope_name or policy.identity, reason, policy.identity))
    return actions


def _another_policy(policy: Policy, client_id: str) -> str:
    return (
        f"the application {client_id} has another application access policy ({policy.access_right}, group "
        f"{policy.scope_name or policy.group_object_id}) that was not made here; its groups would be in reach too. If it "
        f"is not needed: Remove-ApplicationAccessPolicy -Identity '{policy.identity}'"
    )


def _unreachable_notices(desired: DesiredState, on_premises: tuple[Room, ...] | None) -> list[str]:
    if on_premises is None:
        return [
            "whether there are rooms whose mailbox is on-premises could not be read (Get-Recipient); nothing else depends on it"
        ]
    rooms = unreachable(desired.rooms, on_premises)
    notices = [
        f"the room {room.address} cannot be reached: its mailbox is on-premises, not in Exchange Online. Move the mailbox, or "
        "name the room in roomz:rooms.exclude"
        for room in rooms[:_MOST_NAMES]
    ]
    more = len(rooms) - len(notices)
    return [*notices, f"{more} more rooms cannot be reached, for the same reason"] if more else notices


def _calendar_actions(
    desired: DesiredState, wanted: tuple[Room, ...], calendars: Mapping[str, CalendarSettings]
) -> list[Action]:
    if desired.calendar == "unmanaged":
        return []
    actions = []
    for room in wanted:
        settings = calendars.get(room.object_id)
        if settings != TITLES:
            reason = "meeting titles are not kept" if settings else "its calendar processing is not known"
            actions.append(
                Action("setCalendar", room.address, reason, room.guid, calendar_parameters(TITLES), room.object_id)
            )
    return actions


def calendar_parameters(settings: CalendarSettings) -> dict[str, bool]:
    """Return the parameters of Set-CalendarProcessing for these settings: these three and no other."""
    return {
        "AddOrganizerToSubject": settings.add_organizer_to_subject,
        "DeleteSubject": settings.delete_subject,
        "RemovePrivateProperty": settings.remove_private_property,
    }
