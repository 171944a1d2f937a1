"""One check of the page: a state that is drawn as a sign and a colour, and the words beside it.

Owns the four states and which of several is the worst.  Refuses to own what is checked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["good", "off", "wait", "bad"]
"""As it should be; nothing to judge; right, but not everywhere yet; not as it should be."""

WORSE: tuple[State, ...] = ("off", "good", "wait", "bad")


@dataclass(frozen=True)
class Check:
    """The state, and words that say it without the colour."""

    state: State
    text: str


def worst(checks: Iterable[Check]) -> State:
    """Return the worst state of some checks, `off` when there are none."""
    states = {check.state for check in checks}
    return next((state for state in reversed(WORSE) if state in states), "off")


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 room`, `2 rooms`, `1,000 rooms`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
