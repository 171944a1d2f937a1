"""What people are reminded of, how urgent it is at each boundary, and what exactly is said."""

from datetime import UTC, datetime, timedelta

import pytest

from components.deadlines import (
    SecretDates,
    Stage,
    deadlines,
    deadlines_of_run,
    hand_over_deadline,
    renewal_deadline,
    stage_of,
)
from components.secret_plan import (
    HandOver,
    IssuedSecret,
    ObservedPassword,
    display_name,
    ends_on,
    plan_secrets,
    renews_on,
)
from components.secret_rules import SecretRules

MARK = "roomz:roomz/test"
END = datetime(2028, 11, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def days(number: float) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(
    ("left", "stage"),
    [
        (days(700), Stage.LATER),
        (days(60) + SECOND, Stage.LATER),
        (days(60), Stage.SOON),
        (days(30) + SECOND, Stage.SOON),
        (days(30), Stage.NEAR),
        (days(7) + SECOND, Stage.NEAR),
        (days(7), Stage.LAST),
        (SECOND, Stage.LAST),
        (timedelta(), Stage.OVERDUE),
        (-SECOND, Stage.OVERDUE),
    ],
)
def test_it_grows_louder_at_60_30_and_7_days_and_afterwards(left: timedelta, stage: Stage) -> None:
    assert stage_of(END, END - left) is stage
    pending = SecretDates(1, END + days(700), END + days(640), HandOver("pending", END))
    found = hand_over_deadline(pending, END - left)
    assert found is not None
    assert found.stage is stage
    assert found.warns is (stage is not Stage.LATER)


def test_what_is_gone_already_is_overdue() -> None:
    assert stage_of(None, END) is Stage.OVERDUE


def pending(by: datetime = END) -> SecretDates:
    return SecretDates(1, END + days(700), END + days(640), HandOver("pending", by))


HOW = "Hand it over (scripts/run hand_over show), then record it: pulumi config set --path 'roomz:secret.handedOver' 1; pulumi up"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (
            days(300),
            "To do: client secret generation 1 is not recorded as handed over to the ROOMZ Portal. After "
            "2028-11-23T00:00:00Z, in 300 days, the displays would stand still. " + HOW,
        ),
        (
            days(60),
            "To do within 60 days: client secret generation 1 is not recorded as handed over to the ROOMZ Portal. After "
            "2028-11-23T00:00:00Z, in 60 days, the displays would stand still. " + HOW,
        ),
        (
            days(1.5),
            "URGENT: client secret generation 1 is not recorded as handed over to the ROOMZ Portal. After "
            "2028-11-23T00:00:00Z, in 1 day, the displays would stand still. " + HOW,
        ),
        (
            days(0.5),
            "URGENT: client secret generation 1 is not recorded as handed over to the ROOMZ Portal. After "
            "2028-11-23T00:00:00Z, in less than a day, the displays would stand still. " + HOW,
        ),
        (
            days(-1),
            "OVERDUE: client secret generation 1 is not recorded as handed over, and the one that the ROOMZ Portal has is "
            "dead since 2028-11-23T00:00:00Z: the displays stand still. " + HOW,
        ),
    ],
)
def test_what_is_said_of_a_hand_over(left: timedelta, said: str) -> None:
    found = hand_over_deadline(pending(), END - left)
    assert found is not None
    assert found.text == said


def test_a_hand_over_whose_secret_was_revoked_is_overdue_without_a_date() -> None:
    found = hand_over_deadline(SecretDates(1, END, END - days(60), HandOver("overdue", None)), END - days(300))
    assert found is not None
    assert (found.stage, found.by, found.days_left) == (Stage.OVERDUE, None, None)
    assert found.text.startswith("OVERDUE: client secret generation 1 is not recorded as handed over")
    assert "since" not in found.text


def test_a_number_that_was_made_anew_is_not_handed_over_once_more() -> None:
    dates = SecretDates(1, END, END - days(60), HandOver("overdue", None), made_anew=True)
    found = hand_over_deadline(dates, END - days(300))
    assert found is not None
    assert "pulumi config set --path 'roomz:secret.generation' 2" in found.text
    assert "handedOver" not in found.text


def test_a_hand_over_that_is_done_is_not_spoken_of() -> None:
    assert hand_over_deadline(SecretDates(1, END, END - days(60), HandOver("done", None)), END) is None


def test_a_renewal_is_spoken_of_from_its_first_day_on_and_warned_of_by_the_end_of_the_secret() -> None:
    dates = SecretDates(0, END, END - days(360), HandOver("done", None))
    assert renewal_deadline(dates, dates.renews_on - SECOND) is None
    stages = [renewal_deadline(dates, END - left) for left in (days(360), days(60), days(30), days(7), days(0))]
    assert [found.stage for found in stages if found] == list(Stage)
    due, ended = renewal_deadline(dates, END - days(21)), renewal_deadline(dates, END + days(3))
    assert due is not None
    assert due.text == (
        "To do within 30 days: client secret generation 0 ends on 2028-11-23T00:00:00Z, in 21 days, and its renewal is due since "
        "2027-11-29T00:00:00Z. Issue generation 1 with: pulumi up; then it has to be handed over by that day"
    )
    assert ended is not None
    assert ended.text == (
        "OVERDUE: client secret generation 0 ended on 2028-11-23T00:00:00Z and nothing has followed it: the displays stand still. "
        "Issue generation 1 with: pulumi up; then hand it over"
    )


def test_the_most_urgent_comes_first() -> None:
    now = END - days(20)
    dates = SecretDates(1, END, END - days(60), HandOver("overdue", END - days(300)))
    assert [(each.what, each.stage) for each in deadlines(dates, now)] == [
        ("hand-over", Stage.OVERDUE),
        ("renewal", Stage.NEAR),
    ]


def issued(generation: int, day: datetime) -> IssuedSecret:
    return IssuedSecret(generation, f"key-{generation}", day, ends_on(day, 24))


def of_run(rules: SecretRules, known: list[IssuedSecret], today: datetime, *, preview: bool) -> list[tuple[str, Stage]]:
    seen = [ObservedPassword(each.key_id, display_name(MARK, each.generation), each.ends_on) for each in known]
    plan = plan_secrets(rules, known, seen, today, MARK)
    return [(each.what, each.stage) for each in deadlines_of_run(rules, plan, known, today, preview=preview)]


def test_a_preview_says_what_is_to_do_now_and_an_up_what_is_left_to_do() -> None:
    old = issued(0, END - days(729))
    due = renews_on(old.ends_on, 2)
    rules = SecretRules(handed_over=0)
    assert of_run(rules, [old], due - SECOND, preview=True) == []
    assert of_run(rules, [old], due - SECOND, preview=False) == []
    near = old.ends_on - days(20)
    assert of_run(rules, [old], near, preview=True) == [("renewal", Stage.NEAR)]
    assert of_run(rules, [old], near, preview=False) == [("hand-over", Stage.NEAR)]


def test_a_pending_hand_over_is_seen_in_every_preview_and_up() -> None:
    only = issued(0, END)
    assert of_run(SecretRules(), [only], END, preview=True) == [("hand-over", Stage.LATER)]
    assert of_run(SecretRules(), [only], END, preview=False) == [("hand-over", Stage.LATER)]
    assert of_run(SecretRules(), [], END, preview=True) == []
    assert of_run(SecretRules(), [], END, preview=False) == [("hand-over", Stage.LATER)]


def test_a_renewal_that_was_asked_for_early_is_due_for_nobody() -> None:
    only = issued(0, END)
    assert of_run(SecretRules(generation=1, handed_over=0), [only], END, preview=True) == []
