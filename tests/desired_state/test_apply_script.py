"""`exchange_policy.py observe | plan | apply` against the simulated tenant: from nothing, again, after each kind of drift."""

import json
from typing import Any

import pytest

from tests.desired_state.tenant import MARK, Tenant

ROOMS = 25


@pytest.fixture
def settled(tenant: Tenant) -> dict[str, Any]:
    """Apply once, and return the desired state."""
    wish = tenant.desired(tenant.application()["clientId"])
    done = tenant.run("apply", stdin=wish)
    assert done.code == 0, done.err
    tenant.forget_requests()
    return wish


def group_guid(tenant: Tenant, wish: dict[str, Any]) -> str:
    return str(tenant.cmdlet("Get-DistributionGroup", Identity=wish["group"]["primarySmtpAddress"])[0]["Guid"])


def changes(tenant: Tenant) -> list[str]:
    return [entry["cmdlet"] for entry in tenant.cmdlets() if not entry["cmdlet"].startswith(("Get-", "Test-"))]


def test_from_nothing_to_everything(tenant: Tenant) -> None:
    application = tenant.application()
    done = tenant.run("apply", stdin=tenant.desired(application["clientId"]), process=True)
    assert done.code == 0, done.err
    document = done.document
    assert document["model"] == "policy"
    assert document["group"]["name"] == "RoomzResources"
    assert document["group"]["adopted"] is False
    assert application["clientId"] in document["policy"]["identity"].lower()
    assert document["rooms"] == {"number": ROOMS, "inReach": ROOMS, "withTitles": ROOMS}
    assert document["changed"] == {
        "createGroup": 1,
        "updateGroup": 1,
        "addMember": ROOMS,
        "createPolicy": 1,
        "setCalendar": ROOMS,
    }
    (notice,) = document["notices"]
    assert "longer than an hour" in notice
    assert f"note: {notice}\n" in done.err


def test_invariant_1_the_group_is_full_before_the_policy_is_made(tenant: Tenant) -> None:
    tenant.run("apply", stdin=tenant.desired(tenant.application()["clientId"]))
    made = changes(tenant)
    assert made[:3] == ["New-DistributionGroup", "Set-DistributionGroup", "New-ApplicationAccessPolicy"]
    assert set(made[3:]) == {"Set-CalendarProcessing"}


def test_invariant_2_a_second_run_changes_nothing(tenant: Tenant, settled: dict[str, Any]) -> None:
    before = tenant.snapshot()
    done = tenant.run("apply", stdin=settled)
    assert done.code == 0, done.err
    assert done.document["changed"] == {}
    assert changes(tenant) == []
    assert tenant.snapshot() == before


def test_observe_names_what_there_is(tenant: Tenant, settled: dict[str, Any]) -> None:
    document = tenant.run("observe", "--errors-as-json", stdin=settled).document
    assert document["exchange"]["restriction"] == "present"
    assert document["exchange"]["differs"] is False
    assert document["exchange"]["rooms"] == {"number": ROOMS, "inReach": ROOMS, "withTitles": ROOMS}
    (application,) = document["entra"]["applications"]
    assert application["clientId"] == settled["application"]["clientId"]
    assert application["ownerIds"]
    assert document["entra"]["servicePrincipal"]["objectId"]
    assert document["entra"]["servicePrincipal"]["ownerIds"] == application["ownerIds"]
    assert document["entra"]["grants"] == []
    assert document["observedAt"].endswith("Z")


def test_observe_by_the_tenants_clock(tenant: Tenant, settled: dict[str, Any]) -> None:
    first = tenant.run("observe", stdin=settled).document["observedAt"]
    tenant.advance(24 * 40)
    assert tenant.run("observe", stdin=settled).document["observedAt"] > first[:8] + "99"


def test_observe_finds_the_application_by_its_mark_when_outputs_are_lost(
    tenant: Tenant, settled: dict[str, Any]
) -> None:
    lost = {**settled, "application": {"clientId": None}}
    document = tenant.run("observe", stdin=lost).document
    assert document["exchange"]["differs"] is False
    assert document["entra"]["applications"][0]["clientId"] == settled["application"]["clientId"]


def test_invariant_3_observe_does_not_believe_a_list_without_the_application(
    tenant: Tenant, settled: dict[str, Any]
) -> None:
    tenant.fault({"api": "graph", "path": "/applications$"}, {"status": 200, "body": {"value": []}})
    entra = tenant.run("observe", stdin=settled).document["entra"]
    assert entra["applicationIsGone"] is False
    assert [one["clientId"] for one in entra["applications"]] == [settled["application"]["clientId"]]
    object_id = entra["applications"][0]["objectId"]
    tenant.graph("DELETE", f"/applications/{object_id}")
    asked = {**settled, "application": {**settled["application"], "objectId": object_id}}
    assert tenant.run("observe", stdin=asked).document["entra"]["applicationIsGone"] is True
    tenant.graph("DELETE", f"/directory/deletedItems/{object_id}")
    assert tenant.run("observe", stdin=asked).document["entra"]["applicationIsGone"] is True


def test_observe_before_anything_exists(tenant: Tenant) -> None:
    document = tenant.run("observe", "--errors-as-json", stdin=tenant.desired()).document
    assert document["exchange"]["restriction"] == "absent"
    assert document["exchange"]["differs"] is True
    assert document["entra"] == {
        "applicationIsGone": None,
        "applications": [],
        "servicePrincipal": None,
        "grants": [],
        "secretPolicy": None,
    }
    assert changes(tenant) == []


def drift_member(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.cmdlet(
        "Remove-DistributionGroupMember",
        Identity=group_guid(tenant, wish),
        Member="room-eiger@alpenblick.example",
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )


def drift_stranger(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.cmdlet(
        "Add-DistributionGroupMember",
        Identity=group_guid(tenant, wish),
        Member="control.mailbox@alpenblick.example",
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )


def drift_policy(tenant: Tenant, wish: dict[str, Any]) -> None:
    client_id = wish["application"]["clientId"]
    policies = tenant.cmdlet("Get-ApplicationAccessPolicy")
    (ours,) = [one for one in policies if one["AppId"].lower() == client_id]
    tenant.cmdlet("Remove-ApplicationAccessPolicy", Identity=ours["Identity"], Confirm=False)


def drift_calendar(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.cmdlet("Set-CalendarProcessing", Identity="room-rigi@alpenblick.example", DeleteSubject=True, Confirm=False)


def drift_visible(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.cmdlet(
        "Set-DistributionGroup",
        Identity=group_guid(tenant, wish),
        HiddenFromAddressListsEnabled=False,
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )


def drift_group(tenant: Tenant, wish: dict[str, Any]) -> None:
    tenant.cmdlet(
        "Remove-DistributionGroup",
        Identity=group_guid(tenant, wish),
        BypassSecurityGroupManagerCheck=True,
        Confirm=False,
    )


@pytest.mark.parametrize(
    ("drift", "said", "mended"),
    [
        (drift_member, "room-eiger@alpenblick.example", ["Add-DistributionGroupMember"]),
        (drift_stranger, "control.mailbox@alpenblick.example", ["Remove-DistributionGroupMember"]),
        (drift_policy, "application access policy is missing", ["New-ApplicationAccessPolicy"]),
        (drift_calendar, "room-rigi@alpenblick.example", ["Set-CalendarProcessing"]),
        (drift_visible, "settings differ", ["Set-DistributionGroup"]),
        (
            drift_group,
            "the group is to be made",
            [
                "New-DistributionGroup",
                "Set-DistributionGroup",
                "New-ApplicationAccessPolicy",
                "Remove-ApplicationAccessPolicy",
            ],
        ),
    ],
)
def test_invariant_2_each_kind_of_drift_is_named_and_exactly_mended(
    tenant: Tenant, settled: dict[str, Any], drift: Any, said: str, mended: list[str]
) -> None:
    before = comparable(tenant.snapshot())
    drift(tenant, settled)
    found = tenant.run("observe", "--errors-as-json", stdin=settled).document["exchange"]
    assert found["differs"] is True
    assert said in found["summary"]
    tenant.forget_requests()
    done = tenant.run("apply", stdin=settled)
    assert done.code == 0, done.err
    assert changes(tenant) == mended
    assert tenant.run("observe", stdin=settled).document["exchange"]["differs"] is False
    if drift is not drift_group:
        assert comparable(tenant.snapshot()) == before


def comparable(snapshot: dict[str, Any]) -> str:
    """Return a snapshot without what making a policy anew cannot help changing."""
    return json.dumps(snapshot, sort_keys=True)


def test_a_room_that_appears_and_one_that_disappears(tenant: Tenant, settled: dict[str, Any]) -> None:
    new = {"address": "room-neu@alpenblick.example", "name": "Neu", "kind": "RoomMailbox"}
    tenant.control.post(f"/tenants/{tenant.id}/mailboxes", json=new).raise_for_status()
    found = tenant.run("observe", stdin=settled).document["exchange"]
    assert "room-neu@alpenblick.example" in found["summary"]
    assert tenant.run("apply", stdin=settled).document["rooms"]["inReach"] == ROOMS + 1
    tenant.control.delete(f"/tenants/{tenant.id}/mailboxes/room-neu@alpenblick.example").raise_for_status()
    assert tenant.run("apply", stdin=settled).document["rooms"]["number"] == ROOMS


def test_name_alias_and_address_change_in_place(tenant: Tenant, settled: dict[str, Any]) -> None:
    guid = group_guid(tenant, settled)
    names = {"name": "Räume ‘Süd’ $x `y", "alias": "Raeume", "primarySmtpAddress": "raeume@alpenblick.example"}
    moved = {**settled, "group": {**settled["group"], **names}}
    done = tenant.run("apply", stdin=moved)
    assert done.code == 0, done.err
    assert changes(tenant) == ["Set-DistributionGroup"]
    (group,) = tenant.cmdlet("Get-DistributionGroup", Identity="raeume@alpenblick.example")
    assert (group["Guid"].lower(), group["Name"]) == (guid.lower(), names["name"])


def test_invariant_3_other_settings_of_the_calendar_are_left_alone(tenant: Tenant) -> None:
    room = "room-rigi@alpenblick.example"
    tenant.cmdlet("Set-CalendarProcessing", Identity=room, BookingWindowInDays=77, Confirm=False)
    tenant.run("apply", stdin=tenant.desired(tenant.application()["clientId"]))
    (settings,) = tenant.cmdlet("Get-CalendarProcessing", Identity=room)
    assert (settings["BookingWindowInDays"], settings["DeleteSubject"]) == (77, False)
    assert settings["DeleteComments"] is True


def test_unmanaged_calendars_are_never_asked_about(tenant: Tenant) -> None:
    wish = tenant.desired(tenant.application()["clientId"], calendar="unmanaged")
    assert tenant.run("apply", stdin=wish).document["rooms"]["withTitles"] is None
    assert not [entry for entry in tenant.cmdlets() if "CalendarProcessing" in entry["cmdlet"]]


def test_the_guard_against_taking_many_rooms_away(tenant: Tenant, settled: dict[str, Any]) -> None:
    few = {**settled, "rooms": {"include": ["room-eiger@alpenblick.example", "room-rigi@alpenblick.example"]}}
    before = tenant.snapshot()
    done = tenant.run("apply", stdin=few)
    assert done.code == 6
    assert "23 of 25 rooms" in done.err
    assert "maxRemovals 23" in done.err
    assert tenant.snapshot() == before
    assert tenant.run("observe", stdin=few).document["exchange"]["guard"]
    few["rooms"]["maxRemovals"] = 23
    assert tenant.run("apply", stdin=few).document["changed"]["removeMember"] == 23
    assert changes(tenant)[-1] == "Update-DistributionGroupMember"


@pytest.mark.parametrize(
    ("members", "cmdlet"), [("exact", "Update-DistributionGroupMember"), ("atLeast", "Add-DistributionGroupMember")]
)
def test_invariant_3_only_exact_replaces_the_list_of_members(tenant: Tenant, members: str, cmdlet: str) -> None:
    few = {"include": ["room-eiger@alpenblick.example", "room-rigi@alpenblick.example"]}
    wish = tenant.desired(tenant.application()["clientId"], calendar="unmanaged", rooms=few, group={"members": members})
    assert tenant.run("apply", stdin=wish).code == 0
    tenant.forget_requests()
    done = tenant.run("apply", stdin={**wish, "rooms": {}})
    assert done.document["rooms"]["inReach"] == ROOMS
    assert set(changes(tenant)) == {cmdlet}


def test_a_list_with_mistakes_names_all_of_them(tenant: Tenant) -> None:
    include = ["control.mailbox@alpenblick.example", "nobody@alpenblick.example", "room-eiger@alpenblick.example"]
    done = tenant.run("apply", stdin=tenant.desired(tenant.application()["clientId"], rooms={"include": include}))
    assert done.code == 2
    assert "control.mailbox@alpenblick.example is a UserMailbox" in done.err
    assert "nobody@alpenblick.example is nobody" in done.err
    assert changes(tenant) == []


def test_plan_as_json_and_as_a_table(tenant: Tenant, settled: dict[str, Any]) -> None:
    drift_member(tenant, settled)
    document = tenant.run("plan", "--json", stdin=settled).document
    assert [action["subject"] for action in document["actions"]] == ["room-eiger@alpenblick.example"]
    table = tenant.run("plan", stdin=settled)
    assert table.code == 0
    assert "addMember" in table.out


def test_apply_without_a_client_id_is_refused(tenant: Tenant) -> None:
    done = tenant.run("apply", stdin=tenant.desired())
    assert done.code == 2
    assert "clientId" in done.err
    assert tenant.cmdlets() == []


def test_a_stack_of_another_name_is_refused_and_our_own_renamed_one_is_marked_anew(
    tenant: Tenant, settled: dict[str, Any]
) -> None:
    theirs = {
        **settled,
        "mark": "roomz:roomz/other",
        "application": {"clientId": tenant.application(mark="x")["clientId"]},
    }
    refused = tenant.run("apply", stdin=theirs)
    assert refused.code == 6
    assert "roomz/dev" in refused.err
    renamed = {**settled, "mark": "roomz:roomz/renamed"}
    done = tenant.run("apply", stdin=renamed)
    assert done.document["changed"] == {"markGroup": 1, "markPolicy": 1}
    assert any(MARK in notice for notice in done.document["notices"])
    assert f"carried the mark {MARK}; it is marked anew" in done.err


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"ARM_CLIENT_SECRET": "wrong"}, 3, "not its Secret ID"),
        ({"ARM_CLIENT_ID": "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"}, 3, "ARM_CLIENT_ID"),
        ({"ARM_CLIENT_SECRET": None}, 2, "ARM_CLIENT_SECRET not set"),
        ({"ARM_CLIENT_SECRET": None, "ARM_USE_OIDC": "true"}, 2, "ARM_USE_OIDC"),
        ({"ARM_TENANT_ID": "63759d9f-bfca-4f52-ae98-8f2f1d7bc173"}, 2, "azuread:tenantId"),
        ({"SSL_CERT_FILE": None}, 3, "SSL_CERT_FILE"),
        ({"SSL_CERT_FILE": "/nowhere.pem"}, 3, "/nowhere.pem"),
    ],
)
def test_invariant_4_and_6_signing_in_fails_with_the_remedy_and_without_a_secret(
    tenant: Tenant, variables: dict[str, str | None], code: int, said: str
) -> None:
    done = tenant.run("observe", stdin=tenant.desired(), variables=variables, process=True)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    if code == 2:
        assert tenant.requests() == []
    as_json = tenant.run("observe", "--errors-as-json", stdin=tenant.desired(), variables=variables)
    assert as_json.code == 0
    assert as_json.document["exitCode"] == code
    assert said in as_json.document["error"]


@pytest.mark.parametrize(
    ("document", "said"), [("", "desired state"), ("{", "JSON"), ({"mark": "x"}, "roomz:PROJECT/STACK")]
)
def test_invariant_6_bad_documents_never_reach_the_tenant(tenant: Tenant, document: Any, said: str) -> None:
    done = tenant.run("apply", stdin=document)
    assert done.code == 2
    assert said in done.err
    assert tenant.requests() == []
