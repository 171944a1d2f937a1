"""Looks again until what a removal rests on agrees with itself: Exchange's lists, and Microsoft Graph just after a deletion.

Owns how often is looked, what is said meanwhile, and when it is given up. Owns no reading and no judgement: those who remove bring both.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from microsoft365.errors import GaveUp
from microsoft365.pace import Pace

# How long one look at Exchange's lists waits for the next.
LOOK_AGAIN_SECONDS = 3.0
# How long Graph may take to agree with itself just after a deletion, and between its looks.
_GRAPH_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0
_LISTS_AGAIN = "Reading a second time, since what one list lacks may still be there"
_GRAPH_AGAIN = "Asking Microsoft Graph a second time, since one empty answer may come from a server that lags"


class Lists(Protocol):
    """One reading of Exchange's lists."""

    @property
    def shown(self) -> object:
        """What is compared: two readings agree when theirs are the same."""

    @property
    def nothing_missing(self) -> bool:
        """True where there is all that `apply` makes: then one reading is enough."""

    @property
    def doubtful(self) -> bool:
        """True where something is listed as empty that hardly ever is: then agreement counts at the very end only."""


Found = TypeVar("Found", bound=Lists)


def agreed(look: Callable[[], tuple[Found, str | None]], seconds: float, pace: Pace) -> Found:
    """Return a reading in which nothing is missing, or that two looks in a row agree on.

    `look` returns a reading, and in words for people what in it contradicts itself, if anything. Raises GaveUp when neither comes
    within `seconds`, and what `look` raises.
    """
    until = pace.now() + seconds
    before: Found | None = None
    while True:
        found, contradiction = look()
        last = pace.now() + LOOK_AGAIN_SECONDS > until
        agrees = before is not None and before.shown == found.shown and (last or not found.doubtful)
        if contradiction is None and (found.nothing_missing or agrees):
            return found
        if last:
            raise GaveUp(
                "nothing was removed, since what Exchange lists cannot be all there is: "
                f"{contradiction or 'each reading shows something else'}. Run the same command again in some minutes"
            )
        before = found if contradiction is None else None
        pace.wait(LOOK_AGAIN_SECONDS, _LISTS_AGAIN)


def wait_for_graph(look: Callable[[], tuple[list[str], bool]], pace: Pace) -> None:
    """Return once Graph shows nothing both as there and as deleted.

    `look` returns what it shows so, in words for people, and whether one such answer is enough; else it counts when it is repeated,
    since it may come from a server that lags. Raises GaveUp after a minute, and what `look` raises.
    """
    until = pace.now() + _GRAPH_SECONDS
    pause, confirmed = _FIRST_PAUSE, False
    while True:
        undecided, is_enough = look()
        if not undecided and (confirmed or is_enough):
            return
        confirmed = not undecided
        still_shown = f"Microsoft Graph still shows {', '.join(undecided)} although deleted"
        if undecided and pace.now() + pause > until:
            raise GaveUp(f"nothing was removed: {still_shown}; run the same command again in some minutes")
        pace.wait(pause, still_shown if undecided else _GRAPH_AGAIN)
        pause = min(pause * 2, _LONGEST_PAUSE)
