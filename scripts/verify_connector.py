"""Verifies a finished connector, as the ROOMZ Portal's "Test all" would, before anybody opens the Portal.

Run as `scripts/run verify_connector [--stack NAME]` for a stack, or with --client-id, --tenant-id and --access for
credentials by hand; their secret comes from ROOMZ_CLIENT_SECRET or from standard input, never as an argument. With the
ARM_* variables of an administrator's identity it sees more. Changes nothing, but for the events of --write, which it takes
away again. docs/verify.md says what each finding means. Another program calls `verify_stack`.

Exit codes: 0 all green; 2 bad input; 3 sign-in refused, ROOMZ's or the administrator's; 4 Microsoft gave no usable answer;
5 not yet: Microsoft has not caught up, ask again later; 7 red: something is not as it must be.
"""

import getpass
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from microsoft365.connection import Connection
from microsoft365.errors import VERIFIED_RED, BadInput
from microsoft365.exchange.desired import Rooms
from microsoft365.exchange.transport import Reporter
from microsoft365.verification.reminders import Reminder, Reminders, no_reminders
from microsoft365.verification.report import Report, Verdict
from microsoft365.verification.rooms_file import addresses_in
from microsoft365.verification.subject import Consent, Subject
from scripts.ending import Told, bad_input, patient, print_json, told
from scripts.stack import Stack, read_stack

if TYPE_CHECKING:
    from microsoft365.verification.waiting import Pause

EXIT_CODES: dict[Verdict, int] = {"green": 0, "noSignIn": 3, "pending": 5, "red": VERIFIED_RED}
SECRET_VARIABLE = "ROOMZ_CLIENT_SECRET"  # noqa: S105  # a name
_TELL_EVERY_MINUTES = 10
# Variables that say where the tenant is, and nothing of who signs in.
_NOBODY = frozenset({"ARM_TENANT_ID", "ARM_ENVIRONMENT", "ARM_METADATA_HOSTNAME"})
_OFF = frozenset({"", "0", "f", "false"})

program = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@program.command(
    epilog="Exit codes: 0 green, 2 bad input, 3 sign-in refused, 4 no usable answer, 5 not yet, 7 red. The secret that goes with "
    f"--client-id comes from {SECRET_VARIABLE} or from standard input. docs/verify.md says what each finding means."
)
def verify_connector(
    *,
    stack: Annotated[str, typer.Option(help="The stack; default: the selected one.")] = "",
    client_id: Annotated[str, typer.Option(help="Instead of a stack: ROOMZ's application (client) id.")] = "",
    tenant_id: Annotated[str, typer.Option(envvar="ARM_TENANT_ID", help="With --client-id: the tenant.")] = "",
    access: Annotated[str, typer.Option(help="With --client-id: as roomz:access, policy or rbac.")] = "",
    environment: Annotated[str, typer.Option(help="With --client-id: as azuread:environment.")] = "public",
    metadata_host: Annotated[str, typer.Option(help="With --client-id: as azuread:metadataHost.")] = "",
    exchange_host: Annotated[str, typer.Option(help="With --client-id: as roomz:endpoints.exchange.")] = "",
    titles: Annotated[bool, typer.Option("--titles", help="With --client-id: displays shall show titles.")] = False,
    control_mailbox: Annotated[str, typer.Option(help="A mailbox that must be refused.")] = "",
    room: Annotated[list[str] | None, typer.Option(help="A room's address, instead of all; repeatable.")] = None,
    rooms: Annotated[Path | None, typer.Option(help="A file of rooms: the CSV, or an address a line.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write an event into each room, and delete it.")] = False,
    doors: Annotated[bool, typer.Option("--doors", help="Show each display's next meeting.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Minutes in which to ask again while Microsoft catches up.")] = 0,
    no_administrator: Annotated[
        bool, typer.Option("--no-administrator", help="Leave the identity of the ARM_* variables out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON document.")] = False,
) -> None:
    """Verify a finished connector: sign-in, permissions, every room, titles, and that others are refused."""
    with told():
        addresses = _addresses(room, rooms)
        reminders: Reminders = no_reminders
        if client_id:
            subject = _by_hand(
                {
                    "tenantId": tenant_id,
                    "environment": environment,
                    "metadataHost": metadata_host or None,
                    "exchangeHost": exchange_host or None,
                },
                client_id,
                access,
                titles=titles,
            )
            secret = _secret()
        else:
            found = read_stack(stack or None, with_secret=True)
            subject, secret, reminders = subject_of(found), _secret_of(found), _reminders_of(found)
        subject = _changed(subject, addresses, control_mailbox)
        with Told() as reporter:
            report = _verify(
                subject,
                secret,
                reporter,
                no_administrator=no_administrator,
                write=write,
                doors=doors,
                wait=wait,
                reminders=reminders,
            )
    if as_json:
        print_json(report.model_dump(mode="json", by_alias=True))
    else:
        from scripts.report_table import show

        show(report)
    raise typer.Exit(EXIT_CODES[report.verdict])


def verify_stack(stack: Stack, reporter: Reporter, *, write: bool = False, wait_minutes: float = 0) -> Report:
    """Verify a stack that was read with its secret, with the administrator's identity where the ARM_* variables name one.

    `report.closed` says whether the control mailbox is proven to be refused; nobody is reminded of a hand-over, since that is what
    it is for. Raises Problem for what hinders the
    verification itself.
    """
    return _verify(subject_of(stack), _secret_of(stack), reporter, write=write, wait=wait_minutes)


def _secret_of(stack: Stack) -> str:
    """Return the newest secret. Raises BadInput where the stack has none yet, since somebody else has to act first."""
    secret = stack.outputs.get("clientSecret")
    if not secret:
        raise BadInput(
            f"the stack {stack.name} has no client secret yet, so there is nothing to sign in with as ROOMZ; its output `access` says "
            f"what it waits for. Once that is done: pulumi up --stack {stack.name}"
        )
    return str(secret)


def subject_of(stack: Stack) -> Subject:
    """Return what a stack is, as far as it is verified. Raises BadInput where its configuration is wrong."""
    from components.configuration import SettingsError, load
    from components.secret_plan import issued_from_outputs

    try:
        settings = load(stack.configuration, os.environ, stack.project)
    except SettingsError as error:
        raise BadInput(str(error)) from None
    outputs = stack.outputs
    access, generation = outputs["access"], outputs.get("secretGeneration")
    issued = {one.generation: one for one in issued_from_outputs(outputs.get("issuedSecrets") or {})}
    newest = None if generation is None else issued.get(int(generation))
    return Subject(
        connection=settings.connection,
        client_id=outputs["clientId"],
        # What the tenant has, whatever the configuration says since.
        access=access["model"],
        mark=stack.mark,
        stack=stack.name,
        application_object_id=outputs["applicationObjectId"],
        generation=None if generation is None else int(generation),
        secret_issued_on=newest.issued_on if newest else None,
        secret_ends_on=newest.ends_on if newest else None,
        consent=_consent(outputs) if access.get("consentMode") == "admin" else None,
        titles=settings.calendar == "titles",
        control_mailbox=settings.verify.control_mailbox,
        rooms=Rooms(**settings.rooms.model_dump()),
    )


def _consent(outputs: Mapping[str, Any]) -> Consent:
    return Consent(url=outputs["consentUrl"], api_permissions_url=outputs["apiPermissionsUrl"])


def _reminders_of(stack: Stack) -> Reminders:
    """Return what `up` would warn of: a hand-over that is not recorded, and a renewal that is due."""
    from components.deadlines import Stage, dates_in_outputs, deadlines

    dates = dates_in_outputs(stack.outputs)
    if dates is None:
        return no_reminders

    def due(now: datetime) -> list[Reminder]:
        return [
            Reminder(one.what, one.said, one.how, overdue=one.stage is Stage.OVERDUE)
            for one in deadlines(dates, now)
            if one.warns
        ]

    return due


def _verify(
    subject: Subject,
    secret: str,
    reporter: Reporter,
    *,
    no_administrator: bool = False,
    write: bool = False,
    doors: bool = False,
    wait: float = 0,
    reminders: Reminders = no_reminders,
) -> Report:
    from microsoft365.verification.verify import verify

    named = any(
        name.startswith("ARM_") and name not in _NOBODY and value.strip().lower() not in _OFF
        for name, value in os.environ.items()
    )
    return verify(
        subject,
        secret,
        os.environ,
        reporter,
        administrator=named and not no_administrator,
        write=write,
        doors=doors,
        wait_minutes=wait,
        reminders=reminders,
        pace=patient(),
        pause=lambda pause: _pause(pause, reporter, still()),
    )


def still() -> Callable[[float], None]:
    """Return the way to let time pass; tests bring their own."""
    return time.sleep


def _pause(pause: "Pause", reporter: Reporter, sleep: Callable[[float], None]) -> None:
    """Wait, and tell people how long: a bar on a terminal, a line every ten minutes elsewhere."""
    minutes = max(1, round(pause.seconds / 60))
    left, passed = pause.seconds, 0
    progress = reporter.begin(f"Not yet: {pause.why}; everything is asked again in {minutes} min", minutes)
    while left > 0:
        sleep(min(60.0, left))
        left -= 60.0
        passed += 1
        progress(1)
        if passed % _TELL_EVERY_MINUTES == 0 and left > 0 and not sys.stderr.isatty():
            sys.stderr.write(f"still waiting: {round(left / 60)} min left\n")
            sys.stderr.flush()


def _by_hand(connection: dict[str, str | None], client_id: str, access: str, *, titles: bool) -> Subject:
    if not connection["tenantId"]:
        raise BadInput("no tenant: set ARM_TENANT_ID, or give --tenant-id")
    if access not in ("policy", "rbac"):
        raise BadInput(
            f"--access {access!r} is neither policy nor rbac; it says what keeps the application to the rooms"
        )
    try:
        return Subject(
            connection=Connection.model_validate(connection),
            client_id=client_id,
            access=access,
            mark=f"roomz:verify_connector/{client_id.lower()}",
            titles=titles,
        )
    except ValidationError as error:
        raise bad_input(error, "an option") from None


def _changed(subject: Subject, addresses: tuple[str, ...] | None, control_mailbox: str) -> Subject:
    """Return the subject with what the options say instead."""
    changes: dict[str, Any] = {"addresses": addresses} if addresses is not None else {}
    changes |= {"control_mailbox": control_mailbox} if control_mailbox else {}
    try:
        return Subject.model_validate({**subject.model_dump(), **changes})
    except ValidationError as error:
        raise bad_input(error, "an option") from None


def _addresses(room: list[str] | None, rooms: Path | None) -> tuple[str, ...] | None:
    if room and rooms:
        raise BadInput("give --room or --rooms, not both")
    if room:
        return tuple(room)
    if rooms is None:
        return None
    try:
        return addresses_in(rooms.read_text(encoding="utf-8-sig"), str(rooms))
    except OSError as error:
        raise BadInput(f"--rooms {rooms}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"--rooms {rooms} is not UTF-8 text; save it as CSV UTF-8") from None
    except ValueError as error:
        raise BadInput(f"--rooms: {error}") from None


def _secret() -> str:
    """Return the secret that goes with --client-id: from the environment, else typed, else from standard input."""
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        shown = "Client secret (its Value; it is not shown): "
        secret = getpass.getpass(shown) if sys.stdin.isatty() else sys.stdin.read()
    if not secret.strip():
        raise BadInput(f"no client secret: set {SECRET_VARIABLE}, or write it to standard input")
    return secret.strip()


if __name__ == "__main__":
    program(prog_name="scripts/run verify_connector")
