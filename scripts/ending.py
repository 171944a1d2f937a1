"""How every script ends: exit codes, errors as one line for people or as JSON for the Pulumi program, no traceback.

What stops a run from outside is interruption.py's.

Exit codes are those of microsoft365/errors.py; what a program has besides stands in its own first lines. Progress goes to standard error: a bar on a terminal, plain lines elsewhere.
"""

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from microsoft365.errors import EXIT_CODES, BadInput, Interrupted, Problem
from microsoft365.pace import Pace
from microsoft365.schema_version import versioned
from scripts.interruption import leave, stoppable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

# Below every --help.
EXIT_CODES_HELP = "Exit codes. " + " ".join(f"{code}: {meaning}" for code, meaning in EXIT_CODES.items())

_LONG_WAIT_SECONDS = 2.0
_TELL_EVERY_SECONDS = 5.0


@contextmanager
def told(*, errors_as_json: bool = False, as_document: bool = False) -> Iterator[None]:
    """Turn a Problem into what a person or the program reads, and into the exit code.

    `errors_as_json`: into a document for the program and 0. `as_document`: into both, lines for people and a document on
    standard output, and its own code.
    """
    try:
        with stoppable(), _values_as_problems():
            yield
    except Problem as problem:
        line = " ".join(str(problem).split())
        document = versioned({"error": line, "exitCode": problem.exit_code, **(problem.report or {})})
        if errors_as_json:
            print_json(document)
            raise SystemExit(0) from None
        if as_document and not problem.told:
            print_json(document)
        sys.stderr.write(f"error: {line}\n{_report(problem.report)}")
        raise SystemExit(problem.exit_code) from None
    except Interrupted as stopped:
        if errors_as_json or as_document:
            print_json(
                versioned({"error": str(stopped), "exitCode": stopped.exit_code, **(stopped.report or {})}),
            )
        sys.stderr.write(f"{stopped}\n{_report(stopped.report)}")
        leave(stopped.exit_code)
    except Exception as error:
        if not errors_as_json:
            raise
        # A fault of ours: the program that asked gets its one line all the same, and standard error the whole of it.
        traceback.print_exc()
        fault = f"a fault of this program, please report it: {type(error).__name__}: {error}"
        print_json(versioned({"error": fault, "exitCode": 1}))
        raise SystemExit(0) from None


def _report(report: Mapping[str, Any] | None) -> str:
    """Return what was done of a run that ended early, and what was not, as lines for people."""
    if report is None:
        return ""
    from microsoft365.exchange.ledger import lines

    return "".join(f"{said}\n" for said in lines(report))


@contextmanager
def _values_as_problems() -> Iterator[None]:
    """Make a value of a wrong form, wherever it is found out, an error for people."""
    try:
        yield
    except ValidationError as error:
        raise BadInput("; ".join(_wrong(error, error.title))) from None


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def read_input(what: str) -> str:
    """Return standard input; a person who forgot it is told instead of being left waiting."""
    if sys.stdin.isatty():
        raise BadInput(f"nothing on standard input: {what} is read from there, as JSON")
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise BadInput(f"nothing was changed: {what}, on standard input, is not UTF-8 text ({error.reason})") from None


def bad_input(error: ValidationError, what: str) -> BadInput:
    """Return everything that is wrong with a document, with key and value, as one error."""
    return BadInput(f"nothing was changed: {what} is wrong: " + "; ".join(_wrong(error, what)))


def _wrong(error: ValidationError, what: str) -> list[str]:
    """Return a sentence for each wrong value: its key, or `what` for the whole, and what is wrong; never the input."""
    wrong = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        key = ".".join(str(part) for part in item["loc"]) or what
        wrong.append(f"{key}: {item['msg'].removeprefix('Value error, ')}")
    return wrong


def patient() -> Pace:
    """Return a pace that tells people of longer waits and why, so that nobody takes them for a standstill."""
    lock, last = threading.Lock(), -_TELL_EVERY_SECONDS

    def tell(seconds: float, why: str) -> None:
        nonlocal last
        with lock:
            telling = seconds >= _LONG_WAIT_SECONDS and time.monotonic() - last >= _TELL_EVERY_SECONDS
            last = time.monotonic() if telling else last
        if telling:
            sys.stderr.write(f"{why}; waiting {round(seconds)} s\n")
            sys.stderr.flush()

    return Pace(tell=tell)


class Told:
    """Tells people what is going on; implements transport.Reporter. Use as a context manager."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars: Bars | None = None

    def __enter__(self) -> "Told":
        """Begin; a terminal gets a bar."""
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bars = Progress(console=Console(stderr=True), transient=False)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the bar."""
        if self._bars is not None:
            self._finish_uncounted()
            self._bars.stop()

    def begin(self, label: str, total: int) -> Callable[[int], None]:
        """See transport.Reporter."""
        if self._bars is not None:
            bars = self._bars
            self._finish_uncounted()
            task = bars.add_task(label, total=total or None)
            return lambda number: bars.advance(task, number)
        if not self._quiet:
            sys.stderr.write(f"{label}{f' ({total})' if total > 1 else ''}\n")
            sys.stderr.flush()
        return lambda _: None

    def _finish_uncounted(self) -> None:
        """Fill the bars of steps that could not be counted: what follows means that they are done."""
        for task in self._bars.tasks if self._bars is not None else ():
            if task.total is None and self._bars is not None:
                self._bars.update(task.id, total=1, completed=1)
