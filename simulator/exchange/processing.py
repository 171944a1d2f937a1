"""Get-CalendarProcessing and Set-CalendarProcessing.

Source: Microsoft Learn, both pages.  Lists of recipients (BookInPolicy and its like) are read only here.
"""

from typing import Any

from simulator.exchange import errors, lookup
from simulator.exchange.calendarprocessing import DEFAULTS, settings
from simulator.exchange.cmdlet import (
    BOOLEAN,
    IDENTITY,
    INTEGER,
    SIZE,
    SWITCH,
    TEXT,
    Cmdlet,
    Parameter,
    Result,
    Row,
    Session,
    modified,
    wanted_size,
)
from simulator.records import Mailbox

READ_ONLY = ("AllowDistributionGroup", "AllowMultipleResources")
"""Properties that Set-CalendarProcessing has no parameter for."""
LISTS = tuple(name for name, value in DEFAULTS.items() if isinstance(value, list))


def _parameter(name: str, value: object) -> Parameter:
    if name == "AutomateProcessing":
        return Parameter(
            values=("None", "AutoUpdate", "AutoAccept"),
            enumeration="Microsoft.Exchange.Data.Storage.Management.CalendarProcessingFlags",
        )
    if name == "BookingType":
        return Parameter(values=("Standard", "Reserved"), enumeration="Microsoft.Exchange.Data.ResourceBookingType")
    if isinstance(value, bool):
        return BOOLEAN
    return INTEGER if isinstance(value, int) else TEXT


WRITABLE = {
    name: _parameter(name, value) for name, value in DEFAULTS.items() if name not in READ_ONLY and name not in LISTS
}


def _row(mailbox: Mailbox) -> Row:
    values = settings(mailbox)
    if mailbox.resource_type is None:
        values["AutomateProcessing"] = "AutoUpdate"
    return {
        **{name: list(value) if isinstance(value, list) else value for name, value in values.items()},
        "MailboxOwnerId": mailbox.name,
        "Identity": mailbox.name,
        "IsValid": True,
        "ObjectState": "Changed",
    }


def get_processing(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-CalendarProcessing."""
    return Result([lookup.mailbox(session.tenant, bound["Identity"])], _row, size=wanted_size(bound))


def set_processing(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-CalendarProcessing: what is given changes, everything else stays."""
    mailbox = lookup.mailbox(session.tenant, bound["Identity"])
    if mailbox.resource_type is None:
        raise errors.invalid(
            f"Calendar processing of '{mailbox.name}' can't be set: it is not a resource mailbox.",
            "Microsoft.Exchange.Data.Storage.Management.InvalidResourceMailboxException",
        )
    before = settings(mailbox)
    changes = {name: value for name, value in bound.items() if name in WRITABLE and before[name] != value}
    after = {**before, **changes}
    mailbox.calendar_processing = {name: value for name, value in after.items() if value != DEFAULTS[name]}
    return modified(bool(changes), mailbox.name)


CMDLETS = [
    Cmdlet(
        "Get-CalendarProcessing",
        get_processing,
        {"Identity": IDENTITY, "ResultSize": SIZE},
        "whole; a mailbox that is no resource shows AutoUpdate",
    ),
    Cmdlet(
        "Set-CalendarProcessing",
        set_processing,
        {"Identity": IDENTITY, "Confirm": SWITCH, **WRITABLE},
        "booleans, numbers, texts and enumerations; on a mailbox that is no resource it fails (unverified)",
        documented=LISTS,
    ),
]
