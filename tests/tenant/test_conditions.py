"""Conditions of a tenant: how they are set, what outlasts what, latency, and requests too many at once."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.conditions import MICROSOFTS_OWN
from simulator.server import SimulatorServer
from tests.tenant.at_once import send_at_once
from tests.tenant.client import EIGER, TenantClient, expect

PLACE = "/tenants/alpenblick.example/conditions"


def put(tenant: TenantClient, **document: Any) -> dict[str, Any]:
    return dict(tenant.control("PUT", PLACE, document))


def invoke_command(tenant: TenantClient, name: str = "Get-CalendarProcessing") -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": name, "Parameters": {"Identity": EIGER}}}


def at_once(tenant: TenantClient, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    return send_at_once(tenant.server, [httpx.Request(**request) for request in requests])


def graph_request(tenant: TenantClient, path: str = "/applications") -> dict[str, Any]:
    headers = {"authorization": f"Bearer {tenant.fresh('graph')}"}
    return {"method": "GET", "url": f"{tenant.server.url}/v1.0{path}", "headers": headers}


def test_parts_are_merged_and_reset_clears(tenant: TenantClient) -> None:
    fresh = tenant.control("GET", PLACE)
    put(tenant, lag={"policySeconds": 60})
    changed = put(tenant, lag={"secretSeconds": 5}, blockedClientIds=["a"])
    assert changed["lag"] == {**fresh["lag"], "policySeconds": 60, "secretSeconds": 5}
    assert changed == tenant.control("GET", PLACE)
    assert put(tenant, blockedClientIds=[])["blockedClientIds"] == []
    tenant.control("POST", "/reset")
    assert tenant.control("GET", PLACE) == fresh


def test_presets_go_first(tenant: TenantClient) -> None:
    put(tenant, latency={"requestMilliseconds": 1})
    microsoft = put(tenant, preset="microsoft", lag={"secretSeconds": 1})
    assert microsoft["lag"] == {**MICROSOFTS_OWN.model_dump(by_alias=True), "secretSeconds": 1}
    assert microsoft["latency"]["requestMilliseconds"] == 0
    assert put(tenant, preset="none")["lag"]["policySeconds"] == 0


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"lag": {"policySecond": 1}}, "lag.policySecond"),
        ({"lag": 3}, "lag"),
        ({"latency": {"requestMilliseconds": -1}}, "latency.requestMilliseconds"),
        ({"preset": "google"}, "Known: microsoft, none"),
        ([1], "must be an object"),
    ],
)
def test_bad_conditions_are_explained_and_change_nothing(tenant: TenantClient, document: Any, text: str) -> None:
    before = tenant.control("GET", PLACE)
    answer = tenant.plain.put(PLACE, json=document)
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert tenant.control("GET", PLACE) == before


def test_conditions_survive_a_restart(tmp_path: Path) -> None:
    with SimulatorServer(tmp_path) as server:
        client = TenantClient(server)
        put(client, throttle={"concurrentRequests": 8})
        client.close()
    with SimulatorServer(tmp_path) as server:
        client = TenantClient(server)
        assert client.control("GET", PLACE)["throttle"]["concurrentRequests"] == 8
        client.close()


def test_each_request_waits_once_and_each_cmdlet_once_more(tenant: TenantClient) -> None:
    token = tenant.fresh("exchange")
    expect(tenant.cmdlet("Get-CalendarProcessing", {"Identity": EIGER}), 200)
    put(tenant, latency={"requestMilliseconds": 100, "cmdletMilliseconds": 40})

    def seconds(send: Any) -> float:
        """The shortest of three times: other work on the machine only adds."""
        spent: list[float] = []
        for _ in range(3):
            begin = time.perf_counter()
            assert send().status_code == 200
            spent.append(time.perf_counter() - begin)
        return min(spent)

    body = {"id": "", "method": "POST", "url": tenant.invoke_url, "body": invoke_command(tenant)}
    headers = {"authorization": f"Bearer {token}"}
    batch = {"requests": [{**body, "id": str(number), "headers": headers} for number in range(5)]}
    batch_url = tenant.invoke_url.replace("InvokeCommand", "$batch")
    assert seconds(lambda: tenant.cmdlet("Get-CalendarProcessing", {"Identity": EIGER})) >= 0.14
    assert seconds(lambda: tenant.http.post(batch_url, json=batch, headers=headers)) >= 0.30
    assert seconds(lambda: tenant.graph("GET", "/applications")) >= 0.10


def test_latency_of_one_holds_up_nobody_else(tenant: TenantClient) -> None:
    tenant.fresh("graph")
    put(tenant, latency={"requestMilliseconds": 1000})
    begin = time.perf_counter()
    answers = at_once(tenant, [graph_request(tenant) for _ in range(20)])
    assert {answer.status_code for answer in answers} == {200}
    assert time.perf_counter() - begin < 15  # one after another: 20


def test_requests_too_many_are_refused_by_graph(tenant: TenantClient) -> None:
    put(tenant, latency={"requestMilliseconds": 700}, throttle={"concurrentRequests": 8, "retryAfterSeconds": 7})
    answers = at_once(tenant, [graph_request(tenant) for _ in range(12)])
    refused = [answer for answer in answers if answer.status_code == 429]
    assert sorted(answer.status_code for answer in answers) == [200] * 8 + [429] * 4
    error = refused[0].json()["error"]
    assert error["code"] == "TooManyRequests"
    assert {"date", "request-id", "client-request-id"} <= set(error["innerError"])
    assert refused[0].headers["retry-after"] == "7"
    scope = f"Tenant_Application/ReadWrite/{tenant.administrator['clientId']}/{tenant.tenant_id}"
    assert refused[0].headers["x-ms-throttle-scope"] == scope
    assert "x-ms-throttle-information" in refused[0].headers
    entries = tenant.control("GET", "/requests")["requests"]
    noted = [e for e in entries if any("throttled" in note for note in e.get("notes", []))]
    assert [entry["status"] for entry in noted] == [429] * 4
    assert {entry["tenantId"] for entry in noted} == {tenant.tenant_id}
    assert tenant.graph("GET", "/applications").status_code == 200


def test_a_request_that_is_refused_has_no_effect_and_meets_no_fault(tenant: TenantClient) -> None:
    put(tenant, latency={"requestMilliseconds": 300}, throttle={"concurrentRequests": 1})
    tenant.control("POST", "/faults", {"match": {"method": "POST"}, "times": 9, "action": {"delaySeconds": 0.01}})
    creation = {**graph_request(tenant), "method": "POST", "json": {"displayName": "x"}}
    assert sorted(answer.status_code for answer in at_once(tenant, [creation] * 3)) == [201, 429, 429]
    assert len([a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "x"]) == 1
    assert tenant.control("GET", "/faults")["faults"][0]["seen"] == 1


def test_each_api_refuses_in_its_own_shape(tenant: TenantClient) -> None:
    headers = {"authorization": f"Bearer {tenant.fresh('exchange')}"}
    requests: dict[str, dict[str, Any]] = {
        "exchange": {"method": "POST", "url": tenant.invoke_url, "json": invoke_command(tenant), "headers": headers},
        "login": {"method": "POST", "url": f"{tenant.server.url}/{tenant.tenant_id}/oauth2/v2.0/token", "data": {}},
        "calendars": graph_request(tenant, f"/users/{EIGER}/calendar"),
    }

    def refusal(api: str) -> httpx.Response:
        answers = at_once(tenant, [requests[api], requests[api]])
        return next(answer for answer in answers if answer.status_code in (429, 503))

    put(tenant, latency={"requestMilliseconds": 600}, throttle={"concurrentRequests": 1, "retryAfterSeconds": None})
    login = refusal("login")
    assert login.status_code == 429
    assert login.json()["error_codes"] == [90055]
    assert refusal("calendars").json()["error"]["code"] == "ApplicationThrottled"
    exchange = refusal("exchange")
    assert (exchange.status_code, "retry-after" in exchange.headers) == (429, False)
    assert "Too many requests" in exchange.json()["error"]["message"]
    put(tenant, throttle={"exchangePlainText": True, "retryAfterSeconds": 2})
    plain = refusal("exchange")
    assert (plain.status_code, plain.headers["retry-after"]) == (503, "2")
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.text.startswith("You have reached the maximum number of concurrent requests per tenant.")


def test_one_tenants_crowd_is_not_anothers(tenant: TenantClient) -> None:
    other = tenant.control("POST", "/tenants", {"domain": "talblick.example", "rooms": 1})
    put(tenant, latency={"requestMilliseconds": 600}, throttle={"concurrentRequests": 1})
    body = {"clientId": other["clientId"], "audience": "graph"}
    token = tenant.control("POST", "/tenants/talblick.example/tokens", body)["accessToken"]
    theirs = {**graph_request(tenant), "headers": {"authorization": f"Bearer {token}"}}
    answers = at_once(tenant, [graph_request(tenant), theirs, theirs, theirs])
    assert [answer.status_code for answer in answers] == [200] * 4
