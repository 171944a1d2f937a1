"""Small worlds for the tests of the desired state: a configuration, rooms, groups, policies, and what a plan makes of them."""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from microsoft365 import marks
from microsoft365.connection import Connection
from microsoft365.exchange.desired import DesiredState
from microsoft365.exchange.observed import (
    MICROSOFTS_DEFAULTS,
    TITLES,
    Group,
    Member,
    Observed,
    Policy,
    Room,
)
from microsoft365.exchange.plan import Plan

TENANT = "63759d9f-bfca-4f52-ae98-8f2f1d7bc173"
CLIENT = "b9701c1e-1364-464d-93e4-01ae925e8d6c"
OTHER_CLIENT = "0e5f1a52-9d39-4b6c-8f12-6f3a6c2f7a01"
MARK = "roomz:roomz/dev"
ADDRESS = "RoomzResources@contoso.example"


def an_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def desired(**changes: Any) -> DesiredState:
    document: dict[str, Any] = {
        "connection": Connection(tenant_id=TENANT),
        "mark": MARK,
        "application": {"client_id": CLIENT},
        "group": {"primary_smtp_address": ADDRESS},
        "calendar": "titles",
    }
    group = {**document["group"], **changes.pop("group", {})}
    return DesiredState.model_validate({**document, **changes, "group": group})


def room(name: str, **changes: Any) -> Room:
    address = f"room-{name}@contoso.example"
    made = Room(an_id(f"object {name}"), an_id(f"guid {name}"), address, name, "Room", frozenset({address}))
    return replace(made, **changes)


def rooms(number: int) -> tuple[Room, ...]:
    return tuple(room(f"{position:05}") for position in range(number))


def member(of: Room) -> Member:
    return Member(of.object_id, of.guid, of.address, "RoomMailbox")


def person(name: str) -> Member:
    return Member(an_id(f"object {name}"), an_id(f"guid {name}"), f"{name}@contoso.example", "UserMailbox")


def group(members: Iterable[Member] = (), **changes: Any) -> Group:
    made = Group(
        an_id("group guid"),
        an_id("group object"),
        "RoomzResources",
        "RoomzResources",
        ADDRESS,
        addresses=frozenset({ADDRESS.casefold()}),
        hidden=True,
        notes=MARK,
        members=tuple(members),
    )
    return replace(made, **changes)


def policy(of: Group | None = None, **changes: Any) -> Policy:
    scope = (of or group()).object_id
    made = Policy(f"{TENANT}\\{CLIENT}:S-1-5-21-1;{scope}", CLIENT, scope, "RestrictAccess", MARK, (of or group()).name)
    return replace(made, **changes)


def settled(number: int = 3) -> Observed:
    """Return a tenant in which everything is as `desired()` wants it."""
    all_rooms = rooms(number)
    ours = group(member(one) for one in all_rooms)
    return Observed(all_rooms, (ours,), (policy(ours),), {one.object_id: TITLES for one in all_rooms})


def fresh(number: int = 3) -> Observed:
    """Return a tenant that nobody has set up."""
    all_rooms = rooms(number)
    return Observed(all_rooms, (), (), {one.object_id: MICROSOFTS_DEFAULTS for one in all_rooms})


def after(observed: Observed, plan: Plan) -> Observed:
    """Return the tenant once the plan was performed, as Microsoft's pages describe each cmdlet."""
    groups = {one.guid: one for one in observed.groups}
    policies = list(observed.policies)
    calendars = dict(observed.calendars)
    by_id = {one.object_id: one for one in observed.rooms}
    ours = plan.group.guid if plan.group else an_id("a new group")
    for action in plan.actions:
        values = action.values
        if action.kind == "createGroup":
            address = values["PrimarySmtpAddress"]
            groups[ours] = Group(
                ours,
                an_id("a new group's object"),
                values["Name"],
                values["Alias"],
                address,
                addresses=frozenset({address.casefold()}),
                notes=values["Notes"],
            )
        elif action.kind == "markGroup":
            groups[ours] = replace(groups[ours], notes=values["Notes"])
        elif action.kind == "updateGroup":
            groups[ours] = _updated(groups[ours], dict(values))
        elif action.kind == "removeMember":
            left = tuple(one for one in groups[ours].members if one.guid != action.target)
            groups[ours] = replace(groups[ours], members=left)
        elif action.kind == "addMember":
            new = member(by_id[action.object_id])
            groups[ours] = replace(groups[ours], members=(*groups[ours].members, new))
        elif action.kind == "createPolicy" and "AppId" in values:
            scope = groups[ours].object_id
            identity = f"{TENANT}\\{values['AppId']}:S-1-5-21-2;{scope}"
            policies.append(Policy(identity, values["AppId"], scope, "RestrictAccess", values["Description"], "new"))
        elif action.kind == "markPolicy":
            policies = [
                replace(one, description=values["Description"]) if one.identity == action.target else one
                for one in policies
            ]
        elif action.kind == "removePolicy":
            policies = [one for one in policies if one.identity != action.target]
        elif action.kind == "setCalendar":
            calendars[action.object_id] = TITLES
    return replace(observed, groups=tuple(groups.values()), policies=tuple(policies), calendars=calendars)


def _updated(old: Group, values: dict[str, Any]) -> Group:
    address = values.get("PrimarySmtpAddress", old.address)
    return replace(
        old,
        name=values.get("Name", old.name),
        alias=values.get("Alias", old.alias),
        address=address,
        addresses=old.addresses | {address.casefold()},
        hidden=values.get("HiddenFromAddressListsEnabled", old.hidden),
    )


def retired(stack: str = MARK) -> str:
    return f"{stack} retired 2026-01-02T03:04:05Z"


def stack_of(text: str) -> str | None:
    found = marks.find(text)
    return found.stack if found else None
