"""Management scopes: New-, Get-, Set-, Remove-ManagementScope.

Source: Microsoft Learn, these pages; rows from public captures.  What goes in as RecipientRestrictionFilter comes out as
RecipientFilter, in Exchange's normal form (recipientfilter/).  Only scopes of recipients are imitated; exclusive ones
are refused by name, since they take rights from every other administrator.
"""

from typing import Any
from uuid import UUID

from simulator.exchange import errors, filters, replication
from simulator.exchange.cmdlet import IDENTITY, SWITCH, TEXT, Cmdlet, Parameter, Result, Row, Session, modified
from simulator.exchange.organization import require_customization
from simulator.records import ManagementScope
from simulator.tenant import Tenant, new_id

NAME = Parameter(longest=64)


def find(tenant: Tenant, identity: str) -> ManagementScope:
    """Return the scope by name, GUID or distinguished name.  Raises ExchangeError."""
    wanted = identity.casefold()
    for scope in replication.found(tenant, tenant.management_scopes):
        if wanted in (scope.name.casefold(), scope.guid, tenant.distinguished_name(scope.name).casefold()):
            return scope
    raise errors.not_found(identity)


def _row(tenant: Tenant, scope: ManagementScope) -> Row:
    return {
        "RecipientRoot": None,
        "RecipientFilter": scope.recipient_filter,
        "ServerFilter": "",
        "DatabaseFilter": "",
        "TenantOrganizationFilter": "",
        "ScopeRestrictionType": "RecipientScope",
        "Exclusive": False,
        "Name": scope.name,
        "Identity": scope.name,
        "Id": scope.name,
        "IsValid": True,
        "ExchangeVersion": "0.10 (14.0.100.0)",
        "DistinguishedName": tenant.distinguished_name(scope.name),
        "WhenCreatedUTC": scope.created,
        "Guid": UUID(scope.guid),
        "ObjectState": "Unchanged",
    }


def new_scope(session: Session, bound: dict[str, Any]) -> Result:
    """Run New-ManagementScope."""
    require_customization(session)
    tenant = session.tenant
    wanted = filters.read("RecipientRestrictionFilter", bound["RecipientRestrictionFilter"])
    _check_name(tenant, bound["Name"])
    scope = ManagementScope(guid=new_id(), name=bound["Name"], recipient_filter=str(wanted), created=tenant.now())
    tenant.management_scopes.append(scope)
    return Result([scope], lambda made: _row(tenant, made))


def get_scopes(session: Session, bound: dict[str, Any]) -> Result:
    """Run Get-ManagementScope; `Rooms*` are all whose names begin so, Orphan those that no assignment uses."""
    tenant = session.tenant
    identity = str(bound.get("Identity", "*"))
    if identity.endswith("*"):
        every = replication.found(tenant, tenant.management_scopes)
        scopes = [scope for scope in every if scope.name.casefold().startswith(identity[:-1].casefold())]
    else:
        scopes = [find(tenant, identity)]
    if bound.get("Orphan"):
        scopes = [scope for scope in scopes if not _users(tenant, scope)]
    return Result(scopes, lambda scope: _row(tenant, scope))


def set_scope(session: Session, bound: dict[str, Any]) -> Result:
    """Run Set-ManagementScope."""
    tenant = session.tenant
    scope = find(tenant, bound["Identity"])
    name, text = bound.get("Name", scope.name), scope.recipient_filter
    if "RecipientRestrictionFilter" in bound:
        text = str(filters.read("RecipientRestrictionFilter", bound["RecipientRestrictionFilter"]))
    _check_name(tenant, name, own=scope)
    changed = (scope.name, scope.recipient_filter) != (name, text)
    scope.name, scope.recipient_filter = name, text
    return modified(changed, scope.name)


def remove_scope(session: Session, bound: dict[str, Any]) -> Result:
    """Run Remove-ManagementScope; one that an assignment uses stays."""
    scope = find(session.tenant, bound["Identity"])
    users = _users(session.tenant, scope)
    if users:
        raise errors.invalid(
            f"The management scope '{scope.name}' can't be removed because the following role assignments use it: "
            f"{', '.join(users)}.",
            f"{errors.TASKS}.TaskInvalidOperationException",
        )
    session.tenant.management_scopes.remove(scope)
    return Result()


def _users(tenant: Tenant, scope: ManagementScope) -> list[str]:
    return [assignment.name for assignment in tenant.role_assignments if assignment.scope_guid == scope.guid]


def _check_name(tenant: Tenant, name: str, own: ManagementScope | None = None) -> None:
    if not name.strip() or "*" in name:
        raise errors.invalid(f"'{name}' can't be the name of a management scope.")
    for other in tenant.management_scopes:
        if other is not own and other.name.casefold() == name.casefold():
            raise errors.already_exists("Name", name, tenant.distinguished_name(other.name))


CMDLETS = [
    Cmdlet(
        "New-ManagementScope",
        new_scope,
        {
            "Name": Parameter(required=True, longest=64),
            "RecipientRestrictionFilter": IDENTITY,
            "Confirm": SWITCH,
            "Force": SWITCH,
        },
        f"recipient scopes by a filter over {', '.join(filters.NAMES)} (CustomAttribute1 to 15); unique names; "
        "refused in a dehydrated organization",
        documented=("Exclusive", "RecipientRoot"),
    ),
    Cmdlet(
        "Get-ManagementScope",
        get_scopes,
        {"Identity": TEXT, "Orphan": SWITCH},
        "the filter in Exchange's normal form, as RecipientFilter; a name may end with a wildcard",
        documented=("Exclusive",),
    ),
    Cmdlet(
        "Set-ManagementScope",
        set_scope,
        {"Identity": IDENTITY, "Confirm": SWITCH, "Name": NAME, "RecipientRestrictionFilter": TEXT},
        "Name, RecipientRestrictionFilter",
        documented=("RecipientRoot",),
    ),
    Cmdlet(
        "Remove-ManagementScope",
        remove_scope,
        {"Identity": IDENTITY, "Confirm": SWITCH},
        "refused while an assignment uses it",
        asks_first=True,
    ),
]
