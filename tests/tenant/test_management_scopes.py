"""Management scopes, and filters as parameters of other cmdlets."""

from typing import Any

import pytest

from tests.tenant.client import EIGER, TenantClient, exchange_error, expect
from tests.tenant.rbac import NO_CONFIRMATION, ROOMS, assign, make_scope, register


def test_filter_goes_in_by_one_name_and_comes_out_by_another_in_normal_form(tenant: TenantClient) -> None:
    made = make_scope(tenant, text=f'{ROOMS} -AND office -eq "Bern"')
    assert made["RecipientFilter"] == "((RecipientTypeDetails -eq 'RoomMailbox') -and (Office -eq 'Bern'))"
    assert "RecipientRestrictionFilter" not in made
    shown = (made["ScopeRestrictionType"], made["Exclusive"], made["RecipientRoot"], made["Identity"])
    assert shown == ("RecipientScope", False, None, "Rooms")
    for identity in ("ROOMS", made["Guid"], made["DistinguishedName"], "roo*"):
        assert tenant.rows("Get-ManagementScope", {"Identity": identity}) == [made]
    assert tenant.rows("Get-ManagementScope") == [made]


def test_scope_changes_in_place(tenant: TenantClient) -> None:
    made = make_scope(tenant)
    changes = {"Name": "Displays", "RecipientRestrictionFilter": "CustomAttribute1 -eq 'display'"}
    tenant.rows("Set-ManagementScope", {"Identity": "Rooms", **changes, **NO_CONFIRMATION})
    (changed,) = tenant.rows("Get-ManagementScope", {"Identity": made["Guid"]})
    assert (changed["Name"], changed["RecipientFilter"]) == ("Displays", "CustomAttribute1 -eq 'display'")
    again = expect(tenant.cmdlet("Set-ManagementScope", {"Identity": "Displays", **changes}), 200)
    assert "have been modified" in again["@adminapi.warnings"][0]


@pytest.mark.parametrize(
    ("parameters", "status", "part"),
    [
        ({"Name": "n" * 65, "RecipientRestrictionFilter": ROOMS}, 400, "The maximum length is 64"),
        ({"Name": "ROOMS", "RecipientRestrictionFilter": ROOMS}, 400, "already exists"),
        ({"Name": "x*", "RecipientRestrictionFilter": ROOMS}, 400, "can't be the name"),
        ({"Name": "x"}, 400, "mandatory parameters: RecipientRestrictionFilter"),
        ({"Name": "x", "RecipientRestrictionFilter": ""}, 400, "mandatory parameters: RecipientRestrictionFilter"),
        ({"Name": "x", "RecipientRestrictionFilter": "Office -eq Bern"}, 400, "Invalid filter syntax."),
        ({"Name": "x", "RecipientRestrictionFilter": "Ofice -eq 'Bern'"}, 400, "not a recognized filterable property"),
        ({"Name": "x", "RecipientRestrictionFilter": "Title -eq 'x'"}, 501, "property Title"),
        ({"Name": "x", "RecipientRestrictionFilter": ROOMS, "Exclusive": True}, 501, "Exclusive"),
    ],
)
def test_bad_scopes_are_refused_whole(tenant: TenantClient, parameters: dict[str, Any], status: int, part: str) -> None:
    make_scope(tenant)
    before = tenant.snapshot()
    answer = tenant.cmdlet("New-ManagementScope", parameters)
    assert answer.status_code == status
    assert part in answer.text
    assert tenant.snapshot() == before


def test_scope_in_use_stays(tenant: TenantClient) -> None:
    make_scope(tenant)
    assign(tenant, register(tenant), Name="roomz", CustomResourceScope="Rooms")
    assert tenant.rows("Get-ManagementScope", {"Orphan": True}) == []
    remove = {"Identity": "Rooms", **NO_CONFIRMATION}
    refused = tenant.cmdlet("Remove-ManagementScope", remove)
    assert "use it: roomz." in exchange_error(refused)[2]
    tenant.rows("Remove-ManagementRoleAssignment", {"Identity": "roomz", **NO_CONFIRMATION})
    assert len(tenant.rows("Get-ManagementScope", {"Orphan": True})) == 1
    assert (
        exchange_error(tenant.cmdlet("Remove-ManagementScope", {"Identity": "Rooms"}))[1] == "ShouldContinueException"
    )
    tenant.rows("Remove-ManagementScope", remove)
    assert exchange_error(tenant.cmdlet("Get-ManagementScope", {"Identity": "Rooms"}))[0] == 404


def test_dehydrated_organization(tenant: TenantClient) -> None:
    tenant.control("POST", "/seed", {"rooms": 2, "people": 1, "customized": False})
    assert tenant.rows("Get-OrganizationConfig")[0]["IsDehydrated"] is True
    principal = register(tenant)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("New-ManagementScope", {"Name": "x", "RecipientRestrictionFilter": ROOMS}),
        ("New-ManagementRoleAssignment", {"App": principal["ObjectId"], "Role": "Application Calendars.Read"}),
        ("New-RoleGroup", {"Name": "x", "Roles": ["Mail Recipients"]}),
    ]
    for name, parameters in calls:
        status, kind, text = exchange_error(tenant.cmdlet(name, parameters))
        assert (status, kind) == (400, "InvalidOperationInDehydratedContextException")
        assert text.endswith("you first need to run the command: Enable-OrganizationCustomization.")
    assert tenant.rows("Enable-OrganizationCustomization") == []
    assert tenant.rows("Get-OrganizationConfig")[0]["IsDehydrated"] is False
    for name, parameters in calls:
        assert len(tenant.rows(name, parameters)) == 1
    again = exchange_error(tenant.cmdlet("Enable-OrganizationCustomization"))
    assert again[1:] == (
        "InvalidOperationException",
        "This operation is not required. Organization is already enabled for customization.",
    )


def test_get_mailbox_and_get_recipient_filter_by_what_their_page_lists(tenant: TenantClient) -> None:
    bern = {"Filter": f"{ROOMS} -and Office -eq 'Bern'"}
    assert len(tenant.rows("Get-Mailbox", bern)) == len(tenant.rows("Get-Recipient", bern)) == 9
    assert len(tenant.rows("Get-Mailbox", {"Filter": "ResourceCapacity -gt 15"})) == 4
    assert len(tenant.rows("Get-Recipient", {"Filter": f"{ROOMS} -and City -eq 'z\u00fcrich'"})) == 8
    assert tenant.rows("Get-Mailbox", {"Filter": "Office -eq 'Bern'", "Identity": "room-rigi"}) == []
    for cmdlet, text in (("Get-Mailbox", "City -eq 'Bern'"), ("Get-Recipient", "ResourceCapacity -gt 15")):
        status, kind, message = exchange_error(tenant.cmdlet(cmdlet, {"Filter": text}))
        assert (status, kind) == (400, "ParameterBindingException")
        assert f'"{text.partition(" ")[0]}" is not a recognized filterable property' in message


def test_attributes_that_filters_ask_for_change(tenant: TenantClient) -> None:
    display = {"Filter": "CustomAttribute7 -eq 'display'"}
    body = {"address": "room-new@alpenblick.example", "customAttributes": {"CustomAttribute7": "Display"}}
    tenant.control("POST", "/tenants/alpenblick.example/mailboxes", body)
    assert [row["Name"] for row in tenant.rows("Get-Mailbox", display)] == ["room-new"]
    tenant.rows("Set-Mailbox", {"Identity": EIGER, "CustomAttribute7": "display", "Office": "Thun", **NO_CONFIRMATION})
    tenant.rows("Set-User", {"Identity": EIGER, "City": "Thun", **NO_CONFIRMATION})
    (eiger,) = tenant.rows("Get-Recipient", {"Filter": "City -eq 'Thun' -and Office -eq 'Thun'"})
    assert (eiger["Name"], eiger["CustomAttribute7"], eiger["CustomAttribute8"]) == ("Room Eiger", "display", "")
    tenant.rows("Set-Mailbox", {"Identity": EIGER, "CustomAttribute7": "", "Type": "Regular"})
    assert [row["Name"] for row in tenant.rows("Get-Mailbox", display)] == ["room-new"]
    assert tenant.rows("Get-Mailbox", {"Identity": EIGER})[0]["RecipientTypeDetails"] == "UserMailbox"
    refused = tenant.cmdlet("Set-Mailbox", {"Identity": "room-calanda", "Office": "Bern"})
    assert "synchronized from your on-premises organization" in exchange_error(refused)[2]
    bad = tenant.plain.post(
        "/tenants/alpenblick.example/mailboxes", json={**body, "customAttributes": {"CustomAttribute16": "x"}}
    )
    assert bad.status_code == 400
