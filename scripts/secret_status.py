"""Says whether somebody has to do something about a stack's client secrets: for schedulers, one line a stack and an exit code.

Run as `scripts/run secret_status [--stack NAME]...`. Reads the stacks' last outputs by the pulumi CLI, and neither the tenant nor
a secret; the day is this machine's. Owns the ways in which the answer is printed. Refuses to own what is due and how it is said
(components/deadlines.py).

Exit codes: 0 nothing that has to be done within 60 days, 2 bad input, or a stack that cannot be read, 8 something is overdue: the
displays stand still, or nobody knows that they do not, 10 something has to be done within 60 days. Of several stacks the worst
counts: 8 before 2 before 10.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from components.deadlines import Deadline, SecretDates, Stage, dates_in_outputs, deadlines
from components.secret_plan import format_date, parse_date
from microsoft365.errors import SECRET_DUE, SECRET_OVERDUE, BadInput
from microsoft365.schema_version import versioned
from scripts.ending import Told, print_json, told
from scripts.stack import pulumi

FINE, UNREADABLE, DUE, OVERDUE = "fine", "unreadable", "due", "overdue"
EXIT_CODES = {OVERDUE: SECRET_OVERDUE, UNREADABLE: BadInput.exit_code, DUE: SECRET_DUE, FINE: 0}
"""The worst comes first."""

program = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Is there anything to do about the client secrets?",
)


@dataclass(frozen=True)
class Report:
    """What is to be said of one stack. `dates` is None where it could not be read, and `error` says why."""

    stack: str
    dates: SecretDates | None
    to_do: Sequence[Deadline] = ()
    error: str = ""

    @property
    def status(self) -> str:
        """One of the words that have an exit code."""
        if self.dates is None:
            return UNREADABLE
        worst = max((each.stage for each in self.to_do), default=Stage.LATER)
        return OVERDUE if worst is Stage.OVERDUE else DUE if worst > Stage.LATER else FINE

    @property
    def sentences(self) -> list[str]:
        """What has to be done; without anything that has a date within 60 days, how it stands."""
        if self.dates is None:
            return [self.error]
        urgent = [each.text for each in self.to_do if each.warns]
        return urgent or [_standing(self.dates)]


@program.command(
    epilog="Exit codes: 0 nothing within 60 days, 2 bad input or a stack that cannot be read, 8 overdue, 10 due within 60 days. Of several "
    "stacks the worst counts: 8 before 2 before 10."
)
def status(
    stacks: Annotated[
        list[str] | None,
        typer.Option("--stack", help="The stack; may be given several times. Default: the selected one."),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="As of this day instead of today, UTC.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a table, for a pipeline's summary.")] = False,
) -> None:
    """Print how each stack's secrets stand, and end with 0 where nobody has to do anything within 60 days."""
    with told():
        if as_json and as_markdown:
            raise BadInput("--json and --markdown exclude each other; leave one out")
        now = datetime.now(UTC) if at is None else _moment(at)
        reports = _reports(stacks or [None], now)
        worst = next(word for word in EXIT_CODES if any(report.status == word for report in reports))
        if as_json:
            print_json(versioned(_document(reports, worst, now)))
        elif as_markdown:
            typer.echo(_markdown(reports))
        else:
            for report in reports:
                typer.echo(f"{report.stack}: {report.status}: {' '.join(report.sentences)}")
    raise typer.Exit(EXIT_CODES[worst])


def _moment(text: str) -> datetime:
    try:
        return parse_date(text)
    except ValueError:
        raise BadInput(
            f"--at is {text!r}; it is a day such as 2028-11-23, or a moment such as 2028-11-23T12:00:00Z"
        ) from None


def _reports(stacks: Sequence[str | None], now: datetime) -> list[Report]:
    # A reading takes about a second; of one nobody has to be told.
    with Told(quiet=len(stacks) < 2) as reporter:
        advance = reporter.begin("Reading outputs", len(stacks))
        reports = []
        for stack in stacks:
            reports.append(_report(stack, now))
            advance(1)
    return reports


def _report(stack: str | None, now: datetime) -> Report:
    name = stack or "the selected stack"
    try:
        dates = dates_in_outputs(_outputs(stack))
    except BadInput as problem:
        return Report(name, None, error=str(problem))
    if dates is None:
        return Report(name, None, error="there are no outputs of a secret yet. Run: pulumi up")
    return Report(name, dates, deadlines(dates, now))


def _outputs(stack: str | None) -> dict[str, Any]:
    outputs: dict[str, Any] = json.loads(pulumi("stack", "output", "--json", *(["--stack", stack] if stack else [])))
    return outputs


def _standing(dates: SecretDates) -> str:
    """How it stands where nothing has to be done soon."""
    by = dates.hand_over.by
    handed = (
        "is recorded as handed over"
        if dates.hand_over.status == "done" or by is None
        else f"waits to be handed over, at the latest on {format_date(by)}"
    )
    return (
        f"client secret generation {dates.generation} {handed}; it ends on {format_date(dates.ends_on)}, and `pulumi up` renews it from "
        f"{format_date(dates.renews_on)} on"
    )


def _document(reports: Iterable[Report], worst: str, now: datetime) -> dict[str, Any]:
    return {
        "status": worst,
        "at": format_date(now),
        "stacks": [
            {
                "stack": report.stack,
                "status": report.status,
                "text": " ".join(report.sentences),
                **({} if report.dates is None else _dates_document(report.dates)),
                "toDo": [
                    {
                        "what": each.what,
                        "by": None if each.by is None else format_date(each.by),
                        "daysLeft": each.days_left,
                        "stage": each.stage.name.lower(),
                        "text": each.text,
                    }
                    for each in report.to_do
                ],
            }
            for report in reports
        ],
    }


def _dates_document(dates: SecretDates) -> dict[str, Any]:
    by = dates.hand_over.by
    return {
        "generation": dates.generation,
        "endsOn": format_date(dates.ends_on),
        "renewsOn": format_date(dates.renews_on),
        "handOver": {"status": dates.hand_over.status, **({} if by is None else {"by": format_date(by)})},
    }


def _markdown(reports: Iterable[Report]) -> str:
    """A table; what has to be done stands in its last column."""
    lines = ["| stack | secrets | newest | ends on | |", "|---|---|---|---|---|"]
    for report in reports:
        word = report.status if report.status == FINE else f"**{report.status}**"
        newest, ends = (
            ("", "")
            if report.dates is None
            else (
                f"generation {report.dates.generation}",
                format_date(report.dates.ends_on),
            )
        )
        told_text = "<br>".join(sentence.replace("|", "\\|") for sentence in report.sentences)
        lines.append(f"| {report.stack} | {word} | {newest} | {ends} | {told_text} |")
    return "\n".join(lines)


if __name__ == "__main__":
    program(prog_name="scripts/run secret_status")
