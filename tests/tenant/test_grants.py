"""Graph's service principals and app role assignments."""

import pytest

from simulator.records import ExchangeServicePrincipal, ManagementScope, RoleAssignment, RoleGroup
from simulator.tenant import Tenant
from tests.tenant.client import CALENDARS_READ_WRITE, GRAPH_APP_ID, TenantClient, expect, graph_error


def test_graphs_principal_offers_calendars(tenant: TenantClient) -> None:
    found = expect(tenant.graph("GET", f"/servicePrincipals?$filter=appId eq '{GRAPH_APP_ID}'"), 200)["value"]
    assert len(found) == 1
    role = next(r for r in found[0]["appRoles"] if r["value"] == "Calendars.ReadWrite")
    assert (role["id"], role["allowedMemberTypes"], role["isEnabled"]) == (CALENDARS_READ_WRITE, ["Application"], True)
    beta = f"{tenant.server.url}/beta/servicePrincipals/{found[0]['id']}?$select=samlMetadataUrl"
    assert expect(tenant.graph("GET", beta), 200)["samlMetadataUrl"] is None


def test_principal_needs_a_local_application(tenant: TenantClient) -> None:
    unknown = {"appId": "55555555-5555-5555-5555-555555555555"}
    status, code, message = graph_error(tenant.graph("POST", "/servicePrincipals", unknown))
    assert (status, code) == (403, "Authorization_RequestDenied")
    assert message.startswith("When using this permission, the backing application")
    rights = {"appRoles": ["Application.ReadWrite.All"]}
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/rights/{tenant.administrator['clientId']}", rights)
    answer = tenant.graph("POST", "/servicePrincipals", unknown, token=tenant.token())
    assert graph_error(answer)[:2] == (400, "Request_BadRequest")
    assert "does not reference a valid application object" in answer.text


def test_one_principal_for_an_application(tenant: TenantClient) -> None:
    made = tenant.make_application()
    again = tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]})
    assert graph_error(again)[:2] == (409, "Request_MultipleObjectsWithSameKeyValue")
    path = f"/servicePrincipals/{made['servicePrincipalId']}"
    expect(tenant.graph("PATCH", path, {"description": "d"}), 204)
    assert expect(tenant.graph("GET", path), 200)["description"] == "d"
    assert len(expect(tenant.graph("GET", f"{path}/owners"), 200)["value"]) == 1
    expect(tenant.graph("DELETE", path), 204)
    assert graph_error(tenant.graph("GET", path))[0] == 404
    assert tenant.graph("GET", f"/applications/{made['id']}").status_code == 200


def test_grant_is_seen_from_both_sides_and_given_once(tenant: TenantClient) -> None:
    made = tenant.make_application()
    grant = expect(tenant.grant(made["servicePrincipalId"]), 201)
    assert (grant["principalType"], grant["resourceDisplayName"]) == ("ServicePrincipal", "Microsoft Graph")
    assert grant["principalDisplayName"] == "ROOMZGraph"
    resource, principal = (
        f"/servicePrincipals/{grant['resourceId']}",
        f"/servicePrincipals/{made['servicePrincipalId']}",
    )
    assert expect(tenant.graph("GET", f"{resource}/appRoleAssignedTo/{grant['id']}"), 200)["id"] == grant["id"]
    held = expect(tenant.graph("GET", f"{principal}/appRoleAssignments"), 200)["value"]
    assert [g["id"] for g in held] == [grant["id"]]
    assert graph_error(tenant.grant(made["servicePrincipalId"])) == (
        400,
        "Request_BadRequest",
        "Permission being assigned already exists on the object",
    )
    expect(tenant.graph("DELETE", f"{resource}/appRoleAssignedTo/{grant['id']}"), 204)
    assert graph_error(tenant.graph("DELETE", f"{resource}/appRoleAssignedTo/{grant['id']}"))[0] == 404
    body = {"principalId": grant["principalId"], "resourceId": grant["resourceId"], "appRoleId": CALENDARS_READ_WRITE}
    other = expect(tenant.graph("POST", f"{principal}/appRoleAssignments", body), 201)
    expect(tenant.graph("DELETE", f"{principal}/appRoleAssignments/{other['id']}"), 204)


@pytest.mark.parametrize(
    ("role", "principal", "text"),
    [
        ("66666666-6666-6666-6666-666666666666", None, "Permission being assigned was not found on application"),
        (CALENDARS_READ_WRITE, "77777777-7777-7777-7777-777777777777", "Not a valid reference update"),
    ],
)
def test_bad_grants(tenant: TenantClient, role: str, principal: str | None, text: str) -> None:
    made = tenant.make_application()
    answer = tenant.grant(principal or made["servicePrincipalId"], role)
    assert graph_error(answer) == (400, "Request_BadRequest", text)


def test_a_resource_that_does_not_exist_offers_nothing(tenant: TenantClient) -> None:
    made = tenant.make_application()
    body = {
        "principalId": made["servicePrincipalId"],
        "resourceId": "88888888-8888-8888-8888-888888888888",
        "appRoleId": CALENDARS_READ_WRITE,
    }
    answer = tenant.graph("POST", f"/servicePrincipals/{made['servicePrincipalId']}/appRoleAssignments", body)
    assert graph_error(answer) == (400, "Request_BadRequest", "Permission being assigned was not found on application")


def test_grants_are_filtered_by_resource_and_name(tenant: TenantClient) -> None:
    made = tenant.make_application()
    grant = expect(tenant.grant(made["servicePrincipalId"]), 201)
    held = f"/servicePrincipals/{made['servicePrincipalId']}/appRoleAssignments"
    given = f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo"
    for path in (
        f"{held}?$filter=resourceId eq {grant['resourceId']}",
        f"{given}?$filter=principalDisplayName eq 'ROOMZGraph'",
        f"{given}?$filter=startswith(principalDisplayName,'roomz')",
    ):
        assert [g["id"] for g in expect(tenant.graph("GET", path), 200)["value"]] == [grant["id"]]
    quoted = tenant.graph("GET", f"{held}?$filter=resourceId eq '{grant['resourceId']}'")
    assert graph_error(quoted)[:2] == (400, "BadRequest")
    assert "'Edm.Guid' and 'Edm.String'" in quoted.text
    by_principal = tenant.graph("GET", f"{given}?$filter=principalId eq {grant['principalId']}")
    assert graph_error(by_principal)[1:] == (
        "Request_UnsupportedQuery",
        "Unsupported or invalid query filter clause specified for property 'principalId' of resource "
        "'AppRoleAssignment'.",
    )


def remember_in_exchange(tenant: TenantClient, principal_id: str, app_id: str) -> Tenant:
    """Put a copy of a service principal into Exchange, with a role assignment and a scope."""
    records = tenant.server.simulator.store.first
    now = records.now()
    records.exchange_service_principals.append(
        ExchangeServicePrincipal(
            guid="g", app_id=app_id, object_id=principal_id, display_name="d", sid="s", created=now
        )
    )
    records.management_scopes.append(
        ManagementScope(guid="scope", name="Rooms", recipient_filter="Office -eq 'Bern'", created=now)
    )
    records.role_assignments.append(
        RoleAssignment(
            guid="a",
            name="a",
            role="Application Calendars.ReadWrite",
            assignee_object_id=principal_id,
            scope_guid="scope",
            created=now,
        )
    )
    records.role_groups.append(RoleGroup(guid=principal_id, name="r", roles=[], member_ids=[principal_id], created=now))
    return records


@pytest.mark.parametrize("deleted", ["servicePrincipals", "applications"])
def test_exchange_forgets_a_deleted_principal_and_its_roles_but_no_scope(tenant: TenantClient, deleted: str) -> None:
    made, other = tenant.make_application(), tenant.make_application("Other")
    remember_in_exchange(tenant, other["servicePrincipalId"], other["appId"])
    records = remember_in_exchange(tenant, made["servicePrincipalId"], made["appId"])
    gone = made["servicePrincipalId"] if deleted == "servicePrincipals" else made["id"]
    expect(tenant.graph("DELETE", f"/{deleted}/{gone}"), 204)
    left = [other["servicePrincipalId"]]
    assert [copy.object_id for copy in records.exchange_service_principals] == left
    assert [assignment.assignee_object_id for assignment in records.role_assignments] == left
    assert len(records.management_scopes) == 2
    assert [member for group in records.role_groups for member in group.member_ids] == left
    expect(tenant.graph("POST", f"/directory/deletedItems/{gone}/restore"), 200)
    expect(tenant.graph("GET", f"/servicePrincipals/{made['servicePrincipalId']}"), 200)
    assert [copy.object_id for copy in records.exchange_service_principals] == left
