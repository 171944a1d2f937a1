"""Exchange's refusals in each form and language, what passes by itself, and what is not replicated yet."""

import json
from typing import Any

import pytest

from simulator.conditions import Conditions
from simulator.exchange import errors
from tests.tenant.client import EIGER, TenantClient, exchange_error, expect
from tests.tenant.rbac import register

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
BYPASS = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}


def conditions(tenant: TenantClient) -> Conditions:
    return tenant.server.simulator.store.first.conditions


def refusal(tenant: TenantClient) -> dict[str, Any]:
    answer = tenant.cmdlet("Get-Mailbox", {"Identity": "nobody"})
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("NotFound", "Error executing cmdlet")
    return dict(error)


def test_text_in_details(tenant: TenantClient) -> None:
    error = refusal(tenant)
    name, kind, text = error["details"][0]["message"].split("|", 2)
    assert name.startswith("Ex")
    assert (kind, text[:9]) == (NOT_FOUND, "The opera")
    assert error["innererror"]["internalexception"]["type"] == errors.DIRECT


def test_json_in_details(tenant: TenantClient) -> None:
    conditions(tenant).exchange_error_form = "json"
    inner = json.loads(refusal(tenant)["details"][0]["message"])
    assert set(inner) == {"Message", "TypeName", "InnerError"}
    assert inner["TypeName"] == NOT_FOUND
    assert "'nobody'" in inner["Message"]


def test_no_details(tenant: TenantClient) -> None:
    conditions(tenant).exchange_error_form = "internal"
    error = refusal(tenant)
    assert "details" not in error
    assert error["innererror"]["internalexception"]["type"] == NOT_FOUND
    assert "'nobody'" in error["innererror"]["internalexception"]["message"]


@pytest.mark.parametrize("form", ["context", "json", "internal"])
def test_another_language_has_the_same_types(tenant: TenantClient, form: Any) -> None:
    conditions(tenant).exchange_error_form = form
    conditions(tenant).exchange_language = "de"
    tenant.make_group()
    given = {"Identity": "RoomzResources", **BYPASS}
    for name, parameters, kind, text in (
        ("Get-Mailbox", {"Identity": "nobody"}, "ManagementObjectNotFoundException", "nicht gefunden"),
        ("Add-DistributionGroupMember", {**given, "Member": EIGER}, "MemberAlreadyExistsException", "bereits Mitglied"),
        ("New-DistributionGroup", {"Name": "RoomzResources"}, "ADObjectAlreadyExistsException", "bereits vorhanden"),
        ("Set-Group", {"Identity": "ward-nurses", "Notes": "x", **BYPASS}, "TaskInvalidOperationException", "synchron"),
        ("Get-ServicePrincipal", {"Identity": "x"}, "ManagementObjectNotFoundException", "nicht gefunden"),
    ):
        answer = tenant.cmdlet(name, parameters).text
        assert kind in answer
        assert text in json.loads(json.dumps(answer.encode().decode("unicode_escape")))
        assert "already" not in answer
        assert "couldn't" not in answer


def test_the_binder_speaks_one_form(tenant: TenantClient) -> None:
    conditions(tenant).exchange_error_form = "json"
    error = tenant.cmdlet("Get-Mailbox", {"Bogus": 1}).json()["error"]
    assert error["details"][0]["message"].startswith("|Microsoft.Exchange.AdminApi.CommandInvocation.Ambiguous")


def test_writes_that_fail_and_pass(tenant: TenantClient) -> None:
    conditions(tenant).exchange_failing_writes = 1
    parameters = {"Name": "RoomzResources", "Type": "Security"}
    failed = tenant.cmdlet("New-DistributionGroup", parameters)
    assert (failed.status_code, failed.headers["x-exceptiontype"]) == (500, "UnableToWriteToAadException")
    assert tenant.rows("Get-DistributionGroup", {"ResultSize": 5})
    assert tenant.cmdlet("Get-DistributionGroup", {"Identity": "RoomzResources"}).status_code == 404
    assert len(tenant.rows("New-DistributionGroup", parameters)) == 1


def test_an_identity_that_is_not_there_may_answer_everything(tenant: TenantClient) -> None:
    conditions(tenant).exchange_missing_identity_returns_all = True
    for cmdlet, count in (("Get-DistributionGroup", 3), ("Get-ApplicationAccessPolicy", 1), ("Get-Mailbox", 37)):
        assert len(tenant.rows(cmdlet, {"Identity": "nobody"})) == count
    assert tenant.rows("Get-Mailbox", {"Identity": EIGER})[0]["PrimarySmtpAddress"] == EIGER
    for _ in range(2):
        register(tenant)
    assert exchange_error(tenant.cmdlet("Get-ServicePrincipal", {"Identity": "ROOMZ"}))[1].endswith(
        "AmbiguousException"
    )
    assert tenant.cmdlet("Get-CalendarProcessing", {"Identity": "nobody"}).status_code == 404
    assert tenant.cmdlet("Set-Group", {"Identity": "nobody", "Notes": "x", **BYPASS}).status_code == 404


def test_a_new_group_is_found_later(tenant: TenantClient) -> None:
    conditions(tenant).lag.exchange_create_seconds = 5
    made = tenant.make_group()
    assert made["DistinguishedName"] is None
    for cmdlet in ("Get-DistributionGroup", "Get-Group", "Get-Recipient", "Get-DistributionGroupMember"):
        assert exchange_error(tenant.cmdlet(cmdlet, {"Identity": made["Guid"]}))[0] == 404, cmdlet
    policy = {"AppId": "6233fba6-0198-4277-892f-9275bf728bcc", "AccessRight": "RestrictAccess"}
    scoped = tenant.cmdlet("New-ApplicationAccessPolicy", {**policy, "PolicyScopeGroupId": made["Guid"]})
    assert exchange_error(scoped)[0] == 404
    assert "RoomzResources" not in {row["Name"] for row in tenant.rows("Get-Recipient", {"ResultSize": "Unlimited"})}
    taken = tenant.cmdlet("New-DistributionGroup", {"Name": "RoomzResources"})
    assert exchange_error(taken)[1] == "ADObjectAlreadyExistsException"
    tenant.advance(6)
    assert tenant.rows("Get-DistributionGroup", {"Identity": made["Guid"]})[0]["DistinguishedName"].startswith(
        "CN=Room"
    )
    tenant.rows("New-ApplicationAccessPolicy", {**policy, "PolicyScopeGroupId": made["Guid"]})
    assert len(tenant.rows("Get-ApplicationAccessPolicy")) == 1
    denied = tenant.rows("Test-ApplicationAccessPolicy", {"AppId": policy["AppId"], "Identity": "anna.keller"})
    assert denied[0]["AccessCheckResult"] == "Denied"
    tenant.advance(6)
    assert len(tenant.rows("Get-ApplicationAccessPolicy")) == 2


@pytest.mark.parametrize(("seconds", "headers"), [(7, {"Retry-After": "7"}), (None, {})])
def test_throttling_documents(seconds: int | None, headers: dict[str, str]) -> None:
    error = errors.throttled(seconds)
    assert (error.status, error.headers) == (429, headers)
    busy = errors.too_many_at_once()
    assert busy.status != 429
    assert isinstance(busy.document, str)


def test_refusals_in_a_batch_have_the_form_too(tenant: TenantClient) -> None:
    conditions(tenant).exchange_error_form = "internal"
    token = tenant.fresh("exchange")
    each = {
        "id": "1",
        "method": "POST",
        "url": tenant.invoke_url,
        "headers": {"Authorization": f"Bearer {token}"},
        "body": {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": "nobody"}}},
    }
    url = tenant.invoke_url.replace("InvokeCommand", "$batch")
    headers = {"authorization": f"Bearer {token}"}
    answer = expect(tenant.http.post(url, json={"requests": [each]}, headers=headers), 200)["responses"][0]
    assert (answer["status"], "details" in answer["body"]["error"]) == (404, False)
