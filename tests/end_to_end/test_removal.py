"""The way back by `pulumi destroy`: what people are told, readings that lack something, and calendar processing."""

from typing import Any

import pytest

from tests.support.order import assert_closed_at_every_instant
from tests.support.stack import Stack
from tests.support.tenant import Tenant

NOTHING = {"status": 200, "body": {"value": []}}
LISTS = ("Get-Group", "Get-ApplicationAccessPolicy")
REMOVAL = "roomz-restriction-removal-command"


def left_by(tenant: Tenant) -> tuple[list[str], list[str]]:
    """Policies and groups with a mark."""
    policies = [row["Description"] for row in tenant.exchange("Get-ApplicationAccessPolicy")]
    groups = [row["Notes"] or "" for row in tenant.exchange("Get-Group")]
    return [text for text in policies if "roomz:" in text], [text for text in groups if "roomz:" in text]


def without_deleted_items(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in snapshot.items() if name != "deletedItems"}


def test_up_and_destroy_say_what_they_did(stack: Stack, tenant: Tenant) -> None:
    assert "can take longer than an hour to take effect" in stack.up().text
    said = stack.destroy().text
    assert "application access policies removed: 1" in said
    assert "groups removed: 1" in said
    assert left_by(tenant) == ([], [])


def test_destroying_what_left_nothing_in_exchange_says_so(stack: Stack, tenant: Tenant) -> None:
    tenant.fault(action={"status": 403, "body": ""}, times=50, cmdlet="New-DistributionGroup")
    assert stack.up(expect=None).code != 0
    tenant.heal()
    assert "nothing in Exchange carries the mark roomz:roomz/test" in stack.destroy().text
    assert left_by(tenant) == ([], [])


@pytest.mark.connected
def test_invariant_3_destroy_believes_no_lists_that_lack_the_group(stack: Stack, tenant: Tenant) -> None:
    for cmdlet in LISTS:
        tenant.fault(action=NOTHING, times=500, cmdlet=cmdlet)

    stopped = stack.destroy(expect=None)

    assert stopped.code != 0
    assert "nothing was removed, since what Exchange lists cannot be all there is" in stopped.text
    assert REMOVAL in stack.resources(), "what is left behind stays in the state"
    tenant.heal()
    assert left_by(tenant) == (["roomz:roomz/test"], ["roomz:roomz/test"])
    stack.destroy()
    assert left_by(tenant) == ([], [])
    assert_closed_at_every_instant(tenant.requests())


@pytest.mark.connected
def test_an_application_that_is_gone_already_is_passed_with_a_refresh(stack: Stack, tenant: Tenant) -> None:
    application = stack.outputs()["applicationObjectId"]
    assert tenant.graph("DELETE", f"/applications/{application}").status_code == 204

    stopped = stack.destroy(expect=None)

    assert stopped.code != 0
    assert "deleting Application" in stopped.text
    assert "404" in stopped.text
    assert left_by(tenant) == (["roomz:roomz/test"], ["roomz:roomz/test"])
    stack.destroy("--refresh")
    assert left_by(tenant) == ([], [])


@pytest.mark.connected(calendarOnRemoval="defaults")
def test_invariant_3_destroy_looks_again_at_lists_that_lack_something(stack: Stack, tenant: Tenant) -> None:
    for cmdlet in LISTS:
        tenant.fault(action=NOTHING, cmdlet=cmdlet)
    stack.destroy()
    assert without_deleted_items(tenant.snapshot()) == without_deleted_items(tenant.seeded)


@pytest.mark.connected(calendarOnRemoval="defaults")
def test_calendars_go_back_to_the_defaults_after_they_were_left_alone(stack: Stack, tenant: Tenant) -> None:
    stack.configure(calendar="unmanaged")
    stack.up()
    assert "calendar processing again: 25" in stack.destroy().text
    assert without_deleted_items(tenant.snapshot()) == without_deleted_items(tenant.seeded)
