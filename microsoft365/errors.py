"""The one tree of errors that reach a person, each with the exit code of the script that ends with it.

    Problem
    ├── BadInput (2)         a value is wrong: nothing was asked of the tenant because of it
    ├── NoAccess (3)         sign-in failed, or a right is missing
    │   └── SignInRefused    the login host refused, and said why by a code
    ├── TenantRefused (4)    Microsoft refused a call, or an answer was not complete
    ├── GaveUp (5)           waited as long as is sensible; running again goes on from there
    │   ├── OutcomeUnknown   the answer to a change was lost: read before trying again
    │   └── TimedOut         one call took longer than its server or we wait: smaller ones may do
    └── Guarded (6)          a guard of this project stopped the run
    Interrupted (130, 143)   somebody stopped the run; no Problem, so that nothing on its way takes it for a failure and goes on

Every message says what was wrong, with the value, and what mends it; none holds a secret. EXIT_CODES says what each code that
every script can end with means, EXIT_CODES_OF_ONE what only one of them ends with; docs/for-pipelines.md is made of both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

EXIT_CODES: Mapping[int, str] = {
    0: "Done, or nothing to do.",
    1: "A fault of this project: please report it, with what was printed.",
    2: "Bad input: a value that somebody wrote is wrong, and nothing was asked of the tenant because of it.",
    3: "Sign-in failed, or a right is missing; the message names it and where it is given.",
    4: "Microsoft refused a call, or gave an answer that is not complete.",
    5: "Gave up waiting: running the same command again is safe and goes on from there.",
    6: "A guard of this project stopped the run before it would have done harm.",
    130: "Interrupted (Ctrl-C): running the same command again goes on from there.",
    143: "Ended by SIGTERM, or because whoever started it was killed: as 130.",
}

VERIFIED_RED = 7
SECRET_OVERDUE = 8
SECRET_DUE = 10
"""What a pipeline may pass over, with a warning; so it is none of those with which `pulumi` itself ends (0 to 9, 255)."""
EXIT_CODES_OF_ONE: Mapping[int, tuple[str, str]] = {
    VERIFIED_RED: ("verify_connector", "something is not as it must be."),
    SECRET_OVERDUE: (
        "secret_status",
        "something is overdue: the displays stand still, or nobody knows that they do not.",
    ),
    SECRET_DUE: ("secret_status", "somebody has to do something within 60 days."),
}
"""Program and meaning. No code means two things."""


class Problem(Exception):  # noqa: N818  # it is told to people, not handled like a bug
    """Something that a person can act upon. `exit_code` is what a script ends with."""

    exit_code = 1
    unknown = False
    """Whether the change that failed with it may have happened all the same."""
    answers: Sequence[Any] = ()
    """What a transport (exchange/transport.py) had been answered before it raised this."""
    report: Mapping[str, Any] | None = None
    """What was done of a run that failed in part, and what was not (exchange/ledger.py); None where nothing was begun."""

    told = False
    """Whether a document that says so was printed already."""

    def saying(self, message: str) -> "Problem":
        """Return the same problem in other words, with its exit code and all that it holds."""
        again = type(self).__new__(type(self), message)
        again.args = (message,)
        again.__dict__.update(self.__dict__)
        return again


class Interrupted(BaseException):
    """Somebody stopped the run. What is under way may have been done: its answer is not waited for."""

    unknown = True
    answers: Sequence[Any] = ()
    """See Problem.answers."""
    report: Mapping[str, Any] | None = None
    """See Problem.report."""

    def __init__(self, why: str, *, exit_code: int) -> None:
        super().__init__(why)
        self.exit_code = exit_code


class BadInput(Problem):
    """A value that somebody wrote is wrong; the message names it and how to mend it."""

    exit_code = 2


class NoAccess(Problem):
    """Nobody was signed in, or whoever is lacks a right. `cmdlet` is Exchange's that was refused for it, where it was one."""

    exit_code = 3
    cmdlet = ""


class SignInRefused(NoAccess):
    """Microsoft's login host refused a sign-in. `code` is the number of its AADSTS code, `said` its own sentence."""

    def __init__(self, message: str, *, code: str, said: str) -> None:
        super().__init__(message)
        self.code = code
        self.said = said


class TenantRefused(Problem):
    """Microsoft refused a call, or gave an answer that cannot be used."""

    exit_code = 4


class GaveUp(Problem):
    """The limit of waiting was reached; running the same command again is safe and goes on from there."""

    exit_code = 5
    unknown = True


class OutcomeUnknown(GaveUp):
    """A change was sent and its answer lost, so that only reading tells whether it happened."""


class TimedOut(GaveUp):
    """One call took longer than the server or this program waits, so that only reading tells what it did."""


class Guarded(Problem):
    """A guard stopped the run before it would have done harm; nothing was changed by what it guards."""

    exit_code = 6
