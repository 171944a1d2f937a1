"""The mark in names of at most 64 characters: recognisable, and another for every other stack."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microsoft365.exchange.rbac_names import LONGEST, Name, assignment_name, base_name, retired_name
from tests.desired_state.builders import an_id

_part = some.text(alphabet=some.sampled_from("abcXYZ019._-"), min_size=1, max_size=100)
_marks = some.builds(lambda project, stack: f"roomz:{project}/{stack}", _part, _part)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_a_short_mark_is_its_own_name() -> None:
    assert base_name("roomz:roomz/prod") == "roomz:roomz/prod"
    assert assignment_name("roomz:roomz/prod", "B9701C1E-1364-464d-93e4-01ae925e8d6c") == "roomz:roomz/prod b9701c1e"
    assert retired_name("roomz:roomz/prod", NOW) == "roomz:roomz/prod retired 2026-11-24T09:30:00Z"


def test_a_long_mark_keeps_its_beginning() -> None:
    assert base_name(f"roomz:company-meeting-rooms/{'x' * 60}").startswith("roomz:company-meeting-ro~")


@given(_marks)
def test_every_name_fits_and_is_read_as_what_it_stands_for(mark: str) -> None:
    for name in (base_name(mark), assignment_name(mark, an_id("principal")), retired_name(mark, NOW)):
        assert len(name) <= LONGEST
        found = Name.read(name)
        assert found is not None
        assert found.belongs_to(mark)
        # In whatever letter case Exchange shows it.
        assert Name.read(name.upper()) == Name.read(name.lower()) == found
    retired = Name.read(retired_name(mark, NOW))
    assert retired is not None
    assert retired.retired == NOW


@given(_marks, _marks)
def test_invariant_3_two_stacks_never_share_a_name(one: str, other: str) -> None:
    if one != other:
        assert base_name(one).casefold() != base_name(other).casefold()


@pytest.mark.parametrize("pair", [("roomz:roomz/Dev", "roomz:roomz/dev"), ("roomz:roomz/DEV", "roomz:roomz/Dev")])
def test_invariant_3_stacks_that_differ_in_letter_case_have_names_that_differ_otherwise(pair: tuple[str, str]) -> None:
    assert base_name(pair[0]).casefold() != base_name(pair[1]).casefold()


@pytest.mark.parametrize(
    "name",
    ["ROOMZ Rooms", "roomz:", "", "my roomz:a/b", "roomz:a/b of the reception", "roomz:a/b retired yesterday",
     "roomz:a/b retired 2026-13-45T00:00:00Z", "roomz:a/b xyz"],
)  # fmt: skip
def test_other_names_carry_no_mark(name: str) -> None:
    assert Name.read(name) is None
