"""What the benches make of what they measured: counts, goals, and the tables of docs/performance.md."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import document, plot, round_trips
from tests.bench.figure import Figure, at_least, at_most, write
from tests.bench.round_trips import Trips


def entry(api: str, path: str, cmdlet: str | None = None, batch: int | None = None) -> dict[str, Any]:
    return {"api": api, "path": path, "cmdlet": cmdlet, "batch": batch}


def test_requests_batches_and_cmdlets_are_told_apart() -> None:
    invoke, batch = "/adminapi/beta/t/InvokeCommand", "/adminapi/beta/t/$batch"
    log = [
        entry("login", "/t/oauth2/v2.0/token"),
        entry("exchange", batch),
        entry("exchange", invoke, "Get-Mailbox", batch=2),
        entry("exchange", invoke, "Get-Group", batch=2),
        entry("exchange", invoke, "New-DistributionGroup"),
        entry("graph", "/v1.0/applications"),
    ]
    assert round_trips.count(log) == Trips(sign_in=1, requests=2, batches=1, cmdlets=3)


@pytest.mark.parametrize(("value", "large", "small"), [(14.9, False, True), (15, True, True), (15.1, True, False)])
def test_a_goal_holds_at_its_own_value(value: float, large: bool, small: bool) -> None:
    assert at_least("x", value, "times", 15).holds is large
    assert at_most("x", value, "times", 15).holds is small


def test_a_run_that_was_not_timed_has_no_seconds() -> None:
    timed = round_trips.figures("policy", 25, "no_change", Trips(3, 4, 4, 31), 1.25)
    counted = round_trips.figures("rbac", 1_000, "drifted", Trips(3, 105, 102, 1_015), None)
    assert round_trips.rows([*timed, *counted, Figure("other", 1, "")]) == [
        ("25", "policy", "nothing to change", "4", "4", "31", "1.2"),
        ("1,000", "rbac", "one property drifted", "105", "102", "1,015", ""),
    ]


def test_the_file_is_a_list_of_name_value_unit_goal_and_holds(tmp_path: Path) -> None:
    write([at_most("x", 12.0, "ratio", 11)], tmp_path / "build" / "bench.json")
    found = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert found == [{"name": "x", "value": 12.0, "unit": "ratio", "goal": 11, "holds": False}]


def test_a_figure_that_does_not_hold_is_shown_as_one() -> None:
    table = document.figures_table([at_most("x", 12.0, "ratio", 11), Figure("simulator.x", 1, "s")])
    assert table.splitlines()[2:] == ["| `x` | 12 | ratio | 11 | **no** |"]


def test_a_page_without_its_markers_is_an_error() -> None:
    page = "a <!-- x: begin -->\nold\n<!-- x: end --> b"
    assert document.between(page, "x", "new") == "a <!-- x: begin -->\nnew\n<!-- x: end --> b"
    with pytest.raises(ValueError, match="has no <!-- y: begin -->"):
        document.between(page, "y", "new")


def test_the_plot_draws_what_was_timed_at_two_sizes_and_nothing_else() -> None:
    first = [Figure(f"round_trips.policy.{rooms}.first_apply.seconds", rooms / 25, "s") for rooms in (25, 1_000)]
    once = Figure("round_trips.policy.25.no_change.seconds", 0.9, "s")
    drawn = plot.cost_of_rooms([*first, once])
    assert "first apply" in drawn
    assert "nothing to change" not in drawn
    assert "one by one" not in drawn
    assert plot.measured(first, plot.LINES["first apply"]) == [(25, 1), (1_000, 40)]
    with pytest.raises(ValueError, match="two sizes"):
        plot.cost_of_rooms([once])


def test_a_point_outside_the_plot_is_an_error_and_not_left_out() -> None:
    far = [Figure(f"round_trips.policy.{rooms}.first_apply.seconds", rooms, "s") for rooms in (25, 1_000)]
    with pytest.raises(ValueError, match="1000 s is not between"):
        plot.cost_of_rooms(far)
