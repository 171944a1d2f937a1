"""Whether the tenant takes a client secret of the configured lifetime: a pure function.

A tenant's app management policy may allow shorter secrets only, or none. Where the observation could read it, a secret that it
would refuse is refused here, before anything is changed, with the largest lifetime that fits; where it could not, the run says
what mends the tenant's refusal. Owns that conclusion and its words. Owns no reading of policies (`microsoft365/graph/`) and no rule
about when a secret is issued (`secret_plan.py`).
"""

from datetime import UTC, datetime, timedelta

from components.observation import SecretPolicy, SecretRestriction
from components.secret_plan import SecretPlan, ends_on, format_date
from components.secret_rules import SecretRules

LONGEST_MONTHS, SHORTEST_MONTHS = 24, 2
"""What `roomz:secret.lifetimeMonths` takes."""

_LEAP_CYCLE = datetime(2028, 1, 1, tzinfo=UTC)
"""The first day of four years with one leap day in them."""

TOO_LONG, NOT_ALLOWED = "CredentialInvalidLifetimeAsPerAppPolicy", "CredentialTypeNotAllowedAsPerAppPolicy"
"""What Microsoft Graph answers (addPassword)."""

_EXCEPTION = (
    "Whoever manages app management policies (Microsoft Graph permission Policy.ReadWrite.ApplicationConfiguration) can assign "
    "this application a policy of its own (appManagementPolicy)"
)


def largest_lifetime(longest: timedelta) -> int | None:
    """The largest number of months with which no secret lives longer than that, whatever the day of its issue; None: none does.

    Six months are 181 to 184 days: what fits today has to fit at every renewal as well.
    """
    starts = [_LEAP_CYCLE + timedelta(days=day) for day in range(4 * 365 + 1)]
    fitting = (
        months
        for months in range(LONGEST_MONTHS, SHORTEST_MONTHS - 1, -1)
        if all(ends_on(start, months) - start <= longest for start in starts)
    )
    return next(fitting, None)


def refusal(
    plan: SecretPlan, rules: SecretRules, policy: SecretPolicy | None, created: datetime | None, today: datetime
) -> str | None:
    """Why the tenant is certain to refuse the secret that this run issues, and what mends it; None where it is not certain.

    `created`: when the application was made; None while there is none.
    """
    if policy is None or not policy.certain or not plan.newest.is_new:
        return None
    for restriction in _concerning(policy, created, today):
        if not restriction.certain:
            continue
        if restriction.forbids_secrets:
            return (
                f"Nothing was changed. {_named(policy)} allows no new client secrets, so Microsoft Entra would refuse generation "
                f"{plan.newest.generation} ({NOT_ALLOWED}). {_EXCEPTION}"
            )
        longest = restriction.longest
        if longest is not None and plan.newest.ends_on - today > longest:
            return f"Nothing was changed. {_too_long(plan, rules, policy, longest, today)}"
    return None


def notice(plan: SecretPlan, policy: SecretPolicy | None, created: datetime | None, today: datetime) -> str | None:
    """What mends a tenant's refusal of a secret that lives too long; None where nothing is issued, or the tenant takes it.

    The tenant decides while the secret is made, so it has to be said before.
    """
    if not plan.newest.is_new:
        return None
    why = f"Client secret generation {plan.newest.generation} will end on {format_date(plan.newest.ends_on)}. "
    usual = f"then, for a limit of 180, 365 or 730 days: pulumi config set --path 'roomz:secret.lifetimeMonths' 5, 12 or {LONGEST_MONTHS}"
    if policy is None:
        return f"{why}A tenant that allows only shorter secrets refuses it with {TOO_LONG}; {usual}"
    unsure = [each for each in _concerning(policy, created, today) if not (policy.certain and each.certain)]
    if not unsure:
        return None
    return f"{why}{_named(policy)} limits secrets in a way that only the tenant can decide; if it refuses this one with {TOO_LONG}: {usual}"


def _concerning(policy: SecretPolicy, created: datetime | None, today: datetime) -> list[SecretRestriction]:
    """The restrictions that hold for the application; one that is made today is as new as can be."""
    return [
        each for each in policy.restrictions if each.created_after is None or (created or today) >= each.created_after
    ]


def _too_long(plan: SecretPlan, rules: SecretRules, policy: SecretPolicy, longest: timedelta, today: datetime) -> str:
    lives = -((today - plan.newest.ends_on) // timedelta(days=1))
    allowed = longest / timedelta(days=1)
    said = (
        f"roomz:secret.lifetimeMonths is {rules.lifetime_months}: client secret generation {plan.newest.generation} would live {lives} days, "
        f"until {format_date(plan.newest.ends_on)}, and {_named(policy)} allows {allowed:g} days, so Microsoft Entra would refuse it "
        f"({TOO_LONG}). "
    )
    fitting = largest_lifetime(longest)
    if fitting is None:
        return f"{said}Not even {SHORTEST_MONTHS} months fit, the shortest that there is. {_EXCEPTION}"
    said += f"The largest that fits: pulumi config set --path 'roomz:secret.lifetimeMonths' {fitting}"
    if rules.renew_months_before > fitting // 2:
        said += f"; pulumi config set --path 'roomz:secret.renewMonthsBefore' {fitting // 2}"
    return said


def _named(policy: SecretPolicy) -> str:
    return (
        f"the tenant's app management policy {policy.name!r}" if policy.name else "the tenant's app management policy"
    )
