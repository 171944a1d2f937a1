"""A whole process, timed: from before it is started until it has ended, and the most memory that it held.

Owns nothing of what the process does.
"""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 900.0
_LOOK_EVERY_SECONDS = 0.02
_KIB_IN_MIB = 1024


@dataclass(frozen=True)
class Ended:
    """How a process ended, what it took, and the JSON document that it printed."""

    seconds: float
    peak_mib: float
    document: Any


def run(command: Sequence[str], stdin: Any, environment: Mapping[str, str]) -> Ended:
    """Run a command to its end, which must be a good one; `stdin` is handed over as JSON."""
    peak = 0
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps(stdin))
    process.stdin.close()
    process.stdin = None
    while process.poll() is None:
        # A process that has ended has no memory any more; VmHWM only grows, and the peak lies long before the end.
        peak = max(peak, *(_peak_kib(each) for each in _family(process.pid)))
        time.sleep(_LOOK_EVERY_SECONDS)
        if time.perf_counter() - begin > LIMIT_SECONDS:
            process.kill()
    seconds = time.perf_counter() - begin
    out, error = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{out}{error}")
    return Ended(seconds, peak / _KIB_IN_MIB, json.loads(out))


def _family(process_id: int) -> list[int]:
    """A process and those that it started and waits for: the launcher, and the script that is measured."""
    try:
        children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    except OSError:
        children = []
    return [process_id, *(one for child in children for one in _family(int(child)))]


def _peak_kib(process_id: int) -> int:
    """Return the most memory that a process has held at once (proc(5), VmHWM); 0 when it is gone."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0
    _, found, rest = status.partition("VmHWM:")
    return int(rest.split()[0]) if found else 0
