"""Faults that a test asks for: the next matching requests answer what the test says.

Owns matching and counting.  Refuses to own the doing: front.py waits or answers instead, delivery.py spoils the answer.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


@dataclass(frozen=True)
class Asked:
    """A request as faults see it; `tenant_names` are the id and the domains of the tenant that it is for."""

    api: str
    method: str
    path: str
    cmdlet: str | None
    tenant_names: frozenset[str]


class Match(_Part):
    """Which requests are meant; what is left out matches all.

    `path` is a regular expression, searched for; `tenant` is an id or a domain.
    """

    api: Literal["login", "graph", "calendars", "exchange"] | None = None
    method: str | None = None
    path: str | None = None
    cmdlet: str | None = None
    tenant: str | None = None

    @field_validator("path")
    @classmethod
    def _is_expression(cls, path: str | None) -> str | None:
        if path is not None:
            try:
                re.compile(path)
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
        return path

    def fits(self, asked: Asked) -> bool:
        """Tell whether a request is meant."""
        return (
            (self.api is None or self.api == asked.api)
            and (self.method is None or self.method.upper() == asked.method)
            and (self.path is None or re.search(self.path, asked.path) is not None)
            and (self.cmdlet is None or (asked.cmdlet is not None and self.cmdlet.lower() == asked.cmdlet.lower()))
            and (self.tenant is None or self.tenant.lower() in asked.tenant_names)
        )


class Action(_Part):
    """What happens: an answer instead of the tenant's, a reset connection, or the true answer late, slow or cut short."""

    status: int | None = Field(default=None, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    reset: Literal["before", "after"] | None = None
    delay_seconds: float | None = Field(default=None, gt=0, le=600)
    truncate_body: Literal[True] | None = None
    """The request takes effect; half of the answer's body is sent, and the connection closes."""
    dribble_seconds: float | None = Field(default=None, gt=0, le=600)
    """The request takes effect; its body arrives in small pieces over this time."""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        choice = ("status", "reset", "delay_seconds", "truncate_body", "dribble_seconds")
        if sum(getattr(self, name) is not None for name in choice) != 1:
            raise ValueError("needs exactly one of status, reset, delaySeconds, truncateBody and dribbleSeconds")
        if (self.headers or self.body is not None) and self.status is None:
            raise ValueError("headers and body belong to a status")
        return self

    @property
    def takes_effect(self) -> bool:
        """Tell whether the tenant does what was asked."""
        return self.status is None and self.reset != "before"

    @property
    def spoils_the_answer(self) -> bool:
        """Tell whether the answer of a request that took effect is kept back, cut short or slowed down."""
        return self.reset == "after" or self.truncate_body is not None or self.dribble_seconds is not None


class Fault(_Part):
    """A fault as the control API takes it: skip the first `skip` matches, act on the next `times`."""

    match: Match = Match()
    skip: int = Field(default=0, ge=0)
    times: int = Field(default=1, ge=1)
    action: Action


class FaultTable:
    """The faults that are waiting or done, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: dict[str, tuple[Fault, int]] = {}

    def add(self, fault: Fault) -> str:
        """Add a fault and return its id."""
        key = uuid4().hex
        self._faults[key] = (fault, 0)
        return key

    def take(self, asked: Asked) -> Action | None:
        """Count a request against every fault that means it and return the first action that is due."""
        due: Action | None = None
        for key, (fault, seen) in self._faults.items():
            if not fault.match.fits(asked):
                continue
            self._faults[key] = (fault, seen + 1)
            if due is None and fault.skip <= seen < fault.skip + fault.times:
                due = fault.action
        return due

    def documents(self) -> list[dict[str, Any]]:
        """Return the faults as the control API shows them; `seen` counts matching requests so far."""
        return [
            {"id": key, "seen": seen, **fault.model_dump(mode="json", by_alias=True, exclude_none=True)}
            for key, (fault, seen) in self._faults.items()
        ]

    def clear(self) -> None:
        """Forget all faults."""
        self._faults.clear()
