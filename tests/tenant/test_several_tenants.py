"""Several tenants in one process: at the same addresses, and kept apart."""

from typing import Any

import httpx
import pytest

from tests.tenant.client import EIGER, TenantClient, exchange_error, expect, graph_error

OTHER = "talblick.example"


@pytest.fixture
def other(tenant: TenantClient) -> dict[str, Any]:
    """The deployer's credentials of a second tenant."""
    body = {"domain": OTHER, "name": "Talblick GmbH", "rooms": 3}
    return dict(tenant.control("POST", "/tenants", body))


def form(other: dict[str, Any]) -> dict[str, str]:
    return {"tenant": other["tenantId"], "client_id": other["clientId"], "client_secret": other["clientSecret"]}


def token_of(tenant: TenantClient, other: dict[str, Any], audience: str | None = None) -> str:
    return str(expect(tenant.sign_in(audience and f"{audience}/.default", **form(other)), 200)["access_token"])


def own_url(tenant: TenantClient) -> str:
    return tenant.invoke_url.replace(tenant.tenant_id, OTHER)


def test_two_tenants_do_not_meet(tenant: TenantClient, other: dict[str, Any]) -> None:
    before = tenant.snapshot()
    token = token_of(tenant, other)
    made = expect(tenant.graph("POST", "/applications", {"displayName": "theirs"}, token=token), 201)
    assert graph_error(tenant.graph("GET", f"/applications/{made['id']}"))[0] == 404
    exchange = token_of(tenant, other, tenant.server.exchange_url)
    assert tenant.cmdlet("Get-Mailbox", token=exchange).status_code == 403
    url = own_url(tenant)
    rooms = expect(tenant.cmdlet("Get-Mailbox", {"RecipientTypeDetails": "RoomMailbox"}, token=exchange, url=url), 200)
    assert len(rooms["value"]) == 4
    tenant.control("PUT", f"/tenants/{other['tenantId']}/clock", {"now": "2030-01-01T00:00:00Z"})
    assert tenant.graph("GET", "/applications").status_code == 200
    assert tenant.snapshot() == before
    wrong = {**form(other), "tenant": tenant.tenant_id}
    assert tenant.sign_in(**wrong).json()["error_codes"] == [700016]


def test_a_token_reads_no_calendar_of_another_tenant(tenant: TenantClient, other: dict[str, Any]) -> None:
    client = other["clientId"]
    tenant.control("PUT", f"/tenants/{OTHER}/rights/{client}", {"appRoles": ["Calendars.ReadWrite"]})
    token = token_of(tenant, other)
    assert tenant.graph("GET", f"/users/room-00001@{OTHER}/calendar", token=token).status_code == 200
    for user in (EIGER, "control.mailbox@alpenblick.example"):
        assert graph_error(tenant.graph("GET", f"/users/{user}/calendar", token=token))[0] == 404


def test_a_link_to_a_further_page_is_of_no_use_to_another_tenant(tenant: TenantClient, other: dict[str, Any]) -> None:
    small = {"headers": {"prefer": "odata.maxpagesize=5"}}
    link = expect(tenant.cmdlet("Get-Mailbox", **small), 200)["@odata.nextLink"]
    exchange = token_of(tenant, other, tenant.server.exchange_url)
    theirs = link.replace(tenant.tenant_id, OTHER)
    assert theirs != link
    assert tenant.cmdlet("Get-Mailbox", token=exchange, url=theirs).status_code == 400
    assert tenant.cmdlet("Get-Mailbox", url=link).status_code == 200


def test_each_entry_of_the_log_has_its_own_tenants_time(tenant: TenantClient, other: dict[str, Any]) -> None:
    tenant.control("PUT", f"/tenants/{OTHER}/clock", {"now": "2030-06-01T12:00:00Z"})
    token = token_of(tenant, other)
    exchange = token_of(tenant, other, tenant.server.exchange_url)
    last = tenant.control("GET", "/status")["lastRequest"]
    tenant.sign_in(**form(other))
    answer = tenant.graph("GET", "/applications", token=token)
    tenant.cmdlet("Get-Mailbox", token=exchange, url=own_url(tenant))
    tenant.graph("GET", "/applications")
    entries = tenant.control("GET", f"/requests?since={last}")["requests"]
    assert [entry["tenantId"] for entry in entries] == [other["tenantId"]] * 3 + [tenant.tenant_id]
    assert [entry["at"][:13] == "2030-06-01T12" for entry in entries] == [True, True, True, False]
    assert "01 Jun 2030 12:" in answer.headers["date"]


def test_a_fault_of_one_tenant(tenant: TenantClient, other: dict[str, Any]) -> None:
    body = {"match": {"tenant": OTHER.upper(), "api": "graph"}, "times": 9, "action": {"status": 503}}
    tenant.control("POST", "/faults", body)
    assert tenant.graph("GET", "/applications", token=token_of(tenant, other)).status_code == 503
    assert tenant.graph("GET", "/applications").status_code == 200


def test_one_tenant_begins_anew(tenant: TenantClient, other: dict[str, Any]) -> None:
    token = token_of(tenant, other)
    tenant.make_application()
    tenant.control("PUT", f"/tenants/{OTHER}/conditions", {"lag": {"policySeconds": 60}})
    expect(tenant.graph("POST", "/applications", {"displayName": "theirs"}, token=token), 201)
    before = tenant.snapshot()
    log = len(tenant.control("GET", "/requests")["requests"])
    again = tenant.control("POST", f"/tenants/{OTHER}/reset", {"rooms": 7})
    assert again["clientId"] == other["clientId"]
    found = tenant.control("GET", f"/tenants/{OTHER}/snapshot")
    assert "theirs" not in [a["properties"]["displayName"] for a in found["applications"]]
    assert sum(m["resourceType"] == "Room" for m in found["mailboxes"]) == 7
    assert tenant.control("GET", f"/tenants/{OTHER}/conditions")["lag"]["policySeconds"] == 0
    assert tenant.sign_in(**form(other)).json()["error_codes"] == [7000215]
    assert tenant.sign_in(**form(again)).status_code == 200
    assert tenant.snapshot() == before
    remaining = tenant.control("GET", "/requests")["requests"]
    assert 0 < len(remaining) < log + 2
    assert other["tenantId"] not in {entry["tenantId"] for entry in remaining[:-2]}


def test_another_tenant_is_seeded(tenant: TenantClient, other: dict[str, Any]) -> None:
    before = tenant.snapshot()
    seeded = tenant.control("POST", "/seed", {"domain": OTHER, "rooms": 40, "people": 2})
    assert seeded["mailboxes"] == 40 + 3 + 2 + 1
    assert tenant.sign_in(**form(seeded)).status_code == 200
    assert tenant.snapshot() == before
    tenant.control("POST", "/seed", {"rooms": 2})
    assert tenant.sign_in().status_code == 200
    assert tenant.sign_in(**form(seeded)).status_code == 200
    assert tenant.plain.post("/seed", json={"domain": "nobody.example"}).status_code == 404


def test_a_tenant_goes(tenant: TenantClient, other: dict[str, Any]) -> None:
    token = token_of(tenant, other)
    exchange = token_of(tenant, other, tenant.server.exchange_url)
    tenant.control("DELETE", f"/tenants/{OTHER}")
    assert tenant.sign_in(**form(other)).json()["error_codes"] == [90002]
    assert tenant.graph("GET", "/applications", token=token).status_code == 401
    assert tenant.cmdlet("Get-Mailbox", token=exchange, url=own_url(tenant)).status_code == 401
    answer: httpx.Response = tenant.plain.delete("/tenants/alpenblick.example")
    assert answer.status_code == 409
    assert exchange_error(tenant.cmdlet("Get-Mailbox", {"Identity": "nobody"}))[0] == 404
