"""The door: every Microsoft-like request passes here once, for throttling, faults, latency, the log and the state file.

Owns the order of these, and which name of the one port serves which APIs: 127.0.0.1 is sign-in and Graph, localhost is
Exchange, so that a token for one is not taken for a token for the other.
"""

import asyncio
import json
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from simulator import moments, throttling
from simulator.delivery import Answer, Delivery
from simulator.faults import Action, Asked
from simulator.kernel import Simulator, claimed_app_id
from simulator.requestlog import Entry, without_secrets
from simulator.tenant import Tenant

LARGEST_BODY = 20_000_000
"""Bytes; a list of 10,000 members is about 1 MB."""

READING = {"GET", "HEAD", "OPTIONS"}


class ConnectionResetAsked(Exception):  # noqa: N818 - it is no error but what a test asked for
    """A fault within a batch wants the whole connection reset."""


class Front:
    """The ASGI application of the HTTPS port."""

    def __init__(self, simulator: Simulator, identity: Starlette, exchange: Starlette) -> None:
        self.simulator = simulator
        self.applications = {"127.0.0.1": identity, "localhost": exchange}
        for application in self.applications.values():
            application.state.simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        delivery = Delivery(scope, receive, send)
        host = headers.get("host", "")
        application = self.applications.get(host.rpartition(":")[0] or host)
        if application is None:
            answer = Answer.of_document(421, _wrong_host(host))
            await delivery.whole(answer, moments.header(self.simulator.store.first.now()))
            return
        authorization = headers.get("authorization")
        addressed = self.simulator.addressed(scope["path"], authorization)
        tenant = addressed or self.simulator.store.first
        visit = _Visit(self.simulator, application, scope, body, addressed)
        app_id = claimed_app_id(authorization)
        with self.simulator.crowd.one_more(tenant, app_id, visit.mailbox) as welcome:
            if welcome:
                await visit.serve(delivery)
            else:
                await visit.refuse(delivery, app_id)


class _Visit:
    """One request on its way through the door."""

    def __init__(
        self, simulator: Simulator, application: Starlette, scope: Scope, body: bytes, addressed: Tenant | None
    ) -> None:
        self.simulator, self.application, self.scope, self.body = simulator, application, scope, body
        self.addressed, self.tenant = addressed, addressed or simulator.store.first
        self.method, self.path = scope["method"], scope["path"]
        self.api, self.cmdlet, self.parameters = _describe(self.path, body)

    @property
    def mailbox(self) -> str | None:
        """The mailbox whose calendar the path names: `/v1.0/users/{mailbox}/...`."""
        return self.path.split("/")[3] if self.api == "calendars" else None

    async def refuse(self, delivery: Delivery, app_id: str) -> None:
        """Answer a request too many at once; it meets neither faults nor latency."""
        answer = throttling.refusal(self.api, self.tenant, app_id)
        entry = self._begin()
        entry.status = answer.status
        entry.notes.append("throttled: more requests at once than the tenant takes; nothing took effect")
        await delivery.whole(answer, self._date())

    async def serve(self, delivery: Delivery) -> None:
        """Wait as long as the tenant takes, let the request take effect unless a fault prevents it, and answer."""
        action = self.simulator.faults.take(asked(self.tenant, self.api, self.method, self.path, self.cmdlet))
        if seconds := self._seconds(action):
            await asyncio.sleep(seconds)
        entry = self._begin()
        self.scope["state"]["entry"] = entry
        if action and not action.takes_effect:
            entry.notes.append("answered by a fault; nothing took effect")
            entry.status = "reset" if action.reset else action.status
            await self._instead(delivery, action)
            return
        self.simulator.before_effect()
        try:
            answer = Answer.of_messages(await _answer(self.application, self.scope, self.body))
        except ConnectionResetAsked:
            entry.status = "reset"
            self.simulator.store.save_before_answering()
            await delivery.reset()
            return
        entry.status = answer.status
        if self.method not in READING and answer.status < 400 and self.api != "exchange":
            self.simulator.store.changed()
        self.simulator.after_effect(entry)
        self.simulator.store.save_before_answering()
        spoiling = action if action and action.spoils_the_answer else self.scope["state"].get("spoiling")
        if spoiling is None:
            await delivery.whole(answer, self._date())
            return
        entry.notes.append("took effect; a fault spoiled the answer")
        if spoiling.reset:
            entry.status = "reset"
        await delivery.spoiled(answer, self._date(), spoiling)

    def _begin(self) -> Entry:
        entry = self.simulator.begin(
            self.addressed, self.api, self.method, self.path, self.scope["query_string"].decode("latin-1")
        )
        entry.cmdlet, entry.parameters = self.cmdlet, self.parameters
        return entry

    def _date(self) -> str:
        return moments.header(self.tenant.now())

    def _seconds(self, action: Action | None) -> float:
        """Return how long the request waits before it takes effect; the cmdlets of a batch wait for themselves."""
        latency = self.tenant.conditions.latency
        milliseconds = latency.request_milliseconds
        if self.path.endswith("/InvokeCommand"):
            milliseconds += latency.cmdlet_milliseconds
        return milliseconds / 1000 + (action.delay_seconds or 0 if action else 0)

    async def _instead(self, delivery: Delivery, action: Action) -> None:
        """Do what a fault says in place of the true answer."""
        if action.status is None:
            await delivery.reset()
        else:
            await delivery.whole(Answer.of_document(action.status, action.body, action.headers), self._date())


def asked(tenant: Tenant, api: str, method: str, path: str, cmdlet: str | None) -> Asked:
    """Return a request as faults see it."""
    return Asked(api, method, path, cmdlet, frozenset({tenant.id, *tenant.domains, tenant.initial_domain}))


def _wrong_host(host: str) -> dict[str, Any]:
    text = f"There is nothing at '{host}'. Sign-in and Graph answer at 127.0.0.1, Exchange answers at localhost."
    return {"error": {"code": "MisdirectedRequest", "message": text}}


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False) and size <= LARGEST_BODY
    return b"".join(parts)


async def _answer(application: Starlette, scope: Scope, body: bytes) -> list[Message]:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await application(scope, receive, send)
    return messages


def _describe(path: str, body: bytes) -> tuple[str, str | None, dict[str, Any] | None]:
    """Return the API, and the cmdlet with its parameters where there is one."""
    if path.startswith("/adminapi/"):
        if path.endswith("/InvokeCommand"):
            return "exchange", *cmdlet_of(body)
        return "exchange", None, None
    if path.startswith(("/v1.0/users/", "/beta/users/")):
        return "calendars", None, None
    return ("graph" if path.startswith(("/v1.0", "/beta")) else "login"), None, None


def cmdlet_of(body: bytes | dict[str, Any]) -> tuple[str | None, dict[str, Any] | None]:
    """Return the cmdlet that a body of InvokeCommand names, and its parameters as the log may show them."""
    try:
        document = json.loads(body) if isinstance(body, bytes) else body
        command = document["CmdletInput"]
        parameters = command.get("Parameters")
        return str(command["CmdletName"]), without_secrets(parameters) if isinstance(parameters, dict) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None
