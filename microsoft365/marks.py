"""The mark that everything we make carries: `roomz:PROJECT/STACK`, with `adopted` and the time of retirement beside it.

Owns its grammar, alone on a policy's description or among other words in a group's notes, which are kept. Pure.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_MARK = re.compile(
    r"(?<!\S)(?P<stack>roomz:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)(?P<adopted> adopted)?"
    r"(?: retired (?P<retired>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z))?(?!\S)"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark. `stack` is `roomz:PROJECT/STACK`; `retired` is a moment in UTC."""

    stack: str
    adopted: bool = False
    retired: datetime | None = None

    def __str__(self) -> str:
        """Return it as it is written into Exchange."""
        words = [self.stack]
        if self.adopted:
            words.append("adopted")
        if self.retired is not None:
            words.append(f"retired {self.retired.astimezone(UTC).strftime(TIME_FORMAT)}")
        return " ".join(words)

    def retire(self, moment: datetime) -> "Mark":
        """Return the mark with the time of retirement; a time that stands there already stays."""
        return self if self.retired is not None else replace(self, retired=moment)

    def of(self, stack: str) -> "Mark":
        """Return the mark of `stack` instead, with the rest as it stands."""
        return replace(self, stack=stack)

    def renew(self, stack: str) -> "Mark":
        """Return the mark of `stack`, in use again."""
        return Mark(stack, adopted=self.adopted)


def find(text: str | None) -> Mark | None:
    """Return the mark in a description or in notes, None if there is none."""
    found = _MARK.search(text or "")
    if found is None:
        return None
    return Mark(found["stack"], found["adopted"] is not None, _moment(found["retired"]))


def put(text: str | None, mark: Mark) -> str:
    """Return the text with this mark in place of the one it has, or after its own words."""
    if _MARK.search(text or ""):
        return _MARK.sub(lambda _: str(mark), text or "", count=1)
    return f"{text.rstrip()}\n{mark}" if text and text.strip() else str(mark)


def take_off(text: str | None) -> str:
    """Return the text without the mark."""
    return _MARK.sub("", text or "", count=1).strip()


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
