"""Which rooms are wanted: the configuration's words turned into room mailboxes of the tenant. Pure.

Refuses, naming all of them at once: addresses that nobody has, that are no room, that name one room twice.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence

from microsoft365.errors import BadInput, TenantRefused
from microsoft365.exchange.desired import RoomFilter, Rooms
from microsoft365.exchange.observed import EQUIPMENT_MAILBOX, ROOM_MAILBOX, ROOM_ON_PREMISES, Room

_NEAR = 0.85
_MOST_GUESSES = 5
"""Of more wrong addresses the list itself is wrong, and looking for what was meant would take long."""


def mailbox_types(rooms: Rooms) -> list[str]:
    """Return the types of mailboxes, Exchange's RecipientTypeDetails, among which the wanted rooms are."""
    return [ROOM_MAILBOX, EQUIPMENT_MAILBOX] if "equipment" in rooms.kinds else [ROOM_MAILBOX]


def listed(rooms: Rooms) -> tuple[str, ...]:
    """Return every address that the configuration names, in lower case."""
    include = rooms.include if isinstance(rooms.include, tuple) else ()
    return tuple(address.casefold() for address in (*include, *rooms.exclude))


def unknown(rooms: Rooms, existing: Sequence[Room]) -> list[str]:
    """Return the named addresses that are no room mailbox's."""
    known = {address for room in existing for address in room.addresses | {room.address.casefold()}}
    return [address for address in listed(rooms) if address not in known]


def unreachable(rooms: Rooms, on_premises: Sequence[Room]) -> list[Room]:
    """Return the rooms that would be wanted if Exchange Online hosted them, ordered by address.

    With a list of addresses there are none: `select` refuses one that it names. Nor with a filter, which only what Exchange
    Online hosts is read by.
    """
    if rooms.include != "all":
        return []
    out = {address.casefold() for address in rooms.exclude}
    meant = [room for room in on_premises if out.isdisjoint(room.addresses | {room.address.casefold()})]
    return sorted(meant, key=lambda room: room.address.casefold())


def select(
    rooms: Rooms,
    existing: Sequence[Room],
    elsewhere: Mapping[str, str | None],
    matching: frozenset[str] | None = None,
) -> tuple[Room, ...]:
    """Return the wanted rooms, ordered by address.

    `elsewhere` and `matching`: see observed.Observed. Raises BadInput with everything that is wrong, or when no room is
    left.
    """
    kinds = set(rooms.kinds)
    if rooms.condition is not None and matching is None:
        raise TenantRefused("the rooms of the filter were not read; nothing was changed")
    by_address = {address: room for room in existing for address in room.addresses | {room.address.casefold()}}
    wrong: list[str] = []
    include = _resolve("roomz:rooms.include", rooms.include, by_address, elsewhere, kinds, wrong)
    exclude = _resolve("roomz:rooms.exclude", rooms.exclude, by_address, elsewhere, None, wrong)
    if wrong:
        raise BadInput("nothing was changed: " + "; ".join(wrong))
    chosen = include
    if chosen is None:
        chosen = [room for room in existing if matching is None or room.object_id in matching]
        chosen = [room for room in chosen if room.resource.casefold() in kinds]
    out = {room.object_id for room in exclude or ()}
    wanted = tuple(
        sorted((room for room in chosen if room.object_id not in out), key=lambda room: room.address.casefold())
    )
    if not wanted:
        raise BadInput(
            "nothing was changed: no room is left to connect, and an empty group would shut every display out; check "
            f"roomz:rooms.include, exclude and kinds ({', '.join(rooms.kinds)}); the tenant has {len(existing)} of the mailboxes "
            f"among which they are ({', '.join(mailbox_types(rooms))})"
        )
    return wanted


def _resolve(
    key: str,
    addresses: str | RoomFilter | tuple[str, ...],
    by_address: Mapping[str, Room],
    elsewhere: Mapping[str, str | None],
    kinds: Collection[str] | None,
    wrong: list[str],
) -> list[Room] | None:
    if not isinstance(addresses, tuple):
        return None
    found: dict[str, Room] = {}
    named: dict[str, str] = {}
    for address in addresses:
        room = by_address.get(address.casefold())
        kind = elsewhere.get(address.casefold())
        if room is None and kind == ROOM_ON_PREMISES:
            if kinds is not None:
                wrong.append(
                    f"{key}: {address} is a room whose mailbox is on-premises, where Exchange Online cannot reach it; "
                    "take it out of the list, or move the mailbox"
                )
            # Among the excluded it says that it is known, and is named no more.
        elif room is None and kind == EQUIPMENT_MAILBOX:
            wrong.append(f"{key}: {address} is equipment, which roomz:rooms.kinds does not name")
        elif room is None:
            what = (
                f"a {kind}, not a room mailbox"
                if kind
                else f"nobody in this tenant{_near(address, by_address) if len(wrong) < _MOST_GUESSES else ''}"
            )
            wrong.append(f"{key}: {address} is {what}")
        elif kinds is not None and room.resource.casefold() not in kinds:
            wrong.append(f"{key}: {address} is a {room.resource.lower()}, which roomz:rooms.kinds does not name")
        elif room.object_id in found:
            wrong.append(f"{key}: {address} and {named[room.object_id]} are the same room")
        else:
            found[room.object_id] = room
            named[room.object_id] = address
    return list(found.values())


def _near(address: str, known: Mapping[str, Room]) -> str:
    """Return the room of that domain that was probably meant, as a question; nothing where none is near."""
    name, _, domain = address.casefold().rpartition("@")
    names = [one.rpartition("@")[0] for one in known if one.endswith(f"@{domain}")]
    near = difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)
    return f" (did you mean {near[0]}@{domain}?)" if near else ""
