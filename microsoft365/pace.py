"""Time as everything that waits sees it, so that tests need not wait; and what people are told of a wait."""

import time
from collections.abc import Callable
from dataclasses import dataclass


def _tell_nobody(_seconds: float, _why: str) -> None:
    pass


@dataclass(frozen=True)
class Pace:
    """Seconds of a clock that never goes back, a way to wait, and a way to say why. Tests bring their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[float, str], None] = _tell_nobody

    def wait(self, seconds: float, why: str) -> None:
        """Wait; `why` is a sentence without its full stop for whoever watches."""
        self.tell(seconds, why)
        self.sleep(seconds)
