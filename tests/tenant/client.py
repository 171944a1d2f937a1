"""A plain HTTP client of the simulated tenant, for tests: it knows Microsoft's addresses and nothing of the product."""

import json
import ssl
from typing import Any

import httpx

from simulator.server import SimulatorServer

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
CALENDARS_READ_WRITE = "ef54d2bf-783f-4e0f-bca1-3210c0435d99"
CONTROL_MAILBOX = "control.mailbox@alpenblick.example"
EIGER = "room-eiger@alpenblick.example"


class TenantClient:
    """Speaks raw HTTP to one server; tokens are fetched when they are first needed."""

    def __init__(self, server: SimulatorServer) -> None:
        self.server = server
        self.http = httpx.Client(verify=ssl.create_default_context(cafile=str(server.certificate_file)), timeout=30)
        self.plain = httpx.Client(base_url=server.control_url, timeout=60)
        self.administrator = json.loads((server.state_folder / "administrator.json").read_text())
        self.tenant_id = self.administrator["tenantId"]
        self._tokens: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self.http.close()
        self.plain.close()

    # -- sign-in ----------------------------------------------------------------------------------------------------

    def sign_in(self, scope: str | None = None, **form: str) -> httpx.Response:
        """Ask for a token as the deployer, or with other values."""
        values = {
            "grant_type": "client_credentials",
            "client_id": self.administrator["clientId"],
            "client_secret": self.administrator["clientSecret"],
            "scope": f"{self.server.url}/.default" if scope is None else scope,
            **form,
        }
        tenant = values.pop("tenant", self.tenant_id)
        return self.http.post(f"{self.server.url}/{tenant}/oauth2/v2.0/token", data=values)

    def token(self, audience: str = "graph", client_id: str | None = None) -> str:
        """Return a token of the deployer, or of another client id, without asking for its secret."""
        body = {"clientId": client_id or self.administrator["clientId"], "audience": audience}
        answer = self.control("POST", f"/tenants/{self.tenant_id}/tokens", body)
        return str(answer["accessToken"])

    def token_with(self, *app_roles: str, directory_roles: tuple[str, ...] = ()) -> str:
        """Give the deployer exactly these rights, and return a token for Graph that carries them."""
        path = f"/tenants/{self.tenant_id}/rights/{self.administrator['clientId']}"
        self.control("PUT", path, {"appRoles": list(app_roles), "directoryRoles": list(directory_roles)})
        return self.token()

    def fresh(self, audience: str) -> str:
        """Return the deployer's token for an audience, fetched once."""
        return self._tokens.setdefault(audience, self.token(audience))

    # -- Graph ------------------------------------------------------------------------------------------------------

    def graph(
        self, method: str, path: str, body: Any = None, token: str | None = None, **options: Any
    ) -> httpx.Response:
        """Call Graph; `path` begins behind the version, or is an absolute address."""
        address = path if path.startswith("https://") else f"{self.server.url}/v1.0{path}"
        headers = {"authorization": f"Bearer {token or self.fresh('graph')}", **options.pop("headers", {})}
        return self.http.request(method, address, json=body, headers=headers, **options)

    def make_application(self, name: str = "ROOMZGraph", **properties: Any) -> dict[str, Any]:
        """Register an application that the deployer owns, with its service principal, and return both."""
        application = expect(self.graph("POST", "/applications", {"displayName": name, **properties}), 201)
        principal = expect(self.graph("POST", "/servicePrincipals", {"appId": application["appId"]}), 201)
        return {**application, "servicePrincipalId": principal["id"]}

    def graph_principal_id(self) -> str:
        """Return the object id of Microsoft Graph's service principal."""
        answer = expect(self.graph("GET", f"/servicePrincipals?$filter=appId eq '{GRAPH_APP_ID}'&$select=id"), 200)
        return str(answer["value"][0]["id"])

    def grant(self, principal_id: str, role_id: str = CALENDARS_READ_WRITE) -> httpx.Response:
        """Grant an app role of Microsoft Graph."""
        resource = self.graph_principal_id()
        body = {"principalId": principal_id, "resourceId": resource, "appRoleId": role_id}
        return self.graph("POST", f"/servicePrincipals/{resource}/appRoleAssignedTo", body)

    # -- Exchange ---------------------------------------------------------------------------------------------------

    @property
    def invoke_url(self) -> str:
        """The address of InvokeCommand."""
        return f"{self.server.exchange_url}/adminapi/beta/{self.tenant_id}/InvokeCommand"

    def cmdlet(self, name: str, parameters: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        """Run a cmdlet; options are `token`, `headers` and `url`."""
        token = options.get("token") or self.fresh("exchange")
        body = {"CmdletInput": {"CmdletName": name, "Parameters": parameters or {}}}
        headers = {"authorization": f"Bearer {token}", **options.get("headers", {})}
        return self.http.post(options.get("url", self.invoke_url), json=body, headers=headers)

    def rows(self, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a cmdlet that must succeed and return its rows."""
        rows = expect(self.cmdlet(name, parameters), 200)["value"]
        assert isinstance(rows, list)
        return rows

    def make_group(self, name: str = "RoomzResources", members: list[str] | None = None) -> dict[str, Any]:
        """Make a mail-enabled security group."""
        parameters = {"Name": name, "Type": "Security", "PrimarySmtpAddress": f"{name}@alpenblick.example"}
        return self.rows("New-DistributionGroup", {**parameters, "Members": members or [EIGER]})[0]

    def restrict(self, app_id: str, group: str, right: str = "RestrictAccess") -> dict[str, Any]:
        """Make an application access policy."""
        parameters = {"AppId": app_id, "PolicyScopeGroupId": group, "AccessRight": right, "Description": "test"}
        return self.rows("New-ApplicationAccessPolicy", parameters)[0]

    # -- control ----------------------------------------------------------------------------------------------------

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API, which must agree."""
        answer = self.plain.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def advance(self, seconds: float) -> None:
        """Let the tenant's clock advance."""
        self.control("PUT", f"/tenants/{self.tenant_id}/clock", {"advanceSeconds": seconds})

    def snapshot(self) -> Any:
        """Return the tenant as canonical JSON."""
        return self.control("GET", f"/tenants/{self.tenant_id}/snapshot")


def expect(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the JSON of an answer that must have this status; {} when it has no body."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return dict(answer.json()) if answer.content else {}


def graph_error(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, code and message of a Graph refusal."""
    error = answer.json()["error"]
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    return answer.status_code, error["code"], error["message"]


def exchange_error(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, .NET type and text of a cmdlet's refusal."""
    _, kind, text = answer.json()["error"]["details"][0]["message"].split("|", 2)
    return answer.status_code, kind.rpartition(".")[2], text
