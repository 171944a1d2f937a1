"""The way back: `exchange_policy.py remove`, now and later, and the end of what was retired."""

import shlex
from typing import Any

import pytest

from tests.desired_state.tenant import MARK, Tenant


def applied(tenant: Tenant, *, grant: bool = False, **changes: Any) -> tuple[dict[str, str], dict[str, Any]]:
    application = tenant.application(grant=False)
    wish = tenant.desired(application["clientId"], **changes)
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    if grant:
        application["grantId"] = tenant.grant(application["principalId"])
    tenant.forget_requests()
    # The removal takes nothing from the application.
    return application, {**wish, "application": {"clientId": None}}


def delete(tenant: Tenant, application: dict[str, str], *, purge: bool = False) -> None:
    tenant.graph("DELETE", f"/applications/{application['objectId']}")
    if purge:
        tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")


def changes(tenant: Tenant) -> list[str]:
    return [entry["cmdlet"] for entry in tenant.cmdlets() if not entry["cmdlet"].startswith(("Get-", "Test-"))]


def policies(tenant: Tenant, application: dict[str, str]) -> list[dict[str, Any]]:
    found = tenant.cmdlet("Get-ApplicationAccessPolicy")
    return [one for one in found if one["AppId"].lower() == application["clientId"]]


def notes(tenant: Tenant) -> list[str]:
    return [str(one["Notes"]) for one in tenant.cmdlet("Get-Group") if MARK in str(one["Notes"] or "")]


def retired_command(tenant: Tenant) -> list[str]:
    connection = tenant.connection
    hosts = ["--metadata-host", connection["metadataHost"], "--exchange-host", connection["exchangeHost"]]
    return ["remove", "--retired", "--mark", MARK, *hosts]


def test_now_leaves_the_tenant_as_it_was(tenant: Tenant) -> None:
    before = tenant.snapshot()
    application, wish = applied(tenant, calendarOnRemoval="defaults")
    delete(tenant, application, purge=True)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0, done.err
    assert done.document["removed"] == {"policies": 1, "groups": 1, "calendars": 25, "marks": 0}
    assert tenant.snapshot() == before


def test_the_policy_goes_before_the_group_and_calendars_are_kept_unless_asked_for(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    delete(tenant, application)
    tenant.run("remove", stdin=wish)
    assert changes(tenant) == ["Remove-ApplicationAccessPolicy", "Remove-DistributionGroup"]


def test_defaults_come_back_only_on_rooms_that_are_as_we_set_them(tenant: Tenant) -> None:
    application, wish = applied(tenant, calendarOnRemoval="defaults")
    room = "room-rigi@alpenblick.example"
    tenant.cmdlet("Set-CalendarProcessing", Identity=room, AddOrganizerToSubject=True, Confirm=False)
    delete(tenant, application)
    assert tenant.run("remove", stdin=wish).document["removed"]["calendars"] == 24
    (settings,) = tenant.cmdlet("Get-CalendarProcessing", Identity=room)
    assert settings["DeleteSubject"] is False


@pytest.mark.parametrize("removal", ["now", "later"])
def test_defaults_come_back_when_calendars_are_not_managed_any_more(tenant: Tenant, removal: str) -> None:
    application, wish = applied(tenant)
    unmanaged = {**wish, "calendar": "unmanaged", "calendarOnRemoval": "defaults", "removal": removal}
    assert tenant.run("apply", stdin={**unmanaged, "application": {"clientId": application["clientId"]}}).code == 0
    delete(tenant, application)
    done = tenant.run("remove", stdin=unmanaged)
    assert done.code == 0, done.err
    assert done.document["removed"]["calendars"] == 25
    (settings,) = tenant.cmdlet("Get-CalendarProcessing", Identity="room-rigi@alpenblick.example")
    assert settings["AddOrganizerToSubject"] is True


def test_invariant_3_defaults_come_back_on_no_room_outside_the_group(tenant: Tenant) -> None:
    room = "room-rigi@alpenblick.example"
    application, wish = applied(tenant, calendarOnRemoval="defaults", rooms={"exclude": [room]})
    three = dict.fromkeys(("AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty"), False)
    tenant.cmdlet("Set-CalendarProcessing", Identity=room, **three, Confirm=False)
    delete(tenant, application)
    assert tenant.run("remove", stdin=wish).document["removed"]["calendars"] == 24
    (settings,) = tenant.cmdlet("Get-CalendarProcessing", Identity=room)
    assert settings["DeleteSubject"] is False


def test_invariant_2_removing_again_is_no_error(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    delete(tenant, application)
    tenant.run("remove", stdin=wish)
    again = tenant.run("remove", stdin=wish)
    assert again.code == 0
    assert again.document["removed"] == {"policies": 0, "groups": 0, "calendars": 0, "marks": 0}


@pytest.mark.parametrize("removal", ["now", "later"])
def test_invariant_1_nothing_is_removed_while_a_grant_for_calendars_lives(tenant: Tenant, removal: str) -> None:
    application, wish = applied(tenant, grant=True)
    done = tenant.run("remove", stdin={**wish, "removal": removal})
    assert done.code == 6
    assert application["clientId"] in done.err
    assert "Calendars.ReadWrite" in done.err
    assert changes(tenant) == []


def test_invariant_1_an_application_with_the_mark_counts_without_a_policy(tenant: Tenant) -> None:
    _, wish = applied(tenant)
    second = tenant.application(grant=True)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 6
    assert second["clientId"] in done.err
    assert changes(tenant) == []


def test_invariant_1_the_client_id_of_a_policy_counts_without_a_mark_on_the_application(tenant: Tenant) -> None:
    application, wish = applied(tenant, grant=True)
    tenant.graph("PATCH", f"/applications/{application['objectId']}", {"notes": ""})
    done = tenant.run("remove", stdin=wish)
    assert done.code == 6
    assert changes(tenant) == []


def test_once_the_grant_is_revoked_it_may_go(tenant: Tenant) -> None:
    application, wish = applied(tenant, grant=True)
    tenant.revoke(application)
    assert tenant.run("remove", stdin=wish).code == 0
    assert policies(tenant, application) == []


@pytest.mark.parametrize("path", ["/applications$", "/deletedItems", "/servicePrincipals$", "/appRoleAssignments"])
def test_invariant_1_what_cannot_be_read_counts_as_held(tenant: Tenant, path: str) -> None:
    _, wish = applied(tenant, grant=True)
    refusal = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete."}}
    tenant.fault({"api": "graph", "path": path}, {"status": 403, "body": refusal}, times=20)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 6, done.err
    assert changes(tenant) == []


@pytest.mark.parametrize("path", ["/applications$", "/deletedItems", "/servicePrincipals$"])
def test_invariant_3_a_list_that_is_not_found_is_not_an_empty_one(tenant: Tenant, path: str) -> None:
    _, wish = applied(tenant, grant=True)
    tenant.fault({"api": "graph", "path": path}, {"status": 404, "body": {"error": {"code": "x"}}}, times=20)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 6, done.err
    assert changes(tenant) == []


def test_invariant_3_a_list_that_is_cut_off_counts_as_held(tenant: Tenant) -> None:
    _, wish = applied(tenant)
    tenant.fault({"api": "graph", "path": "/applications$"}, {"status": 200, "body": {"oops": 1}}, times=20)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 6
    assert changes(tenant) == []


def test_now_is_refused_where_exchange_is_not_this_machine(tenant: Tenant) -> None:
    wish = tenant.desired()
    wish["connection"] = {**wish["connection"], "exchangeHost": "exchange.example"}
    done = tenant.run("remove", stdin=wish)
    assert done.code == 2
    assert "removal is now" in done.err
    assert tenant.cmdlets() == []


def test_invariant_3_a_group_that_others_use_stays_and_is_named(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    other = tenant.application(mark="theirs")
    address = wish["group"]["primarySmtpAddress"]
    parameters = {"AccessRight": "RestrictAccess", "PolicyScopeGroupId": address, "Description": "theirs"}
    tenant.cmdlet("New-ApplicationAccessPolicy", AppId=[other["clientId"]], **parameters)
    delete(tenant, application)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0
    assert other["clientId"] in done.document["left"][0]
    assert policies(tenant, other)
    assert notes(tenant) == [MARK]


def test_invariant_3_an_adopted_group_only_loses_the_mark(tenant: Tenant) -> None:
    address = "theirs@alpenblick.example"
    tenant.cmdlet(
        "New-DistributionGroup",
        Name="Theirs",
        Alias="theirs",
        PrimarySmtpAddress=address,
        Type="Security",
        Notes="of old",
    )
    group = {"primarySmtpAddress": address, "name": "Theirs", "alias": "theirs", "hiddenFromAddressLists": False}
    refused = tenant.run("apply", stdin=tenant.desired(tenant.application()["clientId"], group=group))
    assert refused.code == 6
    assert "adopt" in refused.err
    application, wish = applied(tenant, group={**group, "adopt": True})
    assert notes(tenant) == [f"of old\n{MARK} adopted"]
    delete(tenant, application)
    done = tenant.run("remove", stdin=wish)
    assert done.document["removed"]["marks"] == 1
    (left,) = tenant.cmdlet("Get-Group", Identity="Theirs")
    assert left["Notes"] == "of old"


def later(tenant: Tenant, *, purge: bool) -> tuple[dict[str, str], dict[str, Any], str]:
    application, wish = applied(tenant)
    delete(tenant, application, purge=purge)
    done = tenant.run("remove", stdin={**wish, "removal": "later"})
    assert done.code == 0, done.err
    return application, wish, done.document["command"]


def test_later_writes_the_time_and_names_the_command(tenant: Tenant) -> None:
    application, wish, command = later(tenant, purge=False)
    (policy,) = policies(tenant, application)
    assert policy["Description"].startswith(f"{MARK} retired 20")
    assert notes(tenant)[0].startswith(f"{MARK} retired 20")
    assert sorted(changes(tenant)) == ["Set-ApplicationAccessPolicy", "Set-Group"]
    assert command.startswith(f"scripts/run exchange_policy remove --retired --mark {MARK}")
    tenant.advance(1)
    assert tenant.run("remove", stdin={**wish, "removal": "later"}).code == 0
    assert policies(tenant, application)[0]["Description"] == policy["Description"]


def test_the_named_command_ends_it_two_hours_later(tenant: Tenant) -> None:
    application, _, command = later(tenant, purge=True)
    words = shlex.split(command)[2:]
    early = tenant.run(*words)
    assert early.code == 5
    assert "run this again after" in early.err
    assert policies(tenant, application)
    tenant.advance(2.1)
    done = tenant.run(*words)
    assert done.code == 0, done.err
    assert done.document["removed"] == {"policies": 1, "groups": 1, "calendars": 0, "marks": 0}
    assert notes(tenant) == []
    assert tenant.run(*words).code == 0


def test_invariant_1_what_can_be_restored_keeps_its_restriction(tenant: Tenant) -> None:
    application, _, _ = later(tenant, purge=False)
    tenant.advance(48)
    done = tenant.run(*retired_command(tenant))
    assert done.code == 5
    assert "can be restored until" in done.err
    assert policies(tenant, application)
    tenant.advance(24 * 30)
    assert tenant.run(*retired_command(tenant)).code == 0
    assert policies(tenant, application) == []


def test_without_a_time_one_is_written(tenant: Tenant) -> None:
    application, _ = applied(tenant)
    delete(tenant, application, purge=True)
    done = tenant.run(*retired_command(tenant))
    assert done.code == 5
    assert "retired just now" in done.err
    tenant.advance(2.1)
    assert tenant.run(*retired_command(tenant)).code == 0
    assert notes(tenant) == []


def test_invariant_1_what_is_in_use_is_neither_retired_nor_removed(tenant: Tenant) -> None:
    application, _ = applied(tenant, grant=True)
    done = tenant.run(*retired_command(tenant))
    assert done.code == 0
    assert policies(tenant, application)[0]["Description"] == MARK
    assert notes(tenant) == [MARK]


def test_up_after_a_retirement_renews_the_group_and_leaves_the_former_policy(tenant: Tenant) -> None:
    former, wish, _ = later(tenant, purge=True)
    second = tenant.application()
    done = tenant.run("apply", stdin={**wish, "application": {"clientId": second["clientId"]}})
    assert done.code == 0, done.err
    assert any(former["clientId"] in notice for notice in done.document["notices"])
    assert notes(tenant) == [MARK]
    tenant.advance(2.1)
    ended = tenant.run(*retired_command(tenant))
    assert ended.code == 0, ended.err
    assert policies(tenant, former) == []
    assert policies(tenant, second)
    assert notes(tenant) == [MARK]
    again = tenant.run("apply", stdin={**wish, "application": {"clientId": second["clientId"]}})
    assert again.document["changed"] == {}


def test_later_puts_the_defaults_back_at_once(tenant: Tenant) -> None:
    application, wish = applied(tenant, calendarOnRemoval="defaults")
    delete(tenant, application)
    done = tenant.run("remove", stdin={**wish, "removal": "later"})
    assert done.code == 0, done.err
    assert done.document["removed"] == {"policies": 0, "groups": 0, "calendars": 25, "marks": 0}
    assert changes(tenant) == ["Set-CalendarProcessing"] * 25 + ["Set-ApplicationAccessPolicy", "Set-Group"]
    (settings,) = tenant.cmdlet("Get-CalendarProcessing", Identity="room-rigi@alpenblick.example")
    assert settings["AddOrganizerToSubject"] is True
    again = tenant.run("remove", stdin={**wish, "removal": "later"})
    assert again.document["removed"]["calendars"] == 0


@pytest.mark.parametrize("removal", ["now", "later"])
def test_invariant_1_calendars_wait_for_graph_as_well(tenant: Tenant, removal: str) -> None:
    _, wish = applied(tenant, grant=True, calendarOnRemoval="defaults")
    assert tenant.run("remove", stdin={**wish, "removal": removal}).code == 6
    assert changes(tenant) == []


@pytest.mark.parametrize(("words", "said"), [(["--mark", "x"], "roomz:PROJECT/STACK"), ([], "roomz:PROJECT/STACK")])
def test_invariant_6_a_wrong_mark_is_refused(tenant: Tenant, words: list[str], said: str) -> None:
    done = tenant.run("remove", "--retired", *words)
    assert done.code == 2
    assert said in done.err
    assert tenant.requests() == []
