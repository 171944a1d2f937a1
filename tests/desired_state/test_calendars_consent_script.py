"""`calendars_consent.py remove`: takes one grant away, again and again, and no other."""

import pytest

from tests.desired_state.tenant import Ended, Tenant

DENIED = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}


@pytest.fixture
def grant(tenant: Tenant) -> str:
    application = tenant.application(grant=True)
    return f"/servicePrincipals/{graph_object_id(tenant)}/appRoleAssignedTo/{application['grantId']}"


def graph_object_id(tenant: Tenant) -> str:
    found = tenant.graph("GET", "/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'")
    return str(found["value"][0]["id"])


def held(tenant: Tenant) -> set[str]:
    found = tenant.graph("GET", f"/servicePrincipals/{graph_object_id(tenant)}/appRoleAssignedTo")
    return {one["id"] for one in found["value"]}


def remove(tenant: Tenant, grant: str) -> Ended:
    return tenant.run("remove", script="calendars_consent", stdin={"connection": tenant.connection, "grant": grant})


def test_it_removes_one_and_doing_so_again_is_no_error(tenant: Tenant, grant: str) -> None:
    before = held(tenant)
    assert remove(tenant, grant).document == {"schemaVersion": 1, "grant": grant, "removed": True}
    assert before - held(tenant) == {grant.rpartition("/")[2]}
    assert remove(tenant, grant).document == {"schemaVersion": 1, "grant": grant, "removed": False}


def test_invariant_2_a_lost_answer_is_no_error(tenant: Tenant, grant: str) -> None:
    tenant.fault({"api": "graph", "method": "DELETE", "path": "/appRoleAssignedTo/"}, {"reset": "after"})
    assert remove(tenant, grant).code == 0
    assert grant.rpartition("/")[2] not in held(tenant)


def test_a_missing_right_is_named_with_the_page_where_a_person_revokes_it(tenant: Tenant, grant: str) -> None:
    tenant.fault({"api": "graph", "method": "DELETE"}, {"status": 403, "body": DENIED}, times=9)
    done = remove(tenant, grant)
    assert done.code == 3
    assert "still holds" in done.err
    assert "AppRoleAssignment.ReadWrite.All" in done.err
    assert "Enterprise applications" in done.err


@pytest.mark.parametrize("grant", ["", "/applications/x", "/servicePrincipals/x/appRoleAssignedTo/y", "../../me"])
def test_invariant_6_bad_input_never_reaches_the_tenant(tenant: Tenant, grant: str) -> None:
    tenant.forget_requests()
    done = remove(tenant, grant)
    assert done.code == 2
    assert "grant" in done.err
    assert tenant.requests() == []
