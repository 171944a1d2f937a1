"""RBAC for Applications by the real engine: made in the closed order, kept true, taken back, and never with a grant."""

from collections.abc import Callable
from typing import Any

import pytest

from components.outputs import OUTPUTS
from tests.end_to_end.conftest import NewStack
from tests.support import least
from tests.support.order import story
from tests.support.stack import Stack
from tests.support.tenant import CALENDARS_READ_WRITE, Tenant

NAME = "roomz:roomz/test"
ROLE = "Application Calendars.ReadWrite"


def rbac_stack(new_stack: NewStack, **keys: Any) -> Stack:
    return new_stack(**{"access": "rbac", "group": None, **keys})


def token(stack: Stack, tenant: Tenant) -> str:
    """Sign in with the secret that the stack issued, as ROOMZ does."""
    outputs = stack.outputs(secrets=True)
    signed_in = tenant.sign_in(outputs["clientId"], outputs["clientSecret"])
    assert signed_in.status_code == 200, signed_in.text
    return str(signed_in.json()["access_token"])


def rooms(tenant: Tenant, **wanted: str) -> list[str]:
    found = tenant.snapshot()["mailboxes"]
    return sorted(
        mailbox["address"]
        for mailbox in found
        if mailbox.get("resourceType") == "Room" and all(mailbox.get(name) == value for name, value in wanted.items())
    )


def assignments(stack: Stack, tenant: Tenant) -> list[dict[str, Any]]:
    principal = stack.outputs()["servicePrincipalObjectId"]
    return tenant.exchange("Get-ManagementRoleAssignment", RoleAssignee=principal)


def test_invariant_1_rbac_is_closed_from_the_first_call_to_the_last(new_stack: NewStack, tenant: Tenant) -> None:
    # Whoever deploys has exactly the documented rights: no permission to grant, and a role group of its own in Exchange.
    least.join_role_group(tenant, "rbac")
    least.have_what_is_documented(tenant, "rbac")
    stack = rbac_stack(new_stack)
    before, begun = tenant.snapshot(), tenant.last_request()
    stack.up()

    told = story(tenant.requests(begun))
    assert told == ["application made", "scope made", "assignment made", "secret made"]
    outputs = stack.outputs()
    assert set(outputs) == set(OUTPUTS)
    assert outputs["rooms"] == {"number": 25, "inReach": 25, "withTitles": 25}
    access = outputs["access"]
    assert (access["model"], access["consent"]) == ("rbac", "none")
    assert access["scope"]["name"] == NAME
    assert access["assignment"]["role"] == ROLE
    assert access["servicePrincipal"]["objectId"] == outputs["servicePrincipalObjectId"]
    # Nothing is requested, and nothing granted.
    application = tenant.graph("GET", f"/applications/{outputs['applicationObjectId']}").json()
    assert application["requiredResourceAccess"] == []
    path = f"/servicePrincipals/{outputs['servicePrincipalObjectId']}/appRoleAssignments"
    assert tenant.graph("GET", path).json()["value"] == []
    # By real calls: every room, and nobody else.
    bearer = token(stack, tenant)
    assert {tenant.calendar_status(room, bearer) for room in rooms(tenant)} == {200}
    closed = [mailbox["address"] for mailbox in before["mailboxes"] if mailbox.get("resourceType") != "Room"]
    assert {tenant.calendar_status(address, bearer) for address in closed} == {403}

    settled, number = tenant.snapshot(), tenant.last_request()
    stack.up()
    assert stack.changes() == {}
    stack.preview("--expect-no-changes")
    assert tenant.snapshot() == settled
    assert not [entry for entry in tenant.requests(number) if (entry["cmdlet"] or "Get-").split("-")[0] != "Get"]

    # A room that appears is covered at once, without any run.
    new = f"room-zytglogge@{tenant.domain}"
    body = {"name": "Zytglogge", "address": new, "resourceType": "Room"}
    tenant.control("POST", f"/tenants/{tenant.id}/mailboxes", body)
    assert tenant.calendar_status(new, bearer) == 200

    number = tenant.last_request()
    stack.destroy()
    gone = story(tenant.requests(number))
    assert gone[0] == "application removed"
    assert "scope removed" in gone
    after = tenant.snapshot()
    for kept in ("managementScopes", "roleAssignments", "exchangeServicePrincipals", "groups", "policies"):
        assert after[kept] == before[kept], kept
    least.assert_tables_hold_what_was_asked(tenant, "rbac", begun)


def _filter_widened(_: Stack, tenant: Tenant) -> str:
    wide = "(RecipientTypeDetails -eq 'RoomMailbox') -or (RecipientTypeDetails -eq 'UserMailbox')"
    tenant.exchange("Set-ManagementScope", Identity=NAME, RecipientRestrictionFilter=wide, Confirm=False)
    return "its filter is"


def _assignment_deleted(stack: Stack, tenant: Tenant) -> str:
    (own,) = assignments(stack, tenant)
    tenant.exchange("Remove-ManagementRoleAssignment", Identity=own["Name"], Confirm=False)
    return "the role assignment is missing"


def _scope_deleted(stack: Stack, tenant: Tenant) -> str:
    _assignment_deleted(stack, tenant)
    tenant.exchange("Remove-ManagementScope", Identity=NAME, Confirm=False)
    return "the management scope is missing"


def _pointed_elsewhere(stack: Stack, tenant: Tenant) -> str:
    (own,) = assignments(stack, tenant)
    tenant.exchange(
        "New-ManagementScope", Name="Everybody", RecipientRestrictionFilter="RecipientTypeDetails -eq 'UserMailbox'"
    )
    tenant.exchange(
        "Set-ManagementRoleAssignment", Identity=own["Name"], CustomResourceScope="Everybody", Confirm=False
    )
    return "it points at the scope 'Everybody'"


def _principal_deleted(stack: Stack, tenant: Tenant) -> str:
    _assignment_deleted(stack, tenant)
    principal = stack.outputs()["servicePrincipalObjectId"]
    tenant.exchange("Remove-ServicePrincipal", Identity=principal, Confirm=False)
    return "the service principal is not known to Exchange"


Drift = Callable[[Stack, Tenant], str]


def shape(tenant: Tenant) -> dict[str, Any]:
    """What stands in Exchange for the stack, without what is new each time it is made."""
    snapshot = tenant.snapshot()
    scopes = {one["guid"]: one for one in snapshot["managementScopes"]}
    return {
        "scopes": [one["recipientFilter"] for one in scopes.values() if one["name"] == NAME],
        "principals": [(one["appId"], one["objectId"]) for one in snapshot["exchangeServicePrincipals"]],
        "assignments": [
            (one["role"], one["assigneeObjectId"], scopes[one["scopeGuid"]]["name"])
            for one in snapshot["roleAssignments"]
        ],
    }


@pytest.mark.connected(access="rbac", group=None)
@pytest.mark.parametrize(
    "drifts",
    [
        pytest.param((_filter_widened, _principal_deleted), id="filter-and-principal"),
        pytest.param((_scope_deleted, _pointed_elsewhere), id="scope-and-assignment", marks=pytest.mark.nightly),
    ],
)
def test_drift_in_rbac_is_previewed_named_and_repaired(stack: Stack, tenant: Tenant, drifts: tuple[Drift, ...]) -> None:
    settled = shape(tenant)
    for drift in drifts:
        named = drift(stack, tenant)
        drifted = tenant.snapshot()
        preview = stack.preview()
        assert named in preview.text, drift
        assert "1 to update" in preview.text, drift
        assert tenant.snapshot() == drifted, "a preview changed the tenant"
        stack.up()
        assert shape(tenant) == settled, drift
    stack.up()
    assert stack.changes() == {}


@pytest.mark.connected(access="rbac", group=None)
def test_what_no_scope_narrows_stops_every_run_in_rbac(stack: Stack, tenant: Tenant) -> None:
    # What somebody else assigned, and what no scope narrows, stops everything, with the command that takes it away.
    principal = stack.outputs()["servicePrincipalObjectId"]
    tenant.exchange("New-ManagementRoleAssignment", Name="by hand", Role="Application Mail.Read", App=principal)
    before = tenant.snapshot()
    result = stack.preview(expect=None)
    assert result.code != 0
    assert "over the whole organization" in result.text
    assert "Remove-ManagementRoleAssignment -Identity 'by hand'" in result.text
    assert "Traceback" not in result.text
    assert tenant.snapshot() == before
    tenant.exchange("Remove-ManagementRoleAssignment", Identity="by hand", Confirm=False)

    # So does a grant that somebody pressed in the portal, also where nothing else is looked for.
    graph = tenant.graph("GET", "/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'").json()[
        "value"
    ][0]
    grant = {"principalId": principal, "resourceId": graph["id"], "appRoleId": CALENDARS_READ_WRITE}
    made = tenant.graph("POST", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo", grant).json()
    before = tenant.snapshot()
    for observe, run in ((None, stack.preview), (False, stack.up)):
        stack.configure(observe=observe)
        result = run(expect=None)
        assert result.code != 0
        assert f"app role {CALENDARS_READ_WRITE}" in result.text
        assert "calendars_consent remove" in result.text
        assert "Traceback" not in result.text
    assert tenant.snapshot() == before
    tenant.graph("DELETE", f"/servicePrincipals/{graph['id']}/appRoleAssignedTo/{made['id']}")

    refused = stack.configure_and_fail(access="policy", group={"primarySmtpAddress": f"r@{tenant.domain}"})
    assert "this stack was made with 'rbac'" in refused.text


def test_rooms_of_a_list_and_a_filter_and_what_destroy_leaves(new_stack: NewStack, tenant: Tenant) -> None:
    """A group where rooms are listed, a scope where a filter says which; later, and the end of what is left."""
    bern = rooms(tenant, office="Bern")
    group = {"primarySmtpAddress": f"RoomzResources@{tenant.domain}"}
    stack = rbac_stack(new_stack, group=group, rooms={"include": bern[:4]}, removal="later")
    stack.up()
    told = story(tenant.requests())
    assert told == ["application made", "group made", "assignment made", "secret made"]
    bearer = token(stack, tenant)
    assert [tenant.calendar_status(room, bearer) for room in bern[:5]] == [200] * 4 + [403]

    stack.configure(rooms={"include": {"filter": "Office -eq 'Bern'"}, "kinds": ["room", "workspace"]}, group=None)
    stack.up()
    everybody = tenant.snapshot()["mailboxes"]
    inside = [
        one["address"]
        for one in everybody
        if one.get("resourceType") in ("Room", "Workspace") and one["office"] == "Bern"
    ]
    reached = {one["address"] for one in everybody if tenant.calendar_status(one["address"], bearer) == 200}
    assert reached == set(inside)
    stack.up()
    assert stack.changes() == {}

    destroyed = stack.destroy()
    assert "remove --retired" in destroyed.text
    (scope,) = tenant.snapshot()["managementScopes"]
    assert scope["name"].startswith(f"{NAME} retired 20")
    command = ["remove", "--retired", "--mark", NAME, "--access", "rbac", "--tenant-id", tenant.id]
    command += [
        "--metadata-host",
        f"127.0.0.1:{tenant.server.port}",
        "--exchange-host",
        f"localhost:{tenant.server.port}",
    ]
    waiting = stack.script("exchange_policy", *command, expect=5)
    assert "can be restored until" in waiting.text
    for item in tenant.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]:
        assert tenant.graph("DELETE", f"/directory/deletedItems/{item['id']}").is_success
    tenant.advance(hours=3)
    stack.script("exchange_policy", *command)
    left = tenant.snapshot()
    assert left["managementScopes"] == left["roleAssignments"] == left["exchangeServicePrincipals"] == []
    assert not [one for one in left["groups"] if NAME in one.get("notes", "")]
