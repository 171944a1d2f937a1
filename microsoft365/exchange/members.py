"""Brings the group's membership to what the plan says, in as few calls as leave nobody else touched.

Owns the choice between replacing the whole list and single changes, and the judgement of single failures: by reading
the members again, since Exchange's words for "was a member already" differ with language and version.
"""

from collections.abc import Sequence

from microsoft365.errors import TenantRefused, TimedOut
from microsoft365.exchange import observe as reading
from microsoft365.exchange.actions import Action
from microsoft365.exchange.ledger import Ledger
from microsoft365.exchange.plan import Plan
from microsoft365.exchange.transport import Answer, Call, Reporter, Transport
from microsoft365.pace import Pace

# New-DistributionGroup and Update-DistributionGroupMember, -Members: "The maximum number of entries for this parameter
# is 10000". Half of it stays clear of the 15 minutes that a cmdlet may take; what runs into them all the same is done
# member by member.
MEMBERS_IN_ONE_CALL = 5000
# Up to one batch of changes goes one by one, which touches nobody else; above, one call replaces the whole list.
FEW_CHANGES = 10
# How long a new object may take to be known to every directory server.
LAG_SECONDS = 90.0
# Whoever deploys is no owner of the group, see Set-Group, -BypassSecurityGroupManagerCheck.
FOREIGN = {"BypassSecurityGroupManagerCheck": True, "Confirm": False}


def change_members(
    transport: Transport,
    group_guid: str,
    plan: Plan,
    removals: Sequence[Action],
    additions: Sequence[Action],
    reporter: Reporter,
    pace: Pace,
    *,
    exact: bool,
    ledger: Ledger | None = None,
) -> None:
    """Take out and add; raises NoAccess or TenantRefused naming who could not be changed.

    Only `exact` ever replaces the whole list: without it, whoever somebody adds in the meantime stays. `ledger` is told who
    has been changed, also when this raises.
    """
    ledger = ledger or Ledger()
    number = len(removals) + len(additions)
    if number == 0:
        return
    progress = reporter.begin("Changing the group's members", number)
    whole = _whole_list(plan, removals) if exact and plan.group is not None else []
    if number > FEW_CHANGES and 0 < len(whole) <= MEMBERS_IN_ONE_CALL:
        if _replaced(transport, group_guid, whole):
            ledger.done(*removals, *additions)
            progress(number)
            return
        ledger.unknown(*removals, *additions)
        reporter.begin("It took too long; changing the members one by one", 0)
        removals, additions = _left(transport, group_guid, plan, removals, additions, ledger)
    # Out before in: whoever must not be in reach any more waits for nothing.
    calls = [Call("Remove-DistributionGroupMember", _one(group_guid, action)) for action in removals]
    failed = _failed(ledger.run(transport, removals, calls, progress))
    calls = [Call("Add-DistributionGroupMember", _one(group_guid, action)) for action in additions]
    failed += _failed(ledger.run(transport, additions, calls, progress))
    if failed:
        _judge(transport, group_guid, removals, additions, failed, pace, ledger)


def see_nobody_again(transport: Transport, plan: Plan) -> None:
    """Read the members once more where the first reading showed nobody in a group that exists.

    Everything that was decided rests on it: guards, and who is in the whole list. Raises TenantRefused when there is
    somebody after all.
    """
    if plan.group is None or plan.group.members:
        return
    (answer,) = transport.run([reading.members_call(plan.group.guid)])
    members = reading.members_of(answer)
    if members:
        raise TenantRefused(
            f"incomplete reading: the group {plan.group.address} first showed no members and then {len(members)}; nothing "
            "was changed. Run the same command again in a minute"
        )


def _replaced(transport: Transport, group_guid: str, whole: Sequence[str]) -> bool:
    """Replace the whole list in one call; False when that takes longer than Exchange lets a cmdlet take."""
    call = Call("Update-DistributionGroupMember", {"Identity": group_guid, "Members": whole, **FOREIGN})
    try:
        (answer,) = transport.run([call])
    except TimedOut:
        return False
    if answer.failure is not None and answer.failure.timed_out:
        return False
    answer.complete()
    return True


def _left(
    transport: Transport,
    group_guid: str,
    plan: Plan,
    removals: Sequence[Action],
    additions: Sequence[Action],
    ledger: Ledger,
) -> tuple[list[Action], list[Action]]:
    """Read what a replacement that took too long left undone, and note what it did.

    It may have taken out members that were to stay: they are put in again.
    """
    (answer,) = transport.run([reading.members_call(group_guid)])
    present = {member.object_id for member in reading.members_of(answer)}
    # Nobody at all is no reading to rely on: taking out whoever is out already does no harm.
    out = [action for action in removals if not present or action.object_id in present]
    missing = [action for action in additions if action.object_id not in present]
    ledger.done(*removals, *additions)
    ledger.not_done(*out, *missing)
    gone = {action.object_id for action in removals} | present
    for member in plan.group.members if plan.group else ():
        if member.object_id not in gone:
            subject, reason = member.address or member.object_id, "was taken out while the list was replaced"
            missing.append(Action("addMember", subject, reason, member.guid or member.object_id, {}, member.object_id))
            ledger.add(missing[-1])
    return out, missing


def _whole_list(plan: Plan, removals: Sequence[Action]) -> list[str]:
    """Return the identities of everybody who is to be a member afterwards."""
    out = {action.object_id for action in removals}
    members = plan.group.members if plan.group else ()
    stay = {member.object_id: member.guid for member in members if member.object_id not in out}
    return list((stay | {room.object_id: room.guid for room in plan.wanted}).values())


def _one(group_guid: str, action: Action) -> dict[str, object]:
    return {"Identity": group_guid, "Member": action.target, **FOREIGN}


def _failed(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.failure is not None]


def _judge(
    transport: Transport,
    group_guid: str,
    removals: Sequence[Action],
    additions: Sequence[Action],
    failed: list[Answer],
    pace: Pace,
    ledger: Ledger,
) -> None:
    """Decide by the members themselves whether a failure left anything undone, and try what is left once more."""
    for attempt in range(6):
        members = transport.run([reading.members_call(group_guid)])[0]
        late = members.failure is not None and members.failure.not_found
        present = set() if late else {member.object_id for member in reading.members_of(members)}
        out = [action for action in removals if action.object_id in present]
        missing = [action for action in additions if action.object_id not in present]
        if not late and not out and not missing:
            ledger.done(*removals, *additions)
            return
        worth_waiting = late or any(
            answer.failure and (answer.failure.not_found or answer.failure.busy) for answer in failed
        )
        if not worth_waiting:
            break
        pace.wait(min(LAG_SECONDS / 6, 2.0**attempt), "Exchange does not show every member yet")
        calls = [Call("Remove-DistributionGroupMember", _one(group_guid, action)) for action in out]
        calls += [Call("Add-DistributionGroupMember", _one(group_guid, action)) for action in missing]
        failed = _failed(ledger.run(transport, [*out, *missing], calls)) or failed
    ledger.done(*removals, *additions)
    ledger.not_done(*out, *missing)
    names = ", ".join(action.subject for action in (*out, *missing)[:5])
    problem = failed[0].problem()
    raise problem.saying(
        f"{len(out)} members could not be taken out of the group and {len(missing)} rooms not be added ({names}): "
        f"{problem}. Everything else about members is done; running again goes on with these"
    )
