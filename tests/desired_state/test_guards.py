"""Each guard stops a run before anything is changed, in each access model in which it can, and says how to go on.

The table holds what was done by hand or what is asked for; what a plan alone decides is in test_plan.py and test_plan_rbac.py.
"""

from collections.abc import Callable
from typing import Any

import pytest

from microsoft365.errors import Guarded
from tests.desired_state.scenes import FOREIGN, ROLE, address, wish_for
from tests.desired_state.without_sockets import InProcess

Wish = dict[str, Any]
Deed = Callable[[InProcess, Wish], Wish]
GROUP = "RoomzResources@alpenblick.example"
THEIRS = "theirs@alpenblick.example"
PERSON = "control.mailbox@alpenblick.example"


def settled(tenant: InProcess, access: str, rooms: int = 10, **changes: Any) -> Wish:
    """Set up, in `rbac` with a group where `rooms` excludes one."""
    tenant.seed(rooms=rooms, people=2)
    wish = wish_for(tenant, tenant.application(), access, calendar="unmanaged", **changes)
    tenant.apply(wish)
    return wish


def with_a_group(tenant: InProcess, access: str, **changes: Any) -> Wish:
    tenant.seed(rooms=10, people=2)
    rooms = {"exclude": [address(tenant, 9)]}
    wish = wish_for(tenant, tenant.application(), access, calendar="unmanaged", rooms=rooms, **changes)
    tenant.apply(wish)
    return wish


def not_yet(tenant: InProcess, access: str, **changes: Any) -> Wish:
    """A tenant with nothing of ours, and rooms that are kept in a group in both models."""
    tenant.seed(rooms=10, people=2)
    rooms = {"exclude": [address(tenant, 9)]}
    return wish_for(tenant, tenant.application(), access, calendar="unmanaged", rooms=rooms, **changes)


def assert_stopped(tenant: InProcess, wish: Wish, *words: str) -> None:
    before = tenant.snapshot()
    tenant.simulator.log.clear()
    with pytest.raises(Guarded) as raised:
        tenant.apply(wish)
    said = str(raised.value)
    assert said.startswith("nothing was changed: ")
    for word in words:
        assert word in said, said
    assert raised.value.exit_code == 6
    assert raised.value.report is None, "nothing was begun"
    assert tenant.snapshot() == before
    assert {entry["cmdlet"].partition("-")[0] for entry in tenant.cmdlets()} == {"Get"}


# -- how many rooms one run may take out of reach --------------------------------------------------------------------------


@pytest.mark.parametrize("access", ["policy", "rbac"])
@pytest.mark.parametrize(
    ("rooms", "lost"),
    [
        ({"include": {"filter": "DisplayName -eq 'Room 00001'"}}, 9),
        ({"include": "three"}, 7),
        ({"exclude": "four"}, 4),
        ({"kinds": ["workspace"], "include": "all"}, 10),
        ({"exclude": "four", "maxRemovals": 3}, 4),
        ({"exclude": "four", "maxRemovals": "30%"}, 4),
        ({"exclude": "four", "maxRemovals": 0}, 4),
    ],
)
def test_more_rooms_out_of_reach_than_allowed(
    in_process: InProcess, access: str, rooms: dict[str, Any], lost: int
) -> None:
    tenant = in_process
    wish = settled(tenant, access)
    named = {
        "three": [address(tenant, number) for number in range(3)],
        "four": [address(tenant, number) for number in range(4)],
    }
    wanted = {key: named[value] if isinstance(value, str) and value in named else value for key, value in rooms.items()}
    fewer = {**wish, "rooms": wanted}
    assert_stopped(tenant, fewer, f"{lost} ", "out of the application's reach", f"roomz:rooms.maxRemovals {lost}")
    tenant.apply({**fewer, "rooms": {**wanted, "maxRemovals": lost}})
    # Into reach again is nobody's loss, but the one workspace's where those were meant.
    tenant.apply({**wish, "rooms": {"maxRemovals": 1 if rooms.get("kinds") else 0}})


@pytest.mark.parametrize("access", ["policy", "rbac"])
def test_members_of_a_group_count_as_rooms_in_reach_in_both_models(in_process: InProcess, access: str) -> None:
    tenant = in_process
    wish = with_a_group(tenant, access)
    fewer = {**wish, "rooms": {"exclude": [address(tenant, number) for number in range(4, 10)]}}
    assert_stopped(tenant, fewer, "5 of 9 rooms", "roomz:rooms.maxRemovals 5")


@pytest.mark.parametrize("access", ["policy", "rbac"])
def test_rooms_that_were_converted_count_as_well(in_process: InProcess, access: str) -> None:
    """They are no rooms any more, and members all the same: taking many out at once is seldom meant."""
    tenant = in_process
    wish = with_a_group(tenant, access)
    for number in range(4):
        tenant.cmdlet("Set-Mailbox", Identity=address(tenant, number), Type="Regular")
    assert_stopped(tenant, wish, "4 other member(s)", "converted", "roomz:rooms.maxRemovals 4")


# -- the group ---------------------------------------------------------------------------------------------------------------


def theirs(tenant: InProcess, kind: str = "Security", **more: Any) -> None:
    made = {"Name": "Theirs", "Alias": "theirs", "PrimarySmtpAddress": THEIRS, "Type": kind, **more}
    tenant.cmdlet("New-DistributionGroup", **made)


def synchronized(tenant: InProcess) -> None:
    """The tenant's own synchronized group gets the address that is wanted: nobody may write it here."""
    theirs(tenant)
    group = next(one for one in tenant.simulator.store.first.groups if one.address == THEIRS)
    group.is_dir_synced = True
    tenant.simulator.store.changed()


@pytest.mark.parametrize("access", ["policy", "rbac"])
@pytest.mark.parametrize(
    ("make", "group", "words"),
    [
        (theirs, {}, ["was not made here", "roomz:group.adopt true"]),
        (
            lambda tenant: theirs(tenant, "Distribution"),
            {"adopt": True},
            ["MailUniversalDistributionGroup", "only a mail-enabled security group", "roomz:group.primarySmtpAddress"],
        ),
        (synchronized, {"adopt": True}, ["synchronised from an on-premises directory", "choose another"]),
        (
            lambda tenant: theirs(tenant, Notes="roomz:roomz/prod"),
            {"adopt": True},
            ["belongs to the stack roomz/prod", "a group of its own"],
        ),
        (
            lambda tenant: theirs(tenant, Members=[PERSON]),
            {"adopt": True},
            [PERSON, "UserMailbox", "Nobody is taken out of a group on taking it over"],
        ),
        (
            lambda tenant: theirs(tenant, Members=[PERSON]),
            {"adopt": True, "members": "atLeast"},
            [PERSON, "no room mailbox", "whose calendars the application could read"],
        ),
    ],
)
def test_a_group_that_somebody_else_made(
    in_process: InProcess, access: str, make: Callable[[InProcess], None], group: dict[str, Any], words: list[str]
) -> None:
    tenant = in_process
    wish = not_yet(tenant, access)
    make(tenant)
    wanted = {**wish["group"], "name": "Theirs", "alias": "theirs", "primarySmtpAddress": THEIRS, **group}
    assert_stopped(tenant, {**wish, "group": wanted}, *words)


@pytest.mark.parametrize("access", ["policy", "rbac"])
@pytest.mark.parametrize("stranger", ["a person", "a nested group"])
def test_at_least_stops_for_a_member_that_is_no_room(in_process: InProcess, access: str, stranger: str) -> None:
    tenant = in_process
    wish = with_a_group(tenant, access, group={"members": "atLeast"})
    theirs(tenant)
    member = PERSON if stranger == "a person" else THEIRS
    tenant.cmdlet("Add-DistributionGroupMember", Identity=GROUP, Member=member, **FOREIGN)
    assert_stopped(tenant, wish, member, "take them out, or set roomz:group.members to exact")
    # Which `exact` then does, nested groups included.
    exact = {**wish, "group": {**wish["group"], "members": "exact"}}
    assert tenant.apply(exact).plan.counts == {"removeMember": 1}


@pytest.mark.parametrize("access", ["policy", "rbac"])
def test_two_groups_with_this_stacks_mark(in_process: InProcess, access: str) -> None:
    tenant = in_process
    wish = not_yet(tenant, access)
    for name in ("one", "two"):
        tenant.cmdlet("New-DistributionGroup", Name=name, Alias=name, Type="Security", Notes=wish["mark"])
    assert_stopped(tenant, wish, "several groups carry the mark", "take it off the notes of all but one")


@pytest.mark.parametrize("access", ["policy", "rbac"])
def test_an_address_that_another_group_has(in_process: InProcess, access: str) -> None:
    tenant = in_process
    wish = with_a_group(tenant, access)
    theirs(tenant)
    moved = {**wish, "group": {**wish["group"], "primarySmtpAddress": THEIRS}}
    assert_stopped(tenant, moved, "is the address of another group (Theirs)")


# -- policies and assignments -------------------------------------------------------------------------------------------------


def policy_of(tenant: InProcess, app_id: str, **more: Any) -> None:
    made = {"AppId": [app_id], "AccessRight": "RestrictAccess", "Description": "by hand", **more}
    tenant.cmdlet("New-ApplicationAccessPolicy", **made)


@pytest.mark.parametrize("right", ["RestrictAccess", "DenyAccess"])
def test_another_policy_for_our_own_application(in_process: InProcess, right: str) -> None:
    tenant = in_process
    wish = settled(tenant, "policy")
    theirs(tenant)
    client_id = wish["application"]["clientId"]
    policy_of(tenant, client_id, PolicyScopeGroupId=THEIRS, AccessRight=right)
    assert_stopped(tenant, wish, client_id, right, "was not made here", "Remove-ApplicationAccessPolicy -Identity")


def test_policies_of_others_on_the_same_group_and_for_all_are_left_alone_and_named(in_process: InProcess) -> None:
    tenant = in_process
    wish = settled(tenant, "policy")
    other = tenant.application(mark="theirs")["clientId"]
    policy_of(tenant, other, PolicyScopeGroupId=GROUP)
    policy_of(tenant, "*", PolicyScopeGroupId="crm-mailboxes", AccessRight="DenyAccess")
    before = tenant.snapshot()
    applied = tenant.apply(wish)
    assert applied.plan.actions == ()
    assert any(other in notice and "left alone" in notice for notice in applied.notices)
    assert any("a policy for all applications exists" in notice for notice in applied.notices)
    assert tenant.snapshot() == before


def assignment(tenant: InProcess, wish: Wish, **more: Any) -> None:
    principal = wish["application"]["servicePrincipalId"]
    tenant.cmdlet("New-ManagementRoleAssignment", **{"Name": "by hand", "Role": ROLE, "App": principal, **more})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, ["over the whole organization: without a scope it reaches every mailbox"]),
        ({"RecipientGroupScope": "crm-mailboxes"}, ["over the group 'CRM Mailboxes'", "was not made here"]),
        ({"Role": "Application Exchange Full Access", "RecipientGroupScope": "crm-mailboxes"}, ["Full Access"]),
    ],
)
def test_another_assignment_of_our_own_application(
    in_process: InProcess, more: dict[str, Any], words: list[str]
) -> None:
    tenant = in_process
    wish = settled(tenant, "rbac")
    assignment(tenant, wish, **more)
    assert_stopped(tenant, wish, "Remove-ManagementRoleAssignment -Identity 'by hand'", *words)


# -- what a run in the other access model left ---------------------------------------------------------------------------------


def test_invariant_1_a_role_that_a_run_in_rbac_left_stops_the_policy_model(in_process: InProcess) -> None:
    """A role counts besides a grant: the policy would not keep the application out of what the role reaches."""
    tenant = in_process
    left = settled(tenant, "rbac")
    wish = {**left, "access": "policy", "rooms": {"include": [address(tenant, 0)], "maxRemovals": 100}}
    name = f"{wish['mark']} {left['application']['servicePrincipalId'][:8]}"
    assert_stopped(tenant, wish, ROLE, "no policy narrows it", f"Remove-ManagementRoleAssignment -Identity '{name}'")
    tenant.cmdlet("Remove-ManagementRoleAssignment", Identity=name, Confirm=False)
    tenant.apply(wish)


def test_a_role_without_calendars_is_no_concern_of_the_policy_model(in_process: InProcess) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    application = tenant.application()
    tenant.cmdlet("New-ServicePrincipal", AppId=application["clientId"], ObjectId=application["principalId"])
    wish = wish_for(tenant, application, "policy")
    assignment(tenant, wish, Role="Application Mail.Send", RecipientGroupScope="crm-mailboxes")
    applied = tenant.apply(wish)
    assert not [notice for notice in applied.notices if "role" in notice]


def test_roles_that_may_not_be_read_are_said_and_stop_nobody(in_process: InProcess) -> None:
    tenant = in_process
    tenant.seed(rooms=3, people=2)
    wish = wish_for(tenant, tenant.application(), "policy")
    tenant.fault({"cmdlet": "Get-ServicePrincipal"}, {"status": 403, "body": ""}, times=9)
    assert any("role of RBAC for Applications besides could not be read" in one for one in tenant.apply(wish).notices)
    assert tenant.apply(wish).notices == ()


def test_what_a_run_in_policy_left_is_named_in_rbac(in_process: InProcess) -> None:
    tenant = in_process
    left = settled(tenant, "policy")
    wish = {**left, "access": "rbac"}
    before = tenant.snapshot()
    notices = tenant.apply(wish).notices
    client_id = wish["application"]["clientId"]
    assert any(f"policy of {client_id} is left" in one and "Remove-ApplicationAccessPolicy" in one for one in notices)
    assert any(f"the group {GROUP} of this stack is not used" in one for one in notices)
    after = tenant.snapshot()
    assert (after["policies"], after["groups"]) == (before["policies"], before["groups"])


def test_a_scope_that_a_group_has_replaced_is_named(in_process: InProcess) -> None:
    tenant = in_process
    wish = settled(tenant, "rbac")
    assert tenant.apply(wish).notices == ()
    fewer = {**wish, "rooms": {"exclude": [address(tenant, 0)]}}
    assert any(f"scope '{wish['mark']}' is not used" in one for one in tenant.apply(fewer).notices)


def test_invariant_1_a_policy_of_others_that_the_first_reading_lacked_is_found_at_the_end(
    in_process: InProcess,
) -> None:
    """Nothing is granted on one list that was empty: the run ends with 6, and with what it did."""
    tenant = in_process
    wish = settled(tenant, "policy")
    theirs(tenant)
    policy_of(tenant, wish["application"]["clientId"], PolicyScopeGroupId=THEIRS)
    (ours,) = [one for one in tenant.cmdlet("Get-ApplicationAccessPolicy") if one["Description"] == wish["mark"]]
    tenant.cmdlet("Remove-ApplicationAccessPolicy", Identity=ours["Identity"], Confirm=False)
    tenant.fault({"cmdlet": "Get-ApplicationAccessPolicy"}, {"status": 200, "body": {"value": []}})
    with pytest.raises(Guarded, match="another application access policy") as raised:
        tenant.apply(wish)
    assert raised.value.report is not None
    assert [part["kind"] for part in raised.value.report["done"]] == ["createPolicy"]
