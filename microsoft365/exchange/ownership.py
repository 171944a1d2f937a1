"""Which group is ours, and what is to be said about policies that are not. Pure.

Owns the answer to "may we touch it": by the mark, by our own client id, or by being asked to adopt it.
"""

from dataclasses import dataclass, replace

from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import SECURITY_GROUP, Group, Observed
from microsoft365.exchange.rbac_names import base_name


@dataclass(frozen=True, slots=True)
class Choice:
    """The group to work on (None: make one), whether it is adopted, and what stops or should be said."""

    group: Group | None
    adopted: bool = False
    guards: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def choose(desired: DesiredState, observed: Observed) -> Choice:
    """Find the stack's group, by its mark before its address."""
    address = desired.rooms_group.primary_smtp_address.casefold()
    at_address = next(
        (group for group in observed.groups if address in group.addresses | {group.address.casefold()}), None
    )
    marked = [group for group in observed.groups if group.mark is not None and group.mark.stack == desired.mark]
    own_ids = _groups_of_own_policies(desired, observed) | _groups_of_own_assignments(observed)
    if len(marked) > 1:
        # A group that was made anew leaves at most one that the policy or the address points at.
        marked = [group for group in marked if group.object_id in own_ids] or [
            group for group in marked if group is at_address
        ]
        if len(marked) != 1:
            return Choice(
                None, guards=(f"several groups carry the mark {desired.mark}; take it off the notes of all but one",)
            )
    if marked:
        return _checked(_taken_by_another(desired, marked[0], at_address) or Choice(marked[0]))
    own = next((group for group in observed.groups if group.object_id in own_ids and group.mark is not None), None)
    candidate = at_address or own
    if candidate is None:
        return Choice(None)
    return _checked(_claim(desired, candidate, is_own=candidate.object_id in own_ids))


def notices_on_policies(desired: DesiredState, observed: Observed, group: Group | None) -> list[str]:
    """Return what people should know about policies that are left alone."""
    client_id = desired.application.client_id
    notices = []
    for policy in observed.policies:
        mark = policy.mark
        if policy.app_id == "*":
            notices.append(f"a policy for all applications exists (group {policy.scope_name}); it is left alone")
        elif policy.app_id == client_id:
            if mark is not None and mark.stack != desired.mark:
                notices.append(f"the policy of {client_id} carried the mark {mark.stack}; it is marked anew")
        elif mark is not None and mark.stack == desired.mark:
            notices.append(
                f"a policy of this stack for the former application {policy.app_id} is left alone"
                + (f" (retired {mark.retired:%Y-%m-%d %H:%M} UTC)" if mark.retired else "")
                + f"; end it with: {desired.ending_command()}"
            )
        elif group is not None and policy.group_object_id == group.object_id:
            notices.append(f"a policy of the application {policy.app_id} uses the same group; it is left alone")
    return notices


def _groups_of_own_policies(desired: DesiredState, observed: Observed) -> set[str]:
    client_id = desired.application.client_id
    return {
        policy.group_object_id
        for policy in observed.policies
        if client_id is not None and policy.app_id == client_id and policy.mark is not None
    }


def _groups_of_own_assignments(observed: Observed) -> set[str]:
    """The groups that our service principal's assignments point at, where both carry one and the same mark."""
    rbac = observed.rbac
    return {
        group.object_id
        for group in observed.groups
        for one in (rbac.assignments if rbac else ())
        if one.mark is not None
        and group.mark is not None
        and one.mark.base == base_name(group.mark.stack).casefold()
        and one.points_at_group(group.name, group.object_id, group.guid)
    }


def _claim(desired: DesiredState, group: Group, *, is_own: bool) -> Choice:
    mark = group.mark
    if mark is not None:
        if is_own:
            notice = f"the group {group.name} carried the mark {mark.stack}; it belongs to this application and is marked anew"
            return Choice(group, mark.adopted, notices=(notice,))
        return Choice(
            None,
            guards=(
                f"the group {group.address} belongs to the stack {mark.stack.removeprefix('roomz:')}; give this stack a "
                "group of its own: pulumi config set --path roomz:group.primarySmtpAddress ADDRESS",
            ),
        )
    if is_own:
        return Choice(group, desired.rooms_group.adopt)
    if desired.rooms_group.adopt:
        return Choice(group, adopted=True)
    return Choice(
        None,
        guards=(
            f"the group {group.address} exists and was not made here; to take it over: pulumi config set --path "
            "roomz:group.adopt true, or choose another roomz:group.primarySmtpAddress",
        ),
    )


def _taken_by_another(desired: DesiredState, ours: Group, at_address: Group | None) -> Choice | None:
    if at_address is None or at_address is ours:
        return None
    guard = (
        f"{desired.rooms_group.primary_smtp_address} is the address of another group ({at_address.name}), while this stack's "
        f"group is {ours.address}; choose another roomz:group.primarySmtpAddress"
    )
    return Choice(ours, guards=(guard,))


def _checked(choice: Choice) -> Choice:
    group = choice.group
    if group is None or choice.guards:
        return choice
    if group.kind != SECURITY_GROUP:
        return replace(
            choice,
            guards=(
                f"{group.address} is a {group.kind}, and only a mail-enabled security group can restrict an application; "
                "choose another roomz:group.primarySmtpAddress",
            ),
        )
    if group.dir_synced:
        return replace(
            choice,
            guards=(
                f"the group {group.address} is synchronised from an on-premises directory, so Exchange Online refuses to "
                "change it; choose another roomz:group.primarySmtpAddress",
            ),
        )
    adopted = choice.adopted or (group.mark is not None and group.mark.adopted)
    return replace(choice, adopted=adopted)
