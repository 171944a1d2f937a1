"""`exchange_policy.py` with the transport `runbook`: what it writes and where, what it never does, and how a stack ends by it."""

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desired_state.running import run
from tests.desired_state.tenant import MARK, Ended, Tenant
from tests.desired_state.test_rbac_script import wish_for
from tests.support.powershell.values import ScriptError

READER = {"directoryRoles": ["Global Reader"]}
READS = ("Get-", "Test-")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder: the scripts are written below the one in which a command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def by_runbook(tenant: Tenant, application: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    found = application or tenant.application()
    return tenant.desired(found["clientId"], transport="runbook", awaitsRestriction=True, **changes)


def reading_only(tenant: Tenant) -> None:
    """Give whoever deploys the right to read Exchange, and no other there."""
    rights = f"/tenants/{tenant.id}/rights/{tenant.administrator['clientId']}"
    tenant.control.put(rights, json=READER).raise_for_status()


def changing(tenant: Tenant) -> None:
    rights = f"/tenants/{tenant.id}/rights/{tenant.administrator['clientId']}"
    tenant.control.put(rights, json={"directoryRoles": ["Exchange Administrator"]}).raise_for_status()


def changes(tenant: Tenant) -> list[str]:
    return [entry["cmdlet"] for entry in tenant.cmdlets() if not entry["cmdlet"].startswith(READS)]


def test_apply_writes_the_script_and_needs_no_right_but_to_read(tenant: Tenant, folder: Path) -> None:
    wanted = by_runbook(tenant)
    reading_only(tenant)
    tenant.forget_requests()
    done = tenant.run("apply", stdin=wanted)
    assert done.code == 0, done.err
    assert changes(tenant) == []
    document = done.document
    assert document["status"] == "waiting"
    assert (document["group"], document["policy"]) == (None, None)
    assert document["rooms"] == {"number": 25, "inReach": 0, "withTitles": 0}
    script = folder / "runbooks" / "restrict-dev.ps1"
    digest = hashlib.sha256(script.read_bytes()).hexdigest().upper()
    assert document["runbook"] == {"path": "runbooks/restrict-dev.ps1", "sha256": digest}
    assert [path.name for path in script.parent.iterdir()] == [script.name]
    assert "an Exchange administrator has to run runbooks/restrict-dev.ps1" in done.err
    # Nothing of it but path and digest is in what goes into the state.
    assert "New-DistributionGroup" not in done.out

    changing(tenant)
    run(tenant, script.read_bytes().decode(), "Apply")
    reading_only(tenant)
    again = tenant.run("apply", stdin={**wanted, "awaitsRestriction": False})
    assert (again.code, again.document["status"], again.document["runbook"]) == (0, "restricted", None)
    assert again.document["rooms"] == {"number": 25, "inReach": 25, "withTitles": 25}
    assert again.document["policy"]["identity"]
    # Nothing is left to be run, and nothing lies about.
    assert not script.exists()
    changing(tenant)


def test_rbac_by_runbook_says_the_same(tenant: Tenant, folder: Path) -> None:
    wanted = {**wish_for(tenant, tenant.application()), "transport": "runbook", "awaitsRestriction": True}
    done = tenant.run("apply", stdin=wanted)
    assert done.document["model"] == "rbac"
    assert done.document["status"] == "waiting"
    assert (done.document["assignment"], done.document["servicePrincipal"]) == (None, None)
    run(tenant, (folder / done.document["runbook"]["path"]).read_bytes().decode(), "Apply")
    again = tenant.run("apply", stdin={**wanted, "awaitsRestriction": False}).document
    assert (again["status"], again["scope"]["name"]) == ("restricted", MARK)


def test_invariant_1_a_restriction_that_has_gone_since_stops_what_would_be_granted_after_it(tenant: Tenant) -> None:
    """Between preview and `up` somebody may take it away: the command that grants depends on ends with 6 then."""
    done = tenant.run("apply", stdin={**by_runbook(tenant), "awaitsRestriction": False})
    assert done.code == 6
    assert "nothing more may be granted" in done.err
    assert done.out == ""


def test_a_folder_that_cannot_be_written_is_said(tenant: Tenant, folder: Path) -> None:
    (folder / "runbooks").write_text("a file")
    done = tenant.run("apply", stdin=by_runbook(tenant))
    assert done.code == 2
    assert "runbooks/restrict-dev.ps1" in done.err
    assert "scripts/run exchange_policy runbook" in done.err


def test_runbook_prints_a_script_or_writes_it_where_it_is_told(tenant: Tenant, folder: Path) -> None:
    wanted = tenant.desired(tenant.application()["clientId"])
    printed = tenant.run("runbook", stdin=wanted)
    assert printed.code == 0
    assert printed.out.startswith("#Requires -Version 5.1\r\n")
    assert "The script does this: the group is to be made" in printed.err
    written = tenant.run("runbook", "--output", "elsewhere/change 4711.ps1", stdin=wanted)
    assert (written.code, written.out) == (0, "")
    text = (folder / "elsewhere" / "change 4711.ps1").read_bytes()
    assert text.startswith(b"#Requires")
    assert text.count(b"\r\n") == text.count(b"\n")
    assert changes(tenant) == []


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"application": {}}, 2, "application.clientId is missing"),
        ({"access": "rbac", "group": None}, 2, "application.servicePrincipalId is missing"),
        ({"rooms": {"include": ["nobody@alpenblick.example"]}}, 2, "nobody in this tenant"),
        ({"group": {"primarySmtpAddress": "all-staff@alpenblick.example"}}, 6, "was not made here"),
    ],
)
def test_what_apply_refuses_no_script_does(tenant: Tenant, changed: dict[str, Any], code: int, said: str) -> None:
    done = tenant.run("runbook", stdin={**tenant.desired(tenant.application()["clientId"]), **changed})
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_the_state_of_a_stack_is_taken_for_what_is_wanted(tenant: Tenant) -> None:
    wanted = tenant.desired(tenant.application()["clientId"])
    command = {
        "type": "command:local:Command",
        "inputs": {"create": "scripts/run exchange_policy apply", "stdin": json.dumps(wanted)},
    }
    other = {"type": "command:local:Command", "inputs": {"delete": "scripts/run exchange_policy remove", "stdin": "{}"}}
    state = {"version": 3, "deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, other, command]}}
    by_state, by_itself = (tenant.run("runbook", stdin=told).out.splitlines() for told in (state, wanted))
    made = "# Made: "
    assert [line for line in by_state if not line.startswith(made)] == [
        line for line in by_itself if not line.startswith(made)
    ]
    assert tenant.run("plan", "--json", stdin=state).document["actionCount"] > 20
    for resources in ([other], [command, command], None):
        refused = tenant.run("plan", stdin={"deployment": {"resources": resources}})
        assert refused.code == 2
        assert "Has pulumi up been run for this stack?" in refused.err


# -- the way back ---------------------------------------------------------------------------------------------------------


def made(tenant: Tenant, wanted: dict[str, Any]) -> None:
    run(tenant, tenant.run("runbook", stdin=wanted).out, "Apply")


def retired(tenant: Tenant, *more: str) -> Ended:
    connection = tenant.connection
    words = ["remove", "--retired", "--transport", "runbook", "--mark", MARK, *more]
    return tenant.run(
        *words, "--metadata-host", connection["metadataHost"], "--exchange-host", connection["exchangeHost"]
    )


def delete(tenant: Tenant, application: dict[str, str], *, for_good: bool) -> None:
    tenant.graph("DELETE", f"/applications/{application['objectId']}")
    if for_good:
        tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")


def test_invariant_1_a_stack_ends_by_a_script_and_only_once_the_application_is_gone_for_good(
    tenant: Tenant, folder: Path
) -> None:
    before = tenant.snapshot()
    application = tenant.application(grant=True)
    wanted = by_runbook(tenant, application, removal="later", calendarOnRemoval="defaults")
    made(tenant, wanted)
    reading_only(tenant)
    undoing = {**wanted, "application": {}}

    refused = tenant.run("remove", stdin=undoing)
    assert refused.code == 6
    assert "Revoke it first" in refused.err
    tenant.revoke(application)
    delete(tenant, application, for_good=False)
    tenant.forget_requests()
    left = tenant.run("remove", stdin=undoing)
    assert left.code == 0, left.err
    assert changes(tenant) == []
    command = left.document["command"]
    assert "--transport runbook" in command
    assert "--calendar-on-removal defaults" in command
    assert command in left.err
    assert f"the policy of the application {application['clientId']}" in left.err
    assert not (folder / "runbooks" / "remove-dev.ps1").exists()

    words = ["--calendar-on-removal", "defaults", "--group", wanted["group"]["primarySmtpAddress"]]
    waiting = retired(tenant, *words)
    assert waiting.code == 5
    assert "can be restored until" in waiting.err
    assert not (folder / "runbooks").exists() or not list((folder / "runbooks").iterdir())
    tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")
    # What another application uses is no part of it.
    changing(tenant)
    other = {"AppId": ["0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"], "AccessRight": "RestrictAccess"}
    tenant.cmdlet("New-ApplicationAccessPolicy", PolicyScopeGroupId=wanted["group"]["primarySmtpAddress"], **other)
    shared = retired(tenant, *words)
    assert "policies of other applications use it" in shared.err
    assert "Remove-DistributionGroup" not in (folder / "runbooks" / "remove-dev.ps1").read_text()
    (policy,) = [one for one in tenant.cmdlet("Get-ApplicationAccessPolicy") if one["AppId"].lower() in other["AppId"]]
    tenant.cmdlet("Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    reading_only(tenant)
    tenant.forget_requests()
    written = retired(tenant, *words)
    assert written.code == 0, written.err
    assert changes(tenant) == []
    assert written.document["runbook"]["path"] == "runbooks/remove-dev.ps1"
    script = (folder / "runbooks" / "remove-dev.ps1").read_bytes().decode()
    changing(tenant)

    # Tokens live on for a while: the script itself knows until when.
    def clock() -> datetime:
        return tenant_time(tenant)

    shown = run(tenant, script, clock=clock)
    assert shown.changes == []
    with pytest.raises(ScriptError, match="tokens of the application may live until"):
        run(tenant, script, "Apply", clock=clock)
    run(tenant, script, "Apply", clock=lambda: tenant_time(tenant) + timedelta(hours=2, minutes=1))
    after = tenant.snapshot()
    for kept in ("groups", "policies", "roleAssignments", "managementScopes", "mailboxes"):
        assert after[kept] == before[kept], kept
    assert run(tenant, script, "Apply", clock=lambda: tenant_time(tenant) + timedelta(hours=3)).changes == []
    nothing = retired(tenant, *words)
    assert nothing.code == 0
    assert "nothing in Exchange carries the mark" in nothing.err


def tenant_time(tenant: Tenant) -> datetime:
    return datetime.fromisoformat(tenant.control.get(f"/tenants/{tenant.id}/clock").raise_for_status().json()["now"])


def test_rbac_ends_by_a_script_as_well_and_what_others_use_stays(tenant: Tenant, folder: Path) -> None:
    before = tenant.snapshot()
    application = tenant.application()
    group = tenant.desired()["group"]
    include = [f"room-{name}@{tenant.administrator['domain']}" for name in ("eiger", "albis")]
    wanted = {
        **wish_for(tenant, application, group=group, rooms={"include": include}),
        "transport": "runbook",
        "removal": "now",
    }
    made(tenant, wanted)
    refused = tenant.run("remove", stdin={**wanted, "application": {}})
    assert refused.code == 6
    assert "the application exists" in refused.err
    delete(tenant, application, for_good=True)
    done = tenant.run("remove", stdin={**wanted, "application": {}})
    assert done.code == 0, done.err
    script = (folder / done.document["runbook"]["path"]).read_bytes().decode()
    # Since the script was made somebody has begun to use the group.
    other = "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"
    address = group["primarySmtpAddress"]
    tenant.cmdlet(
        "New-ApplicationAccessPolicy", AppId=[other], PolicyScopeGroupId=address, AccessRight="RestrictAccess"
    )
    session = run(tenant, script, "Apply")
    assert any(f"the policy of {other.upper()}" in line for line in session.warned)
    assert [one["address"] for one in tenant.snapshot()["groups"]].count(address) == 1
    policy = next(one for one in tenant.cmdlet("Get-ApplicationAccessPolicy") if one["AppId"].lower() == other)
    tenant.cmdlet("Remove-ApplicationAccessPolicy", Identity=policy["Identity"], Confirm=False)
    run(tenant, script, "Apply")
    after = tenant.snapshot()
    for kept in ("groups", "policies", "roleAssignments", "managementScopes", "exchangeServicePrincipals"):
        assert after[kept] == before[kept], kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--transport", "mail"], "--transport 'mail' is neither rest nor runbook"),
        (["--calendar-on-removal", "all"], "--calendar-on-removal 'all' is neither keep nor defaults"),
    ],
)
def test_bad_words_are_refused_before_anything_is_asked(tenant: Tenant, words: list[str], said: str) -> None:
    tenant.forget_requests()
    done = retired(tenant, *words)
    assert done.code == 2
    assert said in done.err
    assert tenant.requests() == []
