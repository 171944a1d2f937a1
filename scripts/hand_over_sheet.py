"""The sheet for the person at the ROOMZ Portal: rows in the order of ROOMZ's form, what to do with them, the rooms' CSV. Pure.

Owns what stands where and which words ROOMZ uses for it. The secret's value is in it only where it is handed in. Owns no
reading of a stack, no verification and no file.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MASKED = "••••••••"
TITLE = "ROOMZ Portal > Add Booking System > Microsoft 365"
CSV_HEADING = ("Name", "E-mail address")
# A spreadsheet takes a cell that begins so for a formula, whoever wrote it ("CSV Injection", OWASP).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form: ROOMZ's name of the field, and what goes into it."""

    name: str
    value: str


def sheet(outputs: Mapping[str, Any], *, secret: str | None = None) -> tuple[Row, ...]:
    """Return the form from the stack's outputs; `secret` is the value to show, None masks it."""
    connector, hand_over, rooms = outputs["connector"], outputs["handOver"], outputs["rooms"]
    return (
        Row("Friendly Name", connector["friendlyName"]),
        Row("Tenant ID", connector["tenantId"]),
        Row("Client ID", connector["clientId"]),
        Row("Client Secret", MASKED if secret is None else secret),
        Row(
            "",
            f"generation {generation_of(outputs)}, ends on {outputs['secretExpiresOn']}; the Value, not the Secret ID",
        ),
        Row("Show image in attachments", _switch(on=connector["showImageInAttachments"])),
        Row("Instant booking with online meeting", _switch(on=connector["instantOnlineMeetings"])),
        Row("Rooms in reach", f"{int(rooms['inReach'])} of {int(rooms['number'])}"),
        Row("Hand-over", hand_over["status"] + (f" until {hand_over['by']}" if "by" in hand_over else "")),
    )


def generation_of(outputs: Mapping[str, Any]) -> int:
    """Return the number of the newest secret. Pulumi's outputs know no whole numbers."""
    return int(outputs["secretGeneration"])


def consent_step(outputs: Mapping[str, Any]) -> str:
    """Return what somebody else has to do before any display reads, and where."""
    return (
        f"Consent is waited for: until a Privileged Role Administrator has opened {outputs['apiPermissionsUrl']} and pressed Grant admin "
        f"consent, or accepted at {outputs['consentUrl']}, no display reads (docs/consent.md)."
    )


def steps(stack: str, *, generation: int, titles: bool, secret_shown: bool, done: bool) -> tuple[str, ...]:
    """Return what the person does with the sheet, in order."""
    if done:
        return (f"The ROOMZ Portal has generation {generation} already: nothing is left to hand over.",)
    told = (
        ()
        if secret_shown
        else (
            "Get the secret: the same command with --show-secret, or with --secret-file FILE for a file that only you can read.",
        )
    )
    shows = (
        (
            "Switch on Show meeting titles in the rooms' option set: the Portal has it off by default. Only meetings that are "
            "booked from now on keep their titles.",
        )
        if titles
        else ()
    )
    return (
        *told,
        "ROOMZ Portal > Add Booking System > Microsoft 365: type in the values above, then Save. For a renewal: the same "
        "booking system's Client Secret.",
        f"Add Resource for each room, its e-mail address as Resource ID: scripts/run hand_over rooms --stack {stack} --output "
        "rooms.csv writes the list.",
        "Test all, until every room is green.",
        *shows,
        f"Say so: scripts/run hand_over confirm --stack {stack}",
    )


def rooms_csv(rooms: Iterable[tuple[str, str]]) -> str:
    """Return names and addresses as CSV with a heading; a name that a spreadsheet would take for a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_HEADING)
    for name, address in rooms:
        writer.writerow((f"'{name}" if name.startswith(_FORMULA) else name, address))
    return text.getvalue()


def _switch(*, on: bool) -> str:
    return "on" if on else "off"
