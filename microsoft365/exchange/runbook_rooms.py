"""Steps of a runbook about the rooms themselves: which there are, and their calendar processing, done and undone.

Owns their PowerShell. What a room is to the group: runbook_group.py.
"""

from collections.abc import Mapping, Sequence

from microsoft365.exchange.actions import Action
from microsoft365.exchange.observed import EQUIPMENT_MAILBOX, ROOM_MAILBOX, TITLES, CalendarSettings, Observed
from microsoft365.exchange.plan import Plan, calendar_parameters
from microsoft365.exchange.powershell import Code, Value, call, indented, literal, table
from microsoft365.exchange.runbook_frame import Step

ROOM_MAILBOXES = [
    "# The room and equipment mailboxes that there are now: what is none any more is never brought into reach.",
    "$RoomMailboxes = @{}",
    "foreach ($Mailbox in @("
    + call("Get-Mailbox", {"RecipientTypeDetails": [ROOM_MAILBOX, EQUIPMENT_MAILBOX], "ResultSize": Code("Unlimited")})
    + ")) {",
    '    $RoomMailboxes["$($Mailbox.Guid)"] = $true',
    "}",
]


def values(todo: Plan, observed: Observed) -> list[str]:
    """Return the array of rooms whose calendar processing changes, which may be long."""
    actions = [action for action in todo.actions if action.kind == "setCalendar"]
    if not actions:
        return []
    rows = table([_calendar_row(action, observed) for action in actions])
    return [
        "",
        "# Rooms that are to keep meeting titles, with the three settings that they had when this script was made.",
        f"$Calendars = {rows[0]}",
        *rows[1:],
    ]


def _calendar_row(action: Action, observed: Observed) -> Mapping[str, Value]:
    former = observed.calendars.get(action.object_id, TITLES)
    return {"Guid": action.target, "Name": action.subject, **calendar_parameters(former)}


def calendars(actions: Sequence[Action]) -> Step:
    """Return the step that sets calendar processing on rooms, as one loop."""
    now = call("Get-CalendarProcessing", {"Identity": Code("$Room.Guid")})
    titles: dict[str, Value] = {"Identity": Code("$Room.Guid"), **calendar_parameters(TITLES), "Confirm": False}
    back: dict[str, Value] = {
        "Identity": Code("$Room.Guid"),
        **{name: Code(f"$Room.{name}") for name in calendar_parameters(TITLES)},
        "Confirm": False,
    }
    loop = "foreach ($Room in @($Calendars | Where-Object { $RoomMailboxes.ContainsKey($_.Guid) })) {"
    return Step(
        f"Keep meeting titles and the private flag on {len(actions)} rooms",
        [
            loop,
            "    Write-Progress -Activity 'Calendar processing' -Status $Room.Name",
            f"    $Now = {now}",
            f"    if ({_any_set(TITLES)}) {{",
            "        if (Confirm-Step 'Keep meeting titles and the private flag' $Room.Name) {",
            f"            {call('Set-CalendarProcessing', titles)}",
            "        }",
            "    }",
            "}",
        ],
        actions,
        [
            loop,
            "    Write-Progress -Activity 'Calendar processing' -Status $Room.Name",
            f"    $Now = {now}",
            f"    if (-not ({_any_set(TITLES)})) {{",
            "        if (Confirm-Step 'Put the former calendar processing back' $Room.Name) {",
            f"            {call('Set-CalendarProcessing', back)}",
            "        }",
            "    }",
            "}",
        ],
    )


def _any_set(settings: CalendarSettings) -> str:
    return " -or ".join(f"$Now.{name} -ne {literal(value)}" for name, value in calendar_parameters(settings).items())


def reset_calendars(rooms: int, defaults: CalendarSettings) -> Step:
    """Return the step that puts Microsoft's defaults back on the rooms of $Calendars that keep titles."""
    now = call("Get-CalendarProcessing", {"Identity": Code("$Room.Guid")})
    parameters: dict[str, Value] = {"Identity": Code("$Room.Guid"), **calendar_parameters(defaults), "Confirm": False}
    return Step(
        f"Put Microsoft's defaults for calendar processing back on those of {rooms} rooms that keep meeting titles",
        [
            "foreach ($Room in @($Calendars | Where-Object { $RoomMailboxes.ContainsKey($_.Guid) })) {",
            *indented(
                [
                    "Write-Progress -Activity 'Calendar processing' -Status $Room.Name",
                    f"$Now = {now}",
                    f"if (-not ({_any_set(TITLES)})) {{",
                    '    if (Confirm-Step "Put Microsoft\'s defaults for calendar processing back" $Room.Name) {',
                    f"        {call('Set-CalendarProcessing', parameters)}",
                    "    }",
                    "}",
                ]
            ),
            "}",
        ],
    )
