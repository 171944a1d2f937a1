"""RoomzConnector and its secrets under recording mocks: what stops a run, what does not, and what people are told."""

from dataclasses import replace
from datetime import UTC, datetime

import pulumi
import pytest

from components.observation import (
    EntraObservation,
    ExchangeObservation,
    SecretPolicy,
    SecretRestriction,
    parse_observation,
)
from components.secret_rules import SecretRules, way_round_exchange
from tests.component.program import LAST, Program, observation, settled


def test_a_run_that_looks_at_nothing_does_not_take_the_states_revision_for_a_change(program: Program) -> None:
    """After a run that failed behind the command the state has a newer one; Exchange may be what does not answer."""
    program.run(None, LAST)
    assert program.options.options["roomz-room-access-policy"].ignore_changes == ["environment"]
    assert program.outputs["exchangeRevision"] == "2026-11-24T09:30:00Z"
    program.run(settled(), LAST)
    assert not program.options.options["roomz-room-access-policy"].ignore_changes


def test_invariant_6_a_secret_that_the_tenants_policy_refuses_stops_the_run_before_anything_is_declared(
    program: Program,
) -> None:
    limit = SecretPolicy(name="Secrets", restrictions=(SecretRestriction(longest_seconds=180 * 86400),))
    limited = observation().model_copy(update={"entra": EntraObservation(secret_policy=limit)})
    with pytest.raises(pulumi.RunError, match=r"^Nothing was changed.*'Secrets' allows 180 days.*lifetimeMonths' 5$"):
        program.run(limited)
    assert not program.mocks.of_type("Command")
    program.run(limited, secret='{"lifetimeMonths": 5}')
    assert len(program.mocks.of_type("ApplicationPassword")) == 1
    assert not any("CredentialInvalidLifetime" in said for said in program.messages)


def test_a_guard_of_exchange_does_not_keep_anybody_from_revoking(program: Program) -> None:
    leaked = '{"generation": 1, "revokedThrough": 0}'
    guarded = settled().model_copy(
        update={
            "exchange": ExchangeObservation(restriction="present", differs=True, summary="", guard="12 rooms would go")
        }
    )
    with pytest.raises(pulumi.RunError, match=r"12 rooms would go\. The client secrets need not wait.*observe false"):
        program.run(guarded, LAST, secret=leaked)
    with pytest.raises(pulumi.RunError, match=r"12 rooms would go$"):
        program.run(guarded, LAST)
    # `consent: admin` refuses `observe: false`, so nobody is sent there.
    by_person = replace(LAST, consent_mode="admin")
    with pytest.raises(pulumi.RunError, match=r"12 rooms would go\. A leaked.*Certificates & secrets") as stopped:
        program.run(guarded, by_person, secret=leaked, consent="admin")
    assert "observe false" not in str(stopped.value)


def test_a_tenant_that_cannot_be_read_does_not_keep_anybody_from_revoking() -> None:
    way_round = way_round_exchange(SecretRules(generation=1, revoked_through=0), LAST.generations, may_look_away=True)
    failure = '{"error": "cannot reach outlook.office365.com", "exitCode": 5}'
    with pytest.raises(
        pulumi.RunError, match=r"cannot reach outlook\.office365\.com\. The client secrets need not wait"
    ):
        parse_observation(failure, way_round)
    with pytest.raises(pulumi.RunError, match=r"cannot reach outlook\.office365\.com$"):
        parse_observation(failure)


def test_what_does_not_fit_the_tenant_is_not_called_a_tenant_that_cannot_be_read() -> None:
    failure = '{"error": "nothing was changed: roomz:rooms.include: x@y is nobody in this tenant", "exitCode": 2}'
    with pytest.raises(pulumi.RunError) as refused:
        parse_observation(failure)
    assert str(refused.value) == "Nothing was changed. roomz:rooms.include: x@y is nobody in this tenant"


def test_people_are_reminded_of_the_hand_over_and_warned_when_it_is_near(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda message, *_args, **_kwargs: warned.append(message))
    program.run(settled(), LAST)
    assert any(said.startswith("To do: client secret generation 0") for said in program.messages)
    assert warned == []
    late = settled().model_copy(update={"observed_at": datetime(2028, 9, 25, tzinfo=UTC)})
    program.run(late, LAST, secret='{"renewMonthsBefore": 1}')
    assert [said for said in warned if said.startswith("To do within 60 days: client secret generation 0")]
