"""The plan: a pure function from what is wanted and what was read to an ordered list of actions, each with its reason.

Owns the order that keeps calendars closed (group and members, the model's restriction, calendar processing) and what both
access models share. Performs nothing. group_plan.py, policy_model.py and rbac_model.py say what differs; ownership.py says
which group is ours.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from microsoft365.exchange import group_plan, ownership, policy_model, rbac_model
from microsoft365.exchange.actions import WORDS, Action, Kind, named
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import TITLES, CalendarSettings, Group, Observed, Room
from microsoft365.exchange.rooms import select, unreachable

_MOST_NAMES = 5
# Present: as it is declared. Differs: the application is kept to resource mailboxes, if not to the declared ones.
Standing = Literal["present", "differs", "absent"]
# What is known only once the application exists.
_OF_THE_APPLICATION = ("AppId", "ObjectId")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, in order; nothing at all while `guards` has an entry."""

    actions: tuple[Action, ...]
    guards: tuple[str, ...]
    notices: tuple[str, ...]
    wanted: tuple[Room, ...]
    group: Group | None
    adopted: bool
    standing: Standing
    in_reach: int
    with_titles: int | None

    @property
    def restriction_present(self) -> bool:
        """True where the restriction stands now, as it is declared."""
        return self.standing == "present"

    @property
    def digest(self) -> str:
        """A short text that is another one exactly when something else is to be done.

        What is to be done for an application is the same before it exists and after, so that ids do not count; nor does the
        order in which Exchange happened to list things.
        """
        todo = sorted(json.dumps(_essence(action), sort_keys=True) for action in self.actions)
        return hashlib.sha256("\n".join(todo).encode()).hexdigest()[:16]

    @property
    def counts(self) -> dict[Kind, int]:
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
            names = [named(action) for action in self.actions if action.kind == kind]
            listed = f" ({', '.join(names[:3])}{', …' if number > len(names[:3]) else ''})"
            parts.append((WORDS[kind].one if number == 1 else WORDS[kind].many.format(number)) + listed)
        return "; ".join(parts)


def plan(desired: DesiredState, observed: Observed) -> Plan:
    """Compare, and return what is to be done.

    Raises BadInput for rooms that cannot be what the configuration says (rooms.select).
    """
    wanted = select(desired.rooms, observed.rooms, observed.elsewhere, observed.matching)
    choice = ownership.choose(desired, observed) if desired.uses_group else ownership.Choice(None)
    group, guards, notices = choice.group, list(choice.guards), list(choice.notices)
    actions: list[Action] = []
    # Without knowing which group is ours there is nothing to plan.
    if not choice.guards:
        if desired.uses_group:
            actions += group_plan.group_actions(desired, group, adopted=choice.adopted)
            actions += group_plan.member_actions(desired, wanted, group, guards)
        if desired.access == "rbac":
            actions = rbac_model.merged(
                actions, rbac_model.rbac_actions(desired, observed, wanted, group, guards, notices)
            )
        else:
            actions += policy_model.policy_actions(desired, observed, group, guards, notices)
        actions += _calendar_actions(desired, wanted, observed.calendars)
    notices += _unreachable_notices(desired, observed.on_premises)
    titled = [observed.calendars.get(room.object_id) == TITLES for room in wanted]
    if desired.access == "rbac":
        present = rbac_model.restricts(desired, observed, group)
        confined = rbac_model.confines(desired, observed)
        in_reach = rbac_model.in_reach(observed, wanted)
    else:
        present = policy_model.restricts(desired, observed, group)
        confined = False
        members = {member.object_id for member in group.members} if group else set()
        in_reach = sum(room.object_id in members for room in wanted)
    return Plan(
        actions=tuple(actions),
        guards=tuple(guards),
        notices=tuple(notices),
        wanted=wanted,
        group=group,
        adopted=choice.adopted,
        standing="present" if present else "differs" if confined else "absent",
        in_reach=in_reach,
        with_titles=sum(titled) if desired.calendar == "titles" else None,
    )


def _essence(action: Action) -> list[object]:
    """Return what an action does, without what only a later run can know of it."""
    values = {name: value for name, value in action.values.items() if name not in _OF_THE_APPLICATION}
    if action.kind == "createAssignment":
        values.pop("Name")
    return [action.kind, action.target, action.object_id, values]


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
