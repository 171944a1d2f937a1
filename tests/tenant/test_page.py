"""The page over HTTP: where it is, what it answers, and what it refuses."""

import httpx
import pytest

from tests.tenant import connected
from tests.tenant.client import TenantClient, expect


def test_the_control_ports_root_is_the_page_of_the_one_tenant(tenant: TenantClient) -> None:
    answer = tenant.plain.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Alpenblick AG</h1>" in answer.text
    assert "Not connected yet" in answer.text
    for name in (tenant.tenant_id, "alpenblick.example", "alpenblick.onmicrosoft.com"):
        assert "<h1>Alpenblick AG</h1>" in tenant.plain.get(f"/tenants/{name}/page").text


def test_the_https_address_leads_to_the_page(tenant: TenantClient) -> None:
    answer = tenant.http.get(f"{tenant.server.url}/")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{tenant.server.control_url}/")


def test_with_several_tenants_the_root_lists_them(tenant: TenantClient) -> None:
    tenant.control("POST", "/tenants", {"domain": "b.example", "name": "Bergsicht & Co", "rooms": 3})
    text = tenant.plain.get("/").text
    assert "Bergsicht &amp; Co" in text
    assert f'href="/tenants/{tenant.tenant_id}/page"' in text
    page = tenant.plain.get("/tenants/b.example/page").text
    assert "<h1>Bergsicht &amp; Co</h1>" in page
    assert 'href="/"' in page


def test_what_it_refuses(tenant: TenantClient) -> None:
    assert tenant.plain.get("/tenants/nobody.example/page").status_code == 404
    for path in ("/", "/tenants/alpenblick.example/page"):
        for method in ("POST", "PUT", "DELETE"):
            assert tenant.plain.request(method, path).status_code in (404, 405)
        assert tenant.plain.get(path, headers={"origin": "https://evil.example"}).status_code == 403
        assert tenant.plain.get(path, headers={"host": "evil.example"}).status_code == 403
    # The Microsoft-like port shows no page, under neither of its names.
    assert tenant.http.get(f"{tenant.server.url}/tenants/alpenblick.example/page").status_code == 501


@pytest.mark.parametrize("several", [False, True])
def test_headers_keep_it_to_itself(tenant: TenantClient, several: bool) -> None:
    if several:
        tenant.control("POST", "/tenants", {"domain": "b.example", "rooms": 1})
    headers = tenant.plain.get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"].startswith("'sha256-")
    assert policy["style-src"].startswith("'sha256-")
    assert policy["connect-src"] == policy["form-action"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


def test_an_unchanged_page_is_not_sent_again(tenant: TenantClient) -> None:
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/clock", {"now": "2026-11-24T08:40:00Z"})
    first = tenant.plain.get("/")
    again = tenant.plain.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    tenant.make_application("Another")
    changed = tenant.plain.get("/", headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert "Another" in changed.text


def test_looking_changes_nothing_and_leaves_no_trace(tenant: TenantClient) -> None:
    before, last = tenant.snapshot(), tenant.control("GET", "/status")["lastRequest"]
    tenant.plain.get("/")
    tenant.plain.get("/tenants/alpenblick.example/page?find=eiger")
    assert tenant.snapshot() == before
    assert tenant.control("GET", "/status")["lastRequest"] == last


def test_a_search_is_shown_as_it_was_typed_and_harmless(tenant: TenantClient) -> None:
    text = tenant.plain.get("/", params={"find": '"><script>alert(1)</script>'}).text
    assert "No room is found by" in text
    assert "<script>alert" not in text


def test_the_page_of_a_connected_tenant(tenant: TenantClient) -> None:
    application = connected.connect(tenant)
    text = tenant.plain.get("/").text
    assert "Connected: all 25 rooms are in reach, and nothing else is." in text
    for each in (application["appId"], application["keyId"], connected.MARK, "Calendars.ReadWrite", "RoomzResources"):
        assert each in text
    # Somebody lets the application out of the rooms: the page says so at once.
    identity = next(
        row["Identity"]
        for row in tenant.rows("Get-ApplicationAccessPolicy")
        if row["AppId"].lower() == application["appId"]
    )
    expect(tenant.cmdlet("Remove-ApplicationAccessPolicy", {"Identity": identity, "Confirm": False}), 200)
    assert "mailboxes that are no rooms are in reach" in tenant.plain.get("/").text


def test_while_graph_lags_behind_exchange_the_page_says_who_is_still_in_reach(tenant: TenantClient) -> None:
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/conditions", {"lag": {"policySeconds": 3600}})
    connected.connect(tenant)
    text = tenant.plain.get("/").text
    assert "9 mailboxes that are no rooms are in reach." in text
    assert "in reach: Graph has not taken up the restriction yet" in text
    tenant.advance(3601)
    assert "Connected: all 25 rooms are in reach, and nothing else is." in tenant.plain.get("/").text


def test_no_secret_is_on_it(tenant: TenantClient) -> None:
    application = connected.connect(tenant)
    text = tenant.plain.get("/").text
    state = tenant.server.simulator.store.first
    secrets = [tenant.administrator["clientSecret"], application["secret"], state.signing_key]
    secrets += [each.secret_hash for own in state.applications for each in own.passwords]
    assert len(secrets) == 5
    assert [each for each in secrets if each in text] == []


def test_a_tenant_with_many_rooms_answers_quickly(tenant: TenantClient) -> None:
    tenant.control("POST", "/seed", {"rooms": 1000, "people": 100})
    answer = httpx.get(f"{tenant.server.control_url}/", timeout=10)
    assert answer.elapsed.total_seconds() < 2
    assert len(answer.content) < 300_000
    assert "1,000" in answer.text
