"""A tenant's snapshot without what no two runs can share: equal tenants give equal documents, whenever things were made.

Owns which ids are random and what stands for them: the name of whatever they belong to.
"""

import json
from collections.abc import Iterator
from typing import Any


def canonical(snapshot: dict[str, Any]) -> Any:
    """Return the snapshot with names in place of ids, and every list in an order that does not depend on them."""
    text = json.dumps(snapshot)
    for identity, name in _names(snapshot):
        text = text.replace(identity, name)
    return _sorted(json.loads(text))


def _names(snapshot: dict[str, Any]) -> Iterator[tuple[str, str]]:
    kinds = (
        ("groups", "name", ("objectId", "guid", "sid", "samAccountName")),
        ("exchangeServicePrincipals", "displayName", ("guid", "sid")),
        ("managementScopes", "name", ("guid",)),
        ("roleAssignments", "name", ("guid",)),
    )
    for kind, named, ids in kinds:
        for one in snapshot[kind]:
            for name in ids:
                if one.get(name):
                    yield str(one[name]), f"<{name} of {kind} {one[named]}>"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value
