"""What a tenant remembers: plain records, written to the state file as camelCase JSON.

Owns the shape of the state.  Refuses to own rules: what may be changed by whom is each API's business.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

MailboxKind = Literal["UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"]
Response = Literal["none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"]
GroupKind = Literal["MailUniversalSecurityGroup", "MailUniversalDistributionGroup"]


class Record(BaseModel):
    """A record of the state: changeable, strict about its fields."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Password(Record):
    """A client secret of an application.  Only a SHA-256 of its value is kept."""

    key_id: str
    display_name: str | None
    start_date_time: datetime
    end_date_time: datetime
    hint: str
    secret_hash: str
    created_date_time: datetime | None = None
    """When addPassword made it, by the tenant's clock; None: long ago."""


class Certificate(Record):
    """A certificate of an application (keyCredentials): the public part, as DER in base64."""

    key_id: str
    display_name: str | None
    start_date_time: datetime
    end_date_time: datetime
    thumbprint: str
    """SHA-1 of the DER, upper-case hexadecimal, as the portal shows it."""
    certificate: str


class FederatedCredential(Record):
    """A federated identity credential: whose tokens, for which subject, an application may trade for its own."""

    id: str
    name: str
    issuer: str
    subject: str
    audiences: list[str]
    description: str | None = None


class Application(Record):
    """An app registration; `properties` are those that a caller may write, as Graph's JSON has them."""

    id: str
    app_id: str
    created_date_time: datetime
    properties: dict[str, Any]
    owner_ids: list[str] = Field(default_factory=list)
    passwords: list[Password] = Field(default_factory=list)
    certificates: list[Certificate] = Field(default_factory=list)
    federated_credentials: list[FederatedCredential] = Field(default_factory=list)
    app_management_policy_id: str | None = None
    """The policy that is assigned to it; None leaves it to the tenant's default."""
    passwords_changed: datetime | None = None
    """When a password was last added or removed."""
    deleted_date_time: datetime | None = None


class AppRole(Record):
    """An app role that a service principal of Microsoft's offers to applications."""

    id: str
    value: str
    display_name: str


class ServicePrincipal(Record):
    """An enterprise application; `app_roles` is filled for Microsoft's own services only."""

    id: str
    app_id: str
    created_date_time: datetime
    properties: dict[str, Any]
    owner_ids: list[str] = Field(default_factory=list)
    app_roles: list[AppRole] = Field(default_factory=list)
    owner_organization_id: str
    directory_roles: list[str] = Field(default_factory=list)
    deleted_date_time: datetime | None = None
    deleted_with_application: bool = False


class IssuedToken(Record):
    """Tokens for Microsoft Graph that may still be in use: all of one client id with the same roles."""

    app_id: str
    roles: list[str]
    expires: datetime
    """When the last of them ends."""


class Grant(Record):
    """An app role assignment; it counts while both of its ends exist."""

    id: str
    app_role_id: str
    principal_id: str
    resource_id: str
    created_date_time: datetime


class AppManagementPolicy(Record):
    """A policy on applications' credentials; `restrictions` as Graph's JSON has them."""

    id: str
    display_name: str
    description: str
    is_enabled: bool = False
    restrictions: dict[str, Any] = Field(default_factory=dict)


class DefaultAppManagementPolicy(Record):
    """The one policy that counts for every application that none is assigned to."""

    display_name: str = "Default app management tenant policy"
    description: str = (
        "Default tenant policy that enforces app management restrictions on applications and service principals. To "
        "apply policy to targeted resources, create a new policy under appManagementPolicies collection."
    )
    is_enabled: bool = False
    application_restrictions: dict[str, Any] = Field(default_factory=dict)
    service_principal_restrictions: dict[str, Any] = Field(default_factory=dict)


class Arrival(Record):
    """A new directory object that readers do not see before `until`, nor in the next `reads_left` readings."""

    object_id: str
    since: datetime
    until: datetime
    reads_left: int


class Former(Record):
    """The state in which readers still see a directory object until `until`, though it was changed or deleted."""

    since: datetime
    until: datetime
    state: Application | ServicePrincipal | Grant


class Replication(Record):
    """How far readers of the directory are behind, object by object, in the order of writing."""

    arrivals: list[Arrival] = Field(default_factory=list)
    former: list[Former] = Field(default_factory=list)


class Organizer(Record):
    """Who invited to an event."""

    name: str
    address: str


class Event(Record):
    """An event of a calendar; `properties` as Graph's JSON has them."""

    id: str
    created_date_time: datetime
    changed_date_time: datetime
    start: datetime
    end: datetime
    properties: dict[str, Any]
    organizer: Organizer | None = None
    """Who invited; None is the mailbox itself, as for what an application writes into a calendar."""
    response: Response = "organizer"
    """What the mailbox answered the organizer; `organizer` where it is the organizer."""
    meeting_id: str | None = None
    """What the copies of one meeting share (iCalUId); None where there is no other copy."""


class Mailbox(Record):
    """A mailbox; `calendar_processing` holds only what differs from Microsoft's defaults."""

    guid: str
    object_id: str
    name: str
    alias: str
    display_name: str
    address: str
    kind: MailboxKind
    resource_type: Literal["Room", "Equipment", "Workspace"] | None = None
    resource_capacity: int | None = None
    office: str = ""
    city: str = ""
    custom_attributes: dict[str, str] = Field(default_factory=dict)
    """`CustomAttribute1` to `CustomAttribute15`, where set."""
    is_dir_synced: bool = False
    lives_on_premises: bool = False
    """The mailbox is on an Exchange server of the customer's own: Exchange Online knows it as a mail user."""
    sid: str
    created: datetime
    calendar_processing: dict[str, Any] = Field(default_factory=dict)
    events: list[Event] = Field(default_factory=list)

    @property
    def recipient_type(self) -> str:
        """What Exchange Online calls all kinds of mailboxes (RecipientType)."""
        return "MailUser" if self.lives_on_premises else "UserMailbox"

    @property
    def recipient_type_details(self) -> str:
        """What Exchange Online calls this kind (RecipientTypeDetails)."""
        return "MailUser" if self.lives_on_premises else self.kind


class Group(Record):
    """A mail-enabled group; `member_ids` are the directory object ids of mailboxes and groups."""

    guid: str
    object_id: str
    name: str
    alias: str
    display_name: str
    address: str
    kind: GroupKind
    sid: str
    created: datetime
    managed_by: list[str] = Field(default_factory=list)
    member_ids: list[str] = Field(default_factory=list)
    notes: str = ""
    description: list[str] = Field(default_factory=list)
    other_addresses: list[str] = Field(default_factory=list)
    hidden_from_address_lists: bool = False
    require_sender_authentication: bool = True
    member_join_restriction: str = "Closed"
    member_depart_restriction: str = "Closed"
    is_dir_synced: bool = False

    @property
    def recipient_type(self) -> str:
        """What Exchange calls it (RecipientType)."""
        return self.kind

    @property
    def recipient_type_details(self) -> str:
        """The same: there are no kinds within."""
        return self.kind


class AccessPolicy(Record):
    """An application access policy.  Its scope is remembered by SID and object id: a group made anew is another scope."""

    app_id: str
    scope_name: str
    scope_identity: str
    scope_sid: str
    scope_object_id: str
    access_right: Literal["RestrictAccess", "DenyAccess"]
    description: str
    created: datetime


class ExchangeServicePrincipal(Record):
    """Exchange's own copy of a service principal, which role assignments are given to (New-ServicePrincipal)."""

    guid: str
    app_id: str
    object_id: str
    """The object id of the enterprise application in Entra; Exchange does not check that it is one."""
    display_name: str
    sid: str
    created: datetime


class ManagementScope(Record):
    """A management scope; `recipient_filter` is in Exchange's normal form (recipientfilter.py)."""

    guid: str
    name: str
    recipient_filter: str
    created: datetime


class RoleAssignment(Record):
    """A management role given to an application; at most one of the three scopes is set, none is organization-wide."""

    guid: str
    name: str
    role: str
    assignee_object_id: str
    """`object_id` of the ExchangeServicePrincipal."""
    scope_guid: str | None = None
    group_object_id: str | None = None
    enabled: bool = True
    """A disabled one gives nothing."""
    created: datetime


class RoleGroup(Record):
    """A role group: whoever is in it may run the cmdlets of its management roles."""

    guid: str
    name: str
    description: str = ""
    roles: list[str]
    delegating_roles: list[str] = Field(default_factory=list)
    """Roles that its members may give to others."""
    member_ids: list[str] = Field(default_factory=list)
    """`object_id` of ExchangeServicePrincipals and of mailboxes."""
    built_in: bool = False
    created: datetime


class ManagementRole(Record):
    """A management role that was derived from another one: fewer cmdlets, fewer parameters."""

    guid: str
    name: str
    parent: str
    description: str = ""
    entries: dict[str, list[str]]
    """The parameters of each cmdlet that it allows, by the cmdlet's name."""
    created: datetime
