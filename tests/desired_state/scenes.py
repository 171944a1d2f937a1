"""States of a tenant that a run of `apply` starts from, in each access model, for tests that let requests fail.

Owns what was done by hand before. Knows nothing of faults.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observe import observe
from microsoft365.exchange.plan import plan
from tests.desired_state.without_sockets import InProcess, Quiet

ROLE = "Application Calendars.ReadWrite"
FOREIGN = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}


@dataclass(frozen=True)
class Scene:
    """What is wanted, and who is watched; the tenant is in the state that it starts from."""

    wish: dict[str, Any]
    client_id: str
    live: bool
    """Whether the application has credentials already, so that every instant counts."""


def wish_for(tenant: InProcess, application: dict[str, str], access: str, **changes: Any) -> dict[str, Any]:
    ids = {"clientId": application["clientId"], "servicePrincipalId": application["principalId"]}
    return tenant.desired(**{"application": ids, "access": access, **changes})


def address(tenant: InProcess, number: int) -> str:
    rooms = sorted(one["address"] for one in tenant.snapshot()["mailboxes"] if one["resourceType"] == "Room")
    return str(rooms[number])


def planned_kinds(tenant: InProcess, wish: dict[str, Any]) -> list[str]:
    """Return the kinds of what a run would do, in their order."""
    desired = DesiredState.model_validate(wish)
    return [action.kind for action in plan(desired, observe(tenant.transport(), desired, Quiet())).actions]


def _first(tenant: InProcess, access: str, **changes: Any) -> Scene:
    tenant.seed(rooms=3, people=2, customized=changes.pop("customized", True))
    application = tenant.application()
    if access == "rbac":
        tenant.secret(application)
    wish = wish_for(tenant, application, access, **changes)
    return Scene(wish, application["clientId"], live=access == "rbac")


def _settled(tenant: InProcess, access: str, rooms: int = 3, **changes: Any) -> Scene:
    """Set up as `apply` does, with whatever makes the application able to read."""
    tenant.seed(rooms=rooms, people=2)
    application = tenant.application()
    wish = wish_for(tenant, application, access, **changes)
    tenant.apply(wish)
    if access == "policy":
        tenant.grant(application["principalId"])
    tenant.secret(application)
    return Scene(wish, application["clientId"], live=True)


def _group(tenant: InProcess, scene: Scene) -> str:
    return str(tenant.cmdlet("Get-DistributionGroup", Identity=scene.wish["group"]["primarySmtpAddress"])[0]["Guid"])


def policy_first(tenant: InProcess) -> Scene:
    return _first(tenant, "policy")


def policy_of_a_group_that_is_gone(tenant: InProcess) -> Scene:
    """The group was deleted by hand: another one, another policy, and only then goes the policy of the former."""
    scene = _settled(tenant, "policy")
    tenant.cmdlet("Remove-DistributionGroup", Identity=_group(tenant, scene), **FOREIGN)
    tenant.cmdlet("Set-CalendarProcessing", Identity=address(tenant, 0), DeleteSubject=True, Confirm=False)
    return scene


def policy_with_many_members_to_change(tenant: InProcess) -> Scene:
    """More changes than go one by one, and every setting of the group differs."""
    scene = _settled(tenant, "policy", rooms=14)
    group = _group(tenant, scene)
    keep = [address(tenant, 0), address(tenant, 1)]
    tenant.cmdlet("Update-DistributionGroupMember", Identity=group, Members=keep, **FOREIGN)
    tenant.cmdlet("Set-DistributionGroup", Identity=group, Name="Other", Alias="other", **FOREIGN)
    return scene


def policy_of_a_renamed_stack(tenant: InProcess) -> Scene:
    scene = _settled(tenant, "policy", mark="roomz:roomz/old", calendar="unmanaged")
    return Scene({**scene.wish, "mark": "roomz:roomz/dev"}, scene.client_id, live=True)


def rbac_first(tenant: InProcess) -> Scene:
    return _first(tenant, "rbac")


def rbac_first_in_an_organization_never_customized(tenant: InProcess) -> Scene:
    return _first(tenant, "rbac", customized=False, calendar="unmanaged")


def rbac_first_with_a_group(tenant: InProcess) -> Scene:
    tenant.seed(rooms=3, people=2)
    return _first(tenant, "rbac", rooms={"exclude": [address(tenant, 0)]})


def rbac_with_everything_changed_by_hand(tenant: InProcess) -> Scene:
    """The service principal's name, the scope's filter and the assignment: narrower than declared, so that nothing is open."""
    scene = _settled(tenant, "rbac")
    principal = scene.wish["application"]["servicePrincipalId"]
    tenant.cmdlet("Set-ServicePrincipal", Identity=principal, DisplayName="Displays", Confirm=False)
    (ours,) = tenant.cmdlet("Get-ManagementScope")
    narrow = "RecipientTypeDetails -eq 'RoomMailbox' -and Office -eq 'Nowhere'"
    tenant.cmdlet("Set-ManagementScope", Identity=ours["Guid"], RecipientRestrictionFilter=narrow, Confirm=False)
    (assignment,) = tenant.cmdlet("Get-ManagementRoleAssignment", RoleAssignee=principal)
    tenant.cmdlet("Set-ManagementRoleAssignment", Identity=assignment["Guid"], Enabled=False, Confirm=False)
    tenant.cmdlet("Set-CalendarProcessing", Identity=address(tenant, 0), DeleteSubject=True, Confirm=False)
    return scene


def rbac_of_a_renamed_stack(tenant: InProcess) -> Scene:
    scene = _settled(tenant, "rbac", mark="roomz:roomz/old", calendar="unmanaged")
    return Scene({**scene.wish, "mark": "roomz:roomz/dev"}, scene.client_id, live=True)


def rbac_from_a_scope_to_a_group(tenant: InProcess) -> Scene:
    """Fewer rooms, kept in a group from now on: no instant may reach more than before."""
    scene = _settled(tenant, "rbac", calendar="unmanaged")
    fewer = {"exclude": [address(tenant, 0)], "maxRemovals": 1}
    return Scene({**scene.wish, "rooms": fewer}, scene.client_id, live=True)


SCENES: dict[str, Callable[[InProcess], Scene]] = {
    scene.__name__: scene
    for scene in (
        policy_first,
        policy_of_a_group_that_is_gone,
        policy_with_many_members_to_change,
        policy_of_a_renamed_stack,
        rbac_first,
        rbac_first_in_an_organization_never_customized,
        rbac_first_with_a_group,
        rbac_with_everything_changed_by_hand,
        rbac_of_a_renamed_stack,
        rbac_from_a_scope_to_a_group,
    )
}
