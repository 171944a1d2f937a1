"""What a token claims, unverified: enough to tell people whose it is, never enough to believe it.

Owns whom a token is of. Whether it is genuine is for whom it is shown to; here nothing is decided in anybody's favour by it:
a token that does not clearly belong to an application is refused. Pure.
Source: Microsoft Learn, "Access token claims reference" (`idtyp`, `scp`, `roles`, `upn`, `oid`, `sub`, `tid`, `appid`).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Literal

# The claims that only a token of a person, or of an application on behalf of one, carries.
_OF_PERSONS = ("scp", "upn", "unique_name", "preferred_username")


def claims_of(token: str) -> Mapping[str, Any]:
    """Return the claims of a token; {} for what is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a JSON Web Token, the only one that a federated token may have."""
    return bool(claims_of(text))


def kind_of(claims: Mapping[str, Any]) -> Literal["application", "person", "unknown"]:
    """Tell whose token it is. `idtyp` is optional, and says it best where it is there."""
    if claims.get("idtyp") == "user" or any(claims.get(name) for name in _OF_PERSONS):
        return "person"
    if claims.get("idtyp") == "app":
        return "application"
    # An application's subject is its service principal itself.
    same = bool(claims.get("oid")) and claims.get("oid") == claims.get("sub")
    return "application" if same else "unknown"


def application_of(claims: Mapping[str, Any]) -> str | None:
    """Return the client id of the application that a token was issued to; None when it does not say."""
    found = claims.get("appid") or claims.get("azp")
    return str(found).lower() if found else None


def presented(claims: Mapping[str, Any]) -> str:
    """Return issuer, subject and audience of a federated token: what its federated credential must be compared with."""
    named = {"Issuer": claims.get("iss"), "Subject identifier": claims.get("sub"), "Audience": claims.get("aud")}
    return ", ".join(f"{name} {value!r}" for name, value in named.items() if value)
