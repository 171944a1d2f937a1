"""The simulated tenant within this process: its own handlers behind an httpx transport; no socket, no disk, no waiting.

Owns the way of a request into the simulator, and a run that is killed at its n-th change. What the tenant holds is whatever a
test puts into it. Requests are answered one after another, as the simulator's event loop answers them.
"""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from starlette.types import Message

from microsoft365.exchange.rest import RestTransport
from microsoft365.http import Http
from simulator import microsoft, tokens
from simulator.apps import exchange_app, identity_app
from simulator.front import Front
from simulator.kernel import Simulator
from simulator.seed import Company, new_tenant
from simulator.store import Store
from simulator.tenant import Tenant
from tests.desired_state.wires import Clock


class Killed(BaseException):
    """The process that ran was killed: nothing of it catches this."""


class InProcess(httpx.BaseTransport):
    """A simulator, and httpx's way into it."""

    def __init__(self, folder: Path) -> None:
        with mock.patch.object(Store, "write"):
            self.simulator = Simulator(folder)
        # What is made anew for each example need not be on disk.
        self._no_disk = mock.patch.object(self.simulator.store, "write")
        self._no_disk.start()
        self.simulator.port = 443
        self._front = Front(self.simulator, identity_app(), exchange_app())
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._token = ""
        self.changes_left: int | None = None
        self.killed_after_the_effect = False
        self._dead = False

    def close(self) -> None:
        """End the event loop."""
        self._no_disk.stop()
        self._loop.close()

    def fresh(self, company: Company) -> Tenant:
        """Put a fresh tenant in place of the former one."""
        store = self.simulator.store
        signing_key = store.first.signing_key
        tenant = new_tenant(company, store.administrator, signing_key)
        store.tenants = {tenant.id: tenant}
        self.simulator.meters.clear()
        self.simulator.log.clear()
        self.changes_left, self._dead = None, False
        store.changed()
        if not self._token:
            deployer = tenant.service_principal_by_app_id(store.administrator.client_id)
            exchange = tenant.service_principal_by_app_id(microsoft.EXCHANGE.app_id)
            assert deployer
            assert exchange
            # The same for every fresh tenant, since ids and signing key are.
            self._token = tokens.issue(tenant, deployer, exchange, self.simulator.exchange_url)
        return tenant

    def transport(self) -> RestTransport:
        """Return the project's own client of Exchange."""
        client = httpx.Client(transport=self)
        exchange = self.simulator.exchange_url
        return RestTransport(
            Http(client, pace=Clock().pace), exchange, self.simulator.store.first.id, lambda _: self._token
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, unless the process that sent it is killed before it, or before its answer."""
        with self._lock:
            if self._dead:
                raise Killed
            last = self._is_last_change(request)
            if last and not self.killed_after_the_effect:
                self._dead = True
                raise Killed
            status, headers, body = self._loop.run_until_complete(self._answer(request))
            if last:
                self._dead = True
                raise Killed
        return httpx.Response(status, headers=headers, content=body)

    def revive(self) -> None:
        """Let a new process send its requests."""
        self.changes_left, self._dead = None, False

    def _is_last_change(self, request: httpx.Request) -> bool:
        if self.changes_left is None or _reads(request):
            return False
        self.changes_left -= 1
        return self.changes_left < 0

    async def _answer(self, request: httpx.Request) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": request.content, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "root_path": "",
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": (request.url.host, 443),
            "state": {"transport": None},
        }
        await self._front(scope, receive, send)
        return sent[0]["status"], list(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def _reads(request: httpx.Request) -> bool:
    document: Mapping[str, Any] = httpx.Response(200, content=request.content).json()
    bodies = [part["body"] for part in document["requests"]] if "requests" in document else [document]
    return all(body["CmdletInput"]["CmdletName"].startswith(("Get-", "Test-")) for body in bodies)
