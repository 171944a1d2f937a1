"""The control API, faults, the log, and what survives a restart."""

import json
import re
import socket
import stat
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator import coverage
from simulator.server import SimulatorServer
from tests.tenant.client import CONTROL_MAILBOX, EIGER, TenantClient, exchange_error, expect, graph_error

PROJECT = Path(__file__).resolve().parents[2]


def fault(tenant: TenantClient, action: dict[str, Any], **rest: Any) -> None:
    tenant.control("POST", "/faults", {"action": action, **rest})


def test_coverage_table_is_fresh() -> None:
    readme = coverage.README.read_text()
    assert readme == coverage.with_coverage(readme), "run: python -m simulator.coverage"
    assert "New-ApplicationAccessPolicy" in readme


def test_simulator_imports_nothing_of_the_product() -> None:
    forbidden = re.compile(r"^\s*(?:from|import)\s+(?:components|microsoft365|scripts|tools)\b", re.MULTILINE)
    assert not [file for file in (PROJECT / "simulator").rglob("*.py") if forbidden.search(file.read_text())]


def test_the_two_ports_do_not_mix(tenant: TenantClient) -> None:
    for path in ("/status", "/requests", "/faults", f"/tenants/{tenant.tenant_id}/conditions", "/tenants/x/exposure"):
        assert tenant.http.get(f"{tenant.server.url}{path}").status_code == 501
        assert tenant.http.get(f"{tenant.server.exchange_url}{path}").status_code == 501
    assert tenant.plain.get(f"/{tenant.tenant_id}/v2.0/.well-known/openid-configuration").status_code == 404
    assert tenant.plain.get("/status", headers={"origin": "https://evil.example"}).status_code == 403
    assert tenant.plain.get("/status", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        (
            "POST",
            "/faults",
            {"action": {}},
            "exactly one of status, reset, delaySeconds, truncateBody and dribbleSeconds",
        ),
        ("POST", "/faults", {"action": {"status": 500}, "match": {"path": "("}}, "no regular expression"),
        ("POST", "/faults", {"action": {"status": 500}, "match": {"verb": "GET"}}, "match.verb"),
        ("POST", "/seed", {"rooms": -1}, "rooms"),
        ("PUT", "/tenants/alpenblick.example/clock", {}, "exactly one of now and advanceSeconds"),
        ("PUT", "/tenants/alpenblick.example/clock", {"now": "2026-11-24T00:00:00"}, "needs an offset"),
        ("GET", "/tenants/nobody/clock", None, "no tenant 'nobody'"),
        ("POST", "/tenants/alpenblick.example/mailboxes", {"address": "x@elsewhere.example"}, "no address of"),
        ("GET", "/requests?since=yesterday", None, "yesterday"),
        ("GET", "/nothing", None, "/nothing"),
    ],
)
def test_bad_input_is_explained(tenant: TenantClient, method: str, path: str, body: Any, text: str) -> None:
    answer = tenant.plain.request(method, path, json=body)
    assert 400 <= answer.status_code < 500
    assert text in answer.json()["error"]


def test_fault_answers_in_place_of_the_tenant(tenant: TenantClient) -> None:
    action = {"status": 429, "headers": {"Retry-After": "3"}, "body": {"error": {"code": "TooManyRequests"}}}
    fault(tenant, action, match={"api": "graph", "method": "POST", "path": "/applications$"}, skip=1, times=2)
    statuses = [tenant.graph("POST", "/applications", {"displayName": "x"}).status_code for _ in range(4)]
    assert statuses == [201, 429, 429, 201]
    assert len([a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "x"]) == 2
    tenant.control("DELETE", "/faults")
    fault(tenant, action, match={"api": "login"})
    answer = tenant.sign_in()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert tenant.control("GET", "/faults")["faults"][0]["seen"] == 1


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_resets_before_and_after_the_effect(tenant: TenantClient, when: str, made: int) -> None:
    tenant.fresh("graph")
    fault(tenant, {"reset": when}, match={"api": "graph", "method": "POST"})
    with pytest.raises(httpx.TransportError):
        tenant.graph("POST", "/applications", {"displayName": "x"})
    found = [a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "x"]
    assert len(found) == made
    assert tenant.control("GET", "/requests")["requests"][-1]["status"] == "reset"
    assert tenant.graph("GET", "/applications").status_code == 200


def test_fault_within_a_batch(tenant: TenantClient) -> None:
    token = tenant.fresh("exchange")

    def send() -> httpx.Response:
        requests = [
            {
                "id": room,
                "method": "POST",
                "url": tenant.invoke_url,
                "headers": {"Authorization": f"Bearer {token}"},
                "body": {
                    "CmdletInput": {
                        "CmdletName": "Set-CalendarProcessing",
                        "Parameters": {"Identity": room, "DeleteSubject": False},
                    }
                },
            }
            for room in ("room-eiger", "room-rigi", "room-albis")
        ]
        headers = {"authorization": f"Bearer {token}", "prefer": "odata.continue-on-error"}
        url = tenant.invoke_url.replace("InvokeCommand", "$batch")
        return tenant.http.post(url, json={"requests": requests}, headers=headers)

    match = {"cmdlet": "set-calendarprocessing"}
    fault(tenant, {"status": 503, "body": "busy"}, match=match, skip=1)
    answer = send()
    assert answer.status_code == 200
    responses = {each["id"]: (each["status"], each["body"]) for each in answer.json()["responses"]}
    assert responses["room-rigi"] == (503, "busy")
    assert [responses[room][0] for room in ("room-eiger", "room-albis")] == [200, 200]
    (untouched,) = tenant.rows("Get-CalendarProcessing", {"Identity": "room-rigi"})
    assert untouched["DeleteSubject"] is True
    tenant.control("DELETE", "/faults")
    fault(tenant, {"reset": "after"}, match=match, skip=1)
    with pytest.raises(httpx.TransportError):
        send()
    (reached,) = tenant.rows("Get-CalendarProcessing", {"Identity": "room-rigi"})
    assert reached["DeleteSubject"] is False


def test_truncated_answer_of_a_request_that_took_effect(tenant: TenantClient) -> None:
    tenant.fresh("graph")
    fault(tenant, {"truncateBody": True}, match={"api": "graph", "method": "POST"})
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection without sending complete message body"):
        tenant.graph("POST", "/applications", {"displayName": "x"})
    assert len([a for a in tenant.snapshot()["applications"] if a["properties"]["displayName"] == "x"]) == 1
    entry = tenant.control("GET", "/requests")["requests"][-1]
    assert (entry["status"], entry["notes"]) == (201, ["took effect; a fault spoiled the answer"])
    (found,) = expect(tenant.graph("GET", "/applications?$filter=displayName eq 'x'"), 200)["value"]
    fault(tenant, {"truncateBody": True}, match={"api": "graph", "method": "DELETE"})
    with pytest.raises(httpx.TransportError):  # a 204 has no body of which half could arrive
        tenant.graph("DELETE", f"/applications/{found['id']}")
    assert found["id"] not in [a["id"] for a in tenant.snapshot()["applications"]]


def test_truncated_answer_of_a_batch(tenant: TenantClient) -> None:
    token = tenant.fresh("exchange")
    headers = {"authorization": f"Bearer {token}"}

    def part(room: str) -> dict[str, Any]:
        given = {"Identity": room, "DeleteSubject": False}
        body = {"CmdletInput": {"CmdletName": "Set-CalendarProcessing", "Parameters": given}}
        return {"id": room, "method": "POST", "url": tenant.invoke_url, "headers": headers, "body": body}

    rooms = ["room-eiger", "room-rigi", "room-albis"]
    fault(tenant, {"truncateBody": True}, match={"cmdlet": "Set-CalendarProcessing"}, skip=1)
    url = tenant.invoke_url.replace("InvokeCommand", "$batch")
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.http.post(url, json={"requests": [part(room) for room in rooms]}, headers=headers)
    for room in rooms:
        (row,) = tenant.rows("Get-CalendarProcessing", {"Identity": room})
        assert row["DeleteSubject"] is False


def test_dribbled_answer_is_whole(tenant: TenantClient) -> None:
    whole = tenant.graph("GET", "/applications?$select=id")
    fault(tenant, {"dribbleSeconds": 0.3}, match={"api": "graph"})
    begin = time.monotonic()
    assert tenant.graph("GET", "/applications?$select=id").json() == whole.json()
    assert time.monotonic() - begin >= 0.2


def test_slow_answer_does_not_hold_up_others(tenant: TenantClient) -> None:
    tenant.fresh("graph")
    fault(tenant, {"delaySeconds": 1.0}, match={"path": "/applications"})
    begin = time.monotonic()
    slow = threading.Thread(target=lambda: tenant.graph("GET", "/applications"))
    slow.start()
    tenant.plain.get("/status")
    assert slow.is_alive()
    slow.join()
    assert time.monotonic() - begin >= 1.0


def test_log(tenant: TenantClient) -> None:
    last = tenant.control("GET", "/status")["lastRequest"]
    tenant.sign_in()
    tenant.graph("GET", "/applications?$top=5")
    tenant.cmdlet("Set-Group", {"Identity": "crm-mailboxes", "Notes": "x"})
    entries = tenant.control("GET", f"/requests?since={last}")["requests"]
    seen = [(e["api"], e["method"], e["cmdlet"], e["status"]) for e in entries]
    assert seen == [
        ("login", "POST", None, 200),
        ("graph", "GET", None, 200),
        ("exchange", "POST", "Set-Group", 400),
    ]
    assert entries[1]["query"] == "$top=5"
    assert {e["callerAppId"] for e in entries} == {tenant.administrator["clientId"]}
    assert entries[2]["parameters"] == {"Identity": "crm-mailboxes", "Notes": "x"}
    tenant.control("DELETE", "/requests")
    tenant.sign_in()
    assert [e["number"] for e in tenant.control("GET", "/requests")["requests"]] == [entries[-1]["number"] + 1]


def test_rooms_come_and_go(tenant: TenantClient) -> None:
    before = tenant.snapshot()
    tenant.make_group()
    body = {"address": "room-new@alpenblick.example", "name": "Room New", "office": "Bern", "resourceCapacity": 3}
    tenant.control("POST", "/tenants/alpenblick.example/mailboxes", body)
    again = tenant.plain.post("/tenants/alpenblick.example/mailboxes", json=body)
    assert again.status_code == 409
    given = {
        "Identity": "RoomzResources",
        "Member": "room-new",
        "BypassSecurityGroupManagerCheck": True,
        "Confirm": False,
    }
    tenant.rows("Add-DistributionGroupMember", given)
    tenant.control("DELETE", "/tenants/alpenblick.example/mailboxes/room-new@alpenblick.example")
    assert [row["Name"] for row in tenant.rows("Get-DistributionGroupMember", {"Identity": "RoomzResources"})] == [
        "Room Eiger"
    ]
    assert exchange_error(tenant.cmdlet("Get-Mailbox", {"Identity": "room-new"}))[0] == 404
    tenant.rows("Remove-DistributionGroup", {k: v for k, v in given.items() if k != "Member"})
    assert tenant.snapshot() == before


def test_ten_thousand_rooms_are_seeded_and_listed(tenant: TenantClient) -> None:
    tenant.control("POST", "/seed", {"rooms": 10_000, "people": 0})
    found = 0
    link: str | None = tenant.invoke_url
    while link:
        page = expect(tenant.cmdlet("Get-Mailbox", {"ResultSize": "Unlimited"}, url=link), 200)
        found, link = found + len(page["value"]), page.get("@odata.nextLink")
    assert found == 10_000 + 4
    members = [f"room-{number:05d}" for number in range(1, 10_001)]
    tenant.make_group(members=members)
    (group,) = tenant.rows("Get-Group", {"Identity": "RoomzResources"})
    assert len(group["Members"]) == 10_000


def test_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    with SimulatorServer(tmp_path) as server:
        client = TenantClient(server)
        made = client.make_application()
        secret = expect(client.graph("POST", f"/applications/{made['id']}/addPassword", {}), 200)["secretText"]
        client.make_group()
        client.restrict(made["appId"], "RoomzResources")
        expect(client.grant(made["servicePrincipalId"]), 201)
        client.advance(3600 * 24)
        before = client.snapshot()
        certificate = server.certificate_file.read_bytes()
        on_disk = json.loads((tmp_path / "state.json").read_text())
        assert len(on_disk["tenants"][client.tenant_id]["policies"]) == 2
        client.close()
    with SimulatorServer(tmp_path) as server:
        client = TenantClient(server)
        assert client.snapshot() == before
        assert server.certificate_file.read_bytes() == certificate
        assert client.control("GET", f"/tenants/{client.tenant_id}/clock")["offsetSeconds"] >= 3600 * 24
        assert client.sign_in(client_id=made["appId"], client_secret=secret).status_code == 200
        token = client.token(client_id=made["appId"])
        assert client.graph("GET", f"/users/{EIGER}/calendar", token=token).status_code == 200
        assert client.graph("GET", f"/users/{CONTROL_MAILBOX}/calendar", token=token).status_code == 403
        client.close()
    for name in ("administrator.json", "state.json", "server.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_seeded_ids_are_the_same_everywhere_but_secrets_are_not(tenant: TenantClient, tmp_path: Path) -> None:
    with SimulatorServer(tmp_path) as server:
        other = TenantClient(server)
        assert other.tenant_id == tenant.tenant_id
        mine, theirs = tenant.snapshot(), other.snapshot()
        assert mine == theirs
        assert other.administrator["clientSecret"] != tenant.administrator["clientSecret"]
        foreign = other.token()
        assert graph_error(tenant.graph("GET", "/applications", token=foreign))[0] == 401
        other.close()


def test_hundreds_of_open_connections(tenant: TenantClient) -> None:
    address = ("127.0.0.1", tenant.server.port)
    connections = [socket.create_connection(address, timeout=10) for _ in range(300)]
    try:
        assert tenant.graph("GET", "/applications").status_code == 200
    finally:
        for each in connections:
            each.close()


def test_answers_are_not_held_back_by_nagles_algorithm(tenant: TenantClient) -> None:
    # asyncio turns it off only for sockets that name their protocol; with it each answer waits 44 ms.
    assert {listening.proto for listening in tenant.server._sockets} == {socket.IPPROTO_TCP}
