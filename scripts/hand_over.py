"""The hand-over: what a person types into the ROOMZ Portal, which has no interface for programs.

Run as `scripts/run hand_over show | rooms | confirm [--stack NAME]`.

`show` verifies first and prints the connector's sheet in the order of ROOMZ's form. The secret is masked unless asked for
(--show-secret, --secret-file), and withheld, even then, until the control mailbox is proven to be refused; --unverified
overrides that and says so. `rooms` writes the rooms' names and addresses as CSV. `confirm` records in the stack's
configuration that the Portal has the newest secret; in a pipeline it prints the lines to commit. Nothing changes the tenant.

Exit codes: 0 done, 2 bad input (no such stack, no outputs yet, a file that is there already), 3 sign-in or rights,
4 Microsoft gave no usable answer, 5 not yet: Microsoft has not caught up, and the secret that was asked for is withheld,
6 withheld for another reason.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from components.hand_over_record import RecordError, lines_to_commit, record, recorded_generation
from microsoft365.errors import BadInput, GaveUp, Guarded, Problem
from microsoft365.schema_version import versioned
from scripts.ending import EXIT_CODES_HELP, Told, patient, print_json, told
from scripts.hand_over_sheet import TITLE, consent_step, generation_of, rooms_csv, sheet, steps
from scripts.stack import Stack, pulumi, read_stack

if TYPE_CHECKING:
    from microsoft365.verification.report import Finding, Report

# What GitHub Actions, GitLab CI (CI) and Azure Pipelines (TF_BUILD) set in every job.
_PIPELINE = ("CI", "TF_BUILD")
_CONSENT_WAITS = "consent-waits"

program = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="What goes into the ROOMZ Portal.",
    epilog=EXIT_CODES_HELP,
)
StackName = Annotated[str, typer.Option("--stack", help="The stack; default: the selected one.")]


@program.command()
def show(
    *,
    stack: StackName = "",
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Show the secret's value.")] = False,
    secret_file: Annotated[
        Path | None, typer.Option(help="Write the secret's value into a new file that only you can read.")
    ] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Do not verify, and do not withhold the secret.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Minutes in which to ask again while Microsoft catches up.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="For a pipeline; without the secret unless --show-secret is given.")
    ] = False,
) -> None:
    """Verify, and print the connector's sheet; the secret is masked unless asked for."""
    with told():
        if secret_file is not None and secret_file.exists():
            raise BadInput(f"--secret-file {secret_file} is there already; name a new file, or delete it first")
        found = read_stack(stack or None, with_secret=True)
        problem: Problem | None = None
        report: Report | None = None
        if not unverified:
            report, problem = _verified(found, wait)
        open_to_show = unverified or (report is not None and report.closed)
        asked = show_secret or secret_file is not None
        secret = str(found.outputs["clientSecret"]) if asked and open_to_show else None
        if secret is not None and secret_file is not None:
            _write_secret(secret_file, secret)
        shown = secret if show_secret else None
        if as_json:
            print_json(_document(found, report, unverified=unverified, secret=shown, problem=problem))
        else:
            _print(
                found, report, problem, unverified=unverified, secret=shown, secret_file=secret_file if secret else None
            )
        if asked and secret is None:
            raise _withheld(report, problem, found.name)


@program.command()
def rooms(
    *,
    stack: StackName = "",
    output: Annotated[Path | None, typer.Option(help="The file to write; default: standard output.")] = None,
) -> None:
    """Write names and addresses of the stack's rooms as CSV; asks Exchange as the identity of the ARM_* variables."""
    with told(), Told() as reporter:
        from microsoft365.exchange.room_list import read_room_list
        from microsoft365.session import open_session
        from scripts.verify_connector import subject_of

        subject = subject_of(read_stack(stack or None, with_secret=False))
        session = open_session(subject.connection, os.environ, pace=patient())
        reporter.begin("Reading the rooms", 0)(1)
        listing = read_room_list(session.exchange, subject.rooms)
    for room in listing.unreachable:
        typer.echo(f"left out, since it is not hosted in Exchange Online: {room.name} ({room.address})", err=True)
    text = rooms_csv((room.name, room.address) for room in listing.wanted)
    if output is None:
        typer.echo(text, nl=False)
        return
    # Excel takes a CSV file for UTF-8 only where it begins with a byte order mark.
    output.write_text(text, encoding="utf-8-sig", newline="")
    typer.echo(f"{len(listing.wanted)} rooms written to {output}", err=True)


@program.command()
def confirm(
    *,
    stack: StackName = "",
    generation: Annotated[int | None, typer.Option(min=0, help="What the Portal has; default: the newest.")] = None,
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the lines to commit, as in a pipeline; write nothing.")
    ] = False,
) -> None:
    """Record in the stack's configuration that the ROOMZ Portal has the newest secret."""
    with told():
        found = read_stack(stack or None, with_secret=False)
        try:
            recorded = record(
                generation,
                newest=generation_of(found.outputs),
                issued=[int(number) for number in found.outputs["issuedSecrets"]],
                recorded=recorded_generation(found.configuration),
            )
        except RecordError as error:
            raise BadInput(str(error)) from None
        if recorded.recorded_before:
            typer.echo(f"Generation {recorded.generation} is recorded as handed over already; nothing was written.")
            return
        if only_print or any(os.environ.get(name) for name in _PIPELINE):
            # A checkout of a pipeline is thrown away, and the record with it.
            typer.echo(lines_to_commit(found.configuration, recorded.generation))
            typer.echo(f"Commit these lines in Pulumi.{found.name}.yaml; nothing was written.", err=True)
        else:
            _set(found.name, recorded.generation)
            typer.echo(f"Pulumi.{found.name}.yaml records that the ROOMZ Portal has generation {recorded.generation}.")
        ended = ", ".join(str(one) for one in recorded.ended)
        what = (
            f"removes generation {ended}, which must not be in use any more"
            if ended
            else "changes nothing in the tenant"
        )
        typer.echo(f"The next `pulumi up --stack {found.name}` {what}.", err=True)


def _verified(stack: Stack, wait: float) -> "tuple[Report | None, Problem | None]":
    """Verify; what hinders the verification withholds the secret, and the sheet is printed all the same."""
    from scripts.verify_connector import verify_stack

    try:
        with Told() as reporter:
            return verify_stack(stack, reporter, wait_minutes=wait), None
    except Problem as problem:
        return None, problem


def _withheld(report: "Report | None", problem: Problem | None, stack: str) -> Problem:
    """Return why the secret is withheld, and what to do."""
    way_out = "; --unverified overrides this"
    if problem is not None:
        return problem.saying(f"the secret is withheld, since the verification could not be made: {problem}{way_out}")
    look = f"scripts/run verify_connector --stack {stack}"
    against = _against(report)
    if against and all(finding.status == "pending" for finding in against):
        return GaveUp(
            f"the secret is withheld: Microsoft has not caught up yet. {_sentence(against)}. Run the same command later, or with "
            f"--wait MINUTES{way_out}"
        )
    return Guarded(
        "the secret is withheld, since it is not proven that the application is refused where it must be. "
        f"{_sentence(against)}. {look} says the rest{way_out}"
    )


def _against(report: "Report | None") -> "list[Finding]":
    """Return what stands against the hand-over: what opens more than the rooms, else what hinders the proof.

    Without a grant nothing proves that the restriction keeps anything, so a consent that is waited for comes before the control
    mailbox, of which it is the cause.
    """
    from microsoft365.verification.report import OPENS

    if report is None:
        return []
    opens = [one for one in report.findings if one.symptom in OPENS]
    refused = [one for one in report.of("failed") if one.check == "signIn"]
    waits = [one for one in report.findings if one.symptom == _CONSENT_WAITS]
    return (
        opens
        or refused
        or waits
        or [one for one in report.findings if one.check == "controlMailbox" and one.status != "passed"]
    )


def _sentence(findings: "Sequence[Finding]") -> str:
    """Return the first finding as a person reads it: what, and what to do."""
    if not findings:
        return "Nothing was verified"
    says, remedy = findings[0].says, findings[0].remedy
    return f"{says[:1].upper()}{says[1:]}".rstrip(".") + (f"; {remedy}".rstrip(".") if remedy else "")


def _write_secret(path: Path, secret: str) -> None:
    """Write a new file with mode 600; never over one that exists, not even between two looks."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(f"--secret-file {path}: {error.strerror}; nothing was written") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)


def _document(
    stack: Stack, report: "Report | None", *, unverified: bool, secret: str | None, problem: Problem | None
) -> dict[str, Any]:
    outputs = stack.outputs
    document = {
        "stack": stack.name,
        "connector": outputs["connector"],
        "secretGeneration": generation_of(outputs),
        "secretExpiresOn": outputs["secretExpiresOn"],
        "handOver": outputs["handOver"],
        "rooms": {name: None if number is None else int(number) for name, number in outputs["rooms"].items()},
        "verified": not unverified,
        "closed": None if report is None else report.closed,
        "verdict": None if report is None else report.verdict,
    }
    consent = _consent(stack, report)
    if consent is not None:
        document["consent"] = consent
    if problem is not None:
        document["error"] = str(problem)
    if secret is not None:
        document["clientSecret"] = secret
    return versioned(document)


def _consent(stack: Stack, report: "Report | None") -> str | None:
    """Return `granted`, `waiting` or `none`; a person's by what was seen now, if anything was, else by what the last `up` saw."""
    access: dict[str, Any] = stack.outputs["access"]
    if access.get("consentMode") != "admin" or report is None or report.verdict == "noSignIn":
        return access.get("consent")
    return "waiting" if any(one.symptom == _CONSENT_WAITS for one in report.findings) else "granted"


def _print(
    stack: Stack,
    report: "Report | None",
    problem: Problem | None,
    *,
    unverified: bool,
    secret: str | None,
    secret_file: Path | None,
) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from scripts.verify_connector import subject_of

    table = Table(title=TITLE, show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in sheet(stack.outputs, secret=secret):
        table.add_row(row.name, escape(row.value))
    console = Console(highlight=False)
    # In a file or a pipe nothing says how wide a line may be, and an id that is folded cannot be copied.
    Console(highlight=False, width=None if console.is_terminal else 120).print(table)
    if unverified:
        said = "NOT VERIFIED, as asked: nobody looked whether the application is refused where it must be."
    elif problem is not None:
        said = f"Not verified: {problem}"
    elif report is not None and report.closed:
        said = f"Verified: the control mailbox is refused; the verification as a whole is {report.verdict}."
    else:
        said = f"Not proven to be closed: {_sentence(_against(report))}."
    typer.echo(said)
    if _consent(stack, report) == "waiting":
        typer.echo(consent_step(stack.outputs))
    if secret_file is not None:
        typer.echo(f"The secret's value is in {secret_file}, for you alone. Delete it once it is typed in.")
    done = stack.outputs["handOver"]["status"] == "done"
    numbered = steps(
        stack.name,
        generation=generation_of(stack.outputs),
        titles=subject_of(stack).titles,
        secret_shown=secret is not None or secret_file is not None,
        done=done,
    )
    for number, step in enumerate(numbered, start=1):
        typer.echo(step if done else f"{number}. {step}")


def _set(stack: str, generation: int) -> None:
    pulumi("config", "set", "--path", "roomz:secret.handedOver", str(generation), "--stack", stack)


if __name__ == "__main__":
    sys.exit(program(prog_name="scripts/run hand_over"))
