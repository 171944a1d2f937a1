"""What became of each action: the report of a run that fails in part, as a document and as lines, and where it comes from."""

import itertools
import json
import threading
from typing import Any

import httpx
import pytest

from microsoft365.errors import GaveUp, NoAccess, TenantRefused
from microsoft365.exchange.actions import Action
from microsoft365.exchange.ledger import Ledger, lines
from microsoft365.exchange.rest import RestTransport
from microsoft365.exchange.transport import Call
from tests.desired_state.wires import EXCHANGE, TENANT, Exchange, bad, good, http, passes

SECONDS = 20.0


def calendars(number: int) -> list[Action]:
    return [Action("setCalendar", f"room-{position:05}@contoso.example", "differs") for position in range(number)]


def calls(actions: list[Action]) -> list[Call]:
    return [Call("Set-CalendarProcessing", {"Identity": action.subject}) for action in actions]


def numbers(report: dict[str, Any]) -> dict[str, int]:
    return {state: sum(part["number"] for part in report[state]) for state in ("done", "unknown", "notDone")}


def test_what_was_never_begun_is_not_done() -> None:
    group, *rooms = Action("createGroup", "RoomzResources", "missing"), *calendars(2)
    ledger = Ledger([group, *rooms])
    with ledger.performing(group):
        pass
    assert ledger.document() == {
        "done": [{"kind": "createGroup", "number": 1, "subjects": ["RoomzResources"]}],
        "unknown": [],
        "notDone": [{"kind": "setCalendar", "number": 2, "subjects": [one.subject for one in rooms]}],
        "remedy": "run the same command again: it reads the tenant anew and goes on from what it finds",
    }


@pytest.mark.parametrize(
    ("problem", "state"), [(TenantRefused("no"), "notDone"), (NoAccess("no"), "notDone"), (GaveUp("?"), "unknown")]
)
def test_refused_is_not_done_and_given_up_is_not_known(problem: Exception, state: str) -> None:
    (action,) = calendars(1)
    ledger = Ledger([action])
    with pytest.raises(type(problem)) as raised, ledger.reporting(), ledger.performing(action):
        raise problem
    report = raised.value.report  # type: ignore[attr-defined]
    assert numbers(report) == {"done": 0, "unknown": 0, "notDone": 0, state: 1}


def test_what_is_noted_as_done_stays_so_when_the_look_at_it_fails() -> None:
    (action,) = calendars(1)
    ledger = Ledger([action])

    def made_and_not_shown() -> None:
        with ledger.performing(action):
            ledger.done(action)
            raise GaveUp("not shown")

    with pytest.raises(GaveUp):
        made_and_not_shown()
    assert numbers(ledger.document()) == {"done": 1, "unknown": 0, "notDone": 0}


def test_where_nothing_was_to_be_done_there_is_no_report() -> None:
    with pytest.raises(GaveUp) as raised, Ledger().reporting():
        raise GaveUp("reading failed")
    assert raised.value.report is None


def test_each_answer_of_a_batch_is_noted() -> None:
    exchange, actions = Exchange(), calendars(12)
    third = actions[3].subject
    exchange.answer = lambda _cmdlet, parameters, _url: (
        bad("QuotaException", status=400) if parameters["Identity"] == third else good([])
    )
    ledger = Ledger(actions)
    ledger.run(exchange.transport(), actions, calls(actions))
    report = ledger.document()
    assert numbers(report) == {"done": 11, "unknown": 0, "notDone": 1}
    assert report["notDone"][0]["subjects"] == ["room-00003@contoso.example"]


def test_of_a_run_that_is_given_up_the_other_batches_are_still_known() -> None:
    """Eleven to twenty never get an answer: whether they were done nobody knows, and of the others everybody does."""
    exchange, actions = Exchange(), calendars(30)

    def before(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if b"room-00010@" in request.content else passes(request)

    under_way, asked = threading.Barrier(3), itertools.count()

    def token(_: str | None) -> str:
        """Let all three batches be under way before one is given up: what was not begun by then is not done, and no matter here."""
        if next(asked) < 3:
            under_way.wait(SECONDS)
        return "first"

    exchange.before = before
    ledger = Ledger(actions)
    with pytest.raises(GaveUp), ledger.reporting():
        ledger.run(exchange.transport(token), actions, calls(actions))
    report = ledger.document()
    assert numbers(report) == {"done": 20, "unknown": 10, "notDone": 0}
    assert report["unknown"][0]["subjects"][0] == "room-00010@contoso.example"


def test_what_was_never_sent_is_not_done() -> None:
    def token(_: str | None) -> str:
        raise NoAccess("signed out")

    transport, actions = RestTransport(http(lambda _: httpx.Response(200)), EXCHANGE, TENANT, token), calendars(3)
    ledger = Ledger(actions)
    with pytest.raises(NoAccess):
        ledger.run(transport, actions, calls(actions))
    assert numbers(ledger.document()) == {"done": 0, "unknown": 0, "notDone": 3}


def test_what_was_refused_for_its_token_is_not_done_where_no_other_token_is_to_be_had() -> None:
    """Two batches and a bit: each is refused, and the sign-in that would bring another token is refused as well."""
    exchange, actions = Exchange(), calendars(21)
    exchange.before = lambda _: httpx.Response(401)
    asked: list[str | None] = []

    def token(stale: str | None) -> str:
        asked.append(stale)
        if stale is not None:
            raise NoAccess("the client secret has expired")
        return "first"

    ledger = Ledger(actions)
    with pytest.raises(NoAccess), ledger.reporting():
        ledger.run(exchange.transport(token), actions, calls(actions))
    assert numbers(ledger.document()) == {"done": 0, "unknown": 0, "notDone": 21}
    assert 1 <= sum(stale is not None for stale in asked) <= 3, "once a batch, at most"


def test_lines_are_for_people() -> None:
    group, rooms = Action("createGroup", "RoomzResources", "missing"), calendars(5)
    ledger = Ledger([group, *rooms])
    ledger.done(group)
    ledger.unknown(rooms[0])
    assert lines(ledger.document()) == [
        "done: createGroup 1 (RoomzResources)",
        "may have been done (its answer was lost; the next run looks before it does anything): setCalendar 1 "
        "(room-00000@contoso.example)",
        "not done: setCalendar 4 (room-00001@contoso.example, room-00002@contoso.example, room-00003@contoso.example, …)",
        "what to do: run the same command again: it reads the tenant anew and goes on from what it finds",
    ]
    assert lines(Ledger(rooms).document())[0] == "done: nothing"


def test_a_report_of_ten_thousand_rooms_stays_small() -> None:
    actions = [Action("addMember", "x" * 300, ""), *calendars(10_000)]
    document = Ledger(actions).document()
    assert len(json.dumps(document)) < 4_000
    assert numbers(document)["notDone"] == 10_001
