"""A wire that answers what a test says, and a clock that only moves when somebody waits."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from microsoft365.exchange.rest import RestTransport
from microsoft365.http import Http
from microsoft365.pace import Pace

EXCHANGE = "https://outlook.office365.com"
TENANT = "63759d9f-bfca-4f52-ae98-8f2f1d7bc173"

Handler = Callable[[httpx.Request], httpx.Response]


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []
        self.told: list[str] = []
        # What somebody else does while the first one waits.
        self.asleep: Callable[[], object] | None = None
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)
            until = self.seconds + seconds
        other, self.asleep = self.asleep, None
        if other is not None:
            other()
        with self._lock:
            self.seconds = max(self.seconds, until) if other is not None else self.seconds + seconds

    @property
    def pace(self) -> Pace:
        return Pace(lambda: self.seconds, self.sleep, lambda _, why: self.told.append(why))


def http(handler: Handler, clock: Clock | None = None) -> Http:
    client = httpx.Client(transport=httpx.MockTransport(handler))
    return Http(client, pace=(clock or Clock()).pace)


class Exchange:
    """The admin API with cmdlets that a test gives: each takes parameters and the attempt's number, and returns a part."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.requests: list[httpx.Request] = []
        self.cmdlets: list[tuple[str, Mapping[str, Any]]] = []
        self.tokens: list[str | None] = []
        self.before: Handler | None = None
        self.answer: Callable[[str, Mapping[str, Any], str], dict[str, Any]] = lambda _cmdlet, _parameters, _url: good(
            []
        )
        self._lock = threading.Lock()

    def transport(self, token: Callable[[str | None], str] | None = None) -> RestTransport:
        def one_of_two(stale: str | None) -> str:
            self.tokens.append(stale)
            return "fresh" if stale else "first"

        return RestTransport(http(self._handle, self.clock), EXCHANGE, TENANT, token or one_of_two)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            if self.before is not None:
                early = self.before(request)
                if early.status_code != 299:
                    return early
            body = json.loads(request.content)
            if request.url.path.endswith("/$batch"):
                parts = [{"id": part["id"], **self._run(part["body"], part["url"])} for part in body["requests"]]
                # A batch's parts come back in any order.
                return httpx.Response(200, json={"responses": parts[::-1]})
            part = self._run(body, str(request.url))
            content = part.get("body")
            if isinstance(content, (dict, list)):
                return httpx.Response(part["status"], headers=part.get("headers"), json=content)
            return httpx.Response(part["status"], headers=part.get("headers"), content=content or b"")

    def _run(self, body: Mapping[str, Any], url: str) -> dict[str, Any]:
        cmdlet, parameters = body["CmdletInput"]["CmdletName"], body["CmdletInput"]["Parameters"]
        self.cmdlets.append((cmdlet, parameters))
        return self.answer(cmdlet, parameters, url)


def passes(_: httpx.Request) -> httpx.Response:
    """Return what `Exchange.before` returns when the request is to go on."""
    return httpx.Response(299)


def good(rows: list[dict[str, Any]], warnings: list[str] | None = None, link: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"@odata.context": "x", "@adminapi.warnings": warnings or [], "value": rows}
    if link is not None:
        body["@odata.nextLink"] = link
    return {"status": 200, "headers": {}, "body": body}


def bad(kind: str, text: str = "Etwas ging schief.", status: int = 404) -> dict[str, Any]:
    """Return the document of a cmdlet that threw, in a tenant that does not speak English."""
    detail = {
        "code": "Context",
        "target": "",
        "message": f"Ex6F9304|Microsoft.Exchange.Configuration.Tasks.{kind}|{text}",
    }
    error = {"code": "NotFound", "message": "Error executing cmdlet", "details": [detail]}
    return {"status": status, "headers": {"request-id": "abc"}, "body": {"error": error}}
