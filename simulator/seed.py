"""The company that a fresh tenant holds: Alpenblick AG, or one with any number of rooms.

Owns names and fixed ids: two machines that seed the same company agree on every id but on no secret.
"""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from simulator import microsoft, pipeline
from simulator.calendars import samples
from simulator.exchange import roles
from simulator.records import (
    AccessPolicy,
    Application,
    FederatedCredential,
    Grant,
    Group,
    Mailbox,
    Password,
    RoleGroup,
    ServicePrincipal,
)
from simulator.tenant import Tenant
from simulator.tokens import new_signing_key

NAMESPACE = UUID("6f1a52d4-5f43-5bb0-9d35-3a0c1f5f6f10")
"""Every seeded id is a version 5 UUID below this one."""

FOUNDED = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)
"""When the seeded objects were made."""


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Company(_Shape):
    """What to seed; `rooms` None means the 25 named rooms, a number means that many generated ones."""

    name: str = "Alpenblick AG"
    domain: str = "alpenblick.example"
    rooms: int | None = Field(default=None, ge=0, le=20_000)
    people: int | None = Field(default=None, ge=0, le=20_000)
    customized: bool = True
    """False: Exchange's organization is dehydrated, until Enable-OrganizationCustomization."""


class Administrator(_Shape):
    """The deployer's credentials, as administrator.json holds them."""

    tenant_id: str
    client_id: str
    client_secret: str
    domain: str


class Room(NamedTuple):
    """A named room of the default company."""

    name: str
    office: str
    city: str
    capacity: int


ROOMS = [
    Room("Eiger", "Bern", "Bern", 12),
    Room("Moench", "Bern", "Bern", 8),
    Room("Jungfrau", "Bern", "Bern", 20),
    Room("Gurten", "Bern", "Bern", 4),
    Room("Niesen", "Bern", "Bern", 6),
    Room("Stockhorn", "Bern", "Bern", 6),
    Room("Schilthorn", "Bern", "Bern", 10),
    Room("Blueemlisalp", "Bern", "Bern", 4),
    Room("Uetliberg", "Zurich", "Zürich", 16),
    Room("Zurichberg", "Zurich", "Zürich", 8),
    Room("Pfannenstiel", "Zurich", "Zürich", 6),
    Room("Albis", "Zurich", "Zürich", 4),
    Room("Rigi", "Zurich", "Zürich", 10),
    Room("Pilatus", "Zurich", "Zürich", 12),
    Room("Titlis", "Zurich", "Zürich", 6),
    Room("Saentis", "Zurich", "Zürich", 8),
    Room("Saleve", "Geneva", "Genève", 10),
    Room("Dole", "Geneva", "Genève", 6),
    Room("Moleson", "Geneva", "Genève", 8),
    Room("Lavaux", "Lausanne", "Lausanne", 4),
    Room("Chillon", "Lausanne", "Lausanne", 12),
    Room("Matterhorn", "Lausanne", "Lausanne", 18),
    Room("Monte-Rosa", "Lausanne", "Lausanne", 6),
    Room("Bernina", "Chur", "Chur", 8),
    Room("Calanda", "Chur", "Chur", 4),
]

PEOPLE = [
    ("Anna Keller", "anna.keller", "Bern", "Bern"),
    ("Beat Zbinden", "beat.zbinden", "Bern", "Bern"),
    ("Chiara Bernasconi", "chiara.bernasconi", "Lausanne", "Lausanne"),
    ("David Rochat", "david.rochat", "Geneva", "Genève"),
    ("Elif Yildiz", "elif.yildiz", "Zurich", "Zürich"),
    ("Flurin Caduff", "flurin.caduff", "Chur", "Chur"),
    ("Greta Lüthi", "greta.luethi", "Zurich", "Zürich"),
    ("Hugo Favre", "hugo.favre", "Lausanne", "Lausanne"),
]

SYNCED_ROOM = "Calanda"
"""The room whose account comes from an on-premises directory; its mailbox lives online like the others."""


class Seeder:
    """Fills one tenant; every id follows from the domain and a name."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.domain = tenant.domains[0]

    def id(self, kind: str, name: str) -> str:
        """Return the fixed id of a seeded object."""
        return str(uuid5(NAMESPACE, f"{self.domain}/{kind}/{name}"))

    def mailbox(self, name: str, local_part: str, **fields: object) -> Mailbox:
        """Add a mailbox; `fields` are those of the record."""
        values: dict[str, object] = {
            "guid": self.id("guid", local_part),
            "object_id": self.id("object", local_part),
            "name": name,
            "alias": local_part,
            "display_name": name,
            "address": f"{local_part}@{self.domain}",
            "kind": "UserMailbox",
            "sid": self.tenant.new_sid(),
            "created": FOUNDED,
            **fields,
        }
        mailbox = Mailbox.model_validate(values)
        self.tenant.mailboxes.append(mailbox)
        return mailbox

    def group(self, name: str, alias: str, kind: str, members: list[Mailbox], **fields: object) -> Group:
        """Add a group; `fields` are those of the record."""
        values: dict[str, object] = {
            "guid": self.id("guid", alias),
            "object_id": self.id("object", alias),
            "name": name,
            "alias": alias,
            "display_name": name,
            "address": f"{alias}@{self.domain}",
            "kind": kind,
            "sid": self.tenant.new_sid(),
            "created": FOUNDED,
            "managed_by": [self.tenant.organization_management_id],
            "member_ids": [m.object_id for m in members],
            **fields,
        }
        group = Group.model_validate(values)
        self.tenant.groups.append(group)
        return group

    def service(self, service: microsoft.Service) -> ServicePrincipal:
        """Add the service principal of one of Microsoft's own services."""
        principal = ServicePrincipal(
            id=self.id("service-principal", service.app_id),
            app_id=service.app_id,
            created_date_time=FOUNDED,
            properties={"displayName": service.display_name},
            app_roles=list(service.app_roles),
            owner_organization_id=microsoft.MICROSOFT_SERVICES_TENANT,
        )
        self.tenant.service_principals.append(principal)
        return principal

    def application(self, name: str) -> tuple[Application, ServicePrincipal]:
        """Add an application with its service principal."""
        application = Application(
            id=self.id("application", name),
            app_id=self.id("client", name),
            created_date_time=FOUNDED,
            properties={"displayName": name},
        )
        principal = ServicePrincipal(
            id=self.id("service-principal", name),
            app_id=application.app_id,
            created_date_time=FOUNDED,
            properties={"displayName": name},
            owner_organization_id=self.tenant.id,
        )
        self.tenant.applications.append(application)
        self.tenant.service_principals.append(principal)
        return application, principal

    def grant(self, principal: ServicePrincipal, resource: ServicePrincipal, value: str) -> None:
        """Grant an app role by its value."""
        role = next(role for role in resource.app_roles if role.value == value)
        grant_id = self.id("grant", f"{principal.id}/{value}").replace("-", "") + "aBcDeFgHiJk"
        self.tenant.grants.append(
            Grant(
                id=grant_id,
                app_role_id=role.id,
                principal_id=principal.id,
                resource_id=resource.id,
                created_date_time=FOUNDED,
            )
        )


def _id(domain: str, kind: str, name: str) -> str:
    return str(uuid5(NAMESPACE, f"{domain}/{kind}/{name}"))


def default_administrator(domain: str = "alpenblick.example") -> Administrator:
    """Return the deployer of a tenant: fixed ids, a secret that no other tenant has."""
    return Administrator(
        tenant_id=_id(domain, "tenant", "tenant"),
        client_id=_id(domain, "client", "Deployment pipeline"),
        client_secret=f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(25)[:34]}",
        domain=domain,
    )


def new_tenant(company: Company, administrator: Administrator, signing_key: str | None = None) -> Tenant:
    """Return a fresh tenant that holds the company and lets the administrator in."""
    domain = company.domain
    first = int(_id(domain, "sid", "1")[:8], 16)
    tenant = Tenant(
        id=administrator.tenant_id,
        display_name=company.name,
        domains=[domain],
        signing_key=signing_key or new_signing_key(),
        sid_base=f"S-1-5-21-{first}-3231517822-469913106",
        organization_management_id=_id(domain, "guid", "Organization Management"),
        is_customized=company.customized,
    )
    seeder = Seeder(tenant)
    tenant.role_groups = [
        RoleGroup(
            guid=seeder.id("guid", name),
            name=name,
            roles=list(held),
            delegating_roles=list(roles.DELEGATING.get(name, ())),
            built_in=True,
            created=FOUNDED,
        )
        for name, held in roles.BUILT_IN.items()
    ]
    graph, exchange = seeder.service(microsoft.GRAPH), seeder.service(microsoft.EXCHANGE)
    _add_deployer(seeder, administrator, graph, exchange)
    _add_rooms(seeder, company)
    people = _add_people(seeder, company)
    _add_others(seeder, people, graph)
    tenant.recipients_changed()
    if company.rooms is None and company.people is None:
        samples.hold_meetings(tenant)
    return tenant


def _add_deployer(
    seeder: Seeder, administrator: Administrator, graph: ServicePrincipal, exchange: ServicePrincipal
) -> None:
    application, principal = seeder.application("Deployment pipeline")
    application.app_id = principal.app_id = administrator.client_id
    application.passwords.append(
        Password(
            key_id=seeder.id("key", "Deployment pipeline"),
            display_name="local tenant",
            start_date_time=FOUNDED,
            end_date_time=FOUNDED + timedelta(days=365 * 40),
            hint=administrator.client_secret[:3],
            secret_hash=sha256(administrator.client_secret.encode()).hexdigest(),
        )
    )
    application.federated_credentials.append(
        FederatedCredential(
            id=seeder.id("federated-credential", "Deployment pipeline"),
            name="deployment-pipeline",
            issuer=pipeline.ISSUER,
            subject=pipeline.SUBJECT,
            audiences=[pipeline.AUDIENCE],
            description="The pipeline that the simulator pretends to be",
        )
    )
    for value in ("Application.ReadWrite.OwnedBy", "Application.Read.All", "AppRoleAssignment.ReadWrite.All"):
        seeder.grant(principal, graph, value)
    seeder.grant(principal, exchange, "Exchange.ManageAsApp")
    principal.directory_roles.append(microsoft.DIRECTORY_ROLES["Exchange Administrator"])


def _add_rooms(seeder: Seeder, company: Company) -> None:
    if company.rooms is None:
        rooms = ROOMS
    else:
        offices = [("Bern", "Bern"), ("Zurich", "Zürich"), ("Geneva", "Genève"), ("Lausanne", "Lausanne")]
        rooms = [Room(f"{n:05d}", *offices[n % 4], 4 + n % 16) for n in range(1, company.rooms + 1)]
    for room in rooms:
        seeder.mailbox(
            f"Room {room.name}",
            f"room-{room.name.lower()}",
            kind="RoomMailbox",
            resource_type="Room",
            resource_capacity=room.capacity,
            office=room.office,
            city=room.city,
            is_dir_synced=room.name == SYNCED_ROOM,
        )
    for name, local_part in (("Projector Trolley", "equipment-projector"), ("Pool Car", "equipment-pool-car")):
        seeder.mailbox(name, local_part, kind="EquipmentMailbox", resource_type="Equipment", office="Bern", city="Bern")
    # A workspace is a room mailbox of another resource type (Microsoft Learn, Set-Mailbox, parameter Type).
    seeder.mailbox(
        "Workspace Aare",
        "workspace-aare",
        kind="RoomMailbox",
        resource_type="Workspace",
        resource_capacity=24,
        office="Bern",
        city="Bern",
    )


def _add_people(seeder: Seeder, company: Company) -> list[Mailbox]:
    if company.people is None:
        people = [seeder.mailbox(name, local, office=office, city=city) for name, local, office, city in PEOPLE]
    else:
        people = [seeder.mailbox(f"Person {n:05d}", f"person-{n:05d}") for n in range(1, company.people + 1)]
    return [*people, seeder.mailbox("Control Mailbox", "control.mailbox", office="Bern", city="Bern")]


def _add_others(seeder: Seeder, people: list[Mailbox], graph: ServicePrincipal) -> None:
    seeder.group("All Staff", "all-staff", "MailUniversalDistributionGroup", people)
    crm = seeder.group("CRM Mailboxes", "crm-mailboxes", "MailUniversalSecurityGroup", people[:2])
    seeder.group("Ward Nurses", "ward-nurses", "MailUniversalSecurityGroup", people[2:3], is_dir_synced=True)
    application, principal = seeder.application("CRM calendar sync")
    seeder.grant(principal, graph, "Calendars.Read")
    seeder.tenant.policies.append(
        AccessPolicy(
            app_id=application.app_id,
            scope_name=crm.display_name,
            scope_identity=crm.name,
            scope_sid=crm.sid,
            scope_object_id=crm.object_id,
            access_right="RestrictAccess",
            description="CRM reads the sales people's calendars only",
            created=FOUNDED,
        )
    )
