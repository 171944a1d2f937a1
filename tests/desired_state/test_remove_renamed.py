"""The way back of a stack that was renamed: what carries its former mark goes too, and nothing of a stack that lives."""

import shlex
from typing import Any

import pytest

from tests.desired_state.tenant import MARK, Tenant
from tests.desired_state.test_remove_script import applied, changes, delete, notes, policies, retired_command

NEW = "roomz:roomz/renamed"


def renamed(tenant: Tenant, *, grant: bool = False) -> tuple[dict[str, str], dict[str, Any]]:
    """Set up by the former name, with an application that carries the new one: an `up` that did not come to Exchange."""
    application = tenant.application(mark=NEW)
    wish = tenant.desired(application["clientId"])
    assert tenant.run("apply", stdin=wish).code == 0
    if grant:
        application["grantId"] = tenant.grant(application["principalId"])
    tenant.forget_requests()
    return application, {**wish, "mark": NEW, "application": {"clientId": None}}


def test_what_a_renamed_stack_left_goes_too(tenant: Tenant) -> None:
    application, wish = renamed(tenant)
    delete(tenant, application)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0, done.err
    assert done.document["removed"] == {"policies": 1, "groups": 1, "calendars": 0, "marks": 0}
    assert policies(tenant, application) == []
    assert notes(tenant) == []


@pytest.mark.parametrize("removal", ["now", "later"])
def test_invariant_1_what_a_renamed_stack_left_stays_while_a_grant_lives(tenant: Tenant, removal: str) -> None:
    application, wish = renamed(tenant, grant=True)
    done = tenant.run("remove", stdin={**wish, "removal": removal})
    assert done.code == 6
    assert application["clientId"] in done.err
    assert changes(tenant) == []


@pytest.mark.parametrize("path", ["/applications$", "/deletedItems"])
def test_invariant_1_what_a_renamed_stack_left_stays_when_graph_cannot_be_read(tenant: Tenant, path: str) -> None:
    application, wish = renamed(tenant)
    delete(tenant, application)
    tenant.fault({"api": "graph", "path": path}, {"status": 403, "body": ""}, times=20)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 6, done.err
    assert changes(tenant) == []


@pytest.mark.parametrize("broken", ["Remove-ApplicationAccessPolicy", "Remove-DistributionGroup"])
def test_invariant_2_a_renamed_stack_is_removed_in_two_runs_as_well(tenant: Tenant, broken: str) -> None:
    application, wish = renamed(tenant)
    delete(tenant, application)
    tenant.fault({"api": "exchange", "cmdlet": broken}, {"status": 403, "body": ""})
    assert tenant.run("remove", stdin=wish).code == 3
    assert tenant.run("remove", stdin=wish).code == 0
    assert policies(tenant, application) == []
    assert not [one for one in tenant.cmdlet("Get-Group") if "roomz:" in str(one["Notes"] or "")]


@pytest.mark.parametrize("broken", ["", "Set-ApplicationAccessPolicy"])
def test_what_a_renamed_stack_left_is_retired_by_its_new_name(tenant: Tenant, broken: str) -> None:
    application, wish = renamed(tenant)
    delete(tenant, application)
    if broken:
        tenant.fault({"api": "exchange", "cmdlet": broken}, {"status": 403, "body": ""})
        assert tenant.run("remove", stdin={**wish, "removal": "later"}).code == 3
    done = tenant.run("remove", stdin={**wish, "removal": "later"})
    assert done.code == 0, done.err
    assert notes(tenant) == []
    assert policies(tenant, application)[0]["Description"].startswith(f"{NEW} retired 20")
    tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")
    tenant.advance(2.1)
    ended = tenant.run(*shlex.split(done.document["command"])[2:])
    assert ended.code == 0, ended.err
    assert ended.document["removed"] == {"policies": 1, "groups": 1, "calendars": 0, "marks": 0}


def test_ending_marks_what_a_renamed_stack_left_anew(tenant: Tenant) -> None:
    application, _ = renamed(tenant)
    delete(tenant, application)
    command = [NEW if word == MARK else word for word in retired_command(tenant)]
    first = tenant.run(*command)
    assert first.code == 5
    assert "retired just now" in first.err
    tenant.graph("DELETE", f"/directory/deletedItems/{application['objectId']}")
    tenant.advance(2.1)
    assert tenant.run(*command).code == 0
    assert policies(tenant, application) == []
    assert not [one for one in tenant.cmdlet("Get-Group") if "roomz:" in str(one["Notes"] or "")]


@pytest.mark.parametrize("deleted", [False, True])
def test_invariant_3_what_a_living_stack_of_the_other_name_may_need_is_named_and_left(
    tenant: Tenant, deleted: bool
) -> None:
    application, wish = renamed(tenant)
    living = tenant.application(mark=MARK)
    delete(tenant, application)
    if deleted:
        delete(tenant, living)
    done = tenant.run("remove", stdin=wish)
    assert done.code == 0, done.err
    assert changes(tenant) == []
    (left,) = done.document["left"]
    assert application["clientId"] in left
    assert MARK in left


def test_invariant_3_policies_of_other_stacks_are_no_concern(tenant: Tenant) -> None:
    application, wish = applied(tenant)
    tenant.application(mark=NEW)
    delete(tenant, application)
    done = tenant.run("remove", stdin={**wish, "mark": NEW})
    assert done.code == 0, done.err
    assert done.document["left"] == []
    assert changes(tenant) == []


def test_invariant_3_a_group_of_a_third_name_stays(tenant: Tenant) -> None:
    application, wish = renamed(tenant)
    (group,) = [one for one in tenant.cmdlet("Get-Group") if MARK in str(one["Notes"] or "")]
    third = {"Identity": group["Guid"], "Notes": "roomz:roomz/third"}
    tenant.cmdlet("Set-Group", **third, BypassSecurityGroupManagerCheck=True, Confirm=False)
    delete(tenant, application)
    tenant.forget_requests()
    done = tenant.run("remove", stdin=wish)
    assert done.document["removed"] == {"policies": 1, "groups": 0, "calendars": 0, "marks": 0}
    assert changes(tenant) == ["Remove-ApplicationAccessPolicy"]
