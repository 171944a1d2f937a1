"""The way back while Exchange does not list all there is: looked at again, compared, and otherwise nothing is removed."""

from typing import Any

import pytest

from tests.desired_state.tenant import MARK, Tenant
from tests.desired_state.test_faults import NOT_FOUND
from tests.desired_state.test_remove_script import (
    applied,
    changes,
    delete,
    notes,
    policies,
    retired_command,
)

NOTHING = {"status": 200, "body": {"value": []}}
GROUPS, POLICIES, MEMBERS = "Get-Group", "Get-ApplicationAccessPolicy", "Get-DistributionGroupMember"
ALWAYS = 999


def lists_nothing(tenant: Tenant, *cmdlets: str, times: int = 1) -> None:
    for cmdlet in cmdlets:
        tenant.fault({"api": "exchange", "cmdlet": cmdlet}, NOTHING, times=times)


def used_by_another(tenant: Tenant, wish: dict[str, Any]) -> dict[str, str]:
    other = tenant.application(mark="theirs")
    scope = wish["group"]["primarySmtpAddress"]
    words = {"AccessRight": "RestrictAccess", "PolicyScopeGroupId": scope, "Description": "theirs"}
    tenant.cmdlet("New-ApplicationAccessPolicy", AppId=[other["clientId"]], **words)
    tenant.forget_requests()
    return other


@pytest.mark.parametrize("cmdlets", [(GROUPS,), (POLICIES,), (GROUPS, POLICIES), (MEMBERS,)])
@pytest.mark.parametrize("removal", ["now", "later"])
def test_invariant_3_one_reading_without_something_is_not_believed(
    tenant: Tenant, removal: str, cmdlets: tuple[str, ...]
) -> None:
    application, wish = applied(tenant, removal=removal, calendarOnRemoval="defaults")
    delete(tenant, application)
    lists_nothing(tenant, *cmdlets)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0, done.err
    removed = {"policies": 1, "groups": 1} if removal == "now" else {"policies": 0, "groups": 0}
    assert done.document["removed"] == {**removed, "calendars": 25, "marks": 0}
    assert len(done.document["retired"]) == (0 if removal == "now" else 2)


@pytest.mark.parametrize("cmdlets", [(GROUPS,), (GROUPS, POLICIES)])
@pytest.mark.parametrize("removal", ["now", "later"])
def test_invariant_3_lists_without_the_group_that_its_address_finds_end_with_5(
    tenant: Tenant, removal: str, cmdlets: tuple[str, ...]
) -> None:
    application, wish = applied(tenant, removal=removal)
    delete(tenant, application)
    lists_nothing(tenant, *cmdlets, times=ALWAYS)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 5
    assert "nothing was removed" in done.err
    assert wish["group"]["primarySmtpAddress"] in done.err
    assert changes(tenant) == []


def test_invariant_3_a_group_that_one_list_shows_and_another_does_not_find_ends_with_5(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    delete(tenant, application)
    lists_nothing(tenant, "Get-DistributionGroup", times=ALWAYS)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 5
    assert "Get-DistributionGroup does not find" in done.err
    assert changes(tenant) == []


def test_invariant_3_readings_that_never_agree_end_with_5(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    delete(tenant, application)
    for look in range(0, 100, 2):
        tenant.fault({"api": "exchange", "cmdlet": POLICIES}, NOTHING, skip=look)
        tenant.fault({"api": "exchange", "cmdlet": MEMBERS}, NOTHING, skip=look + 1)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 5
    assert "each reading shows something else" in done.err
    assert changes(tenant) == []


def test_invariant_3_one_list_without_policies_costs_nobody_the_group(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    other = used_by_another(tenant, wish)
    delete(tenant, application)
    lists_nothing(tenant, POLICIES)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0, done.err
    assert other["clientId"] in done.document["left"][0]
    assert changes(tenant) == ["Remove-ApplicationAccessPolicy"]
    assert notes(tenant) == [MARK]


@pytest.mark.parametrize("cmdlets", [(GROUPS,), (POLICIES,), (GROUPS, POLICIES)])
def test_invariant_3_ending_believes_no_single_reading_either(tenant: Tenant, cmdlets: tuple[str, ...]) -> None:
    application, _ = applied(tenant)
    delete(tenant, application, purge=True)
    lists_nothing(tenant, *cmdlets)
    done = tenant.run(*retired_command(tenant))
    assert done.code == 5
    assert len(done.document["retired"]) >= 1
    assert policies(tenant, application)[0]["Description"].startswith(f"{MARK} retired")


def test_invariant_3_ending_compares_with_the_address_that_the_named_command_holds(tenant: Tenant) -> None:
    application, wish = applied(tenant, removal="later")
    delete(tenant, application, purge=True)
    command = tenant.run("remove", stdin=wish).document["command"].split()[2:]
    tenant.advance(2.1)
    tenant.forget_requests()
    lists_nothing(tenant, GROUPS, POLICIES, times=ALWAYS)
    done = tenant.run(*command)
    assert done.code == 5
    assert wish["group"]["primarySmtpAddress"] in done.err
    assert changes(tenant) == []


def test_what_was_removed_is_said(tenant: Tenant) -> None:
    application, wish = applied(tenant, calendarOnRemoval="defaults")
    delete(tenant, application)
    said = tenant.run("remove", stdin=wish).err
    assert application["clientId"] in said
    assert wish["group"]["primarySmtpAddress"] in said
    for line in ("policies removed: 1", "groups removed: 1", "calendar processing again: 25"):
        assert line in said


@pytest.mark.parametrize("removal", ["now", "later"])
def test_that_nothing_carries_the_mark_is_said(tenant: Tenant, removal: str) -> None:
    done = tenant.run("remove", stdin=tenant.desired(removal=removal))
    assert done.code == 0, done.err
    assert f"nothing in Exchange carries the mark {MARK}" in done.err
    ended = tenant.run(*retired_command(tenant))
    assert ended.code == 0
    assert f"nothing in Exchange carries the mark {MARK}" in ended.err
    assert changes(tenant) == []


def test_what_ending_removed_and_left_is_said(tenant: Tenant) -> None:
    application, wish = applied(tenant, removal="later")
    other = used_by_another(tenant, wish)
    delete(tenant, application, purge=True)
    assert tenant.run("remove", stdin=wish).code == 0
    tenant.advance(2.1)
    done = tenant.run(*retired_command(tenant))
    assert done.code == 0, done.err
    assert "policies removed: 1" in done.err
    assert other["clientId"] in done.err


def test_invariant_6_a_wrong_address_of_the_group_is_refused(tenant: Tenant) -> None:
    done = tenant.run(*retired_command(tenant), "--group", "x")
    assert done.code == 2
    assert "--group 'x'" in done.err
    assert tenant.requests() == []


def test_invariant_2_a_group_that_goes_between_two_calls_is_looked_for_again(tenant: Tenant) -> None:
    """As when two removals run at once, which the engine does after `pulumi state taint`."""
    application, wish = applied(tenant)
    delete(tenant, application)
    tenant.fault({"api": "exchange", "cmdlet": MEMBERS}, {"status": 404, "body": NOT_FOUND})
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0, done.err
    assert done.document["removed"] == {"policies": 1, "groups": 1, "calendars": 0, "marks": 0}
