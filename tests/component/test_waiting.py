"""`exchange.transport: runbook`: nothing is granted before somebody has made the restriction, and nothing is taken away after it."""

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.configuration import load
from components.connector_outputs import NOT_YET
from components.desired_state import desired_state
from components.last_outputs import LastOutputs, parse_last_outputs
from components.observation import Grant, Observation
from components.outputs import OUTPUTS
from components.waiting import is_waiting, missing_message, revision, waiting_message
from tests.component.program import CONFIGURATION, LAST, MARK, Program, dependencies, observation, settled
from tests.component.recording import CALENDARS_ROLE_ID, CLIENT_ID, GRAPH_OBJECT_ID, SERVICE_PRINCIPAL_ID

RUNBOOK = '{"transport": "runbook"}'
SETTINGS = load({**CONFIGURATION, "roomz:exchange": RUNBOOK}, {})
DESIRED = desired_state(SETTINGS, MARK)
RBAC = load({**CONFIGURATION, "roomz:exchange": RUNBOOK, "roomz:access": "rbac"}, {})
WAITING = parse_last_outputs(
    {
        "clientId": CLIENT_ID,
        "applicationObjectId": "44444444-4444-4444-8444-444444444444",
        "servicePrincipalObjectId": SERVICE_PRINCIPAL_ID,
        "access": {"model": "policy", "status": "waiting"},
        "issuedSecrets": {},
    }
)
GRANT = Grant(id="a", app_role_id=CALENDARS_ROLE_ID, resource_id=GRAPH_OBJECT_ID)


def as_made(observed: Observation, restriction: str, **entra: Any) -> Observation:
    """Return what a run sees of a stack whose application holds nothing, unless `entra` says so."""
    (application,) = observed.entra.applications
    bare = {
        "applications": (application.model_copy(update={"passwords": (), "requested_permissions": ()}),),
        "grants": (),
    }
    return observed.model_copy(
        update={
            "exchange": observed.exchange.model_copy(
                update={
                    "restriction": restriction,
                    "differs": restriction != "present",
                    "digest": "d",
                    "summary": "what differs",
                }
            ),
            "entra": observed.entra.model_copy(update={**bare, **entra}),
        }
    )


def commands(run: Program) -> dict[str, dict[str, Any]]:
    return {one.name: one.inputs for one in run.mocks.of_type("command:local:Command")}


def granted(run: Program) -> list[str]:
    kinds = ("AppRoleAssignment", "ApplicationPassword")
    return [one.name for one in run.mocks.resources if one.type_token.endswith(kinds)]


@pytest.mark.parametrize("access", ["policy", "rbac"])
@pytest.mark.parametrize("last", [LastOutputs(), WAITING], ids=["first", "again"])
def test_invariant_1_nothing_is_granted_while_the_restriction_is_waited_for(
    program: Program, last: LastOutputs, access: str
) -> None:
    last = replace(last, access=access if last.client_id else None)
    seen = as_made(settled(), "absent") if last.client_id else observation(digest="d")
    program.run(seen, last, access=access, exchange=RUNBOOK)
    assert granted(program) == []
    told = json.loads(commands(program)["roomz-room-access-policy"]["stdin"])
    assert (told["transport"], told["awaitsRestriction"]) == ("runbook", True)
    assert told["application"]["clientId"] == CLIENT_ID
    assert told["application"]["servicePrincipalId"] == (SERVICE_PRINCIPAL_ID if access == "rbac" else None)
    # Nobody is shown where to consent, nor can anybody press it in the portal.
    (application,) = program.mocks.of_type(":Application")
    assert not application.inputs.get("requiredResourceAccesses")
    if access == "policy":
        assert program.outputs["consentUrl"] == NOT_YET
    about_secrets = {"clientSecret", "secretGeneration", "secretExpiresOn", "secretRenewsOn", "handOver"}
    assert set(program.outputs) == set(OUTPUTS) - about_secrets
    assert program.outputs["issuedSecrets"] == {}
    assert any(
        "Waiting for the restriction" in said and "runbooks/restrict-test.ps1" in said for said in program.messages
    )
    assert not [said for said in program.messages if "secret" in said and "generation" in said.casefold()]


def test_invariant_2_the_second_run_that_waits_asks_for_the_same_as_the_first(program: Program) -> None:
    program.run(observation(digest="d"), exchange=RUNBOOK)
    first = commands(program)["roomz-room-access-policy"]
    program.run(as_made(settled(), "absent"), WAITING, exchange=RUNBOOK)
    second = commands(program)["roomz-room-access-policy"]
    assert first == second
    assert first["environment"] == {"ROOMZ_EXCHANGE_REVISION": "plan d"}


def test_the_first_run_that_sees_the_restriction_goes_on(program: Program) -> None:
    program.run(as_made(settled(), "present"), WAITING, exchange=RUNBOOK)
    assert granted(program) == ["roomz-consent-grant", "roomz-secret-0-password"]
    access = program.options.options["roomz-room-access-policy"]
    assert access is not None
    told = json.loads(commands(program)["roomz-room-access-policy"]["stdin"])
    # What is granted depends on a command that ends with an error if the restriction has gone since.
    assert told["awaitsRestriction"] is False
    assert any("room-access-policy" in name for name in dependencies(program.options.options["roomz-consent-grant"]))
    assert set(program.outputs) == set(OUTPUTS)
    # Nothing of what this run makes for the first time is called gone.
    assert not [said for said in program.messages if "is gone" in said or "no longer requests" in said]


def test_a_run_that_was_cut_off_after_the_grant_goes_on_with_it(program: Program) -> None:
    program.run(as_made(settled(), "present", grants=(GRANT,)), WAITING, exchange=RUNBOOK)
    imported = program.options.options["roomz-consent-grant"].import_
    assert imported == f"/servicePrincipals/{GRAPH_OBJECT_ID}/appRoleAssignedTo/a"
    assert not [said for said in program.messages if "did not make" in said]


@pytest.mark.parametrize(
    ("last", "entra"),
    [
        (LAST, {}),
        (WAITING, {"grants": (GRANT,)}),
        (WAITING, {"applications": settled().entra.applications}),
        (LastOutputs(), {"applications": settled().entra.applications}),
    ],
    ids=["by the outputs", "a grant", "a secret", "a secret of a run that was cut off"],
)
def test_invariant_5_what_was_granted_stays_declared_and_a_missing_restriction_is_an_error(
    program: Program, last: LastOutputs, entra: dict[str, Any]
) -> None:
    seen = as_made(settled(), "absent", **entra)
    with pytest.raises(pulumi.RunError) as error:
        program.run(seen, last, exchange=RUNBOOK)
    assert program.mocks.resources == [] or granted(program) == []
    text = str(error.value)
    assert text.startswith("Nothing was changed.")
    assert "runbooks/restrict-test.ps1" in text
    assert (
        "pulumi stack export --stack test | scripts/run exchange_policy runbook --output runbooks/restrict-test.ps1"
        in text
    )
    if "grants" in entra:
        assert "First revoke the grant: echo " in text
        assert "scripts/run calendars_consent remove" in text


def test_where_it_only_differs_the_run_goes_on_and_says_who_mends_it(program: Program) -> None:
    seen = as_made(settled(), "differs", applications=settled().entra.applications, grants=(GRANT,))
    program.run(seen, LAST, exchange=RUNBOOK)
    assert granted(program) == ["roomz-consent-grant", "roomz-secret-0-password"]
    said = [one for one in program.messages if "Exchange Online differs" in one]
    assert len(said) == 1
    assert "writes runbooks/restrict-test.ps1, with which an Exchange administrator mends it" in said[0]


def test_over_rest_nobody_waits() -> None:
    rest = load(CONFIGURATION, {})
    absent = as_made(settled(), "absent")
    assert not is_waiting(rest, MARK, LastOutputs(), absent)
    assert missing_message(desired_state(rest, MARK), LAST, absent) is None


def test_what_somebody_else_s_password_is_worth() -> None:
    """A password that a person added is no secret of the stack's: it does not end the waiting."""
    (application,) = settled().entra.applications
    by_hand = application.model_copy(
        update={"passwords": tuple(one.model_copy(update={"display_name": "by hand"}) for one in application.passwords)}
    )
    assert is_waiting(SETTINGS, MARK, WAITING, as_made(settled(), "absent", applications=(by_hand,)))
    assert not is_waiting(SETTINGS, MARK, WAITING, as_made(settled(), "absent", applications=(application,)))


def test_rbac_says_what_is_wrong_there() -> None:
    text = missing_message(desired_state(RBAC, MARK), LAST, as_made(settled(), "absent"))
    assert text is not None
    assert "no role assignment that keeps it to resource mailboxes" in text
    assert "revoke" not in text


def test_the_revision_moves_with_what_is_to_be_done() -> None:
    one, other = observation(digest="a"), observation(digest="b")
    assert revision(one) != revision(other)
    assert "runbooks/restrict-test.ps1" in waiting_message(DESIRED, one)
