"""What the token of whoever deploys says of its rights in Microsoft Graph. Pure.

The azuread provider says of a missing right no more than "Insufficient privileges"; the token names the permissions that it
carries ("Access token claims reference": roles, wids), so that the missing one can be named before anything is changed. Owns no
refusal: a directory role of the organization's own may give what no permission names. Whoever cannot be judged lacks nothing.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from microsoft365.graph.rights import ASSIGN, OWN, READ, permissions
from microsoft365.setups import Setup

# Each with what gives the same and more (Microsoft Graph permissions reference).
_AS_GOOD: Mapping[str, frozenset[str]] = {
    OWN: frozenset({OWN, "Application.ReadWrite.All"}),
    READ: frozenset({READ, "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}),
    ASSIGN: frozenset({ASSIGN}),
}
# Microsoft Entra built-in roles, by their template ids: those that are known to give nothing of this.
_GIVES_NOTHING = frozenset(
    {
        "29232cdf-9323-42fd-ade2-1d097af3e4de",  # Exchange Administrator
        "31392ffb-586c-42d1-9346-e59415a2cc4e",  # Exchange Recipient Administrator
        "0997a1d0-0d1d-4acb-b408-d5ca73121e90",  # what tokens of applications without a directory role carry
        "b79fbf4d-3ef9-4689-8143-76b194e85509",  # not a role: what tokens of users carry besides
    }
)


def lacking(token: str, setup: Setup) -> tuple[str, ...]:
    """Return the permissions that the token lacks; none where it cannot be told."""
    claims = _claims(token)
    roles, directory_roles = claims.get("roles", []), claims.get("wids", [])
    if claims.get("idtyp") != "app" or not isinstance(roles, list) or not isinstance(directory_roles, list):
        return ()
    if not _GIVES_NOTHING.issuperset(str(role).lower() for role in directory_roles):
        return ()
    return tuple(permission for permission in permissions(setup) if _AS_GOOD[permission].isdisjoint(map(str, roles)))


def _claims(token: str) -> Mapping[str, Any]:
    """Return what stands in a token's middle part; nothing where it is no JSON Web Token that can be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
