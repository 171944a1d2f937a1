"""The rooms that a configuration means: read, matched with what it names, chosen. The one place where these come together.

Owns their order, and what is asked besides: what a listed address is that is no room's. Which cmdlets list rooms is
room_reading.py's, which rooms are wanted rooms.py's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from microsoft365.exchange.desired import Rooms
from microsoft365.exchange.observed import ROOM_ON_PREMISES, Room
from microsoft365.exchange.room_reading import matching_of, on_premises_of, rooms_calls, rooms_of, who_else
from microsoft365.exchange.rooms import select, unknown, unreachable
from microsoft365.exchange.transport import Answer, Transport


@dataclass(frozen=True, slots=True)
class RoomList:
    """What was read of rooms: see observed.Observed. `wanted` are those that are meant, ordered by address.

    `unreachable` are those that would be meant if Exchange Online hosted them.
    """

    wanted: tuple[Room, ...]
    existing: tuple[Room, ...]
    elsewhere: Mapping[str, str | None]
    matching: frozenset[str] | None
    on_premises: tuple[Room, ...] | None
    unreachable: tuple[Room, ...]


def read_room_list(transport: Transport, rooms: Rooms) -> RoomList:
    """Read the rooms and nothing else of Exchange. Raises what `room_list_of` does."""
    return room_list_of(transport, rooms, transport.run(rooms_calls(rooms)))


def room_list_of(transport: Transport, rooms: Rooms, answers: Sequence[Answer]) -> RoomList:
    """Take the rooms from the answers to `rooms_calls`; ask who has an address that is no room's.

    Raises NoAccess without the right to read mailboxes, TenantRefused for an incomplete reading, BadInput for rooms that
    there are not, all of them named.
    """
    mailboxes, remote, *matches = answers
    existing = rooms_of(mailboxes)
    matching = matching_of(matches, existing)
    on_premises = on_premises_of(remote)
    elsewhere = _elsewhere(transport, unknown(rooms, existing), on_premises or ())
    wanted = select(rooms, existing, elsewhere, matching)
    return RoomList(wanted, existing, elsewhere, matching, on_premises, tuple(unreachable(rooms, on_premises or ())))


def _elsewhere(transport: Transport, addresses: Sequence[str], on_premises: Sequence[Room]) -> dict[str, str | None]:
    """Return what the addresses are that are no room mailbox's here; only rooms on-premises are known without asking."""
    known = {address for room in on_premises for address in room.addresses | {room.address.casefold()}}
    found = who_else(transport, [address for address in addresses if address not in known])
    return {**dict.fromkeys(known.intersection(addresses), ROOM_ON_PREMISES), **found}
