"""The rooms that a configuration means, by name and address: for people who type them in elsewhere.

Owns the reading of that list and nothing else of Exchange; which rooms are wanted is rooms.py's.
"""

from dataclasses import dataclass

from microsoft365.exchange.desired import Rooms
from microsoft365.exchange.observed import Room
from microsoft365.exchange.room_reading import matching_of, on_premises_of, rooms_calls, rooms_of, who_else
from microsoft365.exchange.rooms import select, unknown, unreachable
from microsoft365.exchange.transport import Transport


@dataclass(frozen=True, slots=True)
class RoomList:
    """`wanted` are the rooms, ordered by address; `on_premises` those that would be if Exchange Online hosted them."""

    wanted: tuple[Room, ...]
    on_premises: tuple[Room, ...]


def read_room_list(transport: Transport, rooms: Rooms) -> RoomList:
    """Read the rooms.

    Raises NoAccess without the right to read mailboxes, TenantRefused for an incomplete reading, BadInput for rooms that
    there are not, all of them named.
    """
    mailboxes, remote, *matches = transport.run(rooms_calls(rooms))
    existing = rooms_of(mailboxes)
    wanted = select(rooms, existing, who_else(transport, unknown(rooms, existing)), matching_of(matches, existing))
    return RoomList(wanted, tuple(unreachable(rooms, on_premises_of(remote) or ())))
