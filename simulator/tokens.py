"""Access tokens: issued with the roles of that moment, signed by the tenant's key, verified at each use.

Owns claims and signatures.  Refuses to own who may have a token (login/) and what a role allows (the APIs).
Claims: Microsoft identity platform, "Access token claims reference" (v1.0 tokens of applications).
"""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator import microsoft
from simulator.records import ServicePrincipal
from simulator.tenant import Tenant, new_opaque_id

LIFETIME = timedelta(minutes=65)
"""How long a token lasts; Microsoft varies it between 60 and 90 minutes, and a policy may make it another one."""

AUTHENTICATED_BY_SECRET, AUTHENTICATED_BY_ASSERTION = "1", "2"
"""`appidacr`: how the client proved who it is; a federated assertion counts like a certificate's."""

NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""What `wids` holds for an application without a directory role."""


class TokenRefusedError(Exception):
    """A bearer token that is garbled, foreign, too old or meant for another API; the text says which."""


def new_signing_key() -> str:
    """Return a private RSA key as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@lru_cache(maxsize=64)
def _private_key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the tenant's signing key is no RSA key")
    return key


def public_key_document(pem: str, key_id: str) -> dict[str, Any]:
    """Return the public part of a signing key as an issuer's key document has it (RFC 7517)."""
    numbers = _private_key(pem).public_key().public_numbers()

    def encode(number: int) -> str:
        return urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")

    return {"kty": "RSA", "use": "sig", "kid": key_id, "n": encode(numbers.n), "e": encode(numbers.e)}


def public_key(pem: str) -> rsa.RSAPublicKey:
    """Return the public part of a signing key."""
    return _private_key(pem).public_key()


def roles_of(tenant: Tenant, principal: ServicePrincipal, resource: ServicePrincipal) -> list[str]:
    """Return the values of the app roles of `resource` that are granted to `principal` now."""
    values = {role.id: role.value for role in resource.app_roles}
    return sorted(
        values[grant.app_role_id]
        for grant in tenant.living_grants()
        if grant.principal_id == principal.id and grant.resource_id == resource.id and grant.app_role_id in values
    )


def lifetime(tenant: Tenant) -> timedelta:
    """Return how long a token lasts that is issued now."""
    seconds = tenant.conditions.token_seconds
    return LIFETIME if seconds is None else timedelta(seconds=seconds)


def issue(
    tenant: Tenant,
    principal: ServicePrincipal,
    resource: ServicePrincipal,
    audience: str,
    authenticated: str = AUTHENTICATED_BY_SECRET,
) -> str:
    """Return a token for `audience`.  Its roles stay what they are now, whatever is granted or removed later."""
    now = tenant.now()
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant.id}/",
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + lifetime(tenant)).timestamp()),
        "appid": principal.app_id,
        "appidacr": authenticated,
        "app_displayname": principal.properties.get("displayName"),
        "idp": f"https://sts.windows.net/{tenant.id}/",
        "idtyp": "app",
        "oid": principal.id,
        "sub": principal.id,
        "tid": tenant.id,
        "uti": new_opaque_id(16),
        "ver": "1.0",
        "wids": sorted(principal.directory_roles) or [NO_DIRECTORY_ROLE],
    }
    roles = roles_of(tenant, principal, resource)
    if roles:
        claims["roles"] = roles
    if resource.app_id == microsoft.GRAPH.app_id:
        tenant.remember_token(principal.app_id, roles, datetime.fromtimestamp(claims["exp"], UTC))
    return jwt.encode(claims, _private_key(tenant.signing_key), algorithm="RS256", headers={"kid": tenant.id})


@lru_cache(maxsize=4096)
def _verified_claims(token: str, signing_key: str) -> dict[str, Any]:
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    key = _private_key(signing_key).public_key()
    return dict(jwt.decode(token, key, algorithms=["RS256"], options=options))


@lru_cache(maxsize=4096)
def unverified_claims(token: str) -> dict[str, Any]:
    """Return what a token claims; {} when it is no token.  Whoever believes it must `verify` it first."""
    try:
        return dict(jwt.decode(token, options={"verify_signature": False}))
    except jwt.PyJWTError:
        return {}


def tenant_id_of(token: str) -> str | None:
    """Return the tenant that a token claims to be from, unverified; None when it is no token."""
    tenant_id = unverified_claims(token).get("tid")
    return None if tenant_id is None else str(tenant_id)


def verify(tenant: Tenant, token: str, audience: str) -> dict[str, Any]:
    """Return the claims of a token of this tenant for this audience.

    Raises TokenRefusedError when the signature, the audience or the time does not fit.
    """
    try:
        claims = _verified_claims(token, tenant.signing_key)
    except jwt.PyJWTError as error:
        raise TokenRefusedError("signature is invalid") from error
    if claims["aud"] != audience:
        raise TokenRefusedError(f"audience '{claims['aud']}' is not '{audience}'")
    now = tenant.now().timestamp()
    if now >= claims["exp"]:
        raise TokenRefusedError("Lifetime validation failed, the token is expired.")
    if now + 300 < claims["nbf"]:
        raise TokenRefusedError("Lifetime validation failed, the token is not yet valid.")
    return claims
