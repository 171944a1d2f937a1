"""Graph's batches as a client must take them: parts throttled, lost, stale, cut off, in any order."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from microsoft365.errors import GaveUp, TenantRefused
from microsoft365.graph.batch import BATCH_SIZE, GraphBatches, Reply, Request
from tests.desired_state.wires import Clock, http

BASE = "https://graph.microsoft.com"
Part = dict[str, Any]


class Wire:
    """Graph's door: `part` answers each request by its path and how often it came; `outer` may answer the whole instead."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sizes: list[int] = []
        self.seen: list[str] = []
        self.tokens: list[str | None] = []
        self.part: Callable[[str, int], Part | None] = lambda path, _count: {"status": 200, "body": {"path": path}}
        self.outer: Callable[[httpx.Request, int], httpx.Response | None] = lambda _request, _count: None

    def run(self, *requests: Request) -> list[Reply]:
        def token(stale: str | None) -> str:
            self.tokens.append(stale)
            return "fresh" if stale else "first"

        return GraphBatches(http(self._answer, self.clock), BASE, token).run(requests)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1.0/$batch"
        sent = json.loads(request.content)["requests"]
        self.sizes.append(len(sent))
        early = self.outer(request, len(self.sizes))
        if early is not None:
            return early
        parts = []
        for each in sent:
            self.seen.append(each["url"])
            part = self.part(each["url"], self.seen.count(each["url"]))
            parts += [] if part is None else [{"id": each["id"], **part}]
        # A batch's parts come back in any order.
        return httpx.Response(200, json={"responses": parts[::-1]})


@pytest.fixture
def wire() -> Wire:
    return Wire()


def gets(number: int) -> list[Request]:
    return [Request("GET", f"/users/{n}/calendar") for n in range(number)]


def test_twenty_travel_together_and_answers_keep_the_order_of_the_requests(wire: Wire) -> None:
    replies = wire.run(*gets(2 * BATCH_SIZE + 3))
    assert sorted(wire.sizes) == [3, 20, 20]
    assert [reply.body["path"] for reply in replies] == [request.path for request in gets(43)]


def test_nothing_is_sent_for_nothing(wire: Wire) -> None:
    assert wire.run() == []
    assert wire.sizes == []


def test_only_what_was_throttled_goes_again_and_after_the_longest_retry_after(wire: Wire) -> None:
    def part(path: str, count: int) -> Part:
        if path in ("/users/1/calendar", "/users/2/calendar") and count == 1:
            return {"status": 429, "headers": {"Retry-After": path[7]}, "body": {}}
        return {"status": 200, "body": {"path": path}}

    wire.part = part
    replies = wire.run(*gets(4))
    assert [reply.status for reply in replies] == [200] * 4
    assert wire.sizes == [4, 2]
    assert wire.clock.waits == [2.0]


def test_one_that_stays_throttled_keeps_its_refusal_and_holds_up_nobody(wire: Wire) -> None:
    def part(path: str, count: int) -> Part:
        if path == "/users/0/calendar":
            return {
                "status": 429,
                "headers": {"Retry-After": "600"},
                "body": {"error": {"code": "ApplicationThrottled"}},
            }
        if path == "/users/1/calendar":
            return {"status": 429, "body": {"error": {"code": "ApplicationThrottled"}}}
        return {"status": 503 if count < 3 else 200, "body": {}}

    wire.part = part
    replies = wire.run(*gets(3))
    assert [(reply.status, reply.code) for reply in replies] == [
        (429, "ApplicationThrottled"),
        (429, "ApplicationThrottled"),
        (200, ""),
    ]
    assert wire.seen.count("/users/0/calendar") == 1
    assert sum(wire.clock.waits) <= 180


def test_a_disturbance_that_stays_is_the_answer(wire: Wire) -> None:
    wire.part = lambda _path, _count: {"status": 500, "body": {"error": {"code": "InternalServerError"}}}
    (reply,) = wire.run(*gets(1))
    assert (reply.status, reply.code) == (500, "InternalServerError")
    assert len(wire.sizes) == 5


def test_refusals_are_answers_like_others_and_are_not_tried_again(wire: Wire) -> None:
    refusal = {"status": 403, "body": {"error": {"code": "ErrorAccessDenied", "message": "Access is\ndenied."}}}
    wire.part = lambda _path, _count: refusal
    (reply,) = wire.run(*gets(1))
    assert (reply.status, reply.code, reply.message) == (403, "ErrorAccessDenied", "Access is denied.")
    assert wire.sizes == [1]


def test_a_stale_token_is_renewed_once_and_a_token_that_gives_nothing_is_not(wire: Wire) -> None:
    def part(_path: str, count: int) -> Part:
        return (
            {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}}
            if count == 1
            else {"status": 200}
        )

    wire.part = part
    assert [reply.status for reply in wire.run(*gets(1))] == [200]
    assert "first" in wire.tokens
    wire.part = lambda _path, _count: {"status": 401, "body": {"error": {"code": "NoPermissionsInAccessToken"}}}
    sizes = len(wire.sizes)
    assert [reply.status for reply in wire.run(*gets(1))] == [401]
    assert len(wire.sizes) == sizes + 1


def test_a_token_that_the_whole_batch_refuses_is_renewed(wire: Wire) -> None:
    refusal = {"error": {"code": "InvalidAuthenticationToken"}}
    wire.outer = lambda _request, count: httpx.Response(401, json=refusal) if count == 1 else None
    assert [reply.status for reply in wire.run(*gets(2))] == [200, 200]


def test_a_part_that_is_missing_is_asked_for_again(wire: Wire) -> None:
    wire.part = lambda path, count: None if count == 1 and "/1/" in path else {"status": 200}
    assert [reply.status for reply in wire.run(*gets(3))] == [200, 200, 200]
    assert wire.sizes == [3, 1]


def test_a_change_whose_answer_is_lost_is_never_sent_twice(wire: Wire) -> None:
    post = Request("POST", "/users/0/events", {"subject": "x"})

    def lost(request: httpx.Request, _count: int) -> httpx.Response:
        raise httpx.ReadError("gone", request=request)

    wire.outer = lost
    assert [reply.status for reply in wire.run(post)] == [0]
    assert wire.sizes == [1]
    wire.outer = lambda _request, _count: None
    for part in ({"status": 503, "body": {}}, None):
        wire.sizes.clear()
        wire.part = lambda _path, _count, part=part: part  # type: ignore[misc]
        assert [reply.status for reply in wire.run(post)] == [0]
        assert wire.sizes == [1]


def test_what_was_throttled_had_no_effect_and_is_sent_again_even_if_it_is_a_change(wire: Wire) -> None:
    wire.part = lambda _path, count: {"status": 429 if count == 1 else 201, "body": {}}
    assert [reply.status for reply in wire.run(Request("POST", "/users/0/events", {}))] == [201]


def test_changes_do_not_travel_with_readings(wire: Wire) -> None:
    wire.run(Request("POST", "/users/0/events", {}), *gets(2))
    assert sorted(wire.sizes) == [1, 2]


def test_a_lost_reading_is_sent_again(wire: Wire) -> None:
    def once(request: httpx.Request, count: int) -> httpx.Response | None:
        if count == 1:
            raise httpx.ReadError("gone", request=request)
        return None

    wire.outer = once
    assert [reply.status for reply in wire.run(*gets(1))] == [200]


def test_a_batch_that_is_refused_as_a_whole_is_an_error_that_says_why(wire: Wire) -> None:
    refusal = {"error": {"code": "BadRequest", "message": "Invalid batch payload format."}}
    wire.outer = lambda _request, _count: httpx.Response(400, json=refusal)
    with pytest.raises(TenantRefused, match="Invalid batch payload format"):
        wire.run(*gets(1))
    wire.outer = lambda _request, _count: httpx.Response(429)
    with pytest.raises(GaveUp, match=r"\$batch"):
        wire.run(*gets(1))


def test_bodies_that_are_no_documents_are_no_answers_to_read_in(wire: Wire) -> None:
    wire.part = lambda _path, _count: {"status": 200, "body": "text"}
    (reply,) = wire.run(*gets(1))
    assert (reply.body, reply.code, reply.message) == ({}, "", "")
