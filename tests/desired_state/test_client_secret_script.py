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
    assert remove(tenant, application, first).document == {"schemaVersion": 1, "keyId": first, "removed": True}
    assert remove(tenant, application, first).document == {"schemaVersion": 1, "keyId": first, "removed": False}
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


PAGE = "Entra ID > App registrations > the application (object id {}) > Certificates & secrets"


@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        (
            {"status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}},
            3,
            "Application.ReadWrite.OwnedBy",
        ),
        ({"status": 429, "headers": {"Retry-After": "90"}}, 5, "throttles"),
        ({"status": 503}, 5, "not available"),
        ({"reset": "before"}, 5, "connection was lost"),
        ({"status": 409, "body": {"error": {"code": "Conflict"}}}, 4, "Conflict"),
    ],
)
def test_whatever_stops_it_names_the_secret_that_lives_on_and_where_to_delete_it(
    tenant: Tenant, secrets: Any, action: dict[str, Any], code: int, said: str
) -> None:
    application, (first, second) = secrets
    tenant.fault({"api": "graph", "path": "/removePassword"}, action, times=99)
    done = remove(tenant, application, first)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert f"key id {first}" in done.err
    assert PAGE.format(application["objectId"]) in done.err
    assert left(tenant, application) == [first, second]


@pytest.mark.parametrize(
    ("changes", "variables", "code"),
    [
        ({}, {"ARM_CLIENT_SECRET": "wrong"}, 3),
        ({}, {"ARM_CLIENT_SECRET": None}, 2),
        ({"connection": {"metadataHost": "127.0.0.1:9", "exchangeHost": "127.0.0.1:9"}}, {}, 5),
    ],
)
def test_nobody_to_ask_is_no_reason_to_forget_which_secret_lives_on(
    tenant: Tenant, secrets: Any, changes: dict[str, Any], variables: dict[str, str | None], code: int
) -> None:
    application, (first, _) = secrets
    document = {"connection": tenant.connection, "applicationObjectId": application["objectId"], "keyId": first}
    document["connection"] |= changes.get("connection", {})
    done = tenant.run("remove", script="client_secret", stdin=document, variables=variables)
    assert done.code == code
    assert f"key id {first}" in done.err
    assert PAGE.format(application["objectId"]) in done.err


def test_invariant_6_bad_input_never_reaches_the_tenant(tenant: Tenant, secrets: Any) -> None:
    application, _ = secrets
    tenant.forget_requests()
    done = remove(tenant, application, "not a key id")
    assert done.code == 2
    assert "keyId" in done.err
    assert tenant.requests() == []
