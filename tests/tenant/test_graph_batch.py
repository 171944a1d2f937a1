"""Graph's $batch: one request for up to twenty, calendars among them."""

from typing import Any

import pytest

from simulator.graph import errors
from tests.tenant.client import EIGER, TenantClient, expect, graph_error

JSON = {"Content-Type": "application/json"}


def batch(tenant: TenantClient, *requests: dict[str, Any], **options: Any) -> dict[str, dict[str, Any]]:
    """Send a batch that must be accepted, and return its answers by id."""
    document = expect(tenant.graph("POST", "/$batch", {"requests": list(requests)}, **options), 200)
    assert set(document) == {"responses"}
    return {answer["id"]: answer for answer in document["responses"]}


def get(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **more}


def post(name: str, url: str, body: Any, **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "POST", "url": url, "body": body, "headers": JSON, **more}


def test_each_request_has_its_own_answer(tenant: TenantClient) -> None:
    answers = batch(
        tenant,
        get("1", "/applications?$filter=displayName eq 'CRM calendar sync'&$select=displayName"),
        get("2", "/applications/33333333-3333-3333-3333-333333333333"),
        post("3", "applications", {"displayName": "A"}),
        get("4", "/me"),
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {"1": 200, "2": 404, "3": 201, "4": 501}
    assert [each["displayName"] for each in answers["1"]["body"]["value"]] == ["CRM calendar sync"]
    assert answers["2"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["1"]["headers"]["Content-Type"].startswith("application/json;odata.metadata=minimal")
    made = answers["3"]["body"]["id"]
    gone = batch(tenant, {"id": "x", "method": "DELETE", "url": f"/applications/{made}"})["x"]
    assert (gone["status"], gone["body"]) == (204, None)
    assert tenant.graph("GET", f"/applications/{made}").status_code == 404


def test_calendars_of_many_rooms_in_one_request(tenant: TenantClient) -> None:
    made = tenant.make_application()
    expect(tenant.grant(made["servicePrincipalId"]), 201)
    group = tenant.make_group()
    tenant.restrict(made["appId"], group["PrimarySmtpAddress"])
    token = tenant.token(client_id=made["appId"])
    rooms = [m["address"] for m in tenant.snapshot()["mailboxes"] if m["resourceType"] == "Room"][:20]
    answers = batch(tenant, *(get(room, f"/users/{room}/calendar") for room in {EIGER, *rooms}), token=token)
    statuses = {name: answer["status"] for name, answer in answers.items()}
    assert statuses.pop(EIGER) == 200
    assert set(statuses.values()) == {403}


def test_each_request_is_in_the_log(tenant: TenantClient) -> None:
    last = tenant.control("GET", "/requests")["last"]
    batch(tenant, get("a", "/users/room-eiger@alpenblick.example/calendar"), get("b", "/applications?$top=1"))
    entries = tenant.control("GET", f"/requests?since={last}")["requests"]
    outer = entries[0]
    assert (outer["path"], outer["status"], outer["batch"]) == ("/v1.0/$batch", 200, None)
    assert [(e["api"], e["path"], e["query"], e["status"], e["batch"]) for e in entries[1:]] == [
        ("calendars", "/v1.0/users/room-eiger@alpenblick.example/calendar", "", 403, outer["number"]),
        ("graph", "/v1.0/applications", "$top=1", 200, outer["number"]),
    ]
    assert {e["callerAppId"] for e in entries} == {tenant.administrator["clientId"]}


def test_a_request_may_bring_its_own_token_and_headers(tenant: TenantClient) -> None:
    made = tenant.make_application()
    other = {"authorization": f"Bearer {tenant.token(client_id=made['appId'])}"}
    answers = batch(
        tenant,
        get("own", "/applications?$top=1", headers=other),
        get("inherited", "/applications?$count=true", headers={"ConsistencyLevel": "eventual"}),
    )
    assert answers["own"]["status"] == 403
    assert answers["inherited"]["body"]["@odata.count"] == 3


def test_dependencies_come_first_and_fail_together(tenant: TenantClient) -> None:
    answers = batch(
        tenant,
        get("c", "/applications?$filter=displayName eq 'A'", dependsOn=["B"]),
        post("b", "/applications", {"displayName": "A"}, dependsOn=["a"]),
        get("a", "/applications?$top=1"),
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {"a": 200, "b": 201, "c": 200}
    assert len(answers["c"]["body"]["value"]) == 1
    before = tenant.snapshot()
    answers = batch(
        tenant,
        get("a", "/applications/33333333-3333-3333-3333-333333333333"),
        post("b", "/applications", {"displayName": "B"}, dependsOn=["a"]),
        get("c", "/applications?$top=1", dependsOn=["b"]),
        get("d", "/applications?$top=1"),
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {"a": 404, "b": 424, "c": 424, "d": 200}
    assert tenant.snapshot() == before


@pytest.mark.parametrize(
    ("requests", "text"),
    [
        ([], "Invalid batch payload format."),
        ("x", "Invalid batch payload format."),
        (["x"], "Invalid batch payload format."),
        ([{"id": "1", "url": "/applications"}], "Invalid batch payload format."),
        ([{"id": 1, "method": "GET", "url": "/applications"}], "Invalid batch payload format."),
        ([get("1", "https://graph.microsoft.com/v1.0/applications")], "Invalid batch payload format."),
        ([get("1", "/$batch")], "Invalid batch payload format."),
        ([post("1", "/applications", {"displayName": "A"}) | {"headers": {}}], "Invalid batch payload format."),
        ([get("1", "/applications", dependsOn=["2"])], "Invalid batch payload format."),
        (
            [get("1", "/applications", dependsOn=["2"]), get("2", "/applications", dependsOn=["1"])],
            "Invalid batch payload format.",
        ),
        ([get("a", "/applications"), get("A", "/applications")], "Request Id A has to be unique in a batch."),
        ([get(str(n), "/applications") for n in range(21)], "Number of requests inside batch exceeds the limit."),
    ],
)
def test_bad_batches_are_refused_as_a_whole(tenant: TenantClient, requests: Any, text: str) -> None:
    before = tenant.snapshot()
    answer = tenant.graph("POST", "/$batch", {"requests": requests})
    assert graph_error(answer) == (400, "BadRequest", text)
    assert tenant.snapshot() == before


def test_a_batch_needs_a_token(tenant: TenantClient) -> None:
    answer = tenant.graph("POST", "/$batch", {"requests": [get("1", "/applications")]}, token="garbled")
    assert graph_error(answer)[:2] == (401, "InvalidAuthenticationToken")


def test_twenty_are_not_too_many(tenant: TenantClient) -> None:
    assert len(batch(tenant, *(get(str(n), "/applications?$top=1") for n in range(20)))) == 20


def test_faults_meet_single_requests_of_a_batch(tenant: TenantClient) -> None:
    fault = {"match": {"path": "room-moench"}, "times": 1, "action": {"status": 429, "headers": {"retry-after": "3"}}}
    tenant.control("POST", "/faults", fault)
    rooms = {name: f"/users/room-{name}@alpenblick.example/calendar" for name in ("eiger", "moench")}
    answers = batch(tenant, *(get(name, url) for name, url in rooms.items()))
    assert (answers["moench"]["status"], answers["moench"]["headers"]["Retry-After"]) == (429, "3")
    assert answers["eiger"]["status"] == 403


def test_throttling_has_graphs_shape(tenant: TenantClient) -> None:
    records = tenant.server.simulator.store.first
    error = errors.throttled("app", "tenant", 7)
    assert error.status == 429
    assert error.headers == {
        "x-ms-throttle-scope": "Tenant_Application/ReadWrite/app/tenant",
        "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        "retry-after": "7",
    }
    document = error.document(records.now(), "r", "c")["error"]
    assert (document["code"], document["message"]) == ("TooManyRequests", "Please retry again later.")
    assert document["innerError"].items() >= {"code": "429", "status": "429", "request-id": "r"}.items()
    assert "retry-after" not in errors.throttled("app", "tenant", None).headers
    assert errors.throttled("a", "t", 1, limit="Write").headers["x-ms-throttle-information"] == "WriteLimitExceeded"
