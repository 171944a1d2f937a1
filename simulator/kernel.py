"""What every API of the simulator shares: the store, the log, the faults, its own addresses, and who is calling.

Owns the check of bearer tokens.  Refuses to own answers: each API writes its refusals in its own shape.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from simulator import tokens
from simulator.faults import FaultTable
from simulator.pipeline import Issuer
from simulator.requestlog import Entry, RequestLog
from simulator.store import Store
from simulator.tenant import Tenant, new_id


class NotImitatedError(Exception):
    """Something that Microsoft has and the simulator has not; each API answers it with 501 and the code NotImitated."""


class Simulator:
    """The whole of one process."""

    def __init__(self, state_folder: Path) -> None:
        self.store = Store(state_folder)
        self.log = RequestLog()
        self.faults = FaultTable()
        self.pipeline = Issuer()
        self.port = 0
        self.pages: dict[str, Any] = {}
        """Results that a further page is asked from, by the opaque part of their link; they do not survive a restart."""

    @property
    def identity_url(self) -> str:
        """The base of login and Graph, which is also the Graph audience."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def exchange_url(self) -> str:
        """The base of Exchange, which is also its audience."""
        return f"https://localhost:{self.port}"


@dataclass
class Caller:
    """Who calls, as the token says it: nothing here is looked up afresh."""

    tenant: Tenant
    app_id: str
    object_id: str
    roles: frozenset[str]
    directory_roles: frozenset[str]

    def has(self, *roles: str) -> bool:
        """Tell whether the token holds at least one of these roles."""
        return not self.roles.isdisjoint(roles)


def simulator_of(request: Request) -> Simulator:
    """Return the simulator that answers this request."""
    simulator: Simulator = request.app.state.simulator
    return simulator


def entry_of(scope: Scope) -> Entry:
    """Return the log's entry of this request."""
    entry: Entry = scope["state"]["entry"]
    return entry


def authenticate(simulator: Simulator, authorization: str | None, audience: str, entry: Entry) -> Caller:
    """Return who calls, and note it in the log.  Raises TokenRefusedError."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise tokens.TokenRefusedError("Access token is empty.")
    tenant = simulator.store.tenants.get(tokens.tenant_id_of(token.strip()) or "")
    if tenant is None:
        raise tokens.TokenRefusedError("the token is garbled or from an unknown tenant")
    claims = tokens.verify(tenant, token.strip(), audience)
    entry.tenant_id, entry.caller_app_id = tenant.id, claims["appid"]
    return Caller(tenant, claims["appid"], claims["oid"], frozenset(claims.get("roles", [])), frozenset(claims["wids"]))


def request_ids(request: Request) -> tuple[str, str]:
    """Return the request's id and the caller's own, which is echoed when it was sent."""
    own = new_id()
    return own, request.headers.get("client-request-id") or own
