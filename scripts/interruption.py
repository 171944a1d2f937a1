"""A script that is stopped from outside: by Ctrl-C, by SIGTERM, or because whoever started it was killed.

Owns that a run then ends at once and in order, as `Interrupted`, so that it still says what was done, what may have been and what
was not. Refuses to own the words of that report (microsoft365/exchange/ledger.py) and how it is printed (ending.py).

Pulumi's command plug-in stops what it has started with SIGKILL, which no program sees. So the plug-in is given the launcher to
kill (scripts/run, which waits beside the script for its end), and the script notices that the launcher is gone: what it prints
then still reaches the plug-in, which reads on until the script has ended, and stands below Pulumi's error.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from microsoft365.errors import Interrupted

LAUNCHER = "ROOMZ_LAUNCHER"
"""The variable in which scripts/run leaves its process id."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY_SECONDS = 0.2


@contextmanager
def stoppable() -> Iterator[None]:
    """Make of a signal, and of the launcher's end, an Interrupted in the main thread; a second signal ends the script as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    # Ignored from the beginning, as a shell does for what it runs in the background: it stays so.
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def stop(number: int, _frame: FrameType | None) -> None:
        over.set()
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
        name = signal.Signals(number).name
        raise Interrupted(
            f"interrupted ({name}); running the same command again goes on from here", exit_code=128 + number
        )

    for number in heeded:
        signal.signal(number, stop)
    # Taken out, so that no child takes it for its own.
    launcher = os.environ.pop(LAUNCHER, "")
    if launcher.isdigit():
        threading.Thread(target=_watch, args=(int(launcher), over), daemon=True).start()
    try:
        yield
    finally:
        if not over.is_set():
            over.set()
            for number in heeded:
                signal.signal(number, before[number])


def _watch(launcher: int, over: threading.Event) -> None:
    """Stop the script when its launcher has gone: Unix gives it another parent then."""
    while os.getppid() == launcher:
        if over.wait(_LOOK_EVERY_SECONDS):
            return
    if not over.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def leave(code: int) -> NoReturn:
    """End the process with this exit code, without waiting for requests that are under way in other threads."""
    sys.stdout.flush()
    sys.stderr.flush()
    # Python would wait for each of them, for minutes perhaps.
    if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        os._exit(code)
    raise SystemExit(code)
