"""Keeps an application to the room mailboxes in Exchange Online: observe | plan | apply | runbook | remove.

Each reads the desired state as one JSON document on standard input (microsoft365/exchange/desired.py; what `pulumi stack export`
prints is taken as well; `remove --retired` reads none), signs in by the ARM_* variables, and prints one JSON document on
standard output, `runbook` a PowerShell script. People's progress goes to standard error. Exit codes: see scripts/ending.py.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from microsoft365.errors import BadInput
from scripts.desired_input import read_desired
from scripts.ending import EXIT_CODES_HELP, Told, patient, print_json, told
from scripts.exchange_removal import MARK, Retired, remove_retired, tell
from scripts.exchange_removal import remove as remove_belongings

if TYPE_CHECKING:
    from microsoft365.exchange.plan import Plan

program = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Keeps an application to the room mailboxes in Exchange Online.",
    epilog=EXIT_CODES_HELP,
)


@program.command()
def observe(
    *,
    errors_as_json: Annotated[
        bool, typer.Option("--errors-as-json", help="End with 0 and print failures as JSON too.")
    ] = False,
    entra_only: Annotated[bool, typer.Option("--entra-only", help="Read Entra and nothing of Exchange.")] = False,
) -> None:
    """Read Exchange and Entra and say what differs. Changes nothing."""
    with told(errors_as_json=errors_as_json):
        desired = read_desired()
        from microsoft365.observation import observe_entra_alone, observe_tenant
        from microsoft365.session import open_session

        session = open_session(desired.connection, os.environ, pace=patient())
        if entra_only:
            print_json(observe_entra_alone(session, desired))
            return
        session.warm_up()
        print_json(observe_tenant(session, desired, Told(quiet=True)))


@program.command()
def plan(*, as_json: Annotated[bool, typer.Option("--json", help="Print the whole plan as JSON.")] = False) -> None:
    """Print what `apply` would do, and why. Changes nothing."""
    with told():
        desired = read_desired()
        from microsoft365.exchange.observe import observe as read
        from microsoft365.exchange.plan import plan as compare
        from microsoft365.observation import plan_document
        from microsoft365.session import open_session

        session = open_session(desired.connection, os.environ, pace=patient())
        with Told() as reporter:
            found = compare(desired, read(session.exchange, desired, reporter))
        if as_json:
            print_json(plan_document(found))
            return
        _show(found)


def _show(found: "Plan") -> None:
    """Print a plan as people read it: what, why, what it touches, and what undoing it would take."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if found.guard is not None:
        console.print(Text(f"Stopped by a guard, nothing would be changed: {found.guard}"))
    if not found.actions:
        console.print("Nothing to do.")
    else:
        table = Table("action", "subject", "reason", "touches", "to undo it", title=Text(found.summary()))
        for action in found.actions:
            # Names may hold square brackets, which are markup to rich.
            cells = (action.kind, action.subject, action.reason, action.touches, action.undo)
            table.add_row(*(Text(cell) for cell in cells))
        console.print(table)
    for notice in found.notices:
        console.print(Text(f"Note: {notice}"))


_AS_DOCUMENT = typer.Option("--json", help="Print failures as JSON on standard output too; exit codes stay.")


@program.command()
def apply(*, as_document: Annotated[bool, _AS_DOCUMENT] = False) -> None:
    """Make it so, and read back what was done; with the transport `runbook`, write the script that does."""
    with told(as_document=as_document):
        desired = read_desired()
        from microsoft365.exchange.apply import apply as perform
        from microsoft365.exchange.delivery import ByRunbook
        from microsoft365.exchange.runbook_file import RunbookFolder
        from microsoft365.observation import applied_document
        from microsoft365.session import open_session

        session = open_session(desired.connection, os.environ, pace=patient())
        by_runbook = desired.transport == "runbook"
        delivery = ByRunbook(RunbookFolder(Path.cwd()), session.now) if by_runbook else None
        with Told() as reporter:
            applied = perform(session.exchange, desired, reporter, session.pace, delivery)
        document = applied_document(applied)
        tell(f"note: {notice}" for notice in document["notices"])
        print_json(document)


@program.command()
def remove(
    *,
    as_document: Annotated[bool, _AS_DOCUMENT] = False,
    retired: Annotated[
        bool, typer.Option("--retired", help="End what was retired two hours ago or longer; reads no standard input.")
    ] = False,
    mark: Annotated[str, typer.Option(help=f"With --retired: whose, {MARK}.")] = "",
    access: Annotated[str, typer.Option(help="With --retired: as roomz:access, policy or rbac.")] = "policy",
    transport: Annotated[
        str, typer.Option(help="With --retired: as roomz:exchange.transport; runbook writes the script that ends it.")
    ] = "rest",
    calendar_on_removal: Annotated[
        str, typer.Option(help="With --retired and runbook: as roomz:calendarOnRemoval.")
    ] = "keep",
    group: Annotated[str, typer.Option(help="With --retired: the group's address, to check what is listed by.")] = "",
    tenant_id: Annotated[str, typer.Option(envvar="ARM_TENANT_ID", help="With --retired: the tenant.")] = "",
    environment: Annotated[str, typer.Option(help="With --retired: as azuread:environment.")] = "public",
    metadata_host: Annotated[str, typer.Option(help="With --retired: as azuread:metadataHost.")] = "",
    exchange_host: Annotated[str, typer.Option(help="With --retired: as roomz:endpoints.exchange.")] = "",
) -> None:
    """Undo what carries the stack's mark, never while an application could read more by it."""
    with told(as_document=as_document):
        if retired:
            typed = Retired(
                mark=mark,
                access=access,
                transport=transport,
                calendar_on_removal=calendar_on_removal,
                group=group,
                tenant_id=tenant_id,
                environment=environment,
                metadata_host=metadata_host,
                exchange_host=exchange_host,
            )
            remove_retired(typed, patient())
        else:
            remove_belongings(read_desired(), patient())


@program.command()
def runbook(
    *,
    output: Annotated[
        str, typer.Option(metavar="FILE", help="Write the script into this file instead of printing it.")
    ] = "",
) -> None:
    """Print the plan as a PowerShell script for an Exchange administrator. Changes nothing."""
    with told():
        desired = read_desired()
        from microsoft365.exchange.observe import observe as read
        from microsoft365.exchange.plan import plan as compare
        from microsoft365.exchange.runbook import ensure_application, render
        from microsoft365.session import open_session

        ensure_application(desired)
        session = open_session(desired.connection, os.environ, pace=patient())
        with Told() as reporter:
            observed = read(session.exchange, desired, reporter)
            found = compare(desired, observed)
        _hand_out(render(desired, observed, found, session.now()), output)
        tell([f"The script does this: {found.summary()}", *(f"note: {notice}" for notice in found.notices)])


def _hand_out(script: str, output: str) -> None:
    """Print a script, or write it into a file, byte by byte as it is."""
    content = script.encode("ascii")
    if not output:
        sys.stdout.write(content.decode())
        sys.stdout.flush()
        return
    try:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        Path(output).write_bytes(content)
    except OSError as error:
        raise BadInput(f"--output {output}: the script could not be written there ({error.strerror})") from None
    typer.echo(f"{output} is written", err=True)


if __name__ == "__main__":
    program(prog_name="scripts/run exchange_policy")
