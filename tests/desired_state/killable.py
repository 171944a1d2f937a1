"""A simulated tenant within this process for a run that is killed at its n-th change, seeded anew for each example.

Owns the killing and the seeding. The way of a request into the simulator is without_sockets.py's, whose tenant goes back to
states instead.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from microsoft365.exchange.rest import RestTransport
from microsoft365.http import Http
from simulator import microsoft, tokens
from simulator.apps import control_app, exchange_app, identity_app
from simulator.front import Front
from simulator.kernel import Simulator
from simulator.seed import Company, new_tenant
from simulator.store import Store
from simulator.tenant import Tenant
from tests.desired_state.wires import Clock
from tests.desired_state.without_sockets import HTTPS, Wire


class Killed(BaseException):
    """The process that ran was killed: nothing of it catches this."""


class KillableWire(Wire):
    """A simulator, and httpx's way into it, which a killed run loses."""

    def __init__(self, folder: Path) -> None:
        with mock.patch.object(Store, "write"):
            self.simulator = Simulator(folder)
        # What is made anew for each example need not be on disk.
        self._no_disk = mock.patch.object(self.simulator.store, "write")
        self._no_disk.start()
        self.simulator.port = HTTPS
        super().__init__(Front(self.simulator, identity_app(), exchange_app()), control_app(self.simulator))
        self._alive = threading.Lock()
        self._token = ""
        self.changes_left: int | None = None
        self.killed_after_the_effect = False
        self._dead = False

    def end(self) -> None:
        """End the event loop."""
        self._no_disk.stop()
        self.close_for_good()

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
        with self._alive:
            if self._dead:
                raise Killed
            last = self._is_last_change(request)
            if last and not self.killed_after_the_effect:
                self._dead = True
                raise Killed
            answer = super().handle_request(request)
            if last:
                self._dead = True
                raise Killed
        return answer

    def revive(self) -> None:
        """Let a new process send its requests."""
        self.changes_left, self._dead = None, False

    def _is_last_change(self, request: httpx.Request) -> bool:
        if self.changes_left is None or _reads(request):
            return False
        self.changes_left -= 1
        return self.changes_left < 0


def _reads(request: httpx.Request) -> bool:
    document: Mapping[str, Any] = httpx.Response(200, content=request.content).json()
    bodies = [part["body"] for part in document["requests"]] if "requests" in document else [document]
    return all(body["CmdletInput"]["CmdletName"].startswith(("Get-", "Test-")) for body in bodies)
