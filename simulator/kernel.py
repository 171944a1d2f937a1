"""What every API of the simulator shares: the store, the log, the faults, its own addresses, and who is calling.

Owns the check of bearer tokens, and which tenant a request is for.  Refuses to own answers: each API writes its refusals
in its own shape.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from simulator import moments, tokens
from simulator.exposure.meter import Meter
from simulator.faults import FaultTable
from simulator.pipeline import Issuer
from simulator.requestlog import Entry, RequestLog
from simulator.store import Store
from simulator.tenant import Tenant, new_id
from simulator.throttling import Crowd


class NotImitatedError(Exception):
    """Something that Microsoft has and the simulator has not; each API answers it with 501 and the code NotImitated."""


class Simulator:
    """The whole of one process."""

    def __init__(self, state_folder: Path) -> None:
        self.store = Store(state_folder)
        self.log = RequestLog()
        self.faults = FaultTable()
        self.crowd = Crowd()
        self.meters: dict[str, Meter] = {}
        """Exposure meters by tenant id; they do not survive a restart."""
        self.pipeline = Issuer()
        self.port = 0
        self.control_port = 0
        self.pages: dict[str, Any] = {}
        """Results that a further page is asked from, by the opaque part of their link; they do not survive a restart."""

    @property
    def identity_url(self) -> str:
        """The base of login and Graph, which is also the Graph audience."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def control_url(self) -> str:
        """The base of the control API, and the address of the page."""
        return f"http://127.0.0.1:{self.control_port}"

    @property
    def exchange_url(self) -> str:
        """The base of Exchange, which is also its audience."""
        return f"https://localhost:{self.port}"

    def addressed(self, path: str, authorization: str | None) -> Tenant | None:
        """Return the tenant that a request is for: by its path, or by what its token claims.

        Decides whose clock, conditions and faults count, never who may do what.
        """
        if path.startswith("/adminapi/"):
            return self.store.tenant(path.split("/", 4)[3]) if path.count("/") > 2 else None
        if path.startswith(("/v1.0", "/beta")):
            return self.store.tenants.get(tokens.tenant_id_of(_bearer(authorization)) or "")
        return self.store.tenant(path.split("/", 2)[1])

    def begin(self, tenant: Tenant | None, api: str, method: str, path: str, query: str) -> Entry:
        """Add an entry to the log, with the time of the tenant that the request is for."""
        now = (tenant or self.store.first).now()
        entry = self.log.begin(moments.ticks(now), api, method, path, query)
        entry.tenant_id = tenant.id if tenant else None
        return entry

    def before_effect(self) -> None:
        """Say that something may change now: the exposure meters look at what time alone has changed until here."""
        for meter in self.meters.values():
            meter.catch_up()

    def after_effect(self, entry: Entry | None) -> None:
        """Say that a request, or the control API when there is no entry, has done what it does."""
        for meter in self.meters.values():
            meter.look(self.store.revision, entry)


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
    token = _bearer(authorization)
    if not token:
        raise tokens.TokenRefusedError("Access token is empty.")
    tenant = simulator.store.tenants.get(tokens.tenant_id_of(token) or "")
    if tenant is None:
        raise tokens.TokenRefusedError("the token is garbled or from an unknown tenant")
    claims = tokens.verify(tenant, token, audience)
    entry.tenant_id, entry.caller_app_id = tenant.id, claims["appid"]
    return Caller(tenant, claims["appid"], claims["oid"], frozenset(claims.get("roles", [])), frozenset(claims["wids"]))


def claimed_app_id(authorization: str | None) -> str:
    """Return the client id that a bearer token claims, unverified; an empty text when there is none."""
    return str(tokens.unverified_claims(_bearer(authorization)).get("appid", ""))


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def request_ids(request: Request) -> tuple[str, str]:
    """Return the request's id and the caller's own, which is echoed when it was sent."""
    own = new_id()
    return own, request.headers.get("client-request-id") or own
