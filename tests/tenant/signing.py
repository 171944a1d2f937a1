"""What the tests of sign-in share: assertions made by hand, certificates, and refusals read strictly."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.tenant.client import TenantClient

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHA1 = hashes.SHA1()  # noqa: S303 - Microsoft's thumbprints are made with it
FIELDS = {
    "error",
    "error_description",
    "error_codes",
    "timestamp",
    "trace_id",
    "correlation_id",
    "error_uri",
}


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a token."""
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def explained(answer: httpx.Response, *further: str) -> tuple[int, str, int, str]:
    """Return status, error, number and text of a refusal, whose document must be whole; `further` are more fields."""
    document = answer.json()
    assert set(document) == {*FIELDS, *further}
    (number,) = document["error_codes"]
    head, trace, correlation, timestamp = document["error_description"].split("\r\n")
    assert GUID.fullmatch(document["trace_id"])
    assert trace == f"Trace ID: {document['trace_id']}"
    assert correlation == f"Correlation ID: {document['correlation_id']}"
    assert timestamp == f"Timestamp: {document['timestamp']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", document["timestamp"])
    assert document["error_uri"] == f"https://login.microsoftonline.com/error?code={number}"
    prefix = f"AADSTS{number}: "
    assert head.startswith(prefix)
    return answer.status_code, document["error"], number, head.removeprefix(prefix)


def refusal(answer: httpx.Response) -> tuple[int, str, int]:
    """Return status, error and number of a refusal."""
    return explained(answer)[:3]


@dataclass
class Key:
    """A private key and its self-signed certificate."""

    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def base64(self) -> str:
        """The certificate as Graph takes it."""
        return base64.b64encode(self.der).decode()

    @property
    def pem(self) -> bytes:
        """Private key and certificate as PEM."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def hexadecimal(self) -> str:
        """The SHA-1 thumbprint as the portal shows it."""
        return self.certificate.fingerprint(SHA1).hex().upper()

    def thumbprint(self, algorithm: hashes.HashAlgorithm | None = None) -> str:
        """A thumbprint as a JWT's header has it; SHA-1 unless another is named."""
        digest = self.certificate.fingerprint(algorithm or SHA1)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def make_key(days: int = 365, *, elliptic: bool = False) -> Key:
    """Return a new key with a certificate that has begun an hour ago."""
    private = (
        ec.generate_private_key(ec.SECP256R1())
        if elliptic
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(private, hashes.SHA256())
    )
    return Key(private, certificate)


def token_url(tenant: TenantClient, name: str | None = None) -> str:
    """Return the token endpoint's address."""
    return f"{tenant.server.url}/{name or tenant.tenant_id}/oauth2/v2.0/token"


def assertion(
    tenant: TenantClient,
    app_id: str,
    key: Key,
    *,
    algorithm: str = "PS256",
    header: dict[str, Any] | None = None,
    now: datetime | None = None,
    **changes: Any,
) -> str:
    """Return an assertion as Microsoft documents it; `changes` replace claims, None takes one out."""
    moment = now or datetime.now(UTC)
    body = {
        "aud": token_url(tenant),
        "iss": app_id,
        "sub": app_id,
        "jti": str(uuid4()),
        "nbf": int(moment.timestamp()),
        "exp": int((moment + timedelta(minutes=10)).timestamp()),
        **changes,
    }
    body = {name: value for name, value in body.items() if value is not None}
    named = {"x5t#S256": key.thumbprint(hashes.SHA256())} if header is None else header
    return jwt.encode(body, key.private, algorithm=algorithm, headers=named)


def trade(tenant: TenantClient, client_id: str, text: str, *, at: str | None = None, **form: str) -> httpx.Response:
    """Ask for a token with an assertion, `at` the tenant or another one's name."""
    values = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": text,
        "scope": f"{tenant.server.url}/.default",
        **form,
    }
    return tenant.http.post(token_url(tenant, at), data=values)


def pipeline_token(tenant: TenantClient, **parameters: str) -> str:
    """Return a token of the pretend pipeline, for Entra unless another audience is named."""
    query = {"audience": "api://AzureADTokenExchange", **parameters}
    answer = tenant.plain.get("/pipeline/token", params=query, headers={"authorization": "Bearer any"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["value"])
