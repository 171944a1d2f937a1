"""The plan of secrets over decades: random lives of a stack, in which everything happens that can happen to a secret.

Each step may be a run (observed or not, cut off anywhere, by a clock that is wrong), a person at the Portal, an incident, somebody
who deletes or adds passwords by hand, or months in which nobody looks. tests/support/secret_world.py checks what is promised.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from components.secret_plan import hand_over, plan_secrets
from components.secret_rules import SecretPlanError, SecretRules
from tests.support.cases import cases
from tests.support.secret_world import MARK, Reading, Stop, World

STARTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)).map(
    lambda start: start.replace(tzinfo=UTC, microsecond=0)
)
MONTH_ENDS = st.sampled_from(
    [
        date(2027, 12, 31),
        date(2028, 2, 29),
        date(2026, 8, 31),
        date(2027, 2, 28),
        date(2026, 10, 31),
        date(2099, 12, 31),
    ]
).map(lambda day: datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC))
LOOKING: list[Reading] = ["complete", "lagging", "incomplete"]
STOPS: list[Stop] = ["answer lost", "killed before the outputs", "killed before the removal"]
KEYS = ("generation", "handedOver", "revokedThrough")


def with_key(rules: SecretRules, key: str, value: int | None) -> SecretRules:
    """The configuration with another value of `roomz:secret.<key>`."""
    match key:
        case "generation":
            return replace(rules, generation=value)
        case "handedOver":
            return replace(rules, handed_over=value)
        case "revokedThrough":
            return replace(rules, revoked_through=value)
    raise AssertionError(f"no refusal is about {key}")


@st.composite
def lifetimes(draw: st.DrawFn) -> tuple[int, int]:
    """Months that a secret lives, and months before its end at which the next one comes."""
    lifetime = draw(st.integers(2, 24))
    return lifetime, draw(st.integers(1, lifetime // 2))


class SecretLife(RuleBasedStateMachine):
    """One stack's life."""

    @initialize(start=STARTS | MONTH_ENDS, months=lifetimes())
    def begin(self, start: datetime, months: tuple[int, int]) -> None:
        self.world = World(start, SecretRules(*months))
        self.outputs_lost = self.state_touched = False

    @rule(hours=st.integers(0, 72))
    def some_hours(self, hours: int) -> None:
        self.world.advance(timedelta(hours=hours))

    @rule(days=st.integers(1, 62) | st.integers(300, 1200))
    def nobody_looks(self, days: int) -> None:
        self.world.advance(timedelta(days=days))

    @rule(stop=st.just("") | st.sampled_from(STOPS))
    def up(self, stop: Stop) -> None:
        self._run("complete", stop, timedelta())

    @precondition(lambda self: not self.outputs_lost)
    @rule(
        reading=st.sampled_from(LOOKING),
        stop=st.just("") | st.sampled_from(STOPS),
        behind=st.just(0) | st.integers(0, 500),
    )
    def up_by_a_clock_that_goes_back(self, reading: Reading, stop: Stop, behind: int) -> None:
        self._run(reading, stop, timedelta(days=-behind))

    @precondition(lambda self: not self.outputs_lost)
    @rule(stop=st.just("") | st.sampled_from(STOPS), wrong=st.just(0) | st.integers(-500, 500))
    def up_without_looking(self, stop: Stop, wrong: int) -> None:
        self._run("none", stop, timedelta(days=wrong))

    @rule(recorded=st.booleans())
    def somebody_hands_over(self, recorded: bool) -> None:
        if self.world.type_into_portal() and recorded:
            self.world.record()

    @rule()
    def somebody_records_a_hand_over(self) -> None:
        self.world.record()

    @rule()
    def renew_now(self) -> None:
        self.world.renew_now()

    @rule()
    def revoke_now(self) -> None:
        self.world.revoke_now()

    @rule(months=lifetimes())
    def other_lifetimes(self, months: tuple[int, int]) -> None:
        lifetime, before = months
        self.world.rules = replace(self.world.rules, lifetime_months=lifetime, renew_months_before=before)

    @rule(data=st.data())
    def somebody_deletes_a_password(self, data: st.DataObject) -> None:
        living = [password.key_id for password in self.world.living()]
        if living:
            self.world.remove_by_hand(data.draw(st.sampled_from(living)))

    @precondition(lambda self: not self.outputs_lost)
    @rule(data=st.data())
    def somebody_takes_a_secret_out_of_the_state(self, data: st.DataObject) -> None:
        known = sorted(self.world.state)
        if known:
            self.state_touched = True
            self.world.forget(data.draw(st.sampled_from(known)))

    @rule(
        name=st.sampled_from(
            ["by hand", "", "roomz:roomz/test2 generation 3", f"{MARK} generation", f"{MARK} generation x"]
        )
    )
    def somebody_adds_a_password(self, name: str) -> None:
        self.world.add_by_hand(name, timedelta(days=900))

    @precondition(lambda self: not self.state_touched)
    @rule()
    def the_outputs_are_lost(self) -> None:
        """As after surgery on the state: from now on only the tenant knows which numbers there are, so it has to be looked at."""
        self.outputs_lost = True
        self.world.lose_outputs()

    @rule(wrong=st.sampled_from(KEYS), much=st.integers(1, 5))
    def somebody_writes_what_cannot_be(self, wrong: str, much: int) -> None:
        """Refused before anything is declared, with the key, the value and a command."""
        newest = max(self.world.outputs, default=-1)
        assume(newest >= 0 or not self.world.passwords)
        # A run that issued one without putting it out makes the next number possible, though not as one that was handed over.
        number = newest + much + {"generation": 2, "revokedThrough": 1, "handedOver": 0}[wrong]
        impossible = with_key(self.world.rules, wrong, number)
        with pytest.raises(SecretPlanError) as refused:
            plan_secrets(impossible, self.world.outputs.values(), self.world.reading("complete"), self.world.now, MARK)
        assert f"roomz:secret.{wrong} is {number}" in str(refused.value)
        assert "pulumi config" in str(refused.value)

    def _run(self, reading: Reading, stop: Stop, clock: timedelta) -> None:
        for _ in range(4):
            try:
                ended_well = self.world.up(reading, stop, clock) is not None
            except SecretPlanError as refused:
                if not self.outputs_lost:
                    raise
                self._follow(str(refused))
            else:
                if ended_well:
                    self.outputs_lost = False
                return
        raise AssertionError("the remedies lead nowhere")

    def _follow(self, message: str) -> None:
        """Do what a refusal says."""
        commands = re.findall(r"pulumi config (set|rm) --path 'roomz:secret\.(\w+)'(?: (\d+))?", message)
        assert commands, message
        for _, key, value in commands:
            self.world.rules = with_key(self.world.rules, key, int(value) if value else None)


TestSecretLife = SecretLife.TestCase
TestSecretLife.settings = settings(cases(300), stateful_step_count=40)


@dataclass(frozen=True)
class Month:
    """What happens from one run to the next.

    The pause is a part of the renewal window; the time after which somebody hands over is a part of what the output leaves; a run
    that breaks off is run again at once.
    """

    pause: float
    hands_over_after: float
    stop: Stop


MONTHS = st.lists(
    st.builds(Month, st.floats(0.01, 1), st.floats(0, 0.99), st.just("") | st.sampled_from(STOPS)),
    min_size=10,
    max_size=40,
)


@cases(300)
@given(STARTS | MONTH_ENDS, lifetimes(), MONTHS)
@example(datetime(2028, 2, 29, tzinfo=UTC), (24, 1), [Month(1, 0.99, "")] * 90)
@example(datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC), (24, 12), [Month(1, 0.99, "")] * 60)
@example(datetime(2026, 8, 31, tzinfo=UTC), (2, 1), [Month(1, 0.99, "answer lost")] * 90)
def test_invariant_5_whoever_keeps_the_dates_never_stands_in_the_dark(
    start: datetime, months: tuple[int, int], life: list[Month]
) -> None:
    """`up` once in each renewal window, each hand-over by the date that `handOver` names: then a secret is valid at every instant."""
    world = World(start, SecretRules(*months))
    # As short as that many months can be.
    window = timedelta(days=28 + 30 * (months[1] - 1)) - timedelta(days=1)
    hands_over_on: datetime | None = None
    for month in life:
        if world.up(stop=month.stop) is None:
            assert world.up() is not None
        by = due(world)
        if by is not None:
            planned = world.now + month.hands_over_after * (by - world.now)
            hands_over_on = min(hands_over_on or planned, planned)
        next_run = world.now + month.pause * window
        if hands_over_on is not None and hands_over_on <= next_run:
            world.advance(hands_over_on - world.now)
            assert world.type_into_portal()
            world.record()
            hands_over_on = None
        world.advance(next_run - world.now)
    assert world.dark == timedelta()
    assert sum(password.key_id not in world.orphans for password in world.living()) <= 2


def due(world: World) -> datetime | None:
    """By when the newest secret has to be handed over; None when it is."""
    state = hand_over(world.rules, world.plan(), world.now)
    assert state.status != "overdue"
    return state.by if state.status == "pending" else None
