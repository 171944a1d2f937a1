"""Steps of set-up that run side by side.

Owns that the first one that fails ends the others, and that nothing lives on behind the command. Refuses to know what a step does;
each must run its processes and its waiting through the same Progress.
"""

import signal
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from tools.progress import Progress, StoppedError


def end_when_told() -> None:
    """Let SIGTERM and SIGHUP end this command as Ctrl-C does, unless they are ignored (nohup).

    What runs is in process groups of its own, so whoever ends this command alone, or its group, would leave it running.
    """
    for which in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(which) != signal.SIG_IGN:
            signal.signal(which, signal.default_int_handler)


def side_by_side(progress: Progress, steps: Iterable[Callable[[], object]], *, lanes: int) -> None:
    """Run the steps in their order, up to `lanes` at a time, and return when all are done. A step may do the same in turn.

    Raises:
        SetUpError: of the step that failed; the others were stopped, and those that waited did not begin.
        KeyboardInterrupt: the user stopped it; so was everything that ran.

    """

    def guarded(step: Callable[[], object]) -> None:
        progress.pause(0)
        try:
            step()
        except BaseException:
            progress.stop()
            raise

    with ThreadPoolExecutor(lanes) as pool:
        try:
            running = [pool.submit(guarded, step) for step in steps]
            wait(running)
        except KeyboardInterrupt:
            progress.stop()
            raise
    errors = [error for one in running if (error := one.exception())]
    # Whoever was stopped knows nothing of why.
    for error in sorted(errors, key=lambda error: isinstance(error, StoppedError)):
        raise error
