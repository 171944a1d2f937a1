"""Reads the mailboxes that are rooms, and which of them a filter matches: Exchange evaluates filters, nobody else.

Owns which cmdlets are asked for rooms. Which rooms are wanted is rooms.py's.
"""

from collections.abc import Sequence
from typing import Any

from microsoft365.errors import TenantRefused
from microsoft365.exchange import filters
from microsoft365.exchange.desired import Rooms
from microsoft365.exchange.observed import ROOM, Room
from microsoft365.exchange.rooms import listed, mailbox_types
from microsoft365.exchange.rows import addresses_of, guid_of, has, id_of, rows_or_none
from microsoft365.exchange.transport import Answer, Call, Row, Transport

_MAILBOX_FIELDS = (
    "ExternalDirectoryObjectId",
    "Guid",
    "PrimarySmtpAddress",
    "DisplayName",
    "RecipientTypeDetails",
    "ResourceType",
)
# No page of Microsoft's says how Exchange Online shows a room that lives on-premises, so what follows is unverified. It should be a
# mail user, which has no mailbox here, and of the ResourceType Room: Get-Recipient filters by that ("Filterable properties for the
# Filter parameter on Exchange cmdlets"), and Entra Connect brings along what it is made of, msExchResourceMetaData ("Microsoft
# Entra Connect Sync: Attributes synchronized"). RemoteRoomMailbox is what Exchange *on-premises* calls a room that Exchange Online
# hosts (New-RemoteMailbox); it is among the values of Get-Recipient's parameter, and asking for it too costs nothing.
_ON_PREMISES = ("MailUser", "RemoteRoomMailbox")
_IS_A_ROOM = f"ResourceType -eq '{ROOM}'"
_ON_PREMISES_FIELDS = (
    "ExternalDirectoryObjectId",
    "Guid",
    "PrimarySmtpAddress",
    "DisplayName",
    "EmailAddresses",
    "RecipientTypeDetails",
    "ResourceType",
)
_ADDRESS_FIELDS = ("UserPrincipalName", "EmailAddresses")
_ID_FIELDS = ("ExternalDirectoryObjectId", "Guid", "RecipientTypeDetails")


def rooms_calls(rooms: Rooms) -> list[Call]:
    """Return the calls for all rooms, for those on-premises, and, with a filter, for those that it matches."""
    fields = _MAILBOX_FIELDS + (_ADDRESS_FIELDS if listed(rooms) else ())
    calls = [
        Call("Get-Mailbox", {"RecipientTypeDetails": mailbox_types(rooms), "ResultSize": "Unlimited"}, fields),
        Call(
            "Get-Recipient",
            {"RecipientTypeDetails": list(_ON_PREMISES), "Filter": _IS_A_ROOM, "ResultSize": "Unlimited"},
            _ON_PREMISES_FIELDS,
        ),
    ]
    if rooms.condition is not None:
        calls.append(matching_call(rooms.condition, mailbox_types(rooms)))
    return calls


def rooms_of(answer: Answer) -> tuple[Room, ...]:
    """Read the rooms; a row of a type that was not asked for is left out."""
    asked: Any = answer.call.parameters["RecipientTypeDetails"]
    return tuple(_room(row) for row in answer.complete() if any(has(row, "RecipientTypeDetails", one) for one in asked))


def matching_call(condition: filters.Condition, types: Sequence[str]) -> Call:
    """Return the call for the mailboxes of these types that a filter matches, by whichever cmdlet knows its properties.

    Raises filters.FilterError when none does.
    """
    parameters = {"Filter": str(condition), "RecipientTypeDetails": list(types), "ResultSize": "Unlimited"}
    return Call(filters.cmdlet_for(condition), parameters, _ID_FIELDS)


def matching_of(answers: Sequence[Answer], rooms: Sequence[Room]) -> frozenset[str] | None:
    """Read which rooms a filter matches, by object id; None without a filter (no answer).

    Raises TenantRefused when it matches what the list of all rooms does not show: then one of the two is not complete.
    """
    if not answers:
        return None
    answer = answers[0]
    asked: Any = answer.call.parameters["RecipientTypeDetails"]
    found = {
        _object_id(row) for row in answer.complete() if any(has(row, "RecipientTypeDetails", one) for one in asked)
    }
    unlisted = found - {room.object_id for room in rooms}
    if unlisted:
        raise TenantRefused(
            f"incomplete reading: the filter of roomz:rooms.include matches {len(unlisted)} mailbox(es) that the list of all "
            "rooms does not show; nothing was changed. Run the same command again in a minute"
        )
    return frozenset(found)


def on_premises_of(answer: Answer) -> tuple[Room, ...] | None:
    """Read the rooms that are hosted elsewhere. They are named and nothing else, so a refusal stops nobody."""
    if answer.failure is not None:
        return None
    return tuple(
        _room(row)
        for row in answer.rows
        if any(has(row, "RecipientTypeDetails", one) for one in _ON_PREMISES)
        # Whether a mail user's row says it is as unverified as the filter: only another kind is left out.
        and (not row.get("ResourceType") or has(row, "ResourceType", ROOM))
    )


def who_else(transport: Transport, addresses: Sequence[str]) -> dict[str, str | None]:
    """Ask what the addresses are that are no room's, so that the error can say it; None for nobody's."""
    fields = ("PrimarySmtpAddress", "EmailAddresses", "RecipientTypeDetails")
    answers = transport.run([Call("Get-Recipient", {"Identity": address}, fields) for address in addresses])
    found: dict[str, str | None] = {}
    for address, answer in zip(addresses, answers, strict=True):
        row = next((row for row in rows_or_none(answer) if address in addresses_of(row)), None)
        found[address] = None if row is None else str(row.get("RecipientTypeDetails") or "recipient")
    return found


def _room(row: Row) -> Room:
    address = str(row.get("PrimarySmtpAddress") or "")
    resource = str(row.get("ResourceType") or "Room")
    name = str(row.get("DisplayName") or address)
    return Room(_object_id(row), guid_of(row), address, name, resource, frozenset(addresses_of(row)))


def _object_id(row: Row) -> str:
    return id_of(row.get("ExternalDirectoryObjectId")) or guid_of(row)
