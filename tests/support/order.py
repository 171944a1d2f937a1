"""The order of calls, as the tenant logged them: what proves that calendars were closed at every instant.

Owns the recognition of the calls that open or close something. Owns no knowledge of how the project makes them.
"""

from collections import Counter
from typing import Any

Entry = dict[str, Any]

OPENING = ("grant", "secret")
RESTRICTING = ("policy", "group")


def kind(entry: Entry) -> str | None:
    """What a call did to the application's reach, such as `grant made` or `policy removed`; None for all others.

    An answer that was lost may or may not have had its effect: the worse is assumed. What opens was made, what closes was not;
    what closes was removed, what opens was not.
    """
    what = _meant(entry)
    if what is None:
        return None
    if entry["status"] == "reset":
        thing, _, verb = what.partition(" ")
        return what if (thing in OPENING) == (verb == "made") else None
    return what if isinstance(entry["status"], int) and 200 <= entry["status"] < 300 else None


def _meant(entry: Entry) -> str | None:
    method, path, cmdlet = entry["method"], entry["path"], entry["cmdlet"]
    if cmdlet:
        return {
            "New-DistributionGroup": "group made",
            "Remove-DistributionGroup": "group removed",
            "New-ApplicationAccessPolicy": "policy made",
            "Remove-ApplicationAccessPolicy": "policy removed",
            "New-ManagementScope": "scope made",
            "Remove-ManagementScope": "scope removed",
            "New-ManagementRoleAssignment": "assignment made",
            "Remove-ManagementRoleAssignment": "assignment removed",
        }.get(cmdlet)
    if path.endswith(("/appRoleAssignedTo", "/adminconsent")) and method == "POST":
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
    """A grant or a secret exists only while a restriction does: from before they are made until after they are gone.

    Things are counted, not told apart: for a log in which one stack worked in the tenant.
    """
    there: Counter[str] = Counter()
    for what in story(entries):
        thing, _, verb = what.partition(" ")
        if verb == "made":
            there[thing] += 1
        elif what == "application removed":
            for ended in ("application", *OPENING):
                there[ended] = 0
        else:
            there[thing] = max(0, there[thing] - 1)
        opened = [name for name in OPENING if there[name]]
        missing = [name for name in RESTRICTING if not there[name]]
        assert not (opened and missing), f"after {what!r} there is a {opened} without a {missing}: {story(entries)}"
