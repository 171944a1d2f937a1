"""What an observation says of the tenant's app management policies, with and without the right to read them."""

from typing import Any

import httpx
import pytest

from microsoft365.graph.secret_policies import secret_policy
from tests.desired_state.directory import Directory
from tests.desired_state.tenant import Tenant

DEFAULT = "/policies/defaultAppManagementPolicy"
FURTHER = "/policies/appManagementPolicies"
DEPLOYS = (
    "Application.ReadWrite.OwnedBy",
    "Application.Read.All",
    "AppRoleAssignment.ReadWrite.All",
    "Exchange.ManageAsApp",
)
WRITES = "Policy.ReadWrite.ApplicationConfiguration"
LIMIT = {"restrictionType": "passwordLifetime", "maxLifetime": "P180D"}


def rights(tenant: Tenant, *more: str) -> None:
    path = f"/tenants/{tenant.id}/rights/{tenant.administrator['clientId']}"
    tenant.control.put(path, json={"appRoles": [*DEPLOYS, *more]}).raise_for_status()


def by_default(tenant: Tenant, *restrictions: dict[str, Any], enabled: bool = True) -> None:
    rights(tenant, WRITES)
    body = {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": list(restrictions)}}
    tenant.graph("PATCH", DEFAULT, body)
    rights(tenant, "Policy.Read.All")


def observed(tenant: Tenant, client_id: str | None = None) -> Any:
    ended = tenant.run("observe", "--entra-only", stdin=tenant.desired(client_id))
    assert ended.code == 0, ended.err
    return ended.document["entra"]["secretPolicy"]


def restriction(**changes: Any) -> dict[str, Any]:
    return {"forbidsSecrets": False, "longestSeconds": 180 * 86400, "createdAfter": None, "certain": True, **changes}


def test_without_the_right_nothing_is_said_and_nothing_fails(tenant: Tenant) -> None:
    by_default(tenant, LIMIT)
    rights(tenant)
    assert observed(tenant) is None
    assert [entry["status"] for entry in tenant.requests() if "defaultAppManagementPolicy" in entry["path"]][-1] == 403


def test_the_tenants_default_is_read(tenant: Tenant) -> None:
    by_default(tenant, LIMIT, {"restrictionType": "symmetricKeyAddition"})
    found = observed(tenant)
    assert found["certain"] is True
    assert found["restrictions"] == [restriction()]
    since = "2026-01-01T00:00:00Z"
    by_default(tenant, {**LIMIT, "restrictForAppsCreatedAfterDateTime": since})
    assert observed(tenant)["restrictions"] == [restriction(createdAfter=since)]
    by_default(tenant, {"restrictionType": "passwordAddition"})
    assert observed(tenant)["restrictions"] == [restriction(forbidsSecrets=True, longestSeconds=None)]


@pytest.mark.parametrize("off", [{"enabled": False}, {"state": "disabled"}])
def test_what_is_switched_off_restricts_nothing(tenant: Tenant, off: dict[str, Any]) -> None:
    by_default(tenant, {**LIMIT, "state": off.get("state", "enabled")}, enabled=off.get("enabled", True))
    assert observed(tenant)["restrictions"] == []


def test_a_policy_that_is_assigned_takes_the_place_of_the_default(tenant: Tenant) -> None:
    application = tenant.application()
    by_default(tenant, LIMIT)
    rights(tenant, WRITES)
    body = {
        "displayName": "Exception",
        "description": "d",
        "isEnabled": True,
        "restrictions": {"passwordCredentials": [{**LIMIT, "maxLifetime": "P90DT12H"}]},
    }
    made = tenant.graph("POST", FURTHER, body)
    reference = {"@odata.id": f"{tenant.login_and_graph}/v1.0{FURTHER}/{made['id']}"}
    tenant.graph("POST", f"/applications/{application['objectId']}/appManagementPolicies/$ref", reference)
    rights(tenant, "Policy.Read.All")
    found = observed(tenant, application["clientId"])
    assert (found["name"], found["certain"]) == ("Exception", True)
    assert found["restrictions"] == [restriction(longestSeconds=90.5 * 86400)]
    rights(tenant, WRITES)
    tenant.graph("PATCH", f"{FURTHER}/{made['id']}", {"isEnabled": False})
    rights(tenant, "Policy.Read.All")
    found = observed(tenant, application["clientId"])
    assert found["certain"] is False
    assert found["restrictions"] == [restriction()]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**LIMIT, "excludeActors": {"customSecurityAttributes": []}}, restriction(certain=False)),
        ({**LIMIT, "maxLifetime": "P6M"}, restriction(longestSeconds=None, certain=False)),
        ({**LIMIT, "excludeActors": None}, restriction()),
    ],
)
def test_what_only_the_tenant_can_decide_is_said_to_be_uncertain(given: dict[str, Any], said: dict[str, Any]) -> None:
    """Exceptions by attributes, and durations of another form, as a capture or a later version may have them."""
    directory = Directory()
    policy = {"id": "p", "isEnabled": True, "applicationRestrictions": {"passwordCredentials": [given]}}
    directory.early = lambda _: httpx.Response(200, json=policy)
    found = secret_policy(directory.graph(), None)
    assert found is not None
    assert found["restrictions"] == [said]


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_cloud_without_such_policies_is_one_that_says_nothing(status: int) -> None:
    directory = Directory()
    directory.early = lambda _: httpx.Response(status, json={"error": {"code": "BadRequest", "message": "no"}})
    assert secret_policy(directory.graph(), "object") is None
