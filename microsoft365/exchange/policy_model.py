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
        if policy.mark is None or not policy.access_right.casefold().startswith("restrict"):
            guards.append(_another_policy(policy, client_id))
        else:
            reason = "its group is not the rooms' group (any more)"
            actions.append(Action("removePolicy", policy.scope_name or policy.identity, reason, policy.identity))
    return actions


def _another_policy(policy: Policy, client_id: str) -> str:
    return (
        f"the application {client_id} has another application access policy ({policy.access_right}, group "
        f"{policy.scope_name or policy.group_object_id}) that was not made here; its groups would be in reach too. If it "
        f"is not needed: Remove-ApplicationAccessPolicy -Identity '{policy.identity}'"
    )
