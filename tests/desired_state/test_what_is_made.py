"""With which parameters each object is made: these and no other, since some of Microsoft's cannot be taken back."""

from typing import Any

from microsoft365.exchange.rbac_observed import ROLE
from tests.desired_state.scenes import address, wish_for
from tests.desired_state.tenant import MARK
from tests.desired_state.without_sockets import InProcess


def made(tenant: InProcess, access: str, **changes: Any) -> dict[str, dict[str, Any]]:
    """Return the parameters of each New- cmdlet of a first run."""
    wish = wish_for(tenant, tenant.application(), access, **changes)
    tenant.simulator.log.clear()
    tenant.apply(wish)
    return {one["cmdlet"]: one["parameters"] for one in tenant.cmdlets() if one["cmdlet"].startswith("New-")}


def test_a_group_is_closed_and_hidden_and_nobody_owns_it(in_process: InProcess) -> None:
    """Without -ManagedBy, since an application is no owner; never with hidden membership, which cannot be shown again."""
    in_process.seed(rooms=2, people=1)
    parameters = made(in_process, "policy")["New-DistributionGroup"]
    assert len(parameters.pop("Members")) == 2
    assert parameters == {
        "Name": "RoomzResources",
        "DisplayName": "RoomzResources",
        "Alias": "RoomzResources",
        "PrimarySmtpAddress": "RoomzResources@alpenblick.example",
        "Notes": MARK,
        "Type": "Security",
        "MemberJoinRestriction": "Closed",
        "MemberDepartRestriction": "Closed",
        "RequireSenderAuthenticationEnabled": True,
        "IgnoreNamingPolicy": True,
    }
    (group,) = [one for one in in_process.snapshot()["groups"] if one["name"] == "RoomzResources"]
    assert group["hiddenFromAddressLists"] is True


def test_a_policy_restricts_one_application_and_describes_itself(in_process: InProcess) -> None:
    """A description that is left out is filled in by Exchange and would differ from then on."""
    in_process.seed(rooms=2, people=1)
    parameters = made(in_process, "policy")["New-ApplicationAccessPolicy"]
    (client_id,) = parameters.pop("AppId")
    assert client_id not in ("*", "")
    assert parameters.pop("PolicyScopeGroupId")
    assert parameters == {"AccessRight": "RestrictAccess", "Description": MARK}


def test_what_rbac_makes_is_never_exclusive_and_never_without_a_scope(in_process: InProcess) -> None:
    """-Exclusive would take the rooms from every other administrator."""
    in_process.seed(rooms=2, people=1)
    parameters = made(in_process, "rbac")
    scope, assignment = parameters["New-ManagementScope"], parameters["New-ManagementRoleAssignment"]
    assert set(scope) == {"Name", "RecipientRestrictionFilter"}
    assert set(assignment) == {"Name", "Role", "App", "CustomResourceScope"}
    assert assignment["Role"] == ROLE
    assert assignment["App"] == parameters["New-ServicePrincipal"]["ObjectId"]
    assert set(parameters["New-ServicePrincipal"]) == {"AppId", "ObjectId", "DisplayName"}


def test_a_group_is_given_to_an_assignment_as_itself_and_not_by_its_name_in_a_filter(in_process: InProcess) -> None:
    """A filter over MemberOfGroup holds a distinguished name, which a renaming changes."""
    in_process.seed(rooms=2, people=1)
    parameters = made(in_process, "rbac", rooms={"exclude": [address(in_process, 0)]})
    assert "New-ManagementScope" not in parameters
    (group,) = [one for one in in_process.snapshot()["groups"] if one["name"] == "RoomzResources"]
    assert parameters["New-ManagementRoleAssignment"]["RecipientGroupScope"] == group["guid"]


def test_calendar_processing_is_set_by_three_switches_alone(in_process: InProcess) -> None:
    """Lists such as BookInPolicy are replaced by whatever is sent."""
    in_process.seed(rooms=2, people=1)
    made(in_process, "policy")
    sent = [one["parameters"] for one in in_process.cmdlets() if one["cmdlet"] == "Set-CalendarProcessing"]
    switches = {"AddOrganizerToSubject", "DeleteSubject", "RemovePrivateProperty"}
    assert {frozenset(one) for one in sent} == {frozenset({"Identity", "Confirm", *switches})}
