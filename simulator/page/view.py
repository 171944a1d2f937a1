"""The page as data: everything that the template draws, decided by a pure function of the tenant and the time.

Owns the headline and the figures.  Refuses to own HTML (render.py, templates/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.page import directory, rooms
from simulator.page.checks import Check, count, worst
from simulator.page.directory import (
    ApplicationView,
    AssignmentView,
    DeletedView,
    GroupView,
    PolicyView,
    ScopeView,
)
from simulator.page.doors import ZONE
from simulator.page.reach import connectors
from simulator.page.rooms import Judged, Listing, OutsiderView, RoomView
from simulator.tenant import Tenant

NOTHING = Check("off", "nothing to check")


@dataclass(frozen=True)
class Figure:
    """A number of the summary: `25 of 25`, with what it counts and its state."""

    label: str
    value: str
    check: Check


@dataclass(frozen=True)
class PageView:
    """A tenant at one moment."""

    name: str
    domain: str
    tenant_id: str
    date: str
    time: str
    time_at_doors: str
    zone: str
    headline: Check
    figures: tuple[Figure, ...]
    connectors: tuple[str, ...]
    """Their names, in the order of every mailbox's checks."""
    number_of_rooms: int
    number_of_others: int
    wanted: str
    """What the page was searched for, or nothing."""
    rooms: tuple[Listing[RoomView], ...]
    others: tuple[Listing[OutsiderView], ...]
    applications: tuple[ApplicationView, ...]
    deleted: tuple[DeletedView, ...]
    policies: tuple[PolicyView, ...]
    assignments: tuple[AssignmentView, ...]
    scopes: tuple[ScopeView, ...]
    groups: tuple[GroupView, ...]

    @property
    def is_searchable(self) -> bool:
        """Whether a search helps: something is not drawn, or it was searched already."""
        folded = [each.hidden or not each.is_open for each in self.rooms]
        folded += [each.hidden or not each.is_open for each in self.others]
        return bool(self.wanted) or any(folded)


def view(tenant: Tenant, now: datetime, wanted: str = "") -> PageView:
    """Return the page of a tenant at a moment; `wanted` keeps to mailboxes whose name, address or office holds it."""
    own = connectors(tenant)
    judged_rooms, judged_others = rooms.judge(tenant, own)
    applications = directory.applications(tenant, now, frozenset(each.app_id for each in own))
    figures = _figures(judged_rooms, judged_others, applications)
    at_doors = now.astimezone(ZONE)
    return PageView(
        name=tenant.display_name,
        domain=tenant.domains[0],
        tenant_id=tenant.id,
        date=f"{at_doors:%A} {at_doors.day} {at_doors:%B %Y}",
        time=directory.moment(now),
        time_at_doors=f"{at_doors:%H:%M}",
        zone=str(ZONE),
        headline=_headline(judged_rooms, judged_others, applications),
        figures=figures,
        connectors=tuple(each.name for each in own),
        number_of_rooms=len(judged_rooms),
        number_of_others=len(judged_others),
        wanted=wanted,
        rooms=rooms.room_listings(judged_rooms, now, wanted),
        others=rooms.other_listings(judged_others, wanted),
        applications=applications,
        deleted=directory.deleted(tenant),
        policies=directory.policies(tenant),
        assignments=directory.assignments(tenant),
        scopes=directory.scopes(tenant),
        groups=directory.groups(tenant),
    )


def _figures(
    judged_rooms: Sequence[Judged], judged_others: Sequence[Judged], applications: Sequence[ApplicationView]
) -> tuple[Figure, ...]:
    people = [each.reach for each in judged_others if each.mailbox.resource_type is None]
    return (
        _share("Rooms in reach", [each.reach for each in judged_rooms]),
        _share("Rooms that keep titles", [(each.titles,) for each in judged_rooms if each.titles]),
        _share("Other mailboxes refused", people),
        Figure("Secret", *_secret(applications)),
    )


def _share(label: str, mailboxes: Sequence[tuple[Check, ...]]) -> Figure:
    states = [worst(checks) for checks in mailboxes]
    state = worst(check for checks in mailboxes for check in checks)
    if state == "off":
        return Figure(label, "–", NOTHING)
    words = {
        "good": "all right",
        "wait": f"{states.count('wait'):,} on the way",
        "bad": f"{states.count('bad'):,} to look at",
    }
    return Figure(label, f"{states.count('good'):,} of {len(states):,}", Check(state, words[state]))


def _secret(applications: Sequence[ApplicationView]) -> tuple[str, Check]:
    """Return how long the connectors can go on signing in: by the credential of each that ends last."""
    own = [each for each in applications if each.is_connector]
    if not own:
        return "–", NOTHING
    lasting = []
    for each in own:
        valid = [c for c in each.credentials if c.check.state != "bad"]
        if not valid:
            return "none valid", Check("bad", "ROOMZ cannot sign in")
        lasting.append(max(valid, key=lambda c: float("inf") if c.days_left is None else c.days_left))
    first = min(lasting, key=lambda c: float("inf") if c.days_left is None else c.days_left)
    text = "no end" if first.days_left is None else count(first.days_left, "day")
    return text, Check(first.check.state, "until " + first.ends_on.partition(" ")[0])


def _headline(
    judged_rooms: Sequence[Judged], judged_others: Sequence[Judged], applications: Sequence[ApplicationView]
) -> Check:
    if not any(each.is_connector for each in applications):
        return Check("off", "Not connected yet: no application may write calendars.")
    opened = sum(each.state == "bad" for each in judged_others)
    if opened:
        return Check(
            "bad", f"{count(opened, 'mailbox that is no room is', 'mailboxes that are no rooms are')} in reach."
        )
    bad = sum(each.state == "bad" for each in judged_rooms)
    if bad:
        return Check("bad", f"{count(bad, 'room needs', 'rooms need')} attention; nothing but rooms is in reach.")
    if _secret(applications)[1].state == "bad":
        return Check("bad", "ROOMZ cannot sign in: a connector has no valid secret.")
    waiting = sum(each.state == "wait" for each in judged_rooms)
    if waiting:
        return Check("wait", f"{count(waiting, 'room waits', 'rooms wait')} until Graph takes up what Exchange knows.")
    return Check("good", f"Connected: {_all(len(judged_rooms))} in reach, and nothing else is.")


def _all(number: int) -> str:
    return "the one room is" if number == 1 else f"all {count(number, 'room')} are"
