"""What was read of Exchange, reduced to what decisions need. Pure data; observe.py fills it, plan.py compares it.

Identity is an object id throughout: names, letter case and order are Exchange's to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from microsoft365.exchange.rbac_observed import Assignment, Rbac
from microsoft365.marks import Mark, find

ROOM_MAILBOX = "RoomMailbox"
EQUIPMENT_MAILBOX = "EquipmentMailbox"
ROOM = "Room"
"""Exchange's ResourceType of a meeting room."""
ROOM_ON_PREMISES = "room on-premises"
"""What `Observed.elsewhere` says of a room whose mailbox is on a server of the customer's own: Exchange Online has no name for
it (room_reading.py)."""
SECURITY_GROUP = "MailUniversalSecurityGroup"
RESTRICT = "restrictaccess"


class CalendarSettings(NamedTuple):
    """The three switches of Set-CalendarProcessing that decide what a display shows."""

    add_organizer_to_subject: bool
    delete_subject: bool
    remove_private_property: bool


TITLES = CalendarSettings(add_organizer_to_subject=False, delete_subject=False, remove_private_property=False)
# Set-CalendarProcessing: "The default value is $true" for each of the three.
MICROSOFTS_DEFAULTS = CalendarSettings(add_organizer_to_subject=True, delete_subject=True, remove_private_property=True)


@dataclass(frozen=True, slots=True)
class Room:
    """A resource mailbox of the tenant. `addresses` are in lower case.

    `resource` is Exchange's ResourceType: Room, Workspace (both of a RoomMailbox) or Equipment (an EquipmentMailbox).
    """

    object_id: str
    guid: str
    address: str
    name: str
    resource: str = ROOM
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """A direct member of the group. `kind` is Exchange's RecipientTypeDetails."""

    object_id: str
    guid: str
    address: str
    kind: str

    @property
    def is_room(self) -> bool:
        """True for a room mailbox, workspaces among them."""
        return self.kind == ROOM_MAILBOX

    @property
    def is_resource(self) -> bool:
        """True for a room mailbox and for a piece of equipment: what has calendar processing."""
        return self.kind in (ROOM_MAILBOX, EQUIPMENT_MAILBOX)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the tenant that might be ours. `kind` is RecipientTypeDetails; `addresses` are in lower case."""

    guid: str
    object_id: str
    name: str
    alias: str
    address: str
    kind: str = SECURITY_GROUP
    addresses: frozenset[str] = frozenset()
    hidden: bool = False
    dir_synced: bool = False
    notes: str = ""
    members: tuple[Member, ...] = ()

    @property
    def mark(self) -> Mark | None:
        """Our project's mark in its notes, whichever stack's it is."""
        return find(self.notes)


@dataclass(frozen=True, slots=True)
class Policy:
    """An application access policy. Ids are in lower case."""

    identity: str
    app_id: str
    group_object_id: str
    access_right: str
    description: str = ""
    scope_name: str = ""

    @property
    def mark(self) -> Mark | None:
        """Our project's mark in its description, whichever stack's it is."""
        return find(self.description)

    def restricts_to(self, group: Group | None) -> bool:
        """Tell whether it keeps its application to this group."""
        return (
            group is not None
            and self.access_right.casefold() == RESTRICT
            and bool(group.object_id)
            and self.group_object_id == group.object_id
        )


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that was read, complete: what is not in here does not exist.

    `rooms` are the mailboxes of type RoomMailbox, and of type EquipmentMailbox where equipment is asked for; `matching` the
    object ids of those that the configured filter matches, None without one. `groups` are those that carry a mark, have the wanted address, or
    are named by a policy for our client id; with notes and members. `calendars` is by the room's object id, for the
    rooms that were asked about. `elsewhere` tells of listed addresses that are no room mailbox what they are instead,
    by RecipientTypeDetails or as ROOM_ON_PREMISES, None for an address that nobody has. `on_premises` are the rooms that Exchange Online knows and does not host; None
    where they could not be read, which nothing depends on. `rbac` is None in the model `policy`, which does not ask.

    What an earlier run in the other access model left is asked for where one may have been cut off: `beside` are the role
    assignments that our application has in the model `policy`, None where they could not be read; in `rbac` the `policies` are
    those of the tenant.
    """

    rooms: tuple[Room, ...] = ()
    groups: tuple[Group, ...] = ()
    policies: tuple[Policy, ...] = ()
    calendars: Mapping[str, CalendarSettings] = field(default_factory=dict)
    elsewhere: Mapping[str, str | None] = field(default_factory=dict)
    on_premises: tuple[Room, ...] | None = ()
    matching: frozenset[str] | None = None
    rbac: Rbac | None = None
    beside: tuple[Assignment, ...] | None = ()
