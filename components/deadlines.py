"""The dates that people have to keep, and how urgent each is today: a pure function.

A secret that has ended turns every display dark, and only a person can bring the next one to the ROOMZ Portal, so the reminders
grow louder: from 60 days before the date on, from 30, from 7, and after it. Owns the days, the words and the command behind them.
Owns no rule about secrets (`secret_plan.py`), no clock, and no way to people: `up` and preview log it, `scripts/secret_status.py`
prints it for schedulers, `scripts/verify_connector.py` tells it beside what it finds in the tenant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal

from components.secret_plan import (
    HandOver,
    IssuedSecret,
    SecretPlan,
    format_date,
    hand_over,
    parse_date,
    renews_on,
)
from components.secret_rules import SecretRules


class Stage(IntEnum):
    """How urgent a date is; a greater one is more urgent."""

    LATER = 0
    """More than 60 days are left."""
    SOON = 1
    """60 days or less."""
    NEAR = 2
    """30 days or less."""
    LAST = 3
    """7 days or less."""
    OVERDUE = 4
    """The date has passed, or what had to be kept alive is gone already."""


DAYS = {Stage.SOON: 60, Stage.NEAR: 30, Stage.LAST: 7}
"""From how many days before the date on a stage counts."""

_OPENING = {
    Stage.LATER: "To do",
    Stage.SOON: "To do within 60 days",
    Stage.NEAR: "To do within 30 days",
    Stage.LAST: "URGENT",
    Stage.OVERDUE: "OVERDUE",
}


@dataclass(frozen=True)
class SecretDates:
    """What is known of a stack's secrets, from its plan or from its outputs. Times are UTC.

    `made_anew`: the number stands for another secret than the one that may have been handed over (see PlannedSecret.replaced_by).
    """

    generation: int
    ends_on: datetime
    renews_on: datetime
    hand_over: HandOver
    made_anew: bool = False


@dataclass(frozen=True)
class Deadline:
    """One thing that a person has to do by a date; `by` is None where the date is not known any more.

    `fact` is how it stands, `how` what has to be done, both as sentences without their full stop.
    """

    what: Literal["hand-over", "renewal"]
    by: datetime | None
    stage: Stage
    days_left: int | None
    fact: str
    how: str

    @property
    def said(self) -> str:
        """How it stands, and how urgent that is."""
        return f"{_OPENING[self.stage]}: {self.fact}"

    @property
    def text(self) -> str:
        """All of it in one line."""
        return f"{self.said}. {self.how}"

    @property
    def warns(self) -> bool:
        """Whether people are warned; before that it is merely said."""
        return self.stage > Stage.LATER


def dates_in_outputs(outputs: Mapping[str, Any]) -> SecretDates | None:
    """The dates of a stack's outputs; None where they hold none, since nothing was issued yet."""
    try:
        generation, state = int(outputs["secretGeneration"]), outputs["handOver"]
        issued = outputs["issuedSecrets"].get(str(generation)) or {}
        return SecretDates(
            generation,
            parse_date(outputs["secretExpiresOn"]),
            parse_date(outputs["secretRenewsOn"]),
            HandOver(state["status"], parse_date(state["by"]) if "by" in state else None),
            made_anew=bool(issued.get("madeAnew")) and state["status"] == "overdue",
        )
    except KeyError:
        return None


def stage_of(by: datetime | None, now: datetime) -> Stage:
    """How urgent a date is. None is one that has passed."""
    if by is None or by <= now:
        return Stage.OVERDUE
    left = by - now
    return max((stage for stage, days in DAYS.items() if left <= timedelta(days=days)), default=Stage.LATER)


def hand_over_deadline(dates: SecretDates, now: datetime) -> Deadline | None:
    """The hand-over of the newest secret, as long as it is not recorded."""
    if dates.hand_over.status == "done":
        return None
    by = dates.hand_over.by
    stage = Stage.OVERDUE if dates.hand_over.status == "overdue" else stage_of(by, now)
    return _deadline("hand-over", by, stage, now, *_hand_over_text(dates, stage, by, now))


def renewal_deadline(dates: SecretDates, now: datetime) -> Deadline | None:
    """The renewal of the newest secret, from the day on which `up` issues the next one."""
    if now < dates.renews_on:
        return None
    stage = stage_of(dates.ends_on, now)
    following = dates.generation + 1
    how = f"Issue generation {following} with: pulumi up; then "
    if stage is Stage.OVERDUE:
        fact = (
            f"client secret generation {dates.generation} ended on {format_date(dates.ends_on)} and nothing has followed it: the displays "
            "stand still"
        )
        return _deadline("renewal", dates.ends_on, stage, now, fact, f"{how}hand it over")
    fact = (
        f"client secret generation {dates.generation} ends on {format_date(dates.ends_on)}, {_left(dates.ends_on, now)}, and its renewal is "
        f"due since {format_date(dates.renews_on)}"
    )
    return _deadline("renewal", dates.ends_on, stage, now, fact, f"{how}it has to be handed over by that day")


def deadlines(dates: SecretDates, now: datetime) -> list[Deadline]:
    """Everything that a person has to do, the most urgent first."""
    found = (renewal_deadline(dates, now), hand_over_deadline(dates, now))
    return sorted((each for each in found if each is not None), key=lambda each: each.stage, reverse=True)


def deadlines_of_run(
    rules: SecretRules, plan: SecretPlan, issued: Sequence[IssuedSecret], today: datetime, *, preview: bool
) -> list[Deadline]:
    """What a run reminds people of: an `up` of what is left to do after it, a preview of what is to do now.

    `issued` are the secrets of the last outputs.
    """
    if preview and plan.newest.is_new:
        newest = max(issued, key=lambda secret: secret.generation, default=None)
        if newest is None:
            return []
        now = SecretDates(
            newest.generation,
            newest.ends_on,
            renews_on(newest.ends_on, rules.renew_months_before),
            HandOver("done", None),
        )
        return deadlines(now, today)
    newest_after = plan.newest
    then = SecretDates(
        newest_after.generation,
        newest_after.ends_on,
        renews_on(newest_after.ends_on, rules.renew_months_before),
        hand_over(rules, plan, today),
    )
    return deadlines(then, today)


def _deadline(
    what: Literal["hand-over", "renewal"], by: datetime | None, stage: Stage, now: datetime, fact: str, how: str
) -> Deadline:
    days = None if by is None else (by - now) // timedelta(days=1)
    return Deadline(what, by, stage, days, fact, how)


def _hand_over_text(dates: SecretDates, stage: Stage, by: datetime | None, now: datetime) -> tuple[str, str]:
    """How it stands, and what has to be done."""
    newest = dates.generation
    how = (
        "Hand it over (scripts/run hand_over show), then record it: "
        f"pulumi config set --path 'roomz:secret.handedOver' {newest}; pulumi up"
    )
    if dates.made_anew:
        return (
            f"client secret generation {newest} had to be made anew under its own number, so the ROOMZ Portal may have a dead one",
            "Issue the next one and hand that over: "
            f"pulumi config set --path 'roomz:secret.generation' {newest + 1}; pulumi up",
        )
    if stage is Stage.OVERDUE:
        since = f" since {format_date(by)}" if by is not None else ""
        return (
            f"client secret generation {newest} is not recorded as handed over, and the one that the ROOMZ Portal has is dead{since}: the "
            "displays stand still",
            how,
        )
    if by is None:
        raise ValueError("a hand-over that is pending has a date")
    return (
        f"client secret generation {newest} is not recorded as handed over to the ROOMZ Portal. After {format_date(by)}, {_left(by, now)}, the "
        "displays would stand still",
        how,
    )


def _left(by: datetime, now: datetime) -> str:
    """How long that is from now, as people say it."""
    days = (by - now) // timedelta(days=1)
    return "in less than a day" if days < 1 else "in 1 day" if days == 1 else f"in {days} days"
