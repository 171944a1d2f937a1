"""The simulated tenant as tests see it: its control API, and people who change things by hand.

Owns plain calls of Microsoft's interfaces, made without any of the project's clients.
"""

import json
import ssl
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from simulator.server import SimulatorServer

CALENDARS_READ_WRITE = "ef54d2bf-783f-4e0f-bca1-3210c0435d99"


@dataclass
class Tenant:
    """One tenant of a running simulator."""

    server: SimulatorServer
    id: str
    domain: str
    client_id: str
    client_secret: str
    history: list[dict[str, Any]] = field(default_factory=list)
    """What was logged before this server took over: it counts as the beginning of the log."""
    seeded: dict[str, Any] = field(default_factory=dict)
    """The snapshot from before a stack was made in it, where the test begins with one that is up."""

    @classmethod
    def first(cls, server: SimulatorServer, **before: Any) -> "Tenant":
        """The tenant that every simulator starts with."""
        administrator = json.loads((Path(server.state_folder) / "administrator.json").read_text())
        return cls(
            server,
            administrator["tenantId"],
            administrator["domain"],
            administrator["clientId"],
            administrator["clientSecret"],
            **before,
        )

    def deployer_environment(self) -> dict[str, str]:
        """The administrator's credentials as the provider takes them."""
        return {"ARM_TENANT_ID": self.id, "ARM_CLIENT_ID": self.client_id, "ARM_CLIENT_SECRET": self.client_secret}

    def control(self, method: str, path: str, document: Any = None) -> Any:
        """Call the control API; a refusal is a failure of the test."""
        answer = httpx.request(method, f"{self.server.control_url}{path}", json=document, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def snapshot(self) -> dict[str, Any]:
        """The tenant as canonical JSON, without secrets."""
        snapshot: dict[str, Any] = self.control("GET", f"/tenants/{self.id}/snapshot")
        return snapshot

    def advance(self, **duration: float) -> None:
        """Move the tenant's clock: `seconds`, `hours` or `days`."""
        factors = {"seconds": 1, "hours": 3600, "days": 86400}
        seconds = sum(factors[unit] * number for unit, number in duration.items())
        self.control("PUT", f"/tenants/{self.id}/clock", {"advanceSeconds": seconds})

    def now(self) -> datetime:
        """The tenant's time."""
        return datetime.fromisoformat(self.control("GET", f"/tenants/{self.id}/clock")["now"])

    def rights(self, *app_roles: str) -> None:
        """Give the deployer exactly these application permissions."""
        self.control("PUT", f"/tenants/{self.id}/rights/{self.client_id}", {"appRoles": list(app_roles)})

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The request log after number `since`."""
        logged = len(self.history)
        entries: list[dict[str, Any]] = self.control("GET", f"/requests?since={max(0, since - logged)}")["requests"]
        return [*self.history[since:], *entries]

    def last_request(self) -> int:
        """The number of the newest entry of the request log, for `requests(since=…)`."""
        number: int = self.control("GET", "/status")["lastRequest"]
        return number + len(self.history)

    def fault(self, *, action: dict[str, Any], skip: int = 0, times: int = 1, **match: str) -> None:
        """Let matching requests fail."""
        self.control("POST", "/faults", {"match": match, "skip": skip, "times": times, "action": action})

    def heal(self) -> None:
        """No more faults."""
        self.control("DELETE", "/faults")

    def token(self, audience: str, client_id: str | None = None) -> str:
        """A token of an application (the administrator's without one), without its secret."""
        wanted = {"clientId": client_id or self.client_id, "audience": audience}
        answer: dict[str, str] = self.control("POST", f"/tenants/{self.id}/tokens", wanted)
        return answer.get("access_token") or answer["accessToken"]

    def http(self) -> httpx.Client:
        """A client that trusts the tenant's certificate and nothing else."""
        context = ssl.create_default_context(cafile=str(self.server.certificate_file))
        return httpx.Client(verify=context, timeout=30, trust_env=False)

    def sign_in(self, client_id: str, client_secret: str, scope: str | None = None) -> httpx.Response:
        """The token endpoint's answer to an application's secret; Microsoft Graph's scope unless another is given."""
        with self.http() as client:
            return client.post(
                f"{self.server.url}/{self.id}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": client_id,
                    "client_secret": client_secret,
                    "scope": scope or f"{self.server.url}/.default",
                },
            )

    def reader(self) -> "Tenant":
        """The tenant as an application sees it that may read everything and change nothing: docs/pipelines.md makes one."""
        made = self.graph("POST", "/applications", {"displayName": "roomz-preview"}).json()
        assert self.graph("POST", "/servicePrincipals", {"appId": made["appId"]}).status_code == 201
        rights = {"appRoles": ["Application.Read.All", "Exchange.ManageAsApp"], "directoryRoles": ["Global Reader"]}
        self.control("PUT", f"/tenants/{self.id}/rights/{made['appId']}", rights)
        password = self.graph("POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {}}).json()
        return replace(self, client_id=made["appId"], client_secret=password["secretText"])

    def consent(self, page: str) -> None:
        """Press the button of Microsoft's page of admin consent, as a Privileged Role Administrator does."""
        with self.http() as client:
            shown = client.get(page)
            assert shown.status_code == 200, shown.text
            accepted = client.post(page, data={"accept": "yes"})
        assert accepted.status_code == 200, accepted.text

    def graph(self, method: str, path: str, document: Any = None, token: str | None = None) -> httpx.Response:
        """A call of Microsoft Graph, as the administrator unless another token is given."""
        headers = {"Authorization": f"Bearer {token or self.token('graph')}"}
        with self.http() as client:
            return client.request(method, f"{self.server.url}/v1.0{path}", json=document, headers=headers)

    def exchange(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        """One cmdlet, as an Exchange administrator would type it."""
        with self.http() as client:
            answer = client.post(
                f"{self.server.exchange_url}/adminapi/beta/{self.id}/InvokeCommand",
                json={"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
                headers={"Authorization": f"Bearer {self.token('exchange')}", "Prefer": "odata.maxpagesize=1000"},
            )
        assert answer.status_code in {200, 204}, answer.text
        rows: list[dict[str, Any]] = answer.json().get("value") or [] if answer.content else []
        return rows

    def calendar_status(self, address: str, token: str) -> int:
        """The HTTP status that an application's token gets for a mailbox's calendar."""
        return self.graph("GET", f"/users/{address}/calendar", token=token).status_code
