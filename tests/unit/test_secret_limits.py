"""Lifetimes that a tenant's app management policy takes: what is refused before anything is changed, and with which remedy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.observation import SecretPolicy, SecretRestriction
from components.secret_limits import largest_lifetime, notice, refusal
from components.secret_plan import IssuedSecret, ObservedPassword, SecretPlan, display_name, ends_on, plan_secrets
from components.secret_rules import SecretRules

MARK = "roomz:roomz/test"
TODAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def issuing(lifetime: int = 24) -> SecretPlan:
    return plan_secrets(SecretRules(lifetime_months=lifetime), [], [], TODAY, MARK)


def policy(days: float | None = 180, *, certain: bool = True, **restriction: Any) -> SecretPolicy:
    seconds = None if days is None else days * 86400
    return SecretPolicy(
        name="Secrets", certain=certain, restrictions=(SecretRestriction(longest_seconds=seconds, **restriction),)
    )


@pytest.mark.parametrize(
    ("days", "months"),
    [(180, 5), (184, 6), (365, 12), (364, 11), (730, 24), (90, 2), (61, 2), (60, None), (10_000, 24)],
)
def test_the_largest_lifetime_that_fits(days: int, months: int | None) -> None:
    assert largest_lifetime(timedelta(days=days)) == months


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)).map(lambda day: day.replace(tzinfo=UTC)),
    st.sampled_from([(180, 5), (365, 12), (730, 24)]),
)
def test_the_usual_lifetimes_fit_the_usual_limits_on_every_day(today: datetime, usual: tuple[int, int]) -> None:
    days, months = usual
    assert ends_on(today, months) - today <= timedelta(days=days)


def test_a_secret_that_lives_too_long_is_refused_with_the_largest_that_fits() -> None:
    refused = refusal(issuing(), SecretRules(), policy(), None, TODAY)
    assert refused == (
        "Nothing was changed. roomz:secret.lifetimeMonths is 24: client secret generation 0 would live 730 days, until "
        "2028-11-23T00:00:00Z, and the tenant's app management policy 'Secrets' allows 180 days, so Microsoft Entra would refuse it "
        "(CredentialInvalidLifetimeAsPerAppPolicy). The largest that fits: pulumi config set --path 'roomz:secret.lifetimeMonths' 5"
    )


def test_the_window_of_renewal_is_mended_as_well_where_it_would_not_fit() -> None:
    rules = SecretRules(renew_months_before=6)
    refused = refusal(issuing(), rules, policy(), None, TODAY)
    assert refused is not None
    assert refused.endswith(
        "'roomz:secret.lifetimeMonths' 5; pulumi config set --path 'roomz:secret.renewMonthsBefore' 2"
    )


def test_where_no_lifetime_fits_somebody_has_to_make_an_exception() -> None:
    refused = refusal(issuing(2), SecretRules(lifetime_months=2), policy(30), None, TODAY)
    assert refused is not None
    assert "Not even 2 months fit" in refused
    assert "appManagementPolicy" in refused


def test_a_tenant_that_allows_no_secrets_at_all_is_named() -> None:
    refused = refusal(issuing(), SecretRules(), policy(None, forbids_secrets=True), None, TODAY)
    assert refused is not None
    assert "allows no new client secrets" in refused
    assert "CredentialTypeNotAllowedAsPerAppPolicy" in refused


def test_what_fits_is_neither_refused_nor_spoken_of() -> None:
    for taken in (policy(730), SecretPolicy(), policy(180, created_after=TODAY + timedelta(days=1))):
        assert refusal(issuing(), SecretRules(), taken, None, TODAY) is None
        assert notice(issuing(), taken, None, TODAY) is None


def test_a_policy_for_newer_applications_spares_older_ones_and_holds_for_one_that_is_made_today() -> None:
    since = policy(180, created_after=TODAY - timedelta(days=100))
    assert refusal(issuing(), SecretRules(), since, TODAY - timedelta(days=101), TODAY) is None
    assert refusal(issuing(), SecretRules(), since, TODAY - timedelta(days=100), TODAY) is not None
    assert refusal(issuing(), SecretRules(), since, None, TODAY) is not None


def test_an_issued_secret_is_never_measured_by_a_policy_that_came_later() -> None:
    old = IssuedSecret(0, "key-0", TODAY, ends_on(TODAY, 24))
    seen = [ObservedPassword(old.key_id, display_name(MARK, 0), old.ends_on)]
    plan = plan_secrets(SecretRules(), [old], seen, TODAY, MARK)
    assert refusal(plan, SecretRules(), policy(), None, TODAY) is None
    assert notice(plan, None, None, TODAY) is None


@pytest.mark.parametrize(
    "unsure", [policy(certain=False), SecretPolicy(restrictions=(SecretRestriction(certain=False),))]
)
def test_where_only_the_tenant_can_decide_nothing_is_refused_and_the_usual_lifetimes_are_named(
    unsure: SecretPolicy,
) -> None:
    assert refusal(issuing(), SecretRules(), unsure, None, TODAY) is None
    said = notice(issuing(), unsure, None, TODAY)
    assert said is not None
    assert "only the tenant can decide" in said
    assert "5, 12 or 24" in said


def test_without_the_right_to_read_policies_the_usual_lifetimes_are_named_while_a_secret_is_issued() -> None:
    said = notice(issuing(), None, None, TODAY)
    assert said is not None
    assert "CredentialInvalidLifetimeAsPerAppPolicy" in said
    assert "180, 365 or 730 days" in said
    assert refusal(issuing(), SecretRules(), None, None, TODAY) is None
