"""Groups and their members in Exchange."""

from typing import Any

import pytest

from tests.tenant.client import EIGER, TenantClient, exchange_error, expect

BYPASS = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}


def addresses(tenant: TenantClient, group: str) -> list[str]:
    rows = tenant.rows("Get-DistributionGroupMember", {"Identity": group, "ResultSize": "Unlimited"})
    return sorted(row["PrimarySmtpAddress"] for row in rows)


def test_new_group(tenant: TenantClient) -> None:
    made = tenant.make_group(members=[EIGER, "room-rigi"])
    assert (made["RecipientTypeDetails"], made["GroupType"]) == (
        "MailUniversalSecurityGroup",
        "Universal, SecurityEnabled",
    )
    assert (made["Alias"], made["DisplayName"]) == ("RoomzResources", "RoomzResources")
    assert (made["MemberJoinRestriction"], made["RequireSenderAuthenticationEnabled"]) == ("Closed", True)
    assert "Notes" not in made
    assert len(made["ManagedBy"]) == 1
    assert addresses(tenant, made["Guid"]) == [EIGER, "room-rigi@alpenblick.example"]
    (seen,) = tenant.rows("Get-Group", {"Identity": "RoomzResources"})
    assert seen["Notes"] == ""


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"Name": "N" * 65}, "DataValidationException"),
        ({"Name": "Room Eiger"}, "ADObjectAlreadyExistsException"),
        ({"Name": "G", "Alias": "room-eiger"}, "ADObjectAlreadyExistsException"),
        ({"Name": "G", "Alias": "a b"}, "DataValidationException"),
        ({"Name": "G", "PrimarySmtpAddress": EIGER.upper()}, "ProxyAddressExistsException"),
        ({"Name": "G", "PrimarySmtpAddress": "g@elsewhere.example"}, "NotAcceptedDomainException"),
        ({"Name": "G", "Members": ["nobody"]}, "ManagementObjectNotFoundException"),
        ({"Name": "G", "ManagedBy": ["nobody"]}, "ManagementObjectNotFoundException"),
        ({"Name": "G", "ManagedBy": ["room-eiger"]}, "TaskArgumentException"),
        ({"Name": "G", "MemberJoinRestriction": "Open"}, "RecipientTaskException"),
        ({"Name": "G", "Notes": "n" * 1025}, "DataValidationException"),
        ({"Name": "G", "Members": [f"m{n}" for n in range(10_001)]}, "TaskArgumentException"),
    ],
)
def test_bad_groups_are_refused_whole(tenant: TenantClient, parameters: dict[str, Any], kind: str) -> None:
    before = tenant.snapshot()
    answer = tenant.cmdlet("New-DistributionGroup", {"Type": "Security", **parameters})
    assert exchange_error(answer)[1] == kind
    assert tenant.snapshot() == before


def test_an_application_is_no_manager(tenant: TenantClient) -> None:
    tenant.make_group()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("Set-DistributionGroup", {"HiddenFromAddressListsEnabled": True}),
        ("Set-Group", {"Notes": "x"}),
        ("Add-DistributionGroupMember", {"Member": "room-rigi"}),
        ("Remove-DistributionGroupMember", {"Member": EIGER}),
        ("Update-DistributionGroupMember", {"Members": ["room-rigi"]}),
        ("Remove-DistributionGroup", {}),
    ]
    before = tenant.snapshot()
    for name, parameters in calls:
        given = {"Identity": "RoomzResources", "Confirm": False, **parameters}
        assert exchange_error(tenant.cmdlet(name, given))[1] == "OperationRequiresGroupManagerException", name
    assert tenant.snapshot() == before
    for name, parameters in calls:
        assert tenant.rows(name, {"Identity": "RoomzResources", **BYPASS, **parameters}) == [], name


def test_cmdlets_that_ask_first_need_confirm_false(tenant: TenantClient) -> None:
    tenant.make_group()
    for name, parameters in (
        ("Remove-DistributionGroupMember", {"Member": EIGER}),
        ("Update-DistributionGroupMember", {"Members": [EIGER]}),
        ("Remove-DistributionGroup", {}),
    ):
        given = {"Identity": "RoomzResources", "BypassSecurityGroupManagerCheck": True, **parameters}
        assert exchange_error(tenant.cmdlet(name, given))[1] == "ShouldContinueException"
    asking = tenant.cmdlet("Set-CalendarProcessing", {"Identity": EIGER, "DeleteSubject": False, "Confirm": True})
    assert exchange_error(asking)[1] == "ShouldContinueException"


def test_notes_are_set_group_s(tenant: TenantClient) -> None:
    tenant.make_group()
    refused = tenant.cmdlet("Set-DistributionGroup", {"Identity": "RoomzResources", "Notes": "x", **BYPASS})
    assert "Invalid cmdlet parameters specified. Notes" in refused.text
    tenant.rows("Set-Group", {"Identity": "RoomzResources", "Notes": "roomz:a/b", **BYPASS})
    assert tenant.rows("Get-Group", {"Identity": "RoomzResources"})[0]["Notes"] == "roomz:a/b"
    again = expect(tenant.cmdlet("Set-Group", {"Identity": "RoomzResources", "Notes": "roomz:a/b", **BYPASS}), 200)
    assert again["@adminapi.warnings"] == [
        "The command completed successfully but no settings of 'RoomzResources' have been modified."
    ]
    tenant.rows("Set-Group", {"Identity": "RoomzResources", "Notes": "", **BYPASS})
    assert tenant.rows("Get-Group", {"Identity": "RoomzResources"})[0]["Notes"] == ""


def test_rename_in_place_keeps_ids_and_the_former_address(tenant: TenantClient) -> None:
    made = tenant.make_group()
    changes = {"Name": "Rooms", "Alias": "rooms", "PrimarySmtpAddress": "rooms@alpenblick.example"}
    tenant.rows("Set-DistributionGroup", {"Identity": made["Guid"], **changes, **BYPASS})
    (renamed,) = tenant.rows("Get-DistributionGroup", {"Identity": "rooms"})
    assert renamed["Guid"] == made["Guid"]
    assert renamed["EmailAddresses"] == ["SMTP:rooms@alpenblick.example", "smtp:RoomzResources@alpenblick.example"]
    assert tenant.rows("Get-DistributionGroup", {"Identity": "RoomzResources@alpenblick.example"})[0]["Name"] == "Rooms"


def test_members(tenant: TenantClient) -> None:
    tenant.make_group()
    given = {"Identity": "RoomzResources", **BYPASS}
    refused = tenant.cmdlet("Add-DistributionGroupMember", {**given, "Member": "ROOM-EIGER"})
    assert exchange_error(refused)[1:] == (
        "MemberAlreadyExistsException",
        'The recipient "Room Eiger" is already a member of the group "RoomzResources".',
    )
    tenant.rows(
        "Add-DistributionGroupMember", {**given, "Member": "room-calanda"}
    )  # synchronized, online: a room as any
    tenant.rows("Remove-DistributionGroupMember", {**given, "Member": EIGER})
    refused = tenant.cmdlet("Remove-DistributionGroupMember", {**given, "Member": EIGER})
    assert exchange_error(refused)[1] == "MemberNotFoundException"
    tenant.rows("Update-DistributionGroupMember", {**given, "Members": ["room-rigi", "room-pilatus"]})
    assert addresses(tenant, "RoomzResources") == ["room-pilatus@alpenblick.example", "room-rigi@alpenblick.example"]
    twice = tenant.cmdlet("Update-DistributionGroupMember", {**given, "Members": ["room-rigi", "ROOM-RIGI"]})
    assert twice.status_code == 400


def test_members_come_in_no_order(tenant: TenantClient) -> None:
    rooms = [row["PrimarySmtpAddress"] for row in tenant.rows("Get-Mailbox", {"RecipientTypeDetails": "RoomMailbox"})]
    tenant.make_group(members=rooms)
    asked = [tenant.rows("Get-DistributionGroupMember", {"Identity": "RoomzResources"}) for _ in range(3)]
    orders = {tuple(row["Guid"] for row in rows) for rows in asked}
    assert len(orders) > 1
    assert {frozenset(order) for order in orders} == {frozenset(next(iter(orders)))}


def test_synchronized_groups_refuse_writes(tenant: TenantClient) -> None:
    given = {"Identity": "ward-nurses", **BYPASS}
    answer = tenant.cmdlet("Add-DistributionGroupMember", {**given, "Member": EIGER})
    status, _, text = exchange_error(answer)
    assert status == 400
    assert "synchronized from your on-premises organization" in text
    assert tenant.rows("Get-DistributionGroup", {"Identity": "ward-nurses"})[0]["IsDirSynced"] is True


def test_calendar_processing_changes_what_is_given(tenant: TenantClient) -> None:
    (before,) = tenant.rows("Get-CalendarProcessing", {"Identity": EIGER})
    assert before["AutomateProcessing"] == "AutoAccept"
    three = ("AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty")
    assert [before[name] for name in three] == [True, True, True]
    given = {"Identity": EIGER, "Confirm": False, **dict.fromkeys(three, False)}
    first = expect(tenant.cmdlet("Set-CalendarProcessing", given), 200)
    assert (first["value"], first["@adminapi.warnings"]) == ([], [])
    (after,) = tenant.rows("Get-CalendarProcessing", {"Identity": EIGER})
    assert after == {**before, **dict.fromkeys(three, False)}
    assert expect(tenant.cmdlet("Set-CalendarProcessing", given), 200)["@adminapi.warnings"]
    tenant.rows("Set-CalendarProcessing", {**given, **dict.fromkeys(three, True)})
    assert tenant.rows("Get-CalendarProcessing", {"Identity": EIGER}) == [before]
    refused = tenant.cmdlet("Set-CalendarProcessing", {"Identity": "anna.keller", "DeleteSubject": False})
    assert refused.status_code == 400
    for name, alias in (("Equipment", "equipment-projector"), ("Workspace", "workspace-aare")):
        assert tenant.rows("Get-Mailbox", {"Identity": alias})[0]["ResourceType"] == name
        tenant.rows("Set-CalendarProcessing", {"Identity": alias, "DeleteSubject": False})


def test_recipients_and_domains(tenant: TenantClient) -> None:
    (control,) = tenant.rows("Get-Recipient", {"Identity": "control.mailbox@alpenblick.example"})
    assert (control["RecipientTypeDetails"], control["City"]) == ("UserMailbox", "Bern")
    kinds = {row["RecipientTypeDetails"] for row in tenant.rows("Get-Recipient", {"ResultSize": "Unlimited"})}
    assert kinds == {
        "EquipmentMailbox",
        "MailUniversalDistributionGroup",
        "MailUniversalSecurityGroup",
        "RoomMailbox",
        "UserMailbox",
    }
    domains = {row["DomainName"]: row["Default"] for row in tenant.rows("Get-AcceptedDomain")}
    assert domains == {"alpenblick.example": True, "alpenblick.onmicrosoft.com": False}
