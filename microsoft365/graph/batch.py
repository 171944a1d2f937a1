"""Microsoft Graph's JSON batches: up to twenty requests in one round trip, each answered by itself.

Owns the envelope, the requests that are throttled inside a good batch, the one renewal of a stale token, and what is not
known of a change whose answer was lost. Refuses to own what an answer means: 403 and 404 are answers like any other.
Source: Microsoft Graph, "Combine multiple HTTP requests using JSON batching" and "Microsoft Graph throttling guidance"
(requests of a batch are throttled one by one; those refused are sent again after the longest Retry-After).
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from microsoft365.errors import OutcomeUnknown, TenantRefused
from microsoft365.graph.client import Token, describe
from microsoft365.http import AT_ONCE, THROTTLED, UNAVAILABLE, Http, retry_after
from microsoft365.packets import carry_out_all

# "JSON batch requests are currently limited to 20 individual requests".
BATCH_SIZE = 20
_GIVE_UP_SECONDS = 180.0
_LONGEST_PAUSE_SECONDS = 30.0
_UNAVAILABLE_ATTEMPTS = 5
# What Graph calls a token that has ended or that it cannot read; a new one helps. NoPermissionsInAccessToken is another
# matter: the token is good, and gives nothing.
_STALE = "InvalidAuthenticationToken"
_NO_BODY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` begins behind the version, quoted. Only a POST must not happen twice."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def repeatable(self) -> bool:
        """True where carrying it out twice leaves what carrying it out once leaves."""
        return self.method != "POST"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request: status and JSON body. Status 0: a change was sent and its answer lost."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Graph's error code, '' for none."""
        return str(self._error.get("code") or "")

    @property
    def message(self) -> str:
        """Graph's error text in one line, '' for none."""
        return " ".join(str(self._error.get("message") or "").split())[:300]

    @property
    def _error(self) -> Mapping[str, Any]:
        error = self.body.get("error")
        return error if isinstance(error, Mapping) else _NO_BODY


LOST = Reply(0)


@dataclass(slots=True)
class _Work:
    request: Request
    reply: Reply | None = None
    refused: Reply | None = None
    unavailable: int = 0
    renewed: bool = False


class GraphBatches:
    """Sends requests of one identity to Graph v1.0. `token(stale)` returns a bearer token other than `stale`."""

    def __init__(self, http: Http, base: str, token: Token) -> None:
        self._http = http
        self._address = f"{base}/v1.0/$batch"
        self._token = token

    def run(self, requests: Sequence[Request], progress: Callable[[int], None] | None = None) -> list[Reply]:
        """Send all requests and return their answers in the order of the requests, whatever their status.

        A request that stays throttled or unavailable has that status in its answer. Raises GaveUp where Graph as a whole
        stays so, TenantRefused where it refuses the batch itself, NoAccess where no token is to be had.
        """
        works = [_Work(request) for request in requests]
        # What must not happen twice never travels with what may, so that only it is in doubt when an answer is lost.
        packets = [
            kind[start : start + BATCH_SIZE]
            for kind in ([w for w in works if w.request.repeatable], [w for w in works if not w.request.repeatable])
            for start in range(0, len(kind), BATCH_SIZE)
        ]
        # Whoever has written something takes it away again, also when stopped: nothing may arrive after that.
        carry_out_all(packets, self._carry_out, at_once=AT_ONCE, progress=progress, abandon=False)
        return [work.reply or LOST for work in works]

    def _carry_out(self, packet: list[_Work]) -> None:
        pace = self._http.pace
        last_progress, attempt, pending = pace.now(), 0, packet
        while pending:
            token = self._token(None)
            parts = self._send(pending, token)
            pauses = [self._take_in(work, part, token) for work, part in zip(pending, parts, strict=True)]
            left = [work for work in pending if work.reply is None]
            if len(left) < len(pending):
                last_progress, attempt = pace.now(), 0
            attempt += 1
            asked = [pause for pause in pauses if pause is not None]
            wait = max(asked, default=0.0) or min(_LONGEST_PAUSE_SECONDS, 0.5 * float(2 ** (attempt - 1)))
            if left and asked and pace.now() - last_progress + wait > _GIVE_UP_SECONDS:
                for work in left:
                    work.reply = work.refused or LOST
                return
            if left and asked:
                pace.sleep(wait)
            pending = left

    def _send(self, works: list[_Work], token: str) -> list[Mapping[str, Any] | None]:
        """Return the part of the answer for each request, None where there is none."""
        document = {"requests": [_document(number, work.request) for number, work in enumerate(works)]}
        repeatable = all(work.request.repeatable for work in works)
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "client-request-id": str(uuid.uuid4()),
        }
        try:
            response = self._http.send(
                "POST", self._address, headers=headers, json=document, replay=repeatable, what="Microsoft Graph $batch"
            )
        except OutcomeUnknown:
            return [{"status": 0}] * len(works)
        if response.status_code in (401, 403):
            try:
                body = response.json()
            except ValueError:
                body = None
            return [{"status": response.status_code, "body": body}] * len(works)
        if response.status_code != 200:
            raise TenantRefused(f"Microsoft Graph refused a batch: {describe(response)}")
        try:
            parts = response.json().get("responses")
        except (ValueError, AttributeError):
            parts = None
        known = {str(part.get("id")): part for part in parts if isinstance(part, dict)} if parts else {}
        return [known.get(str(number)) for number in range(len(works))]

    def _take_in(self, work: _Work, part: Mapping[str, Any] | None, token: str) -> float | None:
        """Take one answer in; returns how long to pause before the request goes again, 0 for a while of our own choice.

        None where it is answered, or goes again at once.
        """
        if part is None:
            # A good batch without an answer to this request: as if the connection had been lost for it.
            part = {"status": 503 if work.request.repeatable else 0}
        status, body, headers = int(part.get("status") or 0), part.get("body"), part.get("headers")
        reply = Reply(status, body if isinstance(body, Mapping) else {})
        if status == 401 and reply.code == _STALE and not work.renewed:
            work.renewed = True
            self._token(token)
            return None
        if status in UNAVAILABLE and not work.request.repeatable:
            reply = LOST
        elif status in THROTTLED or status in UNAVAILABLE:
            work.refused = reply
            work.unavailable += status in UNAVAILABLE
            wait = retry_after(headers if isinstance(headers, Mapping) else {}) or 0.0
            # One that is to wait for longer than anybody will must not keep the others waiting.
            if work.unavailable < _UNAVAILABLE_ATTEMPTS and wait <= _GIVE_UP_SECONDS:
                return wait
        work.reply = reply
        return None


def _document(number: int, request: Request) -> dict[str, Any]:
    document: dict[str, Any] = {"id": str(number), "method": request.method, "url": request.path}
    headers = dict(request.headers)
    if request.body is not None:
        document["body"] = dict(request.body)
        headers["Content-Type"] = "application/json"
    return document | ({"headers": headers} if headers else {})
