"""The way back: undoes what carries this stack's mark, and never while an application could read more by it.

Owns the order (Graph is asked first; calendar processing, policy, group), the retirement of what a real tenant must
keep for a while, and its end (`remove_retired`). belongings.py says what is ours, closed.py asks Graph; plan.py and apply.py know nothing of this.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from microsoft365 import marks
from microsoft365.errors import BadInput, NoAccess, TenantRefused
from microsoft365.exchange import observe as reading
from microsoft365.exchange.belongings import read_belongings
from microsoft365.exchange.closed import Applications, cannot_be_told, ensure_closed
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.members import FOREIGN
from microsoft365.exchange.observed import MICROSOFTS_DEFAULTS, TITLES, Group, Policy
from microsoft365.exchange.plan import calendar_parameters
from microsoft365.exchange.transport import Call, Reporter, Transport
from microsoft365.graph.client import Graph
from microsoft365.pace import Pace

# Tokens live for 60 to 90 minutes ("Configurable token lifetimes in the Microsoft identity platform"), and keep the
# roles that they were issued with.
RETIREMENT = timedelta(hours=2)


# What Outcome.removed counts, as a person reads it.
_REMOVED = {
    "policies": "application access policies removed: {}",
    "groups": "groups removed: {}",
    "calendars": "rooms with Microsoft's defaults for calendar processing again: {}",
    "marks": "marks taken off groups that stay: {}",
}


@dataclass(slots=True)
class Outcome:
    """What a removal did: counts by kind, what it left and why, and what has to wait (with the reason)."""

    removed: dict[str, int] = field(default_factory=lambda: {"policies": 0, "groups": 0, "calendars": 0, "marks": 0})
    retired: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {"removed": self.removed, "retired": self.retired, "left": self.left, "waiting": self.waiting}

    def sentences(self, mark: str) -> list[str]:
        """Return what was removed, and what was left, for people. Never empty, but for what was retired or has to wait."""
        said = [_REMOVED[kind].format(number) for kind, number in self.removed.items() if number]
        if not (said or self.retired or self.left or self.waiting):
            said.append(f"nothing in Exchange carries the mark {mark}, by two readings; nothing was removed")
        return said + self.left


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
    found = read_belongings(transport, desired.mark, applications, desired.group.primary_smtp_address, pace)
    client_ids = {policy.app_id for policy in found.policies}
    if desired.application.client_id is not None:
        client_ids.add(desired.application.client_id)
    ensure_closed(graph, desired.mark, client_ids, pace)
    groups = [_claimed(transport, group, desired.mark) for group in found.groups]
    outcome = Outcome(left=list(found.left))
    if desired.calendar_on_removal == "defaults":
        # It restricts nothing, so it need not wait, whatever the rest has to. `calendar` does not matter here: that may
        # have become unmanaged again since the rooms were changed.
        for group in groups:
            outcome.removed["calendars"] += _put_defaults_back(transport, group, reporter)
    if desired.removal == "later":
        for policy in found.policies:
            _retire_policy(transport, policy, desired.mark, now, outcome)
        for group in groups:
            _retire_group(transport, group, now, outcome)
        return outcome
    for policy in found.policies:
        _remove_policy(transport, policy, outcome, reporter)
    for group in groups:
        others = found.users(group, without=found.policies)
        if others:
            outcome.left.append(_in_use(group, others))
        else:
            _remove_group(transport, group, outcome, reporter)
    return outcome


def refuse_now_elsewhere(desired: DesiredState) -> None:
    """Raise BadInput for `removal: now` anywhere but on a tenant that this machine simulates."""
    if desired.removal == "now" and not desired.connection.exchange_is_loopback:
        host = desired.connection.exchange_host or "Microsoft's Exchange Online"
        raise BadInput(
            f"roomz:removal is now, which only the local tenant takes ({host} is not this machine): tokens that were "
            "issued live on for an hour or more. Set it to later and run pulumi up before pulumi destroy"
        )


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
    groups = [_claimed(transport, group, mark) for group in found.groups]
    outcome = Outcome(left=list(found.left))
    gone = [policy for policy in found.policies if _may_go(policy, applications, transport, now, outcome)]
    # An application may be gone from this tenant and its service principal not.
    ensure_closed(graph, None, {policy.app_id for policy in gone}, pace)
    for policy in gone:
        _remove_policy(transport, policy, outcome, reporter)
    for group in groups:
        others = found.users(group, without=gone)
        foreign = [policy for policy in others if policy not in found.policies]
        if foreign:
            outcome.left.append(_in_use(group, foreign))
        elif others:
            freed = not any(applications.exists(policy.app_id) for policy in others)
            if freed and not applications.marked_exists():
                # So that both can go at the same time.
                _retire_group(transport, group, now, outcome)
            outcome.left.append(f"the group {group.address} stays with the policy that uses it")
        elif _group_may_go(group, applications, transport, now, outcome):
            _remove_group(transport, group, outcome, reporter)
    return outcome


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
        outcome.waiting.append(f"{name}: retired just now; run this again after {_when(now + RETIREMENT)}")
        return False
    until = applications.restorable_until(policy.app_id)
    if until is not None:
        outcome.waiting.append(
            f"{name}: the application is among the deleted items and can be restored until {until}; purge it there, or "
            "run this again after that"
        )
        return False
    return _old_enough(name, retired, now, outcome)


def _group_may_go(
    group: Group, applications: Applications, transport: Transport, now: datetime, outcome: Outcome
) -> bool:
    name = f"the group {group.address}"
    retired = group.mark.retired if group.mark else None
    if applications.marked_exists():
        outcome.left.append(f"{name} stays: an application of this stack exists")
        return False
    if retired is None:
        _retire_group(transport, group, now, outcome)
        outcome.waiting.append(f"{name}: retired just now; run this again after {_when(now + RETIREMENT)}")
        return False
    until = applications.marked_restorable_until()
    if until is not None:
        outcome.waiting.append(f"{name}: an application of this stack can be restored until {until}")
        return False
    return _old_enough(name, retired, now, outcome)


def _old_enough(name: str, retired: datetime, now: datetime, outcome: Outcome) -> bool:
    end = retired + RETIREMENT
    if now < end:
        outcome.waiting.append(
            f"{name}: tokens that were issued before may still live; run this again after {_when(end)}"
        )
        return False
    return True


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(marks.TIME_FORMAT)


def _in_use(group: Group, policies: Sequence[Policy]) -> str:
    names = ", ".join(sorted({policy.app_id for policy in policies}))
    return f"the group {group.address} stays: policies of other applications use it ({names})"


def _claimed(transport: Transport, group: Group, stack: str) -> Group:
    """Mark the group of a stack that was renamed anew, before its policy: only that policy tells that it is ours."""
    if group.mark is None or group.mark.stack == stack:
        return group
    notes = marks.put(group.notes, group.mark.of(stack))
    transport.run([Call("Set-Group", {"Identity": group.guid, "Notes": notes, **FOREIGN})])[0].complete()
    return replace(group, notes=notes)


def _retire_policy(transport: Transport, policy: Policy, stack: str, now: datetime, outcome: Outcome) -> None:
    assert policy.mark is not None  # noqa: S101  # only marked ones are read
    mark = policy.mark.of(stack).retire(now)
    text = marks.put(policy.description, mark)
    if text != policy.description:
        parameters = {"Identity": policy.identity, "Description": text, "Confirm": False}
        transport.run([Call("Set-ApplicationAccessPolicy", parameters)])[0].complete()
    outcome.retired.append(f"the policy of the application {policy.app_id} ({mark})")


def _retire_group(transport: Transport, group: Group, now: datetime, outcome: Outcome) -> None:
    assert group.mark is not None  # noqa: S101  # only marked ones are read
    mark = group.mark.retire(now)
    text = marks.put(group.notes, mark)
    if text != group.notes:
        transport.run([Call("Set-Group", {"Identity": group.guid, "Notes": text, **FOREIGN})])[0].complete()
    outcome.retired.append(f"the group {group.address} ({mark})")


def _remove_policy(transport: Transport, policy: Policy, outcome: Outcome, reporter: Reporter) -> None:
    reporter.begin(f"Removing the policy of the application {policy.app_id}", 1)
    (answer,) = transport.run([Call("Remove-ApplicationAccessPolicy", {"Identity": policy.identity, "Confirm": False})])
    if answer.failure is not None and not answer.failure.already_gone:
        raise answer.problem()
    outcome.removed["policies"] += 1


def _remove_group(transport: Transport, group: Group, outcome: Outcome, reporter: Reporter) -> None:
    if group.mark is not None and group.mark.adopted:
        notes = marks.take_off(group.notes)
        transport.run([Call("Set-Group", {"Identity": group.guid, "Notes": notes, **FOREIGN})])[0].complete()
        outcome.removed["marks"] += 1
        outcome.left.append(f"the group {group.address} stays: it was adopted, and only its mark was taken off")
        return
    reporter.begin(f"Removing the group {group.address}", 1)
    (answer,) = transport.run([Call("Remove-DistributionGroup", {"Identity": group.guid, **FOREIGN})])
    if answer.failure is not None and not answer.failure.already_gone:
        raise answer.problem()
    outcome.removed["groups"] += 1


def _put_defaults_back(transport: Transport, group: Group, reporter: Reporter) -> int:
    """Set Microsoft's defaults on the member rooms that have exactly the three settings of `titles`; returns how many.

    Nothing notes which rooms we changed, and how they were: a list of a thousand rooms fits neither into the group's
    notes nor into what a command resource may print, and this command takes nothing from the one that applies. The
    settings themselves are the memory, so a room that somebody else had set so before is among them; the description of
    the key says it.
    """
    rooms = [member for member in group.members if member.is_resource]
    answers = transport.run([reading.calendar_call(room.guid) for room in rooms])
    changed = [room for room, answer in zip(rooms, answers, strict=True) if reading.calendar_of(answer) == TITLES]
    defaults = {**calendar_parameters(MICROSOFTS_DEFAULTS), "Confirm": False}
    progress = reporter.begin("Putting Microsoft's defaults back on the rooms", len(changed))
    calls = [Call("Set-CalendarProcessing", {"Identity": room.guid, **defaults}) for room in changed]
    for answer in transport.run(calls, progress):
        if answer.failure is not None and not answer.failure.not_found:
            raise answer.problem()
    return len(changed)
