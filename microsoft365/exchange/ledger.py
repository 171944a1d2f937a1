"""What became of each action of a run, so that one that fails in part says exactly what was done, and what was not.

Owns the book-keeping and its two forms, the document and the lines for people. Performs nothing and decides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Protocol

from microsoft365.errors import Interrupted, Problem
from microsoft365.exchange.transport import Answer, Call, Progress, Transport

State = Literal["done", "unknown", "notDone"]

# How many of each kind are named; the rest are counted. A report goes where a command resource's output goes.
_MOST_NAMES = 10
_LONGEST_NAME = 100
_WORDS: Mapping[State, str] = {
    "done": "done",
    "unknown": "may have been done (its answer was lost; the next run looks before it does anything)",
    "notDone": "not done",
}
REMEDY = "run the same command again: it reads the tenant anew and goes on from what it finds"


class Step(Protocol):
    """Something to be done: an action of a plan, or a step of a removal."""

    @property
    def kind(self) -> str:
        """What kind of change it is."""

    @property
    def subject(self) -> str:
        """What it is done to."""


class Ledger:
    """The actions of one run, in their order, and what became of each."""

    def __init__(self, actions: Sequence[Step] = ()) -> None:
        self._actions = list(actions)
        self._states: dict[int, State] = {}

    def add(self, step: Step) -> Step:
        """Add what is to be done besides, at the end; returns it."""
        self._actions.append(step)
        return step

    def drop(self, step: Step) -> None:
        """Forget what turns out to be nothing to do."""
        self._actions = [one for one in self._actions if one is not step]

    def done(self, *actions: Step) -> None:
        """Note actions that were carried out."""
        self._states.update((id(action), "done") for action in actions)

    def unknown(self, *actions: Step) -> None:
        """Note actions of which nobody knows whether they were."""
        self._states.update((id(action), "unknown") for action in actions)

    def not_done(self, *actions: Step) -> None:
        """Note actions that were not carried out after all."""
        self._states.update((id(action), "notDone") for action in actions)

    @contextmanager
    def performing(self, *actions: Step) -> Iterator[None]:
        """Note what happens to actions that are carried out as one: refused is not done, given up is not known.

        What has been noted as done in between stays so: what fails then is only the look at it.
        """
        try:
            yield
        except (Problem, Interrupted) as problem:
            if problem.unknown:
                self.unknown(*(action for action in actions if self._states.get(id(action)) != "done"))
            raise
        self.done(*actions)

    def run(
        self, transport: Transport, actions: Sequence[Step], calls: Sequence[Call], progress: Progress | None = None
    ) -> list[Answer]:
        """Have calls carried out that are one action each, and note every answer, also of a run that is given up."""
        try:
            answers = transport.run(calls, progress)
        except (Problem, Interrupted) as problem:
            answered = list(problem.answers) or [None] * len(calls)
            self._take(actions, answered)
            raise
        self._take(actions, answers)
        return answers

    def _take(self, actions: Sequence[Step], answers: Sequence[Answer | None]) -> None:
        for action, answer in zip(actions, answers, strict=True):
            if answer is None:
                self.unknown(action)
            elif answer.failure is None:
                self.done(action)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Give a problem its report on the way out, where something was to be done."""
        try:
            yield
        except (Problem, Interrupted) as problem:
            if self._actions and problem.report is None:
                problem.report = self.document()
            raise

    def document(self) -> dict[str, Any]:
        """Return it as JSON: for each state the kinds in their order, with number and the first names; and the remedy."""
        grouped: dict[State, dict[str, list[str]]] = {"done": {}, "unknown": {}, "notDone": {}}
        for action in self._actions:
            state = self._states.get(id(action), "notDone")
            grouped[state].setdefault(action.kind, []).append(_short(action.subject))
        parts: dict[str, Any] = {
            state: [
                {"kind": kind, "number": len(names), "subjects": names[:_MOST_NAMES]} for kind, names in kinds.items()
            ]
            for state, kinds in grouped.items()
        }
        return {**parts, "remedy": REMEDY}


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return a report's lines for people."""
    said = []
    for state, words in _WORDS.items():
        parts = [_line(part) for part in report[state]]
        if parts or state != "unknown":
            said.append(f"{words}: {'; '.join(parts) or 'nothing'}")
    return [*said, f"what to do: {report['remedy']}"]


def _line(part: Mapping[str, Any]) -> str:
    number, names = part["number"], part["subjects"][:3]
    more = ", …" if number > len(names) else ""
    return f"{part['kind']} {number} ({', '.join(names)}{more})"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
