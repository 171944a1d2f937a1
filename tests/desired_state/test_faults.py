"""Faults that need real sockets or a real process: resets of a connection, refusals, kills, many rooms.

Every request in turn, in every way: test_fault_sweep.py and test_removal_sweep.py.
"""

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.desired_state.tenant import PROJECT, Tenant

COUNTED = {"number": 25, "inReach": 25, "withTitles": 25}


def wish(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    return tenant.desired(tenant.application()["clientId"], **changes)


def essence(tenant: Tenant) -> dict[str, Any]:
    """Return what matters of the tenant after an apply: one group, one policy of ours, all calendars."""
    groups = tenant.cmdlet("Get-Group", RecipientTypeDetails=["MailUniversalSecurityGroup"], ResultSize="Unlimited")
    marked = [one for one in groups if "roomz:" in str(one["Notes"] or "")]
    policies = [one for one in tenant.cmdlet("Get-ApplicationAccessPolicy") if "roomz:" in str(one["Description"])]
    return {"groups": len(marked), "policies": len(policies)}


def assert_settled(tenant: Tenant, desired: dict[str, Any], counted: dict[str, int]) -> None:
    found = tenant.run("observe", stdin=desired).document["exchange"]
    assert (found["differs"], found["restriction"], found["rooms"]) == (False, "present", counted), found["summary"]
    assert essence(tenant) == {"groups": 1, "policies": 1}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "cmdlet",
    [
        "Get-Mailbox",
        "New-ApplicationAccessPolicy",
        "Set-CalendarProcessing",
    ],
)
def test_invariant_2_a_reset_makes_nothing_twice(tenant: Tenant, cmdlet: str, when: str) -> None:
    desired = wish(tenant)
    tenant.fault({"api": "exchange", "cmdlet": cmdlet}, {"reset": when})
    done = tenant.run("apply", stdin=desired)
    assert done.code == 0, done.err
    assert_settled(tenant, desired, COUNTED)


@pytest.mark.parametrize(
    "action",
    [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 429},
        {"status": 503},
        {"status": 504},
        {"status": 500},
        {"status": 403, "body": "You have reached the maximum number of concurrent requests per tenant. Please wait."},
        {"status": 401},
    ],
)
def test_a_service_that_is_busy_is_asked_again(tenant: Tenant, action: dict[str, Any]) -> None:
    desired = wish(tenant)
    for cmdlet in ("Get-CalendarProcessing", "New-ApplicationAccessPolicy"):
        tenant.fault({"api": "exchange", "cmdlet": cmdlet}, action)
    done = tenant.run("apply", stdin=desired)
    assert done.code == 0, done.err
    assert_settled(tenant, desired, COUNTED)


@pytest.mark.parametrize(
    ("cmdlet", "code"),
    [
        ("Get-Mailbox", 3),
        ("Get-Group", 3),
        ("Get-ApplicationAccessPolicy", 3),
        ("Get-DistributionGroup", 3),
        ("Get-CalendarProcessing", 3),
    ],
)
def test_invariant_3_a_reading_that_fails_changes_nothing(tenant: Tenant, cmdlet: str, code: int) -> None:
    desired = wish(tenant)
    before = tenant.snapshot()
    tenant.fault({"api": "exchange", "cmdlet": cmdlet}, {"status": 403, "body": ""}, times=99)
    done = tenant.run("apply", stdin=desired)
    assert done.code == code, done.err
    assert "Exchange Administrator" in done.err
    assert tenant.snapshot() == before


@pytest.mark.parametrize("members", ["exact", "atLeast"])
def test_invariant_3_members_that_a_first_reading_does_not_show_stop_the_run(tenant: Tenant, members: str) -> None:
    desired = wish(tenant, group={"members": members})
    assert tenant.run("apply", stdin=desired).code == 0
    before = tenant.snapshot()
    nothing = {"status": 200, "body": {"value": []}}
    tenant.fault({"api": "exchange", "cmdlet": "Get-DistributionGroupMember"}, nothing)
    done = tenant.run("apply", stdin=desired)
    assert done.code == 4, done.err
    assert "incomplete reading" in done.err
    assert tenant.snapshot() == before


def test_a_part_that_fails_is_named_and_the_next_run_goes_on(tenant: Tenant) -> None:
    desired = wish(tenant)
    detail = {"code": "Context", "target": "", "message": "Ex1|Microsoft.Exchange.QuotaException|Voll."}
    refusal = {"error": {"code": "BadRequest", "message": "Error executing cmdlet", "details": [detail]}}
    tenant.fault({"api": "exchange", "cmdlet": "Set-CalendarProcessing"}, {"status": 400, "body": refusal}, skip=3)
    done = tenant.run("apply", stdin=desired)
    assert done.code == 4
    assert "24 of 25 rooms" in done.err
    assert "Voll." in done.err
    again = tenant.run("apply", stdin=desired)
    assert again.document["changed"] == {"setCalendar": 1}
    assert_settled(tenant, desired, COUNTED)


def test_invariant_1_a_policy_that_cannot_be_made_is_an_error_and_calendars_wait(tenant: Tenant) -> None:
    desired = wish(tenant)
    tenant.fault({"api": "exchange", "cmdlet": "New-ApplicationAccessPolicy"}, {"status": 403, "body": ""})
    done = tenant.run("apply", stdin=desired)
    assert done.code == 3
    assert not [entry for entry in tenant.cmdlets() if entry["cmdlet"] == "Set-CalendarProcessing"]


@pytest.mark.parametrize("cmdlet", ["Set-DistributionGroup", "New-ApplicationAccessPolicy", "Set-CalendarProcessing"])
def test_invariant_2_a_run_that_is_killed_is_finished_by_the_next(tenant: Tenant, cmdlet: str) -> None:
    desired = wish(tenant)
    tenant.fault({"api": "exchange", "cmdlet": cmdlet}, {"delaySeconds": 5})
    tenant.forget_requests()
    process = subprocess.Popen(
        [PROJECT / "scripts" / "run", "exchange_policy", "apply"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=tenant.environment,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(desired))
    process.stdin.close()
    limit = time.monotonic() + 20
    # The calls before the one that is held up are done; that one is under way or about to be.
    before = {"Set-DistributionGroup": "New-DistributionGroup"}.get(cmdlet, "Set-DistributionGroup")
    while not any(entry["cmdlet"] == before for entry in tenant.cmdlets()):
        assert time.monotonic() < limit, "the run never came that far"
        assert process.poll() is None, "the run ended early"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    tenant.control.delete("/faults").raise_for_status()
    assert tenant.run("apply", stdin=desired).code == 0
    assert_settled(tenant, desired, COUNTED)


def test_more_than_a_thousand_rooms(tenant: Tenant) -> None:
    """Get-Mailbox shows 1,000 and stops there unless it is asked for more, page by page."""
    tenant.control.post("/seed", json={"rooms": 1500, "people": 5}).raise_for_status()
    counted = {"number": 1500, "inReach": 1500, "withTitles": 1500}
    desired = wish(tenant)
    done = tenant.run("apply", stdin=desired)
    assert done.code == 0, done.err
    assert done.document["rooms"] == counted
    assert_settled(tenant, desired, counted)


def test_a_page_link_that_expires_is_no_short_list(tenant: Tenant) -> None:
    tenant.control.post("/seed", json={"rooms": 1500, "people": 5}).raise_for_status()
    expired = {"error": {"code": "BadRequest", "message": "Expired or Invalid pagination request."}}
    tenant.fault({"api": "exchange", "cmdlet": "Get-Mailbox"}, {"status": 400, "body": expired}, skip=1)
    desired = tenant.desired(calendar="unmanaged")
    assert tenant.run("observe", stdin=desired).document["exchange"]["rooms"]["number"] == 1500


NOT_FOUND = {
    "error": {
        "code": "NotFound",
        "message": "Error executing cmdlet",
        "details": [
            {
                "code": "Context",
                "target": "",
                "message": "Ex|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|weg",
            }
        ],
    }
}
