"""A world in which a stack's secrets live for decades: tenant, engine, Portal and people, as plain objects without a network.

Owns what each of them would do: the tenant keeps passwords until they are removed, the engine makes what is declared and not in its
state and removes what is in its state and not declared, the Portal has what was typed in last. Owns the check of what the plan of
secrets promises, at every moment. Knows the plan as the program does: by `plan_secrets` and `hand_over` alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from components.secret_plan import (
    HandOver,
    IssuedSecret,
    ObservedPassword,
    PlannedSecret,
    SecretPlan,
    ends_on,
    generation_in,
    hand_over,
    plan_secrets,
    renews_on,
)
from components.secret_rules import SecretRules

MARK = "roomz:roomz/test"
LAG = timedelta(hours=1)
"""How long a reading may lag behind; the plan says so as well, and the world may not be worse than what it counts on."""

Reading = Literal["complete", "lagging", "incomplete", "none"]
"""`incomplete`: the tenant was asked, and what it says of passwords cannot be used; `none`: it was not asked."""

Stop = Literal["", "answer lost", "killed before the outputs", "killed before the removal"]
"""Where a run ends that does not end well."""


@dataclass
class Password:
    """A password of the application, from its making until somebody removes it or it ends."""

    key_id: str
    display_name: str
    made: datetime
    ends: datetime
    removed: datetime | None = None
    by_hand: bool = False
    """Whether a person added it."""

    def lives(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.removed is None and now < self.ends

    def shown(self, now: datetime, *, lagging: bool) -> bool:
        """Whether a reading shows it; one that lags shows the past."""
        then = now - LAG + timedelta(seconds=1) if lagging else now
        return self.made <= then and (self.removed is None or then < self.removed)


@dataclass
class World:
    """`now` is the tenant's clock; `state` the engine's password resources; `outputs` those of the last `up` that got so far."""

    now: datetime
    rules: SecretRules = field(default_factory=SecretRules)
    passwords: dict[str, Password] = field(default_factory=dict)
    state: dict[int, str] = field(default_factory=dict)
    outputs: dict[int, IssuedSecret] = field(default_factory=dict)
    portal: str | None = None
    portal_generation: int = -1
    promised_until: datetime | None = None
    """Until when the last `up` has promised that what the Portal has works."""
    dark: timedelta = timedelta()
    """How long the Portal has had a secret that did not work."""
    numbers: dict[int, set[str]] = field(default_factory=dict)
    """Every key id that was ever put out under a number."""
    issued: list[str] = field(default_factory=list)
    orphans: set[str] = field(default_factory=set)
    """Passwords that were made and whose making nobody heard of."""
    touched_by_hand: datetime | None = None
    looks_since: int = 0
    """Complete runs, an hour or more after somebody last touched what is ours."""

    # -- time --------------------------------------------------------------------------------------------------------

    def advance(self, duration: timedelta) -> None:
        """Let time pass; whatever was promised is checked for each instant of it."""
        later = self.now + duration
        held = self.passwords.get(self.portal) if self.portal else None
        if held is not None:
            ended = min(held.ends, held.removed or held.ends)
            self.dark += max(timedelta(), later - max(self.now, ended))
            if self.promised_until is not None:
                kept_until = min(later, self.promised_until)
                assert kept_until <= ended, f"the Portal's secret was promised until {kept_until} and ended {ended}"
        self.now = later

    def plan(self) -> SecretPlan:
        """What a run would declare now."""
        return plan_secrets(self.rules, self.outputs.values(), self.reading("complete"), self.now, MARK)

    # -- `pulumi up` ---------------------------------------------------------------------------------------------------

    def up(self, reading: Reading = "complete", stop: Stop = "", clock: timedelta = timedelta()) -> SecretPlan | None:
        """One run; `clock` is how wrong the clock is that it goes by. None where it was cut off."""
        today = self.now + clock
        blind = not self.outputs and any(not each.by_hand for each in self.passwords.values())
        plan = plan_secrets(self.rules, self.outputs.values(), self.reading(reading), today, MARK)
        self._check_plan(plan, today)
        if not self._make(plan, stop):
            return None
        if stop == "killed before the outputs":
            return None
        replaced = plan.replaced([self.state[planned.generation] for planned in plan.secrets])
        self.outputs = {planned.generation: self._put_out(planned) for planned in plan.secrets}
        self._promise(hand_over(self.rules, plan, today, replaced=replaced), sure=reading == "complete" and not clock)
        if stop == "killed before the removal":
            return None
        self._remove(plan)
        # Without outputs a run only takes back what the tenant shows; the next one goes on.
        if clock == timedelta() and reading == "complete" and not blind:
            self._check_after(plan)
        return plan

    def reading(self, reading: Reading) -> list[ObservedPassword] | None:
        """What a run is told of the application's passwords."""
        if reading in ("none", "incomplete"):
            return None
        lagging = reading == "lagging"
        shown = [each for each in self.passwords.values() if each.shown(self.now, lagging=lagging)]
        # A password that has ended is shown until somebody removes it.
        return [ObservedPassword(each.key_id.upper(), each.display_name, each.ends) for each in shown]

    def _make(self, plan: SecretPlan, stop: Stop) -> bool:
        """Make what the state does not know. False where the run ends in it."""
        new = [planned for planned in plan.secrets if planned.generation not in self.state]
        unheard = [planned for planned in new if planned.generation not in self.numbers]
        assert len(unheard) <= 1, f"more than one new generation in a run: {unheard}"
        for planned in new:
            if planned.ends_on <= self.now:
                # Microsoft Graph refuses a secret that has ended already: a clock that is far behind asked for it.
                return False
            key_id = f"key-{len(self.passwords)}"
            self.passwords[key_id] = Password(key_id, planned.display_name, self.now, planned.ends_on)
            if stop == "answer lost":
                self.orphans.add(key_id)
                return False
            self.state[planned.generation] = key_id
            self.issued.append(key_id)
        return True

    def _put_out(self, planned: PlannedSecret) -> IssuedSecret:
        key_id = self.state[planned.generation]
        password = self.passwords[key_id]
        before = self.numbers.setdefault(planned.generation, set())
        anew = planned.replaced_by(key_id)
        assert anew or before <= {key_id}, f"number {planned.generation} stands for another secret, and nobody is told"
        before.add(key_id)
        return IssuedSecret(planned.generation, key_id, password.made, password.ends, made_anew=anew)

    def _remove(self, plan: SecretPlan) -> None:
        declared = {planned.generation for planned in plan.secrets}
        for generation in [each for each in self.state if each not in declared]:
            password = self.passwords[self.state.pop(generation)]
            if password.lives(self.now):
                assert self._may_go(generation, password.key_id), (
                    f"generation {generation} was removed and had not ended"
                )
                password.removed = self.now
            password.removed = password.removed or self.now

    def _may_go(self, generation: int, key_id: str) -> bool:
        """Revoked, handed over past, or never put out."""
        revoked = self.rules.revoked_through is not None and generation <= self.rules.revoked_through
        past = self.rules.handed_over is not None and generation < self.rules.handed_over
        return revoked or past or key_id not in self.numbers.get(generation, ())

    # -- what is promised ------------------------------------------------------------------------------------------------

    def _check_plan(self, plan: SecretPlan, today: datetime) -> None:
        assert plan.secrets, "there is always a secret"
        assert list(plan.secrets) == sorted(plan.secrets, key=lambda each: each.generation)
        longest = ends_on(today, self.rules.lifetime_months)
        assert all(each.ends_on <= longest for each in plan.secrets if each.is_new), "a secret outlives its lifetime"
        for each in plan.secrets:
            known = self.outputs.get(each.generation)
            assert known is None or each.ends_on == known.ends_on, "an issued secret moved"
        assert all(self.passwords[each.key_id.lower()].by_hand for each in plan.foreign)
        named = [removed.key_id for removed in plan.removed]
        named += [password.key_id for password in (*plan.orphans, *plan.lingering)]
        assert not any(self.passwords[key_id.lower()].by_hand for key_id in named), (
            "a person's password is taken for ours"
        )

    def _promise(self, state: HandOver, *, sure: bool) -> None:
        """What the run says of the hand-over, as a date until which the Portal's secret works."""
        self.promised_until = None
        recorded = 0 if self.rules.handed_over is None else self.rules.handed_over
        if self.portal is None or self.portal_generation < recorded or state.status == "overdue":
            return
        held = self.passwords[self.portal]
        if held.removed is not None:
            # Somebody took it away; a complete reading an hour later notices.
            noticed = sure and self.now - max(held.removed, held.made) >= LAG
            assert not (noticed and self.portal_generation == recorded), (
                f"{state.status}, and the Portal's secret is gone"
            )
            return
        if self.portal_generation == recorded and self.portal not in self.state.values():
            # Its resource was lost from the state and made anew, or it is gone: then nobody may be told that all is well.
            raise AssertionError(f"{state.status}, and the Portal has a secret that the stack does not know")
        newest = max(self.outputs.values(), key=lambda each: each.generation)
        self.promised_until = state.by if state.status == "pending" else newest.ends_on

    def _check_after(self, plan: SecretPlan) -> None:
        newest = self.outputs[plan.newest.generation]
        if self.touched_by_hand is not None and self.now - self.touched_by_hand >= LAG:
            self.looks_since += 1
        if self.touched_by_hand is not None and self.looks_since < 2:
            # What somebody took away is noticed an hour later, or, if it was never put out, one run after that.
            return
        assert renews_on(newest.ends_on, self.rules.renew_months_before) > self.now, "what is due was not issued"
        assert self.passwords[newest.key_id].lives(self.now), "the newest secret is dead after a run that ended well"
        left = (generation_in(orphan.display_name, MARK) for orphan in plan.orphans)
        if newest.generation + 1 in left:
            # Two lost answers and a run that looked at nothing: such a number looks like one that the engine has in its state.
            return
        again = self.plan()
        assert [each.generation for each in again.secrets] == [each.generation for each in plan.secrets]
        assert not again.removed
        assert not again.newest.is_new

    # -- people ------------------------------------------------------------------------------------------------------------

    def type_into_portal(self) -> bool:
        """A person takes the newest value to the Portal, whose test shows whether it works. False where it does not."""
        if not self.outputs:
            return False
        newest = max(self.outputs.values(), key=lambda each: each.generation)
        if not self.passwords[newest.key_id].lives(self.now):
            return False
        self.portal, self.portal_generation = newest.key_id, newest.generation
        # It lives longer than what it replaces, and what was promised of that is kept by it too.
        return True

    def record(self) -> None:
        """Write down what the Portal has."""
        if self.portal is not None:
            self.rules = replace(self.rules, handed_over=self.portal_generation)

    def renew_now(self) -> None:
        """Ask for one more than the newest."""
        self.rules = replace(self.rules, generation=max(self.outputs, default=-1) + 1)

    def revoke_now(self) -> None:
        """Revoke the newest and ask for one more, as after a leak."""
        newest = max(self.outputs, default=-1)
        if newest < 0:
            return
        self.rules = replace(self.rules, generation=newest + 1, revoked_through=newest)
        self.promised_until = None

    def remove_by_hand(self, key_id: str) -> None:
        """Somebody deletes a password in the portal of Microsoft Entra."""
        password = self.passwords[key_id]
        password.removed = password.removed or self.now
        self._touched(key_id)
        self._forget_what_nobody_knows()

    def forget(self, generation: int) -> None:
        """Somebody takes a secret out of the engine's state, and it lives on."""
        self._touched(self.state.pop(generation))

    def _forget_what_nobody_knows(self) -> None:
        """Without outputs a secret that is gone has never been, for everybody but whoever looks at the displays."""
        if self.outputs:
            return
        shown = {each.key_id for each in self.passwords.values() if each.shown(self.now, lagging=False)}
        self.numbers = {number: keys for number, keys in self.numbers.items() if keys & shown}
        if self.portal not in shown:
            self.portal = None

    def _touched(self, key_id: str) -> None:
        self.touched_by_hand, self.looks_since = self.now, 0
        if key_id == self.portal:
            self.promised_until = None

    def add_by_hand(self, name: str, lifetime: timedelta) -> None:
        """A person adds another password."""
        key_id = f"key-{len(self.passwords)}"
        self.passwords[key_id] = Password(key_id, name, self.now, self.now + lifetime, by_hand=True)

    def lose_outputs(self) -> None:
        """The last outputs are gone, and with them the knowledge of what is not to be seen any more."""
        self.outputs = {}
        self._touched("")
        self._forget_what_nobody_knows()

    def living(self) -> Iterator[Password]:
        """The passwords that open something now."""
        return (each for each in self.passwords.values() if each.lives(self.now))
