"""An Exchange administrator's PowerShell session against the simulated tenant: cmdlets in, objects and errors out.

Owns what the module ExchangeOnlineManagement does around a cmdlet: the session, pages, and errors as a script sees them (shape of
public captures: `Ex…|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|text`). Imports nothing of the
project's client.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.support.powershell.values import Row, ScriptError

_PAGE = {"Prefer": "odata.maxpagesize=1000"}


@dataclass
class ExchangeSession:
    """Implements interpreter.Session."""

    client: httpx.Client
    exchange: str
    tenant_id: str
    token: Callable[[], str]
    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ran: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    connected_to: str | None = None
    """Where a session exists already; None: Connect-ExchangeOnline leads to `tenant_id`."""
    answers: Callable[[str, str], bool] = lambda _action, _target: True
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    wait: Callable[[int], None] = lambda _seconds: None

    @property
    def changes(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The cmdlets that could change anything."""
        return [(name, given) for name, given in self.ran if not name.startswith(("Get-", "Test-"))]

    def run(self, cmdlet: str, parameters: Mapping[str, Any]) -> list[Any]:
        """See interpreter.Session."""
        if cmdlet == "Connect-ExchangeOnline":
            assert not parameters.get("ShowBanner")
            self.connected_to = self.tenant_id
            return []
        if cmdlet == "Get-ConnectionInformation":
            if self.connected_to is None:
                return []
            session = {
                "State": "Connected",
                "TenantID": self.connected_to,
                "ModulePrefix": "",
                "ConnectionUri": "https://outlook.office365.com",
            }
            return [Row(session)]
        self.ran.append((cmdlet, dict(parameters)))
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}
        address: str | None = f"{self.exchange}/adminapi/beta/{self.tenant_id}/InvokeCommand"
        rows: list[Any] = []
        while address is not None:
            answer = self.client.post(address, json=body, headers={"Authorization": f"Bearer {self.token()}", **_PAGE})
            if answer.status_code not in (200, 204):
                raise _error(cmdlet, answer)
            document = json.loads(answer.content) if answer.content else {}
            rows += [
                Row({name: value for name, value in row.items() if "@" not in name})
                for row in document.get("value") or []
            ]
            address = document.get("@odata.nextLink")
        return rows

    def say(self, stream: str, words: str) -> None:
        """See interpreter.Session."""
        (self.warned if stream == "warning" else self.said).append(words)

    def ask(self, action: str, target: str) -> bool:
        """See interpreter.Session."""
        self.asked.append(f"{action}: {target}")
        return self.answers(action, target)

    def now(self) -> datetime:
        """See interpreter.Session."""
        return self.clock()

    def sleep(self, seconds: int) -> None:
        """See interpreter.Session."""
        self.wait(seconds)


def _error(cmdlet: str, answer: httpx.Response) -> ScriptError:
    try:
        detail = answer.json()["error"]["details"][0]["message"]
        kind = detail.split("|", 2)[1].rsplit(".", 1)[-1]
    except (ValueError, KeyError, IndexError):
        return ScriptError(f"{cmdlet}: HTTP {answer.status_code} {answer.text[:500]}", "RestException")
    return ScriptError(f"{cmdlet}: {detail}", kind)
