"""A state that says less than the tenant has: the backend refused to write, or an older state was restored from a backup."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.order import story
from tests.support.stack import Stack
from tests.support.tenant import Tenant
from tests.support.under_way import PATIENCE, seen, wait_until

UNKNOWN_TO_OUTPUTS = "is in the tenant, and the last outputs do not know it"
UNKNOWN_TO_STATE = "A password of this stack is in the tenant but not in its state"


@contextmanager
def unwritable(stack: Stack) -> Iterator[None]:
    """The folder that holds the stack's checkpoint is gone for a while, as with a share that was unmounted.

    A file in its place refuses root as well, whom neither a mode nor a full disk's reserve stops.
    """
    folder = stack.folder / "state" / ".pulumi" / "stacks" / "roomz"
    away = folder.with_name("away")
    folder.rename(away)
    folder.write_text("")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


def passwords(tenant: Tenant, stack_outputs: dict[str, str]) -> list[str]:
    """The numbers of the secrets that the tenant has."""
    shown = tenant.graph("GET", f"/applications/{stack_outputs['applicationObjectId']}").json()["passwordCredentials"]
    return sorted(password["displayName"].rpartition(" ")[2] for password in shown)


def printed_command(text: str, key_id: str) -> str:
    """The command that a message of a run holds to remove this secret."""
    commands = re.findall(r"echo '\{[^']*\}' \| scripts/run client_secret remove", text)
    (command,) = {each for each in commands if key_id in each}
    return str(command)


@pytest.mark.nightly
@pytest.mark.connected
def test_invariant_2_a_state_that_could_not_be_written_is_made_good_by_the_next_up(
    stack: Stack, tenant: Tenant
) -> None:
    """The tenant has a secret whose value nobody has: it is named before another one is made, and goes by the printed command."""
    first = stack.outputs(secrets=True)
    stack.configure(secret={"generation": 1})
    since = tenant.last_request()
    process = stack.start("up", "--yes", "--skip-preview")
    # The provider then looks at it for some seconds, before the engine writes it down.
    wait_until(tenant, process, seen(path_ends="/addPassword", status=200), since=since)
    with unwritable(stack):
        text, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode != 0
        assert "failed to save snapshot" in text
        assert "failed to load checkpoint" in stack.up(expect=None).text
        assert story(tenant.requests(since)) == ["secret made"]
    assert UNKNOWN_TO_OUTPUTS in stack.up().text
    assert passwords(tenant, first) == ["0", "1", "1"]
    outputs = stack.outputs(secrets=True)
    for each in (first, outputs):
        assert tenant.sign_in(each["clientId"], each["clientSecret"]).status_code == 200
    said = stack.up().text
    assert stack.changes() == {}
    assert "interrupted while creating" in said
    (lost,) = re.findall(rf"{UNKNOWN_TO_STATE}: '[^']*', key id ([0-9a-f-]+),", said.partition("Diagnostics")[2])
    stack.type(printed_command(said, lost), "pulumi refresh --clear-pending-creates --yes --skip-preview")
    assert passwords(tenant, first) == ["0", "1"]
    assert tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).status_code == 200
    said = stack.preview("--expect-no-changes").text
    assert UNKNOWN_TO_STATE not in said
    assert "interrupted while creating" not in said


def export(stack: Stack) -> str:
    return stack.pulumi("stack", "export").text


def restore(stack: Stack, state: str) -> None:
    """Bring back a backup, as a person does."""
    (stack.folder / "backup.json").write_text(state)
    stack.pulumi("stack", "import", "--file", "backup.json")


@pytest.mark.connected
def test_invariant_2_and_5_an_older_state_takes_no_secret_away_and_converges(stack: Stack, tenant: Tenant) -> None:
    """Backed up before a renewal, a new room and another name; restored after the renewal was handed over."""
    backup = export(stack)
    room = f"room-zytglogge@{tenant.domain}"
    mailbox = {"name": "Zytglogge", "address": room, "resourceType": "Room"}
    tenant.control("POST", f"/tenants/{tenant.id}/mailboxes", mailbox)
    stack.configure(secret={"generation": 1}, displayName="ROOMZ")
    stack.up()
    portal = stack.outputs(secrets=True)
    stack.configure(secret={"generation": 1, "handedOver": 1})
    tenant.advance(hours=3)
    restore(stack, backup)

    refused = stack.up(expect=None)
    assert refused.code != 0
    assert "roomz:secret.handedOver is 1, and the tenant has a secret of that number" in refused.text
    assert "pulumi stack import --file FILE" in refused.text
    assert passwords(tenant, portal) == ["0", "1"]

    # There is no newer state: by the other way of the message.
    stack.configure(secret={"generation": 1, "handedOver": 0})
    said = stack.up().text
    assert f"(key id {portal['issuedSecrets']['1']['keyId']}) {UNKNOWN_TO_OUTPUTS}" in said
    assert passwords(tenant, portal) == ["0", "1", "1"]
    assert tenant.sign_in(portal["clientId"], portal["clientSecret"]).status_code == 200, "what the Portal has"
    outputs = stack.outputs(secrets=True)
    assert outputs["clientId"] == portal["clientId"]
    assert outputs["rooms"]["inReach"] == 26
    assert outputs["handOver"]["status"] == "pending"
    token = tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).json()["access_token"]
    assert tenant.calendar_status(room, token) == 200
    # The new one is handed over; only then goes the former, by the command that is printed.
    stack.configure(secret={"generation": 1, "handedOver": 1})
    said = stack.up().text
    assert UNKNOWN_TO_STATE in said
    assert portal["issuedSecrets"]["1"]["keyId"] in said
    assert passwords(tenant, portal) == ["1", "1"]
    stack.type(printed_command(said, portal["issuedSecrets"]["1"]["keyId"]))
    assert passwords(tenant, portal) == ["1"]
    stack.preview("--expect-no-changes")


@pytest.mark.nightly
def test_invariant_2_and_3_a_state_from_before_the_application_was_made_takes_nothing_of_it_away(
    stack: Stack, tenant: Tenant
) -> None:
    backup = export(stack)
    assert not json.loads(backup)["deployment"].get("resources")
    stack.up()
    portal = stack.outputs(secrets=True)
    tenant.advance(hours=3)
    restore(stack, backup)
    said = stack.preview().text
    assert (
        f"An application carries this stack's mark that its outputs do not know: 'ROOMZGraph', client id {portal['clientId']}"
        in said
    )
    assert "it has 1 secret, so the ROOMZ Portal may use it" in said
    assert "pulumi stack import" in said
    stack.up()
    other = stack.outputs()["clientId"]
    assert other != portal["clientId"]
    said = stack.up().text
    assert stack.changes() == {}
    assert f"Another application carries this stack's mark: 'ROOMZGraph', client id {portal['clientId']}" in said
    # What the Portal has reads the rooms as before, and nothing else.
    token = tenant.sign_in(portal["clientId"], portal["clientSecret"]).json()["access_token"]
    assert tenant.calendar_status(f"room-eiger@{tenant.domain}", token) == 200
    assert tenant.calendar_status(f"control.mailbox@{tenant.domain}", token) == 403
