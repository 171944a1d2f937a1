"""App management policies: the tenant's default and assigned ones limit new client secrets."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.tenant.client import TenantClient, expect, graph_error

DEFAULT = "/policies/defaultAppManagementPolicy"
FURTHER = "/policies/appManagementPolicies"
NOBODY = "00000000-0000-0000-0000-000000000000"
DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
ALL = ("Policy.ReadWrite.ApplicationConfiguration", "Application.ReadWrite.All")

Ask = Callable[..., Any]


@pytest.fixture
def ask(tenant: TenantClient) -> Ask:
    """Call Graph with the right to write policies and applications."""
    token = tenant.token_with(*ALL)
    return lambda method, path, body=None: tenant.graph(method, path, body, token)


def limit(days: int, **more: Any) -> dict[str, Any]:
    return {"restrictionType": "passwordLifetime", "maxLifetime": f"P{days}D", **more}


def forbid(**more: Any) -> dict[str, Any]:
    return {"restrictionType": "passwordAddition", "maxLifetime": None, **more}


def by_default(ask: Ask, *restrictions: dict[str, Any], enabled: bool = True) -> None:
    body = {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": list(restrictions)}}
    expect(ask("PATCH", DEFAULT, body), 204)


def secret(ask: Ask, application: dict[str, Any], days: float) -> Any:
    """Ask for a secret that ends so many days from now."""
    now = datetime.fromisoformat(application["createdDateTime"])
    end = (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"passwordCredential": {"startDateTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "endDateTime": end}}
    return ask("POST", f"/applications/{application['id']}/addPassword", body)


def too_long(policy_id: str) -> tuple[int, str, str]:
    text = f"Credential lifetime exceeds the max value allowed as per assigned policy '{policy_id}'."
    return 400, "CredentialInvalidLifetimeAsPerAppPolicy", text


def forbidden(policy_id: str) -> tuple[int, str, str]:
    text = f"Credential type not allowed as per assigned policy '{policy_id}'."
    return 400, "CredentialTypeNotAllowedAsPerAppPolicy", text


def test_the_default_policy_exists_and_forbids_nothing(tenant: TenantClient, ask: Ask) -> None:
    policy = expect(ask("GET", DEFAULT), 200)
    assert (policy["id"], policy["isEnabled"]) == (NOBODY, False)
    assert policy["applicationRestrictions"] == {"passwordCredentials": [], "keyCredentials": []}
    made = expect(ask("POST", "/applications", {"displayName": "A"}), 201)
    before = tenant.snapshot()
    by_default(ask, forbid(), enabled=False)
    assert tenant.snapshot() != before
    expect(secret(ask, made, 900), 200)


def test_a_limit_of_the_lifetime(tenant: TenantClient, ask: Ask) -> None:
    made = expect(ask("POST", "/applications", {"displayName": "A"}), 201)
    by_default(ask, limit(180))
    before = tenant.snapshot()
    assert graph_error(secret(ask, made, 181)) == too_long(NOBODY)
    two_years = ask("POST", f"/applications/{made['id']}/addPassword", {})
    assert graph_error(two_years) == too_long(NOBODY)
    assert tenant.snapshot() == before
    key = expect(secret(ask, made, 180), 200)["keyId"]
    by_default(ask, limit(30))
    expect(ask("POST", f"/applications/{made['id']}/removePassword", {"keyId": key}), 204)


def test_secrets_can_be_forbidden_altogether(tenant: TenantClient, ask: Ask) -> None:
    made = expect(ask("POST", "/applications", {"displayName": "A"}), 201)
    by_default(ask, limit(900), forbid())
    assert graph_error(secret(ask, made, 1)) == forbidden(NOBODY)
    by_default(ask, limit(900), forbid(state="disabled"))
    expect(secret(ask, made, 1), 200)


def test_a_policy_may_spare_older_applications(tenant: TenantClient, ask: Ask) -> None:
    made = expect(ask("POST", "/applications", {"displayName": "A"}), 201)
    created = made["createdDateTime"]
    by_default(ask, limit(10, restrictForAppsCreatedAfterDateTime="2999-01-01T00:00:00Z"))
    expect(secret(ask, made, 11), 200)
    by_default(ask, limit(10, restrictForAppsCreatedAfterDateTime=created))
    assert graph_error(secret(ask, made, 11)) == too_long(NOBODY)


def further(ask: Ask, *restrictions: dict[str, Any], enabled: bool = True) -> str:
    body = {
        "displayName": "Exception",
        "description": "d",
        "isEnabled": enabled,
        "restrictions": {"passwordCredentials": list(restrictions)},
    }
    return str(expect(ask("POST", FURTHER, body), 201)["id"])


def test_an_assigned_policy_takes_the_place_of_the_default(tenant: TenantClient, ask: Ask) -> None:
    made, other = (expect(ask("POST", "/applications", {"displayName": n}), 201) for n in "AB")
    by_default(ask, forbid())
    policy = further(ask, limit(90))
    assigned = f"/applications/{made['id']}/appManagementPolicies"
    reference = {"@odata.id": f"{tenant.server.url}/v1.0{FURTHER}/{policy}"}
    expect(ask("POST", f"{assigned}/$ref", reference), 204)
    assert [each["id"] for each in expect(ask("GET", assigned), 200)["value"]] == [policy]
    expect(secret(ask, made, 90), 200)
    assert graph_error(secret(ask, made, 91)) == too_long(policy)
    assert graph_error(secret(ask, other, 1)) == forbidden(NOBODY)
    assert graph_error(ask("POST", f"{assigned}/$ref", reference))[:2] == (400, "Request_BadRequest")
    expect(ask("PATCH", f"{FURTHER}/{policy}", {"isEnabled": False}), 204)
    assert graph_error(secret(ask, made, 1)) == forbidden(NOBODY)
    expect(ask("DELETE", f"{assigned}/{policy}/$ref"), 204)
    assert graph_error(ask("DELETE", f"{assigned}/{policy}/$ref"))[0] == 404
    assert expect(ask("GET", assigned), 200)["value"] == []


def test_a_deleted_policy_leaves_its_applications_to_the_default(tenant: TenantClient, ask: Ask) -> None:
    made = expect(ask("POST", "/applications", {"displayName": "A"}), 201)
    policy = further(ask, forbid())
    reference = {"@odata.id": f"{tenant.server.url}/v1.0{FURTHER}/{policy}"}
    expect(ask("POST", f"/applications/{made['id']}/appManagementPolicies/$ref", reference), 204)
    assert graph_error(secret(ask, made, 1)) == forbidden(policy)
    expect(ask("DELETE", f"{FURTHER}/{policy}"), 204)
    assert ask("GET", f"{FURTHER}/{policy}").status_code == 404
    assert expect(ask("GET", FURTHER), 200)["value"] == []
    expect(secret(ask, made, 1), 200)


@pytest.mark.parametrize(
    "restrictions",
    [
        {"passwordCredentials": [{"restrictionType": "passwordLifetime"}]},
        {"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "180 days"}]},
        {"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P6M"}]},
        {"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P"}]},
        {"passwordCredentials": [{"restrictionType": "passwordAddition", "maxLifetime": "P1D"}]},
        {"passwordCredentials": [{"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P1D"}]},
        {"passwordCredentials": [{"restrictionType": "passwordAddition", "colour": "red"}]},
        {"passwordCredentials": [{"restrictionType": "passwordAddition"}] * 2},
        {"passwordCredentials": {"restrictionType": "passwordAddition"}},
        [],
    ],
)
def test_bad_restrictions(tenant: TenantClient, ask: Ask, restrictions: Any) -> None:
    before = tenant.snapshot()
    refused = ask("PATCH", DEFAULT, {"isEnabled": True, "applicationRestrictions": restrictions})
    assert graph_error(refused)[:2] == (400, "Request_BadRequest")
    assert tenant.snapshot() == before
    assert graph_error(ask("PATCH", DEFAULT, {"applicationRestrictions": {"audiences": {}}}))[0] == 501


@pytest.mark.parametrize(
    ("roles", "reads", "writes", "assigns"),
    [
        (("Policy.Read.All",), 200, 403, 403),
        (("Policy.ReadWrite.ApplicationConfiguration",), 200, 204, 403),
        (("Policy.ReadWrite.ApplicationConfiguration", "Application.Read.All"), 200, 204, 204),
        (("Application.ReadWrite.All",), 403, 403, 403),
    ],
)
def test_policies_need_their_own_rights(
    tenant: TenantClient, ask: Ask, roles: tuple[str, ...], reads: int, writes: int, assigns: int
) -> None:
    made = expect(ask("POST", "/applications", {"displayName": "A"}), 201)
    reference = {"@odata.id": f"{tenant.server.url}/v1.0{FURTHER}/{further(ask, forbid())}"}
    token = tenant.token_with(*roles)
    assert tenant.graph("GET", DEFAULT, token=token).status_code == reads
    assert tenant.graph("PATCH", DEFAULT, {"isEnabled": True}, token).status_code == writes
    path = f"/applications/{made['id']}/appManagementPolicies/$ref"
    assert tenant.graph("POST", path, reference, token).status_code == assigns
