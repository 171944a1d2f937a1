"""The decisions of verification that need no tenant: verdicts, pauses, rooms from a file, and every symptom's words."""

import string
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microsoft365.connection import Connection
from microsoft365.errors import SignInRefused
from microsoft365.exchange.desired import Access
from microsoft365.exchange.observed import CalendarSettings, Policy, Room
from microsoft365.graph.applications import EXCHANGE_APP_ID, GRAPH_APP_ID
from microsoft365.graph.permissions import Permission
from microsoft365.verification.as_administrator import AsAdministrator
from microsoft365.verification.as_roomz import AsRoomz, Seen, roles_of
from microsoft365.verification.judging import Seen as Look
from microsoft365.verification.judging import judge
from microsoft365.verification.reminders import Reminder
from microsoft365.verification.report import OPENS, Finding, Status, in_order, is_closed, verdict_of
from microsoft365.verification.rooms_file import addresses_in
from microsoft365.verification.subject import Consent, Subject
from microsoft365.verification.symptoms import Symptom
from microsoft365.verification.symptoms_mailboxes import CONTROL, ROOMS, TITLES, WRITE
from microsoft365.verification.symptoms_restriction import RESTRICTION
from microsoft365.verification.symptoms_sign_in import HAND_OVER, PERMISSIONS, SIGN_IN
from microsoft365.verification.waiting import RBAC_IDLE_SECONDS, next_pause

EVERY: dict[str, Symptom] = {
    **SIGN_IN,
    **PERMISSIONS,
    **ROOMS,
    **WRITE,
    **TITLES,
    **CONTROL,
    **RESTRICTION,
    **HAND_OVER,
}
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
CLIENT = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
ROOM, CONTROL_MAILBOX = "room-eiger@contoso.com", "somebody@contoso.com"


def subject(**changes: Any) -> Subject:
    values: dict[str, Any] = {
        "connection": Connection(tenant_id=CLIENT),
        "client_id": CLIENT,
        "access": "policy",
        "mark": "roomz:roomz/prod",
        "stack": "prod",
        "control_mailbox": CONTROL_MAILBOX,
    }
    return Subject(**{**values, **changes})


def finding(symptom: str, status: Status | None = None) -> Finding:
    found = EVERY[symptom]
    return Finding(check=found.check, symptom=symptom, status=status or found.status, says="x")


# -- symptoms -------------------------------------------------------------------------------------------------------------


def test_symptoms_have_names_of_their_own() -> None:
    assert len(EVERY) == sum(map(len, (SIGN_IN, PERMISSIONS, ROOMS, WRITE, TITLES, CONTROL, RESTRICTION, HAND_OVER)))


@pytest.mark.parametrize("symptom", EVERY.values(), ids=lambda one: one.name)
def test_every_red_has_its_cause_and_its_remedy(symptom: Symptom) -> None:
    if symptom.status in ("failed", "pending"):
        assert symptom.cause
        assert symptom.remedy


@pytest.mark.parametrize("symptom", EVERY.values(), ids=lambda one: one.name)
def test_a_fact_that_is_missing_is_never_left_out(symptom: Symptom) -> None:
    """A sentence with a hole in it would reach a person; every place is filled, or the program stops."""
    texts = (symptom.says, symptom.cause, symptom.remedy)
    places = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    told = symptom.found(**dict.fromkeys(places, "FACT"))
    assert "{" not in told.says + told.cause + told.remedy
    if places:
        with pytest.raises(KeyError):
            symptom.found()


def test_what_opens_calendars_is_red() -> None:
    assert {EVERY[name].status for name in OPENS} == {"failed"}


# -- verdicts -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(sorted(EVERY)), max_size=8))
def test_the_verdict_is_green_only_where_nothing_is_red_or_pending(names: list[str]) -> None:
    findings = [finding(name) for name in names]
    statuses = {one.status for one in findings}
    verdict = verdict_of(findings)
    assert (verdict == "green") == statuses.isdisjoint({"failed", "pending"})
    assert (verdict in ("red", "noSignIn")) == ("failed" in statuses)
    assert sorted(in_order(findings), key=str) == sorted(findings, key=str)


@given(st.sets(st.sampled_from(sorted(EVERY)), max_size=8))
def test_invariant_1_closed_is_said_only_where_the_refusal_was_seen_and_nothing_opens(names: set[str]) -> None:
    assert is_closed(finding(name) for name in names) == ("control-refused" in names and names.isdisjoint(OPENS))


ANSWERS = [
    Seen(status, code)
    for status, code in ((200, ""), (401, "X"), (403, "X"), (404, "X"), (429, "X"), (503, ""), (0, ""))
]


def test_invariant_1_only_a_403_on_a_mailbox_that_exists_proves_closed() -> None:
    """Every answer, beside everything that Exchange may say of the mailbox and every token."""
    accesses: list[Access] = ["policy", "rbac"]
    kinds = (None, "UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox")
    tokens = (None, frozenset[str](), frozenset({"Calendars.ReadWrite"}), frozenset({"Mail.Read"}))
    proven = 0
    for access, seen, tested, kind, roles, asked in product(
        accesses, ANSWERS, (None, True, False), kinds, tokens, (True, False)
    ):
        admin = AsAdministrator(
            addresses=(ROOM,), control_kind=kind, tested={} if tested is None else {CONTROL_MAILBOX: tested}
        )
        roomz = AsRoomz(roles=roles, rooms={ROOM: Seen(200)}, control=seen)
        findings = judge(subject(access=access), Look(NOW, roomz, admin if asked else None))
        if is_closed(findings):
            proven += 1
            assert (seen.status, asked, kind in ("UserMailbox", "SharedMailbox")) == (403, True, True)
            assert tested is not True
            assert access == "policy" or not roles
        (of_control,) = [one for one in findings if one.check == "controlMailbox"]
        if seen.status in (401, 404, 429, 503, 0):
            assert of_control.status in ("failed", "pending"), "it proves nothing"
        if seen.status == 200:
            assert of_control.status in ("failed", "pending")
            assert not is_closed(findings)
    assert proven, "nothing could ever be proven"


def test_rooms_on_premises_are_named_and_are_no_fault() -> None:
    away = Room("id", "guid", "cellar@contoso.com", "Cellar")
    admin = AsAdministrator(addresses=(ROOM,), on_premises=(away,), tested={ROOM: True}, control_kind="UserMailbox")
    roomz = AsRoomz(roles=frozenset({"Calendars.ReadWrite"}), rooms={ROOM: Seen(200)}, control=Seen(403))
    (noted,) = [one for one in judge(subject(), Look(NOW, roomz, admin)) if one.symptom == "rooms-on-premises"]
    assert (noted.status, noted.mailboxes, noted.says) == (
        "noted",
        ("cellar@contoso.com",),
        "1 room is on-premises and left out",
    )


def test_a_token_that_cannot_be_read_says_nothing_of_permissions() -> None:
    roomz = AsRoomz(roles=None, rooms={ROOM: Seen(200)}, control=Seen(403))
    for access in ("policy", "rbac"):
        found = {one.symptom: one.status for one in judge(subject(access=access), Look(NOW, roomz))}
        assert found["token-unreadable"] == "skipped"
        assert "permissions-right" not in found
        assert found["rooms-readable"] == "passed"


def test_tokens_are_read_as_far_as_they_can_be() -> None:
    assert roles_of("opaque") is None
    assert roles_of("a.!!!.c") is None
    assert roles_of("a.eyJyb2xlcyI6WyJDYWxlbmRhcnMuUmVhZFdyaXRlIl19.c") == frozenset({"Calendars.ReadWrite"})
    assert roles_of("a.e30.c") == frozenset()
    assert roles_of("a.W10.c") is None


CONSENT = Consent(
    url="https://login.example/x/adminconsent?client_id=y", api_permissions_url="https://entra.example/#perms"
)
NO_ROLES = AsRoomz(roles=frozenset(), rooms={ROOM: Seen(401)}, control=Seen(401))
POLICY = Policy("p", CLIENT, "group", "RestrictAccess")


def permission(found: Sequence[Finding], symptom: str) -> Finding:
    (one,) = [finding for finding in found if finding.check == "permissions" and finding.status == "failed"]
    assert one.symptom == symptom
    return one


def test_a_grant_that_a_person_makes_is_asked_of_a_person() -> None:
    missing = permission(judge(subject(), Look(NOW, NO_ROLES)), "role-missing")
    assert missing.remedy.startswith("pulumi up --refresh makes it")
    restricted = AsAdministrator(addresses=(ROOM,), policies=(POLICY,), control_kind="UserMailbox")
    for admin in (None, restricted):
        waits = permission(judge(subject(consent=CONSENT), Look(NOW, NO_ROLES, admin)), "consent-waits")
        assert waits.remedy.startswith("a Privileged Role Administrator opens https://entra.example/#perms")
        assert CONSENT.url in waits.remedy
        assert "--refresh" not in waits.remedy
    reads = AsRoomz(roles=frozenset({"Calendars.ReadWrite"}), rooms={ROOM: Seen(200)}, control=Seen(403))
    gone = permission(judge(subject(consent=CONSENT), Look(NOW, reads, restricted)), "grant-gone")
    assert CONSENT.url in gone.remedy
    assert "--refresh" not in gone.remedy
    assert permission(judge(subject(), Look(NOW, reads, restricted)), "grant-gone").remedy.endswith(
        "--refresh makes it"
    )


def test_invariant_1_nobody_is_sent_to_consent_where_nothing_keeps_the_application_to_the_rooms() -> None:
    denies = Policy("q", CLIENT, "group", "DenyAccess")
    others = Policy("r", "another", "group", "RestrictAccess")
    for admin in (
        AsAdministrator(addresses=(ROOM,), policies=(denies, others), control_kind="UserMailbox"),
        AsAdministrator(
            addresses=(ROOM,), policies=(POLICY,), control_kind="UserMailbox", unread={"policies": "refused"}
        ),
    ):
        waits = permission(judge(subject(consent=CONSENT), Look(NOW, NO_ROLES, admin)), "consent-waits")
        assert waits.remedy.startswith("nobody should consent yet")


def test_full_access_by_exchange_web_services_opens_calendars_and_a_namesake_of_another_service_does_not() -> None:
    assert Permission("full_access_as_app", "Office 365 Exchange Online", EXCHANGE_APP_ID).opens_calendars
    assert Permission("Calendars.Read", "Microsoft Graph", GRAPH_APP_ID).opens_calendars
    assert not Permission("Calendars.Read", "Our own service", CLIENT).opens_calendars


def test_calendar_processing_of_rooms_that_do_not_answer_is_judged_as_well() -> None:
    default = CalendarSettings(True, True, True)
    admin = AsAdministrator(
        addresses=(ROOM,), tested={ROOM: True}, processing={ROOM: default}, control_kind="UserMailbox"
    )
    roomz = AsRoomz(roles=frozenset({"Calendars.ReadWrite"}), rooms={ROOM: Seen(403)}, control=Seen(403))
    found = {one.symptom for one in judge(subject(titles=True), Look(NOW, roomz, admin))}
    assert {"titles-replaced", "private-flag-removed", "room-waits-for-microsoft"} <= found


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (CalendarSettings(False, False, False), set()),
        (CalendarSettings(True, False, False), {"titles-replaced"}),
        (CalendarSettings(False, True, False), {"titles-replaced"}),
        (CalendarSettings(False, False, True), {"private-flag-removed"}),
        (CalendarSettings(True, True, True), {"titles-replaced", "private-flag-removed"}),
    ],
)
def test_each_of_the_three_settings_counts(settings: CalendarSettings, found: set[str]) -> None:
    admin = AsAdministrator(
        addresses=(ROOM,), tested={ROOM: True}, processing={ROOM: settings}, control_kind="UserMailbox"
    )
    roomz = AsRoomz(roles=frozenset({"Calendars.ReadWrite"}), rooms={ROOM: Seen(200)}, control=Seen(403))
    judged = judge(subject(titles=True), Look(NOW, roomz, admin))
    assert {one.symptom for one in judged if one.check == "titles" and one.status == "failed"} == found
    assert ("titles-kept" in {one.symptom for one in judged}) == (not found)


def test_a_secret_that_was_issued_in_the_future_is_no_new_one() -> None:
    """A clock of this machine that is wrong must not turn a wrong secret into one to wait for."""
    refusal = SignInRefused("refused", code="7000215", said="AADSTS7000215: ...")
    for age, symptom in (
        (0, "secret-too-new"),
        (599, "secret-too-new"),
        (600, "secret-unknown"),
        (-61, "secret-unknown"),
    ):
        issued = NOW - timedelta(seconds=age)
        found = judge(subject(secret_issued_on=issued), Look(NOW, AsRoomz(refusal=refusal)))
        assert found[0].symptom == symptom


@pytest.mark.parametrize(
    ("what", "overdue", "symptom", "status", "verdict"),
    [
        ("hand-over", False, "hand-over-pending", "noted", "green"),
        ("hand-over", True, "hand-over-overdue", "failed", "red"),
        ("renewal", False, "renewal-due", "noted", "green"),
        ("renewal", True, "renewal-overdue", "failed", "red"),
    ],
)
def test_what_is_due_is_told_in_the_words_of_whoever_knows_it_and_red_where_the_displays_stand_still(
    what: Literal["hand-over", "renewal"], overdue: bool, symptom: str, status: str, verdict: str
) -> None:
    roomz = AsRoomz(roles=frozenset({"Calendars.ReadWrite"}), rooms={ROOM: Seen(200)}, control=Seen(403))
    due = Reminder(what, "To do: this", "do that", overdue=overdue)
    found = judge(subject(), Look(NOW, roomz), reminders=[due])
    assert [(one.symptom, one.status, one.says, one.remedy) for one in found if one.check == "handOver"] == [
        (symptom, status, "To do: this", "do that")
    ]
    assert verdict_of(found) == verdict
    assert [one for one in judge(subject(), Look(NOW, roomz)) if one.check == "handOver"] == []


# -- waiting --------------------------------------------------------------------------------------------------------------


@given(
    st.sets(st.sampled_from(sorted(EVERY)), max_size=6),
    st.sampled_from(["policy", "rbac"]),
    st.floats(min_value=0, max_value=20_000),
)
def test_waiting_is_for_microsoft_alone_and_never_longer_than_allowed(
    names: set[str], access: Access, remaining: float
) -> None:
    findings = [finding(name) for name in names]
    statuses = {one.status for one in findings}
    pause = next_pause(findings, access, remaining)
    if "failed" in {one.status for one in findings if one.check != "handOver"} or "pending" not in statuses:
        assert pause is None, "nobody mends a fault by waiting"
    if pause is not None:
        assert 10 <= pause.seconds <= remaining
        asks_graph = {
            "room-waits-for-microsoft",
            "room-refused",
            "control-waits-for-microsoft",
            "control-open-untested",
        }
        if access == "rbac" and names & asks_graph:
            assert pause.seconds >= 30 * 60, "asking sooner keeps a stale answer alive"


def test_a_hand_over_that_is_overdue_is_no_reason_not_to_wait_for_microsoft() -> None:
    """After an incident it is overdue until the new secret is in the Portal, and that waits for the proof."""
    assert (
        next_pause([finding("hand-over-overdue"), finding("control-waits-for-microsoft")], "policy", 3600) is not None
    )
    assert next_pause([finding("policy-missing"), finding("control-waits-for-microsoft")], "policy", 3600) is None


def test_a_wait_that_ends_in_the_middle_of_a_pause_is_not_begun_with_rbac() -> None:
    waiting = [finding("room-waits-for-microsoft")]
    assert next_pause(waiting, "rbac", RBAC_IDLE_SECONDS - 1) is None
    pause = next_pause(waiting, "rbac", RBAC_IDLE_SECONDS)
    assert pause is not None
    assert pause.seconds == RBAC_IDLE_SECONDS
    short = next_pause(waiting, "policy", 300)
    assert short is not None
    assert short.seconds == 300


# -- rooms from a file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a@contoso.com\nb@contoso.com\n",
        "Name,Resource ID\nRoom A,a@contoso.com\nRoom B,b@contoso.com\n",
        '\ufeffName;Address\r\n"Room; A";a@contoso.com\r\n\r\nRoom B;b@contoso.com\r\n',
        "a@contoso.com\tRoom, A\nb@contoso.com\tRoom, B",
    ],
)
def test_rooms_are_read_from_what_people_have(text: str) -> None:
    assert addresses_in(text, "rooms.csv") == ("a@contoso.com", "b@contoso.com")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["rooms.csv holds no e-mail address"]),
        ("Name,Address\n", ["rooms.csv holds no e-mail address"]),
        ("a@contoso.com\nRoom B, none\n", ["line 2 of rooms.csv", "Room B, none"]),
        ("a@contoso.com\nA@contoso.com\n", ["line 2 of rooms.csv names A@contoso.com a second time"]),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(text: str, words: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        addresses_in(text, "rooms.csv")
    assert [word for word in words if word not in str(error.value)] == []


def test_a_subject_checks_what_it_is_given() -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        subject(control_mailbox="nobody")
    with pytest.raises(ValueError, match="more than once"):
        subject(addresses=(ROOM, ROOM.upper()))
