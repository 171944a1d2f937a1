"""Which client secrets an application should have today: a pure function.

Owns the rules of generations: when a new secret is issued, which ones stay, which ones go and why, and until when a person
has to hand the newest one over. Owns no resource (that is `secret.py`), no refusal of what a configuration asks for
(`secret_rules.py`), no reading of the tenant and no clock: the last outputs, the observed passwords and today's date come in as
plain values. docs/decisions/0004-generations-of-secrets.md says why it is done this way.
"""

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from components.secret_rules import SecretRules, refuse_impossible

# The portal offers at most 24 months, and 24 months can be 731 days while tenants limit secrets to 730 days: a secret
# ends a day before its months are full. Source: "Add and manage application credentials in Microsoft Entra ID",
# https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials
ONE_DAY_LESS = timedelta(days=1)

# A password that was just added may be missing from a reading for a while: Microsoft Entra is eventually consistent
# ("Designing for Eventual Consistency for Microsoft Entra", devblogs.microsoft.com/identity, 2026-03-24).
READING_MAY_LAG = timedelta(hours=1)

DATE_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class IssuedSecret:
    """A secret that an earlier run issued, as the provider reported it. Times are UTC.

    `made_anew`: the same number has had another key id before (see PlannedSecret.replaced_by). `key_id` is empty for a number
    that only the tenant shows; `seen_key_ids` are then the passwords that carry it there.
    """

    generation: int
    key_id: str
    issued_on: datetime
    ends_on: datetime
    made_anew: bool = False
    seen_key_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObservedPassword:
    """A password that a reading of the application showed. Times are UTC."""

    key_id: str
    display_name: str
    ends_on: datetime


@dataclass(frozen=True)
class PlannedSecret:
    """A secret that the stack declares in this run. `key_id` is None until the provider has reported it.

    `is_new`: this run issues it; false where the tenant shows that an earlier run has.
    """

    generation: int
    ends_on: datetime
    display_name: str
    key_id: str | None = None
    made_anew: bool = False
    seen_key_ids: tuple[str, ...] = ()
    is_new: bool = False

    def replaced_by(self, key_id: str) -> bool:
        """Whether the provider now reports another secret under this number than there was before.

        It happens within the hour in which a reading may lag (a forced destroy, or an application that was made anew, takes the
        secret away, and the engine issues it once more), and when state or outputs were lost. What was handed over under this
        number is another value.
        """
        before = (self.key_id,) if self.key_id else self.seen_key_ids
        return self.made_anew or (bool(before) and key_id.lower() not in {each.lower() for each in before})


@dataclass(frozen=True)
class RemovedSecret:
    """A secret that this run takes away, and why. A number that only the tenant shows may stand for several key ids."""

    generation: int
    key_id: str
    reason: str


@dataclass(frozen=True)
class SecretPlan:
    """Everything that this run declares about secrets.

    `secrets` is never empty and is sorted by generation. `orphans` are passwords with this stack's mark that no output knows:
    they are named, never removed. `lingering` are those that an earlier run was told to remove and that still live. `foreign`
    are those without the mark that have not ended: somebody else's, left alone. `unsaved` are those whose numbers follow the outputs
    and are declared again, since the engine may have them or not.
    """

    secrets: tuple[PlannedSecret, ...]
    removed: tuple[RemovedSecret, ...]
    orphans: tuple[ObservedPassword, ...]
    lingering: tuple[ObservedPassword, ...] = ()
    foreign: tuple[ObservedPassword, ...] = ()
    unsaved: tuple[ObservedPassword, ...] = ()

    def replaced(self, key_ids: Sequence[str]) -> frozenset[int]:
        """The numbers that came to stand for another secret, by what the provider reports of each of `secrets`."""
        pairs = zip(self.secrets, key_ids, strict=True)
        return frozenset(planned.generation for planned, key_id in pairs if planned.replaced_by(key_id))

    @property
    def newest(self) -> PlannedSecret:
        """The secret that ROOMZ should get."""
        return self.secrets[-1]


@dataclass(frozen=True)
class HandOver:
    """Where the newest secret is on its way to the ROOMZ Portal: `done`, `pending` (with the last date) or `overdue`."""

    status: str
    by: datetime | None


def add_months(day: date, months: int) -> date:
    """The same day `months` later (or earlier), or the last day of that month where it has fewer days."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def midnight(day: date) -> datetime:
    """00:00 UTC of that day."""
    return datetime.combine(day, time(), UTC)


def ends_on(today: datetime, lifetime_months: int) -> datetime:
    """When a secret that is issued today ends: 00:00 UTC, `lifetime_months` later less one day."""
    return midnight(add_months(today.astimezone(UTC).date(), lifetime_months) - ONE_DAY_LESS)


def renews_on(end: datetime, renew_months_before: int) -> datetime:
    """From when on a run issues the next secret: 00:00 UTC, `renew_months_before` before the end."""
    return midnight(add_months(end.astimezone(UTC).date(), -renew_months_before))


def display_name(mark: str, generation: int) -> str:
    """What the portal shows beside the secret: whose it is and which one."""
    return f"{mark} generation {generation}"


def generation_in(name: str, mark: str) -> int | None:
    """The generation that a password's display name carries, or None when it is not one of this stack's."""
    prefix = f"{mark} generation "
    number = name.removeprefix(prefix)
    return int(number) if name.startswith(prefix) and number.isascii() and number.isdigit() else None


def format_date(moment: datetime) -> str:
    """The one form in which a date goes to the provider: Microsoft Graph reads it back letter by letter."""
    return moment.astimezone(UTC).strftime(DATE_FORMAT)


def parse_date(text: str) -> datetime:
    """Read a date as Microsoft Graph or the provider writes it (RFC 3339, with or without fractions of a second)."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def plan_secrets(
    rules: SecretRules,
    issued: Iterable[IssuedSecret],
    observed: Sequence[ObservedPassword] | None,
    today: datetime,
    mark: str,
) -> SecretPlan:
    """Decide which secrets the stack declares in this run.

    `issued` are those of the last outputs; `observed` is a complete reading of the application's passwords, or None when
    nothing was read (then nothing is removed because of time or absence, since only the tenant's own clock and a reading count).

    Raises SecretPlanError when the configuration asks for what cannot be done without losing or skipping a secret.
    """
    issued = list(issued)
    known = sorted(_with_unsaved(issued, observed, mark), key=lambda secret: secret.generation)
    newest = known[-1].generation if known else -1
    gone = {secret.generation for secret in known if _is_gone(secret, observed, today)}
    issues_next = (
        not known or newest in gone or _is_asked_for(rules, newest, issued) or _is_due(rules, known[-1], issued, today)
    )
    newest_put_out = max((secret.generation for secret in issued), default=newest)
    refuse_impossible(rules, newest, newest_put_out, issues_next=issues_next, observed=observed is not None)

    def reason_to_remove(secret: IssuedSecret) -> str | None:
        if issues_next and secret.generation > newest_put_out:
            # The engine may have it in its state or not; declared again it could be made a second time beside the next one.
            return "the run that issued it did not end well, so nobody has got it; if the state does not know it, the next `up` names it"
        return _reason_to_remove(secret, rules, gone, newest, observed, today, issues_next=issues_next)

    removals = {secret.generation: reason for secret in known if (reason := reason_to_remove(secret))}
    kept = [
        PlannedSecret(
            secret.generation,
            secret.ends_on,
            display_name(mark, secret.generation),
            key_id=secret.key_id or None,
            made_anew=secret.made_anew,
            # Only what was put out can have been handed over, and only what is recorded as handed over is missed.
            seen_key_ids=secret.seen_key_ids
            if not issued and rules.handed_over is not None and secret.generation <= rules.handed_over
            else (),
        )
        for secret in known
        if secret.generation not in removals
    ]
    if issues_next:
        end = ends_on(today, rules.lifetime_months)
        kept.append(PlannedSecret(newest + 1, end, display_name(mark, newest + 1), is_new=True))
    removed = tuple(
        RemovedSecret(secret.generation, key_id, removals[secret.generation])
        for secret in known
        if secret.generation in removals
        for key_id in ((secret.key_id,) if secret.key_id else secret.seen_key_ids)
    )
    unknown = _unknown(known, observed, mark)
    lingering = tuple(password for password in unknown if _was_to_go(password, rules, mark))
    orphans = tuple(password for password in unknown if password not in lingering)
    taken_back = {secret.generation for secret in kept if secret.key_id is None and not secret.is_new}
    unsaved = tuple(each for each in observed or () if generation_in(each.display_name, mark) in taken_back)
    return SecretPlan(tuple(kept), removed, orphans, lingering, _foreign(observed, mark, today), unsaved)


def hand_over(rules: SecretRules, plan: SecretPlan, today: datetime, *, replaced: Collection[int] = ()) -> HandOver:
    """Say until when the newest secret has to be in the ROOMZ Portal.

    Done when the configuration records the newest generation as handed over; otherwise pending until the secret that the
    Portal has ends or is revoked (none recorded: until the oldest one ends), and overdue from then on. Where none is recorded
    and the first one is gone, nobody knows what the Portal has: the worse is assumed. `replaced`: the numbers that came to
    stand for another secret in this run; where the Portal's is one, now or in an earlier run, the Portal may have a dead one.
    """
    in_the_portal = 0 if rules.handed_over is None else rules.handed_over
    held = next((secret for secret in plan.secrets if secret.generation == in_the_portal), None)
    if held is None or held.made_anew or held.generation in replaced:
        return HandOver("overdue", None)
    if rules.handed_over == plan.newest.generation:
        return HandOver("done", None)
    return HandOver("overdue" if held.ends_on <= today else "pending", held.ends_on)


def issued_from_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> list[IssuedSecret]:
    """Read the stack's `issuedSecrets` output: generation to `keyId`, `issuedOn`, `endsOn`."""
    return [
        IssuedSecret(
            int(generation),
            secret["keyId"],
            parse_date(secret["issuedOn"]),
            parse_date(secret["endsOn"]),
            made_anew=bool(secret.get("madeAnew")),
        )
        for generation, secret in outputs.items()
    ]


def _with_unsaved(
    issued: list[IssuedSecret], observed: Sequence[ObservedPassword] | None, mark: str
) -> list[IssuedSecret]:
    """Add what earlier runs issued without saving their outputs, as the tenant shows it.

    A run issues at most one, so beside outputs only the number that follows the newest can be it. Without any outputs every
    number is taken back: the engine's state may still hold them, and what is not declared would be removed. The key id stays
    unknown here, since several passwords may carry a number and only the state knows which is ours.
    """
    following = max((secret.generation for secret in issued), default=-1) + 1
    seen: dict[int, list[ObservedPassword]] = {}
    for password in observed or ():
        generation = generation_in(password.display_name, mark)
        if generation is not None and (generation == following or not issued):
            seen.setdefault(generation, []).append(password)
    unsaved = [
        # The start is not needed: a secret without a key id is never compared with a reading.
        IssuedSecret(
            generation,
            "",
            issued_on=max(password.ends_on for password in passwords),
            ends_on=max(password.ends_on for password in passwords),
            seen_key_ids=tuple(password.key_id for password in passwords),
        )
        for generation, passwords in seen.items()
    ]
    return [*issued, *unsaved]


def _is_gone(secret: IssuedSecret, observed: Sequence[ObservedPassword] | None, today: datetime) -> bool:
    if observed is None or not secret.key_id or today - secret.issued_on < READING_MAY_LAG:
        return False
    return all(password.key_id.lower() != secret.key_id.lower() for password in observed)


def _is_asked_for(rules: SecretRules, newest: int, issued: Sequence[IssuedSecret]) -> bool:
    asked = rules.generation is not None and rules.generation == newest + 1
    revoked = rules.revoked_through is not None and rules.revoked_through >= newest
    return asked and (bool(issued) or revoked)


def _is_due(rules: SecretRules, newest: IssuedSecret, issued: Sequence[IssuedSecret], today: datetime) -> bool:
    """Whether the renewal of the newest has come.

    Without outputs nobody knows which of the numbers that the tenant shows the engine has in its state, and so makes anew: then one
    that lives is taken back first, and the run after this one issues the next.
    """
    return (renews_on(newest.ends_on, rules.renew_months_before) if issued else newest.ends_on) <= today


def _reason_to_remove(
    secret: IssuedSecret,
    rules: SecretRules,
    gone: set[int],
    newest: int,
    observed: Sequence[ObservedPassword] | None,
    today: datetime,
    *,
    issues_next: bool,
) -> str | None:
    if secret.generation in gone:
        return "the tenant no longer has it, so it counts as revoked"
    if rules.revoked_through is not None and secret.generation <= rules.revoked_through:
        return f"secret.revokedThrough is {rules.revoked_through}"
    if rules.handed_over is not None and secret.generation < rules.handed_over:
        return f"the ROOMZ Portal has generation {rules.handed_over} (secret.handedOver)"
    ended = observed is not None and secret.ends_on <= today
    if ended and (secret.generation != newest or issues_next):
        return f"it ended on {format_date(secret.ends_on)}"
    return None


def _unknown(
    known: Sequence[IssuedSecret], observed: Sequence[ObservedPassword] | None, mark: str
) -> tuple[ObservedPassword, ...]:
    """Passwords with our mark that no output knows, except those that may be the engine's own unsaved ones."""
    keys = {secret.key_id.lower() for secret in known}
    unsaved = {secret.generation for secret in known if not secret.key_id}
    return tuple(
        password
        for password in observed or ()
        if (generation := generation_in(password.display_name, mark)) is not None
        and password.key_id.lower() not in keys
        and generation not in unsaved
    )


def _foreign(observed: Sequence[ObservedPassword] | None, mark: str, today: datetime) -> tuple[ObservedPassword, ...]:
    """Passwords that this stack did not make and that still open something."""
    return tuple(
        password
        for password in observed or ()
        if generation_in(password.display_name, mark) is None and password.ends_on > today
    )


def _was_to_go(password: ObservedPassword, rules: SecretRules, mark: str) -> bool:
    """Whether the configuration says that this number is to be gone."""
    generation = generation_in(password.display_name, mark)
    if generation is None:
        return False
    revoked = rules.revoked_through is not None and generation <= rules.revoked_through
    handed_past = rules.handed_over is not None and generation < rules.handed_over
    return revoked or handed_past
