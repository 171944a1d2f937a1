"""The way back: undoes what carries this stack's mark, and never while an application could read more by it.

Owns the order (Graph is asked first; calendar processing, policy, group), the retirement of what a real tenant must
keep for a while, and its end (`remove_retired`), in the access model `policy`. belongings.py says what is ours, closed.py asks
Graph; plan.py and apply.py know nothing of this.
"""

from collections.abc import Sequence
from datetime import datetime

from microsoft365 import marks
from microsoft365.errors import NoAccess, TenantRefused
from microsoft365.exchange.belongings import Belongings, read_belongings
from microsoft365.exchange.closed import Applications, cannot_be_told, ensure_closed
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import Group, Policy
from microsoft365.exchange.removal_steps import (
    RETIREMENT,
    Outcome,
    claimed,
    old_enough,
    put_defaults_back,
    refuse_now_elsewhere,
    remove_group,
    remove_what_may_be_gone,
    retire_group,
    rooms_in,
    when,
)
from microsoft365.exchange.transport import Call, Reporter, Transport
from microsoft365.graph.client import Graph
from microsoft365.pace import Pace

POLICY_REMOVAL_DELAY = (
    "the removal of an application access policy can take up to 30 minutes to take effect (Remove-ApplicationAccessPolicy), and "
    "longer than an hour in Microsoft Graph; the application that it restricted holds no grant by now"
)


def remove(
    graph: Graph, transport: Transport, desired: DesiredState, now: datetime, reporter: Reporter, pace: Pace
) -> Outcome:
    """Remove (`removal: now`) or retire (`removal: later`) what carries the mark, and what a renaming left behind.

    Raises Guarded while an application with the mark, or one whose policy would be touched, holds a grant for calendars
    or cannot be read; GaveUp when Graph does not agree with itself in time; BadInput for `now` on a real tenant.
    """
    refuse_now_elsewhere(desired)
    reporter.begin("Asking Microsoft Graph who still holds a grant for calendars", 0)
    try:
        applications = Applications.read(graph, desired.mark)
    except (NoAccess, TenantRefused) as error:
        raise cannot_be_told(desired.mark, (), error) from None
    found = read_belongings(transport, desired.mark, applications, desired.rooms_group.primary_smtp_address, pace)
    client_ids = {policy.app_id for policy in found.policies}
    if desired.application.client_id is not None:
        client_ids.add(desired.application.client_id)
    ensure_closed(graph, desired.mark, client_ids, pace)
    outcome = Outcome(left=list(found.left))
    later = desired.removal == "later"
    outcome.expect("retirePolicy" if later else "removePolicy", [policy.app_id for policy in found.policies])
    outcome.expect("retireGroup" if later else "removeGroup", [group.address for group in found.groups])
    with outcome.ledger.reporting():
        _perform(transport, desired, found, now, outcome, reporter, pace)
    return outcome


def _perform(
    transport: Transport,
    desired: DesiredState,
    found: Belongings,
    now: datetime,
    outcome: Outcome,
    reporter: Reporter,
    pace: Pace,
) -> None:
    groups = [claimed(transport, group, desired.mark) for group in found.groups]
    if desired.calendar_on_removal == "defaults":
        # It restricts nothing, so it need not wait, whatever the rest has to. `calendar` does not matter here: that may
        # have become unmanaged again since the rooms were changed.
        for group in groups:
            put_defaults_back(transport, rooms_in(group), outcome, reporter)
    if desired.removal == "later":
        for policy in found.policies:
            _retire_policy(transport, policy, desired.mark, now, outcome)
        for group in groups:
            retire_group(transport, group, now, outcome)
        return
    for policy in found.policies:
        _remove_policy(transport, policy, outcome, reporter, pace)
    for group in groups:
        others = found.users(group, without=found.policies)
        if others:
            outcome.leave("removeGroup", group.address, in_use(group, others))
        else:
            remove_group(transport, group, outcome, reporter, pace)


def remove_retired(
    graph: Graph,
    transport: Transport,
    mark: str,
    address: str | None,
    now: datetime,
    reporter: Reporter,
    pace: Pace,
) -> Outcome:
    """Delete what was retired two hours ago or longer and whose application is gone for good; retire what was not.

    `address` is the group's, where it is known: see read_belongings. What must wait is in the outcome, with the reason:
    the caller ends with 5. Raises what `remove` raises.
    """
    applications = Applications.read(graph, mark)
    found = read_belongings(transport, mark, applications, address, pace)
    outcome = Outcome(left=list(found.left))
    with outcome.ledger.reporting():
        _end(graph, transport, applications, found, now, outcome, reporter, pace)
    return outcome


def _end(
    graph: Graph,
    transport: Transport,
    applications: Applications,
    found: Belongings,
    now: datetime,
    outcome: Outcome,
    reporter: Reporter,
    pace: Pace,
) -> None:
    groups = [claimed(transport, group, applications.mark) for group in found.groups]
    gone = [policy for policy in found.policies if _may_go(policy, applications, transport, now, outcome)]
    # An application may be gone from this tenant and its service principal not.
    ensure_closed(graph, None, {policy.app_id for policy in gone}, pace)
    outcome.expect("removePolicy", [policy.app_id for policy in gone])
    for policy in gone:
        _remove_policy(transport, policy, outcome, reporter, pace)
    for group in groups:
        others = found.users(group, without=gone)
        foreign = [policy for policy in others if policy not in found.policies]
        if foreign:
            outcome.left.append(in_use(group, foreign))
        elif others:
            freed = not any(applications.exists(policy.app_id) for policy in others)
            if freed and not applications.marked_exists():
                # So that both can go at the same time.
                retire_group(transport, group, now, outcome)
            outcome.left.append(f"the group {group.address} stays with the policy that uses it")
        elif _group_may_go(group, applications, transport, now, outcome):
            remove_group(transport, group, outcome, reporter, pace)


def _may_go(policy: Policy, applications: Applications, transport: Transport, now: datetime, outcome: Outcome) -> bool:
    name = f"the policy of the application {policy.app_id}"
    retired = policy.mark.retired if policy.mark else None
    if applications.exists(policy.app_id):
        if retired is None:
            outcome.left.append(f"{name} stays: the application exists")
        else:
            outcome.waiting.append(f"{name}: the application exists (again); delete it first")
        return False
    if retired is None or policy.mark is None or policy.mark.stack != applications.mark:
        _retire_policy(transport, policy, applications.mark, now, outcome)
        outcome.waiting.append(f"{name}: retired just now; run this again after {when(now + RETIREMENT)}")
        return False
    until = applications.restorable_until(policy.app_id)
    if until is not None:
        outcome.waiting.append(
            f"{name}: the application is among the deleted items and can be restored until {until}; purge it there, or "
            "run this again after that"
        )
        return False
    return old_enough(name, retired, now, outcome)


def _group_may_go(
    group: Group, applications: Applications, transport: Transport, now: datetime, outcome: Outcome
) -> bool:
    name = f"the group {group.address}"
    retired = group.mark.retired if group.mark else None
    if applications.marked_exists():
        outcome.left.append(f"{name} stays: an application of this stack exists")
        return False
    if retired is None:
        retire_group(transport, group, now, outcome)
        outcome.waiting.append(f"{name}: retired just now; run this again after {when(now + RETIREMENT)}")
        return False
    until = applications.marked_restorable_until()
    if until is not None:
        outcome.waiting.append(f"{name}: an application of this stack can be restored until {until}")
        return False
    return old_enough(name, retired, now, outcome)


def in_use(group: Group, policies: Sequence[Policy]) -> str:
    """Say that a group stays, since others use it."""
    names = ", ".join(sorted({policy.app_id for policy in policies}))
    return f"the group {group.address} stays: policies of other applications use it ({names})"


def _retire_policy(transport: Transport, policy: Policy, stack: str, now: datetime, outcome: Outcome) -> None:
    assert policy.mark is not None  # noqa: S101  # only marked ones are read
    mark = policy.mark.of(stack).retire(now)
    text = marks.put(policy.description, mark)
    with outcome.performing("retirePolicy", policy.app_id):
        if text != policy.description:
            parameters = {"Identity": policy.identity, "Description": text, "Confirm": False}
            transport.run([Call("Set-ApplicationAccessPolicy", parameters)])[0].complete()
    outcome.retired.append(f"the policy of the application {policy.app_id} ({mark})")


def _remove_policy(transport: Transport, policy: Policy, outcome: Outcome, reporter: Reporter, pace: Pace) -> None:
    reporter.begin(f"Removing the policy of the application {policy.app_id}", 1)
    with outcome.performing("removePolicy", policy.app_id):
        call = Call("Remove-ApplicationAccessPolicy", {"Identity": policy.identity, "Confirm": False})
        remove_what_may_be_gone(transport, call, pace)
    outcome.removed["policies"] += 1
    if POLICY_REMOVAL_DELAY not in outcome.notices:
        outcome.notices.append(POLICY_REMOVAL_DELAY)
