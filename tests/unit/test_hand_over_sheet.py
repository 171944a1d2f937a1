"""The sheet: ROOMZ's order, the secret masked unless it is handed in, the rooms as a spreadsheet can open them."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scripts.hand_over_sheet import CSV_HEADING, MASKED, rooms_csv, sheet, steps

OUTPUTS: dict[str, Any] = {
    "connector": {
        "friendlyName": "Microsoft 365",
        "tenantId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "clientId": "2e9431a8-a4e2-41d3-a300-b81b3f108a0b",
        "showImageInAttachments": False,
        "instantOnlineMeetings": True,
    },
    "secretGeneration": 1.0,
    "secretExpiresOn": "2028-11-23T00:00:00Z",
    "handOver": {"status": "pending", "by": "2027-01-01T00:00:00Z"},
    "rooms": {"number": 25.0, "inReach": 24.0, "withTitles": 24.0},
    "clientSecret": "not-to-be-seen",
}


def test_the_rows_are_in_the_order_of_the_form() -> None:
    rows = [(row.name, row.value) for row in sheet(OUTPUTS)]
    assert [name for name, _ in rows[:4]] == ["Friendly Name", "Tenant ID", "Client ID", "Client Secret"]
    assert [name for name, _ in rows[5:7]] == ["Show image in attachments", "Instant booking with online meeting"]
    assert ("Instant booking with online meeting", "on") in rows
    assert ("Rooms in reach", "24 of 25") in rows
    assert ("Hand-over", "pending until 2027-01-01T00:00:00Z") in rows
    assert any("generation 1, ends on 2028-11-23" in value and "not the Secret ID" in value for _, value in rows)


def test_invariant_4_the_secret_is_masked_unless_it_is_handed_in() -> None:
    assert "not-to-be-seen" not in str(sheet(OUTPUTS))
    assert sheet(OUTPUTS)[3].value == MASKED
    assert sheet(OUTPUTS, secret="shown")[3].value == "shown"


@pytest.mark.parametrize("titles", [True, False])
def test_meeting_titles_are_called_to_mind_only_where_they_are_kept(titles: bool) -> None:
    told = "\n".join(steps("prod", generation=0, titles=titles, secret_shown=False, done=False))
    assert ("Show meeting titles" in told) == titles
    assert "--show-secret" in told
    assert (
        told.index("Add Booking System") < told.index("Add Resource") < told.index("Test all") < told.index("confirm")
    )
    assert "--stack prod" in told


def test_nothing_is_left_to_do_once_it_is_done() -> None:
    (said,) = steps("prod", generation=2, titles=True, secret_shown=False, done=True)
    assert "generation 2 already" in said


names = some.text(some.characters(exclude_categories=["Cs"]), min_size=1)
addresses = some.integers(0, 999).map("room-{}@contoso.example".format)


@given(some.lists(some.tuples(names, addresses)))
def test_every_name_comes_out_of_the_csv_as_it_went_in_and_none_is_a_formula(rooms: list[tuple[str, str]]) -> None:
    heading, *rows = csv.reader(io.StringIO(rooms_csv(rooms), newline=""))
    assert tuple(heading) == CSV_HEADING
    assert [address for _, address in rows] == [address for _, address in rooms]
    for (name, _), (written, _) in zip(rooms, rows, strict=True):
        assert written.removeprefix("'") == name.removeprefix("'")
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
