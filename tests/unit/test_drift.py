"""What a preview says of drift: the words, and the command behind each."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from components.drift import (
    UNOBSERVED,
    DeclaredGrant,
    ExpectedEntra,
    deployer_messages,
    entra_messages,
    exchange_messages,
    exchange_revision,
    made_anew_message,
    secret_messages,
)
from components.last_outputs import LastOutputs
from components.observation import (
    Action,
    ApplicationObservation,
    DeployerObservation,
    EntraObservation,
    ExchangeObservation,
    Grant,
    Observation,
    Password,
    RequestedPermission,
    ServicePrincipalObservation,
)
from components.secret_plan import ObservedPassword, PlannedSecret, RemovedSecret, SecretPlan
from microsoft365.connection import Connection
from scripts import calendars_consent, client_secret

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ROLE = "ef54d2bf-783f-4e0f-bca1-3210c0435d99"
LAST = LastOutputs(client_id="c", application_object_id="o", access="policy", exchange_revision="r")
APPLICATION = ApplicationObservation(
    client_id="C",
    object_id="o",
    owner_ids=("me",),
    requested_permissions=(RequestedPermission(resource_app_id="g", id=ROLE),),
)
CONNECTION = Connection(tenant_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301", exchange_host="localhost:18543")
OBJECT_ID, KEY_ID = "0f0e0d0c-0b0a-4908-8706-050403020100", "1f1e1d1c-1b1a-4918-9716-151413121110"
GRAPH_OBJECT_ID = "2f2e2d2c-2b2a-4928-a726-252423222120"
WHOLE = EntraObservation(
    applications=(APPLICATION,),
    service_principal=ServicePrincipalObservation(object_id="s"),
    grants=(Grant(id="a", app_role_id=ROLE.upper(), resource_id="g"),),
)


def observe(entra: EntraObservation = WHOLE, *, differs: bool = False) -> Observation:
    exchange = ExchangeObservation(restriction="present", differs=differs, summary="")
    return Observation(observed_at=NOW, exchange=exchange, entra=entra)


def said(
    entra: EntraObservation,
    last: LastOutputs = LAST,
    owners: tuple[str, ...] | None = ("me",),
    *,
    by_person: bool = False,
) -> list[str]:
    return list(entra_messages(observe(entra), last, ExpectedEntra(CONNECTION, owners, (ROLE,), "g", by_person)))


def test_nothing_is_said_of_a_tenant_that_is_as_declared() -> None:
    assert said(WHOLE) == []


def test_nothing_can_be_missing_before_a_stack_has_ended_well_once() -> None:
    assert said(EntraObservation(), LastOutputs()) == []


@pytest.mark.parametrize(
    ("entra", "words"),
    [
        (EntraObservation(application_is_gone=True), "application c is gone"),
        (WHOLE.model_copy(update={"service_principal": None}), "enterprise application"),
        (WHOLE.model_copy(update={"grants": ()}), "grant (admin consent)"),
        (
            WHOLE.model_copy(update={"applications": (APPLICATION.model_copy(update={"requested_permissions": ()}),)}),
            "no longer requests",
        ),
        (
            WHOLE.model_copy(update={"applications": (APPLICATION.model_copy(update={"owner_ids": ("you",)}),)}),
            "The application's owners differ from roomz:owners: owned by you besides, not owned by me.",
        ),
        (
            WHOLE.model_copy(
                update={"service_principal": ServicePrincipalObservation(object_id="s", owner_ids=("me", "you"))}
            ),
            "The service principal's owners differ from roomz:owners: owned by you besides.",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_command_that_mends_it(entra: EntraObservation, words: str) -> None:
    (message,) = said(entra)
    assert words in message
    assert "pulumi up --refresh" in message


def test_invariant_3_a_reading_that_misses_the_application_concludes_nothing() -> None:
    for unsure in (EntraObservation(), EntraObservation(application_is_gone=False)):
        (message,) = said(unsure)
        assert "Nothing is concluded" in message
        assert observe(unsure).passwords("c") is None
    assert observe(EntraObservation(application_is_gone=True)).passwords("c") == []
    assert observe(EntraObservation()).passwords(None) == []


def test_a_first_run_says_what_differs_only_where_something_exists() -> None:
    def run(*kinds: str) -> list[str]:
        actions = tuple(Action(kind=kind, subject="s", reason="r") for kind in kinds)
        exchange = ExchangeObservation(restriction="absent", differs=True, summary="it differs", actions=actions)
        return list(exchange_messages(Observation(observed_at=NOW, exchange=exchange), first_run=True))

    assert run("createGroup", "addMember") == []
    assert "it differs" in run("markGroup", "removeMember")[0]


def test_a_grant_that_the_stack_did_not_make_is_named() -> None:
    more = Grant(id="b", app_role_id="mail-read", resource_id="g", resource_display_name="Microsoft Graph")
    (message,) = said(WHOLE.model_copy(update={"grants": (*WHOLE.grants, more)}))
    assert "mail-read of Microsoft Graph" in message


def test_the_same_id_of_another_service_is_another_grant() -> None:
    elsewhere = Grant(
        id="a", app_role_id=ROLE, resource_id="exchange", resource_display_name="Office 365 Exchange Online"
    )
    missing, further = said(WHOLE.model_copy(update={"grants": (elsewhere,)}))
    assert "is gone" in missing
    assert "of Office 365 Exchange Online" in further


def test_a_registration_that_requests_more_is_named_with_the_command_that_mends_it() -> None:
    more = (*APPLICATION.requested_permissions, RequestedPermission(resource_app_id="g", id="mail-read"))
    application = APPLICATION.model_copy(update={"requested_permissions": more})
    (message,) = said(WHOLE.model_copy(update={"applications": (application,)}))
    assert "requests more than Calendars.ReadWrite (mail-read)" in message
    assert "pulumi up --refresh" in message


def test_where_a_person_grants_a_missing_grant_is_no_drift_and_a_further_one_is_for_a_person_to_revoke() -> None:
    assert said(WHOLE.model_copy(update={"grants": ()}), by_person=True) == []
    more = Grant(id="b", app_role_id="mail-read", resource_id=GRAPH_OBJECT_ID)
    (message,) = said(WHOLE.model_copy(update={"grants": (*WHOLE.grants, more)}), by_person=True)
    assert (
        "Unless it is meant, a Privileged Role Administrator revokes it (Entra ID > Enterprise applications" in message
    )
    assert documents_of(message)[0] == "calendars_consent"
    # A first run cannot meet a grant that it tries to make.
    assert not any("already exists on the object" in message for message in said(WHOLE, LastOutputs(), by_person=True))


def test_invariant_2_a_second_application_with_our_mark_is_named_and_left() -> None:
    other = ApplicationObservation(client_id="other", object_id="other-object", display_name="ROOMZGraph")
    (message,) = said(WHOLE.model_copy(update={"applications": (APPLICATION, other)}))
    assert "client id other" in message
    assert "other-object" in message


def test_invariant_2_what_a_first_run_left_is_named_with_the_way_out() -> None:
    application, grant = said(WHOLE, LastOutputs())
    assert "client id C" in application
    assert "pulumi stack --show-ids" in application, "of two with the mark a person must know which one the state has"
    assert "already exists" in grant
    assert "pulumi up" in grant


def test_invariant_2_a_grant_that_a_first_run_lost_is_taken_over_and_not_made_anew() -> None:
    """Made anew while readers are behind it would be lost again. A connector with a parent has another URN: there it is taken away."""
    kinds = "roomz:index:RoomzConnector$roomz:index:CalendarsConsent"
    urn = f"urn:pulumi:prod::roomz::{kinds}$azuread:index/appRoleAssignment:AppRoleAssignment::roomz-consent-grant"
    expected = ExpectedEntra(CONNECTION, None, (ROLE,), "g", grant=DeclaredGrant("prod", urn))
    _, grant = entra_messages(observe(), LastOutputs(), expected)
    command = grant[grant.index("pulumi import") :]
    assert shlex.split(command) == [
        *("pulumi", "import", "--stack", "prod"),
        *("azuread:index/appRoleAssignment:AppRoleAssignment", "roomz-consent-grant"),
        *(
            "/servicePrincipals/g/appRoleAssignedTo/a",
            "--parent",
            f"consent=urn:pulumi:prod::roomz::{kinds}::roomz-consent",
        ),
        *("--protect=false", "--generate-code=false"),
    ]
    _, without = entra_messages(observe(), LastOutputs(), replace(expected, grant=None))
    assert documents_of(without)[0] == "calendars_consent"


def test_a_number_that_was_issued_twice_is_said_with_the_command_that_mends_it() -> None:
    assert "pulumi config set --path 'roomz:secret.generation' 3" in made_anew_message(2)


def test_a_permission_that_whoever_deploys_lacks_is_named_before_the_provider_meets_it() -> None:
    assert list(deployer_messages(observe())) == []
    lacks = observe().model_copy(update={"deployer": DeployerObservation(lacks=("Application.ReadWrite.OwnedBy",))})
    (message,) = deployer_messages(lacks)
    for words in ("without the permission Application.ReadWrite.OwnedBy", "Insufficient privileges", "API permissions"):
        assert words in message


def test_owners_that_are_not_declared_are_not_compared() -> None:
    stranger = WHOLE.model_copy(update={"applications": (APPLICATION.model_copy(update={"owner_ids": ("you",)}),)})
    principal = WHOLE.model_copy(
        update={"service_principal": ServicePrincipalObservation(object_id="s", owner_ids=("you",))}
    )
    assert said(stranger, owners=None) == said(principal, owners=None) == []


def test_owners_that_could_not_be_read_are_not_compared() -> None:
    gone = WHOLE.model_copy(
        update={
            "applications": (APPLICATION.model_copy(update={"owner_ids": None}),),
            "service_principal": ServicePrincipalObservation(object_id="s", owner_ids=None),
        }
    )
    assert said(gone) == []


def test_the_revision_moves_exactly_when_exchange_differs() -> None:
    assert exchange_revision(None, None) == UNOBSERVED
    assert exchange_revision("r", None) == "r"
    assert exchange_revision(None, observe()) == "2026-11-24T09:30:00Z"
    assert exchange_revision("r", observe()) == "r"
    assert exchange_revision("r", observe(differs=True)) == "2026-11-24T09:30:00Z"


def documents_of(message: str) -> tuple[str, str]:
    """What a printed command hands to which script."""
    words = shlex.split(message[message.index("echo '") :])
    assert words[0] == "echo"
    assert words[2:4] == ["|", "scripts/run"]
    return words[4], words[1]


def test_invariant_2_a_password_with_our_mark_that_nobody_knows_is_named_with_the_command_that_removes_it() -> None:
    orphan = ObservedPassword(KEY_ID, "roomz:roomz/test generation 0", NOW)
    plan = SecretPlan((PlannedSecret(1, NOW, "x"),), (), (orphan,))
    (message,) = secret_messages(plan, LastOutputs(application_object_id=OBJECT_ID), CONNECTION)
    script, document = documents_of(message)
    assert script == "client_secret"
    wanted = client_secret.Removal.model_validate_json(document)
    assert (str(wanted.application_object_id), str(wanted.key_id)) == (OBJECT_ID, KEY_ID)
    assert wanted.connection == CONNECTION


def test_invariant_2_a_password_that_this_run_may_make_a_second_time_is_named_before_it_does() -> None:
    unsaved = ObservedPassword(KEY_ID, "roomz:roomz/test generation 1", NOW)
    plan = SecretPlan((PlannedSecret(0, NOW, "x", key_id="k"), PlannedSecret(1, NOW, "y")), (), (), unsaved=(unsaved,))
    (message,) = secret_messages(plan, LastOutputs(application_object_id=OBJECT_ID), CONNECTION)
    assert f"'roomz:roomz/test generation 1' (key id {KEY_ID}) is in the tenant" in message
    assert "an older state was restored" in message
    assert "works on" in message
    assert "will be issued" not in message


@pytest.mark.parametrize("last", [LAST, LastOutputs()])
def test_an_application_that_may_be_in_use_is_not_to_be_deleted_unasked(last: LastOutputs) -> None:
    """After an older state was restored the other application is the one that ROOMZ has."""
    password = Password(key_id=KEY_ID, end_date_time=NOW)
    other = ApplicationObservation(client_id="other", object_id="p", passwords=(password,))
    unused = other.model_copy(update={"passwords": ()})
    for found, warned in ((other, True), (unused, False)):
        entra = WHOLE.model_copy(update={"applications": (APPLICATION, found)})
        (message,) = [each for each in said(entra, last) if "client id other" in each]
        assert ("the ROOMZ Portal may use it" in message, "pulumi stack import" in message) == (warned, warned)
        assert "if nobody uses" in message
        assert "az ad app delete --id other" in message


def test_a_password_of_an_application_that_is_not_known_is_named_with_the_portals_page() -> None:
    orphan = ObservedPassword(KEY_ID, "roomz:roomz/test generation 0", NOW)
    plan = SecretPlan((PlannedSecret(1, NOW, "x"),), (), (orphan,))
    (message,) = secret_messages(plan, LastOutputs(), CONNECTION)
    assert KEY_ID in message
    assert "Certificates & secrets" in message


def test_a_secret_that_is_to_go_is_said_to_live_until_the_run_has_ended_well() -> None:
    plan = SecretPlan((PlannedSecret(1, NOW, "x"),), (RemovedSecret(0, KEY_ID, "it was revoked"),), ())
    (message,) = secret_messages(plan, LastOutputs(application_object_id=OBJECT_ID), CONNECTION)
    assert "Until `up` has ended well it works" in message
    assert documents_of(message)[0] == "client_secret"


def test_invariant_3_a_password_of_somebody_else_is_reported_with_its_end_and_left_alone() -> None:
    foreign = ObservedPassword(KEY_ID, "by hand", NOW)
    plan = SecretPlan((PlannedSecret(1, NOW, "x"),), (), (), foreign=(foreign,))
    (message,) = secret_messages(plan, LastOutputs(application_object_id=OBJECT_ID), CONNECTION)
    assert "'by hand'" in message
    assert "ends on 2026-11-24T09:30:00Z. It is left alone" in message
    assert documents_of(message)[0] == "client_secret"


def test_invariant_2_a_grant_that_nobody_knows_is_named_with_the_command_that_takes_it_away() -> None:
    grant = Grant(id="b", app_role_id="mail-read", resource_id=GRAPH_OBJECT_ID, resource_display_name="Microsoft Graph")
    (message,) = said(WHOLE.model_copy(update={"grants": (*WHOLE.grants, grant)}))
    script, document = documents_of(message)
    assert script == "calendars_consent"
    assert calendars_consent.Removal.model_validate_json(document).grant == (
        f"/servicePrincipals/{GRAPH_OBJECT_ID}/appRoleAssignedTo/b"
    )
