"""Sign-in as Microsoft's identity platform does it."""

import base64
import json
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from tests.tenant.client import TenantClient, expect, graph_error
from tests.tenant.signing import claims, refusal


def test_metadata_names_login_and_graph(tenant: TenantClient) -> None:
    document = expect(tenant.http.get(f"{tenant.server.url}/metadata/endpoints?api-version=2022-09-01"), 200)
    assert document["authentication"]["loginEndpoint"] == tenant.server.url
    assert document["microsoftGraphResourceId"] == tenant.server.url
    assert document["name"]
    assert document["resourceManager"]


def test_token_holds_what_an_application_token_holds(tenant: TenantClient) -> None:
    answer = expect(tenant.sign_in(), 200)
    held = claims(answer["access_token"])
    assert held["aud"] == tenant.server.url
    assert held["iss"] == f"https://sts.windows.net/{tenant.tenant_id}/"
    assert (held["idtyp"], held["appidacr"], held["ver"]) == ("app", "1", "1.0")
    assert held["oid"] == held["sub"]
    assert held["roles"] == ["AppRoleAssignment.ReadWrite.All", "Application.Read.All", "Application.ReadWrite.OwnedBy"]
    assert answer["expires_in"] == 3899
    exchange = claims(expect(tenant.sign_in(f"{tenant.server.exchange_url}/.default"), 200)["access_token"])
    assert exchange["roles"] == ["Exchange.ManageAsApp"]
    assert exchange["wids"] == ["29232cdf-9323-42fd-ade2-1d097af3e4de"]


def test_a_lifetime_policy_decides_how_long_new_tokens_last(tenant: TenantClient) -> None:
    before = expect(tenant.sign_in(), 200)
    tenant.control("PUT", "/tenants/alpenblick.example/conditions", {"tokenSeconds": 600})
    after = expect(tenant.sign_in(), 200)
    held = claims(after["access_token"])
    assert (after["expires_in"], held["exp"] - held["iat"]) == (599, 600)
    assert claims(before["access_token"])["exp"] - claims(before["access_token"])["iat"] == 3900
    headers = {"authorization": f"Bearer {after['access_token']}"}
    tenant.advance(seconds=601)
    assert tenant.http.get(f"{tenant.server.url}/v1.0/applications", headers=headers).status_code == 401
    headers = {"authorization": f"Bearer {before['access_token']}"}
    assert tenant.http.get(f"{tenant.server.url}/v1.0/applications", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_id": "11111111-1111-1111-1111-111111111111"}, (400, "unauthorized_client", 700016)),
        ({"tenant": "22222222-2222-2222-2222-222222222222"}, (400, "invalid_request", 90002)),
        ({"scope": "https://nobody.example/.default"}, (400, "invalid_resource", 500011)),
        ({"scope": "https://nobody.example/Calendars.Read"}, (400, "invalid_scope", 70011)),
        ({"scope": ""}, (400, "invalid_request", 900144)),
        ({"client_secret": ""}, (401, "invalid_client", 7000218)),
        ({"grant_type": "mind_reading"}, (400, "unsupported_grant_type", 70003)),
    ],
)
def test_refusals(tenant: TenantClient, form: dict[str, str], wanted: tuple[int, str, int]) -> None:
    assert refusal(tenant.sign_in(**form)) == wanted


def test_what_is_not_imitated_is_named(tenant: TenantClient) -> None:
    answer = tenant.sign_in(client_assertion="x.y.z")
    assert (answer.status_code, answer.json()["error"]) == (501, "NotImitated")
    assert expect(tenant.http.get(f"{tenant.server.url}/somewhere"), 501)["error"]["code"] == "NotImitated"


def test_secret_id_is_no_secret_and_secrets_end_by_the_tenants_clock(tenant: TenantClient) -> None:
    application = tenant.make_application()
    path = f"/applications/{application['id']}/addPassword"
    made = expect(tenant.graph("POST", path, {"passwordCredential": {"displayName": "x"}}), 200)
    form = {"client_id": application["appId"], "client_secret": made["secretText"]}
    assert tenant.sign_in(**form).status_code == 200
    assert refusal(tenant.sign_in(**{**form, "client_secret": made["keyId"]})) == (401, "invalid_client", 7000215)
    tenant.advance(2 * 366 * 86400)
    assert refusal(tenant.sign_in(**form)) == (401, "invalid_client", 7000222)


def test_removed_secret_is_refused_but_its_token_lives_on(tenant: TenantClient) -> None:
    application = tenant.make_application()
    path = f"/applications/{application['id']}"
    made = expect(tenant.graph("POST", f"{path}/addPassword", {}), 200)
    expect(tenant.grant(application["servicePrincipalId"]), 201)
    form = {"client_id": application["appId"], "client_secret": made["secretText"]}
    token = expect(tenant.sign_in(**form), 200)["access_token"]
    expect(tenant.graph("POST", f"{path}/removePassword", {"keyId": made["keyId"]}), 204)
    assert refusal(tenant.sign_in(**form)) == (401, "invalid_client", 7000215)
    assert tenant.graph("GET", "/users/room-eiger@alpenblick.example/calendar", token=token).status_code == 200


def test_application_without_service_principal_gets_no_token(tenant: TenantClient) -> None:
    application = expect(tenant.graph("POST", "/applications", {"displayName": "x"}), 201)
    made = expect(tenant.graph("POST", f"/applications/{application['id']}/addPassword", {}), 200)
    answer = tenant.sign_in(client_id=application["appId"], client_secret=made["secretText"])
    assert refusal(answer) == (401, "invalid_client", 7000229)


def test_roles_are_fixed_at_issue(tenant: TenantClient) -> None:
    application = tenant.make_application()
    before = tenant.token(client_id=application["appId"])
    grant = expect(tenant.grant(application["servicePrincipalId"]), 201)
    path = "/users/room-eiger@alpenblick.example/calendar"
    assert graph_error(tenant.graph("GET", path, token=before))[:2] == (401, "NoPermissionsInAccessToken")
    after = tenant.token(client_id=application["appId"])
    expect(tenant.graph("DELETE", f"/servicePrincipals/{grant['resourceId']}/appRoleAssignedTo/{grant['id']}"), 204)
    assert tenant.graph("GET", path, token=after).status_code == 200


@pytest.mark.parametrize("spoil", ["garbage", "signature", "claims", "none"])
def test_garbled_tokens_are_refused(tenant: TenantClient, spoil: str) -> None:
    head, body, signature = tenant.token().split(".")
    changed = base64.urlsafe_b64encode(json.dumps({"tid": tenant.tenant_id, "roles": []}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    spoiled = {
        "garbage": "garbage",
        "signature": f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        "claims": f"{head}.{changed}.{signature}",
        "none": f"{unsigned}.{body}.",
    }[spoil]
    assert graph_error(tenant.graph("GET", "/applications", token=spoiled))[:2] == (401, "InvalidAuthenticationToken")
    assert tenant.cmdlet("Get-Mailbox", token=spoiled).status_code == 401


def test_tokens_for_graph_and_exchange_are_not_interchangeable(tenant: TenantClient) -> None:
    answer = tenant.graph("GET", "/applications", token=tenant.token("exchange"))
    assert graph_error(answer)[:2] == (401, "InvalidAuthenticationToken")
    assert "audience" in answer.json()["error"]["message"]
    refused = tenant.cmdlet("Get-Mailbox", token=tenant.token("graph"))
    assert (refused.status_code, refused.content) == (401, b"")
    assert "www-authenticate" in refused.headers


def test_each_name_of_the_port_serves_its_own_apis(tenant: TenantClient) -> None:
    headers = {"authorization": f"Bearer {tenant.token()}"}
    assert tenant.http.get(f"{tenant.server.exchange_url}/v1.0/applications", headers=headers).status_code == 501
    wrong = tenant.http.get(f"{tenant.server.url}/v1.0/applications", headers={**headers, "host": "example.org"})
    assert wrong.status_code == 421


def test_tokens_end_and_answers_are_dated_by_the_tenants_clock(tenant: TenantClient) -> None:
    token = tenant.token()
    tenant.advance(64 * 60)
    assert tenant.graph("GET", "/applications", token=token).status_code == 200
    tenant.advance(2 * 60)
    answer = tenant.graph("GET", "/applications", token=token)
    assert graph_error(answer)[:2] == (401, "InvalidAuthenticationToken")
    now = datetime.fromisoformat(tenant.control("GET", f"/tenants/{tenant.tenant_id}/clock")["now"][:19] + "+00:00")
    for each in (answer, tenant.sign_in(), tenant.cmdlet("Get-AcceptedDomain")):
        assert abs((parsedate_to_datetime(each.headers["date"]) - now).total_seconds()) < 5
