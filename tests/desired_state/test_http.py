"""What is tried again, for how long, and what a lost connection means for a change."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from microsoft365.errors import GaveUp, NoAccess, OutcomeUnknown, TimedOut
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


def test_a_pause_that_one_was_told_is_kept_by_everybody_who_asks_that_host() -> None:
    """One limiter for the whole run: who is not told is not to ask on, or Microsoft tells them too, and for longer."""
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(200)

    clock = Clock()
    under = http(handler, clock)
    under.pause("https://x.example/y", 9.0)
    under.send("GET", "https://other.example/", headers={}, what="Get-X")
    assert clock.waits == []
    send(under)
    assert (clock.waits, seen) == ([9.0], ["other.example", "x.example"])
    send(under)
    assert clock.waits == [9.0]


def test_whoever_is_told_to_wait_tells_the_others() -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200), httpx.Response(200)]
    clock = Clock()
    under = http(lambda _: answers.pop(0), clock)
    # As far as others see: they come while the first one waits.
    clock.asleep = lambda: send(under)
    send(under)
    assert clock.waits == [7.0, 7.0]


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


@pytest.mark.parametrize(("pieces", "timeout", "whole"), [(5, None, True), (13, None, False), (13, 960.0, True)])
def test_an_answer_that_never_ends_is_a_lost_one(pieces: int, timeout: float | None, whole: bool) -> None:
    clock = Clock()
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        def body() -> Iterator[bytes]:
            for _ in range(pieces):
                clock.seconds += 10
                yield b" "

        sent.append(request)
        return httpx.Response(200, content=body())

    def ask(*, replay: bool) -> httpx.Response:
        under = http(handler, clock)
        return under.send("GET", "https://x.example/", headers={}, timeout=timeout, replay=replay, what="Get-X")

    if whole:
        assert ask(replay=True).content == b" " * pieces
        return
    with pytest.raises(OutcomeUnknown):
        ask(replay=False)
    assert len(sent) == 1
    with pytest.raises(GaveUp, match="lost"):
        ask(replay=True)
    assert len(sent) > 2


@pytest.mark.parametrize("status", [200, 302, 403, 407, 451])
def test_a_web_page_in_microsofts_place_is_tried_again_and_then_named(status: int) -> None:
    page = "<!DOCTYPE html><html><head><title>Blocked by\n Contoso's proxy</title></head></html>"
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, html=page)

    with pytest.raises(NoAccess, match=r"place of x\.example .*\"Blocked by Contoso's proxy\".* HTTPS_PROXY"):
        send(http(handler))
    assert len(seen) == 4
    with pytest.raises(OutcomeUnknown, match="web page"):
        send(http(handler), replay=False)
    assert len(seen) == 5


def test_a_web_page_of_microsofts_own_and_a_refused_token_are_left_to_who_asked() -> None:
    page = "<html><title>403 - Forbidden</title></html>"
    ours = httpx.Response(403, headers={"request-id": "1"}, html=page)
    assert send(http(lambda _: ours)).status_code == 403
    assert send(http(lambda _: httpx.Response(401, html=page))).status_code == 401


def test_a_proxy_that_refuses_is_named_and_nothing_was_sent() -> None:
    tries: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        if len(tries) == 2:
            return httpx.Response(200)
        raise httpx.ProxyError("407 Proxy Authentication Required")

    # It was on the way there, so that even what must not happen twice may be sent again.
    assert send(http(handler), replay=False).status_code == 200
    tries[:] = [httpx.Request("GET", "https://x.example/")] * 2
    with pytest.raises(NoAccess, match=r"407 Proxy Authentication Required.*HTTPS_PROXY"):
        send(http(handler), replay=False)


def test_a_refusal_that_is_declared_as_gzip_and_is_none_is_a_refusal() -> None:
    """Exchange, for lack of a right: NUL bytes, declared as gzip."""
    headers = {"Content-Encoding": "gzip", "x-ms-diagnostics": "2000003"}
    found = send(http(lambda _: httpx.Response(403, headers=headers, stream=httpx.ByteStream(b"\0" * 12))))
    assert (found.status_code, found.content, found.headers["x-ms-diagnostics"]) == (403, b"", "2000003")


def test_a_good_answer_that_cannot_be_unpacked_is_a_lost_one() -> None:
    bad = {"headers": {"Content-Encoding": "gzip"}, "stream": httpx.ByteStream(b"\0" * 12)}
    answers = [httpx.Response(200, **bad), httpx.Response(200)]  # type: ignore[arg-type]
    assert send(http(lambda _: answers.pop(0))).status_code == 200
    with pytest.raises(OutcomeUnknown):
        send(http(lambda _: httpx.Response(200, **bad)), replay=False)  # type: ignore[arg-type]


def test_a_cmdlet_may_take_its_fifteen_minutes() -> None:
    """The wait for one answer is longer than the server's own limit, or each long cmdlet would be sent a second time."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    http(handler).send("POST", "https://x.example/", headers={}, timeout=960.0, what="Get-X")
    assert seen[0].extensions["timeout"] == {"connect": 20.0, "read": 960.0, "write": 960.0, "pool": None}


@pytest.mark.parametrize("status", [408, 504])
def test_a_cmdlet_that_ran_into_the_servers_limit_is_not_run_for_another_quarter_of_an_hour(status: int) -> None:
    clock = Clock()
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        clock.seconds += 900
        return httpx.Response(status)

    with pytest.raises(TimedOut, match="1 attempts in 900 s"):
        send(http(handler, clock))
    assert len(sent) == 1
    with pytest.raises(OutcomeUnknown):
        send(http(handler, clock), replay=False)


def test_an_answer_that_does_not_come_in_our_own_time_is_too_late_as_well() -> None:
    clock = Clock()

    def handler(_: httpx.Request) -> httpx.Response:
        clock.seconds += 960
        raise httpx.ReadTimeout("timed out")

    with pytest.raises(TimedOut):
        send(http(handler, clock))


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
    assert retry_after({"Retry-After": "soon"}) is None
    assert retry_after({}) is None
    # A batch's part has its headers in a plain document.
    assert retry_after({"RETRY-AFTER": "4"}) == 4.0
