"""Set-Mailbox and Set-User, as far as they change what a filter asks for: where a room is, what it is, its attributes.

Source: Microsoft Learn, both pages.  An account that comes from an on-premises directory is changed there.
"""

from typing import Any

from simulator.exchange import errors, lookup
from simulator.exchange.cmdlet import IDENTITY, SWITCH, Cmdlet, Parameter, Result, Session, modified
from simulator.records import Mailbox

CUSTOM_ATTRIBUTES = tuple(f"CustomAttribute{number}" for number in range(1, 16))
TYPES: dict[str, dict[str, str | None]] = {
    "Regular": {"kind": "UserMailbox", "resource_type": None},
    "Room": {"kind": "RoomMailbox", "resource_type": "Room"},
    "Equipment": {"kind": "EquipmentMailbox", "resource_type": "Equipment"},
    "Shared": {"kind": "SharedMailbox", "resource_type": None},
    "Workspace": {"kind": "RoomMailbox", "resource_type": "Workspace"},
}
FIELDS = {"DisplayName": "display_name", "Office": "office", "City": "city"}
LONGEST_ADDRESS_PART = 128
"""What the directory's attributes `l` and `physicalDeliveryOfficeName` hold (Active Directory schema)."""

PLACE = Parameter(longest=LONGEST_ADDRESS_PART)
DISPLAY_NAME = Parameter(longest=256)


def set_mailbox(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-Mailbox."""
    mailbox = _to_change(session, bound)
    changes: dict[str, Any] = dict(TYPES[bound["Type"]]) if "Type" in bound else {}
    given = {name: bound[name] for name in CUSTOM_ATTRIBUTES if name in bound}
    attributes = {**mailbox.custom_attributes, **given}
    changes["custom_attributes"] = {name: value for name, value in attributes.items() if value}
    return _change(session, mailbox, {**changes, **_fields(bound)})


def set_user(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-User."""
    return _change(session, _to_change(session, bound), _fields(bound))


def _fields(bound: dict[str, Any]) -> dict[str, Any]:
    return {field: bound[name] for name, field in FIELDS.items() if name in bound}


def _to_change(session: Session, bound: dict[str, Any]) -> Mailbox:
    mailbox = lookup.mailbox(session.tenant, bound["Identity"])
    if mailbox.is_dir_synced:
        raise errors.synchronized(session.cmdlet, mailbox.name)
    return mailbox


def _change(session: Session, mailbox: Mailbox, wanted: dict[str, Any]) -> Result:
    changes = {field: value for field, value in wanted.items() if getattr(mailbox, field) != value}
    for field, value in changes.items():
        setattr(mailbox, field, value)
    session.tenant.recipients_changed()
    return modified(bool(changes), mailbox.name)


CMDLETS = [
    Cmdlet(
        "Set-Mailbox",
        set_mailbox,
        {
            "Identity": IDENTITY,
            "Confirm": SWITCH,
            "DisplayName": DISPLAY_NAME,
            "Force": SWITCH,
            "Office": PLACE,
            "Type": Parameter(
                values=tuple(TYPES), enumeration="Microsoft.Exchange.Data.Directory.Recipient.ConvertibleMailboxSubType"
            ),
            **{name: Parameter(longest=1024) for name in CUSTOM_ATTRIBUTES},
        },
        "DisplayName, Office, Type, CustomAttribute1 to 15 of mailboxes that are not synchronized",
        documented=(
            "Alias",
            "EmailAddresses",
            "ExtensionCustomAttribute1",
            "HiddenFromAddressListsEnabled",
            "MailTip",
            "Name",
            "ResourceCapacity",
            "ResourceCustom",
            "WindowsEmailAddress",
        ),
    ),
    Cmdlet(
        "Set-User",
        set_user,
        {
            "Identity": IDENTITY,
            "City": PLACE,
            "Confirm": SWITCH,
            "DisplayName": DISPLAY_NAME,
            "Office": PLACE,
        },
        "City, DisplayName, Office of mailboxes' accounts that are not synchronized",
        documented=(
            "Company",
            "CountryOrRegion",
            "Department",
            "FirstName",
            "LastName",
            "Manager",
            "Notes",
            "Phone",
            "PostalCode",
            "StateOrProvince",
            "StreetAddress",
            "Title",
        ),
    ),
]
