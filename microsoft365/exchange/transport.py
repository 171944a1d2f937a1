"""The interface between what we want of Exchange and the way it is asked: cmdlets in, answers out.

rest.py implements it; a PowerShell process on this machine could as well (docs/decisions/0011). Whoever implements it
sees to paging, throttling and lost connections, so that an answer is complete or a failure, never a part that looks like
the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from microsoft365.errors import Problem
from microsoft365.exchange.failures import Failure

Row = Mapping[str, Any]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One cmdlet. `select` names the properties of each row that are wanted; empty means all of them."""

    cmdlet: str
    parameters: Mapping[str, Any]
    select: tuple[str, ...] = ()

    @property
    def reads(self) -> bool:
        """True for a cmdlet that changes nothing."""
        return self.cmdlet.startswith(("Get-", "Test-"))

    @property
    def repeatable(self) -> bool:
        """True where carrying it out twice leaves what carrying it out once leaves."""
        return not self.cmdlet.startswith("New-")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call: complete rows and Exchange's warnings, or a failure."""

    call: Call
    rows: Sequence[Row] = ()
    warnings: tuple[str, ...] = field(default=())
    failure: Failure | None = None

    def complete(self) -> Sequence[Row]:
        """Return the rows; raises the failure as a Problem (NoAccess, TenantRefused)."""
        if self.failure is not None:
            raise self.problem()
        return self.rows

    def problem(self) -> Problem:
        """Make the failure an error for a person. Only for an answer that has one."""
        assert self.failure is not None  # noqa: S101  # whoever asks has seen that there is one
        subject = self.call.parameters.get("Identity") or self.call.parameters.get("Name") or ""
        what = f"{self.call.cmdlet} {subject}".strip()
        return self.failure.problem(what, self.call.cmdlet, self.call.parameters)


class Transport(Protocol):
    """A way to have cmdlets carried out."""

    def run(self, calls: Sequence[Call], progress: Progress | None = None) -> list[Answer]:
        """Carry out all calls, in no particular order, and return their answers in the order of the calls.

        `progress` is told how many more are done. A call that fails is in its answer. Raises GaveUp when Exchange stays
        unavailable, OutcomeUnknown when the answer to a call that is not repeatable was lost (such calls are to be run
        alone), NoAccess when no token is to be had. What is raised holds, in its `answers`, one for each call: None where
        nobody knows what became of it, a failure where it was never sent.
        """


class Reporter(Protocol):
    """Tells people what is going on."""

    def begin(self, label: str, total: int) -> Progress:
        """Begin a step of `total` parts (0: not counted); the function returned is told how many more are done."""
