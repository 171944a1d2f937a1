"""`exchange.transport: runbook` by the real engine: it waits, somebody else runs the very script, it goes on, and ends by a script."""

import hashlib
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any

from components.outputs import OUTPUTS
from tests.end_to_end.conftest import NewStack
from tests.support.order import assert_closed_at_every_instant, story
from tests.support.powershell.interpreter import Interpreter
from tests.support.powershell.session import ExchangeSession
from tests.support.stack import Stack
from tests.support.tenant import Tenant

PATH = "runbooks/restrict-test.ps1"


def administrator(tenant: Tenant) -> str:
    """Make somebody who may change Exchange, and nothing else; returns the client id."""
    me = tenant.graph("GET", f"/servicePrincipals?$filter=appId eq '{tenant.client_id}'").json()["value"][0]["id"]
    owners = [f"{tenant.server.url}/v1.0/directoryObjects/{me}"]
    made = tenant.graph("POST", "/applications", {"displayName": "Exchange team", "owners@odata.bind": owners}).json()
    tenant.graph("POST", "/servicePrincipals", {"appId": made["appId"], "owners@odata.bind": owners})
    rights = {"appRoles": ["Exchange.ManageAsApp"], "directoryRoles": ["Exchange Administrator"]}
    tenant.control("PUT", f"/tenants/{tenant.id}/rights/{made['appId']}", rights)
    return str(made["appId"])


class Team:
    """The Exchange team: runs scripts of the working copy in PowerShell, and notes what it changed."""

    def __init__(self, stack: Stack, tenant: Tenant, client_id: str) -> None:
        self._stack, self._tenant, self._client_id = stack, tenant, client_id
        self.changed: list[str] = []

    def run(self, path: str, *switches: str) -> list[str]:
        """Run a script; returns the cmdlets by which it changed something."""
        script = (self._stack.folder / path).read_bytes().decode()
        return self._in_a_session(lambda session: Interpreter(session).run(script, *switches))

    def type(self, cmdlet: str, **parameters: Any) -> None:
        """Run one cmdlet."""
        self._in_a_session(lambda session: session.run(cmdlet, parameters))

    def _in_a_session(self, do: Callable[[ExchangeSession], Any]) -> list[str]:
        tenant = self._tenant
        with tenant.http() as client:
            token = partial(tenant.token, "exchange", self._client_id)
            session = ExchangeSession(client, tenant.server.exchange_url, tenant.id, token)
            do(session)
        names = [name for name, _ in session.changes]
        self.changed += names
        return names


def changes(tenant: Tenant, since: int) -> list[str]:
    """Return the cmdlets by which anybody changed Exchange."""
    cmdlets = [entry["cmdlet"] for entry in tenant.requests(since) if entry["cmdlet"]]
    return [cmdlet for cmdlet in cmdlets if not cmdlet.startswith(("Get-", "Test-"))]


def test_invariant_1_nothing_is_granted_before_an_exchange_administrator_has_run_the_script(
    new_stack: NewStack, tenant: Tenant
) -> None:
    team_id = administrator(tenant)
    before = tenant.snapshot()
    since = tenant.last_request()
    tenant.control("PUT", f"/tenants/{tenant.id}/rights/{tenant.client_id}", {"directoryRoles": ["Global Reader"]})
    stack = new_stack(exchange={"transport": "runbook"})
    team = Team(stack, tenant, team_id)

    said = stack.up().text
    assert "Waiting for the restriction" in said
    assert story(tenant.requests(since)) == ["application made"]
    outputs = stack.outputs()
    assert outputs["access"]["status"] == "waiting"
    script = (stack.folder / PATH).read_bytes()
    assert outputs["access"]["runbook"] == {"path": PATH, "sha256": hashlib.sha256(script).hexdigest().upper()}
    assert "clientSecret" not in outputs
    assert outputs["consentUrl"].startswith("not before the restriction stands")
    assert "New-DistributionGroup" not in stack.state_files()
    refused = stack.script("hand_over", "show", "--stack", "test", expect=2)
    assert PATH in refused.text
    # In another checkout the script does not lie about, and there is nothing to do all the same.
    (stack.folder / PATH).unlink()
    stack.preview("--expect-no-changes")
    written = f"pulumi stack export --stack test | scripts/run exchange_policy runbook --output {PATH}"
    subprocess.run(written, shell=True, cwd=stack.folder, env=stack.environment(), check=True, capture_output=True)  # noqa: S602

    assert team.run(PATH) == []
    assert tenant.snapshot()["groups"] == before["groups"]
    team.run(PATH, "Apply")
    stack.up()
    assert_closed_at_every_instant(tenant.requests(since))
    assert story(tenant.requests(since))[-2:] == ["grant made", "secret made"]
    outputs = stack.outputs(secrets=True)
    assert set(outputs) == set(OUTPUTS)
    assert outputs["access"]["status"] == "restricted"
    assert outputs["access"]["policy"]["identity"]
    assert outputs["rooms"] == {"number": 25, "inReach": 25, "withTitles": 25}
    assert not (stack.folder / PATH).exists()
    signed_in = tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).json()["access_token"]
    assert tenant.calendar_status(f"room-eiger@{tenant.domain}", signed_in) == 200
    assert tenant.calendar_status(f"control.mailbox@{tenant.domain}", signed_in) == 403
    said = stack.preview("--expect-no-changes").text
    assert "warning:" not in said

    # Somebody deletes the policy: nothing is taken away, nothing is made, and the error says what to do first.
    policy = next(one for one in tenant.snapshot()["policies"] if one["appId"] == outputs["clientId"])
    identity = f"{tenant.id}\\{policy['appId']}:{policy['scopeSid']};{policy['scopeObjectId']}"
    team.type("Remove-ApplicationAccessPolicy", Identity=identity, Confirm=False)
    refused = stack.preview(expect=None)
    assert refused.code != 0
    assert "Traceback" not in refused.text
    text = " ".join(refused.text.split())
    assert "First revoke the grant: echo" in text
    assert written in text
    subprocess.run(written, shell=True, cwd=stack.folder, env=stack.environment(), check=True, capture_output=True)  # noqa: S602
    team.run(PATH, "Apply")
    # Its identity is new, and its script has done what it was for: the next run takes note of both.
    stack.preview()

    stack.destroy()
    assert [one["appId"] for one in tenant.snapshot()["policies"]].count(outputs["clientId"]) == 1
    team.run("runbooks/remove-test.ps1", "Apply")
    after = tenant.snapshot()
    for kept in ("groups", "policies"):
        assert after[kept] == before[kept], kept
    # Whoever deploys has changed nothing in Exchange, from the first call to the last.
    assert changes(tenant, since) == team.changed
