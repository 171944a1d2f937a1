"""`consent: admin` under recording mocks: no grant, the pages after the restriction, and what is said in which run."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.last_outputs import LastOutputs, parse_last_outputs
from components.observation import ExchangeObservation, Observation, RequestedPermission
from components.outputs import OUTPUTS
from tests.component.program import LAST, Program, dependencies, observation, settled
from tests.component.recording import CALENDARS_ROLE_ID, CLIENT_ID

CONSENT_PAGE = f"/adminconsent?client_id={CLIENT_ID}"
WAITING = replace(LAST, consent="waiting", consent_mode="admin")


def run(program: Program, observed: Observation, last: LastOutputs | None = None, **more: Any) -> Program:
    # Generation 0 is handed over where it exists, so that nobody is reminded of it.
    secret = '{"handedOver": 0}' if last is not None and last.issued_secrets else "{}"
    return program.run(observed, last, consent="admin", secret=secret, **more)


def said(program: Program, words: str) -> list[str]:
    return [message for message in program.messages if words in message]


def absent(observed: Observation) -> Observation:
    exchange = ExchangeObservation(restriction="absent", differs=True, summary="the policy is missing")
    return observed.model_copy(update={"exchange": exchange})


def test_invariant_1_no_grant_is_declared_and_the_secret_waits_for_the_restriction_alone(program: Program) -> None:
    run(program, observation())
    assert program.mocks.of_type("AppRoleAssignment") == []
    assert not [name for name in program.mocks.names() if "consent" in name]
    removal, access = "roomz-restriction-removal-command", "roomz-room-access-policy"
    options = program.options.options
    for name in ("roomz-application-application", "roomz-application-service-principal", access):
        assert removal in dependencies(options[name]), name
    for name in ("roomz-secret-0-password", "roomz-secret-0-removal"):
        assert {removal, access} <= dependencies(options[name]), name


def test_the_registration_requests_exactly_what_a_person_shall_grant(program: Program) -> None:
    run(program, observation())
    (application,) = program.mocks.of_type(":Application")
    assert application.inputs["requiredResourceAccesses"] == [
        {
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccesses": [{"id": CALENDARS_ROLE_ID, "type": "Role"}],
        }
    ]


def test_a_first_up_puts_out_that_it_waits_and_says_where_to_consent(program: Program) -> None:
    run(program, observation())
    assert set(program.outputs) == set(OUTPUTS)
    access = program.outputs["access"]
    assert (access["model"], access["consent"], access["consentMode"]) == ("policy", "waiting", "admin")
    assert program.outputs["consentUrl"].endswith(CONSENT_PAGE)
    assert program.outputs["clientSecret"] == "value-of-roomz-secret-0-password"
    (message,) = said(program, CONSENT_PAGE)
    assert program.outputs["apiPermissionsUrl"] in message


def test_invariant_1_the_pages_wait_for_the_restriction(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """They resolve from what the restriction's command answers: where it fails there is no page."""

    def fails(args: Any) -> Any:
        if args.name == "roomz-room-access-policy":
            raise RuntimeError("Exchange refused")
        return answers(args)

    answers = program.mocks.new_resource
    monkeypatch.setattr(program.mocks, "new_resource", fails)
    # Everything that waits for the restriction fails with it, most of it without anybody to be told.
    program.loop.set_exception_handler(lambda _loop, _context: None)
    with pytest.raises(Exception, match="Exchange refused"):
        run(program, observation())
    assert said(program, "adminconsent") == said(program, "CallAnAPI") == []

    def resolved(name: str) -> Any:
        return program.loop.run_until_complete(program.declared[name].future())

    assert resolved("clientId") == CLIENT_ID
    for name in ("consentUrl", "apiPermissionsUrl"):
        with pytest.raises(Exception, match="Exchange refused"):
            resolved(name)


@pytest.mark.parametrize("last", [None, WAITING], ids=["new stack", "restriction gone"])
def test_invariant_1_a_preview_names_no_page_while_the_restriction_is_missing(
    program: Program, last: LastOutputs | None
) -> None:
    run(program, absent(settled(grants=())) if last else observation(), last, preview=True)
    assert said(program, "adminconsent") == said(program, "CallAnAPI") == []
    assert said(program, "`pulumi up` says where as soon as the restriction stands")


@pytest.mark.parametrize("preview", [True, False])
def test_every_run_says_what_is_missing_until_somebody_consents(program: Program, preview: bool) -> None:
    run(program, settled(grants=()), WAITING, preview=preview)
    assert len(said(program, CONSENT_PAGE)) == 1
    assert not said(program, "--refresh")
    assert program.outputs["access"]["consent"] == "waiting"


@pytest.mark.parametrize("preview", [True, False])
def test_the_run_after_it_sees_the_consent_and_says_so_once(program: Program, preview: bool) -> None:
    run(program, settled(), WAITING, preview=preview)
    assert program.outputs["access"]["consent"] == "granted"
    assert program.messages.count("Calendars.ReadWrite has been granted: somebody consented since the last `up`.") == 1
    program.messages.clear()
    run(program, settled(), replace(WAITING, consent="granted"))
    assert program.messages == []


def test_a_grant_that_goes_again_is_warned_of_with_the_page(program: Program) -> None:
    run(program, settled(grants=()), replace(WAITING, consent="granted"))
    (message,) = program.messages
    assert "is gone: the displays cannot read" in message
    assert CONSENT_PAGE in message


def test_a_registration_that_requests_more_shows_nobody_the_page(program: Program) -> None:
    observed = settled(grants=())
    more = RequestedPermission(resource_app_id="g", id="mail-read")
    application = observed.entra.applications[0]
    requested = (*application.requested_permissions, more)
    run(
        program,
        settled(grants=(), applications=(application.model_copy(update={"requested_permissions": requested}),)),
        WAITING,
    )
    assert said(program, "requests more than Calendars.ReadWrite (mail-read)")
    assert said(program, "Nobody should consent yet")
    assert not said(program, "adminconsent")


@pytest.mark.parametrize(("made_with", "wanted"), [("admin", "grant"), ("grant", "admin")])
def test_invariant_6_another_kind_of_consent_on_a_live_stack_is_refused(
    program: Program, made_with: str, wanted: str
) -> None:
    last = replace(LAST, consent_mode=made_with)
    with pytest.raises(pulumi.RunError, match=f"made with '{made_with}'.*config set roomz:consent {made_with}"):
        program.run(settled(), last, consent=wanted)
    assert program.mocks.of_type("Command") == []


def test_what_a_stack_was_made_with_is_kept_in_its_outputs(program: Program) -> None:
    run(program, observation())
    assert parse_last_outputs(program.outputs).consent_mode == "admin"
    program.run(observation())
    assert parse_last_outputs(program.outputs).consent_mode == "grant"


def test_a_program_that_observes_nothing_is_refused(program: Program) -> None:
    """The settings refuse it already; another program may hand in what it likes."""
    with pytest.raises(pulumi.RunError, match="needs an observation"):
        program.run(None, WAITING, consent="admin")
    assert program.mocks.of_type("Command") == []
