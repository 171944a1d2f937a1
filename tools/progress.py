"""Progress in plain lines with the seconds since the start, and processes that are never silent for long.

Owns how set-up speaks, where the details go (one log file), and how everything that runs is stopped at once. Refuses to decide
anything. It writes to standard error only: standard output belongs to `--json`. Steps may run side by side (side_by_side.py).
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HEARTBEAT_SECONDS = 15.0
LINES_OF_A_FAILURE = 12
LOOK_SECONDS = 0.2
ENDINGS = ((signal.SIGINT, 2.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""What a process is sent that must end, and for how many seconds it is waited for then. Go cleans up after the first alone."""


class SetUpError(Exception):
    """A step that could not be done. The text is for the person who must act; `exit_code` is the command's."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class StoppedError(SetUpError):
    """A step that was ended, or did not begin, because of another one."""


class Progress:
    """Says what is being done, and runs processes whose output goes to the log."""

    def __init__(self, log: Path, write: Callable[[str], object] = sys.stderr.write) -> None:
        self.log = log
        self._write = write
        self._start = time.monotonic()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End every process that runs, and let none begin: whoever waits for one sees a StoppedError."""
        self._stopped.set()

    def pause(self, seconds: float) -> None:
        """Wait so many seconds.

        Raises:
            StoppedError: everything was stopped.

        """
        if self._stopped.wait(seconds):
            raise StoppedError("Stopped, since another step could not be done.")

    def say(self, text: str) -> None:
        """Print one line with the elapsed seconds."""
        self._write(f"[{time.monotonic() - self._start:4.0f} s] {text}\n")
        sys.stderr.flush()

    def run(
        self, command: Sequence[str | Path], *, doing: str, folder: Path, environment: Mapping[str, str] | None = None
    ) -> float:
        """Run `command` in `folder`, its output in the log, and return the seconds that it took.

        While it runs, a line with `doing` comes every fifteen seconds.

        Raises:
            SetUpError: it could not be started or ended with another code than 0; the text ends with its last lines.
            StoppedError: it was ended, with all that it had started.

        """
        self.pause(0)
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    [str(part) for part in command],
                    cwd=folder,
                    env=dict(os.environ) if environment is None else dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                )
            except OSError as error:
                raise SetUpError(f"{doing} could not be started: {error}") from error
            try:
                code = self._wait(process, doing, started)
            finally:
                output.seek(0)
                said = output.read()
                self._note(f"$ {' '.join(str(part) for part in command)}   (in {folder})", said)
        if code != 0:
            raise SetUpError(f"{doing} failed (exit code {code}). The last lines of {self.log}:\n{_last_lines(said)}")
        return time.monotonic() - started

    def _wait(self, process: "subprocess.Popen[bytes]", doing: str, started: float) -> int:
        due = started + HEARTBEAT_SECONDS
        try:
            while process.poll() is None:
                self.pause(LOOK_SECONDS)
                if time.monotonic() >= due:
                    self.say(f"  still: {doing} ({time.monotonic() - started:.0f} s so far)")
                    due += HEARTBEAT_SECONDS
        except BaseException:
            _end(process)
            raise
        return process.returncode

    def _note(self, title: str, said: bytes) -> None:
        """Append what a process said to the log, in one piece: others may run beside it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab", buffering=0) as log:
            log.write(f"\n{title}\n".encode() + said)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and what it started, which is a group of its own: a compiler outlives the `go` that is killed."""
    for which, seconds in ENDINGS:
        until = time.monotonic() + seconds
        try:
            os.killpg(process.pid, which)
            while time.monotonic() < until:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(LOOK_SECONDS / 10)
        except ProcessLookupError:
            break
        except PermissionError:  # what sudo started ends by itself
            break
    process.wait()


def _last_lines(said: bytes) -> str:
    lines = said.decode(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-LINES_OF_A_FAILURE:])
