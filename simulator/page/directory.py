"""Applications, their secrets and permissions, the restriction in Exchange, and the groups, as the page tells them.

Owns the words and dates of these parts.  It never takes the value, the hash or the hint of a secret out of a record.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator import access, microsoft
from simulator.page.checks import Check, count
from simulator.page.reach import mark_in, mark_of, name_of
from simulator.records import AccessPolicy, Application, Certificate, Group, Mailbox, Password, RoleAssignment
from simulator.tenant import DELETED_ITEMS_STAY, Tenant

SOON_DAYS = 60
"""A secret that ends within so many days is pointed at."""
MEMBERS_DRAWN = 60
"""Members of a group that are named; the rest are counted."""


@dataclass(frozen=True)
class CredentialView:
    """A client secret, a certificate or a federated credential; never a value."""

    kind: str
    name: str
    id: str
    ends_on: str
    check: Check
    days_left: int | None
    """None: it does not end."""


@dataclass(frozen=True)
class PermissionView:
    """An app role, granted or only asked for, or a directory role."""

    name: str
    service: str
    check: Check


@dataclass(frozen=True)
class ApplicationView:
    """An app registration with its service principal."""

    name: str
    client_id: str
    mark: str | None
    owners: tuple[str, ...]
    registered_on: str
    is_connector: bool
    credentials: tuple[CredentialView, ...]
    permissions: tuple[PermissionView, ...]


@dataclass(frozen=True)
class DeletedView:
    """A deleted application that can still be restored."""

    name: str
    client_id: str
    until: str


@dataclass(frozen=True)
class PolicyView:
    """An application access policy."""

    application: str
    right: str
    scope: str
    description: str
    mark: str | None


@dataclass(frozen=True)
class AssignmentView:
    """A role that RBAC for Applications gives to an application, and where it holds."""

    application: str
    name: str
    role: str
    scope: str
    filter: str


@dataclass(frozen=True)
class ScopeView:
    """A management scope and how many assignments use it."""

    name: str
    filter: str
    uses: int


@dataclass(frozen=True)
class GroupView:
    """A mail-enabled group and its members by name."""

    id: str
    name: str
    address: str
    kind: str
    mark: str | None
    is_scope: bool
    is_hidden_from_address_lists: bool
    members: tuple[str, ...]
    number: int

    @property
    def hidden(self) -> int:
        """How many members are counted and not named."""
        return self.number - len(self.members)


def moment(value: datetime) -> str:
    """Return a moment for a person: `2028-11-23 00:00 UTC`."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def day(value: datetime) -> str:
    """Return a day for a person: `2028-11-23`."""
    return value.astimezone(UTC).strftime("%Y-%m-%d")


# -- applications -------------------------------------------------------------------------------------------------------


def applications(tenant: Tenant, now: datetime, connector_ids: frozenset[str]) -> tuple[ApplicationView, ...]:
    """Return the living applications, connectors (by their client ids) first."""
    views = [
        ApplicationView(
            name=name_of(application),
            client_id=application.app_id,
            mark=mark_of(application),
            owners=tuple(_owner(tenant, each) for each in application.owner_ids),
            registered_on=day(application.created_date_time),
            is_connector=application.app_id in connector_ids,
            credentials=credentials(application, now),
            permissions=_permissions(tenant, application),
        )
        for application in tenant.applications
        if not application.deleted_date_time
    ]
    return tuple(sorted(views, key=lambda view: not view.is_connector))


def deleted(tenant: Tenant) -> tuple[DeletedView, ...]:
    """Return the applications that can still be restored."""
    return tuple(
        DeletedView(name_of(each), each.app_id, moment(each.deleted_date_time + DELETED_ITEMS_STAY))
        for each in tenant.applications
        if each.deleted_date_time
    )


def credentials(application: Application, now: datetime) -> tuple[CredentialView, ...]:
    """Return what an application can sign in with."""
    views = [_dated("client secret", each, now) for each in application.passwords]
    views += [_dated("certificate", each, now) for each in application.certificates]
    views += [
        CredentialView("federated", each.name, f"{each.issuer} {each.subject}", "never", Check("good", "no end"), None)
        for each in application.federated_credentials
    ]
    return tuple(views)


def _dated(kind: str, each: Password | Certificate, now: datetime) -> CredentialView:
    days = (each.end_date_time - now) // timedelta(days=1)
    if each.end_date_time <= now:
        check = Check("bad", f"ended on {day(each.end_date_time)}")
    elif each.start_date_time > now:
        check = Check("wait", f"valid from {day(each.start_date_time)}")
    elif days < 1:
        check = Check("wait", "ends within a day")
    else:
        check = Check("wait" if days <= SOON_DAYS else "good", f"{count(days, 'day')} left")
    name = each.display_name or "without a name"
    return CredentialView(kind, name, each.key_id, moment(each.end_date_time), check, days)


def _owner(tenant: Tenant, object_id: str) -> str:
    found = tenant.directory_object(object_id)
    if isinstance(found, Mailbox):
        return found.display_name
    application = tenant.application_by_app_id(found.app_id) if found else None
    return name_of(application) if application else f"{object_id} (no such object)"


def _permissions(tenant: Tenant, application: Application) -> tuple[PermissionView, ...]:
    principal = tenant.service_principal_by_app_id(application.app_id)
    granted: dict[tuple[str, str], PermissionView] = {}
    for grant in tenant.living_grants():
        resource = tenant.service_principal(grant.resource_id)
        if principal is None or resource is None or grant.principal_id != principal.id:
            continue
        value = next((role.value for role in resource.app_roles if role.id == grant.app_role_id), grant.app_role_id)
        service = str(resource.properties.get("displayName"))
        granted[resource.app_id, grant.app_role_id] = PermissionView(
            value, service, Check("good", f"granted on {day(grant.created_date_time)}")
        )
    asked = [each for each in _requested(application) if each not in granted]
    return (
        *granted.values(),
        *(_asked(tenant, app_id, role_id) for app_id, role_id in asked),
        *(_directory_role(role_id) for role_id in (principal.directory_roles if principal else ())),
    )


def _requested(application: Application) -> list[tuple[str, str]]:
    """Return the app roles that the registration asks for: client id of the service, id of the role."""
    return [
        (str(resource.get("resourceAppId")), str(each.get("id")))
        for resource in application.properties.get("requiredResourceAccess") or []
        for each in resource.get("resourceAccess") or []
        if each.get("type") == "Role"
    ]


def _asked(tenant: Tenant, app_id: str, role_id: str) -> PermissionView:
    service = tenant.service_principal_by_app_id(app_id)
    roles = {role.id: role.value for role in service.app_roles} if service else {}
    name = str(service.properties.get("displayName")) if service else app_id
    return PermissionView(roles.get(role_id, role_id), name, Check("wait", "requested, not granted"))


def _directory_role(role_id: str) -> PermissionView:
    names = {each: name for name, each in microsoft.DIRECTORY_ROLES.items()}
    return PermissionView(names.get(role_id, role_id), "directory role", Check("good", "assigned"))


# -- Exchange -----------------------------------------------------------------------------------------------------------


def policies(tenant: Tenant) -> tuple[PolicyView, ...]:
    """Return the application access policies, those of applications that are gone among them."""
    return tuple(
        PolicyView(
            _application_name(tenant, policy.app_id),
            policy.access_right,
            _policy_scope(tenant, policy),
            policy.description,
            mark_in(policy.description),
        )
        for policy in tenant.policies
    )


def _policy_scope(tenant: Tenant, policy: AccessPolicy) -> str:
    scope = tenant.recipient_by_object_id(policy.scope_object_id)
    if scope is None:
        return f"{policy.scope_name} (gone: it matches nobody)"
    return (
        f"{scope.display_name}, {count(len(scope.member_ids), 'member')}" if isinstance(scope, Group) else scope.address
    )


def _application_name(tenant: Tenant, app_id: str) -> str:
    if app_id == access.EVERY_APPLICATION:
        return "every application"
    application = tenant.application_by_app_id(app_id)
    return name_of(application) if application else f"{app_id} (no such application)"


def assignments(tenant: Tenant) -> tuple[AssignmentView, ...]:
    """Return what RBAC for Applications gives to whom."""
    owners = {each.object_id: each.app_id for each in tenant.exchange_service_principals}
    return tuple(
        AssignmentView(
            _application_name(tenant, owners.get(each.assignee_object_id, each.assignee_object_id)),
            each.name,
            each.role,
            *_assignment_scope(tenant, each),
        )
        for each in tenant.role_assignments
    )


def _assignment_scope(tenant: Tenant, assignment: RoleAssignment) -> tuple[str, str]:
    if not assignment.enabled:
        return "nothing: it is disabled", ""
    if assignment.scope_guid is not None:
        scope = next((each for each in tenant.management_scopes if each.guid == assignment.scope_guid), None)
        return (f"scope {scope.name}", scope.recipient_filter) if scope else ("a scope that is gone", "")
    if assignment.group_object_id is not None:
        group = tenant.recipient_by_object_id(assignment.group_object_id)
        return (f"direct members of {group.display_name}" if group else "a group that is gone"), ""
    return "every mailbox of the organization", ""


def scopes(tenant: Tenant) -> tuple[ScopeView, ...]:
    """Return the management scopes."""
    used = [each.scope_guid for each in tenant.role_assignments]
    return tuple(
        ScopeView(each.name, each.recipient_filter, used.count(each.guid)) for each in tenant.management_scopes
    )


def groups(tenant: Tenant) -> tuple[GroupView, ...]:
    """Return the groups, those that an application is kept to first."""
    scoped = {policy.scope_object_id for policy in tenant.policies}
    scoped |= {each.group_object_id for each in tenant.role_assignments if each.group_object_id}
    views = [_group(tenant, group, is_scope=group.object_id in scoped) for group in tenant.groups]
    return tuple(sorted(views, key=lambda view: (view.mark is None, not view.is_scope)))


def _group(tenant: Tenant, group: Group, *, is_scope: bool) -> GroupView:
    members = [tenant.recipient_by_object_id(each) for each in group.member_ids[:MEMBERS_DRAWN]]
    kind = "mail-enabled security group" if group.kind == "MailUniversalSecurityGroup" else "distribution group"
    return GroupView(
        id=f"group-{group.guid}",
        name=group.display_name,
        address=group.address,
        kind=f"{kind}, synchronized" if group.is_dir_synced else kind,
        mark=mark_in(group.notes),
        is_scope=is_scope,
        is_hidden_from_address_lists=group.hidden_from_address_lists,
        members=tuple(each.display_name if each else "(gone)" for each in members),
        number=len(group.member_ids),
    )
