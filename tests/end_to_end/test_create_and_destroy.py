"""From nothing to a connected tenant, and back: the real engine and provider against a simulated tenant."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from components.outputs import OUTPUTS
from tests.support.order import assert_closed_at_every_instant, story
from tests.support.stack import LINKED, ROOT, Stack
from tests.support.tenant import CALENDARS_READ_WRITE, Tenant


def without_calendars_and_deleted_items(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A tenant as `destroy` promises to leave it: Microsoft keeps a deleted application, we keep calendar processing."""
    copied = copy.deepcopy(snapshot)
    del copied["deletedItems"]
    for mailbox in copied["mailboxes"]:
        mailbox.pop("calendarProcessing", None)
    return copied


def test_one_up_connects_the_tenant_and_destroy_leaves_it_as_it_was(stack: Stack, tenant: Tenant) -> None:
    before = tenant.snapshot()
    stack.configure(verify={"controlMailbox": f"control.mailbox@{tenant.domain}"})

    stack.up()

    outputs = stack.outputs(secrets=True)
    assert set(outputs) == set(OUTPUTS)
    assert outputs["rooms"] == {"number": 25, "inReach": 25, "withTitles": 25}
    assert outputs["secretGeneration"] == 0
    assert outputs["handOver"]["status"] == "pending"
    assert outputs["handOver"]["by"] == outputs["secretExpiresOn"]
    signed_in = tenant.sign_in(outputs["clientId"], outputs["clientSecret"])
    assert signed_in.status_code == 200, signed_in.text
    token = signed_in.json()["access_token"]
    rooms = [
        row["PrimarySmtpAddress"]
        for row in tenant.exchange("Get-Mailbox", RecipientTypeDetails=["RoomMailbox"], ResultSize="Unlimited")
        if row["ResourceType"] == "Room"
    ]
    assert len(rooms) == 25
    assert {tenant.calendar_status(room, token) for room in rooms} == {200}
    assert tenant.calendar_status(f"control.mailbox@{tenant.domain}", token) == 403
    processing = tenant.exchange("Get-CalendarProcessing", Identity=rooms[0])[0]
    assert not any(processing[name] for name in ("AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty"))

    settled = tenant.snapshot()
    verified = json.loads(stack.script("verify_connector", "--json", "--write").text.splitlines()[0])
    assert (verified["verdict"], verified["closed"], verified["rooms"]) == ("green", True, 25)
    found = {one["symptom"]: one["status"] for one in verified["findings"]}
    # Of the meetings that the tenant begins with, which end in the evening.
    assert found.pop("booked-before", "noted") == "noted"
    assert found == {
        "secret-accepted": "passed",
        "permissions-right": "passed",
        "rooms-readable": "passed",
        "write-possible": "passed",
        "titles-kept": "passed",
        "control-refused": "passed",
        "restriction-right": "passed",
    }
    assert tenant.snapshot() == settled

    before_destroy = tenant.last_request()
    result = stack.destroy()

    assert without_calendars_and_deleted_items(tenant.snapshot()) == without_calendars_and_deleted_items(before)
    assert story(tenant.requests(before_destroy))[0] == "application removed"
    assert tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).status_code in {400, 401}
    assert result.seconds < 60


@pytest.mark.connected
def test_invariant_1_the_restriction_stands_before_the_grant_and_the_grant_before_the_secret(
    stack: Stack, tenant: Tenant
) -> None:
    told = story(tenant.requests())
    assert told == ["application made", "group made", "policy made", "grant made", "secret made"]
    stack.destroy()
    assert_closed_at_every_instant(tenant.requests())
    assert set(story(tenant.requests())[len(told) :]) == {"application removed", "policy removed", "group removed"}


@pytest.mark.connected
def test_invariant_2_the_second_up_has_nothing_to_do(stack: Stack, tenant: Tenant) -> None:
    settled = tenant.snapshot()
    before = tenant.last_request()
    stack.up()
    assert stack.changes() == {}
    stack.preview("--expect-no-changes")
    assert tenant.snapshot() == settled
    writes = [
        entry
        for entry in tenant.requests(before)
        if (entry["method"] in {"PATCH", "PUT", "DELETE"})
        or (entry["cmdlet"] and not entry["cmdlet"].startswith("Get-"))
        or (entry["method"] == "POST" and entry["api"] == "graph")
    ]
    assert writes == []


@pytest.mark.connected
def test_a_moved_checkout_or_another_machine_sees_no_change(stack: Stack, tmp_path: Path) -> None:
    held = json.dumps([(each.get("inputs"), each.get("outputs")) for each in stack.resources().values()])
    assert [place for place in (stack.folder, ROOT, Path.home()) if f"{place}/" in held] == []
    moved = tmp_path / "somewhere" / "else"
    moved.mkdir(parents=True)
    for name in LINKED:
        # Copies, so that nothing can lead back to the folder of before; the environment may lie anywhere.
        if (ROOT / name).is_dir() and name != ".venv":
            shutil.copytree(ROOT / name, moved / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (moved / name).symlink_to(ROOT / name)
    for name in ("Pulumi.yaml", f"Pulumi.{stack.name}.yaml", "state", "home"):
        (stack.folder / name).rename(moved / name)
    stack.folder = moved
    stack.pulumi("stack", "select", stack.name)
    stack.preview("--expect-no-changes")
    stack.up()
    assert stack.changes() == {}


@pytest.mark.connected
def test_names_and_address_change_in_place(stack: Stack, tenant: Tenant) -> None:
    first = stack.outputs()
    before = tenant.last_request()
    stack.configure(
        displayName="ROOMZ displays",
        group={"primarySmtpAddress": f"displays@{tenant.domain}", "name": "Räume d'accueil", "alias": "displays"},
    )
    stack.up()
    second = stack.outputs()
    assert second["clientId"] == first["clientId"]
    assert second["issuedSecrets"] == first["issuedSecrets"]
    assert second["access"]["group"]["objectId"] == first["access"]["group"]["objectId"]
    assert second["access"]["group"]["primarySmtpAddress"] == f"displays@{tenant.domain}"
    assert story(tenant.requests(before)) == []
    stack.up()
    assert stack.changes() == {}


@pytest.mark.connected
def test_the_registration_requests_and_holds_exactly_calendars_read_write(stack: Stack, tenant: Tenant) -> None:
    outputs = stack.outputs()
    application = tenant.graph("GET", f"/applications/{outputs['applicationObjectId']}").json()
    requested = [access["id"] for part in application["requiredResourceAccess"] for access in part["resourceAccess"]]
    assert requested == [CALENDARS_READ_WRITE]
    assert application["signInAudience"] == "AzureADMyOrg"
    assert application["notes"] == "roomz:roomz/test"
    path = f"/servicePrincipals/{outputs['servicePrincipalObjectId']}/appRoleAssignments"
    held = [grant["appRoleId"] for grant in tenant.graph("GET", path).json()["value"]]
    assert held == [CALENDARS_READ_WRITE]
