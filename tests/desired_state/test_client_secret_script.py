"""`client_secret.py remove`: takes one secret away, again and again, and never the other."""

from typing import Any

import pytest

from tests.desired_state.tenant import Ended, Tenant


@pytest.fixture
def secrets(tenant: Tenant) -> tuple[dict[str, str], list[str]]:
    application = tenant.application()
    path = f"/applications/{application['objectId']}/addPassword"
    made = [tenant.graph("POST", path, {"passwordCredential": {"displayName": f"generation {n}"}}) for n in range(2)]
    return application, [one["keyId"] for one in made]


def remove(tenant: Tenant, application: dict[str, str], key_id: str, **changes: Any) -> Ended:
    document = {"connection": tenant.connection, "applicationObjectId": application["objectId"], "keyId": key_id}
    return tenant.run("remove", script="client_secret", stdin={**document, **changes})


def left(tenant: Tenant, application: dict[str, str]) -> list[str]:
    found = tenant.graph("GET", f"/applications/{application['objectId']}")
    return [one["keyId"] for one in found["passwordCredentials"]]


def test_it_removes_one_and_doing_so_again_is_no_error(tenant: Tenant, secrets: Any) -> None:
    application, (first, second) = secrets
    assert remove(tenant, application, first).document == {"keyId": first, "removed": True}
    assert remove(tenant, application, first).document == {"keyId": first, "removed": False}
    assert left(tenant, application) == [second]


def test_an_application_that_is_gone_has_no_secret(tenant: Tenant, secrets: Any) -> None:
    application, (first, _) = secrets
    tenant.graph("DELETE", f"/applications/{application['objectId']}")
    assert remove(tenant, application, first).document["removed"] is False


def test_invariant_2_a_lost_answer_is_no_error(tenant: Tenant, secrets: Any) -> None:
    application, (first, second) = secrets
    tenant.fault({"api": "graph", "path": "/removePassword"}, {"reset": "after"})
    assert remove(tenant, application, first).code == 0
    assert left(tenant, application) == [second]


def test_a_refusal_says_that_the_secret_still_works(tenant: Tenant, secrets: Any) -> None:
    application, (first, _) = secrets
    refusal = {"error": {"code": "Request_BadRequest", "message": "Something else."}}
    tenant.fault({"api": "graph", "path": "/removePassword"}, {"status": 400, "body": refusal})
    done = remove(tenant, application, first)
    assert done.code == 4
    assert first in done.err
    assert "still works" in done.err


def test_a_missing_right_is_named(tenant: Tenant, secrets: Any) -> None:
    application, (first, _) = secrets
    refusal = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
    tenant.fault({"api": "graph", "path": "/removePassword"}, {"status": 403, "body": refusal}, times=9)
    done = remove(tenant, application, first)
    assert done.code == 3
    assert "Application.ReadWrite.OwnedBy" in done.err


def test_invariant_6_bad_input_never_reaches_the_tenant(tenant: Tenant, secrets: Any) -> None:
    application, _ = secrets
    tenant.forget_requests()
    done = remove(tenant, application, "not a key id")
    assert done.code == 2
    assert "keyId" in done.err
    assert tenant.requests() == []
