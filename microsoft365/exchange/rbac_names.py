"""The mark in names: what our management scope and our role assignment are called, since neither has any other text.

Owns the form, which fits Exchange's 64 characters whatever project and stack are called, and is another for any other
stack. A scope can be renamed, so its name also holds the time of retirement. An assignment cannot: its name holds a part of
the service principal's id instead, so that what a former deployment left is never in the way. Pure. Why:
docs/decisions/0008.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from microsoft365.marks import TIME_FORMAT

# New-ManagementScope and New-ManagementRoleAssignment, -Name: "The maximum length of the name is 64 characters".
LONGEST = 64
_RETIRED = " retired "
# What is left beside " retired 2026-01-02T03:04:05Z".
_LONGEST_BASE = LONGEST - len(_RETIRED) - 20
_DIGITS = 10
_NAME = re.compile(
    r"(?P<base>roomz:[^\s]+)(?: [0-9a-f]{8})?(?: retired (?P<retired>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z))?",
    re.IGNORECASE,
)


def base_name(mark: str) -> str:
    """Return the name that stands for a mark `roomz:PROJECT/STACK`.

    The mark itself where it fits; else as much of it as fits, `~`, and a digest of the whole. Exchange takes two names that
    differ in letter case for one, so that a mark with capital letters gets the digest as well: no two marks share a name.
    """
    if len(mark) <= _LONGEST_BASE and mark == mark.casefold():
        return mark
    digest = hashlib.sha256(mark.encode()).hexdigest()[:_DIGITS]
    return f"{mark[: _LONGEST_BASE - _DIGITS - 1]}~{digest}"


@dataclass(frozen=True, slots=True)
class Name:
    """A name that carries a mark of ours. `base` is in lower case; `retired` a moment in UTC."""

    base: str
    retired: datetime | None = None

    @classmethod
    def read(cls, name: str) -> "Name | None":
        """Return what a name says; None for a name that is not of our form."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        retired = found["retired"]
        try:
            moment = None if retired is None else datetime.strptime(retired.upper(), TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(found["base"].casefold(), moment)

    def belongs_to(self, mark: str) -> bool:
        """Tell whether it stands for this mark."""
        return self.base == base_name(mark).casefold()


def assignment_name(mark: str, principal_id: str | None) -> str:
    """Return the name of the assignment to a service principal; without one, what such names begin with."""
    return base_name(mark) if principal_id is None else f"{base_name(mark)} {principal_id[:8].casefold()}"


def retired_name(mark: str, moment: datetime) -> str:
    """Return the name of a scope that was retired at a moment."""
    return f"{base_name(mark)}{_RETIRED}{moment.astimezone(UTC).strftime(TIME_FORMAT)}"
