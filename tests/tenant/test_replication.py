"""Readers of the directory stay behind whoever writes to it, as far as the tenant's lag says."""

from pathlib import Path
from typing import Any

import pytest

from simulator.conditions import Lag
from simulator.server import SimulatorServer
from tests.tenant.client import CALENDARS_READ_WRITE, TenantClient, expect, graph_error


def lag(tenant: TenantClient, **values: float) -> None:
    """Set how far readers are behind."""
    tenant.server.simulator.store.first.conditions.lag = Lag.model_validate(values)


def missing(object_id: str) -> tuple[int, str, str]:
    text = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return 404, "Request_ResourceNotFound", text


def register(tenant: TenantClient, name: str = "A") -> dict[str, Any]:
    return expect(tenant.graph("POST", "/applications", {"displayName": name}), 201)


def enterprise(tenant: TenantClient, app_id: str) -> dict[str, Any]:
    return expect(tenant.graph("POST", "/servicePrincipals", {"appId": app_id}), 201)


def grants_of(tenant: TenantClient, principal: str) -> list[str]:
    found = expect(tenant.graph("GET", f"/servicePrincipals/{principal}/appRoleAssignments"), 200)["value"]
    return [each["id"] for each in found]


def test_a_new_object_is_not_found_for_a_while_whatever_is_asked_of_it(tenant: TenantClient) -> None:
    lag(tenant, graph_create_seconds=10)
    made = register(tenant)
    path, by_client = f"/applications/{made['id']}", f"/applications(appId='{made['appId']}')"
    for method, address, body in (
        ("GET", path, None),
        ("PATCH", path, {"displayName": "B"}),
        ("DELETE", path, None),
        ("GET", f"{path}/owners", None),
        ("DELETE", f"{path}/owners/{made['id']}/$ref", None),
        ("POST", f"{path}/addPassword", {}),
    ):
        assert graph_error(tenant.graph(method, address, body)) == missing(made["id"]), (method, address)
    assert graph_error(tenant.graph("GET", by_client)) == missing(made["appId"])
    for query in (f"$filter=appId eq '{made['appId']}'", "$top=999"):
        listed = expect(tenant.graph("GET", f"/applications?{query}"), 200)["value"]
        assert made["id"] not in [each["id"] for each in listed]
    tenant.advance(10)
    assert expect(tenant.graph("GET", path), 200)["displayName"] == "A"
    assert len(expect(tenant.graph("GET", f"/applications?$filter=appId eq '{made['appId']}'"), 200)["value"]) == 1


def test_a_principal_needs_an_application_that_readers_see(tenant: TenantClient) -> None:
    lag(tenant, graph_create_seconds=10)
    made = register(tenant)
    status, code, message = graph_error(tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}))
    assert (status, code) == (403, "Authorization_RequestDenied")
    assert message.startswith("When using this permission, the backing application")
    token = tenant.token_with("Application.ReadWrite.All")
    refused = tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}, token)
    text = f"The appId '{made['appId']}' of the service principal does not reference a valid application object."
    assert graph_error(refused) == (400, "Request_BadRequest", text)
    tenant.advance(10)
    expect(tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"]}, token), 201)


def test_a_grant_needs_both_of_its_ends(tenant: TenantClient) -> None:
    holder, offering = tenant.make_application("Holder"), register(tenant, "Offering")
    made = register(tenant)
    lag(tenant, graph_create_seconds=10)
    principal, resource = (enterprise(tenant, each["appId"])["id"] for each in (made, offering))
    assert graph_error(tenant.grant(principal)) == (400, "Request_BadRequest", "Not a valid reference update")
    held = f"/servicePrincipals/{holder['servicePrincipalId']}/appRoleAssignments"
    body = {"principalId": holder["servicePrincipalId"], "resourceId": resource, "appRoleId": CALENDARS_READ_WRITE}
    text = "Permission being assigned was not found on application"
    assert graph_error(tenant.graph("POST", held, body)) == (400, "Request_BadRequest", text)
    tenant.advance(10)
    expect(tenant.grant(principal), 201)


def test_an_owner_must_be_seen(tenant: TenantClient) -> None:
    made = tenant.make_application()
    lag(tenant, graph_create_seconds=10)
    new = enterprise(tenant, register_seen(tenant)["appId"])["id"]
    reference = {"@odata.id": f"{tenant.server.url}/v1.0/servicePrincipals/{new}"}
    token = tenant.token_with("Application.ReadWrite.All", "Directory.Read.All")
    path = f"/applications/{made['id']}/owners/$ref"
    assert graph_error(tenant.graph("POST", path, reference, token)) == missing(new)
    bound = {"displayName": "B", "owners@odata.bind": [reference["@odata.id"]]}
    assert graph_error(tenant.graph("POST", "/applications", bound, token)) == missing("")
    tenant.advance(10)
    expect(tenant.graph("POST", path, reference, token), 204)


def register_seen(tenant: TenantClient) -> dict[str, Any]:
    """Register an application and wait until readers see it."""
    made = register(tenant)
    tenant.advance(10)
    return made


def test_a_grant_is_missing_right_after_it_was_made_and_cannot_be_made_again(tenant: TenantClient) -> None:
    made = tenant.make_application()
    lag(tenant, graph_create_reads=1)
    grant = expect(tenant.grant(made["servicePrincipalId"]), 201)
    path = f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}"
    assert graph_error(tenant.graph("GET", path)) == missing(grant["id"])
    again = (400, "Request_BadRequest", "Permission being assigned already exists on the object")
    assert graph_error(tenant.grant(made["servicePrincipalId"])) == again
    assert expect(tenant.graph("GET", path), 200)["id"] == grant["id"]


def test_a_principal_cannot_be_changed_right_after_it_was_made(tenant: TenantClient) -> None:
    made = register(tenant)
    lag(tenant, graph_create_reads=1)
    principal = enterprise(tenant, made["appId"])["id"]
    path = f"/servicePrincipals/{principal}"
    assert graph_error(tenant.graph("PATCH", path, {"description": "d"})) == missing(principal)
    expect(tenant.graph("PATCH", path, {"description": "d"}), 204)
    assert expect(tenant.graph("GET", path), 200)["description"] == "d"


@pytest.mark.parametrize("reads", [1, 3])
def test_readings_are_counted_for_each_object_and_a_list_counts_for_what_it_would_show(
    tenant: TenantClient, reads: int
) -> None:
    lag(tenant, graph_create_reads=reads)
    first, second = register(tenant, "first"), register(tenant, "second")
    for _ in range(reads):
        for made in (first, second):
            assert expect(tenant.graph("GET", f"/applications?$filter=id eq '{made['id']}'"), 200)["value"] == []
    for made in (first, second):
        expect(tenant.graph("GET", f"/applications/{made['id']}"), 200)


def test_a_new_grant_is_missing_from_lists(tenant: TenantClient) -> None:
    made = tenant.make_application()
    lag(tenant, graph_create_reads=2)
    grant = expect(tenant.grant(made["servicePrincipalId"]), 201)
    assert grants_of(tenant, made["servicePrincipalId"]) == []
    assert grants_of(tenant, made["servicePrincipalId"]) == []
    assert grants_of(tenant, made["servicePrincipalId"]) == [grant["id"]]


def test_a_change_is_answered_at_once_and_seen_later(tenant: TenantClient) -> None:
    made = register(tenant)
    path = f"/applications/{made['id']}"
    lag(tenant, graph_change_seconds=10)
    expect(tenant.graph("PATCH", path, {"displayName": "B"}), 204)
    tenant.advance(5)
    expect(tenant.graph("PATCH", path, {"notes": "n"}), 204)
    seen = []
    for _ in range(4):
        read = expect(tenant.graph("GET", path), 200)
        seen.append((read["displayName"], read["notes"]))
        tenant.advance(4)
    assert seen == [("A", None), ("A", None), ("B", None), ("B", "n")]
    by_name = expect(tenant.graph("GET", "/applications?$filter=displayName eq 'B'"), 200)["value"]
    assert [each["id"] for each in by_name] == [made["id"]]


def test_writes_build_on_the_newest_state(tenant: TenantClient) -> None:
    made = register(tenant)
    path = f"/applications/{made['id']}"
    lag(tenant, graph_change_seconds=10)
    first, second = (expect(tenant.graph("POST", f"{path}/addPassword", {}), 200)["keyId"] for _ in range(2))
    assert expect(tenant.graph("GET", path), 200)["passwordCredentials"] == []
    expect(tenant.graph("POST", f"{path}/removePassword", {"keyId": first}), 204)
    assert graph_error(tenant.graph("POST", f"{path}/removePassword", {"keyId": first}))[0] == 400
    tenant.advance(10)
    assert [p["keyId"] for p in expect(tenant.graph("GET", path), 200)["passwordCredentials"]] == [second]


def test_owners_are_stale_too_but_rights_are_not(tenant: TenantClient) -> None:
    made = register(tenant)
    lag(tenant, graph_change_seconds=10)
    path = f"/applications/{made['id']}"
    caller = expect(tenant.graph("GET", f"{path}/owners"), 200)["value"][0]["id"]
    expect(tenant.graph("DELETE", f"{path}/owners/{caller}/$ref"), 204)
    assert [o["id"] for o in expect(tenant.graph("GET", f"{path}/owners"), 200)["value"]] == [caller]
    assert tenant.graph("PATCH", path, {"notes": "n"}).status_code == 403
    tenant.advance(10)
    assert expect(tenant.graph("GET", f"{path}/owners"), 200)["value"] == []


def test_a_deleted_object_can_be_read_for_a_while_but_not_changed(tenant: TenantClient) -> None:
    made = tenant.make_application()
    grant = expect(tenant.grant(made["servicePrincipalId"]), 201)["id"]
    path, principal = f"/applications/{made['id']}", f"/servicePrincipals/{made['servicePrincipalId']}"
    deleted = f"/directory/deletedItems/{made['id']}"
    lag(tenant, graph_delete_seconds=10)
    expect(tenant.graph("DELETE", path), 204)
    for address in (path, principal):
        assert expect(tenant.graph("GET", address), 200)["deletedDateTime"] is None
    assert grants_of(tenant, made["servicePrincipalId"]) == [grant]
    assert graph_error(tenant.graph("PATCH", path, {"notes": "n"})) == missing(made["id"])
    assert graph_error(tenant.graph("GET", deleted)) == missing(made["id"])
    tenant.advance(10)
    for address, name in ((path, made["id"]), (principal, made["servicePrincipalId"])):
        assert graph_error(tenant.graph("GET", address)) == missing(name)
    expect(tenant.graph("GET", deleted), 200)
    expect(tenant.graph("DELETE", deleted), 204)
    expect(tenant.graph("GET", deleted), 200)
    tenant.advance(10)
    assert graph_error(tenant.graph("GET", deleted)) == missing(made["id"])


def test_a_grant_that_was_taken_back_can_be_read_for_a_while(tenant: TenantClient) -> None:
    made = tenant.make_application()
    grant = expect(tenant.grant(made["servicePrincipalId"]), 201)
    path = f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}"
    lag(tenant, graph_delete_seconds=10)
    expect(tenant.graph("DELETE", path), 204)
    expect(tenant.graph("GET", path), 200)
    assert graph_error(tenant.graph("DELETE", path)) == missing(grant["id"])
    again = expect(tenant.grant(made["servicePrincipalId"]), 201)["id"]
    assert sorted(grants_of(tenant, made["servicePrincipalId"])) == sorted([grant["id"], again])
    tenant.advance(10)
    assert grants_of(tenant, made["servicePrincipalId"]) == [again]


def test_what_was_restored_comes_back_later(tenant: TenantClient) -> None:
    made = tenant.make_application()
    expect(tenant.graph("DELETE", f"/applications/{made['id']}"), 204)
    lag(tenant, graph_create_seconds=10)
    expect(tenant.graph("POST", f"/directory/deletedItems/{made['id']}/restore"), 200)
    for path in (f"/applications/{made['id']}", f"/servicePrincipals/{made['servicePrincipalId']}"):
        assert tenant.graph("GET", path).status_code == 404
    tenant.advance(10)
    for path in (f"/applications/{made['id']}", f"/servicePrincipals/{made['servicePrincipalId']}"):
        expect(tenant.graph("GET", path), 200)


def test_nothing_lags_that_was_written_before(tenant: TenantClient) -> None:
    made = register(tenant)
    lag(tenant, graph_create_seconds=10, graph_create_reads=5, graph_change_seconds=10)
    expect(tenant.graph("GET", f"/applications/{made['id']}"), 200)


def test_a_clock_that_is_set_back_holds_nobody_up(tenant: TenantClient) -> None:
    made = register(tenant)
    lag(tenant, graph_change_seconds=10)
    expect(tenant.graph("PATCH", f"/applications/{made['id']}", {"notes": "n"}), 204)
    tenant.advance(-60)
    assert expect(tenant.graph("GET", f"/applications/{made['id']}"), 200)["notes"] == "n"


def test_what_readers_miss_survives_a_restart(tmp_path: Path) -> None:
    with SimulatorServer(tmp_path) as server:
        client = TenantClient(server)
        changed = register(client)
        lag(client, graph_create_seconds=600, graph_change_seconds=600)
        expect(client.graph("PATCH", f"/applications/{changed['id']}", {"notes": "n"}), 204)
        made = register(client)
        client.close()
    with SimulatorServer(tmp_path) as server:
        client = TenantClient(server)
        assert graph_error(client.graph("GET", f"/applications/{made['id']}")) == missing(made["id"])
        assert expect(client.graph("GET", f"/applications/{changed['id']}"), 200)["notes"] is None
        client.advance(600)
        expect(client.graph("GET", f"/applications/{made['id']}"), 200)
        assert expect(client.graph("GET", f"/applications/{changed['id']}"), 200)["notes"] == "n"
        client.close()


@pytest.mark.parametrize("call", ["addPassword", "removePassword"])
def test_two_changes_of_the_passwords_at_once_are_refused(tenant: TenantClient, call: str) -> None:
    made, other = register(tenant), register(tenant)
    path = f"/applications/{made['id']}"
    key = expect(tenant.graph("POST", f"{path}/addPassword", {}), 200)["keyId"]
    tenant.server.simulator.store.first.conditions.password_window_seconds = 5
    before = tenant.snapshot()
    text = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."
    for _ in range(2):
        refused = tenant.graph("POST", f"{path}/{call}", {"keyId": key} if call == "removePassword" else {})
        assert graph_error(refused) == (409, "Directory_ConcurrencyViolation", text)
    assert tenant.snapshot() == before
    expect(tenant.graph("POST", f"/applications/{other['id']}/addPassword", {}), 200)
    expect(tenant.graph("PATCH", path, {"notes": "n"}), 204)
    tenant.advance(5)
    expect(tenant.graph("POST", f"{path}/addPassword", {}), 200)
