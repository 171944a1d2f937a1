"""The page of admin consent: what it shows, what accepting grants, and what is refused."""

from typing import Any

import httpx
import pytest

from tests.tenant.client import CALENDARS_READ_WRITE, GRAPH_APP_ID, TenantClient, expect

MAIL_READ = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"


def requesting(*role_ids: str, kind: str = "Role", resource: str = GRAPH_APP_ID) -> list[dict[str, Any]]:
    return [{"resourceAppId": resource, "resourceAccess": [{"id": each, "type": kind} for each in role_ids]}]


def page(tenant: TenantClient, client_id: str, **parameters: str) -> httpx.Response:
    address = f"{tenant.server.url}/{tenant.tenant_id}/adminconsent"
    return tenant.http.get(address, params={"client_id": client_id, **parameters})


def accept(tenant: TenantClient, client_id: str, form: Any = None, **headers: str) -> httpx.Response:
    address = f"{tenant.server.url}/{tenant.tenant_id}/adminconsent?client_id={client_id}"
    return tenant.http.post(address, data={"accept": "yes"} if form is None else form, headers=headers)


def held(tenant: TenantClient, principal_id: str) -> list[str]:
    answer = expect(tenant.graph("GET", f"/servicePrincipals/{principal_id}/appRoleAssignments"), 200)
    return sorted(grant["appRoleId"] for grant in answer["value"])


def test_the_page_names_what_is_requested_and_grants_nothing_by_itself(tenant: TenantClient) -> None:
    made = tenant.make_application("<ROOMZ>", requiredResourceAccess=requesting(CALENDARS_READ_WRITE))
    answer = page(tenant, made["appId"])
    assert answer.status_code == 200
    assert "Calendars.ReadWrite of Microsoft Graph" in answer.text
    assert "&lt;ROOMZ&gt;" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert held(tenant, made["servicePrincipalId"]) == []


def test_accepting_grants_what_is_requested_once_and_nothing_else(tenant: TenantClient) -> None:
    made = tenant.make_application(requiredResourceAccess=requesting(CALENDARS_READ_WRITE))
    answer = accept(tenant, made["appId"], origin=tenant.server.url)
    assert answer.status_code == 200
    assert "AADSTS500113" in answer.text
    assert held(tenant, made["servicePrincipalId"]) == [CALENDARS_READ_WRITE]
    accept(tenant, made["appId"])
    assert held(tenant, made["servicePrincipalId"]) == [CALENDARS_READ_WRITE]

    more = {"requiredResourceAccess": requesting(CALENDARS_READ_WRITE, MAIL_READ)}
    expect(tenant.graph("PATCH", f"/applications/{made['id']}", more), 204)
    accept(tenant, made["appId"])
    assert held(tenant, made["servicePrincipalId"]) == sorted([CALENDARS_READ_WRITE, MAIL_READ])
    last = tenant.control("GET", "/requests?since=0")["requests"]
    assert [entry["notes"] for entry in last if entry["method"] == "POST" and "adminconsent" in entry["path"]][-1] == [
        "consented to: Mail.Read"
    ]


def test_a_registration_with_a_redirect_uri_ends_without_an_error(tenant: TenantClient) -> None:
    web = {"redirectUris": ["https://roomz.example/done"]}
    made = tenant.make_application(web=web, requiredResourceAccess=requesting(CALENDARS_READ_WRITE))
    assert "AADSTS" not in accept(tenant, made["appId"]).text


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"accept": "no"}, {}),
        (None, {"origin": "https://elsewhere.example"}),
        (None, {"origin": "null"}),
    ],
)
def test_only_the_pages_own_button_grants(tenant: TenantClient, form: Any, headers: dict[str, str]) -> None:
    made = tenant.make_application(requiredResourceAccess=requesting(CALENDARS_READ_WRITE))
    assert accept(tenant, made["appId"], form, **headers).status_code == 403
    assert held(tenant, made["servicePrincipalId"]) == []


def test_what_cannot_be_consented_to_is_refused_by_name(tenant: TenantClient) -> None:
    unknown = "11111111-1111-1111-1111-111111111111"
    assert "AADSTS700016" in page(tenant, unknown).text
    address = f"{tenant.server.url}/{unknown}/adminconsent?client_id={unknown}"
    assert "AADSTS90002" in tenant.http.get(address).text
    made = tenant.make_application(requiredResourceAccess=requesting(CALENDARS_READ_WRITE, resource=unknown))
    refused = accept(tenant, made["appId"])
    assert (refused.status_code, "AADSTS650052" in refused.text) == (400, True)
    delegated = tenant.make_application(requiredResourceAccess=requesting(CALENDARS_READ_WRITE, kind="Scope"))
    assert accept(tenant, delegated["appId"]).status_code == 501
    assert page(tenant, made["appId"], redirect_uri="https://roomz.example").status_code == 501
    alone = expect(tenant.graph("POST", "/applications", {"displayName": "alone"}), 201)
    assert page(tenant, alone["appId"]).status_code == 501


def test_the_exposure_meter_sees_what_consent_opens(tenant: TenantClient) -> None:
    made = tenant.make_application(requiredResourceAccess=requesting(CALENDARS_READ_WRITE))
    expect(tenant.graph("POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {}}), 200)
    meter = f"/tenants/{tenant.tenant_id}/exposure"
    tenant.control("POST", meter, {"allowed": "rooms", "clientIds": [made["appId"]]})
    accept(tenant, made["appId"])
    tenant.advance(60)
    assert tenant.control("GET", meter)["avoidable"]["seconds"] > 0
