"""What is tried again, for how long, and what a lost connection means for a change."""

import threading

import httpx
import pytest

from microsoft365.errors import GaveUp, NoAccess, OutcomeUnknown
from microsoft365.http import AT_ONCE, Http, retry_after
from tests.desired_state.wires import Clock, http


def send(under: Http, *, replay: bool = True) -> httpx.Response:
    return under.send("POST", "https://x.example/y", headers={}, json={}, replay=replay, what="Get-X")


def test_retry_after_is_kept_to() -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200)]
    clock = Clock()
    assert send(http(lambda _: answers.pop(0), clock)).status_code == 200
    assert clock.waits == [7.0]


def test_throttling_without_retry_after_backs_off() -> None:
    answers = [*[httpx.Response(429)] * 4, httpx.Response(200)]
    clock = Clock()
    assert send(http(lambda _: answers.pop(0), clock)).status_code == 200
    assert clock.waits == sorted(clock.waits)
    assert len(clock.waits) == 4


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_unavailability_is_tried_again(status: int) -> None:
    answers = [httpx.Response(status), httpx.Response(200)]
    assert send(http(lambda _: answers.pop(0))).status_code == 200


def test_the_refusal_in_plain_words_is_tried_again() -> None:
    words = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
    answers = [httpx.Response(403, text=words), httpx.Response(200)]
    assert send(http(lambda _: answers.pop(0))).status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_other_answers_are_returned_as_they_are(status: int) -> None:
    assert send(http(lambda _: httpx.Response(status))).status_code == status


def test_it_gives_up_after_three_minutes() -> None:
    clock = Clock()
    with pytest.raises(GaveUp, match="throttles"):
        send(http(lambda _: httpx.Response(429), clock))
    assert 60 < clock.seconds <= 180


def test_it_does_not_wait_longer_than_it_would_anyway() -> None:
    clock = Clock()
    with pytest.raises(GaveUp):
        send(http(lambda _: httpx.Response(429, headers={"Retry-After": "3600"}), clock))
    assert clock.waits == []


def lost(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("reset")


def test_a_lost_answer_to_what_must_not_happen_twice_is_unknown() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return lost(request)

    with pytest.raises(OutcomeUnknown):
        send(http(handler), replay=False)
    assert len(seen) == 1


@pytest.mark.parametrize("status", [408, 500, 503, 504])
def test_an_unavailable_service_may_have_done_it(status: int) -> None:
    with pytest.raises(OutcomeUnknown):
        send(http(lambda _: httpx.Response(status)), replay=False)


def test_throttled_changes_are_sent_again_since_nothing_happened() -> None:
    answers = [httpx.Response(429), httpx.Response(200)]
    assert send(http(lambda _: answers.pop(0)), replay=False).status_code == 200


def test_a_lost_reading_is_read_again() -> None:
    tries = []

    def handler(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return lost(request) if len(tries) < 3 else httpx.Response(200)

    assert send(http(handler)).status_code == 200


def test_nobody_listening_is_said_soon() -> None:
    def refused(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    clock = Clock()
    with pytest.raises(GaveUp, match=r"cannot reach x\.example"):
        send(http(refused, clock), replay=False)
    assert clock.seconds < 10


def test_an_untrusted_certificate_names_the_variable() -> None:
    def untrusted(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")

    with pytest.raises(NoAccess, match="SSL_CERT_FILE"):
        send(http(untrusted))


def test_never_more_than_eight_at_once() -> None:
    now, most = 0, 0
    lock, everybody = threading.Lock(), threading.Barrier(AT_ONCE, timeout=5)

    def handler(_: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        everybody.wait()
        with lock:
            now -= 1
        return httpx.Response(200)

    under = http(handler)
    threads = [threading.Thread(target=send, args=(under,)) for _ in range(AT_ONCE * 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == AT_ONCE


def test_retry_after_may_be_a_date() -> None:
    headers = {"Retry-After": "Tue, 24 Nov 2026 03:00:30 GMT", "Date": "Tue, 24 Nov 2026 03:00:00 GMT"}
    assert retry_after(headers) == 30.0
    assert retry_after({"Retry-After": "soon"}) == 0.0 or retry_after({"Retry-After": "soon"}) is None
    assert retry_after({}) is None
