"""What the tenant's app management policies say of client secrets, where whoever deploys may read them.

Owns the reading and the shape that observation prints. Refuses to own what follows for a lifetime
(components/secret_limits.py). The right to read policies (Policy.Read.All) is not needed for anything else, so that a
refusal is no error: the tenant then decides when the secret is made.

Sources: Microsoft Graph v1.0 reference, "Get tenantAppManagementPolicy", "List appliesTo/appManagementPolicies of an
application", and the resource types appManagementPolicy and passwordCredentialConfiguration.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.graph.client import Graph, Item
from microsoft365.graph.rights import OPTIONAL_READ

_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_KNOWN = frozenset({"restrictionType", "state", "maxLifetime", "restrictForAppsCreatedAfterDateTime", "@odata.type"})
_DECIDING = ("passwordAddition", "passwordLifetime")


def secret_policy(graph: Graph, application_object_id: str | None) -> dict[str, Any] | None:
    """Read the policy that counts for an application's secrets; None where it cannot be read.

    A policy that is assigned to the application takes the place of the tenant's default. `certain` is false where the
    documents leave open what holds: then the tenant alone decides.
    """
    try:
        default = graph.get("/policies/defaultAppManagementPolicy", right=OPTIONAL_READ)
        assigned: Sequence[Item] | None = ()
        if default is not None and application_object_id is not None:
            assigned = graph.related(
                f"/applications/{application_object_id}/appManagementPolicies", right=OPTIONAL_READ
            )
    except (NoAccess, TenantRefused):
        # Also where a cloud has no such policies: nothing but a better error depends on them.
        return None
    if default is None or assigned is None:
        return None
    enabled = [policy for policy in assigned if policy.get("isEnabled") is True]
    policy, restrictions = (enabled[0], "restrictions") if enabled else (default, "applicationRestrictions")
    found = _password_restrictions(policy.get(restrictions)) if policy.get("isEnabled") is True else []
    return {
        "id": policy.get("id"),
        "name": policy.get("displayName"),
        # An assigned policy that is not enabled, or several: no page says what then holds.
        "certain": len(assigned) == len(enabled) <= 1,
        "restrictions": [_document(restriction) for restriction in found],
    }


def _password_restrictions(restrictions: Any) -> list[Mapping[str, Any]]:
    listed = restrictions.get("passwordCredentials") if isinstance(restrictions, Mapping) else None
    return [
        each
        for each in listed or []
        if isinstance(each, Mapping)
        and each.get("restrictionType") in _DECIDING
        and each.get("state", "enabled") != "disabled"
    ]


def _document(restriction: Mapping[str, Any]) -> dict[str, Any]:
    seconds = _seconds(restriction.get("maxLifetime"))
    forbids = restriction.get("restrictionType") == "passwordAddition"
    # Exceptions, such as excludeActors, are decided by attributes that are not read here.
    more = any(value for name, value in restriction.items() if name not in _KNOWN)
    return {
        "forbidsSecrets": forbids,
        "longestSeconds": None if forbids else seconds,
        "createdAfter": restriction.get("restrictForAppsCreatedAfterDateTime"),
        "certain": not more and (forbids or seconds is not None),
    }


def _seconds(duration: Any) -> float | None:
    """Return an Edm.Duration in seconds; None for what is none."""
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
