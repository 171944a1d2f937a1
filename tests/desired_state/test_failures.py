"""Error documents as they were captured from Exchange Online, read into one value."""

import json
from typing import Any

import pytest

from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.exchange.failures import parse_failure
from microsoft365.exchange.rights import ROLE_GROUP_SCRIPT

WRAPPER = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"


def document(message: str, details: list[Any] | None = None, internal: dict[str, str] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": "BadRequest", "message": message}
    if details is not None:
        error["details"] = details
    if internal is not None:
        error["innererror"] = {"message": message, "type": "ODataServiceException", "internalexception": internal}
    return {"error": error}


def detail(message: str) -> dict[str, str]:
    return {"code": "Context", "target": "", "message": message}


def test_a_cmdlet_that_threw_is_known_by_its_type() -> None:
    text = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|Das Objekt fehlt."
    internal = {"message": f"Exception of type '{WRAPPER}' was thrown.", "type": WRAPPER}
    found = parse_failure(404, {"Request-Id": "42"}, document("Error executing cmdlet", [detail(text)], internal))
    assert (found.type, found.text, found.request_id) == (
        "ManagementObjectNotFoundException",
        "Das Objekt fehlt.",
        "42",
    )
    assert found.not_found


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_the_status_does_not_decide(status: int) -> None:
    text = "Ex|Microsoft.Exchange.Management.RecipientTasks.MemberAlreadyExistsException|Ist schon Mitglied."
    found = parse_failure(status, {}, document("Error executing cmdlet", [detail(text)]))
    assert found.already_there
    assert not found.busy
    assert not found.not_found


def test_the_binder_leaves_the_error_id_empty() -> None:
    text = (
        "|Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException|Parameter set cannot be resolved"
    )
    found = parse_failure(400, {}, document("Invalid Operation", [detail(text)]))
    assert found.type == "AmbiguousParameterSetException"


def test_without_details_the_internal_exception_counts() -> None:
    internal = {
        "message": "Cannot convert value",
        "type": "System.Management.Automation.ParameterTransformationException",
    }
    found = parse_failure(400, {}, document("Invalid Operation", None, internal))
    assert (found.type, found.text) == ("ParameterTransformationException", "Cannot convert value")


def test_the_wrapper_alone_says_nothing() -> None:
    found = parse_failure(400, {}, document("Error executing cmdlet", None, {"message": "thrown", "type": WRAPPER}))
    assert (found.type, found.text) == ("", "Error executing cmdlet")


def test_details_may_be_json_themselves() -> None:
    inner = json.dumps(
        {"Message": "weg", "TypeName": "Microsoft.Exchange.X.MemberNotFoundException", "InnerError": None}
    )
    found = parse_failure(400, {}, document("Error executing cmdlet", [detail(inner)]))
    assert found.already_gone
    assert found.text == "weg"


def test_text_with_bars_stays_whole() -> None:
    found = parse_failure(400, {}, document("Error executing cmdlet", [detail("Ex|A.B.CException|one|two")]))
    assert found.text == "one|two"


@pytest.mark.parametrize("body", [b"", b"\x00\x00\x00\x00", None])
def test_403_without_words_is_a_missing_right(body: bytes | None) -> None:
    found = parse_failure(403, {"x-ms-diagnostics": '2000003;reason="no"'}, body)
    problem = found.problem("Get-Mailbox", "Get-Mailbox")
    assert isinstance(problem, NoAccess)
    for words in ("the management role Mail Recipients, which has the cmdlet Get-Mailbox", ROLE_GROUP_SCRIPT):
        assert words in str(problem)


def test_a_cmdlet_that_no_table_holds_is_still_a_missing_right() -> None:
    problem = parse_failure(403, {}, b"").problem("Get-App", "Get-App")
    assert "the management role, which has the cmdlet Get-App" in str(problem)


def test_401_is_the_missing_permission_to_sign_in() -> None:
    problem = parse_failure(401, {"request-id": "42"}, b"").problem("Get-Mailbox", "Get-Mailbox")
    assert isinstance(problem, NoAccess)
    assert "Exchange.ManageAsApp" in str(problem)
    assert "Grant admin consent" in str(problem)
    assert "(request 42)" in str(problem)


def binder(text: str) -> dict[str, Any]:
    kind = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
    return document("Invalid Operation", [detail(f"|{kind}|{text}")])


def test_a_parameter_that_a_role_hides_is_a_missing_right() -> None:
    given = {"Identity": "g", "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    said = "Ungültige Parameter. Confirm,BypassSecurityGroupManagerCheck"
    problem = parse_failure(400, {}, binder(said)).problem("Set-Group g", "Set-Group", given)
    assert isinstance(problem, NoAccess)
    for words in (
        "the management role Security Group Creation and Membership, which has -BypassSecurityGroupManagerCheck, -Confirm",
        said,
    ):
        assert words in str(problem)


def test_a_refusal_that_names_no_given_parameter_is_no_missing_right() -> None:
    problem = parse_failure(400, {}, binder("Parameter set cannot be resolved")).problem("x", "Set-Group", {"Notes": 1})
    assert isinstance(problem, TenantRefused)


@pytest.mark.parametrize(
    ("cmdlet", "missing"), [("New-ManagementRoleAssignment", True), ("New-ManagementScope", False)]
)
def test_giving_a_role_takes_a_delegating_assignment(cmdlet: str, missing: bool) -> None:
    said = "Ex|Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException|Kein Zugriff."
    problem = parse_failure(400, {}, document("Error executing cmdlet", [detail(said)])).problem("x", cmdlet)
    assert isinstance(problem, NoAccess) is missing
    assert ("delegating assignment of the role Application Calendars.ReadWrite" in str(problem)) is missing


def test_a_group_of_others_is_a_missing_right() -> None:
    said = "Ex|Microsoft.Exchange.Management.RecipientTasks.OperationRequiresGroupManagerException|Kein Besitzer."
    problem = parse_failure(400, {}, document("Error executing cmdlet", [detail(said)])).problem("x", "Set-Group")
    assert "-BypassSecurityGroupManagerCheck" in str(problem)


def test_a_cmdlet_that_threw_with_403_is_no_missing_right() -> None:
    found = parse_failure(403, {}, document("Error executing cmdlet", [detail("Ex|A.QuotaException|voll")]))
    assert isinstance(found.problem("x"), TenantRefused)


def test_plain_words_about_concurrency_are_busy() -> None:
    text = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
    assert parse_failure(403, {}, text).busy


def test_a_transient_type_in_a_header_is_busy() -> None:
    assert parse_failure(500, {"X-ExceptionType": "UnableToWriteToAadException"}, b"").busy


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"error": 7}', b'{"error": {"details": [null, "x"]}}', b"{"])
def test_odd_bodies_are_still_a_failure(body: bytes) -> None:
    assert parse_failure(400, {}, body).problem("x").exit_code == 4
