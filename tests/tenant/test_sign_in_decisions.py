"""What decides sign-in besides the credential: policies, propagation, disabled service principals, clocks."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from tests.tenant.client import GRAPH_APP_ID, TenantClient, expect, graph_error
from tests.tenant.signing import explained, pipeline_token, refusal, trade

TEXTS = {
    "client_secret": (
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
        "client secret ID, for a secret added to app '{app}'.",
    ),
    "client_id": (
        400,
        "unauthorized_client",
        700016,
        "Application with identifier 'x' was not found in the directory 'Alpenblick AG'. This can happen if the application "
        "has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have "
        "sent your authentication request to the wrong tenant.",
    ),
    "tenant": (
        400,
        "invalid_request",
        90002,
        "Tenant 'x' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "
        "Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    ),
}


@pytest.mark.parametrize("parameter", sorted(TEXTS))
def test_exact_texts(tenant: TenantClient, parameter: str) -> None:
    status, error, number, text = TEXTS[parameter]
    wanted = (status, error, number, text.replace("{app}", tenant.administrator["clientId"]))
    assert explained(tenant.sign_in(**{parameter: "x"})) == wanted


def test_exact_texts_of_secrets(tenant: TenantClient) -> None:
    application = tenant.make_application()
    made = expect(tenant.graph("POST", f"/applications/{application['id']}/addPassword", {}), 200)
    tenant.advance(3 * 366 * 86400)
    assert explained(tenant.sign_in(client_id=application["appId"], client_secret=made["secretText"])) == (
        401,
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{application['appId']}' are expired. Visit the Azure portal to create new "
        "keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
    )
    assert explained(tenant.sign_in(client_secret="")) == (
        401,
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )


def test_correlation_is_echoed(tenant: TenantClient) -> None:
    mine = "5e1c6d3f-6a0f-4a7c-9a52-4d6f0a3f7b11"
    answer = tenant.http.post(
        f"{tenant.server.url}/{tenant.tenant_id}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "client_id": "x", "scope": "y/.default"},
        headers={"client-request-id": mine},
    )
    assert explained(answer)[2] == 700016
    assert answer.json()["correlation_id"] == mine


def test_conditional_access_blocks_each_way_of_signing_in(tenant: TenantClient) -> None:
    app_id = tenant.administrator["clientId"]
    lives = tenant.token()
    conditions = tenant.server.simulator.store.first.conditions
    conditions.blocked_client_ids = [app_id.upper()]
    for answer in (tenant.sign_in(), trade(tenant, app_id, pipeline_token(tenant))):
        assert explained(answer, "suberror", "claims") == (
            400,
            "invalid_grant",
            53003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        )
        assert answer.json()["suberror"] == "message_only"
        assert json.loads(answer.json()["claims"])["access_token"]["capolids"]["essential"] is True
    assert refusal(tenant.sign_in(client_secret="wrong"))[2] == 7000215  # the policy is asked after the credential
    assert tenant.graph("GET", "/applications", token=lives).status_code == 200
    conditions.blocked_client_ids = []
    assert tenant.sign_in().status_code == 200


def test_new_secret_is_refused_until_sign_in_has_heard_of_it(tenant: TenantClient) -> None:
    application = tenant.make_application()
    path = f"/applications/{application['id']}"
    tenant.server.simulator.store.first.conditions.lag.secret_seconds = 15
    made = expect(tenant.graph("POST", f"{path}/addPassword", {}), 200)
    assert [p["keyId"] for p in expect(tenant.graph("GET", path), 200)["passwordCredentials"]] == [made["keyId"]]
    form = {"client_id": application["appId"], "client_secret": made["secretText"]}
    assert refusal(tenant.sign_in(**form)) == (401, "invalid_client", 7000215)
    assert tenant.sign_in().status_code == 200
    tenant.advance(16)
    assert tenant.sign_in(**form).status_code == 200


def test_disabled_service_principal_gets_no_token(tenant: TenantClient) -> None:
    application = tenant.make_application("Connector")
    made = expect(tenant.graph("POST", f"/applications/{application['id']}/addPassword", {}), 200)
    form = {"client_id": application["appId"], "client_secret": made["secretText"]}
    principal = f"/servicePrincipals/{application['servicePrincipalId']}"
    expect(tenant.graph("PATCH", principal, {"accountEnabled": False}), 204)
    assert expect(tenant.graph("GET", principal), 200)["accountEnabled"] is False
    assert explained(tenant.sign_in(**form)) == (
        400,
        "unauthorized_client",
        7000112,
        f"Application '{application['appId']}'(Connector) is disabled.",
    )
    expect(tenant.graph("PATCH", principal, {"accountEnabled": True}), 204)
    assert tenant.sign_in(**form).status_code == 200


def test_missing_service_principal_gets_no_token(tenant: TenantClient) -> None:
    application = tenant.make_application()
    made = expect(tenant.graph("POST", f"/applications/{application['id']}/addPassword", {}), 200)
    expect(tenant.graph("DELETE", f"/servicePrincipals/{application['servicePrincipalId']}"), 204)
    assert explained(tenant.sign_in(client_id=application["appId"], client_secret=made["secretText"])) == (
        401,
        "invalid_client",
        7000229,
        f"The client application '{application['appId']}' is missing service principal in the tenant '{tenant.tenant_id}'. "
        "See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
    )


def test_disabled_resource_gets_no_token(tenant: TenantClient) -> None:
    graph = tenant.server.simulator.store.first.service_principal_by_app_id(GRAPH_APP_ID)
    assert graph
    graph.properties["accountEnabled"] = False
    assert refusal(tenant.sign_in()) == (400, "invalid_resource", 500014)
    assert tenant.sign_in(f"{tenant.server.exchange_url}/.default").status_code == 200


def test_each_tenants_refusals_are_dated_by_its_own_clock(tenant: TenantClient) -> None:
    other = tenant.control("POST", "/tenants", {"domain": "lakeside.example", "rooms": 1, "people": 1})
    tenant.control("PUT", f"/tenants/{other['tenantId']}/clock", {"now": "2031-06-01T12:00:00Z"})
    for form in ({"client_id": "x"}, {"client_id": other["clientId"], "client_secret": "wrong"}):
        answer = tenant.sign_in(tenant=other["tenantId"], **form)
        assert answer.json()["timestamp"].startswith("2031-06-01 12:0")
        moment = parsedate_to_datetime(answer.headers["date"])
        assert abs((moment - datetime(2031, 6, 1, 12, tzinfo=UTC)).total_seconds()) < 60
    here = tenant.sign_in(client_secret="wrong")
    assert parsedate_to_datetime(here.headers["date"]).year < 2031


def test_tokens_for_assertions_end_as_well(tenant: TenantClient) -> None:
    app_id, held = tenant.administrator["clientId"], []
    for scope in (tenant.server.url, tenant.server.exchange_url):
        answer = trade(tenant, app_id, pipeline_token(tenant), scope=f"{scope}/.default")
        held.append(expect(answer, 200)["access_token"])
    for minutes, status in ((64, 200), (2, 401)):
        tenant.advance(minutes * 60)
        assert tenant.graph("GET", "/applications", token=held[0]).status_code == status
        assert tenant.cmdlet("Get-AcceptedDomain", token=held[1]).status_code == status


def test_assertions_give_tokens_for_one_audience(tenant: TenantClient) -> None:
    token = expect(trade(tenant, tenant.administrator["clientId"], pipeline_token(tenant)), 200)["access_token"]
    assert (refused := tenant.cmdlet("Get-Mailbox", token=token)).status_code == 401
    assert refused.content == b""
    scope = f"{tenant.server.exchange_url}/.default"
    answer = trade(tenant, tenant.administrator["clientId"], pipeline_token(tenant), scope=scope)
    graph = tenant.graph("GET", "/applications", token=expect(answer, 200)["access_token"])
    assert graph_error(graph)[:2] == (401, "InvalidAuthenticationToken")
