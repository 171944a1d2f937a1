"""What app management policies forbid: client secrets altogether, or those that live too long.

Owns the restrictions' shape and their decision about one new password.  Refuses to own the policies' routes (policies.py)
and restrictions of keys, which are kept and shown but decide nothing here.
Source: Microsoft Graph v1.0 reference, "Microsoft Entra application authentication methods API overview" and the resource
types appManagementPolicy, tenantAppManagementPolicy and passwordCredentialConfiguration.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from simulator import moments
from simulator.graph import errors
from simulator.records import Application
from simulator.tenant import Tenant

DEFAULT_POLICY_ID = "00000000-0000-0000-0000-000000000000"

PASSWORD_ADDITION, PASSWORD_LIFETIME = "passwordAddition", "passwordLifetime"
LIFETIMES = {PASSWORD_LIFETIME, "symmetricKeyLifetime", "asymmetricKeyLifetime"}
TYPES = {
    "passwordCredentials": {
        PASSWORD_ADDITION,
        PASSWORD_LIFETIME,
        "customPasswordAddition",
        "symmetricKeyAddition",
        "symmetricKeyLifetime",
    },
    "keyCredentials": {"asymmetricKeyLifetime"},
}
_PROPERTIES = {"restrictionType", "state", "maxLifetime", "restrictForAppsCreatedAfterDateTime", "@odata.type"}
_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")

Restrictions = dict[str, Any]


def check_restrictions(document: object) -> Restrictions:
    """Return restrictions as a policy keeps them.  Raises GraphError for what no policy holds."""
    if not isinstance(document, dict):
        raise _invalid("restrictions")
    given = {name: value for name, value in document.items() if name != "@odata.type"}
    for name in given:
        if name not in TYPES:
            raise errors.not_imitated(f"the restrictions '{name}' of app management policies")
    return {name: _checked_list(name, given.get(name) or []) for name in TYPES}


def check_password(tenant: Tenant, application: Application, start: datetime, end: datetime) -> None:
    """Refuse a new password that the policy in force for an application forbids.  Raises GraphError."""
    policy_id, restrictions = _in_force(tenant, application)
    for restriction in restrictions.get("passwordCredentials", []):
        if not _concerns(restriction, application):
            continue
        if restriction["restrictionType"] == PASSWORD_ADDITION:
            raise errors.GraphError(
                400,
                "CredentialTypeNotAllowedAsPerAppPolicy",
                f"Credential type not allowed as per assigned policy '{policy_id}'.",
            )
        if restriction["restrictionType"] == PASSWORD_LIFETIME and end - start > duration(restriction["maxLifetime"]):
            raise errors.GraphError(
                400,
                "CredentialInvalidLifetimeAsPerAppPolicy",
                f"Credential lifetime exceeds the max value allowed as per assigned policy '{policy_id}'.",
            )


def duration(text: object) -> timedelta:
    """Return an ISO 8601 duration of days, hours, minutes and seconds (Edm.Duration).  Raises GraphError."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise errors.bad_request(f"Cannot convert the value '{text}' to Edm.Duration.")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise errors.bad_request(f"Cannot convert the value '{text}' to Edm.Duration.") from error


def _in_force(tenant: Tenant, application: Application) -> tuple[str, Restrictions]:
    """Return the assigned policy where it is enabled, else the tenant's default; they are not added up."""
    for policy in tenant.app_management_policies:
        if policy.id == application.app_management_policy_id and policy.is_enabled:
            return policy.id, policy.restrictions
    default = tenant.default_app_management_policy
    return DEFAULT_POLICY_ID, default.application_restrictions if default.is_enabled else {}


def _concerns(restriction: Restrictions, application: Application) -> bool:
    since = restriction.get("restrictForAppsCreatedAfterDateTime")
    return restriction.get("state", "enabled") == "enabled" and (
        since is None or application.created_date_time >= moments.parse(since)
    )


def _checked_list(name: str, restrictions: object) -> list[Restrictions]:
    if not isinstance(restrictions, list):
        raise _invalid(name)
    checked = [_checked(name, each) for each in restrictions]
    types = [each["restrictionType"] for each in checked]
    if len(set(types)) != len(types):
        raise errors.bad_request("Each restrictionType can be used only once per policy.")
    return checked


def _checked(name: str, restriction: object) -> Restrictions:
    if not isinstance(restriction, dict) or set(restriction) - _PROPERTIES:
        raise _invalid(name)
    kind, longest = restriction.get("restrictionType"), restriction.get("maxLifetime")
    if kind not in TYPES[name] or restriction.get("state", "enabled") not in ("enabled", "disabled"):
        raise _invalid(name)
    if (kind in LIFETIMES) == (longest is None):
        raise _invalid("maxLifetime")
    if longest is not None:
        duration(longest)
    since = restriction.get("restrictForAppsCreatedAfterDateTime")
    try:
        if since is not None:
            moments.parse(since)
    except (AttributeError, ValueError) as error:
        raise _invalid("restrictForAppsCreatedAfterDateTime") from error
    return {
        "restrictionType": kind,
        "state": restriction.get("state", "enabled"),
        "maxLifetime": longest,
        "restrictForAppsCreatedAfterDateTime": since,
    }


def _invalid(name: str) -> errors.GraphError:
    return errors.bad_request(f"Invalid value specified for property '{name}' of resource 'AppManagementPolicy'.")
