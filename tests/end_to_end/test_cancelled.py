"""A run that is cancelled: by Ctrl-C, or as a pipeline's runner does when somebody cancels the job.

GitHub sends SIGINT, then SIGTERM, then kills ("Workflow cancellation reference"); Pulumi takes the first as "stop
orderly", the second as "stop now". Kills are test_interruptions.py's.
"""

import os
import signal
import time

import pytest

from tests.support.stack import Stack
from tests.support.tenant import Tenant
from tests.support.under_way import PATIENCE, seen, wait_until, wait_until_alone

HELD = 30.0
"""Seconds that the tenant keeps an answer back: whoever waited for it would be seen."""


def drift(tenant: Tenant) -> str:
    """Somebody deletes the policy, and sets titles back on two rooms; returns one of them."""
    (policy,) = [row for row in tenant.exchange("Get-ApplicationAccessPolicy") if "roomz:" in row["Description"]]
    tenant.exchange("Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    rooms = [f"room-{name}@{tenant.domain}" for name in ("eiger", "pilatus")]
    for room in rooms:
        tenant.exchange("Set-CalendarProcessing", Identity=room, DeleteSubject=True, Confirm=False)
    return rooms[0]


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param((signal.SIGINT,), id="Ctrl-C"),
        pytest.param((signal.SIGTERM,), id="SIGTERM", marks=pytest.mark.nightly),
        pytest.param((signal.SIGINT, signal.SIGINT), id="Ctrl-C twice", marks=pytest.mark.nightly),
        pytest.param((signal.SIGINT, signal.SIGTERM), id="as GitHub does", marks=pytest.mark.nightly),
    ],
)
@pytest.mark.connected
def test_invariant_2_a_cancelled_run_says_what_was_done_and_the_next_finishes(
    stack: Stack, tenant: Tenant, signals: tuple[signal.Signals, ...]
) -> None:
    settled = tenant.snapshot()
    drift(tenant)
    since = tenant.last_request()
    # What takes effect late, after the run that asked for it, is what the next run does as well.
    tenant.fault(action={"delaySeconds": HELD}, times=2, cmdlet="Set-CalendarProcessing")
    process = stack.start("up", "--yes", "--skip-preview")
    wait_until(tenant, process, seen(cmdlet="New-ApplicationAccessPolicy"), since=since)
    wait_until(tenant, process, batch_behind_the_policy, since=since)
    began = time.monotonic()
    for number in signals:
        os.kill(process.pid, number)
    text, _ = process.communicate(timeout=PATIENCE)
    stack.said.append(text)
    assert process.returncode != 0
    wait_until_alone(stack)
    assert time.monotonic() - began < HELD, "it waited for the answers"
    assert "Traceback" not in text
    if len(signals) == 1:
        # Told to stop orderly, Pulumi waits for what it has started, and shows what it said.
        assert "signal: killed: running" in text
        assert "interrupted (SIGTERM); running the same command again goes on from here" in text
        assert "done: createPolicy 1" in text
        assert (
            "may have been done (its answer was lost; the next run looks before it does anything): setCalendar 2"
            in text
        )
        assert "not done: nothing" in text
    tenant.heal()
    # No lock is left; `pulumi cancel` is for a Pulumi that was killed.
    stack.up()
    assert tenant.snapshot() == settled
    stack.up()
    assert stack.changes() == {}


def batch_behind_the_policy(entries: list[dict[str, object]]) -> bool:
    """The rooms that differ are being set: their batch is logged when it comes, and its parts when they take effect."""
    made = [number for number, entry in enumerate(entries) if entry["cmdlet"] == "New-ApplicationAccessPolicy"]
    return any(str(entry["path"]).endswith("$batch") for entry in entries[made[0] :])


@pytest.mark.nightly
@pytest.mark.connected
def test_invariant_2_a_secret_that_is_being_made_when_a_run_is_cancelled_is_named_or_known(
    stack: Stack, tenant: Tenant
) -> None:
    """Stopped orderly, the provider finishes what it has begun and the state knows it; stopped at once, it does not."""
    before = stack.outputs(secrets=True)
    stack.configure(secret={"generation": 1})
    for signals, secrets in (((signal.SIGINT,), 2), ((signal.SIGINT, signal.SIGINT), 4)):
        since = tenant.last_request()
        process = stack.start("up", "--yes", "--skip-preview")
        wait_until(tenant, process, seen(path_ends="/addPassword", status=200), since=since)
        for number in signals:
            os.kill(process.pid, number)
            time.sleep(0.5)
        text, _ = process.communicate(timeout=PATIENCE)
        stack.said.append(text)
        assert process.returncode != 0, text
        wait_until_alone(stack)
        said = stack.up().text
        assert "is in the tenant, and the last outputs do not know it" in said
        path = f"/applications/{before['applicationObjectId']}"
        assert len(tenant.graph("GET", path).json()["passwordCredentials"]) == secrets
        assert tenant.sign_in(before["clientId"], before["clientSecret"]).status_code == 200
        stack.configure(secret={"generation": 2})
    settled = stack.up().text
    assert settled.count("A password of this stack is in the tenant but not in its state") >= 1
    assert stack.changes() == {}
