"""Which generation may be recorded as handed over, and the lines of the stack file that say it."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components.hand_over_record import Record, RecordError, lines_to_commit, record, recorded_generation


def test_without_a_wish_the_newest_is_recorded_and_the_older_ones_end() -> None:
    assert record(None, newest=3, issued=[1, 2, 3], recorded=1) == Record(3, ended=(1, 2), recorded_before=False)


def test_the_same_again_is_no_change() -> None:
    assert record(None, newest=2, issued=[2], recorded=2).recorded_before


@pytest.mark.parametrize(
    ("wanted", "recorded", "words"),
    [
        (4, None, ["generation 4 was never issued", "the newest is 3", "issuedSecrets"]),
        (0, None, ["generation 0 does not exist any more", "there are 2, 3"]),
        (2, 3, ["generation 3 is recorded as handed over already", "hand over generation 3"]),
    ],
)
def test_a_number_that_cannot_be_meant_is_refused_with_what_to_do(
    wanted: int, recorded: int | None, words: list[str]
) -> None:
    with pytest.raises(RecordError) as refused:
        record(wanted, newest=3, issued=[2, 3], recorded=recorded)
    for word in [*words, "Nothing was recorded"]:
        assert word in str(refused.value)


@given(
    some.sets(some.integers(0, 30), min_size=1), some.none() | some.integers(0, 35), some.none() | some.integers(0, 30)
)
def test_invariant_5_a_record_never_ends_the_generation_that_it_names_nor_a_newer_one(
    issued: set[int], wanted: int | None, recorded: int | None
) -> None:
    try:
        made = record(wanted, newest=max(issued), issued=issued, recorded=recorded)
    except RecordError:
        return
    assert made.generation in issued
    assert all(ended < made.generation for ended in made.ended)
    assert recorded is None or made.generation >= recorded


def test_other_fields_of_the_key_stay_in_the_lines_to_commit() -> None:
    configuration = {"roomz:secret": json.dumps({"lifetimeMonths": 12, "handedOver": 0})}
    assert recorded_generation(configuration) == 0
    lines = lines_to_commit(configuration, 1)
    assert yaml.safe_load(lines) == {"config": {"roomz:secret": {"lifetimeMonths": 12, "handedOver": 1}}}


def test_nothing_recorded_is_told_from_generation_0() -> None:
    assert recorded_generation({}) is None
    assert recorded_generation({"roomz:secret": "{}"}) is None
    assert yaml.safe_load(lines_to_commit({}, 0)) == {"config": {"roomz:secret": {"handedOver": 0}}}
