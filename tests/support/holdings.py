"""What a state and a tenant hold of what the azuread provider makes, and what one has beyond the other.

Owns the comparison, by ids, and pulumi's first word about what went wrong. Refuses to know how a stack is run.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ERROR = re.compile(r"^\s*error: (?!update failed|preview failed)(.+)$", re.MULTILINE)


@dataclass
class Holdings:
    """What one side holds of a stack: object ids of applications and service principals, grants, key ids."""

    applications: set[str] = field(default_factory=set)
    principals: set[str] = field(default_factory=set)
    grants: set[str] = field(default_factory=set)
    """By the service principal that holds each."""
    passwords: set[str] = field(default_factory=set)

    def without(self, other: "Holdings") -> "Holdings":
        """What is here and not there."""
        mine, theirs = vars(self), vars(other)
        return Holdings(**{kind: mine[kind] - theirs[kind] for kind in mine})

    def beyond(self, other: "Holdings") -> dict[str, int]:
        """How many things of each kind are here and not there; kinds without any are left out."""
        return {kind: len(ids) for kind, ids in vars(self.without(other)).items() if ids}


def of_resources(resources: Iterable[Mapping[str, Any]]) -> Holdings:
    """What a state knows, by the ids that it would use: a resource whose creation was cut off has no outputs yet."""
    held = Holdings()
    for resource in resources:
        kind, last_part = resource["type"].rpartition(":")[2], str(resource.get("id", "")).rpartition("/")[2]
        if kind == "Application":
            held.applications.add(last_part)
        elif kind == "ServicePrincipal":
            held.principals.add(last_part)
        elif kind == "AppRoleAssignment":
            held.grants.add(resource["inputs"]["principalObjectId"])
        elif kind == "ApplicationPassword":
            held.passwords.add(last_part)
    return held


def of_snapshot(snapshot: Mapping[str, Any]) -> Holdings:
    """Everything that a tenant has, living."""
    return Holdings(
        {each["id"] for each in snapshot["applications"]},
        {each["id"] for each in snapshot["servicePrincipals"]},
        {each["principalId"] for each in snapshot["grants"]},
        {password["keyId"] for each in snapshot["applications"] for password in each["passwords"]},
    )


def first_error(text: str) -> str:
    """The first line in which pulumi says what went wrong; "" when it says nothing."""
    found = _ERROR.search(text)
    return found.group(1).strip() if found else ""
