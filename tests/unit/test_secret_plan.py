"""The rules of generations, one by one; test_secret_life.py lets them meet over decades."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.secret_plan import (
    IssuedSecret,
    ObservedPassword,
    SecretPlan,
    add_months,
    display_name,
    ends_on,
    format_date,
    generation_in,
    hand_over,
    issued_from_outputs,
    parse_date,
    plan_secrets,
    renews_on,
)
from components.secret_rules import SecretPlanError, SecretRules

MARK = "roomz:roomz/test"
TODAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def issued(generation: int, issued_on: datetime = TODAY, lifetime_months: int = 24) -> IssuedSecret:
    return IssuedSecret(generation, f"key-{generation}", issued_on, ends_on(issued_on, lifetime_months))


def seen(*secrets: IssuedSecret) -> list[ObservedPassword]:
    return [ObservedPassword(s.key_id, display_name(MARK, s.generation), s.ends_on) for s in secrets]


def generations(plan: SecretPlan) -> list[int]:
    return [secret.generation for secret in plan.secrets]


def test_a_new_stack_gets_generation_0_that_ends_a_day_before_24_months() -> None:
    plan = plan_secrets(SecretRules(), [], [], TODAY, MARK)
    assert generations(plan) == [0]
    assert format_date(plan.newest.ends_on) == "2028-11-23T00:00:00Z"
    assert plan.newest.display_name == "roomz:roomz/test generation 0"


def test_24_months_never_exceed_730_days_even_over_a_leap_day() -> None:
    assert ends_on(datetime(2027, 3, 1, tzinfo=UTC), 24) - datetime(2027, 3, 1, tzinfo=UTC) <= timedelta(days=730)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 1, 31), -2, date(2026, 11, 30)),
        (date(2026, 11, 24), 14, date(2028, 1, 24)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_months_are_calendar_months(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_nothing_changes_while_nothing_is_due() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(), [secret], seen(secret), TODAY + timedelta(days=300), MARK)
    assert generations(plan) == [0]
    assert plan.removed == ()
    assert plan.newest.ends_on == secret.ends_on


def test_the_next_generation_comes_on_the_day_that_the_output_names_and_not_before() -> None:
    secret = issued(0)
    due = renews_on(secret.ends_on, 2)
    before = plan_secrets(SecretRules(), [secret], seen(secret), due - timedelta(seconds=1), MARK)
    after = plan_secrets(SecretRules(), [secret], seen(secret), due, MARK)
    assert generations(before) == [0]
    assert generations(after) == [0, 1]
    assert after.removed == ()


def test_a_tenant_forgotten_for_three_years_gets_one_new_secret_and_loses_the_ended_one() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(), [secret], seen(secret), TODAY + timedelta(days=3 * 365), MARK)
    assert generations(plan) == [1]
    assert [removed.generation for removed in plan.removed] == [0]


def test_invariant_5_a_secret_stays_until_the_moment_of_its_end() -> None:
    old, new = issued(0), issued(1, TODAY + timedelta(days=600))
    last = plan_secrets(SecretRules(), [old, new], seen(old, new), old.ends_on - timedelta(seconds=1), MARK)
    over = plan_secrets(SecretRules(), [old, new], seen(old, new), old.ends_on, MARK)
    assert (generations(last), last.removed) == ([0, 1], ())
    assert generations(over) == [1]


def test_without_an_observation_nothing_is_removed_because_of_time_or_absence() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(), [secret], None, TODAY + timedelta(days=3 * 365), MARK)
    assert generations(plan) == [0, 1]
    assert plan.removed == ()


def test_another_lifetime_moves_no_issued_secret() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(lifetime_months=6), [secret], seen(secret), TODAY, MARK)
    assert plan.secrets[0].ends_on == secret.ends_on


def test_asking_for_the_next_generation_renews_now_once() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(generation=1), [secret], seen(secret), TODAY, MARK)
    assert generations(plan) == [0, 1]
    again = plan_secrets(SecretRules(generation=1), [secret, issued(1)], seen(secret, issued(1)), TODAY, MARK)
    assert generations(again) == [0, 1]


def test_handing_over_removes_the_older_ones() -> None:
    old, new = issued(0), issued(1)
    plan = plan_secrets(SecretRules(handed_over=1), [old, new], seen(old, new), TODAY, MARK)
    assert generations(plan) == [1]
    assert "secret.handedOver" in plan.removed[0].reason


def test_a_hand_over_of_a_secret_that_has_gone_since_may_stay_in_the_file() -> None:
    new = issued(3)
    assert generations(plan_secrets(SecretRules(handed_over=1), [new], seen(new), TODAY, MARK)) == [3]


def test_revoking_the_newest_goes_with_asking_for_a_newer_one() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(generation=1, revoked_through=0), [secret], seen(secret), TODAY, MARK)
    assert generations(plan) == [1]
    assert [removed.key_id for removed in plan.removed] == ["key-0"]


def test_what_only_outputs_could_know_is_looked_for_in_the_tenant_before_it_is_refused() -> None:
    """Outputs that were lost, and a run that looks at nothing: the remedy must not be to take out what protects a secret."""
    for rules in (SecretRules(handed_over=2), SecretRules(generation=3, revoked_through=2), SecretRules(generation=3)):
        with pytest.raises(SecretPlanError) as refusal:
            plan_secrets(rules, [], None, TODAY, MARK)
        assert "pulumi config set roomz:observe true" in str(refusal.value)
        assert "config rm" not in str(refusal.value)


def test_a_secret_that_no_run_has_put_out_cannot_have_been_handed_over() -> None:
    """A run issued generation 1 and did not end well, or the state is older than the tenant: its value is in no output."""
    old, unsaved = issued(0), issued(1)
    with pytest.raises(SecretPlanError) as refusal:
        plan_secrets(SecretRules(handed_over=1), [old], seen(old, unsaved), TODAY, MARK)
    for words in (
        "handedOver is 1, and the tenant has a secret of that number",
        "works on",
        "stack import",
        "handedOver' 0",
    ):
        assert words in str(refusal.value)


def test_what_the_outputs_do_not_know_and_is_declared_again_is_named_and_nothing_is_removed() -> None:
    """The engine may have it, after a run that did not end well, or not, after an older state was restored."""
    old, unsaved = issued(0), issued(1)
    plan = plan_secrets(SecretRules(), [old], seen(old, unsaved), TODAY, MARK)
    assert [password.key_id for password in plan.unsaved] == ["key-1"]
    assert (generations(plan), plan.removed, plan.orphans) == ([0, 1], (), ())
    assert plan_secrets(SecretRules(), [old], seen(old), TODAY, MARK).unsaved == ()
    assert plan_secrets(SecretRules(generation=1), [old], seen(old), TODAY, MARK).unsaved == ()


def test_revoking_an_older_one_leaves_the_newer_ones() -> None:
    """The one that leaked is not the one that the Portal has."""
    secrets = [issued(0), issued(1), issued(2)]
    plan = plan_secrets(SecretRules(revoked_through=0), secrets, seen(*secrets), TODAY, MARK)
    assert generations(plan) == [1, 2]
    assert [removed.generation for removed in plan.removed] == [0]


@pytest.mark.parametrize(
    ("rules", "issued_by_runs", "words"),
    [
        (SecretRules(generation=2), [0], ["secret.generation is 2", "generation 0", "generation' 1"]),
        (SecretRules(generation=1), [], ["secret.generation is 1", "not issued yet", "generation' 0"]),
        (SecretRules(handed_over=1), [0], ["secret.handedOver is 1", "generation 0", "handedOver' 0"]),
        (SecretRules(handed_over=0), [], ["secret.handedOver is 0", "config rm --path"]),
        (SecretRules(revoked_through=1), [0], ["secret.revokedThrough is 1", "revokedThrough' 0"]),
        (SecretRules(revoked_through=0), [], ["secret.revokedThrough is 0", "config rm --path"]),
        (SecretRules(revoked_through=0), [0], ["ROOMZ would be left without any", "generation' 1"]),
        (SecretRules(generation=1, revoked_through=1), [0], ["secret.revokedThrough is 1"]),
    ],
)
def test_what_would_lose_or_skip_a_secret_is_refused_with_the_remedy(
    rules: SecretRules, issued_by_runs: list[int], words: list[str]
) -> None:
    known = [issued(generation) for generation in issued_by_runs]
    with pytest.raises(SecretPlanError) as refusal:
        plan_secrets(rules, known, seen(*known), TODAY, MARK)
    for word in words:
        assert word in str(refusal.value)


def test_a_secret_that_somebody_deleted_counts_as_revoked_and_its_number_never_comes_back() -> None:
    secret = issued(0)
    plan = plan_secrets(SecretRules(), [secret], [], TODAY + timedelta(hours=1), MARK)
    assert generations(plan) == [1]
    assert plan.removed[0].generation == 0


def test_a_secret_that_is_not_seen_within_the_first_hour_is_still_there() -> None:
    secret = issued(0)
    assert generations(plan_secrets(SecretRules(), [secret], [], TODAY + timedelta(minutes=59), MARK)) == [0]


def test_key_ids_are_compared_without_regard_to_letter_case() -> None:
    secret = issued(0)
    shouted = [ObservedPassword("KEY-0", display_name(MARK, 0), secret.ends_on)]
    assert generations(plan_secrets(SecretRules(), [secret], shouted, TODAY + timedelta(days=1), MARK)) == [0]


def test_a_generation_that_a_run_issued_without_saving_its_outputs_is_kept_not_issued_again() -> None:
    old, unsaved = issued(0), issued(1)
    plan = plan_secrets(SecretRules(), [old], seen(old, unsaved), TODAY, MARK)
    assert generations(plan) == [0, 1]
    assert plan.newest.ends_on == unsaved.ends_on
    assert plan.orphans == ()


def test_a_first_secret_that_a_run_issued_without_saving_its_outputs_keeps_its_end() -> None:
    unsaved = issued(0, TODAY - timedelta(days=3))
    plan = plan_secrets(SecretRules(), [], seen(unsaved), TODAY, MARK)
    assert generations(plan) == [0]
    assert plan.newest.ends_on == unsaved.ends_on


def test_invariant_5_lost_outputs_take_no_secret_away() -> None:
    """Without outputs every number that the tenant shows is declared again: what is not declared would be removed."""
    old, new = issued(0), issued(1)
    plan = plan_secrets(SecretRules(), [], seen(old, new), TODAY, MARK)
    assert generations(plan) == [0, 1]
    assert plan.removed == ()
    assert plan.orphans == ()


def test_invariant_5_lost_outputs_are_taken_back_before_anything_new_is_issued() -> None:
    """Only the engine knows whether it has what the tenant shows; two secrets in one run are never issued."""
    due = renews_on(issued(0).ends_on, 2)
    assert generations(plan_secrets(SecretRules(), [], seen(issued(0)), due, MARK)) == [0]
    assert generations(plan_secrets(SecretRules(generation=1), [], seen(issued(0)), TODAY, MARK)) == [0]
    assert generations(plan_secrets(SecretRules(), [], seen(issued(0)), issued(0).ends_on, MARK)) == [1]
    leaked = SecretRules(generation=1, revoked_through=0)
    assert generations(plan_secrets(leaked, [], seen(issued(0)), TODAY, MARK)) == [1]


def test_a_secret_that_no_run_has_put_out_is_not_declared_beside_the_one_that_follows_it() -> None:
    old, unsaved = issued(0), issued(1)
    plan = plan_secrets(SecretRules(generation=2), [old], seen(old, unsaved), TODAY, MARK)
    assert generations(plan) == [0, 2]
    (removed,) = plan.removed
    assert (removed.generation, removed.key_id) == (1, "key-1")
    assert "nobody has got it" in removed.reason


def test_each_key_id_of_a_number_that_only_the_tenant_shows_is_named_when_the_number_goes() -> None:
    shown = [*seen(issued(0)), ObservedPassword("key-lost", display_name(MARK, 0), issued(0).ends_on)]
    plan = plan_secrets(SecretRules(generation=1, revoked_through=0), [], shown, TODAY, MARK)
    assert [removed.key_id for removed in plan.removed] == ["key-0", "key-lost"]


def test_a_secret_whose_answer_was_lost_is_made_again_and_nobody_is_told_that_the_portal_has_a_dead_one() -> None:
    """No output ever named it, so nobody can have handed it over."""
    old, lost = issued(0), issued(1)
    plan = plan_secrets(SecretRules(), [old], seen(old, lost), TODAY, MARK)
    assert plan.replaced(["key-0", "key-of-the-second-try"]) == frozenset()
    first = plan_secrets(SecretRules(), [], seen(issued(0)), TODAY, MARK)
    assert first.replaced(["key-of-the-second-try"]) == frozenset()


def test_a_number_taken_back_that_turns_out_to_be_another_secret_was_not_handed_over() -> None:
    """State and outputs were lost: the tenant shows the former secret, the provider issues another under its number."""
    plan = plan_secrets(SecretRules(handed_over=0), [], seen(issued(0)), TODAY, MARK)
    assert not plan.newest.replaced_by("key-0")
    assert plan.newest.replaced_by("key-new")


def test_what_was_to_be_removed_and_still_lives_is_no_orphan() -> None:
    old, new = issued(0), issued(1)
    plan = plan_secrets(SecretRules(revoked_through=0), [new], seen(old, new), TODAY, MARK)
    assert [password.key_id for password in plan.lingering] == ["key-0"]
    assert plan.orphans == ()


def test_a_password_with_our_mark_that_nobody_knows_is_named_and_one_of_a_person_is_left_alone() -> None:
    secret = issued(1)
    orphan = ObservedPassword("stray", display_name(MARK, 0), secret.ends_on)
    person = ObservedPassword("person", "typed by hand", secret.ends_on)
    other_stack = ObservedPassword("other", "roomz:roomz/test2 generation 1", secret.ends_on)
    plan = plan_secrets(SecretRules(), [secret], [*seen(secret), orphan, person, other_stack], TODAY, MARK)
    assert plan.orphans == (orphan,)
    assert generations(plan) == [1]
    assert plan.foreign == (person, other_stack)
    assert plan_secrets(SecretRules(), [secret], [*seen(secret), person], person.ends_on, MARK).foreign == ()


@pytest.mark.parametrize("name", ["roomz:roomz/test generation", "roomz:roomz/test generation x", "generation 1", ""])
def test_a_name_without_our_mark_and_a_number_has_no_generation(name: str) -> None:
    assert generation_in(name, MARK) is None


def test_hand_over_is_pending_until_the_secret_that_the_portal_has_ends() -> None:
    old = issued(0)
    due = renews_on(old.ends_on, 2)
    rules = SecretRules(handed_over=0)
    plan = plan_secrets(rules, [old], seen(old), due, MARK)
    assert (hand_over(rules, plan, due).status, hand_over(rules, plan, due).by) == ("pending", old.ends_on)
    assert hand_over(rules, plan, old.ends_on).status == "overdue"


def test_hand_over_of_a_revoked_secret_is_overdue_at_once() -> None:
    old = issued(0)
    rules = SecretRules(generation=1, handed_over=0, revoked_through=0)
    plan = plan_secrets(rules, [old], seen(old), TODAY, MARK)
    assert hand_over(rules, plan, TODAY).status == "overdue"


def test_hand_over_that_nobody_recorded_is_pending_until_the_first_one_ends_and_overdue_once_it_is_gone() -> None:
    old, new = issued(0), issued(1, TODAY + timedelta(days=300))
    plan = plan_secrets(SecretRules(), [old, new], seen(old, new), TODAY, MARK)
    state = hand_over(SecretRules(), plan, TODAY)
    assert (state.status, state.by) == ("pending", old.ends_on)
    revoked = SecretRules(generation=1, revoked_through=0)
    plan = plan_secrets(revoked, [old, new], seen(old, new), TODAY, MARK)
    state = hand_over(revoked, plan, TODAY)
    assert (state.status, state.by) == ("overdue", None)


def test_hand_over_is_overdue_when_the_portals_number_came_to_stand_for_another_secret() -> None:
    """Also in later runs, and while a newer one waits to be handed over."""
    old, new = replace(issued(0), made_anew=True), issued(1)
    rules = SecretRules(handed_over=0)
    plan = plan_secrets(rules, [old, new], seen(old, new), TODAY, MARK)
    assert hand_over(rules, plan, TODAY).status == "overdue"
    unrecorded = plan_secrets(SecretRules(), [issued(0)], seen(issued(0)), TODAY, MARK)
    assert hand_over(SecretRules(), unrecorded, TODAY, replaced={0}).status == "overdue"
    assert hand_over(SecretRules(), unrecorded, TODAY).status == "pending"


def test_hand_over_is_done_when_the_newest_is_recorded() -> None:
    secret = issued(0)
    rules = SecretRules(handed_over=0)
    assert hand_over(rules, plan_secrets(rules, [secret], seen(secret), TODAY, MARK), TODAY).status == "done"


def test_hand_over_is_overdue_when_the_number_stands_for_another_secret_than_the_one_that_was_handed_over() -> None:
    secret = issued(0)
    rules = SecretRules(handed_over=0)
    plan = plan_secrets(rules, [secret], seen(secret), TODAY, MARK)
    assert not plan.newest.replaced_by("KEY-0")
    assert plan.newest.replaced_by("key-another")
    assert hand_over(rules, plan, TODAY, replaced={0}).status == "overdue"


def test_that_a_number_was_issued_twice_is_not_forgotten_by_later_runs() -> None:
    outputs = {
        "0": {"keyId": "key-0", "issuedOn": "2026-11-24T09:30:00Z", "endsOn": "2028-11-23T00:00:00Z", "madeAnew": True}
    }
    plan = plan_secrets(SecretRules(), issued_from_outputs(outputs), None, TODAY, MARK)
    assert plan.newest.replaced_by("key-0")


def test_dates_are_read_as_graph_and_provider_write_them() -> None:
    assert parse_date("2028-11-23T00:00:00Z") == datetime(2028, 11, 23, tzinfo=UTC)
    assert parse_date("2026-11-24T09:30:00.1234567Z").replace(microsecond=0) == TODAY


@given(st.integers(2, 24), st.data(), st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)))
def test_a_new_secret_is_never_due_on_the_day_of_its_issue(lifetime: int, data: st.DataObject, day: datetime) -> None:
    renew = data.draw(st.integers(1, lifetime // 2))
    now = day.replace(tzinfo=UTC)
    assert renews_on(ends_on(now, lifetime), renew) > now
