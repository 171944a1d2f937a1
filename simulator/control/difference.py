"""What differs between two snapshots, for people and for tests.

Owns the comparison of plain JSON documents: a pure function.  Members of lists are the same when their identity is, in
whatever order they stand.
"""

import json
from collections.abc import Iterator
from typing import Any

IDENTITIES = (
    ("objectId",),
    ("id",),
    ("keyId",),
    ("guid",),
    ("principalId", "resourceId", "appRoleId"),
    ("appId", "scopeObjectId"),
)
"""The properties by which the members of a snapshot's lists are told apart, the first that a member has."""

NAMES = ("address", "displayName", "name", "value", "appId")
"""What a path calls a member, the first that it has, before its identity."""


def differences(before: Any, after: Any) -> list[dict[str, Any]]:
    """Return `{"path", "before", "after"}` for each value that differs; what is not there is null."""
    return [{"path": path, "before": old, "after": new} for path, old, new in _compare("", before, after)]


def _compare(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _compare(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        old, new = ({_identity(member): member for member in members} for members in (before, after))
        for key in [*old, *(key for key in new if key not in old)]:
            one, other = old.get(key), new.get(key)
            label = _label(key, one if one is not None else other)
            yield from _compare(f"{path}[{label}]", one, other)
    elif before != after:
        yield path, before, after


def _identity(member: Any) -> str:
    if isinstance(member, dict):
        for names in IDENTITIES:
            if all(name in member for name in names):
                return " ".join(str(member[name]) for name in names)
    return member if isinstance(member, str) else json.dumps(member, sort_keys=True)


def _label(identity: str, member: Any) -> str:
    if not isinstance(member, dict):
        return identity
    properties = {**member.get("properties", {}), **member}
    name = next((str(properties[name]) for name in NAMES if properties.get(name)), "")
    return name if name and name == member.get("address") else f"{name} {identity}".strip()
