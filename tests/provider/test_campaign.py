"""The campaign's own decisions: what a seed means, what is an orphan, what the page says of it.  No engine, no tenant."""

import json
from pathlib import Path
from typing import Any

from tests.provider import campaign, campaign_report
from tests.provider.troubles import CATALOGUE, LAG, MOST_AT_ONCE, plan
from tests.support.holdings import Holdings, first_error


def case(name: str, *troubles: str, codes: tuple[int, ...] = (0,), error: str = "", **more: Any) -> dict[str, Any]:
    """A case of the record."""
    runs = [{"code": code, "seconds": 1.0, "error": error if code else ""} for code in codes]
    nothing: dict[str, Any] = {"orphans": {}, "phantoms": {}, "duplicates": {}, "unfinished": []}
    return {"name": name, "troubles": list(troubles), "met": list(troubles), "runs": runs, **nothing, **more}


def record(*cases: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in cases}


def test_a_seed_is_always_the_same_case() -> None:
    plans = [plan(seed) for seed in range(200)]
    assert plans == [plan(seed) for seed in range(200)]
    for troubles in plans:
        requests = [trouble.request for trouble in troubles]
        assert 1 <= len(requests) <= MOST_AT_ONCE
        assert len(set(requests)) == len(requests), "of two troubles of one request the second would never be met"
    assert {trouble for troubles in plans for trouble in troubles} == set(CATALOGUE)
    assert any(trouble.request == LAG for trouble in plans[0] + plans[1] + plans[2] + plans[3])


def test_what_one_side_holds_beyond_the_other() -> None:
    tenant = Holdings({"a", "b"}, {"p"}, {"p"}, {"k", "l", "m"})
    state = Holdings({"b", "c"}, {"p"}, set(), {"k"})
    assert tenant.beyond(state) == {"applications": 1, "grants": 1, "passwords": 2}
    assert state.beyond(tenant) == {"applications": 1}
    assert tenant.beyond(tenant) == {}


def test_the_first_error_is_the_providers_and_not_the_engines() -> None:
    text = (
        "Diagnostics:\n  pulumi:pulumi:Stack (x):\n    error: update failed\n  azuread (y):\n    error: Could not: no\n"
    )
    assert first_error(text) == "Could not: no"
    assert first_error("Resources:\n    5 unchanged\n") == ""


def test_a_record_of_other_plans_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    troubles = [str(trouble) for trouble in plan(0)]
    path.write_text(json.dumps([case("nothing"), case("seed 0", *troubles), case("seed 1", "something else")]))
    assert set(campaign.load(path)) == {"nothing", "seed 0"}
    assert campaign.load(tmp_path / "missing.json") == {}


def test_an_orphan_is_laid_to_what_leaves_it_alone() -> None:
    lost, harmless = "POST addPassword: reset after", "POST /applications: 503"
    alone = {lost: case(f"alone: {lost}", lost, orphans={"passwords": 1}), harmless: case("alone: x", harmless)}
    both = case("seed 1", harmless, lost, orphans={"passwords": 1})
    assert campaign_report.causes_of(both, alone, "passwords") == lost
    assert campaign_report.causes_of(both, alone, "grants") == f"only together: {harmless} and {lost}"


def test_the_page_counts_groups_and_advises() -> None:
    lost, grant = "POST addPassword: reset after", "POST appRoleAssignedTo: reset after"
    exists = 'sdk-v2/provider2.go:571: sdk.helper_schema: Post "https://127.0.0.1:4321/v1.0/x": exists | already'
    text = campaign_report.page(
        record(
            case("nothing"),
            case(f"alone: {lost}", lost, codes=(1, 0), orphans={"passwords": 1}, duplicates={"passwords": 2}),
            case(f"alone: {grant}", grant, codes=(1, 1, 1), error=exists, orphans={"grants": 1}),
            case("seed 0", lost, codes=(1, 0), orphans={"passwords": 1}, duplicates={"passwords": 2}),
            case("seed 1"),
            case("seed 2", lost, grant, codes=(1, 1, 1), error=exists, orphans={"passwords": 1, "grants": 1}),
        ),
        provider="azuread 9.9.9",
    )
    assert "azuread 9.9.9" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert "| tried | 3 |" in rows
    assert "| ended well with the first `up` | 1 |" in rows
    assert "| still failed with the third | 1 |" in rows
    assert "| left something in the tenant that the state does not know | 2 |" in rows
    assert f"| {lost} | a password | 2 | 0, 2 | {campaign_report.REMEDIES['passwords']} |" in rows
    assert f"| {grant} | a grant | 1 | 2 | {campaign_report.REMEDIES['grants']} |" in rows
    assert '| `Post "https://graph.microsoft.com/v1.0/x": exists \\| already` | 1 | 2 |' in rows
    assert any(row.startswith(f"| {grant} | never | a grant |") for row in rows)
