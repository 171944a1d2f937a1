"""Sign-in by another issuer's token, against "Workload identity federation concepts"."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from jwt.algorithms import RSAAlgorithm

from tests.tenant.client import TenantClient, expect
from tests.tenant.signing import claims, explained, make_key, pipeline_token, refusal, trade

ISSUER = "https://pipeline.alpenblick.example"
SUBJECT = "repo:alpenblick/roomz:ref:refs/heads/main"
AUDIENCE = "api://AzureADTokenExchange"
PAGE = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
HINT = f"Check your federated identity credential Subject, Audience and Issuer against the presented assertion. {PAGE}"


def trust(tenant: TenantClient, **changes: Any) -> str:
    """Make an application that trusts the pipeline and return its client id."""
    application = tenant.make_application()
    body = {"name": "pipeline", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE], **changes}
    expect(tenant.graph("POST", f"/applications/{application['id']}/federatedIdentityCredentials", body), 201)
    return str(application["appId"])


def test_deployer_signs_in_as_the_pipeline(tenant: TenantClient) -> None:
    text = pipeline_token(tenant)
    for scope, role in (
        (f"{tenant.server.url}/.default", "Application.ReadWrite.OwnedBy"),
        (f"{tenant.server.exchange_url}/.default", "Exchange.ManageAsApp"),
    ):
        answer = expect(trade(tenant, tenant.administrator["clientId"], text, scope=scope), 200)
        held = claims(answer["access_token"])
        assert (held["appidacr"], held["aud"]) == ("2", scope.removesuffix("/.default"))
        assert role in held["roles"]


def test_pipeline_is_an_openid_connect_issuer(tenant: TenantClient) -> None:
    document = tenant.control("GET", "/pipeline/.well-known/openid-configuration")
    assert document["issuer"] == ISSUER
    (key,) = tenant.plain.get(document["jwks_uri"]).json()["keys"]
    text = pipeline_token(tenant, subject="repo:x", audience="y")
    assert jwt.get_unverified_header(text) == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
    held = jwt.decode(text, RSAAlgorithm.from_jwk(key), algorithms=["RS256"], issuer=ISSUER, audience="y")  # type: ignore[arg-type]
    assert held["sub"] == "repo:x"
    assert held["exp"] - held["iat"] == 300
    assert abs(held["iat"] - time.time()) < 60


def test_pipeline_asks_for_its_bearer(tenant: TenantClient) -> None:
    assert tenant.plain.get("/pipeline/token").status_code == 401
    for value in ("Bearer", "Basic x"):
        assert tenant.plain.get("/pipeline/token", headers={"authorization": value}).status_code == 401
    silent = tenant.plain.get("/pipeline/token", headers={"authorization": "Bearer x"}).json()["value"]
    assert claims(silent)["aud"] != AUDIENCE
    assert refusal(trade(tenant, tenant.administrator["clientId"], silent))[2] == 700212


def test_application_that_trusts_nobody(tenant: TenantClient) -> None:
    app_id = tenant.make_application()["appId"]
    assert explained(trade(tenant, app_id, pipeline_token(tenant))) == (
        400,
        "invalid_request",
        70021,
        f"No matching federated identity record found for presented assertion. Assertion Issuer: '{ISSUER}'. Assertion "
        f"Subject: '{SUBJECT}'. Assertion Audience: '{AUDIENCE}'. {PAGE}",
    )


@pytest.mark.parametrize(
    ("changes", "number", "text"),
    [
        ({"issuer": f"{ISSUER}/"}, 700211, f"issuer '{ISSUER}'"),
        ({"subject": "repo:alpenblick/other:ref:refs/heads/main"}, 700213, f"subject '{SUBJECT}'"),
        ({"audiences": ["api://Other"]}, 700212, f"audience '{AUDIENCE}'"),
    ],
)
def test_each_part_must_match(tenant: TenantClient, changes: dict[str, Any], number: int, text: str) -> None:
    app_id = trust(tenant, **changes)
    assert explained(trade(tenant, app_id, pipeline_token(tenant))) == (
        401,
        "invalid_client",
        number,
        f"No matching federated identity record found for presented assertion {text}. {HINT}",
    )


def test_letter_case_counts(tenant: TenantClient) -> None:
    app_id = trust(tenant, subject="repo:Alpenblick/roomz:ref:refs/heads/main")
    status, error, number, text = explained(trade(tenant, app_id, pipeline_token(tenant)))
    assert (status, error, number) == (401, "invalid_client", 7002138)
    assert f"subject '{SUBJECT}'. The subject matches with case-insensitive comparison, but not with" in text


def test_parts_of_two_credentials_make_no_third(tenant: TenantClient) -> None:
    application = tenant.make_application()
    path = f"/applications/{application['id']}/federatedIdentityCredentials"
    for name, subject, audience in (("one", SUBJECT, "api://Other"), ("two", "repo:other", AUDIENCE)):
        body = {"name": name, "issuer": ISSUER, "subject": subject, "audiences": [audience]}
        expect(tenant.graph("POST", path, body), 201)
    assert refusal(trade(tenant, application["appId"], pipeline_token(tenant)))[2] == 700212


def test_trusted_issuer_that_cannot_be_reached(tenant: TenantClient) -> None:
    github = "https://token.actions.githubusercontent.com"
    app_id = trust(tenant, issuer=github)
    body = {"iss": github, "sub": SUBJECT, "aud": AUDIENCE, "exp": 9_999_999_999}
    text = jwt.encode(body, make_key().private, algorithm="RS256", headers={"kid": "x"})
    assert explained(trade(tenant, app_id, text)) == (
        400,
        "invalid_request",
        50166,
        "Request to External OIDC endpoint failed.",
    )


def test_somebody_else_signed(tenant: TenantClient) -> None:
    app_id = trust(tenant)
    true = pipeline_token(tenant)
    header, body = jwt.get_unverified_header(true), claims(true)
    wanted = (401, "invalid_client", 700027, "Client assertion failed signature validation.")
    forged = jwt.encode(body, make_key().private, algorithm="RS256", headers={"kid": header["kid"]})
    assert explained(trade(tenant, app_id, forged)) == wanted
    nameless = jwt.encode(body, tenant.server.simulator.pipeline.key, algorithm="RS256")
    assert explained(trade(tenant, app_id, nameless)) == wanted
    head, _, signature = true.split(".")
    other = pipeline_token(tenant, subject="repo:evil").split(".")[1]
    assert refusal(trade(tenant, app_id, f"{head}.{other}.{signature}"))[2] == 700213
    pss = jwt.encode(body, make_key().private, algorithm="PS256", headers={"kid": header["kid"]})
    assert refusal(trade(tenant, app_id, pss))[2] == 5002738


def test_pipelines_token_ends_by_the_tenants_clock(tenant: TenantClient) -> None:
    app_id = trust(tenant)
    text = pipeline_token(tenant)
    tenant.advance(6 * 60)
    assert refusal(trade(tenant, app_id, text)) == (401, "invalid_client", 700024)
    assert trade(tenant, app_id, pipeline_token(tenant)).status_code == 200
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/clock", {"now": "2031-01-01T00:00:00Z"})
    held = claims(pipeline_token(tenant))
    assert datetime.fromtimestamp(held["iat"], UTC) - datetime(2031, 1, 1, tzinfo=UTC) < timedelta(minutes=1)
    assert trade(tenant, app_id, pipeline_token(tenant)).status_code == 200


def test_trust_that_was_withdrawn(tenant: TenantClient) -> None:
    application = tenant.make_application()
    path = f"/applications/{application['id']}/federatedIdentityCredentials"
    body = {"name": "pipeline", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    made = expect(tenant.graph("POST", path, body), 201)
    assert trade(tenant, application["appId"], pipeline_token(tenant)).status_code == 200
    expect(tenant.graph("DELETE", f"{path}/{made['id']}"), 204)
    assert refusal(trade(tenant, application["appId"], pipeline_token(tenant)))[2] == 70021


def test_every_tenant_trusts_the_pipeline(tenant: TenantClient) -> None:
    other = tenant.control("POST", "/tenants", {"domain": "lakeside.example", "rooms": 1, "people": 1})
    answer = trade(tenant, other["clientId"], pipeline_token(tenant), at=other["tenantId"])
    assert claims(expect(answer, 200)["access_token"])["tid"] == other["tenantId"]
    assert refusal(trade(tenant, other["clientId"], pipeline_token(tenant)))[2] == 700016
