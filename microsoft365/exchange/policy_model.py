"""The access model `policy`: the application access policy that keeps a granted application to the group. Pure.

Owns what counts as a difference of policies, and which of them stop a run. Without any policy for its client id an
application with a grant reads everything, so one is never deleted before another stands.
"""

from microsoft365.exchange import ownership
from microsoft365.exchange.actions import Action
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Group, Observed, Policy


def restricts(desired: DesiredState, observed: Observed, group: Group | None) -> bool:
    """Tell whether the restriction stands now."""
    client_id = desired.application.client_id
    return client_id is not None and any(
        policy.app_id == client_id and policy.restricts_to(group) for policy in observed.policies
    )


def policy_actions(
    desired: DesiredState, observed: Observed, group: Group | None, guards: list[str], notices: list[str]
) -> list[Action]:
    """Return what is to be done about policies; adds what stops the run and what people should know."""
    client_id = desired.application.client_id
    description = desired.mark
    _guard_roles(observed, client_id, guards, notices)
    if client_id is None:
        notices += ownership.notices_on_policies(desired, observed, group)
        reason = "the application does not exist yet"
        return [Action("createPolicy", "the new application", reason, "", {"Description": description})]
    notices += ownership.notices_on_policies(desired, observed, group)
    own = [policy for policy in observed.policies if policy.app_id == client_id]
    good = [policy for policy in own if policy.restricts_to(group)]
    keep = good[0] if good else None
    actions = []
    if keep is None:
        reason = "without it the application could read every calendar"
        actions.append(Action("createPolicy", client_id, reason, "", {"AppId": client_id, "Description": description}))
    elif keep.description != description:
        reason = f"its description says {keep.description!r}"
        actions.append(Action("markPolicy", client_id, reason, keep.identity, {"Description": description}))
    # What is left over goes last: while one policy for the application stands, its calendars stay closed.
    for policy in own:
        if policy is keep or (keep is not None and policy.identity == keep.identity):
            continue
        if is_foreign(policy):
            guards.append(another_policy(policy))
        else:
            reason = "its group is not the rooms' group (any more)"
            actions.append(Action("removePolicy", policy.scope_name or policy.identity, reason, policy.identity))
    return actions


def is_foreign(policy: Policy) -> bool:
    """Tell whether a policy of our application is one that this project never makes: its groups would be in reach too."""
    return policy.mark is None or not policy.access_right.casefold().startswith("restrict")


def _guard_roles(observed: Observed, client_id: str | None, guards: list[str], notices: list[str]) -> None:
    """Stop where the application has a role for calendars besides: Exchange adds it to the grant, and no policy narrows it."""
    if observed.beside is None:
        notices.append(
            "whether the application has a role of RBAC for Applications besides could not be read (Get-ServicePrincipal, "
            "Get-ManagementRoleAssignment); nothing else depends on it"
        )
    guards += [
        f"the application {client_id} has the role {one.role!r} in Exchange (assignment {one.name!r}), as after a run with "
        f"roomz:access rbac; it counts besides the grant, and no policy narrows it. Take it away: {one.removal}"
        for one in observed.beside or ()
        if one.reads_calendars
    ]


def another_policy(policy: Policy) -> str:
    """Word what is to be done about a policy of our application that was not made here."""
    return (
        f"the application {policy.app_id} has another application access policy ({policy.access_right}, group "
        f"{policy.scope_name or policy.group_object_id}) that was not made here; its groups would be in reach too. If it "
        f"is not needed: Remove-ApplicationAccessPolicy -Identity '{policy.identity}'"
    )
