"""The simulated tenant without sockets: its whole front door, called by httpx in this process, and states to go back to.

Owns the way of one request through the simulator, and of one run of ours through it: a hundred in the time that one takes over
TLS, so that a test can let every single request of a run fail in turn. Nothing of client or simulator is replaced but sockets,
and the state file, which nobody reads.
"""

import asyncio
import json
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Message, Scope

from microsoft365.exchange.apply import apply
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.performing import Applied
from microsoft365.exchange.rbac_removal import remove_rbac, remove_retired_rbac
from microsoft365.exchange.removal import remove, remove_retired
from microsoft365.exchange.removal_steps import Outcome
from microsoft365.exchange.rest import RestTransport
from microsoft365.graph.client import Graph
from microsoft365.http import Http
from simulator.apps import control_app, exchange_app, identity_app
from simulator.front import Front
from simulator.kernel import Simulator
from tests.desired_state.tenant import Tenant
from tests.desired_state.wires import Clock

# The ports of a machine that does not exist.
HTTPS, CONTROL = 1, 2


class Quiet:
    """Tells nobody anything."""

    def begin(self, _label: str, _total: int) -> Any:
        return lambda _: None


class _Connection:
    """What the simulator's front door does to the connection of one request."""

    def __init__(self) -> None:
        self.ended = False

    def get_extra_info(self, _name: str) -> None:
        return None

    def abort(self) -> None:
        self.ended = True

    close = abort


class Wire(httpx.BaseTransport):
    """Requests of httpx, answered by ASGI applications one after another."""

    def __init__(self, https: ASGIApp, control: ASGIApp) -> None:
        self._applications = {"https": https, "http": control}
        self._loop = asyncio.new_event_loop()
        self._one = threading.Lock()

    def close_for_good(self) -> None:
        self._loop.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        connection, sent = _Connection(), list[Message]()
        scope = _scope(request, connection)
        body = iter([{"type": "http.request", "body": request.read(), "more_body": False}])

        async def receive() -> Message:
            return next(body, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            sent.append(message)

        with self._one:
            self._loop.run_until_complete(self._applications[request.url.scheme](scope, receive, send))
        if not sent:
            raise httpx.ReadError("Connection reset by peer")
        if connection.ended:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content, request=request)


def _scope(request: httpx.Request, connection: _Connection) -> Scope:
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote(path.decode()),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 3),
        "state": {"transport": connection},
    }


class InProcess(Tenant):
    """A tenant as in tenant.py, without a server; `keep` and `restore` go back to a state in no time."""

    def __init__(self, folder: Path) -> None:
        self.simulator = Simulator(folder)
        self.simulator.port, self.simulator.control_port = HTTPS, CONTROL
        self.simulator.store.save_before_answering = lambda: None  # type: ignore[method-assign]
        self.wire = Wire(Front(self.simulator, identity_app(), exchange_app()), control_app(self.simulator))
        self.administrator = json.loads((folder / "administrator.json").read_text())
        self.id = self.administrator["tenantId"]
        self.control = httpx.Client(transport=self.wire, base_url=f"http://127.0.0.1:{CONTROL}")
        self.login_and_graph, self.exchange = f"https://127.0.0.1:{HTTPS}", f"https://localhost:{HTTPS}"
        self.web = httpx.Client(transport=self.wire)
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and close what the loop holds."""
        self.wire.close_for_good()

    @property
    def connection(self) -> dict[str, Any]:
        return {"tenantId": self.id, "metadataHost": f"127.0.0.1:{HTTPS}", "exchangeHost": f"localhost:{HTTPS}"}

    def token(self, resource: str, *, instead_of: str | None = None) -> str:
        if self._tokens.get(resource) in (None, instead_of):
            self._tokens[resource] = super().token(resource)
        return self._tokens[resource]

    def seed(self, **company: Any) -> None:
        """Begin anew with a company; the signing key stays, and tokens with it."""
        self.control.delete("/faults").raise_for_status()
        self.control.post("/seed", json=company).raise_for_status()

    def keep(self) -> Any:
        """Return the tenant's state, to go back to."""
        return self.simulator.store.tenants[self.id].model_copy(deep=True)

    def restore(self, state: Any) -> None:
        """Go back; the log, the faults and the meter begin anew."""
        self.simulator.faults.clear()
        self.simulator.log.clear()
        self.simulator.meters.clear()
        self.simulator.store.tenants[self.id] = state.model_copy(deep=True)
        self.simulator.store.changed()

    def http(self, clock: Clock | None = None) -> Http:
        return Http(httpx.Client(transport=self.wire), pace=(clock or Clock()).pace)

    def transport(self, clock: Clock | None = None) -> RestTransport:
        def token(stale: str | None) -> str:
            return self.token(self.exchange, instead_of=stale)

        return RestTransport(self.http(clock), self.exchange, self.id, token)

    def directory(self, clock: Clock | None = None) -> Graph:
        def token(stale: str | None) -> str:
            return self.token(self.login_and_graph, instead_of=stale)

        return Graph(self.http(clock), self.login_and_graph, token)

    def apply(self, wish: Any, clock: Clock | None = None) -> Applied:
        """Do what `exchange_policy.py apply` does. Raises what it ends with."""
        clock = clock or Clock()
        return apply(self.transport(clock), DesiredState.model_validate(wish), Quiet(), clock.pace)

    def remove(self, wish: Any, now: datetime, clock: Clock | None = None) -> Outcome:
        """Do what `exchange_policy.py remove` does. Raises what it ends with."""
        clock, desired = clock or Clock(), DesiredState.model_validate(wish)
        undo = remove_rbac if desired.access == "rbac" else remove
        return undo(self.directory(clock), self.transport(clock), desired, now, Quiet(), clock.pace)

    def end(self, wish: Any, now: datetime, clock: Clock | None = None) -> Outcome:
        """Do what `exchange_policy.py remove --retired` does, by the command that a removal names."""
        clock, desired = clock or Clock(), DesiredState.model_validate(wish)
        undo = remove_retired_rbac if desired.access == "rbac" else remove_retired
        address = desired.group.primary_smtp_address if desired.group else None
        return undo(self.directory(clock), self.transport(clock), desired.mark, address, now, Quiet(), clock.pace)

    def watch(self, client_id: str, allowed: Any = "rooms") -> None:
        """Start the exposure meter on one application."""
        body = {"allowed": allowed, "clientIds": [client_id]}
        self.control.post(f"/tenants/{self.id}/exposure", json=body).raise_for_status()

    def exposures(self) -> list[Any]:
        """Return every interval, however short, in which it could have read more than is allowed, or was a secret away."""
        found = self.control.get(f"/tenants/{self.id}/exposure").raise_for_status().json()
        return [each for name in ("avoidable", "withDelays", "oneSecretAway") for each in found[name]["intervals"]]

    def avoidable(self) -> list[Any]:
        """Return those of them that the order of calls could have avoided."""
        found = self.control.get(f"/tenants/{self.id}/exposure").raise_for_status().json()
        return list(found["avoidable"]["intervals"])

    def secret(self, application: dict[str, str]) -> None:
        """Give an application a client secret, so that whatever it may do it can do."""
        self.graph("POST", f"/applications/{application['objectId']}/addPassword", {"passwordCredential": {}})
