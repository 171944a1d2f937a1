"""Progress in plain lines with the seconds since the start, and processes that are never silent for long.

Owns how set-up speaks and where the details go (one log file). Refuses to decide anything. It writes to standard error
only: standard output belongs to `--json`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HEARTBEAT_SECONDS = 15.0
LINES_OF_A_FAILURE = 12


class SetUpError(Exception):
    """A step that could not be done. The text is for the person who must act; `exit_code` is the command's."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Progress:
    """Says what is being done, and runs processes whose output goes to the log."""

    def __init__(self, log: Path, write: Callable[[str], object] = sys.stderr.write) -> None:
        self.log = log
        self._write = write
        self._start = time.monotonic()

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

        """
        started = time.monotonic()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            log.write(f"\n$ {' '.join(str(part) for part in command)}   (in {folder})\n".encode())
            log.flush()
            begin = log.tell()
            try:
                process = subprocess.Popen(
                    [str(part) for part in command],
                    cwd=folder,
                    env=dict(os.environ) if environment is None else dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                raise SetUpError(f"{doing} could not be started: {error}") from error
            code = self._wait(process, doing, started)
        if code != 0:
            raise SetUpError(
                f"{doing} failed (exit code {code}). The last lines of {self.log}:\n{self._last_lines(begin)}"
            )
        return time.monotonic() - started

    def _wait(self, process: "subprocess.Popen[bytes]", doing: str, started: float) -> int:
        try:
            while True:
                try:
                    return process.wait(timeout=HEARTBEAT_SECONDS)
                except subprocess.TimeoutExpired:
                    self.say(f"  still: {doing} ({time.monotonic() - started:.0f} s so far)")
        except BaseException:
            process.terminate()
            process.wait()
            raise

    def _last_lines(self, begin: int) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            text = log.read().decode(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-LINES_OF_A_FAILURE:])
