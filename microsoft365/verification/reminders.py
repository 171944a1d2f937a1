"""What people have to do by a date, as verification tells it beside what it finds in the tenant. Pure data.

Owns the form. Which dates there are, when they are worth a word and what is said is whoever asks for the verification's to know
(scripts/verify_connector.py, by components/deadlines.py): a connector that was made by hand has none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing to do: how it stands, and how it is done. `overdue`: its date has passed."""

    what: Literal["hand-over", "renewal"]
    says: str
    remedy: str
    overdue: bool


Reminders = Callable[[datetime], Sequence[Reminder]]
"""Everything that is worth a word at that moment, by the tenant's clock."""


def no_reminders(_now: datetime) -> Sequence[Reminder]:
    """Return none: for a connector whose dates nobody knows, or tells otherwise."""
    return ()
