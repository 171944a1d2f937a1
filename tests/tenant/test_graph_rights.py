"""What a token's permissions and directory roles allow in the directory, and what they do not."""

import pytest

from tests.tenant.client import CALENDARS_READ_WRITE, GRAPH_APP_ID, TenantClient, expect, graph_error

DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
EXCHANGE_APP_ID = "00000002-0000-0ff1-ce00-000000000000"
MANAGE_AS_APP = "dc50a0fb-09a3-484d-be87-e023b12c6440"
MANAGERS = ["Application Administrator", "Cloud Application Administrator", "Global Administrator"]


def foreign(tenant: TenantClient) -> dict[str, str]:
    """An application that the deployer does not own."""
    applications = tenant.snapshot()["applications"]
    return next(a for a in applications if a["properties"]["displayName"] == "CRM calendar sync")


def test_owned_by_reads_and_writes_what_is_owned_and_nothing_else(tenant: TenantClient) -> None:
    made = tenant.make_application()
    others = f"/applications/{foreign(tenant)['id']}"
    graph = f"/servicePrincipals/{tenant.graph_principal_id()}"
    token = tenant.token_with("Application.ReadWrite.OwnedBy")
    own = f"/applications/{made['id']}"
    expect(tenant.graph("GET", own, token=token), 200)
    expect(tenant.graph("PATCH", own, {"notes": "x"}, token), 204)
    expect(tenant.graph("POST", f"{own}/addPassword", {}, token), 200)
    for path in ("/applications", others, graph):
        assert graph_error(tenant.graph("GET", path, token=token)) == DENIED
    assert graph_error(tenant.graph("PATCH", others, {"notes": "x"}, token)) == DENIED
    refused = tenant.graph("POST", "/servicePrincipals", {"appId": foreign(tenant)["appId"]}, token)
    assert graph_error(refused) == DENIED


@pytest.mark.parametrize(
    ("role", "directory_role"),
    [("Application.Read.All", None), ("Directory.Read.All", None), (None, "Global Reader")],
)
def test_who_reads_all_writes_nothing(tenant: TenantClient, role: str | None, directory_role: str | None) -> None:
    made = tenant.make_application()
    token = tenant.token_with(*([role] if role else []), directory_roles=(directory_role,) if directory_role else ())
    path = f"/applications/{made['id']}"
    expect(tenant.graph("GET", "/applications", token=token), 200)
    expect(tenant.graph("GET", f"/applications/{foreign(tenant)['id']}", token=token), 200)
    held = f"/servicePrincipals/{made['servicePrincipalId']}/appRoleAssignments"
    expect(tenant.graph("GET", held, token=token), 200)
    for method, address, body in (
        ("PATCH", path, {"notes": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/addPassword", {}),
        ("POST", "/applications", {"displayName": "x"}),
        ("POST", "/servicePrincipals", {"appId": made["appId"]}),
    ):
        assert graph_error(tenant.graph(method, address, body, token)) == DENIED


@pytest.mark.parametrize("role", [None, *MANAGERS])
def test_who_writes_all_owns_nothing_by_creating(tenant: TenantClient, role: str | None) -> None:
    others = f"/applications/{foreign(tenant)['id']}"
    permissions = () if role else ("Application.ReadWrite.All",)
    token = tenant.token_with(*permissions, directory_roles=(role,) if role else ())
    made = expect(tenant.graph("POST", "/applications", {"displayName": "A"}, token), 201)
    expect(tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}, token), 201)
    assert expect(tenant.graph("GET", f"/applications/{made['id']}/owners", token=token), 200)["value"] == []
    expect(tenant.graph("PATCH", others, {"notes": "x"}, token), 204)
    expect(tenant.graph("POST", f"{others}/addPassword", {}, token), 200)
    expect(tenant.graph("DELETE", others, token=token), 204)


def test_without_any_right_nothing_is_said(tenant: TenantClient) -> None:
    made = tenant.make_application()
    token = tenant.token_with()
    for path in (
        "/applications",
        f"/applications/{made['id']}",
        f"/servicePrincipals/{made['servicePrincipalId']}",
        "/directory/deletedItems/microsoft.graph.application",
        "/policies/defaultAppManagementPolicy",
        "/users/anna.keller@alpenblick.example",
        "/users/nobody@alpenblick.example",
    ):
        assert graph_error(tenant.graph("GET", path, token=token)) == DENIED, path


@pytest.mark.parametrize(
    ("roles", "directory_role", "of_graph", "of_exchange"),
    [
        (("AppRoleAssignment.ReadWrite.All", "Application.Read.All"), None, 201, 201),
        (("AppRoleAssignment.ReadWrite.All",), None, 403, 403),
        (("Application.ReadWrite.All",), None, 403, 403),
        ((), "Global Administrator", 201, 201),
        (("Application.Read.All",), "Privileged Role Administrator", 201, 201),
        ((), "Privileged Role Administrator", 403, 403),
        ((), "Application Administrator", 403, 201),
        ((), "Cloud Application Administrator", 403, 201),
    ],
)
def test_who_may_consent(
    tenant: TenantClient, roles: tuple[str, ...], directory_role: str | None, of_graph: int, of_exchange: int
) -> None:
    principal = tenant.make_application()["servicePrincipalId"]
    services = {each["appId"]: each["id"] for each in tenant.snapshot()["servicePrincipals"]}
    token = tenant.token_with(*roles, directory_roles=(directory_role,) if directory_role else ())
    for app_id, role, status in (
        (GRAPH_APP_ID, CALENDARS_READ_WRITE, of_graph),
        (EXCHANGE_APP_ID, MANAGE_AS_APP, of_exchange),
    ):
        resource = services[app_id]
        body = {"principalId": principal, "resourceId": resource, "appRoleId": role}
        answer = tenant.graph("POST", f"/servicePrincipals/{resource}/appRoleAssignedTo", body, token)
        assert answer.status_code == status, answer.text


def test_taking_back_needs_what_giving_needs(tenant: TenantClient) -> None:
    grant = expect(tenant.grant(tenant.make_application()["servicePrincipalId"]), 201)
    path = f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}"
    token = tenant.token_with(directory_roles=("Application Administrator",))
    assert graph_error(tenant.graph("DELETE", path, token=token)) == DENIED
    token = tenant.token_with(directory_roles=("Global Administrator",))
    expect(tenant.graph("DELETE", path, token=token), 204)


def test_a_user_tells_that_a_mailbox_exists(tenant: TenantClient) -> None:
    token = tenant.token_with("User.Read.All")
    person = expect(tenant.graph("GET", "/users/Anna.Keller@alpenblick.example", token=token), 200)
    assert (person["displayName"], person["mail"]) == ("Anna Keller", "anna.keller@alpenblick.example")
    assert "accountEnabled" not in person
    assert expect(tenant.graph("GET", f"/users/{person['id']}", token=token), 200) == person
    chosen = "$select=displayName,accountEnabled"
    room = expect(tenant.graph("GET", f"/users/room-eiger@alpenblick.example?{chosen}", token=token), 200)
    assert (room["displayName"], room["accountEnabled"]) == ("Room Eiger", False)
    for name in ("nobody@alpenblick.example", "anna.keller"):
        assert graph_error(tenant.graph("GET", f"/users/{name}", token=token))[:2] == (404, "Request_ResourceNotFound")
    more = tenant.graph("GET", f"/users/{person['id']}?$select=assignedLicenses", token=token)
    assert graph_error(more)[0] == 501
