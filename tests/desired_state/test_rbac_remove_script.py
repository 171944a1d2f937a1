"""`exchange_policy.py remove` in the access model `rbac`: not while the application exists, in the safe order, and what stays."""

from typing import Any

import pytest

from tests.desired_state.tenant import MARK, Ended, Tenant
from tests.desired_state.test_rbac_script import changes, wish_for

ROLE = "Application Calendars.ReadWrite"
RBAC = ("exchangeServicePrincipals", "managementScopes", "roleAssignments", "groups")


def undoing(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """Return what the command of the removal gets: it knows no application."""
    return {**tenant.desired(access="rbac"), "application": {}, "group": None, **changes}


def retired(tenant: Tenant, *more: str) -> Ended:
    connection = tenant.connection
    words = ["remove", "--retired", "--mark", MARK, "--access", "rbac", *more]
    return tenant.run(
        *words, "--metadata-host", connection["metadataHost"], "--exchange-host", connection["exchangeHost"]
    )


def delete(tenant: Tenant, application: dict[str, str], *, for_good: bool = True) -> None:
    tenant.graph("DELETE", f"/applications/{application['objectId']}")
    if for_good:
        tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")


def left_by_hand(tenant: Tenant, **scope: Any) -> dict[str, str]:
    """Leave in Exchange what an application that Entra does not know (any more) has: principal, scope, assignment."""
    ids = {"AppId": "11111111-2222-4333-8444-555555555555", "ObjectId": "66666666-7777-4888-9999-aaaaaaaaaaaa"}
    tenant.cmdlet("New-ServicePrincipal", **ids, DisplayName=MARK)
    tenant.cmdlet("New-ManagementScope", Name=MARK, RecipientRestrictionFilter="RecipientTypeDetails -eq 'RoomMailbox'")
    name = f"{MARK} 66666666"
    over = scope or {"CustomResourceScope": MARK}
    tenant.cmdlet("New-ManagementRoleAssignment", Name=name, Role=ROLE, App=ids["ObjectId"], **over)
    return ids


@pytest.mark.parametrize("removal", ["now", "later"])
def test_invariant_1_nothing_is_removed_while_the_application_exists(tenant: Tenant, removal: str) -> None:
    application = tenant.application()
    tenant.run("apply", stdin=wish_for(tenant, application))
    before = tenant.snapshot()
    tenant.forget_requests()
    done = tenant.run("remove", stdin=undoing(tenant, removal=removal))
    assert done.code == 6
    assert "the application exists: ROOMZGraph" in done.err
    assert changes(tenant) == []
    assert tenant.snapshot() == before


def test_invariant_1_an_application_by_its_assignment_alone_stops_the_removal(tenant: Tenant) -> None:
    """The application lost its mark; the assignment tells whose it is."""
    application = tenant.application()
    tenant.run("apply", stdin=wish_for(tenant, application))
    tenant.graph("PATCH", f"/applications/{application['objectId']}", {"notes": "mine"})
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 6
    assert application["clientId"] in done.err


def test_invariant_1_a_directory_that_cannot_be_read_stops_the_removal(tenant: Tenant) -> None:
    left_by_hand(tenant)
    before = tenant.snapshot()
    tenant.fault({"api": "graph"}, {"status": 403, "body": {"error": {"code": "x", "message": "no"}}}, times=100)
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 6
    assert "nothing was removed" in done.err
    assert tenant.snapshot() == before


def test_now_takes_everything_away_assignment_first(tenant: Tenant) -> None:
    before = tenant.snapshot()
    left_by_hand(tenant)
    tenant.forget_requests()
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 0, done.err
    assert changes(tenant) == ["Remove-ManagementRoleAssignment", "Remove-ManagementScope", "Remove-ServicePrincipal"]
    after = tenant.snapshot()
    assert [after[name] for name in RBAC] == [before[name] for name in RBAC]
    again = tenant.run("remove", stdin=undoing(tenant))
    assert again.code == 0
    assert "nothing in Exchange carries the mark" in again.err


def test_the_group_goes_last_and_stays_where_others_use_it(tenant: Tenant) -> None:
    application = tenant.application()
    domain = tenant.administrator["domain"]
    group = {"primarySmtpAddress": f"RoomzResources@{domain}"}
    wish = wish_for(tenant, application, group=group, rooms={"exclude": [f"room-eiger@{domain}"]})
    assert tenant.run("apply", stdin=wish).code == 0
    delete(tenant, application)
    tenant.cmdlet(
        "New-ApplicationAccessPolicy",
        AppId=["0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"],
        PolicyScopeGroupId=group["primarySmtpAddress"],
        AccessRight="RestrictAccess",
        Description="of others",
    )
    done = tenant.run("remove", stdin=undoing(tenant, group=group))
    assert done.code == 0, done.err
    assert "others use it (the policy of 0e5f1a52" in done.err
    (policy,) = [one for one in tenant.cmdlet("Get-ApplicationAccessPolicy") if one["Description"] == "of others"]
    tenant.cmdlet("Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    assert tenant.run("remove", stdin=undoing(tenant, group=group)).document["removed"]["groups"] == 1


def test_invariant_3_a_scope_that_others_use_stays(tenant: Tenant) -> None:
    left_by_hand(tenant)
    other = {"AppId": "21111111-2222-4333-8444-555555555555", "ObjectId": "76666666-7777-4888-9999-aaaaaaaaaaaa"}
    tenant.cmdlet("New-ServicePrincipal", **other, DisplayName="another's")
    tenant.cmdlet(
        "New-ManagementRoleAssignment", Name="theirs", Role=ROLE, App=other["ObjectId"], CustomResourceScope=MARK
    )
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 0, done.err
    assert "role assignments of others use it (theirs)" in done.err
    snapshot = tenant.snapshot()
    assert [one["name"] for one in snapshot["roleAssignments"]] == ["theirs"]
    assert [one["name"] for one in snapshot["managementScopes"]] == [MARK]
    assert [one["displayName"] for one in snapshot["exchangeServicePrincipals"]] == ["another's"]


def test_later_keeps_everything_and_writes_the_time_into_the_scopes_name(tenant: Tenant) -> None:
    left_by_hand(tenant)
    tenant.forget_requests()
    done = tenant.run("remove", stdin=undoing(tenant, removal="later"))
    assert done.code == 0, done.err
    assert changes(tenant) == ["Set-ManagementScope"]
    assert "remove --retired" in done.err
    assert "--access rbac" in done.err
    (scope,) = tenant.snapshot()["managementScopes"]
    assert scope["name"].startswith(f"{MARK} retired 2")
    assert len(tenant.snapshot()["roleAssignments"]) == 1
    # Again: the time that stands there stays.
    assert tenant.run("remove", stdin=undoing(tenant, removal="later")).code == 0
    assert tenant.snapshot()["managementScopes"] == [scope]

    soon = retired(tenant)
    assert soon.code == 5
    assert "may still live" in soon.err
    tenant.advance(3)
    ended = retired(tenant)
    assert ended.code == 0, ended.err
    assert ended.document["removed"] == {
        "assignments": 1, "scopes": 1, "servicePrincipals": 1, "groups": 0, "calendars": 0, "marks": 0
    }  # fmt: skip


def test_what_was_never_retired_is_given_its_time_first(tenant: Tenant) -> None:
    left_by_hand(tenant)
    first = retired(tenant)
    assert first.code == 5
    assert "retired just now" in first.err
    assert len(tenant.snapshot()["roleAssignments"]) == 1
    tenant.advance(3)
    assert retired(tenant).code == 0
    assert tenant.snapshot()["managementScopes"] == []


def test_while_the_application_can_be_restored_what_was_retired_stays(tenant: Tenant) -> None:
    application = tenant.application()
    tenant.run("apply", stdin=wish_for(tenant, application))
    delete(tenant, application, for_good=False)
    assert tenant.run("remove", stdin=undoing(tenant, removal="later")).code == 0
    tenant.advance(3)
    waiting = retired(tenant)
    assert waiting.code == 5
    assert "can be restored until" in waiting.err


def test_a_new_deployment_is_not_in_the_way_of_what_a_former_one_left_nor_taken_with_it(tenant: Tenant) -> None:
    left_by_hand(tenant)
    assert tenant.run("remove", stdin=undoing(tenant, removal="later")).code == 0
    wish = wish_for(tenant, tenant.application())
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    assert any("of a former deployment is left alone" in notice for notice in done.document["notices"])
    tenant.advance(3)
    ended = retired(tenant)
    assert ended.code == 0, ended.err
    assert ended.document["removed"]["scopes"] == 1
    assert tenant.run("apply", stdin=wish).document["changed"] == {}
    assert len(tenant.snapshot()["roleAssignments"]) == 1


def test_calendars_are_put_back_on_the_rooms_of_the_scope(tenant: Tenant) -> None:
    application = tenant.application()
    wish = wish_for(tenant, application, calendarOnRemoval="defaults")
    assert tenant.run("apply", stdin=wish).code == 0
    delete(tenant, application)
    done = tenant.run("remove", stdin=undoing(tenant, calendarOnRemoval="defaults"))
    assert done.code == 0, done.err
    assert done.document["removed"]["calendars"] == 25


def test_invariant_3_a_list_that_lacks_the_scope_is_not_believed(tenant: Tenant) -> None:
    left_by_hand(tenant)
    empty = {"@odata.context": "x", "@adminapi.warnings": [], "value": []}
    tenant.fault({"cmdlet": "Get-ManagementScope"}, {"status": 200, "body": empty})
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 0, done.err
    assert [tenant.snapshot()[name] for name in RBAC[:3]] == [[], [], []]
    left_by_hand(tenant)
    tenant.fault({"cmdlet": "Get-ManagementScope"}, {"status": 200, "body": empty}, times=100)
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 5
    assert "which is not listed" in done.err


@pytest.mark.parametrize("cmdlet", ["Get-ServicePrincipal", "Get-ManagementScope", "Get-ManagementRoleAssignment"])
def test_invariant_3_no_single_empty_list_is_believed(tenant: Tenant, cmdlet: str) -> None:
    left_by_hand(tenant)
    if cmdlet == "Get-ManagementScope":
        # As Entra leaves it, which takes the rest along: the scope alone.
        tenant.cmdlet("Remove-ManagementRoleAssignment", Identity=f"{MARK} 66666666", Confirm=False)
        tenant.cmdlet("Remove-ServicePrincipal", Identity="66666666-7777-4888-9999-aaaaaaaaaaaa", Confirm=False)
    tenant.fault(
        {"cmdlet": cmdlet}, {"status": 200, "body": {"@odata.context": "x", "@adminapi.warnings": [], "value": []}}
    )
    done = tenant.run("remove", stdin=undoing(tenant))
    assert done.code == 0, done.err
    assert [tenant.snapshot()[name] for name in RBAC[:3]] == [[], [], []]


def test_the_policies_of_the_other_model_are_left_alone(tenant: Tenant) -> None:
    application = tenant.application(mark="roomz:roomz/other")
    assert tenant.run("apply", stdin={**tenant.desired(application["clientId"]), "mark": "roomz:roomz/other"}).code == 0
    left_by_hand(tenant)
    before = tenant.snapshot()
    assert tenant.run("remove", stdin=undoing(tenant)).code == 0
    after = tenant.snapshot()
    assert (after["groups"], after["policies"]) == (before["groups"], before["policies"])


def test_a_model_that_does_not_exist_is_refused(tenant: Tenant) -> None:
    done = tenant.run("remove", "--retired", "--mark", MARK, "--access", "rback")
    assert done.code == 2
    assert "'rback' is neither policy nor rbac" in done.err
