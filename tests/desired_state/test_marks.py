"""The mark's grammar, in descriptions and in notes that hold other words too."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as some

from microsoft365.marks import Mark, find, put, take_off

MOMENT = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
_names = some.from_regex(r"[A-Za-z0-9._-]{1,20}", fullmatch=True)
_marks = some.builds(
    Mark,
    some.builds("roomz:{}/{}".format, _names, _names),
    some.booleans(),
    some.one_of(some.none(), some.just(MOMENT)),
)


@given(_marks)
def test_what_is_written_is_read(mark: Mark) -> None:
    assert find(str(mark)) == mark


@given(_marks, _marks, some.sampled_from(["", "of the reception", "two\nlines"]))
def test_other_words_stay(first: Mark, second: Mark, words: str) -> None:
    once = put(words, first)
    assert find(once) == first
    twice = put(once, second)
    assert find(twice) == second
    assert take_off(twice) == words


def test_the_written_form() -> None:
    assert str(Mark("roomz:roomz/prod", retired=MOMENT)) == "roomz:roomz/prod retired 2026-11-24T03:20:00Z"
    assert str(Mark("roomz:roomz/prod", adopted=True)) == "roomz:roomz/prod adopted"


def test_a_time_that_was_written_stays() -> None:
    assert Mark("roomz:a/b", retired=MOMENT).retire(datetime(2030, 1, 1, tzinfo=UTC)).retired == MOMENT


def test_a_stack_whose_name_begins_like_another_is_another() -> None:
    found = find("roomz:roomz/dev2")
    assert found is not None
    assert found.stack != "roomz:roomz/dev"
    assert find("xroomz:roomz/dev") is None
