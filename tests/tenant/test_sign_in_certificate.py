"""Sign-in by certificate, against "Microsoft identity platform application authentication certificate credentials"."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tenant.client import TenantClient, expect
from tests.tenant.signing import Key, assertion, claims, explained, make_key, refusal, token_url, trade

PAGE = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"


@pytest.fixture(scope="module")
def key() -> Key:
    """A key with a certificate of one year."""
    return make_key()


@pytest.fixture
def app_id(tenant: TenantClient, key: Key) -> str:
    """The client id of an application with this certificate."""
    entry = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": key.base64}
    return str(tenant.make_application(keyCredentials=[entry])["appId"])


@pytest.mark.parametrize("algorithm", ["PS256", "RS256", "RS384", "RS512"])
def test_certificate_proves_the_application(tenant: TenantClient, app_id: str, key: Key, algorithm: str) -> None:
    answer = expect(trade(tenant, app_id, assertion(tenant, app_id, key, algorithm=algorithm)), 200)
    held = claims(answer["access_token"])
    assert (held["appid"], held["appidacr"], held["aud"]) == (app_id, "2", tenant.server.url)
    assert "roles" not in held


def test_certificate_is_named_by_any_of_three_headers(tenant: TenantClient, app_id: str, key: Key) -> None:
    sha1, sha256 = key.thumbprint(), key.thumbprint(hashes.SHA256())
    for header in ({"x5t": sha1}, {"x5t": f"{sha1}="}, {"x5t#S256": sha256}, {"kid": sha1}, {"x5t": sha1, "kid": sha1}):
        assert trade(tenant, app_id, assertion(tenant, app_id, key, header=header)).status_code == 200, header
    for header in ({"x5t": sha256}, {"kid": "x"}, {"x5t": sha1, "x5t#S256": sha1}):
        answer = trade(tenant, app_id, assertion(tenant, app_id, key, header=header))
        assert refusal(answer) == (401, "invalid_client", 700027), header


def test_tenant_may_be_named_by_its_domain(tenant: TenantClient, app_id: str, key: Key) -> None:
    domain = tenant.administrator["domain"]
    for audience in (token_url(tenant), token_url(tenant, domain)):
        text = assertion(tenant, app_id, key, aud=audience)
        assert trade(tenant, app_id, text, at=domain).status_code == 200, audience
    refused = trade(tenant, app_id, assertion(tenant, app_id, key, aud=token_url(tenant, "elsewhere")))
    assert refusal(refused)[2] == 700023


OTHER = "11111111-1111-1111-1111-111111111111"
CASES: list[tuple[str, dict[str, Any], tuple[int, str, int, str]]] = [
    (
        "another issuer",
        {"iss": OTHER, "sub": OTHER},
        (
            401,
            "invalid_client",
            700021,
            f"Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at {PAGE} .",
        ),
    ),
    (
        "another subject",
        {"sub": OTHER},
        (401, "invalid_client", 50048, "Subject must match the issuer claim in the client assertion."),
    ),
    (
        "another audience",
        {"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"},
        (
            401,
            "invalid_client",
            700023,
            f"Client assertion audience claim does not match Realm issuer. Review the documentation at {PAGE} .",
        ),
    ),
    (
        "no certificate named",
        {"header": {}},
        (
            401,
            "invalid_client",
            5002723,
            "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.",
        ),
    ),
    ("no issuer", {"iss": None}, (400, "invalid_request", 50027, "JWT token is invalid or malformed.")),
    ("several audiences", {"aud": ["a", "b"]}, (400, "invalid_request", 50027, "JWT token is invalid or malformed.")),
    ("a text for a time", {"exp": "soon"}, (400, "invalid_request", 50027, "JWT token is invalid or malformed.")),
    ("no date", {"exp": 1e300}, (400, "invalid_request", 50027, "JWT token is invalid or malformed.")),
    ("no id", {"jti": None}, (400, "invalid_request", 50027, "JWT token is invalid or malformed.")),
]


@pytest.mark.parametrize(("changes", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused_claims(
    tenant: TenantClient, app_id: str, key: Key, changes: dict[str, Any], wanted: tuple[int, str, int, str]
) -> None:
    assert explained(trade(tenant, app_id, assertion(tenant, app_id, key, **changes))) == wanted


def test_unknown_certificate(tenant: TenantClient, app_id: str) -> None:
    stranger = make_key()
    text = assertion(tenant, app_id, stranger, header={"x5t": stranger.thumbprint()})
    status, error, number, text = explained(trade(tenant, app_id, text))
    assert (status, error, number) == (401, "invalid_client", 700027)
    assert text.startswith(
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - The key was not found., Thumbprint of key used by client: '{stranger.hexadecimal}', Please visit the Azure Portal,"
    )
    assert f"app Id '{app_id}'" in text


def test_wrong_signature(tenant: TenantClient, app_id: str, key: Key) -> None:
    text = assertion(tenant, app_id, make_key(), header={"x5t": key.thumbprint()})
    status, error, number, explanation = explained(trade(tenant, app_id, text))
    assert (status, error, number) == (401, "invalid_client", 700027)
    start = f"{key.certificate.not_valid_before_utc:%m/%d/%Y %H:%M:%S}"
    assert explanation.startswith(
        "Client assertion failed signature validation. [Reason - Key was found, but use of the key to verify the signature "
        f"failed., Thumbprint of key used by client: '{key.hexadecimal}', Found key 'Start={start}, End="
    )
    head, _, signature = assertion(tenant, app_id, key).split(".")
    changed = {"aud": token_url(tenant), "iss": app_id, "sub": app_id, "jti": "x", "exp": 9_999_999_999}
    body = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    assert refusal(trade(tenant, app_id, f"{head}.{body}.{signature}"))[2] == 700027


@pytest.mark.parametrize("spoil", ["none", "HS256", "ES256"])
def test_refused_algorithms(tenant: TenantClient, app_id: str, key: Key, spoil: str) -> None:
    body = jwt.decode(assertion(tenant, app_id, key), options={"verify_signature": False})
    header = {"x5t": key.thumbprint()}
    text = {
        "none": lambda: jwt.encode(body, "", algorithm="none", headers=header),
        "HS256": lambda: jwt.encode(body, "0" * 32, algorithm="HS256", headers=header),
        "ES256": lambda: jwt.encode(body, make_key(elliptic=True).private, algorithm="ES256", headers=header),
    }[spoil]()
    assert explained(trade(tenant, app_id, text)) == (
        401,
        "invalid_client",
        5002738,
        f"Invalid JWT token. '{spoil}' is not a supported signature algorithm. Supported signing algorithms are: "
        "'RS256,RS384,RS512,PS256'",
    )


@pytest.mark.parametrize("text", ["x", "x.y.z", "..", "a.b", "e30.e30.e30", "\u00e9.\u00e9.\u00e9"])
def test_what_is_no_jwt(tenant: TenantClient, app_id: str, text: str) -> None:
    assert explained(trade(tenant, app_id, text)) == (
        400,
        "invalid_request",
        50027,
        "JWT token is invalid or malformed.",
    )


def test_assertion_counts_in_its_time_by_the_tenants_clock(tenant: TenantClient, app_id: str, key: Key) -> None:
    now = datetime.now(UTC)
    text = assertion(tenant, app_id, key, now=now)
    assert trade(tenant, app_id, text).status_code == 200
    assert trade(tenant, app_id, text).status_code == 200  # Microsoft lets an assertion be used again while it lasts
    tenant.advance(11 * 60)
    status, error, number, explanation = explained(trade(tenant, app_id, text))
    assert (status, error, number) == (401, "invalid_client", 700024)
    begin, end = f"{now:%Y-%m-%dT%H:%M:%S}.0000000Z", f"{now + timedelta(minutes=10):%Y-%m-%dT%H:%M:%S}.0000000Z"
    assert explanation.startswith("Client assertion is not within its valid time range. Current time: 20")
    assert explanation.endswith(
        f", assertion valid from {begin}, expiry time of assertion {end}. Review the documentation at {PAGE} ."
    )
    early = assertion(tenant, app_id, key, now=now + timedelta(minutes=17))
    assert refusal(trade(tenant, app_id, early))[2] == 700024
    endless = explained(trade(tenant, app_id, assertion(tenant, app_id, key, exp=None, nbf=None)))
    assert endless[2] == 700024
    assert (
        "valid from 1970-01-01T00:00:00.0000000Z, expiry time of assertion 1970-01-01T00:00:00.0000000Z" in endless[3]
    )


def test_certificate_ends_by_the_tenants_clock(tenant: TenantClient, app_id: str, key: Key) -> None:
    tenant.advance(366 * 86400)
    later = datetime.now(UTC) + timedelta(days=366)
    status, error, number, text = explained(trade(tenant, app_id, assertion(tenant, app_id, key, now=later)))
    assert (status, error, number) == (401, "invalid_client", 700027)
    assert text.startswith(
        "The certificate with identifier used to sign the client assertion is expired on application. "
        "[Reason - The key used is expired., Found key 'Start="
    )


def test_removed_certificate_is_refused_and_its_token_lives_on(tenant: TenantClient, app_id: str, key: Key) -> None:
    application = expect(tenant.graph("GET", f"/applications(appId='{app_id}')"), 200)
    principal = expect(tenant.graph("GET", f"/servicePrincipals(appId='{app_id}')"), 200)
    expect(tenant.grant(principal["id"]), 201)
    text = assertion(tenant, app_id, key)
    token = expect(trade(tenant, app_id, text), 200)["access_token"]
    expect(tenant.graph("PATCH", f"/applications/{application['id']}", {"keyCredentials": []}), 204)
    assert refusal(trade(tenant, app_id, text))[2] == 700027
    assert tenant.graph("GET", "/users/room-eiger@alpenblick.example/calendar", token=token).status_code == 200


def test_another_applications_certificate_is_none(tenant: TenantClient, app_id: str, key: Key) -> None:
    other = tenant.make_application()["appId"]
    assert refusal(trade(tenant, other, assertion(tenant, other, key)))[2] == 700027
    assert refusal(trade(tenant, other, assertion(tenant, app_id, key)))[2] == 700021


def test_form_of_the_request(tenant: TenantClient, app_id: str, key: Key) -> None:
    text = assertion(tenant, app_id, key)
    assert explained(trade(tenant, app_id, text, client_assertion_type="")) == (
        400,
        "invalid_request",
        900144,
        "The request body must contain the following parameter: 'client_assertion_type'.",
    )
    assert refusal(trade(tenant, app_id, "")) == (401, "invalid_client", 7000218)
    for form in (
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_secret": "x"},
    ):
        answer = trade(tenant, app_id, text, **form)
        assert (answer.status_code, answer.json()["error"]) == (501, "NotImitated")


def test_control_hands_out_a_certificate_once(tenant: TenantClient) -> None:
    app_id = tenant.administrator["clientId"]
    made = tenant.control("POST", f"/tenants/{tenant.tenant_id}/certificates", {"clientId": app_id, "days": 30})
    private = serialization.load_pem_private_key(made["pem"].encode(), None)
    certificate = x509.load_pem_x509_certificate(made["pem"].encode())
    assert isinstance(private, rsa.RSAPrivateKey)
    own = Key(private, certificate)
    assert made["thumbprint"] == own.hexadecimal
    assert made["endDateTime"] == f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    now = datetime.now(UTC)
    held = claims(expect(trade(tenant, app_id, assertion(tenant, app_id, own, now=now)), 200)["access_token"])
    assert "Application.ReadWrite.OwnedBy" in held["roles"]
    secret = made["pem"].splitlines()[1]
    state = (tenant.server.state_folder / "state.json").read_text()
    assert secret not in state
    assert secret not in json.dumps(tenant.snapshot())
    assert made["keyId"] in json.dumps(tenant.snapshot())
    refused = tenant.plain.post(f"/tenants/{tenant.tenant_id}/certificates", json={"clientId": OTHER})
    assert refused.status_code == 404


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(
        st.sampled_from(["aud", "iss", "sub", "jti", "nbf", "exp", "iat", "x"]), VALUES, max_size=3
    ),
    header=st.dictionaries(st.sampled_from(["x5t", "x5t#S256", "kid", "typ", "crit", "b64"]), VALUES, max_size=3),
)
def test_no_assertion_breaks_the_endpoint(
    tenant: TenantClient, key: Key, changes: dict[str, Any], header: dict[str, Any]
) -> None:
    app_id = tenant.administrator["clientId"]
    body = {"aud": token_url(tenant), "iss": app_id, "sub": app_id, "jti": "x", "exp": 9_999_999_999, **changes}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256", **header}, body)
    ]
    answer = trade(tenant, app_id, ".".join([*parts, "c2ln"]))
    assert answer.status_code in (400, 401), answer.text
    explained(answer)
