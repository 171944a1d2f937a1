"""Application access policies: as Exchange keeps and tests them, and as Graph's calendars obey them."""

from typing import Any

import pytest

from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, exchange_error, expect, graph_error

RAOP = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
BLOCKED = (403, "ErrorAccessDenied", RAOP)
BYPASS = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}


@pytest.fixture
def roomz(tenant: TenantClient) -> dict[str, Any]:
    """An application with the calendars' grant and no policy."""
    made = tenant.make_application()
    expect(tenant.grant(made["servicePrincipalId"]), 201)
    return {**made, "token": tenant.token(client_id=made["appId"])}


def reach(tenant: TenantClient, roomz: dict[str, Any], mailbox: str) -> int:
    """Return what a read of a calendar answers, after asking the test cmdlet too: both must agree."""
    answer = tenant.graph("GET", f"/users/{mailbox}/calendar", token=roomz["token"])
    tested = tenant.rows("Test-ApplicationAccessPolicy", {"Identity": mailbox, "AppId": roomz["appId"].upper()})
    assert tested[0]["AccessCheckResult"] == ("Granted" if answer.status_code == 200 else "Denied")
    return answer.status_code


def test_without_a_policy_everything_is_open(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    assert [reach(tenant, roomz, m) for m in (EIGER, CONTROL_MAILBOX)] == [200, 200]


def test_restriction_allows_its_members_and_no_one_else(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group()
    tenant.restrict(roomz["appId"], "RoomzResources")
    assert [reach(tenant, roomz, m) for m in (EIGER, CONTROL_MAILBOX, "room-rigi@alpenblick.example")] == [
        200,
        403,
        403,
    ]
    answer = tenant.graph("GET", f"/users/{CONTROL_MAILBOX}/calendar", token=roomz["token"])
    assert graph_error(answer) == BLOCKED


def test_nested_groups_count_and_other_applications_do_not(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group("Inner", ["room-rigi"])
    tenant.make_group("Outer", ["Inner"])
    tenant.make_group("Loop", ["Outer"])
    tenant.rows("Add-DistributionGroupMember", {"Identity": "Inner", "Member": "Loop", **BYPASS})
    tenant.restrict(roomz["appId"], "Outer")
    assert [reach(tenant, roomz, m) for m in ("room-rigi@alpenblick.example", EIGER)] == [200, 403]
    other = tenant.rows("Test-ApplicationAccessPolicy", {"Identity": EIGER, "AppId": tenant.administrator["clientId"]})
    assert other[0]["AccessCheckResult"] == "Granted"


def test_restrictions_unite_and_a_denial_wins(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group("First", [EIGER])
    tenant.make_group("Second", ["room-rigi", "room-pilatus"])
    tenant.make_group("Third", ["room-pilatus"])
    tenant.restrict(roomz["appId"], "First")
    tenant.restrict(roomz["appId"], "Second")
    tenant.restrict(roomz["appId"], "Third", "DenyAccess")
    rooms = [EIGER, "room-rigi@alpenblick.example", "room-pilatus@alpenblick.example", CONTROL_MAILBOX]
    assert [reach(tenant, roomz, room) for room in rooms] == [200, 200, 403, 403]


def test_denial_alone_leaves_the_rest_open(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group("Third", ["room-pilatus"])
    tenant.restrict(roomz["appId"], "Third", "DenyAccess")
    assert [reach(tenant, roomz, m) for m in ("room-pilatus@alpenblick.example", CONTROL_MAILBOX)] == [403, 200]


def test_group_made_anew_orphans_the_policy(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    tenant.make_group()
    policy = tenant.restrict(roomz["appId"], "RoomzResources")
    tenant.rows("Remove-DistributionGroup", {"Identity": "RoomzResources", **BYPASS})
    assert reach(tenant, roomz, EIGER) == 403
    made = tenant.make_group()
    assert reach(tenant, roomz, EIGER) == 403
    left = [p for p in tenant.rows("Get-ApplicationAccessPolicy") if p["Identity"] == policy["Identity"]]
    assert left[0]["ScopeIdentityRaw"].split(";")[1] != made["ExternalDirectoryObjectId"]
    tenant.restrict(roomz["appId"], "RoomzResources")
    assert reach(tenant, roomz, EIGER) == 200


def test_policy_rows(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    group = tenant.make_group()
    parameters = {"AppId": [roomz["appId"]], "PolicyScopeGroupId": group["Guid"], "AccessRight": "RestrictAccess"}
    (policy,) = tenant.rows("New-ApplicationAccessPolicy", parameters)
    assert policy["AppId"] == roomz["appId"].upper()
    scope = policy["ScopeIdentityRaw"]
    assert policy["Identity"] == f"{tenant.tenant_id}\\{roomz['appId']}:{scope}"
    assert scope.endswith(f";{group['ExternalDirectoryObjectId']}")
    assert policy["Description"].startswith(f"AppId: {roomz['appId']}; ScopeIdentitySid: S-1-5-21-")
    again = tenant.cmdlet("New-ApplicationAccessPolicy", parameters)
    assert exchange_error(again)[1] == "ADObjectAlreadyExistsException"
    tenant.rows(
        "Set-ApplicationAccessPolicy", {"Identity": policy["Identity"].upper(), "Description": "d", "Confirm": False}
    )
    (read,) = tenant.rows("Get-ApplicationAccessPolicy", {"Identity": policy["Identity"]})
    assert read["Description"] == "d"
    refused = tenant.cmdlet(
        "Set-ApplicationAccessPolicy", {"Identity": policy["Identity"], "AccessRight": "DenyAccess"}
    )
    assert refused.status_code == 400
    for each in tenant.rows("Get-ApplicationAccessPolicy"):
        tenant.rows("Remove-ApplicationAccessPolicy", {"Identity": each["Identity"], "Confirm": False})
    none = tenant.cmdlet("Get-ApplicationAccessPolicy")
    assert exchange_error(none)[:2] == (404, "ManagementObjectNotFoundException")


@pytest.mark.parametrize("scope", [EIGER, "all-staff", "equipment-projector", "nobody"])
def test_scopes_are_security_principals(tenant: TenantClient, scope: str) -> None:
    parameters = {"AppId": str(tenant.tenant_id), "PolicyScopeGroupId": scope, "AccessRight": "RestrictAccess"}
    assert tenant.cmdlet("New-ApplicationAccessPolicy", parameters).status_code in (400, 404)


def test_total_size_of_policies_is_limited(tenant: TenantClient) -> None:
    def fill(description: str) -> int:
        for number in range(400):
            parameters = {
                "AppId": f"00000000-0000-4000-8000-{number:012d}",
                "PolicyScopeGroupId": "crm-mailboxes",
                "AccessRight": "RestrictAccess",
                "Description": description,
            }
            answer = tenant.cmdlet("New-ApplicationAccessPolicy", parameters)
            if answer.status_code != 200:
                assert exchange_error(answer)[2] == "The total size of App Access Policies exceeded the limit."
                return number
        raise AssertionError("no limit")

    assert 290 <= fill(" ") <= 310


def test_roles_decide_before_policies(tenant: TenantClient) -> None:
    bare = tenant.make_application("Bare")
    token = tenant.token(client_id=bare["appId"])
    assert graph_error(tenant.graph("GET", f"/users/{EIGER}/calendar", token=token)) == (
        401,
        "NoPermissionsInAccessToken",
        "The token contains no permissions, or permissions can not be understood.",
    )
    deployer = tenant.graph("GET", f"/users/{EIGER}/calendar")
    assert graph_error(deployer)[:2] == (403, "ErrorAccessDenied")
    assert "RAOP" not in deployer.text


def test_missing_mailbox(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    for name in ("nobody@alpenblick.example", "all-staff@alpenblick.example", "room-eiger"):
        answer = tenant.graph("GET", f"/users/{name}/calendar", token=roomz["token"])
        assert graph_error(answer)[:2] == (404, "ErrorInvalidUser")


def test_events(tenant: TenantClient, roomz: dict[str, Any]) -> None:
    token = roomz["token"]
    (room,) = tenant.rows("Get-Mailbox", {"Identity": EIGER})
    path = f"/users/{room['ExternalDirectoryObjectId']}"
    body = {
        "subject": "Quarterly review",
        "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "W. Europe Standard Time"},
        "sensitivity": "private",
    }
    made = expect(tenant.graph("POST", f"{path}/events", body, token=token), 201)
    assert made["start"] == {"dateTime": "2026-12-01T08:00:00.0000000", "timeZone": "UTC"}
    window = "startDateTime=2026-12-01T08:30:00Z&endDateTime=2026-12-01T08:45:00Z"
    view = tenant.graph("GET", f"{path}/calendarView?{window}&$select=subject,sensitivity", token=token)
    assert expect(view, 200)["value"] == [{"subject": "Quarterly review", "sensitivity": "private"}]
    zone = {"prefer": 'outlook.timezone="Europe/Zurich"'}
    event = expect(tenant.graph("GET", f"{path}/events/{made['id']}", token=token, headers=zone), 200)
    assert event["start"]["dateTime"].startswith("2026-12-01T09:00:00")
    changed = expect(tenant.graph("PATCH", f"{path}/events/{made['id']}", {"subject": "x"}, token=token), 200)
    assert (changed["subject"], changed["sensitivity"]) == ("x", "private")
    expect(tenant.graph("DELETE", f"{path}/events/{made['id']}", token=token), 204)
    gone = tenant.graph("GET", f"{path}/events/{made['id']}", token=token)
    assert graph_error(gone)[:2] == (404, "ErrorItemNotFound")
    early = {"dateTime": "2026-12-01T08:00:00", "timeZone": "Europe/Zurich"}
    wrong: list[dict[str, Any]] = [
        {"subject": "x"},
        {**body, "colour": "red"},
        {**body, "sensitivity": "loud"},
        {**body, "end": early},
    ]
    for bad in wrong:
        assert tenant.graph("POST", f"{path}/events", bad, token=token).status_code == 400
    assert graph_error(tenant.graph("GET", f"{path}/calendarView", token=token))[1] == "ErrorInvalidParameter"


def test_reading_permission_does_not_write(tenant: TenantClient) -> None:
    reader = next(a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "CRM calendar sync")
    token = tenant.token(client_id=reader["appId"])
    path = "/users/anna.keller@alpenblick.example/events"
    assert tenant.graph("GET", path, token=token).status_code == 200
    assert graph_error(tenant.graph("POST", path, {"subject": "x"}, token=token))[:2] == (403, "ErrorAccessDenied")
    assert graph_error(tenant.graph("GET", f"/users/{EIGER}/events", token=token)) == BLOCKED
