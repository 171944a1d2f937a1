"""The scripts against a simulated tenant, with stdin, stdout and exit code: in this process, or in one of their own."""

import contextlib
import importlib
import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from tests.desired_state.wires import Clock
from tests.support import documents

PROJECT = Path(__file__).resolve().parents[2]
MARK = "roomz:roomz/dev"


@dataclass(frozen=True)
class Ended:
    """How a script ended."""

    code: int
    out: str
    err: str
    command: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """What it printed; the tests want one JSON document, under 16 KiB, that is as its schema in docs/ says."""
        assert len(self.out.encode()) < 16 * 1024, "standard output must stay under 16 KiB"
        return documents.read(self.out, self.command)


class Tenant:
    """One simulated tenant, an administrator's credentials, and a desired state to change."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server = server
        self.administrator: dict[str, str] = json.loads((folder / "administrator.json").read_text())
        self.id = self.administrator["tenantId"]
        self.control = httpx.Client(base_url=server.control_url, timeout=60)
        self.login_and_graph = f"https://127.0.0.1:{server.port}"
        self.exchange = f"https://localhost:{server.port}"
        self.web = httpx.Client(verify=_trust(server.certificate_file), timeout=60)

    @property
    def environment(self) -> dict[str, str]:
        ours = ("ARM_", "SSL_", "REQUESTS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            "ARM_TENANT_ID": self.id,
            "ARM_CLIENT_ID": self.administrator["clientId"],
            "ARM_CLIENT_SECRET": self.administrator["clientSecret"],
            # On purpose this one alone.
            "SSL_CERT_FILE": str(self.server.certificate_file),
        }

    @property
    def connection(self) -> dict[str, Any]:
        port = self.server.port
        return {"tenantId": self.id, "metadataHost": f"127.0.0.1:{port}", "exchangeHost": f"localhost:{port}"}

    def desired(self, client_id: str | None = None, **changes: Any) -> dict[str, Any]:
        group = {"primarySmtpAddress": f"RoomzResources@{self.administrator['domain']}", **changes.pop("group", {})}
        document = {
            "connection": self.connection,
            "mark": MARK,
            "application": {"clientId": client_id},
            "group": group,
            "calendar": "titles",
            "removal": "now",
        }
        return {**document, **changes}

    def run(
        self,
        *arguments: str,
        script: str = "exchange_policy",
        stdin: Any = None,
        variables: Mapping[str, str | None] | None = None,
        process: bool = False,
    ) -> Ended:
        environment: dict[str, str] = self.environment
        for name, value in (variables or {}).items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        text = "" if stdin is None else stdin if isinstance(stdin, str) else json.dumps(stdin)
        ended = (self._process if process else _here)(script, arguments, text, environment)
        ended = replace(ended, command=" ".join([script, *arguments]))
        secret = self.administrator["clientSecret"]
        assert secret not in ended.out + ended.err, "invariant 4: a secret was printed"
        assert "Traceback" not in ended.err, ended.err
        return ended

    @staticmethod
    def _process(script: str, arguments: Sequence[str], text: str, environment: dict[str, str]) -> Ended:
        done = subprocess.run(
            [PROJECT / "scripts" / "run", script, *arguments],
            input=text,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def snapshot(self) -> dict[str, Any]:
        found = self.control.get(f"/tenants/{self.id}/snapshot").raise_for_status().json()
        assert isinstance(found, dict)
        return found

    def cmdlets(self) -> list[dict[str, Any]]:
        """Return the Exchange cmdlets since the log was last cleared, oldest first."""
        found = self.control.get("/requests").raise_for_status().json()
        entries = found["requests"] if isinstance(found, dict) else found
        return [entry for entry in entries if entry.get("cmdlet")]

    def requests(self) -> list[dict[str, Any]]:
        found = self.control.get("/requests").raise_for_status().json()
        entries = found["requests"] if isinstance(found, dict) else found
        return list(entries)

    def forget_requests(self) -> None:
        self.control.delete("/requests").raise_for_status()

    def fault(self, match: Mapping[str, Any], action: Mapping[str, Any], *, skip: int = 0, times: int = 1) -> None:
        document = {"match": match, "skip": skip, "times": times, "action": action}
        self.control.post("/faults", json=document).raise_for_status()

    def advance(self, hours: float) -> None:
        document = {"advanceSeconds": round(hours * 3600)}
        self.control.put(f"/tenants/{self.id}/clock", json=document).raise_for_status()

    def token(self, resource: str) -> str:
        answer = self.web.post(
            f"{self.login_and_graph}/{self.id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.administrator["clientId"],
                "client_secret": self.administrator["clientSecret"],
                "scope": f"{resource}/.default",
            },
        ).raise_for_status()
        return str(answer.json()["access_token"])

    def cmdlet(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run a cmdlet as an administrator would by hand."""
        answer = self.web.post(
            f"{self.exchange}/adminapi/beta/{self.id}/InvokeCommand",
            headers={"Authorization": f"Bearer {self.token(self.exchange)}"},
            json={"CmdletInput": {"CmdletName": name, "Parameters": parameters}},
        )
        assert answer.status_code in (200, 204), answer.text
        return list(answer.json()["value"]) if answer.content else []

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        """Ask Microsoft Graph as the administrator."""
        answer = self.web.request(
            method,
            f"{self.login_and_graph}/v1.0{path}",
            headers={"Authorization": f"Bearer {self.token(self.login_and_graph)}"},
            json=body,
        )
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def application(self, *, mark: str = MARK, grant: bool = False) -> dict[str, str]:
        """Register an application with its service principal; with `grant`, let it at calendars."""
        me = self.graph("GET", f"/servicePrincipals?$filter=appId eq '{self.administrator['clientId']}'")["value"][0][
            "id"
        ]
        owner = [f"{self.login_and_graph}/v1.0/directoryObjects/{me}"]
        made = self.graph(
            "POST", "/applications", {"displayName": "ROOMZGraph", "notes": mark, "owners@odata.bind": owner}
        )
        principal = self.graph("POST", "/servicePrincipals", {"appId": made["appId"], "owners@odata.bind": owner})
        found = {"clientId": made["appId"], "objectId": made["id"], "principalId": principal["id"], "grantId": ""}
        if grant:
            found["grantId"] = self.grant(found["principalId"])
        return found

    def grant(self, principal_id: str) -> str:
        graph_app = "00000003-0000-0000-c000-000000000000"
        graph = self.graph("GET", f"/servicePrincipals?$filter=appId eq '{graph_app}'")["value"][0]
        role = next(one["id"] for one in graph["appRoles"] if one["value"] == "Calendars.ReadWrite")
        made = self.graph(
            "POST",
            f"/servicePrincipals/{graph['id']}/appRoleAssignedTo",
            {"principalId": principal_id, "resourceId": graph["id"], "appRoleId": role},
        )
        return str(made["id"])

    def revoke(self, application: Mapping[str, str]) -> None:
        graph_app = "00000003-0000-0000-c000-000000000000"
        graph = self.graph("GET", f"/servicePrincipals?$filter=appId eq '{graph_app}'")["value"][0]["id"]
        self.graph("DELETE", f"/servicePrincipals/{graph}/appRoleAssignedTo/{application['grantId']}")


def _here(script: str, arguments: Sequence[str], text: str, environment: dict[str, str]) -> Ended:
    """Run a script's program in this process, by a clock that moves when it waits: no start-up, and no waiting."""
    module = importlib.import_module(f"scripts.{script}")
    program = module.program
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "stdin", io.StringIO(text)),
        mock.patch.object(module, "patient", return_value=Clock().pace),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            program(list(arguments), prog_name=script)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return Ended(code, out.getvalue(), err.getvalue())


def _trust(certificate: Path) -> Any:
    return ssl.create_default_context(cafile=str(certificate))
