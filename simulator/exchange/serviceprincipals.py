"""Exchange's own copies of service principals: New-, Get-, Set-, Remove-ServicePrincipal.

Source: Microsoft Learn, these pages.  Exchange takes the ids as they are given: that they are those of an enterprise
application nobody checks, here or there.  What is given to a service principal is assignments.py's and rolegroups.py's.
"""

from typing import Any
from uuid import UUID

from simulator.exchange import errors, replication
from simulator.exchange.cmdlet import IDENTITY, SWITCH, TEXT, Cmdlet, Parameter, Result, Row, Session, modified
from simulator.records import ExchangeServicePrincipal
from simulator.tenant import Tenant, new_id


def find(tenant: Tenant, identity: str) -> ExchangeServicePrincipal:
    """Return the service principal by ObjectId, AppId, GUID, distinguished name or display name.

    Raises ExchangeError, also where a display name fits more than one.
    """
    wanted = identity.casefold()
    every = replication.found(tenant, tenant.exchange_service_principals)
    named = [p for p in every if wanted in _identities(tenant, p)]
    named = named or [p for p in every if p.display_name.casefold() == wanted]
    if not named:
        raise errors.not_found(identity)
    if len(named) > 1:
        raise errors.ambiguous(identity)
    return named[0]


def _identities(tenant: Tenant, principal: ExchangeServicePrincipal) -> tuple[str, ...]:
    names = (principal.object_id, principal.app_id, principal.guid, tenant.distinguished_name(principal.object_id))
    return tuple(name.casefold() for name in names)


def _row(tenant: Tenant, principal: ExchangeServicePrincipal) -> Row:
    return {
        "DisplayName": principal.display_name,
        "AppId": principal.app_id,
        "ObjectId": principal.object_id,
        "Sid": principal.sid,
        "SidAsBase64": None,
        "Identity": principal.object_id,
        "Id": principal.object_id,
        "Name": principal.object_id,
        "IsValid": True,
        "ExchangeVersion": "0.20 (15.0.0.0)",
        "DistinguishedName": tenant.distinguished_name(principal.object_id),
        "WhenCreatedUTC": principal.created,
        "Guid": UUID(principal.guid),
        "ObjectState": "Unchanged",
    }


def new_principal(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-ServicePrincipal."""
    tenant = session.tenant
    app_id, object_id = _guid("AppId", bound["AppId"]), _guid("ObjectId", bound["ObjectId"])
    for other in tenant.exchange_service_principals:
        if app_id == other.app_id:
            raise errors.already_exists("AppId", app_id, other.display_name or other.object_id)
        if object_id == other.object_id:
            raise errors.already_exists("ObjectId", object_id, other.display_name or other.app_id)
    principal = ExchangeServicePrincipal(
        guid=new_id(),
        app_id=app_id,
        object_id=object_id,
        display_name=bound.get("DisplayName", ""),
        sid=tenant.new_sid(),
        created=tenant.now(),
    )
    tenant.exchange_service_principals.append(principal)
    return Result([principal], lambda made: _row(tenant, made))


def get_principals(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ServicePrincipal."""
    tenant = session.tenant
    every = replication.found(tenant, tenant.exchange_service_principals)
    return Result(
        [find(tenant, bound["Identity"])] if "Identity" in bound else every, lambda principal: _row(tenant, principal)
    )


def set_principal(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-ServicePrincipal, which changes the display name only."""
    principal = find(session.tenant, bound["Identity"])
    changed = bound.get("DisplayName", principal.display_name) != principal.display_name
    principal.display_name = bound.get("DisplayName", principal.display_name)
    return modified(changed, principal.object_id)


def remove_principal(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-ServicePrincipal; one that a role is assigned to stays."""
    tenant = session.tenant
    principal = find(tenant, bound["Identity"])
    for assignment in tenant.role_assignments:
        if assignment.assignee_object_id == principal.object_id:
            raise errors.invalid(
                f"The service principal '{principal.object_id}' can't be removed because the role assignment "
                f"'{assignment.name}' refers to it."
            )
    for group in tenant.role_groups:
        group.member_ids = [member for member in group.member_ids if member != principal.object_id]
    tenant.exchange_service_principals.remove(principal)
    return Result()


def _guid(name: str, value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError as error:
        raise errors.invalid(f"The value '{value}' of {name} is no GUID.") from error


CMDLETS = [
    Cmdlet(
        "New-ServicePrincipal",
        new_principal,
        {
            "AppId": IDENTITY,
            "ObjectId": IDENTITY,
            "Confirm": SWITCH,
            "DisplayName": Parameter(longest=256),
        },
        "whole; the ids are not checked against Entra, and each may be there once",
        documented=("Organization", "ServiceId"),
    ),
    Cmdlet(
        "Get-ServicePrincipal",
        get_principals,
        {"Identity": TEXT},
        "by ObjectId, AppId, GUID, distinguished name or display name; the Identity shown is the ObjectId",
        documented=("Organization",),
    ),
    Cmdlet(
        "Set-ServicePrincipal",
        set_principal,
        {"Identity": IDENTITY, "Confirm": SWITCH, "DisplayName": Parameter(longest=256)},
        "DisplayName",
    ),
    Cmdlet(
        "Remove-ServicePrincipal",
        remove_principal,
        {"Identity": IDENTITY, "Confirm": SWITCH},
        "refused while a role is assigned to it (unverified); it leaves role groups",
        asks_first=True,
    ),
]
