"""What the campaign disturbs: `up` from nothing, `up` with one change of each kind, and `destroy`, in both access models.

Owns what each scenario begins with, what somebody changes before it, and which command they type. Owns no trouble (`troubles.py`)
and no opinion of what comes of it (`judging.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.stack import Stack
from tests.support.tenant import Tenant

MODELS = ("policy", "rbac")
UP = ("up", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview")
FIRST = "up from nothing"


def _nothing(_stack: Stack, _tenant: Tenant) -> None:
    """Change nothing before the run."""


def _room_appears(_stack: Stack, tenant: Tenant) -> None:
    room = {"name": "Zytglogge", "address": f"room-zytglogge@{tenant.domain}", "resourceType": "Room"}
    tenant.control("POST", f"/tenants/{tenant.id}/mailboxes", room)


def _room_excluded(stack: Stack, tenant: Tenant) -> None:
    stack.configure(rooms={"exclude": [f"room-eiger@{tenant.domain}"]})


def _room_left_out(stack: Stack, _tenant: Tenant) -> None:
    """With `rbac` an exception would make a group of the scope: a narrower filter instead."""
    stack.configure(rooms={"include": {"filter": "Office -eq 'Bern'"}, "maxRemovals": 25})


def _renewed(stack: Stack, _tenant: Tenant) -> None:
    stack.configure(secret={"generation": 1})


def _revoked(stack: Stack, _tenant: Tenant) -> None:
    stack.configure(secret={"generation": 1, "revokedThrough": 0})


def _named(stack: Stack, _tenant: Tenant) -> None:
    stack.configure(displayName="ROOMZ displays")


def _group_renamed(stack: Stack, tenant: Tenant) -> None:
    group = {"primarySmtpAddress": f"displays@{tenant.domain}", "name": "Displays", "alias": "displays"}
    stack.configure(group=group)


@dataclass(frozen=True)
class Scenario:
    """One kind of run in one access model."""

    kind: str
    model: str
    change: Callable[[Stack, Tenant], None] = _nothing
    command: tuple[str, ...] = UP
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """Keys of `roomz:` beside `access`; with `rbac` and none of them there is no group."""

    @property
    def name(self) -> str:
        """How record and page know it."""
        return f"{self.model}: {self.kind}"

    @property
    def begins_with_nothing(self) -> bool:
        """Whether there is no stack yet."""
        return self.kind == FIRST

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of `roomz:` that the stack is made with."""
        if self.model == "policy":
            return dict(self.configuration)
        return {"access": "rbac", **(self.configuration or {"group": None})}


_WITH_GROUP = {"rooms": {"exclude": ["room-eiger@alpenblick.example"]}}
"""Keys with which `rbac` has a group: where rooms are not all that a filter says. The domain is that of the simulated tenant."""


def _of_model(model: str) -> tuple[Scenario, ...]:
    return (
        Scenario(FIRST, model),
        Scenario("room added", model, _room_appears),
        Scenario("room removed", model, _room_excluded if model == "policy" else _room_left_out),
        Scenario("secret renewed", model, _renewed),
        Scenario("secret revoked", model, _revoked),
        Scenario("name changed", model, _named),
        Scenario("group renamed", model, _group_renamed, configuration={} if model == "policy" else _WITH_GROUP),
        Scenario("destroy", model, command=DESTROY),
    )


SCENARIOS = {scenario.name: scenario for model in MODELS for scenario in _of_model(model)}
