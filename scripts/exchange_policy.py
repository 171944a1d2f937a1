"""Keeps an application to the room mailboxes in Exchange Online: observe | plan | apply | remove.

Each reads the desired state as one JSON document on standard input (microsoft365/exchange/desired.py; `remove --retired`
reads none), signs in by the ARM_* variables, and prints one JSON document on standard output. People's progress goes to
standard error. Exit codes: see scripts/ending.py.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from microsoft365.connection import Connection
from microsoft365.errors import BadInput, GaveUp
from microsoft365.exchange.desired import DesiredState
from microsoft365.validation import is_address
from scripts.ending import EXIT_CODES_HELP, Told, bad_input, patient, print_json, read_input, told

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

_MARK = "roomz:PROJECT/STACK"


def _desired() -> DesiredState:
    text = read_input("the desired state")
    try:
        return DesiredState.model_validate_json(text)
    except ValidationError as error:
        raise bad_input(error, "the desired state") from None


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
        desired = _desired()
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
        desired = _desired()
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


@program.command()
def apply() -> None:
    """Make it so, and read back what was done. Running it again changes nothing."""
    with told():
        desired = _desired()
        from microsoft365.exchange.apply import apply as perform
        from microsoft365.observation import applied_document
        from microsoft365.session import open_session

        session = open_session(desired.connection, os.environ, pace=patient())
        with Told() as reporter:
            applied = perform(session.exchange, desired, reporter, session.pace)
        document = applied_document(applied)
        _tell(f"note: {notice}" for notice in document["notices"])
        print_json(document)


@program.command()
def remove(
    *,
    retired: Annotated[
        bool, typer.Option("--retired", help="End what was retired two hours ago or longer; reads no standard input.")
    ] = False,
    mark: Annotated[str, typer.Option(help=f"With --retired: whose, {_MARK}.")] = "",
    access: Annotated[str, typer.Option(help="With --retired: as roomz:access, policy or rbac.")] = "policy",
    group: Annotated[str, typer.Option(help="With --retired: the group's address, to check what is listed by.")] = "",
    tenant_id: Annotated[str, typer.Option(envvar="ARM_TENANT_ID", help="With --retired: the tenant.")] = "",
    environment: Annotated[str, typer.Option(help="With --retired: as azuread:environment.")] = "public",
    metadata_host: Annotated[str, typer.Option(help="With --retired: as azuread:metadataHost.")] = "",
    exchange_host: Annotated[str, typer.Option(help="With --retired: as roomz:endpoints.exchange.")] = "",
) -> None:
    """Undo what carries the stack's mark, never while an application could read more by it."""
    with told():
        if retired:
            _remove_retired(mark, access, group, tenant_id, environment, metadata_host, exchange_host)
        else:
            _remove(_desired())


def _remove(desired: DesiredState) -> None:
    from microsoft365.exchange.rbac_removal import remove_rbac
    from microsoft365.exchange.removal import remove as remove_policy
    from microsoft365.exchange.removal_steps import refuse_now_elsewhere
    from microsoft365.session import open_session

    refuse_now_elsewhere(desired)
    session = open_session(desired.connection, os.environ, pace=patient())
    session.warm_up()
    with Told() as reporter:
        undo = remove_rbac if desired.access == "rbac" else remove_policy
        outcome = undo(session.graph, session.exchange, desired, session.now(), reporter, session.pace)
    document = outcome.document()
    if outcome.retired:
        command = desired.ending_command()
        document["command"] = command
        typer.echo(
            "Left in Exchange, since tokens that were issued before live on for an hour or more and a deleted application "
            f"can be restored for 30 days: {'; '.join(outcome.retired)}. To end it, two hours from now or later, once "
            f"the application is gone for good: {command}",
            err=True,
        )
    _tell(outcome.sentences(desired.mark))
    print_json(document)


def _remove_retired(
    mark: str, access: str, group: str, tenant_id: str, environment: str, metadata_host: str, exchange_host: str
) -> None:
    import re

    from microsoft365.exchange.rbac_removal import remove_retired_rbac
    from microsoft365.exchange.removal import remove_retired
    from microsoft365.session import open_session

    if not re.fullmatch(r"roomz:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", mark):
        raise BadInput(f"--mark {mark!r} is not a mark; it reads {_MARK}, for example roomz:roomz/prod")
    if access not in ("policy", "rbac"):
        raise BadInput(f"--access {access!r} is neither policy nor rbac, as roomz:access says")
    if group and not is_address(group):
        raise BadInput(f"--group {group!r} is not an e-mail address, which the rooms' group has")
    if not tenant_id:
        raise BadInput("no tenant: set ARM_TENANT_ID, or give --tenant-id")
    document = {
        "tenantId": tenant_id,
        "environment": environment,
        "metadataHost": metadata_host or None,
        "exchangeHost": exchange_host or None,
    }
    try:
        connection = Connection.model_validate(document)
    except ValidationError as error:
        raise bad_input(error, "the connection") from None
    session = open_session(connection, os.environ, pace=patient())
    session.warm_up()
    with Told() as reporter:
        end = remove_retired_rbac if access == "rbac" else remove_retired
        outcome = end(session.graph, session.exchange, mark, group or None, session.now(), reporter, session.pace)
    _tell(outcome.sentences(mark))
    print_json(outcome.document())
    if outcome.waiting:
        raise GaveUp("not everything could be ended yet: " + "; ".join(outcome.waiting))


def _tell(sentences: Iterable[str]) -> None:
    """Tell people on standard error, which Pulumi shows them; standard output goes into the state and nowhere else."""
    for sentence in sentences:
        typer.echo(sentence, err=True)


@program.command(hidden=True)
def runbook() -> None:
    """Write the plan as a PowerShell script (not built yet)."""
    with told():
        raise BadInput("runbook is not supported yet; roomz:exchange.transport takes rest for now")


if __name__ == "__main__":
    program()
