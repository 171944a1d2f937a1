"""Cmdlets over the admin API that Microsoft's own Exchange Online module (version 3) uses: InvokeCommand and $batch.

Microsoft documents neither, see docs/decisions; everything that knows their shape is in this file and failures.py.
Owns batches, pages, sub-requests that are throttled inside a good batch, and the one renewal of a stale token.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from microsoft365.errors import GaveUp, Interrupted, OutcomeUnknown, Problem, TenantRefused
from microsoft365.exchange.failures import Failure, parse_failure
from microsoft365.exchange.transport import Answer, Call, Progress, Row
from microsoft365.http import AT_ONCE, Http, retry_after
from microsoft365.packets import carry_out_all

BATCH_SIZE = 10
_PAGE_SIZE = 1000
# A cmdlet may run for 15 minutes ("About the Exchange Online PowerShell V3 module").
_CMDLET_SECONDS = 960.0
_GIVE_UP_SECONDS = 180.0
_LONGEST_PAUSE_SECONDS = 30.0
# How often a list is read again from its first page when the link to the next one has expired; and from which time on
# without asking for pages: a link names a server of Microsoft's, and some tenants' links have never led anywhere.
_RESTARTS = 3
_RESTART_WITHOUT_PAGES = 2
_BUSY_ATTEMPTS = 12
_CUT_OFF_ATTEMPTS = 4
_TOKEN_REFUSED = 401
_FAILED_DEPENDENCY = 424
# What an answer of the admin API has, whether or not it has rows.
_ENVELOPE = frozenset({"value", "@odata.context", "@adminapi.warnings"})
# The mailbox by which the service routes requests of an application (Microsoft's module sends the same).
_ANCHOR = "APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}"

Token = Callable[[str | None], str]


@dataclass(slots=True)
class _Work:
    """One call on its way: where it goes next, what it has brought so far."""

    call: Call
    address: str
    first_address: str
    rows: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    restarts: int = 0
    renewed: bool = False
    busy: int = 0
    sent: bool = False
    answer: Answer | None = None

    def finish(self, failure: Failure | None = None) -> None:
        self.answer = Answer(self.call, () if failure else self.rows, tuple(self.warnings), failure)


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: Any  # parsed JSON, plain text, or None for an empty body


class RestTransport:
    """Implements transport.Transport. `token(stale)` returns a bearer token other than `stale`."""

    def __init__(self, http: Http, exchange: str, tenant_id: str, token: Token) -> None:
        self._http = http
        self._base = f"{exchange}/adminapi/beta/{tenant_id}"
        self._anchor = _ANCHOR.format(tenant=tenant_id)
        self._token = token

    def run(self, calls: Sequence[Call], progress: Progress | None = None) -> list[Answer]:
        """See transport.Transport.run."""
        works = [self._work(call) for call in calls]
        try:
            self._carry_out_all(works, progress)
        except (Problem, Interrupted) as problem:
            problem.answers = tuple(
                work.answer
                if work.sent or work.answer
                else Answer(work.call, failure=Failure(0, "", "it was not sent"))
                for work in works
            )
            raise
        return [work.answer or Answer(work.call, failure=Failure(0, "", "no answer")) for work in works]

    def _carry_out_all(self, works: Sequence[_Work], progress: Progress | None) -> None:
        # What must not happen twice travels alone, so that a lost answer concerns it alone.
        packets = [[work] for work in works if not work.call.repeatable]
        shared = [work for work in works if work.call.repeatable]
        packets += [shared[start : start + BATCH_SIZE] for start in range(0, len(shared), BATCH_SIZE)]
        carry_out_all(packets, self._carry_out, at_once=AT_ONCE, progress=progress)

    def _work(self, call: Call) -> _Work:
        address = f"{self._base}/InvokeCommand"
        if call.select:
            address += f"?$select={','.join(call.select)}"
        return _Work(call, address, address)

    def _carry_out(self, packet: list[_Work]) -> None:
        pace = self._http.pace
        last_progress = pace.now()
        pending = packet
        while pending:
            token = self._token(None)
            for work in pending:
                work.sent = True
            replies = self._send(pending, token)
            for work, reply in zip(pending, replies, strict=True):
                # Refused for its token, so not carried out: known also where no other token is to be had.
                work.sent = reply.status != _TOKEN_REFUSED
            pauses = [self._take_in(work, reply, token) for work, reply in zip(pending, replies, strict=True)]
            left = [work for work in pending if work.answer is None]
            wanted = max((pause for pause in pauses if pause is not None), default=0.0)
            if len(left) < len(pending) or wanted == 0.0:
                last_progress = pace.now()
            if left and pace.now() - last_progress + wanted > _GIVE_UP_SECONDS:
                raise GaveUp(
                    f"{left[0].call.cmdlet}: Exchange has been too busy for {round(pace.now() - last_progress)} s; run "
                    "the same command again later, it goes on from where it is"
                )
            if left and wanted:
                pace.wait(wanted, f"{left[0].call.cmdlet}: Exchange is busy")
            pending = left

    def _send(self, works: list[_Work], token: str) -> list[_Reply]:
        return [self._send_one(works[0], token)] if len(works) == 1 else self._send_batch(works, token)

    def _send_one(self, work: _Work, token: str) -> _Reply:
        call = work.call
        response = self._http.send(
            "POST",
            work.address,
            headers=self._headers(token, work),
            json=_body(call),
            replay=call.repeatable,
            timeout=_CMDLET_SECONDS,
            what=call.cmdlet,
        )
        return _reply_of(response)

    def _send_batch(self, works: list[_Work], token: str) -> list[_Reply]:
        requests = [
            {
                "id": str(number),
                "method": "POST",
                "url": work.address,
                "headers": self._headers(token, work),
                "body": _body(work.call),
            }
            for number, work in enumerate(works)
        ]
        names = ", ".join(sorted({work.call.cmdlet for work in works}))
        outer = _reply_of(
            self._http.send(
                "POST",
                f"{self._base}/$batch",
                headers=self._headers(token),
                json={"requests": requests},
                timeout=_CMDLET_SECONDS,
                what=names,
            )
        )
        parts = outer.body.get("responses") if isinstance(outer.body, dict) else None
        if outer.status != 200:
            return [outer] * len(works)
        if not isinstance(parts, list):
            # Cut off, or no answer to a batch at all: nobody knows what became of any part.
            return [_part(None)] * len(works)
        found = {str(part.get("id")): part for part in parts if isinstance(part, dict)}
        return [_part(found.get(str(number))) for number in range(len(works))]

    def _headers(self, token: str, work: _Work | None = None) -> dict[str, str]:
        # Without this preference a batch may end at its first failing part (OData 4.01, "Batch Requests").
        preferences = "odata.continue-on-error"
        if work is None or work.restarts < _RESTART_WITHOUT_PAGES:
            preferences = f"odata.maxpagesize={_PAGE_SIZE};{preferences}"
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "X-AnchorMailbox": self._anchor,
            "Prefer": preferences,
            "client-request-id": str(uuid.uuid4()),
        }
        if work is not None:
            headers["X-CmdletName"] = work.call.cmdlet
        return headers

    def _take_in(self, work: _Work, reply: _Reply, token: str) -> float | None:
        """Take one reply in; returns how long to pause before the work goes on, None if no pause is asked for."""
        if 200 <= reply.status < 300:
            return self._take_in_success(work, reply)
        following = work.address != work.first_address
        if reply.status == 400 and following and work.restarts < _RESTARTS:
            # The link to the next page has expired: what was read so far is not the whole, so it is read afresh.
            work.restarts += 1
            work.address = work.first_address
            work.rows.clear()
            work.warnings.clear()
            return None
        if reply.status == _TOKEN_REFUSED and not work.renewed:
            work.renewed = True
            self._token(token)
            return None
        failure = parse_failure(reply.status, reply.headers, reply.body)
        if reply.status == _FAILED_DEPENDENCY:
            # Another part failed before this one was begun.
            return self._busy(work, failure, 0.0)
        if failure.busy:
            wait = retry_after(reply.headers)
            if wait is not None:
                self._http.pause(self._base, wait)
            return self._busy(work, failure, wait)
        work.finish(failure)
        return None

    def _take_in_success(self, work: _Work, reply: _Reply) -> float | None:
        call, body = work.call, reply.body
        rows = body.get("value") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            if body is None and not call.reads:
                work.finish()
                return None
            if isinstance(body, dict) and rows is None and not call.reads and not _ENVELOPE.isdisjoint(body):
                work.finish()
                return None
            # Cut off, or empty where there must be a list: never taken for "there is nothing".
            text = "an answer that is cut off or empty"
            return self._busy(work, Failure(reply.status, "", text), None, attempts=_CUT_OFF_ATTEMPTS)
        work.warnings += [str(warning) for warning in body.get("@adminapi.warnings") or []]
        work.rows += [_clean(row, call.select) for row in rows if isinstance(row, dict)]
        link = body.get("@odata.nextLink")
        if link:
            work.address = self._own(str(link), call)
            return None
        if call.reads and any("ResultSize" in warning for warning in work.warnings):
            raise TenantRefused(
                f"{call.cmdlet}: Exchange shortened the list ({work.warnings[-1]}); nothing was changed, since a part "
                "must not be taken for the whole"
            )
        work.finish()
        return None

    def _busy(
        self, work: _Work, failure: Failure, wait: float | None, *, attempts: int = _BUSY_ATTEMPTS
    ) -> float | None:
        work.busy += 1
        if not work.call.repeatable and (failure.type or failure.status != 429):
            raise OutcomeUnknown(f"{work.call.cmdlet}: {failure.text or f'HTTP {failure.status}'}")
        if work.busy >= attempts:
            work.finish(failure)
            return None
        return wait if wait is not None else min(_LONGEST_PAUSE_SECONDS, 0.5 * float(2 ** (work.busy - 1)))

    def _own(self, link: str, call: Call) -> str:
        """Return a next-page link, once sure that the token goes to no other host by it."""
        if httpx.URL(link).netloc != httpx.URL(self._base).netloc or httpx.URL(link).scheme != "https":
            raise TenantRefused(
                f"{call.cmdlet}: the link to the next page leads to another host ({httpx.URL(link).host})"
            )
        return link


def _body(call: Call) -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": call.cmdlet, "Parameters": dict(call.parameters)}}


def _reply_of(response: httpx.Response) -> _Reply:
    content = response.content.replace(b"\x00", b"").strip()
    return _Reply(response.status_code, response.headers, _parse(content))


def _part(part: Mapping[str, Any] | None) -> _Reply:
    try:
        status = int((part or {})["status"])
    except (KeyError, TypeError, ValueError):
        # A good batch without an answer to this part: as if the connection had been lost for it.
        return _Reply(503, {}, None)
    assert part is not None  # noqa: S101  # it has a status
    body = part.get("body")
    parsed = _parse(body.encode()) if isinstance(body, str) else body
    headers = part.get("headers")
    return _Reply(status, headers if isinstance(headers, dict) else {}, parsed)


def _parse(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


def _clean(row: Mapping[str, Any], select: tuple[str, ...]) -> Row:
    """Keep what was selected, without the annotations that stand before each property."""
    if select:
        return {name: row.get(name) for name in select}
    return {name: value for name, value in row.items() if "@" not in name}
