"""Rooms come and go, people change things by hand: the preview says what differs, `up` repairs exactly that."""

from collections.abc import Callable

import pytest

from tests.support.stack import Stack
from tests.support.tenant import Tenant

GROUP = "RoomzResources"


def rooms(tenant: Tenant) -> list[str]:
    found = tenant.exchange("Get-Mailbox", RecipientTypeDetails=["RoomMailbox"], ResultSize="Unlimited")
    return sorted(row["PrimarySmtpAddress"] for row in found if row["ResourceType"] == "Room")


def members(tenant: Tenant) -> list[str]:
    found = tenant.exchange("Get-DistributionGroupMember", Identity=f"{GROUP}@{tenant.domain}", ResultSize="Unlimited")
    return sorted(row["PrimarySmtpAddress"] for row in found)


@pytest.mark.connected
def test_a_room_that_appears_is_covered_and_one_that_disappears_is_dropped(stack: Stack, tenant: Tenant) -> None:
    tenant.control(
        "POST",
        f"/tenants/{tenant.id}/mailboxes",
        {"name": "Zytglogge", "address": f"room-zytglogge@{tenant.domain}", "resourceType": "Room"},
    )
    preview = stack.preview("--diff")
    assert "room-zytglogge" in preview.text
    stack.up()
    assert f"room-zytglogge@{tenant.domain}" in members(tenant)
    assert stack.outputs()["rooms"] == {"number": 26, "inReach": 26, "withTitles": 26}
    assert stack.changes() == {"update": 1}
    stack.up()
    assert stack.changes() == {}

    tenant.control("DELETE", f"/tenants/{tenant.id}/mailboxes/room-zytglogge@{tenant.domain}")
    stack.up()
    assert members(tenant) == rooms(tenant)
    stack.up()
    assert stack.changes() == {}


def test_a_list_of_rooms_and_an_exclusion_are_exact(stack: Stack, tenant: Tenant) -> None:
    wanted = rooms(tenant)[:4]
    stack.configure(rooms={"include": wanted})
    stack.up()
    assert members(tenant) == wanted
    stack.configure(rooms={"include": wanted[:3]})
    stack.up()
    assert members(tenant) == wanted[:3]
    outputs = stack.outputs(secrets=True)
    token = tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).json()["access_token"]
    assert tenant.calendar_status(wanted[0], token) == 200
    assert tenant.calendar_status(wanted[3], token) == 403


@pytest.mark.connected
def test_more_removals_than_allowed_stop_before_anything_changes(stack: Stack, tenant: Tenant) -> None:
    settled = tenant.snapshot()
    stack.configure(rooms={"include": rooms(tenant)[:5]})
    for result in (stack.preview(expect=None), stack.up(expect=None)):
        assert result.code != 0
        assert "maxRemovals" in result.text
        assert "Traceback" not in result.text
    assert tenant.snapshot() == settled
    stack.configure(rooms={"include": rooms(tenant)[:5], "maxRemovals": 20})
    stack.up()
    assert members(tenant) == rooms(tenant)[:5]


def _remove_member(tenant: Tenant) -> str:
    victim = rooms(tenant)[3]
    tenant.exchange(
        "Remove-DistributionGroupMember",
        Identity=f"{GROUP}@{tenant.domain}",
        Member=victim,
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )
    return victim


def _add_person(tenant: Tenant) -> str:
    person = f"control.mailbox@{tenant.domain}"
    tenant.exchange(
        "Add-DistributionGroupMember",
        Identity=f"{GROUP}@{tenant.domain}",
        Member=person,
        BypassSecurityGroupManagerCheck=True,
    )
    return person


def _delete_policy(tenant: Tenant) -> str:
    (policy,) = [row for row in tenant.exchange("Get-ApplicationAccessPolicy") if "roomz:" in row["Description"]]
    tenant.exchange("Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    return "policy"


def _flip_calendar(tenant: Tenant) -> str:
    room = rooms(tenant)[7]
    tenant.exchange("Set-CalendarProcessing", Identity=room, DeleteSubject=True, Confirm=False)
    return room


def _show_in_address_lists(tenant: Tenant) -> str:
    tenant.exchange(
        "Set-DistributionGroup",
        Identity=f"{GROUP}@{tenant.domain}",
        HiddenFromAddressListsEnabled=False,
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )
    return "HiddenFromAddressListsEnabled"


@pytest.mark.parametrize(
    "by_hand",
    [
        _add_person,
        _flip_calendar,
        *(
            pytest.param(each, marks=pytest.mark.nightly)
            for each in (_remove_member, _delete_policy, _show_in_address_lists)
        ),
    ],
)
@pytest.mark.connected
def test_drift_in_exchange_is_previewed_named_and_repaired(
    stack: Stack, tenant: Tenant, by_hand: Callable[[Tenant], str]
) -> None:
    settled = tenant.snapshot()
    named = by_hand(tenant)
    drifted = tenant.snapshot()
    assert drifted != settled

    preview = stack.preview("--diff")
    assert "1 to update" in preview.text
    assert named in preview.text
    assert tenant.snapshot() == drifted, "a preview changed the tenant"
    stack.up()
    assert stack.changes() == {"update": 1}
    assert tenant.snapshot() == settled
    stack.up()
    assert stack.changes() == {}


@pytest.mark.connected
def test_the_drift_gate_of_a_pipeline_sees_drift_with_the_rights_to_read(stack: Stack, tenant: Tenant) -> None:
    stack.tenant = tenant.reader()
    stack.preview("--expect-no-changes")
    _remove_member(tenant)
    stack.preview("--expect-no-changes", expect=7)


@pytest.mark.connected
def test_a_grant_that_was_deleted_by_hand_is_warned_of_and_mended_by_the_printed_command(
    stack: Stack, tenant: Tenant
) -> None:
    outputs = stack.outputs()
    path = f"/servicePrincipals/{outputs['servicePrincipalObjectId']}/appRoleAssignments"
    (grant,) = tenant.graph("GET", path).json()["value"]
    assert (
        tenant.graph("DELETE", f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}").status_code
        == 204
    )
    warned = stack.preview()
    assert "grant (admin consent) of Calendars.ReadWrite is gone" in warned.text
    assert "pulumi up --refresh" in warned.text
    stack.up("--refresh")
    assert len(tenant.graph("GET", path).json()["value"]) == 1
    assert "is gone" not in stack.preview("--expect-no-changes").text


@pytest.mark.connected
def test_another_policy_for_our_application_stops_the_run(stack: Stack, tenant: Tenant) -> None:
    client_id = stack.outputs()["clientId"]
    tenant.exchange(
        "New-DistributionGroup",
        Name="Somebody's",
        Alias="somebody",
        Type="Security",
        PrimarySmtpAddress=f"somebody@{tenant.domain}",
    )
    tenant.exchange(
        "New-ApplicationAccessPolicy",
        AppId=[client_id],
        PolicyScopeGroupId=f"somebody@{tenant.domain}",
        AccessRight="RestrictAccess",
        Description="made by hand",
    )
    settled = tenant.snapshot()
    for result in (stack.preview(expect=None), stack.up(expect=None)):
        assert result.code != 0
        assert "has another application access policy" in result.text
        assert "Remove-ApplicationAccessPolicy -Identity" in result.text
        assert "Traceback" not in result.text
    assert tenant.snapshot() == settled
