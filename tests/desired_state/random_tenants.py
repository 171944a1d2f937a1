"""Random tenants and random wishes for them: what people, vendors and former runs may have left in Exchange.

Owns what can be there, made by the simulator's own cmdlets as an administrator would make it, and which rooms a wish means,
told from the wish alone and not by the project's code. Decides nothing about what may be changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as some

from simulator import microsoft
from simulator.exchange.cmdlet import Session
from simulator.exchange.table import CMDLETS
from simulator.records import Mailbox, Password
from simulator.seed import Company, Seeder
from simulator.tenant import Tenant
from tests.desired_state.builders import MARK, retired

COMPANY = Company(rooms=5, people=2)
DOMAIN = COMPANY.domain
ADDRESS = f"RoomzResources@{DOMAIN}"
ROOMS = [f"room-{number:05d}" for number in range(1, 6)]
WORKSPACE, EQUIPMENT = "workspace-aare", "equipment-pool-car"
STRANGERS = ["person-00001", "control.mailbox", "crm-mailboxes"]
OTHER_STACK = "roomz:roomz/other"
CALENDARS = "Application Calendars.ReadWrite"
SWITCHES = ("AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty")
ALL_ROOMS = "((RecipientTypeDetails -eq 'RoomMailbox') -and (ResourceType -eq 'Room'))"
FILTERS: Mapping[str, Callable[[Mailbox], bool]] = {
    "Office -eq 'Zurich'": lambda mailbox: mailbox.office == "Zurich",
    "Office -ne 'Bern'": lambda mailbox: mailbox.office != "Bern",
    "DisplayName -like 'room 0000*'": lambda mailbox: mailbox.name.lower().startswith("room 0000"),
}

_notes = some.sampled_from(
    ["", MARK, MARK, f"{MARK} adopted", retired(), "of the reception", OTHER_STACK, f"x\n{MARK}"]
)


@dataclass(frozen=True)
class GroupMade:
    """A group that somebody made."""

    name: str
    address: str
    members: tuple[str, ...]
    notes: str
    hidden: bool
    kind: str
    synchronized: bool


@dataclass(frozen=True)
class PolicyMade:
    """An application access policy; `group` is its number, or that of a group that is deleted again."""

    application: str
    group: int
    right: str
    description: str


@dataclass(frozen=True)
class AssignmentMade:
    """A role assignment to our service principal; over a scope, over a group, or over everything."""

    name: str
    over: str
    number: int


@dataclass(frozen=True)
class Situation:
    """What there is before the run."""

    groups: tuple[GroupMade, ...]
    policies: tuple[PolicyMade, ...]
    principal: str
    scopes: tuple[tuple[str, str], ...]
    assignments: tuple[AssignmentMade, ...]
    customized: bool
    calendars: tuple[tuple[bool, bool, bool], ...]


@dataclass(frozen=True)
class Ours:
    """Our application."""

    client_id: str
    principal_id: str


@some.composite
def groups(draw: some.DrawFn) -> tuple[GroupMade, ...]:
    """Up to two groups; one of them may have the address that is configured."""
    made = []
    for address in (ADDRESS, f"two@{DOMAIN}"):
        if draw(some.booleans()):
            members = draw(
                some.lists(some.sampled_from([*ROOMS, *ROOMS, WORKSPACE, EQUIPMENT, *STRANGERS]), unique=True)
            )
            name = draw(some.sampled_from(["RoomzResources", "Meeting rooms"])) if address == ADDRESS else "Second"
            kind = draw(some.sampled_from(["Security"] * 9 + ["Distribution"]))
            synchronized = draw(some.sampled_from([False] * 9 + [True]))
            made.append(
                GroupMade(name, address, tuple(members), draw(_notes), draw(some.booleans()), kind, synchronized)
            )
    return tuple(made)


@some.composite
def situations(draw: some.DrawFn, access: str) -> Situation:
    """Whatever may be there; of the other access model than the wish's there is nothing of ours."""
    found = draw(groups())
    policies: list[PolicyMade] = []
    for _ in range(draw(some.integers(0, 3))):
        application = draw(some.sampled_from(["ours", "ours", "other", "*"] if access == "policy" else ["other", "*"]))
        # A denial for everybody would hide from the test what the application reaches by our policy.
        rights = ["RestrictAccess"] * 5 + (["DenyAccess"] if application != "*" else [])
        group = draw(some.integers(-1, len(found)))
        policies.append(PolicyMade(application, group, draw(some.sampled_from(rights)), draw(_notes)))
    rbac = access == "rbac"
    customized = draw(some.sampled_from([True, True, False])) if rbac else True
    texts = some.sampled_from([ALL_ROOMS, "Office -eq 'Zurich'", "RecipientTypeDetails -eq 'UserMailbox'"])
    names = [MARK, OTHER_STACK, f"{retired()}", "Wards"] if rbac else ["Wards"]
    scopes = [(name, draw(texts)) for name in names if customized and draw(some.booleans())]
    principal = draw(some.sampled_from(["none", "ours", "ours", "ours", "stale"])) if rbac else "none"
    assignments: list[AssignmentMade] = []
    if customized and principal != "none":
        own = f"{MARK} {{}}"
        for name in draw(
            some.lists(some.sampled_from([own, own, f"{OTHER_STACK} 00000000", "By hand"]), max_size=2, unique=True)
        ):
            over = draw(some.sampled_from(["scope", "scope", "group", "nothing"]))
            assignments.append(AssignmentMade(name, over, draw(some.integers(0, 3))))
    calendars = draw(some.lists(some.tuples(*[some.booleans()] * 3), min_size=len(ROOMS), max_size=len(ROOMS)))
    return Situation(found, tuple(policies), principal, tuple(scopes), tuple(assignments), customized, tuple(calendars))


@some.composite
def wishes(draw: some.DrawFn) -> dict[str, Any]:
    """Keys of the desired state, all but those that name tenant and application."""
    addresses = [f"{name}@{DOMAIN}" for name in ROOMS]
    include: Any = draw(
        some.one_of(
            some.just("all"),
            some.lists(
                some.sampled_from([*addresses, *(one.upper() for one in addresses), f"{WORKSPACE}@{DOMAIN}"]),
                min_size=1,
                max_size=5,
                unique_by=str.lower,
            ),
            some.sampled_from([{"filter": text} for text in FILTERS]),
        )
    )
    return {
        "rooms": {
            "include": include,
            "exclude": draw(some.lists(some.sampled_from(addresses), max_size=2, unique=True)),
            "kinds": draw(some.sampled_from([["room"], ["room"], ["room", "workspace"], ["room", "equipment"]])),
            "max_removals": draw(some.sampled_from([None, 8, "100%", "100%"])),
        },
        "group": {
            "name": draw(some.sampled_from(["RoomzResources", "Rooms"])),
            "alias": draw(some.sampled_from(["RoomzResources", "rooms"])),
            "primary_smtp_address": ADDRESS,
            "members": draw(some.sampled_from(["exact", "exact", "atLeast"])),
            "adopt": draw(some.booleans()),
            "hidden_from_address_lists": draw(some.booleans()),
        },
        "calendar": draw(some.sampled_from(["titles", "unmanaged"])),
    }


def meant(tenant: Tenant, wish: Mapping[str, Any]) -> set[str]:
    """Return the object ids of the mailboxes that a wish means."""
    rooms = wish["rooms"]
    include, kinds = rooms["include"], {kind.capitalize() for kind in rooms["kinds"]}
    found = set()
    for mailbox in tenant.mailboxes:
        if mailbox.resource_type not in kinds or mailbox.address in rooms["exclude"]:
            continue
        if isinstance(include, list):
            wanted = mailbox.address in [address.lower() for address in include]
        else:
            wanted = include == "all" or FILTERS[include["filter"]](mailbox)
        if wanted:
            found.add(mailbox.object_id)
    return found


def build(tenant: Tenant, situation: Situation, access: str) -> Ours:
    """Make it so, with an application that has a secret and, in `policy`, the grant."""
    seeder = Seeder(tenant)
    application, principal = seeder.application("ROOMZGraph")
    other, _ = seeder.application("Another vendor's")
    now = tenant.now()
    application.passwords.append(
        Password(
            key_id=seeder.id("key", "ROOMZGraph"),
            display_name=None,
            start_date_time=now,
            end_date_time=now.replace(year=now.year + 1),
            hint="abc",
            secret_hash="0" * 64,
        )
    )
    if access == "policy":
        graph = tenant.service_principal_by_app_id(microsoft.GRAPH.app_id)
        assert graph
        seeder.grant(principal, graph, "Calendars.ReadWrite")
    for room, values in zip(ROOMS, situation.calendars, strict=True):
        _run(
            tenant,
            "Set-CalendarProcessing",
            Identity=room,
            **dict(zip(SWITCHES, values, strict=True)),
            BookingWindowInDays=90,
        )
    for made in situation.groups:
        _make_group(tenant, made)
    _make_policies(tenant, situation, {"ours": application.app_id, "other": other.app_id, "*": "*"})
    tenant.is_customized = situation.customized
    if situation.principal != "none":
        object_id = principal.id if situation.principal == "ours" else seeder.id("service-principal", "former")
        _run(tenant, "New-ServicePrincipal", AppId=application.app_id, ObjectId=object_id, DisplayName="by hand")
        _make_assignments(tenant, situation, object_id)
    for made in situation.groups:
        _group(tenant, made.address).is_dir_synced = made.synchronized
    return Ours(application.app_id, principal.id)


def _make_group(tenant: Tenant, made: GroupMade) -> None:
    local_part = made.address.partition("@")[0]
    _run(
        tenant,
        "New-DistributionGroup",
        Name=made.name,
        Alias=local_part,
        PrimarySmtpAddress=made.address,
        Type=made.kind,
        Members=list(made.members),
        Notes=made.notes,
    )
    bypass = {"Identity": made.address, "BypassSecurityGroupManagerCheck": True}
    _run(tenant, "Set-DistributionGroup", HiddenFromAddressListsEnabled=made.hidden, **bypass)


def _make_policies(tenant: Tenant, situation: Situation, ids: Mapping[str, str]) -> None:
    security = [group.address for group in situation.groups if group.kind == "Security"]
    gone = f"gone@{DOMAIN}"
    _run(
        tenant, "New-DistributionGroup", Name="Gone", PrimarySmtpAddress=gone, Type="Security", Members=["person-00002"]
    )
    done = set()
    for made in situation.policies:
        # -1 is a group that will be gone, and one more than there are is another vendor's.
        address = gone if made.group < 0 else [*security, "crm-mailboxes"][min(made.group, len(security))]
        if (made.application, address) not in done:
            done.add((made.application, address))
            description = made.description or "by hand"
            _run(
                tenant,
                "New-ApplicationAccessPolicy",
                AppId=ids[made.application],
                PolicyScopeGroupId=address,
                AccessRight=made.right,
                Description=description,
            )
    _run(tenant, "Remove-DistributionGroup", Identity=gone, BypassSecurityGroupManagerCheck=True, Confirm=False)


def _make_assignments(tenant: Tenant, situation: Situation, principal_id: str) -> None:
    for name, text in situation.scopes:
        _run(tenant, "New-ManagementScope", Name=name, RecipientRestrictionFilter=text)
    for made in situation.assignments:
        narrowed: dict[str, str] = {}
        if made.over == "scope" and situation.scopes:
            narrowed["CustomResourceScope"] = situation.scopes[made.number % len(situation.scopes)][0]
        elif made.over == "group" and situation.groups:
            narrowed["RecipientGroupScope"] = situation.groups[made.number % len(situation.groups)].address
        elif made.over != "nothing":
            continue
        name = made.name.format(principal_id[:8])
        _run(tenant, "New-ManagementRoleAssignment", Name=name, App=principal_id, Role=CALENDARS, **narrowed)


def _group(tenant: Tenant, address: str) -> Any:
    return tenant.find_recipients(address)[0]


def _run(tenant: Tenant, name: str, **given: Any) -> None:
    """Run a cmdlet as somebody with every right."""
    cmdlet = CMDLETS[name.lower()]
    cmdlet.run(Session(tenant, name, lambda _: None), cmdlet.bind(given))
