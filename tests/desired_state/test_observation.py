"""The documents that go into Pulumi's state: under 16 KiB whatever the texts are, and nothing cut that decides."""

import json
from dataclasses import replace
from typing import Any

import pytest

from microsoft365.exchange.actions import Action
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.plan import Plan, plan
from microsoft365.observation import applied_document, exchange_document, observation_document
from tests.desired_state.builders import desired, fresh, group, settled

LIMIT = 16 * 1024
LONG = 10_000


def size(document: dict[str, Any]) -> int:
    return len((json.dumps(document, ensure_ascii=False) + "\n").encode())


def wordy(character: str, number: int = 12) -> Plan:
    """Return a plan in which every text for people is as long as no text should be."""
    text = character * LONG
    return replace(
        plan(desired(), settled()),
        actions=tuple(Action("setCalendar", text, text) for _ in range(number)),
        guards=(text,),
        notices=(text,) * number,
    )


def applied(found: Plan, *notices: str) -> Applied:
    identity = f"{'t' * 36}\\{'c' * 36}:S-1-5-21;{'g' * 36}"
    return Applied(
        plan=found,
        group=group(),
        policy_identity=identity,
        in_reach=3,
        with_titles=3,
        notices=(*notices, *found.notices),
    )


# As few bytes as a character has in UTF-8, as many, and one that JSON writes as an escape.
@pytest.mark.parametrize("character", ["x", "😀", "\x01"])
def test_the_whole_document_stays_under_16_kib(character: str) -> None:
    found = wordy(character)
    entra = {"applications": [{"passwords": [{"keyId": "k" * 36, "endDateTime": "e" * 20}] * 20}]}
    observed = observation_document(found, "2026-11-24T00:00:00Z", entra)
    assert size(observed) < LIMIT
    assert observed["entra"] == entra
    assert observed["exchange"]["actionCount"] == 12
    assert observed["exchange"]["guard"].startswith(character)
    assert size(applied_document(applied(found, character * LONG))) < LIMIT


def test_what_decides_is_never_cut() -> None:
    entra = {"applications": [{"passwords": [{"keyId": "k" * 36, "endDateTime": "e" * 20}] * 300}]}
    document = observation_document(wordy("x"), "2026-11-24T00:00:00Z", entra)
    assert size(document) > LIMIT
    assert document["entra"] == entra


def test_texts_that_fit_are_left_alone() -> None:
    found = replace(plan(desired(), fresh()), notices=("n" * 900,) * 3)
    assert exchange_document(found)["notices"] == ["n" * 900] * 3
    assert applied_document(applied(found))["notices"] == ["n" * 900] * 3


def test_of_many_notices_the_first_are_shown_and_the_rest_counted() -> None:
    found = replace(plan(desired(), settled()), notices=tuple(f"notice {number}" for number in range(30)))
    notices = applied_document(applied(found, "of this run"))["notices"]
    assert len(notices) == 10
    assert notices[0] == "of this run"
    assert "22 more" in notices[-1]
    assert len(exchange_document(replace(found, notices=found.notices[:10]))["notices"]) == 10
    assert "more" not in exchange_document(replace(found, notices=found.notices[:10]))["notices"][-1]
