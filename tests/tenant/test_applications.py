"""Graph's applications, owners, passwords and deleted items."""

from typing import Any

import pytest

from tests.tenant.client import TenantClient, expect, graph_error

DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def missing(object_id: str) -> tuple[int, str, str]:
    text = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return 404, "Request_ResourceNotFound", text


def test_create_read_change(tenant: TenantClient) -> None:
    answer = tenant.graph("POST", "/applications", {"@odata.type": "#microsoft.graph.application", "displayName": "A"})
    made = expect(answer, 201)
    assert answer.headers["location"].endswith(made["id"])
    assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    path = f"/applications/{made['id']}"
    assert expect(tenant.graph("GET", path), 200) | {"@odata.context": ""} == made | {"@odata.context": ""}
    expect(tenant.graph("PATCH", path, {"notes": "roomz:a/b", "displayName": "B"}), 204)
    expect(tenant.graph("PATCH", path, {"notes": None}), 204)
    read = expect(tenant.graph("GET", path), 200)
    assert (read["displayName"], read["notes"]) == ("B", None)
    by_client = expect(tenant.graph("GET", f"/applications(appId='{made['appId']}')?$select=id,displayName"), 200)
    assert by_client == {"@odata.context": by_client["@odata.context"], "id": made["id"], "displayName": "B"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Invalid value specified for property 'displayName' of resource 'Application'."),
        ({"displayName": "A", "colour": "red"}, "Invalid property 'colour'."),
        ({"displayName": "A", "appId": "x"}, "Invalid property 'appId'."),
        ({"displayName": "A" * 257}, "Invalid value specified for property 'displayName' of resource 'Application'."),
        (
            {"displayName": "A", "notes": "n" * 1025},
            "Invalid value specified for property 'notes' of resource 'Application'.",
        ),
    ],
)
def test_bad_bodies_are_refused(tenant: TenantClient, body: dict[str, Any], text: str) -> None:
    before = tenant.snapshot()
    assert graph_error(tenant.graph("POST", "/applications", body)) == (400, "Request_BadRequest", text)
    assert tenant.snapshot() == before


@pytest.mark.parametrize(
    "path",
    [
        "/me",
        "/applications?$expand=owners",
        "/applications?$filter=signInAudience eq 'AzureADMyOrg'",
        "/groups",
        "/places/microsoft.graph.room",
    ],
)
def test_what_is_not_imitated_is_named(tenant: TenantClient, path: str) -> None:
    status, code, message = graph_error(tenant.graph("GET", path))
    assert (status, code) == (501, "NotImitated")
    assert message.startswith("The local tenant does not imitate ")


def test_unknown_property_of_select(tenant: TenantClient) -> None:
    status, code, message = graph_error(tenant.graph("GET", "/applications?$select=colour"))
    assert (status, code) == (400, "BadRequest")
    assert "'colour' on type 'microsoft.graph.application'" in message


def test_lists_have_pages(tenant: TenantClient) -> None:
    names = {f"App {n}" for n in range(7)}
    for name in names:
        expect(tenant.graph("POST", "/applications", {"displayName": name}), 201)
    found: list[str] = []
    link: str | None = "/applications?$top=3&$filter=startswith(displayName,'App ')&$select=displayName"
    pages = 0
    while link:
        page = expect(tenant.graph("GET", link), 200)
        found += [each["displayName"] for each in page["value"]]
        link = page.get("@odata.nextLink")
        pages += 1
    assert (pages, sorted(found)) == (3, sorted(names))
    one = expect(tenant.graph("GET", "/applications?$filter=displayName eq 'app 3'"), 200)["value"]
    assert [each["displayName"] for each in one] == ["App 3"]


def test_creator_owns_and_only_owners_write(tenant: TenantClient) -> None:
    own = expect(tenant.graph("POST", "/applications", {"displayName": "A"}), 201)
    owners = expect(tenant.graph("GET", f"/applications/{own['id']}/owners"), 200)["value"]
    assert [(o["@odata.type"], o["appId"]) for o in owners] == [
        ("#microsoft.graph.servicePrincipal", tenant.administrator["clientId"])
    ]
    foreign = next(
        a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "CRM calendar sync"
    )
    path = f"/applications/{foreign['id']}"
    assert tenant.graph("GET", path).status_code == 200
    for method, tail, body in (
        ("PATCH", "", {"displayName": "mine"}),
        ("DELETE", "", None),
        ("POST", "/addPassword", {}),
        ("POST", "/removePassword", {"keyId": "x"}),
    ):
        assert graph_error(tenant.graph(method, path + tail, body)) == DENIED
    caller = owners[0]["id"]
    expect(tenant.graph("DELETE", f"/applications/{own['id']}/owners/{caller}/$ref"), 204)
    assert graph_error(tenant.graph("PATCH", f"/applications/{own['id']}", {"notes": "x"})) == DENIED
    assert graph_error(tenant.graph("POST", f"/applications/{own['id']}/addPassword", {})) == DENIED
    assert graph_error(tenant.graph("POST", "/servicePrincipals", {"appId": own["appId"]})) == DENIED


def test_owners_are_added_by_reference(tenant: TenantClient) -> None:
    person = next(m for m in tenant.snapshot()["mailboxes"] if m["alias"] == "anna.keller")["objectId"]
    reference = f"{tenant.server.url}/v1.0/directoryObjects/{person}"
    made = expect(tenant.graph("POST", "/applications", {"displayName": "A", "owners@odata.bind": [reference]}), 201)
    path = f"/applications/{made['id']}/owners"
    ids = {o["id"] for o in expect(tenant.graph("GET", path), 200)["value"]}
    assert person in ids
    assert len(ids) == 2
    assert graph_error(tenant.graph("POST", f"{path}/$ref", {"@odata.id": reference})) == DENIED
    token = tenant.token_with("Application.ReadWrite.OwnedBy", "Directory.Read.All")
    again = tenant.graph("POST", f"{path}/$ref", {"@odata.id": reference}, token)
    assert graph_error(again)[:2] == (400, "Request_BadRequest")
    expect(tenant.graph("DELETE", f"{path}/{person}/$ref", token=token), 204)
    expect(tenant.graph("POST", f"{path}/$ref", {"@odata.id": reference}, token), 204)
    nobody = "33333333-3333-3333-3333-333333333333"
    unknown = f"{tenant.server.url}/v1.0/directoryObjects/{nobody}"
    assert graph_error(tenant.graph("POST", f"{path}/$ref", {"@odata.id": unknown}, token)) == missing(nobody)
    bound = {"displayName": "A", "owners@odata.bind": [unknown]}
    assert graph_error(tenant.graph("POST", "/applications", bound)) == missing("")


def test_passwords(tenant: TenantClient) -> None:
    made = tenant.make_application()
    path = f"/applications/{made['id']}"
    wanted = {"displayName": "roomz 0", "endDateTime": "2028-11-23T00:00:00Z"}
    first = expect(tenant.graph("POST", f"{path}/addPassword", {"passwordCredential": wanted}), 200)
    assert (first["displayName"], first["endDateTime"]) == ("roomz 0", "2028-11-23T00:00:00Z")
    assert len(first["secretText"]) == 40
    assert first["hint"] == first["secretText"][:3]
    second = expect(tenant.graph("POST", f"{path}/addPassword"), 200)
    assert int(second["endDateTime"][:4]) == int(second["startDateTime"][:4]) + 2
    listed = expect(tenant.graph("GET", f"{path}?$select=passwordCredentials"), 200)["passwordCredentials"]
    assert [p["keyId"] for p in listed] == [first["keyId"], second["keyId"]]
    assert {p["secretText"] for p in listed} == {None}
    for body in ({"passwordCredential": {"secretText": "mine"}}, {"displayName": "x"}):
        assert graph_error(tenant.graph("POST", f"{path}/addPassword", body))[:2] == (400, "Request_BadRequest")
    early = {"passwordCredential": {"startDateTime": "2020-01-01T00:00:00Z"}}
    assert graph_error(tenant.graph("POST", f"{path}/addPassword", early))[1] == "KeyCredentialsInvalidStartDate"
    unknown = {"keyId": "44444444-4444-4444-4444-444444444444"}
    assert graph_error(tenant.graph("POST", f"{path}/removePassword", unknown)) == (
        400,
        "Request_BadRequest",
        "No credentials found to be removed.",
    )
    expect(tenant.graph("POST", f"{path}/removePassword", {"keyId": first["keyId"]}), 204)
    left = expect(tenant.graph("GET", path), 200)["passwordCredentials"]
    assert [p["keyId"] for p in left] == [second["keyId"]]
    assert "use addPassword" in graph_error(tenant.graph("PATCH", path, {"passwordCredentials": []}))[2]


def test_no_secret_leaves_the_process_but_in_its_one_answer(tenant: TenantClient) -> None:
    made = tenant.make_application()
    secret = expect(tenant.graph("POST", f"/applications/{made['id']}/addPassword", {}), 200)["secretText"]
    tenant.sign_in(client_id=made["appId"], client_secret=secret)
    known = (secret, tenant.administrator["clientSecret"], tenant.token())
    state = (tenant.server.state_folder / "state.json").read_text()
    seen = [
        state,
        str(tenant.snapshot()),
        str(tenant.control("GET", "/requests")),
        str(tenant.control("GET", "/status")),
    ]
    assert not [value for value in known for text in seen if value in text]


def test_deletion_is_soft_for_thirty_days(tenant: TenantClient) -> None:
    made = tenant.make_application()
    expect(tenant.grant(made["servicePrincipalId"]), 201)
    before = tenant.snapshot()
    path = f"/applications/{made['id']}"
    expect(tenant.graph("DELETE", path), 204)
    assert graph_error(tenant.graph("GET", path)) == missing(made["id"])
    assert graph_error(tenant.graph("DELETE", path)) == missing(made["id"])
    principal = f"/servicePrincipals/{made['servicePrincipalId']}"
    assert graph_error(tenant.graph("GET", principal)) == missing(made["servicePrincipalId"])
    given = expect(tenant.graph("GET", f"/servicePrincipals/{tenant.graph_principal_id()}/appRoleAssignedTo"), 200)
    assert made["servicePrincipalId"] not in [g["principalId"] for g in given["value"]]
    assert tenant.sign_in(client_id=made["appId"], client_secret="x").json()["error_codes"] == [700016]
    listed = expect(tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application"), 200)["value"]
    assert [a["id"] for a in listed] == [made["id"]]
    assert listed[0]["deletedDateTime"]
    item = f"/directory/deletedItems/{made['id']}"
    assert expect(tenant.graph("GET", item), 200)["@odata.type"] == "#microsoft.graph.application"
    expect(tenant.graph("POST", f"{item}/restore"), 200)
    assert tenant.snapshot() == before
    expect(tenant.graph("DELETE", path), 204)
    tenant.advance(29 * 86400)
    assert tenant.graph("GET", item, token=tenant.token()).status_code == 200
    tenant.advance(2 * 86400)
    assert graph_error(tenant.graph("GET", item, token=tenant.token())) == missing(made["id"])
    assert tenant.snapshot()["deletedItems"] == {"applications": [], "servicePrincipals": []}


def test_purge_is_for_good(tenant: TenantClient) -> None:
    before = tenant.snapshot()
    made = tenant.make_application()
    expect(tenant.grant(made["servicePrincipalId"]), 201)
    expect(tenant.graph("DELETE", f"/applications/{made['id']}"), 204)
    expect(tenant.graph("DELETE", f"/directory/deletedItems/{made['id']}"), 204)
    assert graph_error(tenant.graph("POST", f"/directory/deletedItems/{made['id']}/restore"))[0] == 404
    assert tenant.snapshot() == before
