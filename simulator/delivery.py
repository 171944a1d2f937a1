"""How an answer leaves the machine: whole, in place of the true one, slowly, cut short, or not at all.

Owns the connection.  Refuses to own when which of these happens: faults.py says so, front.py asks.
"""

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any, Self

from starlette.types import Message, Receive, Scope, Send

from simulator.faults import Action

DRIBBLES = 10
"""Pieces of a body that is sent slowly."""

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: Headers
    body: bytes

    @classmethod
    def of_messages(cls, messages: list[Message]) -> Self:
        """Return the answer that an ASGI application gave."""
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return cls(messages[0]["status"], list(messages[0]["headers"]), body)

    @classmethod
    def of_document(cls, status: int, document: Any, headers: dict[str, str] | None = None) -> Self:
        """Return an answer with a text as it is, JSON of anything else, or no body for None; `headers` win."""
        content, content_type = body_of(document)
        named = {"content-type": content_type, "content-length": str(len(content))}
        named.update({name.lower(): value for name, value in (headers or {}).items()})
        return cls(status, [(n.encode("latin-1"), v.encode("latin-1")) for n, v in named.items()], content)


def body_of(document: Any) -> tuple[bytes, str]:
    """Return a body and its content type."""
    if document is None:
        return b"", "application/json"
    if isinstance(document, str):
        return document.encode(), "text/plain; charset=utf-8"
    return json.dumps(document).encode(), "application/json; charset=utf-8"


class Delivery:
    """The way back of one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport = scope["state"]["transport"]
        self._receive, self._send = receive, send

    async def whole(self, answer: Answer, date: str) -> None:
        """Send everything, with the tenant's time."""
        await self._start(answer, date)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def spoiled(self, answer: Answer, date: str, action: Action) -> None:
        """Send what a fault leaves of the answer of a request that took effect."""
        if action.dribble_seconds is not None:
            await self._dribble(answer, date, action.dribble_seconds)
        elif action.truncate_body and len(answer.body) > 1:
            await self._truncated(answer, date)
        else:
            # Of an answer without a body nothing can be cut off; the connection breaks before it.
            await self.reset()

    async def reset(self) -> None:
        """Cut the connection as a network does: a TCP reset, no answer."""
        connection = self._transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._transport.abort()
        await self._disconnected()

    async def _start(self, answer: Answer, date: str) -> None:
        headers = answer.headers
        if not any(name == b"date" for name, _ in headers):
            headers = [*headers, (b"date", date.encode())]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _truncated(self, answer: Answer, date: str) -> None:
        await self._start(answer, date)
        half = answer.body[: len(answer.body) // 2]
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        self._transport.close()
        await self._disconnected()

    async def _dribble(self, answer: Answer, date: str, seconds: float) -> None:
        await self._start(answer, date)
        size = max(1, -(-len(answer.body) // DRIBBLES))
        for begin in range(0, len(answer.body), size):
            await self._send(
                {"type": "http.response.body", "body": answer.body[begin : begin + size], "more_body": True}
            )
            await asyncio.sleep(seconds / DRIBBLES)
        await self._send({"type": "http.response.body", "body": b""})

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
