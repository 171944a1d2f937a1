"""`exchange_policy.py` in the access model `rbac` against the simulated tenant: applied, repaired, interrupted, and said."""

from typing import Any

import pytest

from microsoft365.exchange.rbac_names import base_name
from tests.desired_state.tenant import MARK, Tenant

ROOMS = 25
CHANGED = {"createPrincipal": 1, "createScope": 1, "createAssignment": 1, "setCalendar": ROOMS}


def wish_for(tenant: Tenant, application: dict[str, str], **changes: Any) -> dict[str, Any]:
    ids = {"clientId": application["clientId"], "servicePrincipalId": application["principalId"]}
    return {**tenant.desired(access="rbac"), "application": ids, "group": None, **changes}


@pytest.fixture
def wish(tenant: Tenant) -> dict[str, Any]:
    return wish_for(tenant, tenant.application())


def changes(tenant: Tenant) -> list[str]:
    return [entry["cmdlet"] for entry in tenant.cmdlets() if not entry["cmdlet"].startswith(("Get-", "Test-"))]


def own(tenant: Tenant, wish: dict[str, Any]) -> list[dict[str, Any]]:
    principal = wish["application"]["servicePrincipalId"]
    return tenant.cmdlet("Get-ManagementRoleAssignment", RoleAssignee=principal)


def test_from_nothing_to_everything_and_nothing_again(tenant: Tenant, wish: dict[str, Any]) -> None:
    done = tenant.run("apply", stdin=wish, process=True)
    assert done.code == 0, done.err
    document = done.document
    assert document["model"] == "rbac"
    assert document["group"] is None
    assert document["scope"]["name"] == MARK
    assert document["assignment"]["name"] == f"{MARK} {wish['application']['servicePrincipalId'][:8]}"
    assert document["servicePrincipal"]["objectId"] == wish["application"]["servicePrincipalId"]
    assert document["rooms"] == {"number": ROOMS, "inReach": ROOMS, "withTitles": ROOMS}
    assert document["changed"] == CHANGED
    (notice,) = document["notices"]
    assert "30 minutes" in notice
    tenant.forget_requests()
    again = tenant.run("apply", stdin=wish)
    assert (again.code, again.document["changed"], again.document["notices"]) == (0, {}, [])
    assert again.document["assignment"] == document["assignment"]
    assert changes(tenant) == []


def test_rbac_asks_for_no_right_that_only_the_policy_model_needs(tenant: Tenant, wish: dict[str, Any]) -> None:
    assert tenant.run("apply", stdin=wish).code == 0
    assert tenant.run("observe", stdin=wish).code == 0
    asked = {entry["cmdlet"] for entry in tenant.cmdlets()}
    assert not {one for one in asked if "AccessPolicy" in one or one.startswith("New-Distribution")}


def test_invariant_1_no_assignment_is_made_without_the_service_principal_id(
    tenant: Tenant, wish: dict[str, Any]
) -> None:
    del wish["application"]["servicePrincipalId"]
    done = tenant.run("apply", stdin=wish)
    assert done.code == 2
    assert "application.servicePrincipalId is missing" in done.err
    assert changes(tenant) == []


def test_an_organization_that_was_never_customized_is_customized_once(tenant: Tenant) -> None:
    tenant.control.post("/seed", json={"rooms": 3, "people": 1, "customized": False}).raise_for_status()
    wish = wish_for(tenant, tenant.application(), calendar="unmanaged")
    seen = tenant.run("observe", stdin=wish).document["exchange"]
    assert any("Enable-OrganizationCustomization will be run" in notice for notice in seen["notices"])
    tenant.forget_requests()
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    assert "Running Enable-OrganizationCustomization" in done.err
    assert changes(tenant) == [
        "Enable-OrganizationCustomization",
        "New-ServicePrincipal",
        "New-ManagementScope",
        "New-ManagementRoleAssignment",
    ]
    tenant.forget_requests()
    assert tenant.run("apply", stdin=wish).code == 0
    assert changes(tenant) == []


def test_customization_is_not_run_where_it_is_not_needed(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.run("apply", stdin=wish)
    assert "Enable-OrganizationCustomization" not in changes(tenant)


@pytest.mark.parametrize("cmdlet", ["New-ServicePrincipal", "New-ManagementScope", "New-ManagementRoleAssignment"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_invariant_2_a_lost_answer_makes_nothing_twice(
    tenant: Tenant, wish: dict[str, Any], cmdlet: str, when: str
) -> None:
    tenant.fault({"cmdlet": cmdlet}, {"reset": when})
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    snapshot = tenant.snapshot()
    assert [len(snapshot[name]) for name in ("exchangeServicePrincipals", "managementScopes", "roleAssignments")] == [
        1,
        1,
        1,
    ]


@pytest.mark.parametrize(
    "cmdlet", ["New-ServicePrincipal", "New-ManagementScope", "New-ManagementRoleAssignment", "Set-CalendarProcessing"]
)
def test_invariant_2_what_a_failed_run_left_is_finished_by_the_next(
    tenant: Tenant, wish: dict[str, Any], cmdlet: str
) -> None:
    refusal = {"error": {"code": "BadRequest", "message": "Invalid Operation", "details": []}}
    tenant.fault({"cmdlet": cmdlet}, {"status": 400, "body": refusal}, times=50)
    assert tenant.run("apply", stdin=wish).code == 4
    if cmdlet.startswith("New-"):
        # Whatever failed, it failed before the application could read anything.
        assert tenant.snapshot()["roleAssignments"] == []
    tenant.control.delete("/faults").raise_for_status()
    assert tenant.run("apply", stdin=wish).code == 0
    tenant.forget_requests()
    assert tenant.run("apply", stdin=wish).document["changed"] == {}


@pytest.mark.parametrize("cmdlet", ["Get-ServicePrincipal", "Get-ManagementScope", "Get-ManagementRoleAssignment"])
def test_invariant_3_an_empty_reading_makes_nothing_a_second_time(
    tenant: Tenant, wish: dict[str, Any], cmdlet: str
) -> None:
    """A list that lacks what is there is read again, or ends the run; it never leads to a wider reach."""
    assert tenant.run("apply", stdin=wish).code == 0
    before = tenant.snapshot()
    empty = {"@odata.context": "x", "@adminapi.warnings": [], "value": []}
    tenant.fault({"cmdlet": cmdlet}, {"status": 200, "body": empty})
    tenant.forget_requests()
    done = tenant.run("apply", stdin=wish)
    if cmdlet == "Get-ServicePrincipal":
        assert done.code == 4
        assert "incomplete reading" in done.err
    else:
        assert done.code == 0, done.err
    assert changes(tenant) == []
    after = tenant.snapshot()
    for name in ("exchangeServicePrincipals", "managementScopes", "roleAssignments"):
        assert after[name] == before[name], name


def test_a_renamed_stack_keeps_its_scope_and_is_marked_anew(tenant: Tenant) -> None:
    application = tenant.application()
    old = wish_for(tenant, application, mark="roomz:roomz/old")
    first = tenant.run("apply", stdin=old).document
    new = wish_for(tenant, application)
    done = tenant.run("apply", stdin=new)
    assert done.code == 0, done.err
    assert done.document["scope"]["id"] == first["scope"]["id"]
    assert done.document["scope"]["name"] == MARK
    (assignment,) = own(tenant, new)
    assert assignment["CustomResourceScope"] == MARK
    assert assignment["Name"].startswith(f"{MARK} ")
    tenant.forget_requests()
    assert tenant.run("apply", stdin=new).document["changed"] == {}


def test_a_renamed_stack_keeps_its_group_too(tenant: Tenant) -> None:
    application = tenant.application()
    rooms = {"exclude": [f"room-eiger@{tenant.administrator['domain']}"]}
    group = {"primarySmtpAddress": f"RoomzResources@{tenant.administrator['domain']}"}
    old = wish_for(tenant, application, mark="roomz:roomz/old", rooms=rooms, group=group)
    first = tenant.run("apply", stdin=old).document
    done = tenant.run("apply", stdin=wish_for(tenant, application, rooms=rooms, group=group))
    assert done.code == 0, done.err
    assert done.document["group"]["objectId"] == first["group"]["objectId"]
    assert any("is marked anew" in notice for notice in done.document["notices"])


def test_the_group_of_another_stack_is_refused(tenant: Tenant) -> None:
    rooms = {"exclude": [f"room-eiger@{tenant.administrator['domain']}"]}
    group = {"primarySmtpAddress": f"RoomzResources@{tenant.administrator['domain']}"}
    theirs = wish_for(
        tenant, tenant.application(mark="roomz:roomz/other"), mark="roomz:roomz/other", rooms=rooms, group=group
    )
    assert tenant.run("apply", stdin=theirs).code == 0
    before = tenant.snapshot()
    ours = wish_for(tenant, tenant.application(), rooms=rooms, group=group)
    done = tenant.run("apply", stdin=ours)
    assert done.code == 6
    assert "belongs to the stack roomz/other" in done.err
    assert tenant.snapshot()["groups"] == before["groups"]


def test_names_that_are_too_long_are_shortened_and_still_ours(tenant: Tenant) -> None:
    mark = f"roomz:roomz/{'a-very-long-name-of-a-stack-' * 3}"
    wish = wish_for(tenant, tenant.application(mark=mark), mark=mark)
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    assert done.document["scope"]["name"] == base_name(mark)
    assert tenant.run("apply", stdin=wish).document["changed"] == {}


def test_an_assignment_without_a_scope_stops_plan_and_apply_with_the_command(
    tenant: Tenant, wish: dict[str, Any]
) -> None:
    tenant.run("apply", stdin=wish)
    principal = wish["application"]["servicePrincipalId"]
    (ours,) = own(tenant, wish)
    tenant.cmdlet("Remove-ManagementRoleAssignment", Identity=ours["Name"], Confirm=False)
    # Under our own name: still nothing that this project ever makes.
    tenant.cmdlet(
        "New-ManagementRoleAssignment", Name=ours["Name"], Role="Application Calendars.ReadWrite", App=principal
    )
    before = tenant.snapshot()
    assert "Stopped by a guard" in tenant.run("plan", stdin=wish).out
    done = tenant.run("apply", stdin=wish)
    assert done.code == 6
    assert "over the whole organization" in done.err
    assert f"Remove-ManagementRoleAssignment -Identity '{ours['Name']}'" in done.err
    assert tenant.snapshot() == before


def test_the_guard_on_removals_counts_what_the_scope_reaches_now(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.run("apply", stdin=wish)
    before = tenant.snapshot()
    fewer = {**wish, "rooms": {"include": {"filter": "Office -eq 'Bern'"}}}
    done = tenant.run("apply", stdin=fewer)
    assert done.code == 6
    assert f"of {ROOMS} rooms would be taken out of the application's reach" in done.err
    assert tenant.snapshot() == before
    allowed = {**wish, "rooms": {"include": {"filter": "Office -eq 'Bern'"}, "maxRemovals": ROOMS}}
    assert tenant.run("apply", stdin=allowed).code == 0
    # Wider again takes nothing from anybody.
    assert tenant.run("apply", stdin=wish).code == 0


def test_the_plan_says_what_each_action_touches_and_what_undoing_it_takes(tenant: Tenant, wish: dict[str, Any]) -> None:
    table = tenant.run("plan", stdin=wish, variables={"COLUMNS": "300"}).out
    for words in ("createAssignment", "this application alone", "Remove-ManagementRoleAssignment"):
        assert words in table
    actions = tenant.run("plan", "--json", stdin=wish).document["actions"]
    assert {"kind", "subject", "reason", "touches", "undo"} == set(actions[0])
    assert all(action["touches"] and action["undo"] for action in actions)


def test_entra_alone_can_be_observed(tenant: Tenant) -> None:
    application = tenant.application(grant=True)
    seen = tenant.run("observe", "--entra-only", stdin=wish_for(tenant, application)).document
    assert [grant["id"] for grant in seen["entra"]["grants"]] == [application["grantId"]]
    assert tenant.cmdlets() == []


def test_more_than_a_thousand_rooms_cost_no_call_more(tenant: Tenant) -> None:
    counts = []
    for number in (10, 1500):
        tenant.control.post("/seed", json={"rooms": number, "people": 1}).raise_for_status()
        wish = wish_for(
            tenant, tenant.application(), calendar="unmanaged", rooms={"include": {"filter": "Office -eq 'Bern'"}}
        )
        tenant.forget_requests()
        done = tenant.run("apply", stdin=wish)
        assert done.code == 0, done.err
        assert done.document["rooms"]["inReach"] >= number // 4
        counts.append(len(changes(tenant)))
    assert counts == [3, 3]
