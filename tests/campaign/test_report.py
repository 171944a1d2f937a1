"""What the page says of a record: counted, never claimed.  No engine, no tenant."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.campaign import __main__ as campaign
from tests.campaign import report
from tests.campaign.judging import AT_ONCE, COMMAND, NOT_CONVERGED, NOT_MET
from tests.campaign.plan import Planned
from tests.campaign.requests import Made, Request

NOW = "the program as it is"
FIRST = "policy: up from nothing"
APPLICATION, SECRET = Request("graph", "POST /applications"), Request("graph", "POST /applications/{id}/addPassword")
PLANNED = [
    Planned(FIRST, APPLICATION, 0, 1, "429"),
    Planned(FIRST, APPLICATION, 0, 1, "reset after"),
    Planned(FIRST, SECRET, 0, 1, "run killed after"),
    Planned("rbac: secret renewed", SECRET, 0, 1, "429"),
    Planned("rbac: secret renewed", Request("exchange", "Get-Mailbox"), 0, 2, "503"),
]
DELETION = "az ad app delete --id CLIENT_ID"


def case(planned: Planned, outcome: str, **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "commands": [],
        "cancelled": False,
        "exposures": 0,
        "leaks": [],
        "differences": [],
        "runs": [],
    }
    about = {"name": planned.name, "scenario": planned.scenario, "row": planned.row, "kind": planned.kind}
    return {
        **about,
        "outcome": outcome,
        "at": "2026-11-28T18:00:00+00:00",
        "program": NOW,
        "versions": "Pulumi 9",
        **nothing,
        **more,
    }


def record(*cases: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in cases}


def page(*cases: dict[str, Any]) -> str:
    return report.part(PLANNED, record(*cases))


def flowing(text: str) -> str:
    """A page's text without its line breaks."""
    return " ".join(text.split())


def totals(text: str) -> dict[str, list[str]]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    return {row[0]: row[1:] for row in rows if len(row) == 4}


WHOLE = (
    case(PLANNED[0], AT_ONCE),
    case(PLANNED[1], COMMAND, commands=[DELETION]),
    case(PLANNED[2], "1", cancelled=True),
    case(PLANNED[3], "2"),
    case(PLANNED[4], AT_ONCE),
)


def test_the_totals_are_counted_for_each_model() -> None:
    found = totals(page(*WHOLE))
    assert found["planned"] == found["tried"] == ["3", "2", "5"]
    assert found["… with killed processes"] == ["1", "0", "1"]
    assert found["the disturbed run itself ended well"] == ["1", "1", "2"]
    assert found["ended well with one more run"] == ["1", "0", "1"]
    assert found["ended well with two more runs"] == ["0", "1", "1"]
    assert found["needed a command that was printed"] == ["1", "0", "1"]
    assert found["did not end well"] == ["0", "0", "0"]
    assert found["left a lock, which `pulumi cancel` took away"] == ["1", "0", "1"]
    exposed = case(PLANNED[0], AT_ONCE, exposures=2, leaks=["a client secret"])
    found = totals(page(exposed))
    assert found["with avoidable exposure, or one secret away from it"] == ["1", "0", "1"]
    assert found["with a secret in output or state"] == ["1", "0", "1"]


def test_the_matrix_has_a_row_for_each_request_and_a_column_for_each_kind() -> None:
    lines = page(*WHOLE).splitlines()
    at = lines.index("### up from nothing, `policy`")
    assert lines[at + 2 : at + 6] == [
        "| request | 429 | reset after | A R |",
        "| --- | --- | --- | --- |",
        "| `POST /applications` | 0 | C |  |",
        "| `POST /applications/{id}/addPassword` |  |  | 1 |",
    ]
    at = lines.index("### Reads of all these runs, `rbac`")
    assert lines[at + 2 : at + 5] == ["| request | 503 |", "| --- | --- |", "| `Get-Mailbox` | 0 |"]
    assert "### Reads of all these runs, `policy`" not in lines


def test_a_read_that_was_tried_in_several_places_shows_each_outcome() -> None:
    again = replace(PLANNED[4], scenario="rbac: name changed")
    cases = record(*WHOLE, case(again, "1"))
    assert "| `Get-Mailbox` | 0, 1 |" in report.part([*PLANNED, again], cases)
    assert "| `Get-Mailbox` | 0, – |" in report.part([*PLANNED, again], record(*WHOLE))


def test_what_was_not_run_is_said_and_is_no_success() -> None:
    text = page(WHOLE[0], case(PLANNED[2], NOT_MET))
    assert "**2 of 5 cases were run**" in text
    assert "Not run: 3 cases, 1 of them at reads" in flowing(text)
    assert totals(text)["planned"] == ["3", "2", "5"]
    assert totals(text)["tried"] == ["2", "0", "2"]
    assert totals(text)["the request was not made in the disturbed run"] == ["1", "0", "1"]
    assert "| `POST /applications` | 0 | – |  |" in text
    assert "| `POST /applications/{id}/addPassword` |  |  | ? |" in text
    assert report.part(PLANNED, {}) == "Not run yet: `make campaign` tries 5 cases."


def test_dates_versions_and_the_program_are_those_of_the_cases() -> None:
    text = flowing(page(*WHOLE))
    assert "2026-11-28, with Pulumi 9." in text
    assert "The program was changed meanwhile" not in text
    older = case(PLANNED[0], AT_ONCE, program="another", at="2026-11-20T00:00:00+00:00", versions="Pulumi 8")
    text = flowing(page(older, *WHOLE[1:]))
    assert "2026-11-20 to 2026-11-28, with Pulumi 8; Pulumi 9." in text
    assert "1 of them were run before its last change, 4 after it" in text


def test_what_is_not_as_it_must_be_is_named_with_its_error() -> None:
    runs = [{"code": 1, "error": "could not"}]
    wrong = case(PLANNED[0], NOT_CONVERGED, differences=["groups: missing: RoomzResources"], runs=runs)
    text = page(wrong, *WHOLE[1:])
    assert f"- {PLANNED[0].name}: groups: missing: RoomzResources; could not" in text.splitlines()
    assert "Not as it must be" not in page(*WHOLE)
    assert "| `POST /applications` | **no** | C |  |" in text


def test_the_commands_stand_with_what_they_came_after() -> None:
    assert f"| `{DELETION}` | POST /applications (1) | 1 |" in page(*WHOLE)


def test_the_part_is_put_where_it_belongs_and_nothing_else_is_touched() -> None:
    around = f"# A page\n\nby people\n\n{report.BEGIN}\nold\n{report.END}\nmore by people\n"
    assert report.written(around, "new") == around.replace("old", "new")
    made = report.written("", "new")
    assert made.startswith(report.OPENING)
    assert report.written(made, "newer") == made.replace("new\n<!--", "newer\n<!--")


def test_a_record_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "campaign.json"
    assert campaign.Record.load(path).planned() == []
    made = [Made(APPLICATION, 1, False)]
    first = campaign.Record()
    first.note_undisturbed(FIRST, made)
    planned = first.planned()
    assert {each.kind for each in planned} > {"429", "run killed after"}
    first.cases[planned[0].name] = case(planned[0], NOT_CONVERGED)
    first.cases[planned[1].name] = case(planned[1], AT_ONCE)
    first.save(path)
    again = campaign.Record.load(path)
    assert again.planned() == planned
    assert again.left(planned, again=False) == planned[2:]
    assert again.left(planned, again=True) == [planned[0], *planned[2:]]
    assert again.left(planned, of=NOW) == planned[2:]
    assert again.left(planned, of="a program that was changed") == planned


@pytest.mark.parametrize(
    ("made", "taken"),
    [
        ([Made(APPLICATION, 1, False), Made(Request("graph", "GET /applications/{id}"), 9, False)], False),
        ([Made(APPLICATION, 2, False), Made(Request("graph", "GET /applications/{id}"), 5, False)], True),
        ([Made(APPLICATION, 1, False)], True),
    ],
)
def test_how_often_something_is_read_changes_no_plan(made: list[Made], taken: bool) -> None:
    known = [Made(APPLICATION, 1, False), Made(Request("graph", "GET /applications/{id}"), 5, False)]
    found = campaign.Record({FIRST: known})
    found.note_undisturbed(FIRST, made)
    assert found.recorded[FIRST] == (made if taken else known)
