"""A verification's report as people read it: a table in green and red on a terminal, plain lines in a pipe or a file.

Owns the form. Every word comes from the report (microsoft365/verification/).
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from microsoft365.verification.report import CHECKS, Finding, Report, Status

_SIGNS: dict[Status, tuple[str, str]] = {
    "passed": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "pending": ("…", "yellow"),
    "noted": ("·", "cyan"),
    "skipped": ("–", "dim"),
}
_WORDS: dict[Status, str] = {
    "passed": "ok",
    "failed": "FAILED",
    "pending": "NOT YET",
    "noted": "note",
    "skipped": "not asked",
}
_MOST_MAILBOXES = 5
_NO_MEETINGS = (
    "none of the rooms that could be read has a meeting ahead, so nothing shows what the displays make of one"
)


def show(report: Report, out: TextIO | None = None) -> None:
    """Print the report on standard output."""
    stream = out or sys.stdout
    console = Console(file=stream, highlight=False)
    if console.is_terminal:
        console.print(_table(report))
        if report.doors:
            console.print(_doors(report))
        elif report.doors is not None:
            console.print(_NO_MEETINGS)
        console.print(Text(summary(report), style=_style(report)))
        return
    for line in (*_lines(report), summary(report)):
        stream.write(line + "\n")


def summary(report: Report) -> str:
    """Return the last line: what it comes to."""
    if report.verdict == "noSignIn":
        return "RED: ROOMZ cannot sign in, so nothing else could be asked with its identity."
    if report.verdict == "red":
        number = len(report.of("failed"))
        what = "1 thing is not as it must be" if number == 1 else f"{number} things are not as they must be"
        return f"RED: {what}; how to mend it stands above."
    if report.verdict == "pending":
        after = f" after {report.waited_minutes} minutes" if report.waited_minutes else ""
        return f"NOT YET{after}: nothing is known to be wrong, and Microsoft has not caught up with everything."
    if report.closed:
        return "GREEN: everything is as it must be, and the control mailbox is refused."
    return "GREEN, as far as ROOMZ's own identity can see: what was not asked stands above."


def _style(report: Report) -> str:
    return {"green": "bold green", "pending": "bold yellow"}.get(report.verdict, "bold red")


def _table(report: Report) -> Table:
    table = Table(title=Text(_title(report)), title_justify="left", box=box.ROUNDED, show_lines=True, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding, behind in _told(report):
        sign, style = _SIGNS[finding.status]
        # Names may hold square brackets, which are markup to rich.
        told = Text(f"{finding.says}{_named(finding)}", style=style if finding.status != "passed" else "")
        for line in behind:
            told.append(f"\n{line}", style="not bold default")
        table.add_row(Text(sign, style=style), Text(CHECKS[finding.check], style=style), told)
    return table


def _doors(report: Report) -> Table:
    table = Table("room", "from (UTC)", "the display shows", title="Next at each door", title_justify="left")
    for door in report.doors or ():
        table.add_row(Text(door.address), _start(door.start), Text(door.shows))
    return table


def _lines(report: Report) -> list[str]:
    lines = [_title(report)]
    for finding, behind in _told(report):
        lines.append(f"{_WORDS[finding.status]:9} {CHECKS[finding.check]}: {finding.says}{_named(finding)}")
        lines += [f"{'':10}{line}" for line in behind]
    if report.doors == ():
        lines.append(f"door      {_NO_MEETINGS}")
    lines += [f"door      {door.address}: {_start(door.start)} {door.shows}" for door in report.doors or ()]
    return lines


def _title(report: Report) -> str:
    whose = f"stack {report.stack}" if report.stack else f"application {report.client_id}"
    number = f"{report.rooms:,} {'room' if report.rooms == 1 else 'rooms'}"
    return f"The connector of {whose}: {number}, access {report.access}, {report.checked_at:%Y-%m-%d %H:%M} UTC"


def _told(report: Report) -> Iterator[tuple[Finding, list[str]]]:
    """Return each finding with its cause and its remedy; those that several unasked ones share are said once."""
    said: set[tuple[str, str]] = set()
    for finding in report.findings:
        behind = (finding.cause, finding.remedy)
        again = finding.status == "skipped" and behind in said
        said.add(behind)
        lines = [(word, text) for word, text in zip(("why: ", "do:  "), behind, strict=True) if text and not again]
        yield finding, [word + text for word, text in lines]


def _named(finding: Finding) -> str:
    """Return the mailboxes behind a sentence that does not name them itself, the first few."""
    mailboxes = [one for one in finding.mailboxes if one not in finding.says]
    if not mailboxes:
        return ""
    more = len(mailboxes) - _MOST_MAILBOXES
    return f" ({', '.join(mailboxes[:_MOST_MAILBOXES])}" + (
        f" and {more:,} more: --json names all)" if more > 0 else ")"
    )


def _start(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment is not None else ""
