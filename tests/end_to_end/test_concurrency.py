"""Two runs at once: of one stack, of two checkouts of one stack that do not share a lock, of two stacks in one tenant.

Two runs of the Exchange script alone, request by request, are in desired_state/test_two_runs.py.
"""

import subprocess
from pathlib import Path

import pytest

from tests.support.order import assert_closed_at_every_instant, story
from tests.support.stack import Stack
from tests.support.tenant import Tenant
from tests.support.under_way import PATIENCE, copy_of, seen, wait_until


def finish(stack: Stack, process: "subprocess.Popen[str]") -> str:
    """Wait for a run that was started, which must end well; returns what it said."""
    text, _ = process.communicate(timeout=PATIENCE)
    stack.said.append(text)
    assert process.returncode == 0, text
    return text


@pytest.mark.connected
def test_a_second_up_of_a_stack_is_refused_while_the_first_runs_and_a_preview_is_not(
    stack: Stack, tenant: Tenant
) -> None:
    stack.configure(secret={"generation": 1})
    since = tenant.last_request()
    # The provider looks at a new password for some seconds; here for longer.
    tenant.fault(action={"delaySeconds": 15}, skip=1, method="GET", path=r"/v1\.0/applications/[^/?]+$")
    first = stack.start("up", "--yes", "--skip-preview")
    wait_until(tenant, first, seen(path_ends="/addPassword", status=200), since=since)
    refused = stack.up(expect=None)
    assert refused.code != 0
    assert "the stack is currently locked" in refused.text
    assert "pulumi cancel" in refused.text
    said = stack.preview().text
    assert "is in the tenant, and the last outputs do not know it" in said
    assert first.poll() is None, "the first run was over, and nothing was tried"
    finish(stack, first)
    assert story(tenant.requests(since)) == ["secret made"]
    stack.up()
    assert stack.changes() == {}


@pytest.mark.nightly
def test_invariant_1_and_2_two_checkouts_that_share_no_lock_make_two_of_each_and_name_the_other(
    stack: Stack, tenant: Tenant, tmp_path: Path
) -> None:
    """The first `up` of one stack, from two copies of its state at once: no lock, no order, nothing open, nothing lost."""
    other = copy_of(stack, tmp_path / "copy")
    tenant.control("POST", f"/tenants/{tenant.id}/exposure", {"allowed": "rooms"})
    both = [(each, each.start("up", "--yes", "--skip-preview")) for each in (stack, other)]
    for each, process in both:
        finish(each, process)
    made = story(tenant.requests())
    assert (made.count("application made"), made.count("policy made"), made.count("secret made")) == (2, 2, 2)
    assert made.count("group made") == 1
    ids = [each.outputs()["clientId"] for each in (stack, other)]
    for each, foreign in zip((stack, other), reversed(ids), strict=True):
        said = each.up().text
        assert each.changes() == {}, "the two take turns"
        assert f"Another application carries this stack's mark: 'ROOMZGraph', client id {foreign}" in said
        assert "it has 1 secret, so the ROOMZ Portal may use it" in said
        assert f"a policy of this stack for the former application {foreign} is left alone" in said
    # One of the two is taken away again: the group that the other needs stays, since its application still holds the grant.
    refused = other.destroy(expect=None)
    assert refused.code != 0
    assert (
        f"nothing was removed, since without the restriction every calendar would be open to ROOMZGraph ({ids[0]})"
        in (refused.text)
    )
    said = stack.up().text
    assert stack.changes() == {}
    assert "Another application" not in said
    outputs = stack.outputs(secrets=True)
    token = tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).json()["access_token"]
    assert tenant.calendar_status(f"room-eiger@{tenant.domain}", token) == 200
    assert tenant.calendar_status(f"control.mailbox@{tenant.domain}", token) == 403
    assert tenant.control("GET", f"/tenants/{tenant.id}/exposure")["avoidable"]["seconds"] == 0


@pytest.mark.nightly
@pytest.mark.connected
def test_invariant_2_two_checkouts_that_renew_at_once_issue_two_and_name_the_other(
    stack: Stack, tenant: Tenant, tmp_path: Path
) -> None:
    other = copy_of(stack, tmp_path / "copy")
    first = stack.outputs(secrets=True)
    for each in (stack, other):
        each.configure(secret={"generation": 1})
    both = [(each, each.start("up", "--yes", "--skip-preview")) for each in (stack, other)]
    for each, process in both:
        finish(each, process)
    issued = [each.outputs()["issuedSecrets"]["1"]["keyId"] for each in (stack, other)]
    assert issued[0] != issued[1]
    for each, foreign in zip((stack, other), reversed(issued), strict=True):
        said = each.up().text
        assert each.changes() == {}
        assert "A password of this stack is in the tenant but not in its state" in said
        assert foreign in said
        outputs = each.outputs(secrets=True)
        assert tenant.sign_in(outputs["clientId"], outputs["clientSecret"]).status_code == 200
    assert tenant.sign_in(first["clientId"], first["clientSecret"]).status_code == 200
    assert_closed_at_every_instant(tenant.requests())


@pytest.mark.nightly
@pytest.mark.connected
def test_invariant_3_two_stacks_of_one_tenant_leave_each_other_alone(
    stack: Stack, tenant: Tenant, tmp_path: Path
) -> None:
    other = Stack.prepare(tmp_path / "other", stack.server, tenant)
    other.name = "other"
    other.configure()
    other.pulumi("stack", "init", other.name)
    settled = tenant.snapshot()
    refused = other.up(expect=None)
    assert refused.code != 0
    assert f"the group RoomzResources@{tenant.domain} belongs to the stack roomz/test" in refused.text
    assert "pulumi config set --path roomz:group.primarySmtpAddress ADDRESS" in refused.text
    assert tenant.snapshot() == settled, "it made something all the same"

    rooms = [f"room-{name}@{tenant.domain}" for name in ("eiger", "pilatus", "albis")]
    address = f"second@{tenant.domain}"
    other.configure(group={"name": "Second", "primarySmtpAddress": address}, rooms={"include": rooms})
    stack.configure(secret={"generation": 1})
    since = tenant.last_request()
    # Each has work to do: an application with everything, and a renewal.
    both = [(each, each.start("up", "--yes", "--skip-preview")) for each in (stack, other)]
    for each, process in both:
        finish(each, process)
    for each in (stack, other):
        said = each.up().text
        assert each.changes() == {}
        assert "carries this stack's mark" not in said
        assert "not in its state" not in said
    reach = {each.name: each.outputs()["rooms"]["inReach"] for each in (stack, other)}
    assert reach == {"test": 25, "other": 3}
    assert story(tenant.requests(since)).count("application made") == 1
    mine = stack.outputs(secrets=True)
    before = tenant.graph("GET", f"/applications/{mine['applicationObjectId']}").json()
    other.destroy()
    assert tenant.graph("GET", f"/applications/{mine['applicationObjectId']}").json() == before
    token = tenant.sign_in(mine["clientId"], mine["clientSecret"]).json()["access_token"]
    assert tenant.calendar_status(rooms[0], token) == 200
    assert tenant.calendar_status(f"control.mailbox@{tenant.domain}", token) == 403
    stack.up()
    assert stack.changes() == {}
    # The calendars that both set stay as they are; of the other nothing is left.
    names = [group["name"] for group in tenant.snapshot()["groups"]]
    assert "RoomzResources" in names
    assert "Second" not in names
