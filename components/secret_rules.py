"""What a stack's configuration says of client secrets, and what it must not ask for.

Owns the refusals that need the numbers that were issued: each comes before anything is declared, with the remedy; and the way
out for secrets where Exchange stops a run. Owns no decision about which secrets exist (`secret_plan.py`) and no check of a
single key (`settings.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass


class SecretPlanError(ValueError):
    """The configuration asks for something that would lose or skip a secret; the text says what and how to mend it."""


@dataclass(frozen=True)
class SecretRules:
    """What the stack's configuration says of secrets; `lifetime_months` 2 to 24, `renew_months_before` at most half of it."""

    lifetime_months: int = 24
    renew_months_before: int = 2
    generation: int | None = None
    handed_over: int | None = None
    revoked_through: int | None = None


def refuse_impossible(
    rules: SecretRules, newest: int, newest_put_out: int, *, issues_next: bool, observed: bool
) -> None:
    """Raise SecretPlanError for what would lose or skip a secret.

    `newest` is the newest number that was issued, -1 for none; `newest_put_out` the newest that an `up` which ended well has put
    out, so that somebody may have got it. `observed`: whether the tenant was asked, or the last outputs alone.
    """
    none_known = newest < 0 and not observed
    look = "The last outputs know none; look at the tenant: pulumi config set roomz:observe true"
    newest_after = newest + 1 if issues_next else newest
    if rules.generation is not None and rules.generation > newest + 1:
        raise SecretPlanError(
            f"roomz:secret.generation is {rules.generation}, but the newest secret is {_named(newest)}: only the next one can be "
            "asked for. "
            + (look if none_known else f"Set it with: pulumi config set --path 'roomz:secret.generation' {newest + 1}")
        )
    if rules.handed_over is not None and newest_put_out < rules.handed_over <= newest:
        raise SecretPlanError(
            f"roomz:secret.handedOver is {rules.handed_over}, and the tenant has a secret of that number, but the newest that this stack has "
            f"put out is {_named(newest_put_out)}: an older state was restored, or the run that issued it did not end well. What the ROOMZ "
            "Portal has works on. Where there is a newer state, bring it back: pulumi stack import --file FILE. Else let another one be "
            f"issued, and hand it over: pulumi config set --path 'roomz:secret.handedOver' {newest_put_out}; pulumi up; scripts/run "
            "hand_over show"
        )
    if rules.handed_over is not None and rules.handed_over > newest_put_out:
        raise SecretPlanError(
            f"roomz:secret.handedOver is {rules.handed_over}, but the newest secret is {_named(newest_put_out)}: a secret that does not "
            "exist cannot be in the ROOMZ Portal. It would have removed every secret that exists. "
            + (
                "Set it to the one that the Portal has, at most: "
                f"pulumi config set --path 'roomz:secret.handedOver' {newest_put_out}"
                if newest_put_out >= 0
                else look
                if none_known
                else "Remove it with: pulumi config rm --path 'roomz:secret.handedOver'"
            )
        )
    if rules.revoked_through is not None and rules.revoked_through > newest:
        raise SecretPlanError(
            f"roomz:secret.revokedThrough is {rules.revoked_through}, but the newest secret is {_named(newest)}: only a secret that "
            "was issued can be revoked. "
            + (
                f"Set it with: pulumi config set --path 'roomz:secret.revokedThrough' {newest}"
                if newest >= 0
                else look
                if none_known
                else "Remove it with: pulumi config rm --path 'roomz:secret.revokedThrough'"
            )
        )
    if rules.revoked_through is not None and rules.revoked_through >= newest_after:
        raise SecretPlanError(
            f"roomz:secret.revokedThrough is {rules.revoked_through}, which is the newest secret: ROOMZ would be left without any. "
            "Ask for a newer one in the same change: "
            f"pulumi config set --path 'roomz:secret.generation' {newest + 1}"
        )


def way_round_exchange(rules: SecretRules, issued: Collection[int], *, may_look_away: bool) -> str:
    """What renews or revokes secrets although Exchange stops the run; empty where the configuration asks for neither.

    `issued` are the numbers of the last outputs. `may_look_away`: whether a run may leave the tenant unseen. Where it may not,
    nothing but the portal revokes a secret at once, and a renewal has to wait.
    """
    newest = max(issued, default=-1)
    renews = rules.generation is not None and rules.generation > newest >= 0
    revokes = rules.revoked_through is not None and any(number <= rules.revoked_through for number in issued)
    if not renews and not revokes:
        return ""
    if not may_look_away:
        return (
            (
                "A leaked client secret need not wait for Exchange: delete it at Entra ID > App registrations > the application > "
                "Certificates & secrets. The next `pulumi up` that can read the tenant issues the next one (docs/incident.md)"
            )
            if revokes
            else ""
        )
    return (
        "The client secrets need not wait for Exchange: pulumi config set roomz:observe false; pulumi up --target '**roomz-secret-*'; and "
        "when it is over: pulumi config rm roomz:observe; pulumi up (docs/incident.md)"
    )


def _named(generation: int) -> str:
    return f"generation {generation}" if generation >= 0 else "not issued yet"
