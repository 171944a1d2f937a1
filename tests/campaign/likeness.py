"""A tenant as it is compared with what an undisturbed run left: without ids, dates and what Microsoft keeps of deleted applications.

Owns what of a snapshot counts, what stands for an id, and where two of them differ. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.desired_state.canonical import canonical
from tests.support.holdings import Holdings

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)?")
_MOST_DIFFERENCES = 8


def likeness(snapshot: Mapping[str, Any], leaving_out: Holdings | None = None) -> Any:
    """Return what counts of a snapshot, without the orphans that are to be left out."""
    kept = _without(snapshot, leaving_out or Holdings())
    # Microsoft keeps a deleted application for 30 days, also one that was deleted on purpose.
    del kept["deletedItems"]
    return canonical(_replaced(kept, _names(kept)))


def differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where two likenesses differ, a few places at most."""
    return list(_differences(wanted, found, path))[:_MOST_DIFFERENCES]


def _differences(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted({*wanted, *found}):
            yield from _differences(wanted.get(key), found.get(key), f"{path}.{key}" if path else key)
    elif isinstance(wanted, list) and isinstance(found, list):
        more = [each for each in found if each not in wanted]
        missing = [each for each in wanted if each not in found]
        if len(more) == len(missing) == 1 and isinstance(more[0], dict):
            yield from _differences(missing[0], more[0], f"{path}[]")
            return
        yield from (f"{path}: more: {_short(each)}" for each in more)
        yield from (f"{path}: missing: {_short(each)}" for each in missing)
        if len(wanted) != len(found):
            yield f"{path}: {len(found)} instead of {len(wanted)}"
    elif wanted != found:
        yield f"{path}: {_short(found)} instead of {_short(wanted)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _without(snapshot: Mapping[str, Any], orphans: Holdings) -> dict[str, Any]:
    """A snapshot without orphans, and without what hangs on an application that is one."""
    lost = {each["appId"] for each in snapshot["applications"] if each["id"] in orphans.applications}
    principals = orphans.principals | {each["id"] for each in snapshot["servicePrincipals"] if each["appId"] in lost}
    applications = [
        {
            **each,
            "properties": _said(each["properties"]),
            "passwords": [one for one in each["passwords"] if one["keyId"] not in orphans.passwords],
        }
        for each in snapshot["applications"]
        if each["id"] not in orphans.applications
    ]
    gone = principals | orphans.grants
    return {
        **snapshot,
        "applications": applications,
        "servicePrincipals": [each for each in snapshot["servicePrincipals"] if each["id"] not in principals],
        "grants": [each for each in snapshot["grants"] if each["principalId"] not in gone],
    }


def _said(properties: Any) -> Any:
    """A directory object's properties without what says nothing: the provider's create leaves an empty list, its update a null."""
    if not isinstance(properties, dict):
        return properties
    said = {name: _said(value) for name, value in properties.items()}
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def _names(snapshot: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The ids that are new each time something is made, and what stands for them."""
    named = {}
    for each in snapshot["applications"]:
        name = named[each["appId"]] = each["properties"]["displayName"]
        yield each["id"], f"<application {name}>"
        yield each["appId"], f"<client id of {name}>"
        for password in each["passwords"]:
            yield password["keyId"], f"<key of {password['displayName']}>"
    for each in snapshot["servicePrincipals"]:
        if each["appId"] in named:
            yield each["id"], f"<service principal of {named[each['appId']]}>"
            # Names of role assignments end with the first part of it.
            yield each["id"].partition("-")[0], f"<service principal of {named[each['appId']]}, in short>"
    for each in snapshot["mailboxes"]:
        yield from ((each[name], f"<{name} of {each['address']}>") for name in ("objectId", "guid") if each.get(name))


def _replaced(value: Any, names: Iterator[tuple[str, str]]) -> Any:
    named = dict(names)
    # The longest first, since the short form of a service principal's id is the beginning of the whole.
    known = re.compile("|".join(map(re.escape, sorted(named, key=len, reverse=True))))
    return _each(value, lambda text: _DATE.sub("<date>", known.sub(lambda match: named[match[0]], text)))


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _each(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return change(value) if isinstance(value, str) else value
