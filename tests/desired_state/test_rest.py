"""Cmdlets over InvokeCommand and $batch: batches, pages, parts that fail, stale tokens, answers that are cut off."""

import json
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken

from microsoft365.connection import CLOUDS
from microsoft365.credentials import CheckedCredentials
from microsoft365.errors import NoAccess, OutcomeUnknown, TenantRefused
from microsoft365.exchange.transport import Call
from microsoft365.sign_in import SignIn
from tests.desired_state.test_sign_in import BY_SECRET, CONNECTION
from tests.desired_state.wires import EXCHANGE, TENANT, Exchange, bad, good, passes

BASE = f"{EXCHANGE}/adminapi/beta/{TENANT}"
READ = Call("Get-Mailbox", {"ResultSize": "Unlimited"})


def calendar(number: int) -> Call:
    return Call("Get-CalendarProcessing", {"Identity": f"room {number}"}, ("DeleteSubject",))


def test_one_call_goes_alone_with_the_documented_body() -> None:
    exchange = Exchange()
    exchange.answer = lambda *_: good([{"Guid@odata.type": "#Guid", "Guid": "g", "Name": "n"}])
    (answer,) = exchange.transport().run([READ])
    request = exchange.requests[0]
    assert str(request.url) == f"{BASE}/InvokeCommand"
    assert json.loads(request.content) == {
        "CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"ResultSize": "Unlimited"}}
    }
    assert request.headers["X-AnchorMailbox"] == f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}"
    assert answer.complete() == [{"Guid": "g", "Name": "n"}]


def test_batches_hold_ten_and_answers_keep_the_order_of_the_calls() -> None:
    exchange = Exchange()
    exchange.answer = lambda _cmdlet, parameters, _url: good([{"DeleteSubject": parameters["Identity"], "Other": 1}])
    done: list[int] = []
    answers = exchange.transport().run([calendar(number) for number in range(34)], done.append)
    assert len(exchange.requests) == 4
    assert sum(done) == 34
    assert [answer.complete() for answer in answers] == [[{"DeleteSubject": f"room {number}"}] for number in range(34)]
    assert exchange.requests[0].headers["Prefer"] == "odata.maxpagesize=1000;odata.continue-on-error"
    part = json.loads(exchange.requests[0].content)["requests"][0]
    assert part["url"] == f"{BASE}/InvokeCommand?$select=DeleteSubject"
    assert part["headers"]["Authorization"] == "Bearer first"


def pages(cmdlet: str, parameters: Mapping[str, Any], url: str) -> dict[str, Any]:
    if cmdlet != "Get-Mailbox":
        return good([])
    start = int(httpx.URL(url).params.get("$skiptoken", "0"))
    rows = [{"Guid": str(number)} for number in range(start, min(start + 1000, 2500))]
    more = start + 1000 < 2500
    return good(rows, link=f"{BASE}/InvokeCommand?$skiptoken={start + 1000}" if more else None)


@pytest.mark.parametrize("others", [0, 3])
def test_pages_are_followed_by_posting_the_same_body(others: int) -> None:
    exchange = Exchange()
    exchange.answer = pages
    answers = exchange.transport().run([READ, *(calendar(number) for number in range(others))])
    assert [row["Guid"] for row in answers[0].complete()] == [str(number) for number in range(2500)]
    assert [one for one in exchange.cmdlets if one[0] == "Get-Mailbox"] == [("Get-Mailbox", READ.parameters)] * 3


def test_an_expired_link_starts_over_and_nothing_is_counted_twice() -> None:
    exchange = Exchange()
    expired = iter([True])

    def answer(cmdlet: str, parameters: Mapping[str, Any], url: str) -> dict[str, Any]:
        if "2000" in url and next(expired, False):
            return {
                "status": 400,
                "headers": {},
                "body": {"error": {"message": "Expired or Invalid pagination request."}},
            }
        return pages(cmdlet, parameters, url)

    exchange.answer = answer
    (found,) = exchange.transport().run([READ])
    assert len(found.complete()) == 2500


def test_invariant_3_links_that_always_expire_are_a_failure_and_not_a_short_list() -> None:
    exchange = Exchange()
    exchange.answer = lambda cmdlet, parameters, url: (
        bad("X", status=400) if "skiptoken" in url else pages(cmdlet, parameters, url)
    )
    (found,) = exchange.transport().run([READ])
    assert found.rows == ()
    with pytest.raises(TenantRefused):
        found.complete()


def test_a_list_whose_links_lead_nowhere_is_read_without_pages_in_the_end() -> None:
    """In some tenants no link to a further page has ever been good: it names a server, and the next request meets another."""
    exchange = Exchange()

    def answer(_cmdlet: str, _parameters: Mapping[str, Any], url: str) -> dict[str, Any]:
        if "skiptoken" in url:
            return bad("X", "Expired or Invalid pagination request.", 400)
        paged = "odata.maxpagesize" in exchange.requests[-1].headers["Prefer"]
        rows = [{"Guid": str(number)} for number in range(1000 if paged else 2500)]
        return good(rows, link=f"{BASE}/InvokeCommand?$skiptoken=1000" if paged else None)

    exchange.answer = answer
    (found,) = exchange.transport().run([READ])
    assert len(found.complete()) == 2500
    assert exchange.requests[-1].headers["Prefer"] == "odata.continue-on-error"


def test_a_link_to_another_host_gets_no_token() -> None:
    exchange = Exchange()
    exchange.answer = lambda *_: good([], link="https://elsewhere.example/adminapi")
    with pytest.raises(TenantRefused, match=r"elsewhere\.example"):
        exchange.transport().run([READ])
    assert len(exchange.requests) == 1


def test_invariant_3_a_list_that_exchange_shortened_is_refused() -> None:
    exchange = Exchange()
    warning = "Weitere Ergebnisse sind verfügbar. Erhöhen Sie den Wert des Parameters ResultSize."
    exchange.answer = lambda *_: good([{"Guid": "1"}], [warning])
    with pytest.raises(TenantRefused, match="shortened"):
        exchange.transport().run([READ])


@pytest.mark.parametrize("body", [b"", b'{"value": [', b"null", b'{"value": null}', b'"text"'])
def test_invariant_3_an_empty_or_cut_off_reading_is_never_nothing(body: bytes) -> None:
    exchange = Exchange()
    exchange.answer = lambda *_: {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    (found,) = exchange.transport().run([READ])
    with pytest.raises(TenantRefused, match="cut off"):
        found.complete()


@pytest.mark.parametrize(
    "part", [{"status": 204, "body": None}, {"status": 200, "body": {"value": []}}, {"status": 200, "body": b""}]
)
def test_a_change_may_answer_with_nothing(part: dict[str, Any]) -> None:
    exchange = Exchange()
    exchange.answer = lambda *_: part
    (found,) = exchange.transport().run([Call("Set-Group", {"Identity": "x", "Notes": "y"})])
    assert found.complete() == []


@pytest.mark.parametrize("body", [b'{"oops": 1}', b'{"val', b'"text"'])
def test_a_change_with_an_answer_that_is_none_is_tried_again_and_then_said(body: bytes) -> None:
    exchange = Exchange()
    exchange.answer = lambda *_: {"status": 200, "headers": {}, "body": body}
    (found,) = exchange.transport().run([Call("Set-Group", {"Identity": "x", "Notes": "y"})])
    with pytest.raises(TenantRefused, match="cut off"):
        found.complete()
    with pytest.raises(OutcomeUnknown):
        exchange.transport().run([Call("New-DistributionGroup", {"Name": "x"})])


@pytest.mark.parametrize("body", [b'{"oops": 1}', b'{"responses": [', b""])
def test_a_batch_without_an_answer_is_sent_again(body: bytes) -> None:
    exchange = Exchange()
    first = iter([True])
    exchange.before = lambda request: httpx.Response(200, content=body) if next(first, False) else passes(request)
    calls = [Call("Set-CalendarProcessing", {"Identity": str(number)}) for number in range(3)]
    assert all(answer.failure is None for answer in exchange.transport().run(calls))
    assert len(exchange.cmdlets) == 3


def test_one_part_that_fails_leaves_the_others_good() -> None:
    exchange = Exchange()
    exchange.answer = lambda _cmdlet, parameters, _url: (
        bad("ManagementObjectNotFoundException") if parameters["Identity"] == "room 3" else good([{}])
    )
    answers = exchange.transport().run([calendar(number) for number in range(10)])
    assert [answer.failure is not None for answer in answers] == [number == 3 for number in range(10)]
    assert answers[3].failure is not None
    assert answers[3].failure.not_found


def test_only_throttled_parts_are_sent_again() -> None:
    exchange = Exchange()
    throttled = {"room 2", "room 7"}

    def answer(_cmdlet: str, parameters: Mapping[str, Any], _url: str) -> dict[str, Any]:
        if parameters["Identity"] in throttled:
            throttled.discard(parameters["Identity"])
            return {"status": 429, "headers": {"Retry-After": "4"}, "body": None}
        return good([{}])

    exchange.answer = answer
    answers = exchange.transport().run([calendar(number) for number in range(10)])
    assert all(answer.failure is None for answer in answers)
    assert len(exchange.cmdlets) == 12
    assert exchange.clock.waits == [4.0]


def test_a_batch_that_forgets_a_part_is_asked_for_it_again() -> None:
    exchange = Exchange()
    first = iter([True])

    def before(request: httpx.Request) -> httpx.Response:
        if next(first, False):
            parts = json.loads(request.content)["requests"]
            return httpx.Response(200, json={"responses": [{"id": parts[0]["id"], **good([{}])}]})
        return passes(request)

    exchange.before = before
    answers = exchange.transport().run([calendar(number) for number in range(3)])
    assert all(answer.failure is None for answer in answers)


@pytest.mark.parametrize(
    "part", [{"body": {"value": []}}, {"status": None, "body": {}}, {"status": "good", "body": {}}]
)
def test_a_part_without_a_status_is_asked_for_again(part: dict[str, Any]) -> None:
    exchange = Exchange()
    first = iter([True])

    def before(request: httpx.Request) -> httpx.Response:
        if next(first, False):
            ids = [one["id"] for one in json.loads(request.content)["requests"]]
            return httpx.Response(200, json={"responses": [{"id": one, **part} for one in ids]})
        return passes(request)

    exchange.before = before
    exchange.answer = lambda *_: good([{"DeleteSubject": True}])
    answers = exchange.transport().run([calendar(number) for number in range(3)])
    assert [answer.complete() for answer in answers] == [[{"DeleteSubject": True}]] * 3


def test_a_pause_that_a_part_was_told_is_kept_by_the_rest_of_the_run() -> None:
    exchange = Exchange()
    throttled = iter([True])
    exchange.answer = lambda *_: (
        {"status": 429, "headers": {"retry-after": "9"}, "body": None} if next(throttled, False) else good([{}])
    )
    transport = exchange.transport()
    exchange.clock.asleep = lambda: transport.run([READ])
    transport.run([calendar(1), calendar(2)])
    assert exchange.clock.waits == [9.0, 9.0]


def test_a_stale_token_is_renewed_once_for_all_parts_and_all_batches() -> None:
    """Twenty calls find out at once that their token is stale; one new token is asked for, not twenty."""
    exchange = Exchange()
    issued: list[AccessToken] = []

    def make() -> AccessToken:
        issued.append(AccessToken(f"token {len(issued)}", int(time.time()) + 3600))
        return issued[-1]

    credential = SimpleNamespace(get_token=lambda *_: make())
    sign_in = SignIn(
        CONNECTION, CLOUDS["public"], {}, checked=CheckedCredentials(BY_SECRET), make_credential=lambda: credential
    )
    exchange.before = lambda request: (
        httpx.Response(401) if request.headers["Authorization"] == "Bearer token 0" else passes(request)
    )
    exchange.answer = lambda *_: good([{}])
    transport = exchange.transport(lambda stale: sign_in.token(EXCHANGE, instead_of=stale))
    answers = transport.run([calendar(number) for number in range(20)])
    assert all(answer.failure is None for answer in answers)
    assert len(issued) == 2


def test_a_stale_token_is_renewed_once() -> None:
    exchange = Exchange()

    def before(request: httpx.Request) -> httpx.Response:
        exchange_token = "fresh" if "fresh" in exchange.tokens or "first" in exchange.tokens else "first"
        return passes(request) if exchange_token == "fresh" else httpx.Response(401)

    exchange.before = before
    (found,) = exchange.transport().run([READ])
    assert found.failure is None
    assert exchange.tokens.count("first") == 1


def test_a_token_that_stays_refused_ends_with_the_missing_right() -> None:
    exchange = Exchange()
    exchange.before = lambda _: httpx.Response(401)
    (found,) = exchange.transport().run([READ])
    with pytest.raises(NoAccess, match=r"Exchange\.ManageAsApp"):
        found.complete()
    assert len(exchange.requests) == 2


def test_invariant_2_what_must_not_happen_twice_travels_alone_and_is_not_replayed() -> None:
    exchange = Exchange()

    def before(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    exchange.before = before
    with pytest.raises(OutcomeUnknown):
        exchange.transport().run([Call("New-DistributionGroup", {"Name": "x"})])
    assert len(exchange.requests) == 1


def test_a_transient_error_inside_a_batch_is_tried_again() -> None:
    exchange = Exchange()
    first = iter([True])
    exchange.answer = lambda *_: bad("UnableToWriteToAadException", status=500) if next(first, False) else good([{}])
    answers = exchange.transport().run([calendar(1), calendar(2)])
    assert all(answer.failure is None for answer in answers)


def test_an_error_that_stays_is_told_with_its_cmdlet_and_subject() -> None:
    exchange = Exchange()
    exchange.answer = lambda *_: bad("QuotaExceededException", "Zu viel.", 400)
    (found,) = exchange.transport().run([Call("Set-Group", {"Identity": "the group"})])
    with pytest.raises(
        TenantRefused, match=r"Set-Group the group: Zu viel\. \[QuotaExceededException\] \(request abc\)"
    ):
        found.complete()
