"""What a script says of a run that fails in part: lines for people, a document for programs, and what the next one does."""

from typing import Any

import pytest

from microsoft365.errors import TenantRefused
from tests.desired_state.scenes import wish_for
from tests.desired_state.tenant import Tenant
from tests.desired_state.test_remove_script import delete, retired_command
from tests.desired_state.without_sockets import InProcess
from tests.support.refusals import of_cmdlet

REFUSAL = {"status": 400, "body": of_cmdlet("Microsoft.Exchange.QuotaException", "Kontingent überschritten.")}


def wish(tenant: Tenant) -> dict[str, Any]:
    return tenant.desired(tenant.application()["clientId"])


def test_an_apply_that_fails_in_part_says_what_was_done_what_was_not_and_what_to_do(tenant: Tenant) -> None:
    desired = wish(tenant)
    tenant.fault({"cmdlet": "Set-CalendarProcessing"}, REFUSAL, skip=3)
    done = tenant.run("apply", stdin=desired)
    assert (done.code, done.out) == (4, "")
    error, did, not_done, what = done.err.splitlines()[-4:]
    assert error.startswith("error: the restriction is in place; calendar processing was set on 24 of 25 rooms")
    assert did.startswith("done: createGroup 1 (RoomzResources); updateGroup 1 (RoomzResources); addMember 25 (room-")
    assert "createPolicy 1 (" in did
    assert "setCalendar 24 (" in did
    assert not_done.startswith("not done: setCalendar 1 (room-")
    assert what.startswith("what to do: run the same command again")
    again = tenant.run("apply", stdin=desired)
    assert again.document["changed"] == {"setCalendar": 1}
    (room,) = not_done.split("(")[1].split(")")[0].split(", ")
    (last,) = [entry for entry in tenant.cmdlets() if entry["cmdlet"] == "Set-CalendarProcessing"][-1:]
    row = tenant.cmdlet("Get-Mailbox", Identity=room)[0]
    assert last["parameters"]["Identity"] == row["Guid"].lower()


def test_as_a_document_it_is_the_same_and_the_exit_code_stays(tenant: Tenant) -> None:
    tenant.fault({"cmdlet": "New-ApplicationAccessPolicy"}, REFUSAL)
    done = tenant.run("apply", "--json", stdin=wish(tenant), process=True)
    assert done.code == 4
    document = done.document
    assert document["exitCode"] == 4
    assert "Kontingent überschritten. [QuotaException]" in document["error"]
    assert [part["kind"] for part in document["done"]] == ["createGroup", "updateGroup", "addMember"]
    assert [(part["kind"], part["number"]) for part in document["notDone"]] == [
        ("createPolicy", 1),
        ("setCalendar", 25),
    ]
    assert len(document["notDone"][1]["subjects"]) == 10
    assert document["unknown"] == []
    assert document["remedy"].startswith("run the same command again")
    assert document["error"] in done.err


def test_what_got_no_answer_is_called_unknown(tenant: Tenant) -> None:
    tenant.fault({"cmdlet": "New-ApplicationAccessPolicy"}, {"status": 503}, times=99)
    done = tenant.run("apply", "--json", stdin=wish(tenant))
    assert done.code == 5
    assert [part["kind"] for part in done.document["unknown"]] == ["createPolicy"]
    assert "may have been done" in done.err


@pytest.mark.parametrize(
    ("changes", "code"), [({"rooms": {"include": ["nobody@alpenblick.example"]}}, 2), ({"group": {"alias": " "}}, 2)]
)
def test_where_nothing_was_begun_there_is_an_error_and_no_report(
    tenant: Tenant, changes: dict[str, Any], code: int
) -> None:
    done = tenant.run("apply", "--json", stdin={**tenant.desired(tenant.application()["clientId"]), **changes})
    assert done.code == code
    assert set(done.document) == {"schemaVersion", "error", "exitCode"}
    assert "what to do" not in done.err


def test_a_removal_that_fails_in_part_says_it_as_well(tenant: Tenant) -> None:
    application = tenant.application()
    desired = tenant.desired(application["clientId"], calendarOnRemoval="defaults")
    assert tenant.run("apply", stdin=desired).code == 0
    delete(tenant, application)
    tenant.fault({"cmdlet": "Remove-DistributionGroup"}, REFUSAL)
    undo = {**desired, "application": {}}
    done = tenant.run("remove", "--json", stdin=undo)
    assert done.code == 4
    document = done.document
    assert {part["kind"]: part["number"] for part in document["done"]} == {"removePolicy": 1, "putDefaultsBack": 25}
    assert document["notDone"] == [
        {"kind": "removeGroup", "number": 1, "subjects": ["RoomzResources@alpenblick.example"]}
    ]
    assert "not done: removeGroup 1 (RoomzResources@alpenblick.example)" in done.err
    again = tenant.run("remove", stdin=undo)
    assert again.document["removed"] == {"policies": 0, "groups": 1, "calendars": 0, "marks": 0}


def test_a_tenant_whose_policies_are_full_is_told_in_exchanges_words(in_process: InProcess) -> None:
    """The limit is of their size, not of their number; nothing is granted without the one that is missing."""
    in_process.seed(rooms=3, people=2)
    wish = wish_for(in_process, in_process.application(), "policy")
    there = in_process.snapshot()["policies"]
    in_process.cmdlet(
        "New-ApplicationAccessPolicy",
        AppId=["0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"],
        AccessRight="RestrictAccess",
        PolicyScopeGroupId="crm-mailboxes",
        # As much as is taken, less than ours needs: 113 and its description for each, 34,400 for all.
        Description="x" * (34_400 - 113 - 50 - sum(113 + len(one["description"]) for one in there)),
    )
    with pytest.raises(TenantRefused, match="total size of App Access Policies exceeded") as raised:
        in_process.apply(wish)
    assert raised.value.report is not None
    assert [part["kind"] for part in raised.value.report["notDone"]] == ["createPolicy", "setCalendar"]


def test_an_end_that_has_to_wait_is_one_document_and_ends_with_5(tenant: Tenant) -> None:
    application = tenant.application()
    desired = tenant.desired(application["clientId"], removal="later")
    assert tenant.run("apply", stdin=desired).code == 0
    delete(tenant, application, purge=True)
    assert tenant.run("remove", stdin={**desired, "application": {}}).code == 0
    done = tenant.run(*retired_command(tenant), "--json")
    assert done.code == 5
    assert len(done.document["waiting"]) == 1
    assert "error: not everything could be ended yet: the policy of" in done.err
