"""The very script, run in the simulated tenant as an Exchange administrator would: what it does, twice, half-way, and back."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from microsoft365 import marks
from tests.desired_state.hostile import notes
from tests.desired_state.running import administrator, run
from tests.desired_state.tenant import MARK, Tenant
from tests.desired_state.test_rbac_script import wish_for
from tests.support.powershell.interpreter import Interpreter
from tests.support.powershell.values import ScriptError

Document = dict[str, Any]


def of_policy(tenant: Tenant, application: dict[str, str]) -> Document:
    return tenant.desired(application["clientId"])


def of_scope(tenant: Tenant, application: dict[str, str]) -> Document:
    return wish_for(tenant, application)


def of_list(tenant: Tenant, application: dict[str, str]) -> Document:
    group = tenant.desired()["group"]
    include = [f"room-{name}@{tenant.administrator['domain']}" for name in ("eiger", "albis", "titlis")]
    return wish_for(tenant, application, group=group, rooms={"include": include})


def few_rooms(tenant: Tenant) -> None:
    """Make do with three rooms, where more would prove nothing."""
    tenant.control.post("/seed", json={"rooms": 3, "people": 2}).raise_for_status()


MODELS = pytest.mark.parametrize("model", [of_policy, of_scope, of_list])


def script_of(tenant: Tenant, wanted: Document) -> str:
    done = tenant.run("runbook", stdin=wanted)
    assert done.code == 0, done.err
    assert done.out.endswith("\r\n")
    return done.out


def plan_of(tenant: Tenant, wanted: Document) -> Document:
    return dict(tenant.run("observe", stdin=wanted).document["exchange"])


def shape(tenant: Tenant) -> Document:
    """Return what of Exchange matters, without ids and times that differ each time something is made."""
    found = copy.deepcopy(tenant.snapshot())
    names = {one["objectId"]: one["name"] for one in found["groups"]}
    scopes = {one["guid"]: one["name"] for one in found["managementScopes"]}
    for group in found["groups"]:
        for name in ("guid", "objectId", "sid", "created", "managedBy"):
            group.pop(name, None)
        group["memberIds"] = sorted(group["memberIds"])
    return {
        "groups": sorted(found["groups"], key=lambda one: str(one["name"])),
        "policies": [
            (one["appId"], names.get(one["scopeObjectId"]), one["accessRight"], one["description"])
            for one in found["policies"]
        ],
        "scopes": [(one["name"], one["recipientFilter"]) for one in found["managementScopes"]],
        "assignments": [
            (one["name"], one["role"], scopes.get(one["scopeGuid"]), names.get(one["groupObjectId"]))
            for one in found["roleAssignments"]
        ],
        "principals": [
            (one["appId"], one["objectId"], one["displayName"]) for one in found["exchangeServicePrincipals"]
        ],
        "calendars": {one["address"]: one["calendarProcessing"] for one in found["mailboxes"]},
    }


@MODELS
def test_it_does_what_rest_does_shows_it_first_and_does_nothing_twice(
    tenant: Tenant, model: Callable[[Tenant, dict[str, str]], Document]
) -> None:
    wanted = model(tenant, tenant.application())
    before = tenant.snapshot()
    script = script_of(tenant, wanted)
    for switches in ((), ("Apply", "WhatIf"), ("Undo",)):
        session = run(tenant, script, *switches)
        assert session.changes == [], switches
        assert any(line.startswith("What if: ") for line in session.said) or switches == ("Undo",)
        assert "Nothing was changed." in session.said[-1]
    asked = administrator(tenant, answers=lambda _action, _target: False)
    with pytest.raises(ScriptError, match="Not everything is as it should be"):
        Interpreter(asked).run(script, "Apply", "Confirm")
    assert asked.changes == []
    assert len(asked.asked) > 3
    assert tenant.snapshot() == before

    session = run(tenant, script, "Apply")
    assert session.changes
    assert session.warned == []
    assert [line for line in session.said if line.startswith("Exchange says of the room")]
    by_script = shape(tenant)
    assert plan_of(tenant, wanted)["differs"] is False
    assert plan_of(tenant, wanted)["restriction"] == "present"
    assert run(tenant, script, "Apply").changes == []

    # The same by REST, in the same tenant as it was.
    session = run(tenant, script, "Undo", "Apply", *(("GrantRevoked",) if wanted.get("access") != "rbac" else ()))
    assert shape(tenant) == shape_of(before)
    assert tenant.run("apply", stdin=wanted).code == 0
    assert shape(tenant) == by_script


def shape_of(snapshot: Document) -> Document:
    class Still:
        def snapshot(self) -> Document:
            return snapshot

    return shape(Still())  # type: ignore[arg-type]


def test_invariant_1_the_way_back_leaves_the_policy_unless_somebody_has_seen_that_nothing_is_open(
    tenant: Tenant,
) -> None:
    few_rooms(tenant)
    wanted = of_policy(tenant, tenant.application(grant=True))
    script = script_of(tenant, wanted)
    run(tenant, script, "Apply")
    before = tenant.snapshot()
    session = run(tenant, script, "Undo", "Apply")
    after = tenant.snapshot()
    assert (after["policies"], after["groups"]) == (before["policies"], before["groups"])
    assert any("The application access policy stays" in line for line in session.warned)
    assert any("GrantRevoked" in line for line in session.warned)


def person_of(tenant: Tenant) -> Document:
    return next(one for one in tenant.snapshot()["mailboxes"] if one["kind"] == "UserMailbox")


def test_drift_is_mended_and_the_way_back_brings_no_person_into_reach(tenant: Tenant) -> None:
    domain = tenant.administrator["domain"]
    wanted = of_policy(tenant, tenant.application())
    assert tenant.run("apply", stdin=wanted).code == 0
    settled = shape(tenant)
    group, bypass = f"RoomzResources@{domain}", {"BypassSecurityGroupManagerCheck": True, "Confirm": False}
    person = person_of(tenant)["address"]
    tenant.cmdlet("Add-DistributionGroupMember", Identity=group, Member=person, **bypass)
    for name in ("eiger", "albis"):
        tenant.cmdlet("Remove-DistributionGroupMember", Identity=group, Member=f"room-{name}@{domain}", **bypass)
    tenant.cmdlet("Set-DistributionGroup", Identity=group, Name="Other", HiddenFromAddressListsEnabled=False, **bypass)
    tenant.cmdlet("Set-Group", Identity=group, Notes=f"of the reception\n{MARK} retired 2026-01-02T03:04:05Z", **bypass)
    tenant.cmdlet("Set-CalendarProcessing", Identity=f"room-titlis@{domain}", DeleteSubject=True, Confirm=False)
    policy = tenant.cmdlet("Get-ApplicationAccessPolicy")
    own = next(one for one in policy if MARK in str(one["Description"]))
    tenant.cmdlet("Set-ApplicationAccessPolicy", Identity=own["Identity"], Description="roomz:roomz/old", Confirm=False)
    drifted = shape(tenant)

    script = script_of(tenant, wanted)
    session = run(tenant, script, "Apply")
    mended = shape(tenant)
    notes_now = next(one["notes"] for one in mended["groups"] if one["name"] == "RoomzResources")
    assert notes_now == f"of the reception\n{MARK}"
    settled["groups"] = [
        {**one, "notes": notes_now} if one["name"] == "RoomzResources" else one for one in settled["groups"]
    ]
    assert mended == settled
    assert plan_of(tenant, wanted)["differs"] is False
    assert run(tenant, script, "Apply").changes == []

    session = run(tenant, script, "Undo", "Apply")
    assert any(f"{person} is no room" in line for line in session.warned)
    back = shape(tenant)
    (old,) = [one for one in drifted["groups"] if one["name"] == "Other"]
    (new,) = [one for one in back["groups"] if one["name"] == "Other"]
    assert set(old["memberIds"]) - set(new["memberIds"]) == {person_of(tenant)["objectId"]}
    assert set(new["memberIds"]) < set(old["memberIds"])
    assert (new["notes"], new["hiddenFromAddressLists"]) == (old["notes"], old["hiddenFromAddressLists"])
    assert back["policies"] == drifted["policies"]
    assert back["calendars"] == drifted["calendars"]


def test_the_way_back_of_rbac_never_widens_a_scope_beyond_resources(tenant: Tenant) -> None:
    wanted = of_scope(tenant, tenant.application())
    assert tenant.run("apply", stdin=wanted).code == 0
    for former, comes_back in (
        ("RecipientTypeDetails -eq 'EquipmentMailbox'", True),
        ("(RecipientTypeDetails -eq 'RoomMailbox') -or (RecipientTypeDetails -eq 'UserMailbox')", False),
    ):
        tenant.cmdlet("Set-ManagementScope", Identity=MARK, RecipientRestrictionFilter=former, Confirm=False)
        drifted = shape(tenant)["scopes"]
        script = script_of(tenant, wanted)
        run(tenant, script, "Apply")
        mended = shape(tenant)["scopes"]
        assert mended != drifted
        assert run(tenant, script, "Apply").changes == []
        run(tenant, script, "Undo", "Apply")
        assert (shape(tenant)["scopes"] == drifted) is comes_back
        assert (shape(tenant)["scopes"] == mended) is not comes_back
        assert (
            "by hand, if it is meant" in " ".join(line.strip("# ") for line in script.splitlines())
        ) is not comes_back


@pytest.mark.parametrize(
    "cmdlet",
    ["New-DistributionGroup", "Set-DistributionGroup", "New-ApplicationAccessPolicy", "Set-CalendarProcessing"],
)
def test_invariant_2_it_stops_at_an_error_and_the_next_run_goes_on(tenant: Tenant, cmdlet: str) -> None:
    few_rooms(tenant)
    wanted = of_policy(tenant, tenant.application())
    script = script_of(tenant, wanted)
    refusal = {"error": {"details": [{"message": "Ex1|Microsoft.Exchange.SomeException|Etwas ging schief."}]}}
    tenant.fault({"api": "exchange", "cmdlet": cmdlet}, {"status": 400, "body": refusal})
    with pytest.raises(ScriptError, match="Etwas ging schief"):
        run(tenant, script, "Apply")
    assert plan_of(tenant, wanted)["differs"] is True
    run(tenant, script, "Apply")
    assert plan_of(tenant, wanted)["differs"] is False


def test_it_waits_for_a_directory_that_lags(tenant: Tenant) -> None:
    few_rooms(tenant)
    conditions = {"lag": {"exchangeCreateSeconds": 20}}
    tenant.control.put(f"/tenants/{tenant.id}/conditions", json=conditions).raise_for_status()
    try:
        wanted = of_policy(tenant, tenant.application())
        session = run(tenant, script_of(tenant, wanted), "Apply")
        assert [name for name, _ in session.changes].count("New-DistributionGroup") == 1
        assert plan_of(tenant, wanted)["restriction"] == "present"
    finally:
        tenant.control.put(f"/tenants/{tenant.id}/conditions", json={"preset": "none"}).raise_for_status()


def test_in_another_tenant_it_does_nothing(tenant: Tenant) -> None:
    script = script_of(tenant, of_policy(tenant, tenant.application()))
    session = None
    with pytest.raises(ScriptError, match="you are connected to 00000000"):
        session = run(tenant, script, "Apply", connected_to="00000000-0000-4000-8000-000000000000")
    assert session is None
    assert not [one for one in tenant.cmdlets() if not one["cmdlet"].startswith("Get-")]


def test_a_room_that_has_become_a_person_s_mailbox_since_is_left_out(tenant: Tenant) -> None:
    domain = tenant.administrator["domain"]
    wanted = of_policy(tenant, tenant.application())
    script = script_of(tenant, wanted)
    tenant.cmdlet("Set-Mailbox", Identity=f"room-eiger@{domain}", Type="Regular", Confirm=False)
    run(tenant, script, "Apply")
    members = tenant.cmdlet("Get-DistributionGroupMember", Identity=f"RoomzResources@{domain}", ResultSize="Unlimited")
    assert len(members) == 24
    assert {one["RecipientTypeDetails"] for one in members} == {"RoomMailbox"}


def test_more_rooms_than_one_call_takes(tenant: Tenant) -> None:
    """A page of Exchange, a list of members in one call, and a script that stays readable: about 130 bytes a room."""
    tenant.control.post("/seed", json={"rooms": 1500, "people": 5}).raise_for_status()
    wanted = {**of_policy(tenant, tenant.application()), "calendar": "unmanaged"}
    script = script_of(tenant, wanted)
    assert len(script) < 20_000 + 1500 * 130
    session = run(tenant, script, "Apply")
    assert len(session.changes) < 5
    assert plan_of(tenant, wanted)["rooms"]["inReach"] == 1500


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=notes)
def test_notes_of_any_kind_come_through_both_ways_unharmed(tenant: Tenant, words: str) -> None:
    domain, wanted = tenant.administrator["domain"], of_policy(tenant, tenant_application(tenant))
    group = f"RoomzResources@{domain}"
    wanted["calendar"] = "unmanaged"
    if not [one for one in tenant.snapshot()["groups"] if one["address"] == group]:
        assert tenant.run("apply", stdin=wanted).code == 0
    bypass = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}
    former = f"{words}\n{MARK} retired 2026-01-02T03:04:05Z"
    for perform in (lambda: run(tenant, script_of(tenant, wanted), "Apply"), lambda: tenant.run("apply", stdin=wanted)):
        tenant.cmdlet("Set-Group", Identity=group, Notes=former, **bypass)
        perform()
        found = next(one["notes"] for one in tenant.snapshot()["groups"] if one["address"] == group)
        assert found == marks.put(former, marks.Mark(MARK))


def tenant_application(tenant: Tenant) -> dict[str, str]:
    """Return the one application of this test, whichever example it is."""
    found = [one for one in tenant.snapshot()["applications"] if MARK in str(one.get("notes"))]
    if not found:
        return tenant.application()
    return {"clientId": found[0]["appId"], "objectId": found[0]["id"], "principalId": "", "grantId": ""}
