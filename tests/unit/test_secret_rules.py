"""The way out for secrets where Exchange stops a run: offered exactly where the configuration asks for a change of secrets."""

import pytest

from components.secret_rules import SecretRules, way_round_exchange


@pytest.mark.parametrize(
    ("rules", "issued"),
    [
        (SecretRules(generation=1), (0,)),
        (SecretRules(generation=1, revoked_through=0), (0,)),
        (SecretRules(generation=2, revoked_through=0), (0, 1)),
        (SecretRules(revoked_through=0), (0, 1)),
    ],
)
def test_an_incident_gets_round_exchange(rules: SecretRules, issued: tuple[int, ...]) -> None:
    told = way_round_exchange(rules, issued, may_look_away=True)
    assert "pulumi config set roomz:observe false" in told
    assert "docs/incident.md" in told


@pytest.mark.parametrize(
    ("rules", "issued"),
    [
        (SecretRules(), (0,)),
        (SecretRules(handed_over=0), (0, 1)),
        # Done by an earlier run; both lines may stay in the file.
        (SecretRules(generation=1, revoked_through=0), (1,)),
        # A first run has to see the tenant.
        (SecretRules(), ()),
        (SecretRules(generation=0), ()),
    ],
)
def test_nobody_else_is_told_to_look_away(rules: SecretRules, issued: tuple[int, ...]) -> None:
    assert way_round_exchange(rules, issued, may_look_away=True) == ""
    assert way_round_exchange(rules, issued, may_look_away=False) == ""


def test_nobody_is_told_to_look_away_where_that_is_refused() -> None:
    """With `consent: admin` and with the runbook: the portal ends a secret, and a renewal has to wait."""
    leaked = way_round_exchange(SecretRules(generation=1, revoked_through=0), (0,), may_look_away=False)
    assert "observe" not in leaked
    assert "Certificates & secrets" in leaked
    assert "docs/incident.md" in leaked
    assert way_round_exchange(SecretRules(generation=1), (0,), may_look_away=False) == ""
