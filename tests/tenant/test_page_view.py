"""What the page decides to show: a pure function of a tenant and a moment, tried without a server."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import access
from simulator.page import rooms
from simulator.page.doors import Door, door
from simulator.page.render import tenant as render
from simulator.page.view import PageView, view
from simulator.records import (
    AccessPolicy,
    Application,
    Certificate,
    Event,
    ExchangeServicePrincipal,
    FederatedCredential,
    Group,
    ManagementScope,
    Organizer,
    Password,
    RoleAssignment,
)
from simulator.seed import Company, Seeder, default_administrator, new_tenant
from simulator.tenant import Tenant, new_id

NOW = datetime(2026, 11, 24, 8, 40, tzinfo=UTC)
"""09:40 at the doors."""
TITLES = {"AddOrganizerToSubject": False, "DeleteSubject": False, "RemovePrivateProperty": False}
MARK = "roomz:roomz/dev"


def fresh(company: Company | None = None) -> Tenant:
    """A tenant of the first day; nothing is signed here, so it has no real key."""
    tenant = new_tenant(company or Company(), default_administrator(), signing_key="none")
    for mailbox in tenant.mailboxes:
        mailbox.events.clear()  # the default company meets on the day of the test
    return tenant


class Connected:
    """A tenant whose application is kept to its rooms, made of records."""

    def __init__(self, company: Company | None = None, *, with_policy: bool = True) -> None:
        self.tenant: Tenant = fresh(company)
        seeder = Seeder(self.tenant)
        self.application, self.principal = seeder.application("ROOMZGraph")
        self.application.properties["notes"] = f"made by {MARK}, by code"
        graph = next(each for each in self.tenant.service_principals if each.app_roles)
        seeder.grant(self.principal, graph, "Calendars.ReadWrite")
        self.application.passwords.append(password("generation 0", 729))
        own = [m for m in self.tenant.mailboxes if m.resource_type == "Room"]
        for room in own:
            room.calendar_processing = dict(TITLES)
        self.group = seeder.group("RoomzResources", "RoomzResources", "MailUniversalSecurityGroup", own, notes=MARK)
        self.tenant.recipients_changed()
        if with_policy:
            self.restrict(self.group)

    def restrict(self, group: Group) -> None:
        self.tenant.policies.append(
            AccessPolicy(
                app_id=self.application.app_id,
                scope_name=group.display_name,
                scope_identity=group.name,
                scope_sid=group.sid,
                scope_object_id=group.object_id,
                access_right="RestrictAccess",
                description=MARK,
                created=NOW,
            )
        )

    def view(self, wanted: str = "") -> PageView:
        return view(self.tenant, NOW, wanted)


def password(name: str, days: float, starts: datetime = NOW) -> Password:
    ends = NOW + timedelta(days=days)
    return Password(
        key_id=new_id(), display_name=name, start_date_time=starts, end_date_time=ends, hint="abc", secret_hash="f" * 64
    )


def event(begin: int, end: int, **properties: Any) -> Event:
    """An event by the minutes after now."""
    start, stop = (NOW + timedelta(minutes=minutes) for minutes in (begin, end))
    organizer = properties.pop("organizer", None)
    return Event(
        id=new_id(),
        created_date_time=NOW,
        changed_date_time=NOW,
        start=start,
        end=stop,
        organizer=Organizer(name=organizer, address="anna.keller@alpenblick.example") if organizer else None,
        properties=properties,
    )


def figures(page: PageView) -> dict[str, tuple[str, str]]:
    return {figure.label: (figure.value, figure.check.state) for figure in page.figures}


def drawn_rooms(page: PageView) -> dict[str, rooms.RoomView]:
    return {room.name: room for listing in page.rooms for room in listing.drawn}


def checks_of(page: PageView, name: str) -> list[tuple[str, str]]:
    each = {other.name: other for listing in page.others for other in listing.drawn} | drawn_rooms(page)
    return [(check.state, check.text) for check in each[name].checks]


# -- reach --------------------------------------------------------------------------------------------------------------


def test_before_anything_is_connected_nothing_is_judged() -> None:
    page = view(fresh(), NOW)
    assert page.headline.state == "off"
    assert "Not connected yet" in page.headline.text
    assert page.connectors == ()
    assert {state for _, state in figures(page).values()} == {"off"}
    assert {room.door.state for room in drawn_rooms(page).values()} == {"unconnected"}
    assert [(listing.title, listing.number) for listing in page.rooms] == [(rooms.NOT_CHECKED, 25)]
    assert [(listing.title, listing.number) for listing in page.others] == [(rooms.NOT_CHECKED, 12)]
    assert {figure.value for figure in page.figures} == {"–"}


def test_a_connected_tenant_is_all_green() -> None:
    page = Connected().view()
    assert (page.headline.state, page.connectors) == ("good", ("ROOMZGraph",))
    assert figures(page) == {
        "Rooms in reach": ("25 of 25", "good"),
        "Rooms that keep titles": ("25 of 25", "good"),
        "Other mailboxes refused": ("9 of 9", "good"),
        "Secret": ("729 days", "good"),
    }
    assert checks_of(page, "Room Eiger") == [("good", "in reach"), ("good", "titles kept")]
    assert checks_of(page, "Control Mailbox") == [("good", "refused")]
    assert checks_of(page, "Workspace Aare") == [("off", "refused")]
    assert page.others[0].drawn[0].kind == "control mailbox"


def test_without_a_restriction_everybody_is_in_reach_and_that_comes_before_all_else() -> None:
    page = Connected(with_policy=False).view()
    assert page.headline.state == "bad"
    assert "9 mailboxes that are no rooms are in reach" in page.headline.text
    assert [(listing.id, listing.number) for listing in page.others] == [("others-attention", 9), ("others-rest", 3)]
    assert checks_of(page, "Control Mailbox") == [("bad", "in reach")]
    assert figures(page)["Other mailboxes refused"] == ("0 of 9", "bad")


def test_a_room_outside_of_the_group_needs_attention_and_shows_nothing() -> None:
    connected = Connected()
    eiger = connected.tenant.find_recipients("room-eiger")[0]
    connected.group.member_ids.remove(eiger.object_id)
    page = connected.view()
    assert "1 room needs attention" in page.headline.text
    assert (page.rooms[0].id, page.rooms[0].number) == ("rooms-attention", 1)
    assert checks_of(page, "Room Eiger")[0] == ("bad", "out of reach")
    assert drawn_rooms(page)["Room Eiger"].door.state == "unconnected"


@pytest.mark.parametrize(
    ("mailbox", "declared", "enforced", "check"),
    [
        ("Room Eiger", True, False, ("wait", "in reach soon: Graph still refuses")),
        ("Room Eiger", False, True, ("bad", "out of reach soon: Graph still allows")),
        ("Anna Keller", True, False, ("bad", "in reach soon: Graph still refuses")),
        ("Anna Keller", False, True, ("bad", "in reach: Graph has not taken up the restriction yet")),
    ],
)
def test_what_is_declared_and_what_is_enforced_may_differ(
    monkeypatch: pytest.MonkeyPatch, mailbox: str, declared: bool, enforced: bool, check: tuple[str, str]
) -> None:
    answers = {"now": declared, "in force": enforced}
    monkeypatch.setattr(access, "restrictions_now", lambda _tenant: "now")
    monkeypatch.setattr(access, "restrictions_in_force", lambda _tenant, _app_id: "in force")
    monkeypatch.setattr(access, "assignments_of", lambda *_: [])
    monkeypatch.setattr(access, "may", lambda _tenant, restrictions, *_: answers[restrictions])
    page = Connected().view()
    assert checks_of(page, mailbox)[0] == check
    assert drawn_rooms(page)["Room Eiger"].door.state == ("free" if enforced else "unconnected")


def test_reading_alone_does_not_connect_a_room_but_opens_a_mailbox() -> None:
    connected = Connected(with_policy=False)
    role = connected.tenant.grants[-1]
    graph = next(each for each in connected.tenant.service_principals if each.app_roles)
    role.app_role_id = next(each.id for each in graph.app_roles if each.value == "Calendars.Read")
    page = connected.view()
    assert checks_of(page, "Room Eiger")[0] == ("bad", "out of reach")
    assert checks_of(page, "Anna Keller") == [("bad", "in reach")]


def test_an_application_that_nobody_marked_is_a_connector_once_it_may_write_calendars() -> None:
    connected = Connected()
    connected.application.properties.pop("notes")
    assert connected.view().connectors == ("ROOMZGraph",)
    connected.tenant.grants.pop()
    assert connected.view().connectors == ()


def test_an_application_that_rbac_keeps_to_the_rooms_needs_no_grant() -> None:
    connected = Connected(with_policy=False)
    connected.tenant.grants.pop()
    connected.application.properties.pop("notes")
    assert connected.view().connectors == ()
    own = {"guid": new_id(), "created": NOW}
    connected.tenant.exchange_service_principals.append(
        ExchangeServicePrincipal(
            **own,
            app_id=connected.application.app_id,
            object_id=connected.principal.id,
            display_name="ROOMZGraph",
            sid=connected.tenant.new_sid(),
        )
    )
    scope = ManagementScope(**own, name="Rooms", recipient_filter="RecipientTypeDetails -eq 'RoomMailbox'")
    assignment = RoleAssignment(
        **own,
        name="ROOMZ",
        role="Application Calendars.ReadWrite",
        assignee_object_id=connected.principal.id,
        scope_guid=scope.guid,
    )
    connected.tenant.management_scopes.append(scope)
    connected.tenant.role_assignments.append(assignment)
    page = connected.view()
    assert (page.headline.state, page.connectors) == ("good", ("ROOMZGraph",))
    assert checks_of(page, "Workspace Aare") == [("off", "in reach")]
    (shown,) = page.assignments
    assert (shown.application, shown.scope, shown.filter) == ("ROOMZGraph", "scope Rooms", scope.recipient_filter)
    assert [(each.name, each.uses) for each in page.scopes] == [("Rooms", 1)]
    assignment.scope_guid = None
    page = connected.view()
    assert page.assignments[0].scope == "every mailbox of the organization"
    assert checks_of(page, "Control Mailbox") == [("bad", "in reach")]
    # Exchange's own copy of the service principal is left; nobody gets a token for it any more.
    connected.principal.deleted_date_time = NOW
    assert checks_of(connected.view(), "Control Mailbox") == [("good", "refused")]


def test_without_its_service_principal_a_connector_reaches_nothing() -> None:
    connected = Connected(with_policy=False)
    connected.principal.deleted_date_time = NOW
    page = connected.view()
    assert checks_of(page, "Anna Keller") == [("good", "refused")]
    assert checks_of(page, "Room Eiger")[0] == ("bad", "out of reach")


def test_with_two_connectors_each_check_says_whose_it_is() -> None:
    connected = Connected()
    application, _ = Seeder(connected.tenant).application("Second")
    application.properties["notes"] = "roomz:roomz/prod"
    page = connected.view()
    assert page.connectors == ("ROOMZGraph", "Second")
    texts = [text for _, text in checks_of(page, "Room Eiger")]
    assert texts == ["ROOMZGraph: in reach", "Second: out of reach", "titles kept"]


# -- titles and doors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("DeleteSubject", "titles deleted"),
        ("AddOrganizerToSubject", "organiser's name in titles"),
        ("RemovePrivateProperty", "private mark removed"),
    ],
)
def test_each_of_the_three_settings_is_named(setting: str, words: str) -> None:
    connected = Connected()
    room = next(m for m in connected.tenant.mailboxes if m.name == "Room Eiger")
    room.calendar_processing = {**TITLES, setting: True}
    assert checks_of(connected.view(), "Room Eiger")[1] == ("bad", words)
    room.calendar_processing = {}
    assert checks_of(connected.view(), "Room Eiger")[1] == ("bad", "titles not kept")


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ([], Door("free", "Free", "for the rest of the day")),
        ([event(-60, -1, subject="Over")], Door("free", "Free", "for the rest of the day")),
        ([event(20, 80, subject="Review")], Door("free", "Free until 10:00", after="10:00  Review")),
        ([event(20, 80, subject="x", showAs="free")], Door("free", "Free", "for the rest of the day")),
        ([event(24 * 60, 25 * 60, subject="Tomorrow")], Door("free", "Free", "for the rest of the day")),
        ([event(0, 20, subject="Now")], Door("occupied", "Now", "09:40 – 10:00", "", "Free from 10:00")),
        (
            [event(-10, 20, subject="Review", organizer="Anna Keller")],
            Door("occupied", "Review", "09:30 – 10:00", "Anna Keller", "Free from 10:00"),
        ),
        (
            [event(-10, 20, subject="Pay", sensitivity="private", organizer="Anna Keller")],
            Door("occupied", "Reserved", "09:30 – 10:00", "", "Free from 10:00"),
        ),
        (
            [event(-10, 20, subject="", organizer="Anna Keller")],
            Door("occupied", "Anna Keller", "09:30 – 10:00", "", "Free from 10:00"),
        ),
        (
            [event(-10, 20, subject="One"), event(20, 50, subject="Pay", sensitivity="private")],
            Door("occupied", "One", "09:30 – 10:00", "", "10:00  Reserved"),
        ),
        ([event(-10, 24 * 60, subject="Long")], Door("occupied", "Long", "from 09:30")),
        ([event(-24 * 60, 24 * 60, subject="Long")], Door("occupied", "Long", "all day")),
        ([event(-24 * 60, 20, subject="Long")], Door("occupied", "Long", "until 10:00", "", "Free from 10:00")),
    ],
)
def test_a_door_shows_what_a_visitor_may_see(events: list[Event], shown: Door) -> None:
    mailbox = next(m for m in fresh().mailboxes if m.name == "Room Eiger")
    mailbox.events = events
    assert door(mailbox, NOW) == shown


# -- applications, restriction, groups ----------------------------------------------------------------------------------


def application_view(page: PageView, name: str) -> Any:
    return next(each for each in page.applications if each.name == name)


@pytest.mark.parametrize(
    ("days", "starts", "state", "words"),
    [
        (729, NOW, "good", "729 days left"),
        (60, NOW, "wait", "60 days left"),
        (0.5, NOW, "wait", "ends within a day"),
        (-3, NOW - timedelta(days=99), "bad", "ended on 2026-11-21"),
        (99, NOW + timedelta(days=1), "wait", "valid from 2026-11-25"),
    ],
)
def test_a_secret_is_told_by_its_days(days: float, starts: datetime, state: str, words: str) -> None:
    connected = Connected()
    secret = password("generation 1", days, starts)
    connected.application.passwords = [secret]
    page = connected.view()
    (credential,) = application_view(page, "ROOMZGraph").credentials
    assert (credential.name, credential.id) == ("generation 1", secret.key_id)
    assert (credential.check.state, credential.check.text) == (state, words)
    assert figures(page)["Secret"][1] == state
    assert (page.headline.state == "bad") == (state == "bad")


def test_the_secret_that_ends_last_counts_and_a_federated_credential_never_ends() -> None:
    connected = Connected()
    connected.application.passwords.append(password("generation 1", 30))
    assert figures(connected.view())["Secret"] == ("729 days", "good")
    connected.application.federated_credentials.append(
        FederatedCredential(id=new_id(), name="pipeline", issuer="https://issuer.example", subject="s", audiences=["a"])
    )
    assert figures(connected.view())["Secret"] == ("no end", "good")


def test_a_certificate_is_told_like_a_secret() -> None:
    connected = Connected()
    ends = NOW + timedelta(days=90)
    connected.application.passwords = []
    connected.application.certificates.append(
        Certificate(
            key_id=new_id(),
            display_name="CN=pipeline",
            start_date_time=NOW,
            end_date_time=ends,
            thumbprint="A" * 40,
            certificate="MII=",
        )
    )
    page = connected.view()
    (credential,) = application_view(page, "ROOMZGraph").credentials
    assert (credential.kind, credential.name, credential.check.text) == ("certificate", "CN=pipeline", "90 days left")
    assert figures(page)["Secret"] == ("90 days", "good")


def test_nothing_of_a_secret_but_its_name_and_key_id_is_in_the_view() -> None:
    text = str(asdict(Connected().view()))
    assert "f" * 64 not in text
    assert "abc'" not in text


def test_applications_with_mark_owner_and_permissions() -> None:
    connected = Connected()
    anna = next(m for m in connected.tenant.mailboxes if m.name == "Anna Keller")
    deployer = next(p for p in connected.tenant.service_principals if p.directory_roles)
    connected.application.owner_ids = [anna.object_id, deployer.id, "somebody"]
    connected.application.properties["requiredResourceAccess"] = [
        {"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": [{"id": each, "type": "Role"}]}
        for each in ("ef54d2bf-783f-4e0f-bca1-3210c0435d99", "810c84a8-4a9e-49e6-bf7d-12d183f40d01")
    ]
    page = connected.view()
    own = application_view(page, "ROOMZGraph")
    assert page.applications[0] is own
    assert (own.mark, own.client_id) == (MARK, connected.application.app_id)
    assert own.owners == ("Anna Keller", "Deployment pipeline", "somebody (no such object)")
    assert [(p.name, p.check.text) for p in own.permissions] == [
        ("Calendars.ReadWrite", "granted on 2024-03-01"),
        ("Mail.Read", "requested, not granted"),
    ]
    others = application_view(page, "Deployment pipeline").permissions
    assert ("Exchange Administrator", "directory role") in [(p.name, p.service) for p in others]


def test_a_deleted_application_is_told_apart_and_its_policy_names_nobody() -> None:
    connected = Connected()
    connected.tenant.delete_application(connected.application)
    connected.application.deleted_date_time = NOW
    page = connected.view()
    assert "ROOMZGraph" not in [each.name for each in page.applications]
    assert [(each.name, each.until) for each in page.deleted] == [("ROOMZGraph", "2026-12-24 08:40 UTC")]
    assert page.policies[-1].application == f"{connected.application.app_id} (no such application)"


def test_a_policy_whose_group_is_gone_says_so() -> None:
    connected = Connected()
    connected.tenant.groups.remove(connected.group)
    connected.tenant.recipients_changed()
    assert connected.view().policies[-1].scope == "RoomzResources (gone: it matches nobody)"


def test_marked_groups_come_first_and_many_members_are_counted() -> None:
    connected = Connected(Company(rooms=100))
    first = connected.view().groups[0]
    assert (first.name, first.mark, first.is_scope, first.number) == ("RoomzResources", MARK, True, 100)
    assert len(first.members) + first.hidden == 100
    assert first.hidden > 0


# -- many rooms ---------------------------------------------------------------------------------------------------------


def test_a_thousand_rooms_are_counted_and_few_are_drawn_at_once() -> None:
    connected = Connected(Company(rooms=1000, people=300))
    outside = connected.group.member_ids[500:560]
    connected.group.member_ids = [each for each in connected.group.member_ids if each not in outside]
    page = connected.view()
    html, _ = render(page, several=False)
    assert figures(page)["Rooms in reach"] == ("940 of 1,000", "bad")
    assert sum(listing.number for listing in page.rooms) == 1000
    assert (page.rooms[0].id, page.rooms[0].number, page.rooms[0].is_open) == ("rooms-attention", 60, True)
    assert not any(listing.is_open for listing in page.rooms[1:])
    assert all(len(listing.drawn) <= rooms.DRAWN and listing.hidden for listing in page.rooms)
    assert len(html) < 300_000


def test_the_search_finds_every_room_by_name_address_or_office() -> None:
    connected = Connected(Company(rooms=1000))
    assert connected.view().is_searchable
    assert list(drawn_rooms(connected.view("ROOM-00777@"))) == ["Room 00777"]
    assert sum(listing.number for listing in connected.view("genève").rooms) == 250
    assert connected.view("nowhere").rooms == ()
    assert figures(connected.view("nowhere")) == figures(connected.view())
    assert not Connected().view().is_searchable


def test_an_office_named_like_a_heading_is_an_office() -> None:
    connected = Connected(Company(rooms=60))
    for room in connected.tenant.mailboxes[:60]:
        room.office = "Need attention"
    assert [listing.id for listing in connected.view().rooms] == ["rooms-Need-attention"]


def test_any_application_can_be_shown() -> None:
    """What Graph lets a caller write is no more than JSON; the page must not stumble over it."""
    connected = Connected()
    connected.tenant.applications.append(
        Application(
            id=new_id(),
            app_id=new_id(),
            created_date_time=NOW,
            properties={
                "displayName": "<script>alert(1)</script>",
                "requiredResourceAccess": [{}, {"resourceAccess": [{}]}],
            },
        )
    )
    html, _ = render(connected.view(), several=True)
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
