"""A run that is killed: the next `up` goes on from there, and nothing was open in between."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.order import assert_closed_at_every_instant, story
from tests.support.stack import Stack
from tests.support.tenant import Tenant

PATIENCE = 60.0


def wait_for_request(tenant: Tenant, process: "subprocess.Popen[str]", **wanted: str) -> None:
    """Until the tenant has seen such a request begin; fails when the run ends first or nothing comes."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if any(all(entry[key] == value for key, value in wanted.items()) for entry in tenant.requests()):
            return
        if process.poll() is not None:
            raise AssertionError(f"the run ended before {wanted}")
        time.sleep(0.02)
    raise AssertionError(f"nothing like {wanted} within {PATIENCE} s")


def test_invariant_2_the_script_killed_half_way_is_finished_by_the_next_up(stack: Stack, tenant: Tenant) -> None:
    # The second write waits long enough to be killed in the middle of it.
    tenant.fault(action={"delaySeconds": 30}, cmdlet="New-ApplicationAccessPolicy")
    process = stack.start("up", "--yes", "--skip-preview")
    wait_for_request(tenant, process, cmdlet="New-DistributionGroup")
    marked = stack.environment()["ARM_CLIENT_SECRET"]
    killed = _kill_scripts(marked)
    assert killed, "there was no script to kill"
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0, output
    assert "Traceback" not in output
    tenant.heal()
    assert story(tenant.requests())[:2] == ["application made", "group made"]
    stack.up()
    assert "grant made" in story(tenant.requests())
    assert story(tenant.requests()).count("group made") == 1
    assert story(tenant.requests()).count("application made") == 1
    assert_closed_at_every_instant(tenant.requests())
    stack.up()
    assert stack.changes() == {}


def test_invariant_2_the_engine_killed_half_way_is_finished_after_cancel(stack: Stack, tenant: Tenant) -> None:
    tenant.fault(action={"delaySeconds": 30}, cmdlet="New-ApplicationAccessPolicy")
    process = stack.start("up", "--yes", "--skip-preview")
    wait_for_request(tenant, process, cmdlet="New-DistributionGroup")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    _kill_scripts(stack.environment()["ARM_CLIENT_SECRET"])
    tenant.heal()
    stack.pulumi("cancel", "--yes", expect=None)
    stack.up()
    assert_closed_at_every_instant(tenant.requests())
    assert story(tenant.requests()).count("application made") == 1
    stack.up()
    assert stack.changes() == {}


def _kill_scripts(marked: str) -> list[int]:
    """Kill the policy scripts whose environment holds `marked`: those of this test's run and of no other test's."""
    killed = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "scripts.exchange_policy apply" in arguments and marked in environment:
            os.kill(int(folder.name), signal.SIGKILL)
            killed.append(int(folder.name))
    return killed
