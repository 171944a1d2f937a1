"""One HTTP client, one limiter and one retry policy for everything that is asked of Microsoft.

Owns: how many requests are under way at once, who waits when a host asks for a pause, what is tried again and for how long,
and what a lost connection means. Refuses to own: addresses, tokens and the meaning of answers.
"""

import email.utils
import random
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from microsoft365 import trust
from microsoft365.deadline import Limited
from microsoft365.errors import GaveUp, NoAccess, OutcomeUnknown, Problem, TenantRefused, TimedOut
from microsoft365.pace import Pace
from microsoft365.web_pages import web_page

# Exchange Online refuses more at once from one tenant with "You have reached the maximum number of concurrent requests
# per tenant"; Microsoft publishes no figure, so this stays modest.
AT_ONCE = 8
# "Microsoft Graph throttling guidance": wait as Retry-After says, else back off exponentially.
THROTTLED = frozenset({429})
UNAVAILABLE = frozenset({408, 500, 502, 503, 504})
_TIME_IS_UP = frozenset({408, 504})
_CONCURRENCY_REFUSAL = "maximum number of concurrent requests"
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0
# A machine that refuses connections is rarely back within minutes, and a person waits for this.
_CONNECT_ATTEMPTS = 4
# An internal error that stays is not cured by minutes of patience.
_INTERNAL_ERROR_ATTEMPTS = 5
_OF_THE_BODY = frozenset({"content-encoding", "content-length", "transfer-encoding"})
# For one whole answer; where a cmdlet may run for longer, the caller says so.
_ANSWER_SECONDS = 120.0


class _AgainError(Exception):
    """Internal: try once more, after `wait` seconds if the other side said so.

    With a `remedy`, giving up is not a matter of patience: somebody has to do what it says. `timed_out`: the call took longer
    than the other side or we wait.
    """

    def __init__(
        self,
        reason: str,
        *,
        wait: float | None = None,
        attempts: int | None = None,
        remedy: str | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.attempts = attempts
        self.remedy = remedy
        self.timed_out = timed_out

    def problem(self, what: str, attempts: int, seconds: int) -> Problem:
        """Return what a run ends with that gives up."""
        tried = f"{what}: {self.reason}, {attempts} attempts in {seconds} s"
        if self.remedy is not None:
            return NoAccess(f"{tried}; {self.remedy}")
        kind = TimedOut if self.timed_out else GaveUp
        return kind(f"{tried}; run the same command again later, it goes on from where it is")


def make_client(environment: Mapping[str, str]) -> httpx.Client:
    """Make the client: certificates are verified with SSL_CERT_FILE where it is set, else with certifi's list."""
    bundle = environment.get("SSL_CERT_FILE") or environment.get("REQUESTS_CA_BUNDLE") or None
    verify: ssl.SSLContext | bool = True
    if bundle:
        try:
            verify = ssl.create_default_context(cafile=bundle)
        except OSError as error:
            raise NoAccess(
                f"the certificates in {bundle} (SSL_CERT_FILE) cannot be read: {error.strerror or error}; correct the "
                "path or unset the variable"
            ) from None
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    return httpx.Client(verify=verify, limits=limits, timeout=httpx.Timeout(_ANSWER_SECONDS, connect=20.0, pool=None))


class Http:
    """Sends requests, at most `AT_ONCE` at a time, and tries again what is worth it."""

    def __init__(self, client: httpx.Client, *, pace: Pace | None = None, give_up_after: float = 180.0) -> None:
        self._client = client
        self._pace = pace or Pace()
        self._give_up_after = give_up_after
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._pauses: dict[str, float] = {}
        self._pausing = threading.Lock()

    @property
    def pace(self) -> Pace:
        """The clock that everything built on this client waits by."""
        return self._pace

    def pause(self, address: str, seconds: float) -> None:
        """Let nobody in this run ask the host of `address` for so many seconds: it has told one of us to wait.

        A longer pause than anybody would wait for is left to whoever was told.
        """
        if seconds <= self._give_up_after:
            host = _host(address)
            with self._pausing:
                self._pauses[host] = max(self._pauses.get(host, 0.0), self._pace.now() + seconds)

    def send(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str],
        json: Any = None,
        replay: bool = True,
        timeout: float | None = None,
        what: str,
    ) -> httpx.Response:
        """Send one request and return its answer, whatever the status, once trying again is of no use.

        `replay` false is for a change that must not happen twice: it is sent again only where it cannot have been
        carried out. `what` names the request in errors. `timeout` is in seconds, for one whole answer.

        Raises GaveUp after `give_up_after` seconds of throttling or unavailability, OutcomeUnknown when the answer to
        a request that must not be replayed was lost, NoAccess when the other side's certificate is not trusted or
        something between here and there answers in its place.
        """
        started = self._pace.now()

        def attempt() -> httpx.Response:
            return self._once(method, address, headers, json, replay=replay, timeout=timeout, what=what)

        def stop(state: RetryCallState) -> bool:
            again = _again_of(state)
            too_many = again.attempts is not None and state.attempt_number >= again.attempts
            return too_many or self._pace.now() - started + wait(state) > self._give_up_after

        waits: dict[int, float] = {}

        def wait(state: RetryCallState) -> float:
            again = _again_of(state)
            if again.wait is not None:
                return again.wait
            # The same number for `stop` and for the wait itself.
            return waits.setdefault(state.attempt_number, _back_off(state.attempt_number))

        def gave_up(state: RetryCallState) -> httpx.Response:
            again = _again_of(state)
            raise again.problem(what, state.attempt_number, round(self._pace.now() - started))

        reasons: list[str] = []

        return Retrying(
            retry=retry_if_exception_type(_AgainError),
            stop=stop,
            wait=wait,
            before_sleep=lambda state: reasons.append(_again_of(state).reason),
            sleep=lambda seconds: self._pace.wait(float(seconds), f"{what}: {reasons[-1]}"),
            retry_error_callback=gave_up,
        )(attempt)

    def _once(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        json: Any,
        *,
        replay: bool,
        timeout: float | None,
        what: str,
    ) -> httpx.Response:
        host = _host(address)
        try:
            self._keep_pause(host)
            with self._slots:
                response = self._answer(method, address, headers, json, timeout)
        except httpx.ProxyError as error:
            # It concerns the way there: nothing has reached Microsoft, so that anything may be sent again.
            raise _AgainError(
                f"the proxy does not let this machine reach {host} ({error})",
                attempts=_CONNECT_ATTEMPTS,
                remedy=f"check HTTPS_PROXY (with user and password where the proxy wants them), and that it allows {host}",
            ) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if trust.REFUSED in str(error):
                raise NoAccess(f"{what}: {trust.not_trusted(host, str(error))}") from None
            raise _AgainError(f"cannot reach {host} ({error})", attempts=_CONNECT_ATTEMPTS) from None
        except httpx.TransportError as error:
            reason = f"the connection was lost ({type(error).__name__})"
            if not replay:
                raise OutcomeUnknown(f"{what}: {reason} before the answer came") from None
            timed_out = isinstance(error, httpx.ReadTimeout)
            raise _AgainError(reason, attempts=_INTERNAL_ERROR_ATTEMPTS, timed_out=timed_out) from None
        except httpx.InvalidURL as error:
            raise TenantRefused(f"{what}: {error}") from None
        return self._judge(response, address, replay=replay, what=what)

    def _answer(
        self, method: str, address: str, headers: Mapping[str, str], json: Any, timeout: float | None
    ) -> httpx.Response:
        """Send it and read the answer to its end."""
        seconds = _ANSWER_SECONDS if timeout is None else timeout
        limits: Any = httpx.USE_CLIENT_DEFAULT if timeout is None else httpx.Timeout(timeout, connect=20.0, pool=None)
        request = self._client.build_request(method, address, headers=dict(headers), json=json, timeout=limits)
        begun = self._pace.now()
        response = self._client.send(request, stream=True)
        try:
            body = response.stream
            assert isinstance(body, httpx.SyncByteStream)  # noqa: S101  # a synchronous client has no other
            response.stream = Limited(body, self._pace, begun, seconds)
            response.read()
        except httpx.DecodingError:
            if response.is_success:
                raise httpx.ReadError("the answer cannot be unpacked") from None
            # Exchange refuses for lack of a right with bytes that it declares as gzip and that are none.
            headers = {name: value for name, value in response.headers.items() if name.lower() not in _OF_THE_BODY}
            return httpx.Response(response.status_code, headers=headers, request=request)
        finally:
            response.close()
        return response

    def _keep_pause(self, host: str) -> None:
        while True:
            with self._pausing:
                left = self._pauses.get(host, 0.0) - self._pace.now()
            if left <= 0:
                return
            self._pace.wait(left, f"{host} has asked for a pause")

    def _judge(self, response: httpx.Response, address: str, *, replay: bool, what: str) -> httpx.Response:
        status = response.status_code
        if status in THROTTLED or is_concurrency_refusal(response):
            wait = retry_after(response.headers)
            if wait is not None:
                self.pause(address, wait)
            raise _AgainError(f"Microsoft throttles (HTTP {status})", wait=wait)
        if status in UNAVAILABLE:
            if not replay:
                raise OutcomeUnknown(f"{what}: HTTP {status} before the answer came")
            attempts = _INTERNAL_ERROR_ATTEMPTS if status == 500 else None
            raise _AgainError(
                f"not available (HTTP {status})",
                wait=retry_after(response.headers),
                attempts=attempts,
                timed_out=status in _TIME_IS_UP,
            )
        title = web_page(response)
        # 401 is about the token, whoever words it.
        if title is not None and status != 401:
            host = _host(address)
            reason = f"a web page answered in place of {host} (HTTP {status}, {title!r}), as a proxy or a firewall does"
            if not replay:
                raise OutcomeUnknown(f"{what}: {reason}")
            raise _AgainError(
                reason,
                attempts=_CONNECT_ATTEMPTS,
                remedy=f"let this machine reach {host}, or set HTTPS_PROXY to a proxy that does, and run the same command again",
            )
        return response


def _host(address: str) -> str:
    return httpx.URL(address).netloc.decode()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by a Retry-After header, whether it holds seconds or a date; None without a usable one."""
    # The parts of a batch have headers of a plain document, in whatever letter case.
    folded = {str(name).casefold(): str(text) for name, text in headers.items()}
    value = folded.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        until = http_date(value)
        told = http_date(folded.get("date", "")) or datetime.now(UTC)
        return max(0.0, (until - told).total_seconds()) if until else None


def http_date(value: str) -> datetime | None:
    """Read the date of an HTTP header as a moment in UTC; None if it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def is_concurrency_refusal(response: httpx.Response) -> bool:
    """Tell whether Exchange refused because too much is under way: plain text, with any status but success."""
    if response.is_success or response.headers.get("Content-Type", "").startswith("application/json"):
        return False
    return _CONCURRENCY_REFUSAL in response.text


def _back_off(attempt: int) -> float:
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * float(2 ** (attempt - 1)))
    return longest * random.uniform(0.7, 1.0)  # noqa: S311  # spreads retries; no secret depends on it


def _again_of(state: RetryCallState) -> _AgainError:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, _AgainError)  # noqa: S101  # the only error that is retried
    return error
