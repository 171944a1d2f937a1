"""A script that is stopped from outside says what it has done, may have done and has not, and ends at once; real processes.

What the report says of each action is test_ledger.py's; that the next run finishes the work, test_fault_sweep.py's.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from microsoft365.errors import Interrupted
from scripts.interruption import LAUNCHER, stoppable
from simulator.server import SimulatorServer
from tests.desired_state.tenant import PROJECT, Tenant
from tests.support import documents

PATIENCE = 30.0
HELD = 20.0
"""Seconds that the tenant keeps an answer back: whoever waited for it would be seen."""


def children_of(process_id: int) -> list[int]:
    """The processes that a process has started and that live."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == process_id]


def ctrl_c(process: "subprocess.Popen[str]") -> None:
    """What a terminal does: everything in the foreground gets it."""
    os.killpg(process.pid, signal.SIGINT)


def terminate_the_script(process: "subprocess.Popen[str]") -> None:
    (script,) = children_of(process.pid)
    os.kill(script, signal.SIGTERM)


def terminate_the_launcher(process: "subprocess.Popen[str]") -> None:
    process.terminate()


def kill_the_launcher(process: "subprocess.Popen[str]") -> None:
    """What the command plug-in does when Pulumi is told to cancel."""
    process.kill()


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    """A simulator of its own: an answer that is held goes on being held in whatever test comes next."""
    with SimulatorServer(tmp_path) as server:
        yield Tenant(server, tmp_path)


@pytest.fixture
def running(tenant: Tenant) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, stdin: Any) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [PROJECT / "scripts" / "run", "exchange_policy", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=tenant.environment,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdin is not None
        process.stdin.write(json.dumps(stdin))
        process.stdin.close()
        process.stdin = None
        return process

    yield start
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def wait_until_held(tenant: Tenant, process: "subprocess.Popen[str]", before: str) -> None:
    """Until the call behind `before` is under way, which the tenant holds."""
    limit = time.monotonic() + PATIENCE
    while not any(entry["cmdlet"] == before for entry in tenant.cmdlets()):
        assert time.monotonic() < limit, "the run never came that far"
        assert process.poll() is None, "the run ended early"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("stop", "code", "name"),
    [
        (ctrl_c, 130, "SIGINT"),
        (terminate_the_script, 143, "SIGTERM"),
        (terminate_the_launcher, -signal.SIGTERM, "SIGTERM"),
        (kill_the_launcher, -signal.SIGKILL, "SIGTERM"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_whoever_is_stopped_says_what_was_done_and_does_not_wait_for_answers(
    tenant: Tenant,
    running: Callable[..., "subprocess.Popen[str]"],
    stop: Callable[["subprocess.Popen[str]"], None],
    code: int,
    name: str,
) -> None:
    desired = tenant.desired(tenant.application()["clientId"])
    tenant.fault({"api": "exchange", "cmdlet": "New-ApplicationAccessPolicy"}, {"delaySeconds": HELD})
    tenant.forget_requests()
    process = running("apply", "--json", stdin=desired)
    wait_until_held(tenant, process, "Set-DistributionGroup")
    began = time.monotonic()
    stop(process)
    # Both streams end when the script has ended, whatever became of the launcher.
    out, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < HELD, "it waited for the answer"
    assert process.returncode == code, err
    assert f"interrupted ({name}); running the same command again goes on from here\n" in err
    assert "done: createGroup 1 (RoomzResources); " in err
    assert "may have been done (its answer was lost; the next run looks before it does anything): createPolicy 1" in err
    assert "not done: setCalendar 25" in err
    assert "Traceback" not in err
    document = documents.read(out, "exchange_policy apply --json")
    assert document["exitCode"] == (130 if name == "SIGINT" else 143)
    assert [part["kind"] for part in document["notDone"]] == ["setCalendar"]
    tenant.control.delete("/faults").raise_for_status()
    assert tenant.run("apply", stdin=desired).code == 0
    assert tenant.run("apply", stdin=desired).document["changed"] == {}


def test_what_was_told_to_ignore_a_signal_goes_on_ignoring_it() -> None:
    """As a shell tells what it runs in the background, whose terminal gets Ctrl-C for something else."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted) as stopped, stoppable():
            signal.raise_signal(signal.SIGTERM)
        assert stopped.value.exit_code == 143
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_a_script_whose_launcher_is_gone_before_it_looks_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while Python loads what it needs; and no child takes the launcher for its own."""
    monkeypatch.setenv(LAUNCHER, "1" if os.getppid() != 1 else "2")
    try:
        with pytest.raises(Interrupted), stoppable():
            signal.sigtimedwait([], PATIENCE)
        assert LAUNCHER not in os.environ
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_batches_that_are_under_way_are_not_waited_for_either(
    tenant: Tenant, running: Callable[..., "subprocess.Popen[str]"]
) -> None:
    """They are sent by other threads, which Python would wait for."""
    desired = tenant.desired(tenant.application()["clientId"])
    tenant.fault({"api": "exchange", "cmdlet": "Set-CalendarProcessing"}, {"delaySeconds": HELD}, times=25)
    tenant.forget_requests()
    process = running("apply", stdin=desired)

    def batches_behind_the_policy() -> int:
        entries = tenant.requests()
        made = [number for number, entry in enumerate(entries) if entry["cmdlet"] == "New-ApplicationAccessPolicy"]
        return sum(entry["path"].endswith("$batch") for entry in entries[made[0] :]) if made else 0

    limit = time.monotonic() + PATIENCE
    while batches_behind_the_policy() < 3:
        assert time.monotonic() < limit, "the run never came that far"
        time.sleep(0.05)
    began = time.monotonic()
    ctrl_c(process)
    _, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < HELD, "it waited for the answers"
    assert process.returncode == 130, err
    done, _, not_known = err.partition("may have been done")
    assert "createPolicy 1" in done
    assert "setCalendar 25 (" in not_known
    assert "not done: nothing" in not_known


def test_a_script_that_reads_says_that_it_was_interrupted(
    tenant: Tenant, running: Callable[..., "subprocess.Popen[str]"]
) -> None:
    tenant.fault({"api": "exchange", "cmdlet": "Get-Mailbox"}, {"delaySeconds": HELD})
    tenant.forget_requests()
    process = running("observe", "--errors-as-json", stdin=tenant.desired())
    limit = time.monotonic() + PATIENCE
    while not any(entry["api"] == "graph" for entry in tenant.requests()):
        assert time.monotonic() < limit, "the run never came that far"
        time.sleep(0.05)
    began = time.monotonic()
    ctrl_c(process)
    out, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < HELD, "it waited for the answer"
    assert process.returncode == 130, err
    document = documents.read(out, "exchange_policy observe --errors-as-json")
    assert document["exitCode"] == 130
    assert document["error"].startswith("interrupted (SIGINT)")
    assert "Traceback" not in err
