"""A pretend pipeline's OpenID Connect issuer, as GitHub Actions has one: it says which workflow a job belongs to.

Owns the issuer's name, key and tokens.  Refuses to own who trusts it, which an application's federated identity
credentials say.  Its address in tokens is a fixed text, so that a tenant's state does not hold a port; nobody fetches
its keys from there, the token endpoint knows them.
Source of the claims and times: GitHub Docs, "OpenID Connect reference".
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import jwt

from simulator import tokens
from simulator.tenant import new_id

ISSUER = "https://pipeline.alpenblick.example"
SUBJECT = "repo:alpenblick/roomz:ref:refs/heads/main"
"""The workflow that the seeded deployer trusts."""
AUDIENCE = "api://AzureADTokenExchange"
"""Microsoft's recommended audience of tokens that are traded for those of Entra."""
DEFAULT_AUDIENCE = f"{ISSUER}/alpenblick"
"""What a job gets that asks for no audience, as with GitHub: the address of its owner, which Entra refuses."""
LIFETIME = timedelta(minutes=5)
EARLIER = timedelta(minutes=5)
"""How long before its issue a token is valid already, for verifiers whose clocks are slow."""


class Issuer:
    """The issuer; its key is made at the first use and ends with the process."""

    @cached_property
    def key(self) -> str:
        """The private key as PEM."""
        return tokens.new_signing_key()

    @cached_property
    def key_id(self) -> str:
        """The key's name in tokens and in the key document."""
        return new_id()

    def token(self, subject: str, audience: str, now: datetime) -> str:
        """Return what a job shows to whom it wants to sign in at."""
        claims = {
            "jti": new_id(),
            "sub": subject,
            "aud": audience,
            "iss": ISSUER,
            "nbf": int((now - EARLIER).timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
        }
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id})

    def keys(self) -> dict[str, Any]:
        """Return the key document."""
        return {"keys": [tokens.public_key_document(self.key, self.key_id)]}
