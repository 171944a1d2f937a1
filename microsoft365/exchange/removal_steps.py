"""Steps of the way back that both access models take: what is told of it, the group, calendar processing, and waiting.

Owns how a group is retired and removed, and for how long what was retired is kept. The order, and what a model has besides:
removal.py, rbac_removal.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from microsoft365 import marks
from microsoft365.errors import BadInput
from microsoft365.exchange import observe as reading
from microsoft365.exchange.agreement import LOOK_AGAIN_SECONDS
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.ledger import Ledger
from microsoft365.exchange.members import FOREIGN
from microsoft365.exchange.observed import MICROSOFTS_DEFAULTS, TITLES, Group
from microsoft365.exchange.plan import calendar_parameters
from microsoft365.exchange.transport import Call, Reporter, Transport
from microsoft365.pace import Pace
from microsoft365.schema_version import versioned

# Tokens live for 60 to 90 minutes ("Configurable token lifetimes in the Microsoft identity platform"), and keep the
# roles that they were issued with.
RETIREMENT = timedelta(hours=2)


# What Outcome.removed counts, as a person reads it.
_REMOVED = {
    "policies": "application access policies removed: {}",
    "groups": "groups removed: {}",
    "calendars": "rooms with Microsoft's defaults for calendar processing again: {}",
    "marks": "marks taken off groups that stay: {}",
    "assignments": "role assignments removed: {}",
    "scopes": "management scopes removed: {}",
    "servicePrincipals": "service principals removed from Exchange: {}",
}


StepKind = Literal[
    "retirePolicy",
    "removePolicy",
    "retireGroup",
    "removeGroup",
    "retireScope",
    "removeAssignment",
    "removeScope",
    "removePrincipal",
    "putDefaultsBack",
]


@dataclass(frozen=True, slots=True)
class RemovalStep:
    """One thing that a removal does, and what to."""

    kind: StepKind
    subject: str


@dataclass(slots=True)
class Outcome:
    """What a removal did: counts by kind, what it left and why, and what has to wait (with the reason).

    `notices` are for people: what goes on elsewhere. `ledger` knows what became of each step, for a removal that fails.
    """

    removed: dict[str, int] = field(default_factory=lambda: {"policies": 0, "groups": 0, "calendars": 0, "marks": 0})
    retired: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    _steps: dict[tuple[StepKind, str], RemovalStep] = field(default_factory=dict)

    def expect(self, kind: StepKind, subjects: Iterable[str]) -> None:
        """Say beforehand what is to be done, in its order."""
        for subject in subjects:
            if (kind, subject) not in self._steps:
                step = self._steps[kind, subject] = RemovalStep(kind, subject)
                self.ledger.add(step)

    def step(self, kind: StepKind, subject: str) -> RemovalStep:
        """Return a step that is expected."""
        return self._steps[kind, subject]

    @contextmanager
    def performing(self, kind: StepKind, subject: str) -> Iterator[None]:
        """Note what becomes of a step."""
        self.expect(kind, [subject])
        with self.ledger.performing(self._steps[kind, subject]):
            yield

    def leave(self, kind: StepKind, subject: str, why: str) -> None:
        """Say that something stays, and that this is as it should be."""
        step = self._steps.pop((kind, subject), None)
        if step is not None:
            self.ledger.drop(step)
        self.left.append(why)

    def document(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return versioned(
            {
                "removed": self.removed,
                "retired": self.retired,
                "left": self.left,
                "waiting": self.waiting,
                "notices": self.notices,
            }
        )

    def sentences(self, mark: str) -> list[str]:
        """Return what was removed, and what was left, for people. Never empty, but for what was retired or has to wait."""
        said = [_REMOVED[kind].format(number) for kind, number in self.removed.items() if number]
        if not (said or self.retired or self.left or self.waiting):
            said.append(f"nothing in Exchange carries the mark {mark}, by two readings; nothing was removed")
        return said + self.left + self.notices


def refuse_now_elsewhere(desired: DesiredState) -> None:
    """Raise BadInput for `removal: now` anywhere but on a tenant that this machine simulates."""
    if desired.removal == "now" and not desired.connection.exchange_is_loopback:
        host = desired.connection.exchange_host or "Microsoft's Exchange Online"
        raise BadInput(
            f"roomz:removal is now, which only the local tenant takes ({host} is not this machine): tokens that were "
            "issued live on for an hour or more. Set it to later and run pulumi up before pulumi destroy"
        )


def old_enough(name: str, retired: datetime, now: datetime, outcome: Outcome) -> bool:
    """Tell whether no token that was issued before can live; says until when one may."""
    end = retired + RETIREMENT
    if now < end:
        outcome.waiting.append(
            f"{name}: tokens that were issued before may still live; run this again after {when(end)}"
        )
        return False
    return True


def when(moment: datetime) -> str:
    """Return a moment as people read it."""
    return moment.astimezone(UTC).strftime(marks.TIME_FORMAT)


def claimed(transport: Transport, group: Group, stack: str) -> Group:
    """Mark the group of a stack that was renamed anew, before its policy: only that policy tells that it is ours."""
    if group.mark is None or group.mark.stack == stack:
        return group
    notes = marks.put(group.notes, group.mark.of(stack))
    transport.run([Call("Set-Group", {"Identity": group.guid, "Notes": notes, **FOREIGN})])[0].complete()
    return replace(group, notes=notes)


def retire_group(transport: Transport, group: Group, now: datetime, outcome: Outcome) -> None:
    """Write the time beside the group's mark; one that stands there stays."""
    assert group.mark is not None  # noqa: S101  # only marked ones are read
    mark = group.mark.retire(now)
    text = marks.put(group.notes, mark)
    with outcome.performing("retireGroup", group.address):
        if text != group.notes:
            transport.run([Call("Set-Group", {"Identity": group.guid, "Notes": text, **FOREIGN})])[0].complete()
    outcome.retired.append(f"the group {group.address} ({mark})")


def remove_group(transport: Transport, group: Group, outcome: Outcome, reporter: Reporter, pace: Pace) -> None:
    """Remove a group, or take the mark off one that was adopted."""
    if group.mark is not None and group.mark.adopted:
        notes = marks.take_off(group.notes)
        with outcome.performing("removeGroup", group.address):
            transport.run([Call("Set-Group", {"Identity": group.guid, "Notes": notes, **FOREIGN})])[0].complete()
        outcome.removed["marks"] += 1
        outcome.left.append(f"the group {group.address} stays: it was adopted, and only its mark was taken off")
        return
    reporter.begin(f"Removing the group {group.address}", 1)
    with outcome.performing("removeGroup", group.address):
        remove_what_may_be_gone(transport, Call("Remove-DistributionGroup", {"Identity": group.guid, **FOREIGN}), pace)
    outcome.removed["groups"] += 1


def remove_what_may_be_gone(transport: Transport, call: Call, pace: Pace) -> None:
    """Have something removed; that it is gone already is as good. Raises what the call failed with.

    It was read a moment ago, so that one answer of its being gone may come from a server that lags: it is believed when repeated.
    After a destroy no stack would know of what stays.
    """
    (answer,) = transport.run([call])
    if answer.failure is not None and answer.failure.already_gone:
        pace.wait(
            LOOK_AGAIN_SECONDS,
            "Removing a second time, since one answer that it is gone may come from a server that lags",
        )
        (answer,) = transport.run([call])
    if answer.failure is not None and not answer.failure.already_gone:
        raise answer.problem()


def put_defaults_back(transport: Transport, rooms: Mapping[str, str], outcome: Outcome, reporter: Reporter) -> None:
    """Set Microsoft's defaults on those of these rooms that have exactly the three settings of `titles`.

    `rooms` are names for people by GUID. Raises naming the rooms on which they could not be set.

    Nothing notes which rooms we changed, and how they were: a list of a thousand rooms fits neither into the group's
    notes nor into what a command resource may print, and this command takes nothing from the one that applies. The
    settings themselves are the memory, so a room that somebody else had set so before is among them; the description of
    the key says it.
    """
    guids = sorted(rooms)
    answers = transport.run([reading.calendar_call(guid) for guid in guids])
    changed = [guid for guid, answer in zip(guids, answers, strict=True) if reading.calendar_of(answer) == TITLES]
    outcome.expect("putDefaultsBack", [rooms[guid] for guid in changed])
    steps = [outcome.step("putDefaultsBack", rooms[guid]) for guid in changed]
    defaults = {**calendar_parameters(MICROSOFTS_DEFAULTS), "Confirm": False}
    progress = reporter.begin("Putting Microsoft's defaults back on the rooms", len(changed))
    calls = [Call("Set-CalendarProcessing", {"Identity": guid, **defaults}) for guid in changed]
    answers = outcome.ledger.run(transport, steps, calls, progress)
    # A room that is gone is no member by the next run; one that is merely not found must not be left out.
    failed = [answer for answer in answers if answer.failure is not None]
    outcome.removed["calendars"] += len(changed) - len(failed)
    if failed:
        names = ", ".join(rooms[str(answer.call.parameters["Identity"])] for answer in failed[:5])
        problem = failed[0].problem()
        raise problem.saying(
            f"Microsoft's defaults could not be put back on {len(failed)} of {len(changed)} rooms ({names}): {problem}"
        )


def rooms_in(group: Group) -> dict[str, str]:
    """Return the addresses of the rooms and the equipment of a group, by GUID."""
    return {member.guid: member.address for member in group.members if member.is_resource}
