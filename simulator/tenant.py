"""One tenant: its clock, its records and how they are found.

Owns lookups and time.  Refuses to own rights and wire formats, which belong to the APIs.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import uuid4

from pydantic import Field, PrivateAttr

from simulator.conditions import Conditions
from simulator.history import History
from simulator.records import (
    AccessPolicy,
    Application,
    AppManagementPolicy,
    DefaultAppManagementPolicy,
    ExchangeServicePrincipal,
    Grant,
    Group,
    IssuedToken,
    Mailbox,
    ManagementRole,
    ManagementScope,
    Password,
    Record,
    Replication,
    RoleAssignment,
    RoleGroup,
    ServicePrincipal,
)

DELETED_ITEMS_STAY = timedelta(days=30)
"""How long a deleted application can be restored (Microsoft Graph, "Delete application")."""

Recipient = Mailbox | Group


class Tenant(Record):
    """A Microsoft 365 organization."""

    id: str
    display_name: str
    domains: list[str]
    clock_offset_seconds: float = 0.0
    signing_key: str
    sid_base: str
    next_relative_id: int = 31_400_000
    organization_management_id: str
    applications: list[Application] = Field(default_factory=list)
    service_principals: list[ServicePrincipal] = Field(default_factory=list)
    grants: list[Grant] = Field(default_factory=list)
    issued_tokens: list[IssuedToken] = Field(default_factory=list)
    mailboxes: list[Mailbox] = Field(default_factory=list)
    groups: list[Group] = Field(default_factory=list)
    policies: list[AccessPolicy] = Field(default_factory=list)
    exchange_service_principals: list[ExchangeServicePrincipal] = Field(default_factory=list)
    management_scopes: list[ManagementScope] = Field(default_factory=list)
    role_assignments: list[RoleAssignment] = Field(default_factory=list)
    role_groups: list[RoleGroup] = Field(default_factory=list)
    management_roles: list[ManagementRole] = Field(default_factory=list)
    """Those that were derived; Microsoft's own are in exchange/roles.py."""
    is_customized: bool = True
    """False: a dehydrated organization, which refuses scopes and assignments until Enable-OrganizationCustomization."""
    default_app_management_policy: DefaultAppManagementPolicy = Field(default_factory=DefaultAppManagementPolicy)
    app_management_policies: list[AppManagementPolicy] = Field(default_factory=list)
    conditions: Conditions = Field(default_factory=Conditions)
    replication: Replication = Field(default_factory=Replication)

    _standing_at: datetime | None = PrivateAttr(default=None)
    _index: dict[str, list[Recipient]] | None = PrivateAttr(default=None)
    _history: History = PrivateAttr(default_factory=History)

    @property
    def initial_domain(self) -> str:
        """The domain that Microsoft gave the tenant first: `alpenblick.onmicrosoft.com`."""
        return f"{self.domains[0].split('.', maxsplit=1)[0]}.onmicrosoft.com"

    # -- time -------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the tenant's time, in UTC."""
        return self._standing_at or datetime.now(UTC) + timedelta(seconds=self.clock_offset_seconds)

    @contextmanager
    def standing_at(self, moment: datetime) -> Iterator[None]:
        """Let the clock stand at a moment for as long as somebody looks at the tenant as it is then."""
        self._standing_at = moment
        try:
            yield
        finally:
            self._standing_at = None

    def set_clock(self, moment: datetime) -> None:
        """Set the tenant's time; it goes on running from there."""
        self.advance((moment - self.now()).total_seconds())

    def advance(self, seconds: float) -> None:
        """Let the tenant's time leap, back where `seconds` is negative: what was done later than that counts as done now."""
        self.clock_offset_seconds += seconds
        self._history.turn_back(self.now())

    def end_what_time_ends(self) -> None:
        """Forget deleted applications and service principals after their 30 days."""
        limit = self.now() - DELETED_ITEMS_STAY
        gone = [item for item in self.deleted_items() if item.deleted_date_time and item.deleted_date_time < limit]
        for item in gone:
            self.purge(item)

    # -- Entra ------------------------------------------------------------------------------------------------------

    def application(self, object_id: str) -> Application | None:
        """Return the living application with this object id."""
        return next((a for a in self.applications if a.id == object_id.lower() and not a.deleted_date_time), None)

    def application_by_app_id(self, app_id: str) -> Application | None:
        """Return the living application with this client id."""
        return next((a for a in self.applications if a.app_id == app_id.lower() and not a.deleted_date_time), None)

    def service_principal(self, object_id: str) -> ServicePrincipal | None:
        """Return the living service principal with this object id."""
        return next((s for s in self.service_principals if s.id == object_id.lower() and not s.deleted_date_time), None)

    def service_principal_by_app_id(self, app_id: str) -> ServicePrincipal | None:
        """Return the living service principal of this client id."""
        wanted = app_id.lower()
        return next((s for s in self.service_principals if s.app_id == wanted and not s.deleted_date_time), None)

    def living_grants(self) -> Iterator[Grant]:
        """Yield the grants that count: both ends exist and are not deleted."""
        living = {s.id for s in self.service_principals if not s.deleted_date_time}
        yield from (g for g in self.grants if g.principal_id in living and g.resource_id in living)

    def remember_token(self, app_id: str, roles: list[str], expires: datetime) -> None:
        """Remember that a token for Microsoft Graph was issued; those that have ended are forgotten."""
        now = self.now()
        same = [token for token in self.issued_tokens if token.app_id == app_id and token.roles == roles]
        expires = max([expires, *(token.expires for token in same)])
        self.issued_tokens = [t for t in self.issued_tokens if t.expires > now and t not in same]
        self.issued_tokens.append(IssuedToken(app_id=app_id, roles=roles, expires=expires))

    def deleted_items(self) -> list[Application | ServicePrincipal]:
        """Return what can still be restored."""
        items: list[Application | ServicePrincipal] = [*self.applications, *self.service_principals]
        return [item for item in items if item.deleted_date_time]

    def delete_application(self, application: Application) -> None:
        """Delete softly, and the application's service principal with it."""
        application.deleted_date_time = self.now()
        principal = self.service_principal_by_app_id(application.app_id)
        if principal:
            self.delete_service_principal(principal, with_application=True)

    def delete_service_principal(self, principal: ServicePrincipal, *, with_application: bool = False) -> None:
        """Delete softly; Exchange's copy of it, its role assignments and memberships go for good, scopes stay."""
        principal.deleted_date_time = self.now()
        principal.deleted_with_application = with_application
        self.exchange_service_principals = [
            copy for copy in self.exchange_service_principals if copy.object_id != principal.id
        ]
        self.role_assignments = [a for a in self.role_assignments if a.assignee_object_id != principal.id]
        for group in self.role_groups:
            group.member_ids = [member for member in group.member_ids if member != principal.id]

    def restore(self, item: Application | ServicePrincipal) -> None:
        """Bring a deleted item back, with the service principal that went with it; Exchange's copy does not come back.

        Whether Microsoft brings the grants back is not documented; here they come back, which is the reading that
        is worse for whoever must keep calendars closed.
        """
        item.deleted_date_time = None
        if isinstance(item, Application):
            for principal in self.service_principals:
                if principal.app_id == item.app_id and principal.deleted_with_application:
                    principal.deleted_date_time = None
                    principal.deleted_with_application = False

    def purge(self, item: Application | ServicePrincipal) -> None:
        """Delete for good, with the grants and the service principal that went with it."""
        if isinstance(item, Application):
            self.applications.remove(item)
            for principal in [p for p in self.service_principals if p.app_id == item.app_id and p.deleted_date_time]:
                self.purge(principal)
        elif item in self.service_principals:
            self.service_principals.remove(item)
            self.grants = [g for g in self.grants if item.id not in (g.principal_id, g.resource_id)]

    def directory_object(self, object_id: str) -> Application | ServicePrincipal | Mailbox | None:
        """Return what may own an application: a service principal or a person."""
        wanted = object_id.lower()
        person = next((m for m in self.mailboxes if m.object_id == wanted and m.kind == "UserMailbox"), None)
        return self.service_principal(wanted) or person

    def valid_password(self, application: Application, secret_hash: str) -> Password | None:
        """Return the password with this hash, whether or not it has ended."""
        return next((p for p in application.passwords if p.secret_hash == secret_hash), None)

    # -- the past ---------------------------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """What Exchange knew of applications, and since when (access.py reads it)."""
        return self._history

    # -- Exchange ---------------------------------------------------------------------------------------------------

    def new_sid(self) -> str:
        """Return a security identifier that was never given out before."""
        self.next_relative_id += 1
        return f"{self.sid_base}-{self.next_relative_id}"

    def distinguished_name(self, name: str) -> str:
        """Return the distinguished name of a recipient."""
        return (
            f"CN={name},OU={self.initial_domain},OU=Microsoft Exchange Hosted Organizations,"
            "DC=EURPR07A013,DC=PROD,DC=OUTLOOK,DC=COM"
        )

    def recipients_changed(self) -> None:
        """Say that mailboxes or groups came, went or were renamed."""
        self._index = None

    def find_recipients(self, identity: str) -> list[Recipient]:
        """Return the recipients that an identity names: GUID, object id, address, alias, name or distinguished name."""
        if self._index is None:
            self._index = {}
            recipients: list[Recipient] = [*self.mailboxes, *self.groups]
            for recipient in recipients:
                keys = {
                    recipient.guid,
                    recipient.object_id,
                    recipient.address,
                    recipient.alias,
                    recipient.name,
                    self.distinguished_name(recipient.name),
                    *(recipient.other_addresses if isinstance(recipient, Group) else ()),
                }
                for key in {key.casefold() for key in keys}:
                    self._index.setdefault(key, []).append(recipient)
        return self._index.get(identity.casefold(), [])

    def recipient_by_object_id(self, object_id: str) -> Recipient | None:
        """Return the recipient with this directory object id."""
        return next((r for r in self.find_recipients(object_id) if r.object_id == object_id.lower()), None)


def new_id() -> str:
    """Return a fresh object id."""
    return str(uuid4())


def new_opaque_id(size: int = 32) -> str:
    """Return an id as Graph gives app role assignments: opaque, URL-safe, no GUID."""
    return urlsafe_b64encode(token_bytes(size)).decode().rstrip("=")
