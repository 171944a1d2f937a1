"""The door: every Microsoft-like request passes here once, for the log, the faults, the `Date` header and the state file.

Owns which name of the one port serves which APIs: 127.0.0.1 is sign-in and Graph, localhost is Exchange, so that a
token for one is not taken for a token for the other.
"""

import asyncio
import json
import socket
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from simulator import moments
from simulator.faults import Action
from simulator.kernel import Simulator
from simulator.requestlog import Entry, without_secrets

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
        application = self.applications.get(headers.get("host", "").rpartition(":")[0] or headers.get("host", ""))
        if application is None:
            await _send_json(send, 421, _wrong_host(headers.get("host", "")), self._date())
            return
        method, path = scope["method"], scope["path"]
        api, cmdlet, parameters = _describe(path, body)
        action = self.simulator.faults.take(api, method, path, cmdlet)
        if action and action.delay_seconds:
            await asyncio.sleep(action.delay_seconds)
        entry = self.simulator.log.begin(
            moments.ticks(self.simulator.store.first.now()), api, method, path, scope["query_string"].decode("latin-1")
        )
        entry.cmdlet, entry.parameters = cmdlet, parameters
        scope.setdefault("state", {})["entry"] = entry
        if action and (action.reset == "before" or action.status):
            await self._instead(action, entry, scope, receive, send)
            return
        try:
            messages = await _answer(application, scope, body)
        except ConnectionResetAsked:
            await self._reset(entry, scope, receive)
            return
        start = messages[0]
        entry.status = start["status"]
        if method not in READING and start["status"] < 400 and api in ("graph", "calendars"):
            self.simulator.store.changed()
        self.simulator.store.save_before_answering()
        if action and action.reset == "after":
            await self._reset(entry, scope, receive)
            return
        tenant = self.simulator.store.tenants.get(entry.tenant_id or "", self.simulator.store.first)
        start["headers"] = [*start["headers"], (b"date", moments.header(tenant.now()).encode())]
        for message in messages:
            await send(message)

    def _date(self) -> str:
        return moments.header(self.simulator.store.first.now())

    async def _instead(self, action: Action, entry: Entry, scope: Scope, receive: Receive, send: Send) -> None:
        """Do what a fault says in place of the true answer; nothing takes effect."""
        entry.notes.append("answered by a fault; nothing took effect")
        if action.reset:
            await self._reset(entry, scope, receive)
            return
        entry.status = action.status
        await _send_fault(send, action, self._date())

    async def _reset(self, entry: Entry, scope: Scope, receive: Receive) -> None:
        """Cut the connection as a network does: a TCP reset, no answer."""
        entry.status = "reset"
        self.simulator.store.save_before_answering()
        transport = scope["state"]["transport"]
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def fault_body(action: Action) -> tuple[bytes, str]:
    """Return the body of a fault's answer and its content type: text as it is, anything else as JSON."""
    if action.body is None:
        return b"", "application/json"
    if isinstance(action.body, str):
        return action.body.encode(), "text/plain; charset=utf-8"
    return json.dumps(action.body).encode(), "application/json; charset=utf-8"


async def _send_fault(send: Send, action: Action, date: str) -> None:
    body, content_type = fault_body(action)
    headers = {"content-type": content_type, "content-length": str(len(body)), "date": date}
    headers.update({name.lower(): value for name, value in action.headers.items()})
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": action.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _send_json(send: Send, status: int, document: Any, date: str) -> None:
    await _send_fault(send, Action(status=status, body=document), date)


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
