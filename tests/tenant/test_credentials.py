"""Graph's certificates and federated identity credentials of applications."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.tenant.client import TenantClient, expect, graph_error
from tests.tenant.signing import Key, make_key

DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
ISSUER = "https://token.actions.githubusercontent.com"
TRUST = {
    "name": "main-branch",
    "issuer": ISSUER,
    "subject": "repo:octo-org/octo-repo:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


@pytest.fixture(scope="module")
def key() -> Key:
    return make_key()


def entry(own: Key, /, **changes: Any) -> dict[str, Any]:
    """Return a keyCredential as a caller writes it; None takes a property out."""
    whole = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": own.base64, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def certificates(tenant: TenantClient, path: str) -> list[dict[str, Any]]:
    return list(expect(tenant.graph("GET", f"{path}?$select=keyCredentials"), 200)["keyCredentials"])


# -- certificates -------------------------------------------------------------------------------------------------------


def test_certificate_as_graph_shows_it(tenant: TenantClient, key: Key) -> None:
    made = tenant.make_application(keyCredentials=[entry(key, displayName="CN=test")])
    path = f"/applications/{made['id']}"
    (shown,) = certificates(tenant, path)
    assert shown == {
        "customKeyIdentifier": key.hexadecimal,
        "displayName": "CN=test",
        "endDateTime": f"{key.certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "key": key.base64,
        "keyId": shown["keyId"],
        "startDateTime": f"{key.certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }
    hidden = {**shown, "key": None}
    assert made["keyCredentials"] == [hidden]
    assert expect(tenant.graph("GET", path), 200)["keyCredentials"] == [hidden]
    listed = expect(tenant.graph("GET", "/applications?$select=id,keyCredentials"), 200)["value"]
    assert {"id": made["id"], "keyCredentials": [hidden]} in listed


def test_list_replaces_and_keeps_what_is_named_by_id(tenant: TenantClient, key: Key) -> None:
    path = f"/applications/{tenant.make_application(keyCredentials=[entry(key)])['id']}"
    (first,) = expect(tenant.graph("GET", path), 200)["keyCredentials"]
    second = entry(make_key(30), keyId="7d4ddc3b-8a1c-4a53-a0a5-2a1b9b2a1c11")
    expect(tenant.graph("PATCH", path, {"keyCredentials": [first, second]}), 204)
    assert [c["keyId"] for c in certificates(tenant, path)] == [first["keyId"], second["keyId"]]
    expect(tenant.graph("PATCH", path, {"displayName": "B"}), 204)
    assert len(certificates(tenant, path)) == 2
    expect(tenant.graph("PATCH", path, {"keyCredentials": [{"keyId": second["keyId"]}]}), 204)
    assert [c["key"] for c in certificates(tenant, path)] == [second["key"]]
    expect(tenant.graph("PATCH", path, {"keyCredentials": []}), 204)
    assert certificates(tenant, path) == []


def test_pem_is_taken_as_well(tenant: TenantClient, key: Key) -> None:
    pem = key.pem[key.pem.index(b"-----BEGIN CERTIFICATE") :]
    made = tenant.make_application(keyCredentials=[entry(key, key=base64.b64encode(pem).decode())])
    assert [c["key"] for c in certificates(tenant, f"/applications/{made['id']}")] == [key.base64]


def moment(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def test_certificate_may_count_for_less_than_its_life(tenant: TenantClient, key: Key) -> None:
    path = f"/applications/{tenant.make_application()['id']}"
    start, end = moment(1), moment(30)
    expect(tenant.graph("PATCH", path, {"keyCredentials": [entry(key, startDateTime=start, endDateTime=end)]}), 204)
    assert [(c["startDateTime"], c["endDateTime"]) for c in certificates(tenant, path)] == [(start, end)]
    for changes, code in (
        ({"endDateTime": moment(400)}, "KeyCredentialsInvalidEndDate"),
        ({"endDateTime": moment(-0.01)}, "KeyCredentialsInvalidEndDate"),
        ({"startDateTime": moment(9), "endDateTime": moment(8)}, "KeyCredentialsInvalidEndDate"),
        ({"startDateTime": moment(-9)}, "KeyCredentialsInvalidStartDate"),
    ):
        refused = tenant.graph("PATCH", path, {"keyCredentials": [entry(key, **changes)]})
        assert graph_error(refused)[:2] == (400, code)
    tenant.advance(366 * 86400)
    ended = tenant.graph("PATCH", path, {"keyCredentials": [entry(key)]}, token=tenant.token())
    assert graph_error(ended)[1] == "KeyCredentialsInvalidEndDate"


def test_bad_certificates_are_refused(tenant: TenantClient, key: Key) -> None:
    path = f"/applications/{tenant.make_application(keyCredentials=[entry(key)])['id']}"
    before = tenant.snapshot()
    elliptic = make_key(elliptic=True).base64
    for changes, name in (
        ({"key": None}, "key"),
        ({"key": "x"}, "key"),
        ({"key": "AAAA"}, "key"),
        ({"key": elliptic}, "key"),
        ({"keyId": "mine"}, "keyId"),
        ({"type": None}, "type"),
        ({"usage": None}, "usage"),
        ({"displayName": 7}, "displayName"),
    ):
        refused = tenant.graph("PATCH", path, {"keyCredentials": [entry(key, **changes)]})
        text = f"Invalid value specified for property '{name}' of resource 'KeyCredential'."
        assert graph_error(refused) == (400, "Request_BadRequest", text), changes
    twice = [entry(key, keyId="7d4ddc3b-8a1c-4a53-a0a5-2a1b9b2a1c11")] * 2
    for body in (twice, ["x"], "x", [{"colour": "red"}]):
        assert graph_error(tenant.graph("PATCH", path, {"keyCredentials": body}))[:2] == (400, "Request_BadRequest")
    for changes in ({"type": "Symmetric"}, {"usage": "Sign"}, {"customKeyIdentifier": "AB"}):
        refused = tenant.graph("PATCH", path, {"keyCredentials": [entry(key, **changes)]})
        assert graph_error(refused)[:2] == (501, "NotImitated"), changes
    assert graph_error(tenant.graph("POST", f"{path}/addKey", {}))[:2] == (501, "NotImitated")
    assert tenant.snapshot() == before


def test_only_owners_register(tenant: TenantClient, key: Key) -> None:
    foreign = next(
        a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "CRM calendar sync"
    )
    path = f"/applications/{foreign['id']}"
    trusts = f"{path}/federatedIdentityCredentials"
    assert graph_error(tenant.graph("PATCH", path, {"keyCredentials": [entry(key)]})) == DENIED
    assert graph_error(tenant.graph("POST", trusts, TRUST)) == DENIED
    assert expect(tenant.graph("GET", trusts), 200)["value"] == []
    rights = f"/tenants/{tenant.tenant_id}/rights/{tenant.administrator['clientId']}"
    tenant.control("PUT", rights, {"appRoles": ["Application.ReadWrite.OwnedBy"]})
    assert graph_error(tenant.graph("GET", trusts, token=tenant.token())) == DENIED


# -- federated identity credentials -------------------------------------------------------------------------------------


def trusts_of(tenant: TenantClient) -> str:
    return f"/applications/{tenant.make_application()['id']}/federatedIdentityCredentials"


def test_trust_is_made_read_changed_and_withdrawn(tenant: TenantClient) -> None:
    path = trusts_of(tenant)
    answer = tenant.graph("POST", path, {"@odata.type": "#microsoft.graph.federatedIdentityCredential", **TRUST})
    made = expect(answer, 201)
    assert answer.headers["location"].endswith(f"{path}/{made['id']}")
    shown = {"id": made["id"], **TRUST, "description": None}
    context = made.pop("@odata.context")
    owner = path.split("/")[2]
    assert context.endswith(f"/$metadata#applications('{owner}')/federatedIdentityCredentials/$entity")
    assert made == shown
    for name in (made["id"], "main-branch"):
        assert expect(tenant.graph("GET", f"{path}/{name}"), 200) == {"@odata.context": context, **shown}
    expect(tenant.graph("PATCH", f"{path}/{made['id']}", {"description": "x", "audiences": ["api://Other"]}), 204)
    expect(tenant.graph("PATCH", f"{path}/main-branch", {"name": "main-branch", "subject": "repo:y"}), 204)
    changed = {**shown, "description": "x", "audiences": ["api://Other"], "subject": "repo:y"}
    assert expect(tenant.graph("GET", path), 200)["value"] == [changed]
    by_app_id = f"/applications(appId='{expect(tenant.graph('GET', f'/applications/{owner}'), 200)['appId']}')"
    found = tenant.graph("GET", f"{by_app_id}/federatedIdentityCredentials?$filter=name eq 'main-branch'&$select=id")
    assert expect(found, 200)["value"] == [{"id": made["id"]}]
    expect(tenant.graph("DELETE", f"{path}/{made['id']}"), 204)
    for method in ("GET", "DELETE"):
        assert graph_error(tenant.graph(method, f"{path}/{made['id']}"))[:2] == (404, "Request_ResourceNotFound")


def test_names_and_pairs_are_unique(tenant: TenantClient) -> None:
    path = trusts_of(tenant)
    expect(tenant.graph("POST", path, TRUST), 201)
    assert graph_error(tenant.graph("POST", path, {**TRUST, "subject": "other"})) == (
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "FederatedIdentityCredential with name main-branch already exists.",
    )
    subject = TRUST["subject"]
    wanted = (
        400,
        "InvalidFederatedIdentityCredentialValue",
        f"The combination of issuer and subject must be unique for the application. Issuer {ISSUER} and Subject: {subject} "
        f"already exist. paramName: FederatedIdentityCredential.Subject, paramValue: {subject}, objectType: "
        "Microsoft.Online.DirectoryServices.Application",
    )
    assert graph_error(tenant.graph("POST", path, {**TRUST, "name": "other"})) == wanted
    other = expect(tenant.graph("POST", path, {**TRUST, "name": "other", "subject": "repo:other"}), 201)
    assert graph_error(tenant.graph("PATCH", f"{path}/{other['id']}", {"subject": subject})) == wanted
    refused = tenant.graph("PATCH", f"{path}/{other['id']}", {"name": "another"})
    assert graph_error(refused)[:2] == (400, "Request_BadRequest")
    expect(tenant.graph("POST", trusts_of(tenant), TRUST), 201)


def test_twenty_are_the_most(tenant: TenantClient) -> None:
    path = trusts_of(tenant)
    for number in range(20):
        expect(tenant.graph("POST", path, {**TRUST, "name": f"n-{number}", "subject": f"repo:{number}"}), 201)
    refused = tenant.graph("POST", path, {**TRUST, "name": "n-20", "subject": "repo:20"})
    assert graph_error(refused)[:2] == (403, "Directory_QuotaExceeded")
    assert len(expect(tenant.graph("GET", path), 200)["value"]) == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None},
        {"name": "ab"},
        {"name": "-ab"},
        {"name": "a b"},
        {"name": "a" * 121},
        {"issuer": None},
        {"issuer": "http://issuer.example"},
        {"issuer": "https://" + "a" * 600},
        {"subject": ""},
        {"subject": "s" * 601},
        {"subject": 7},
        {"audiences": []},
        {"audiences": ["a", "b"]},
        {"audiences": "api://AzureADTokenExchange"},
        {"audiences": ["a" * 601]},
        {"description": "d" * 601},
    ],
)
def test_bad_trusts_are_refused(tenant: TenantClient, changes: dict[str, Any]) -> None:
    path = trusts_of(tenant)
    wanted = (400, "InvalidFederatedIdentityCredentialValue")
    assert graph_error(tenant.graph("POST", path, {**TRUST, **changes}))[:2] == wanted
    assert expect(tenant.graph("GET", path), 200)["value"] == []
    expect(tenant.graph("POST", path, TRUST), 201)
    assert graph_error(tenant.graph("PATCH", f"{path}/main-branch", changes))[0] == 400
    assert expect(tenant.graph("GET", f"{path}/main-branch"), 200)["subject"] == TRUST["subject"]


def test_what_is_not_imitated_of_trusts_is_named(tenant: TenantClient) -> None:
    path = trusts_of(tenant)
    flexible = {**TRUST, "claimsMatchingExpression": {"value": "x", "languageVersion": 1}}
    assert graph_error(tenant.graph("POST", path, flexible))[:2] == (501, "NotImitated")
    upsert = tenant.graph("PATCH", f"{path}/new", TRUST, headers={"prefer": "create-if-missing"})
    assert graph_error(upsert)[:2] == (501, "NotImitated")
    assert graph_error(tenant.graph("POST", path, {**TRUST, "colour": "red"}))[:2] == (400, "Request_BadRequest")
