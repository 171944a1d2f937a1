"""Steps of set-up side by side: all at once, the first failure ends the others, and nothing lives on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.progress import Progress, SetUpError, StoppedError
from tools.side_by_side import side_by_side

ROOT = Path(__file__).resolve().parents[2]
LONG = ["sleep", "600"]
SECONDS = 20.0


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "log", write=lambda _text: None)


def run(progress: Progress, folder: Path, *command: str) -> None:
    progress.run(command, doing=f"running {command[-1]}", folder=folder)


def test_steps_run_at_the_same_time_and_all_to_their_end(progress: Progress) -> None:
    meeting = threading.Barrier(2)
    done: list[str] = []

    def step(name: str) -> None:
        meeting.wait(SECONDS)
        done.append(name)

    side_by_side(progress, [lambda: step("one"), lambda: step("two")], lanes=2)
    assert sorted(done) == ["one", "two"]


def test_what_each_said_stands_whole_in_the_log(progress: Progress, tmp_path: Path) -> None:
    lines = 'for i in 1 2 3; do echo "$0 $i"; sleep 0.05; done'
    steps = [lambda name=name: run(progress, tmp_path, "sh", "-c", lines, name) for name in ("one", "two")]
    side_by_side(progress, steps, lanes=2)
    log = progress.log.read_text()
    for name in ("one", "two"):
        assert f"{name} 1\n{name} 2\n{name} 3\n" in log


def fail(progress: Progress, folder: Path) -> None:
    run(progress, folder, "sh", "-c", "echo what is wrong; exit 3")


def test_the_first_failure_ends_the_others_and_is_what_is_told(progress: Progress, tmp_path: Path) -> None:
    begun: list[str] = []

    def long() -> None:
        run(progress, tmp_path, *LONG)

    steps = [lambda: fail(progress, tmp_path), long, long, lambda: begun.append("fourth")]
    with pytest.raises(SetUpError, match=r"(?s)exit code 3.*what is wrong"):
        side_by_side(progress, steps, lanes=2)
    assert begun == []
    with pytest.raises(StoppedError):
        progress.pause(0)


@pytest.mark.parametrize("inner_first", [True, False])
def test_what_failed_within_a_step_is_told_and_not_that_the_others_were_stopped(
    progress: Progress, tmp_path: Path, inner_first: bool
) -> None:
    def inner() -> None:
        steps = [lambda: fail(progress, tmp_path), lambda: run(progress, tmp_path, *LONG)]
        side_by_side(progress, steps, lanes=2)

    outer = [inner, lambda: run(progress, tmp_path, *LONG)]
    with pytest.raises(SetUpError, match=r"what is wrong"):
        side_by_side(progress, outer if inner_first else outer[::-1], lanes=2)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def alive(process_id: str) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


PARENT = """echo $$ >> begun
sleep 600 & echo $! >> begun
wait"""


def test_what_a_step_started_ends_with_it(progress: Progress, tmp_path: Path) -> None:
    """As a compiler does below `go build`, which dies of SIGTERM and leaves it."""
    begun = tmp_path / "begun"

    def late() -> None:
        wait_until(lambda: begun.exists() and len(begun.read_text().splitlines()) == 2, "it did not begin")
        fail(progress, tmp_path)

    with pytest.raises(SetUpError, match=r"exit code 3"):
        side_by_side(progress, [lambda: run(progress, tmp_path, "sh", "-c", PARENT), late], lanes=2)
    assert [process_id for process_id in begun.read_text().split() if alive(process_id)] == []


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda told: told.name)
def test_whoever_ends_the_command_ends_all_that_it_runs(tmp_path: Path, told: signal.Signals) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tools.progress import Progress
from tools.side_by_side import end_when_told, side_by_side
end_when_told()
progress = Progress(Path({str(tmp_path / "log")!r}))
def step():
    progress.run(["sh", "-c", {PARENT!r}], doing="sleeping", folder=Path({str(tmp_path)!r}))
try:
    side_by_side(progress, [step, step, step], lanes=2)
except KeyboardInterrupt:
    sys.exit(130)
"""
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
    try:
        begun = tmp_path / "begun"
        wait_until(lambda: begun.exists() and len(begun.read_text().splitlines()) == 4, "the first two did not begin")
        process.send_signal(told)
        assert process.wait(SECONDS) == 130
        assert len(begun.read_text().splitlines()) == 4, "the third began"
        assert [process_id for process_id in begun.read_text().split() if alive(process_id)] == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
