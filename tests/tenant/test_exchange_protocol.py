"""InvokeCommand and $batch: rights, envelopes, errors and pages."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from simulator.server import SimulatorServer
from tests.tenant.client import TenantClient, exchange_error, expect

BYPASS = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TenantClient]:
    """A tenant with 1,500 rooms, for reading only."""
    with SimulatorServer(tmp_path_factory.mktemp("big")) as server:
        client = TenantClient(server)
        client.control("POST", "/seed", {"rooms": 1500, "people": 3})
        yield client
        client.close()


def give(tenant: TenantClient, **rights: Any) -> str:
    """Give the deployer other rights and return its Exchange token."""
    tenant.control("PUT", f"/tenants/{tenant.tenant_id}/rights/{tenant.administrator['clientId']}", rights)
    return tenant.token("exchange")


def test_ladder_of_rights(tenant: TenantClient) -> None:
    token = give(tenant, appRoles=[], directoryRoles=[])
    assert (tenant.cmdlet("Get-Mailbox", token=token).status_code) == 401
    token = give(tenant, appRoles=["Exchange.ManageAsApp"])
    refused = tenant.cmdlet("Get-Mailbox", token=token)
    assert (refused.status_code, refused.content) == (403, b"")
    assert tenant.cmdlet("Get-Mailbox", token=give(tenant, directoryRoles=["Global Reader"])).status_code == 200
    # The role is in the token: an older one stays refused.
    assert tenant.cmdlet("Get-Mailbox", token=token).status_code == 403


@pytest.mark.parametrize(
    ("role", "cmdlet", "parameters", "status"),
    [
        ("Global Reader", "Get-ApplicationAccessPolicy", {}, 200),
        ("Global Reader", "Set-Group", {"Identity": "crm-mailboxes", "Notes": "x", **BYPASS}, 403),
        ("Global Administrator", "Set-Group", {"Identity": "crm-mailboxes", "Notes": "x", **BYPASS}, 200),
    ],
)
def test_directory_roles(tenant: TenantClient, role: str, cmdlet: str, parameters: dict[str, Any], status: int) -> None:
    token = give(tenant, directoryRoles=[role])
    assert tenant.cmdlet(cmdlet, parameters, token=token).status_code == status


def test_envelope_and_annotations(tenant: TenantClient) -> None:
    answer = tenant.cmdlet("Get-Mailbox", {"Identity": "room-eiger"})
    assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    document = answer.json()
    assert document["@odata.context"].endswith("/$metadata#Collection(Exchange.GenericHashTable)")
    assert document["@adminapi.warnings"] == []
    assert document["adminapi.warnings@odata.type"] == "#Collection(String)"
    (room,) = document["value"]
    assert (room["RecipientTypeDetails"], room["ResourceType"], room["IsResource"]) == ("RoomMailbox", "Room", True)
    assert (room["Guid@data.type"], room["Guid@odata.type"]) == ("System.Guid", "#Guid")
    assert (room["ResourceCapacity@data.type"], room["ResourceCapacity"]) == ("System.Int32", 12)
    assert room["EmailAddresses@odata.type"] == "#Collection(String)"
    assert room["WhenCreatedUTC@data.type"] == "System.DateTime"
    assert room["WhenCreatedUTC"].endswith("0Z")
    assert room["Identity"] == room["Name"] == "Room Eiger"
    names = list(room)
    assert names.index("Guid@data.type") == names.index("Guid") - 2
    assert "IsResource@data.type" not in room


def test_select(tenant: TenantClient) -> None:
    url = f"{tenant.invoke_url}?$select=PrimarySmtpAddress,Guid"
    (room,) = expect(tenant.cmdlet("Get-Mailbox", {"Identity": "room-eiger"}, url=url), 200)["value"]
    assert [name for name in room if "@" not in name] == ["PrimarySmtpAddress", "Guid"]
    refused = tenant.cmdlet("Get-Mailbox", {"Identity": "room-eiger"}, url=f"{tenant.invoke_url}?$select=City")
    assert refused.status_code == 400
    assert "'City'" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "identity", ["ROOM-EIGER@alpenblick.example", "Room Eiger", "room-eiger", "guid", "object", "dn"]
)
def test_identities(tenant: TenantClient, identity: str) -> None:
    (room,) = tenant.rows("Get-Mailbox", {"Identity": "room-eiger"})
    names = {"guid": "Guid", "object": "ExternalDirectoryObjectId", "dn": "DistinguishedName"}
    wanted = room[names[identity]] if identity in names else identity
    assert [r["Guid"] for r in tenant.rows("Get-Mailbox", {"Identity": wanted})] == [room["Guid"]]


def test_unknown_identity_is_not_found_but_no_identity_is_everything(tenant: TenantClient) -> None:
    answer = tenant.cmdlet("Get-Mailbox", {"Identity": "nobody@alpenblick.example"})
    status, kind, text = exchange_error(answer)
    assert (status, kind) == (404, "ManagementObjectNotFoundException")
    assert "object 'nobody@alpenblick.example' couldn't be found on '" in text
    assert text.endswith(".PROD.OUTLOOK.COM'.")
    error = answer.json()["error"]
    assert (error["code"], error["message"], error["details"][0]["code"]) == (
        "NotFound",
        "Error executing cmdlet",
        "Context",
    )
    assert error["innererror"]["internalexception"]["type"].endswith("DirectInvokeCmdletExecutionException")
    every = len(tenant.rows("Get-Mailbox"))
    assert every == 25 + 2 + 1 + 8 + 1
    assert len(tenant.rows("Get-Mailbox", {"Identity": None})) == every
    assert exchange_error(tenant.cmdlet("Get-Mailbox", {"Identity": "crm-mailboxes"}))[0] == 404


def test_binder(tenant: TenantClient) -> None:
    answer = tenant.cmdlet("Get-Mailbox", {"BogusParameter": 1})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["message"] == "Invalid Operation"
    assert error["details"][0]["code"] == "Client"
    text = "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. BogusParameter"
    kind = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
    assert error["details"][0]["message"] == f"|{kind}|{text}"
    assert error["innererror"]["internalexception"]["type"] == kind
    error = tenant.cmdlet("Get-Mailbox", {"RecipientTypeDetails": ["Nonsense"]}).json()["error"]
    assert "details" not in error
    inner = error["innererror"]["internalexception"]
    assert inner["type"].endswith("ParameterTransformationException")
    assert 'Cannot convert value "Nonsense" to type' in inner["message"]
    assert (
        tenant.cmdlet("Set-CalendarProcessing", {"Identity": "room-eiger", "DeleteSubject": "false"}).status_code == 400
    )
    assert tenant.cmdlet("Get-CalendarProcessing", {}).status_code == 400
    assert tenant.cmdlet("get-mailbox", {"identity": "room-eiger"}).status_code == 200


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "named"),
    [
        ("New-DynamicDistributionGroup", {"Name": "x"}, "New-DynamicDistributionGroup"),
        ("Get-Mailbox", {"Filter": "Department -eq 'Sales'"}, "Department"),
        ("Update-DistributionGroupMember", {"Identity": "crm-mailboxes", "Confirm": False}, "without Members"),
        ("Set-DistributionGroup", {"Identity": "crm-mailboxes", "ManagedBy": {"Add": ["x"]}}, "ManagedBy"),
        ("Set-CalendarProcessing", {"Identity": "room-eiger", "BookInPolicy": ["x"]}, "BookInPolicy"),
    ],
)
def test_what_is_not_imitated_is_named(
    tenant: TenantClient, cmdlet: str, parameters: dict[str, Any], named: str
) -> None:
    answer = tenant.cmdlet(cmdlet, parameters)
    assert answer.status_code == 501
    assert answer.json()["error"]["code"] == "NotImitated"
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"CmdletInput":{"CmdletName":"Get-Mailbox","Parameters":null}}'])
def test_bodies_that_are_none(tenant: TenantClient, body: bytes) -> None:
    headers = {"authorization": f"Bearer {tenant.token('exchange')}", "content-type": "application/json"}
    assert tenant.http.post(tenant.invoke_url, content=body, headers=headers).status_code == 400


def test_fifteen_hundred_rooms_come_in_pages(big: TenantClient) -> None:
    parameters = {"RecipientTypeDetails": ["RoomMailbox"], "ResultSize": "Unlimited"}
    first = expect(big.cmdlet("Get-Mailbox", parameters), 200)
    assert len(first["value"]) == 1000
    second = expect(big.cmdlet("Get-Mailbox", parameters, url=first["@odata.nextLink"]), 200)
    assert "@odata.nextLink" not in second
    guids = {row["Guid"] for row in first["value"] + second["value"]}
    assert len(guids) == 1501  # with the workspace
    assert first["@adminapi.warnings"] == []
    prefer = {"prefer": "odata.maxpagesize = 400;odata.continue-on-error"}
    pages = 0
    link: str | None = big.invoke_url
    while link:
        page = expect(big.cmdlet("Get-Mailbox", parameters, headers=prefer, url=link), 200)
        pages, link = pages + 1, page.get("@odata.nextLink")
    assert pages == 4


def test_default_result_size_cuts_off_with_a_warning(big: TenantClient) -> None:
    answer = expect(big.cmdlet("Get-Mailbox", {"RecipientTypeDetails": "RoomMailbox"}), 200)
    assert len(answer["value"]) == 1000
    assert "@odata.nextLink" not in answer
    assert "increase the value for the ResultSize parameter" in answer["@adminapi.warnings"][0]
    assert len(big.rows("Get-Mailbox", {"ResultSize": 7})) == 7


def test_links_are_followed_by_post_of_the_same_body_for_half_an_hour(big: TenantClient) -> None:
    parameters = {"RecipientTypeDetails": ["RoomMailbox"], "ResultSize": "Unlimited"}
    link = expect(big.cmdlet("Get-Mailbox", parameters), 200)["@odata.nextLink"]
    headers = {"authorization": f"Bearer {big.token('exchange')}"}
    assert big.http.get(link, headers=headers).status_code == 405
    other = big.cmdlet("Get-Mailbox", {"ResultSize": "Unlimited"}, url=link)
    expired = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
    assert (other.status_code, other.json()["error"]["message"]) == (400, expired)
    assert big.cmdlet("Get-Mailbox", parameters, url=link).status_code == 200
    big.advance(31 * 60)
    late = big.cmdlet("Get-Mailbox", parameters, url=link)
    assert (late.status_code, late.json()["error"]["message"]) == (400, expired)


def send_batch(tenant: TenantClient, cmdlets: list[tuple[str, dict[str, Any]]], **options: Any) -> Any:
    """Send a batch; options are `prefer` for the whole and `token` for its requests."""
    token = tenant.fresh("exchange")
    requests = [
        {
            "id": str(number),
            "method": "POST",
            "url": f"{tenant.invoke_url}?",
            "headers": {"Authorization": f"Bearer {options.get('token', token)}"},
            "body": {"CmdletInput": {"CmdletName": name, "Parameters": parameters}},
        }
        for number, (name, parameters) in enumerate(cmdlets)
    ]
    return tenant.http.post(
        tenant.invoke_url.replace("InvokeCommand", "$batch"),
        json={"requests": requests},
        headers={"authorization": f"Bearer {token}", "prefer": options.get("prefer", "odata.continue-on-error")},
    )


def test_batch_answers_each_by_its_id(tenant: TenantClient) -> None:
    get = "Get-CalendarProcessing"
    answer = send_batch(
        tenant, [(get, {"Identity": "room-eiger"}), (get, {"Identity": "x"}), (get, {"Identity": "room-rigi"})]
    )
    assert answer.status_code == 200
    responses = {each["id"]: each for each in answer.json()["responses"]}
    assert [responses[key]["status"] for key in ("0", "1", "2")] == [200, 404, 200]
    assert responses["2"]["body"]["value"][0]["Identity"] == "Room Rigi"
    assert "ManagementObjectNotFoundException" in responses["1"]["body"]["error"]["details"][0]["message"]
    entries = tenant.control("GET", "/requests")["requests"][-4:]
    assert [(e["cmdlet"], e["status"]) for e in entries] == [(None, 200), (get, 200), (get, 404), (get, 200)]
    assert {e["batch"] for e in entries[1:]} == {entries[0]["number"]}
    assert entries[1]["parameters"] == {"Identity": "room-eiger"}


def test_batch_stops_at_a_failure_unless_told_otherwise(tenant: TenantClient) -> None:
    steps = [("Get-Mailbox", {"Identity": "x"}), ("Get-OrganizationConfig", {})]
    answer = send_batch(tenant, steps, prefer="").json()["responses"]
    assert {each["id"]: each["status"] for each in answer} == {"0": 404, "1": 424}


def test_batch_without_a_directory_role(tenant: TenantClient) -> None:
    token = give(tenant, directoryRoles=[])
    answer = send_batch(tenant, [("Get-OrganizationConfig", {})], token=token).json()["responses"]
    assert (answer[0]["status"], answer[0]["body"]) == (403, None)


def test_batch_holds_ten_and_each_needs_its_own_token(tenant: TenantClient) -> None:
    assert send_batch(tenant, [("Get-OrganizationConfig", {})] * 11).status_code == 400
    assert send_batch(tenant, []).status_code == 400
    answer = send_batch(tenant, [("Get-OrganizationConfig", {})], token=str(uuid4())).json()["responses"]
    assert (answer[0]["status"], answer[0]["body"]) == (401, None)
