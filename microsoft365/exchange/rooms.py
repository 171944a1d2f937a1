"""Which rooms are wanted: the configuration's words turned into room mailboxes of the tenant. Pure.

Refuses, naming all of them at once: addresses that nobody has, that are no room, that name one room twice.
"""

from collections.abc import Mapping, Sequence

from microsoft365.errors import BadInput
from microsoft365.exchange.desired import Rooms
from microsoft365.exchange.observed import REMOTE_ROOM_MAILBOX, Room

_RESOURCE_OF_KIND = {"room": "room"}


def listed(rooms: Rooms) -> tuple[str, ...]:
    """Return every address that the configuration names, in lower case."""
    include = () if isinstance(rooms.include, str) else rooms.include
    return tuple(address.casefold() for address in (*include, *rooms.exclude))


def unknown(rooms: Rooms, existing: Sequence[Room]) -> list[str]:
    """Return the named addresses that are no room mailbox's."""
    known = {address for room in existing for address in room.addresses | {room.address.casefold()}}
    return [address for address in listed(rooms) if address not in known]


def unreachable(rooms: Rooms, on_premises: Sequence[Room]) -> list[Room]:
    """Return the rooms that would be wanted if Exchange Online hosted them, ordered by address.

    With a list of addresses there are none: `select` refuses one that it names.
    """
    if rooms.include != "all":
        return []
    out = {address.casefold() for address in rooms.exclude}
    meant = [room for room in on_premises if out.isdisjoint(room.addresses | {room.address.casefold()})]
    return sorted(meant, key=lambda room: room.address.casefold())


def select(rooms: Rooms, existing: Sequence[Room], elsewhere: Mapping[str, str | None]) -> tuple[Room, ...]:
    """Return the wanted rooms, ordered by address.

    `elsewhere`: see observed.Observed. Raises BadInput with everything that is wrong, or when no room is left.
    """
    kinds = {_RESOURCE_OF_KIND[kind] for kind in rooms.kinds}
    by_address = {address: room for room in existing for address in room.addresses | {room.address.casefold()}}
    wrong: list[str] = []
    include = _resolve("roomz:rooms.include", rooms.include, by_address, elsewhere, kinds, wrong)
    exclude = _resolve("roomz:rooms.exclude", rooms.exclude, by_address, elsewhere, None, wrong)
    if wrong:
        raise BadInput("nothing was changed: " + "; ".join(wrong))
    chosen = [room for room in existing if room.resource.casefold() in kinds] if include is None else include
    out = {room.object_id for room in exclude or ()}
    wanted = tuple(
        sorted((room for room in chosen if room.object_id not in out), key=lambda room: room.address.casefold())
    )
    if not wanted:
        raise BadInput(
            "nothing was changed: no room is left to connect, and an empty group would shut every display out; check "
            f"roomz:rooms.include and roomz:rooms.exclude (the tenant has {len(existing)} room mailboxes)"
        )
    return wanted


def _resolve(
    key: str,
    addresses: str | tuple[str, ...],
    by_address: Mapping[str, Room],
    elsewhere: Mapping[str, str | None],
    kinds: set[str] | None,
    wrong: list[str],
) -> list[Room] | None:
    if isinstance(addresses, str):
        return None
    found: dict[str, Room] = {}
    named: dict[str, str] = {}
    for address in addresses:
        room = by_address.get(address.casefold())
        kind = elsewhere.get(address.casefold())
        if room is None and kind == REMOTE_ROOM_MAILBOX:
            if kinds is not None:
                wrong.append(
                    f"{key}: {address} is a room whose mailbox is on-premises, where Exchange Online cannot reach it; "
                    "take it out of the list, or move the mailbox"
                )
            # Among the excluded it says that it is known, and is named no more.
        elif room is None:
            wrong.append(f"{key}: {address} is {f'a {kind}, not a room mailbox' if kind else 'nobody in this tenant'}")
        elif kinds is not None and room.resource.casefold() not in kinds:
            wrong.append(f"{key}: {address} is a {room.resource.lower()}, not a room")
        elif room.object_id in found:
            wrong.append(f"{key}: {address} and {named[room.object_id]} are the same room")
        else:
            found[room.object_id] = room
            named[room.object_id] = address
    return list(found.values())
