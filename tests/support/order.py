"""The order of calls, as the tenant logged them: what proves that calendars were closed at every instant.

Owns the recognition of the calls that open or close something. Owns no knowledge of how the project makes them.
"""

from typing import Any

Entry = dict[str, Any]

OPENING = ("grant", "secret")
RESTRICTING = ("policy", "group")


def kind(entry: Entry) -> str | None:
    """What a successful call did to the application's reach, such as `grant made` or `policy removed`; None for all others."""
    if not isinstance(entry["status"], int) or not 200 <= entry["status"] < 300:
        return None
    method, path, cmdlet = entry["method"], entry["path"], entry["cmdlet"]
    if cmdlet:
        return {
            "New-DistributionGroup": "group made",
            "Remove-DistributionGroup": "group removed",
            "New-ApplicationAccessPolicy": "policy made",
            "Remove-ApplicationAccessPolicy": "policy removed",
        }.get(cmdlet)
    if path.endswith("/appRoleAssignedTo") and method == "POST":
        return "grant made"
    if "/appRoleAssignedTo/" in path and method == "DELETE":
        return "grant removed"
    if path.endswith("/addPassword"):
        return "secret made"
    if path.endswith("/removePassword"):
        return "secret removed"
    if path.endswith("/applications") and method == "POST":
        return "application made"
    if "/applications/" in path and method == "DELETE" and "/owners/" not in path:
        return "application removed"
    return None


def story(entries: list[Entry]) -> list[str]:
    """What happened to the application's reach, in order."""
    return [what for entry in entries if (what := kind(entry))]


def assert_closed_at_every_instant(entries: list[Entry]) -> None:
    """A grant or a secret exists only while a restriction does: from before they are made until after they are gone."""
    made: set[str] = set()
    for what in story(entries):
        thing, _, verb = what.partition(" ")
        if verb == "made":
            made.add(thing)
        elif what == "application removed":
            made -= {"application", *OPENING}
        else:
            made.discard(thing)
        opened = [name for name in OPENING if name in made]
        if opened:
            missing = [name for name in RESTRICTING if name not in made]
            assert not missing, f"after {what!r} there is a {opened} without a {missing}: {story(entries)}"
