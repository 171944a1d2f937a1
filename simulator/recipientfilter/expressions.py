"""A parsed filter: what it says of a recipient, and how Exchange writes it back.

Exchange's normal form, from public captures of Get-ManagementScope and Get-DynamicDistributionGroup: a comparison alone
stands bare (`Alias -eq 'user1'`); what -and and -or join stands in parentheses, and so does the whole
(`((RecipientType -eq 'UserMailbox') -and (City -eq 'Dublin'))`); -not encloses (`-not(Name -like 'CAS_{*')`); -notlike
becomes -not and -like (unverified); values stand in single quotes, numbers and Boolean values too (unverified).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Literal

from simulator.recipientfilter.properties import EQUALITY, PREFIXES, Operator, Property, Value
from simulator.tenant import Recipient, Tenant

_ORDER: dict[str, Callable[[int, int], bool]] = {"gt": gt, "ge": ge, "lt": lt, "le": le}


class Filter:
    """A parsed filter.  `str(filter)` is the text as Exchange gives it back."""

    def matches(self, tenant: Tenant, recipient: Recipient) -> bool:
        """Tell whether the filter holds a recipient now."""
        raise NotImplementedError

    def properties(self) -> Iterator[str]:
        """Yield the name of each property that the filter asks for, as Exchange writes it."""
        raise NotImplementedError

    def depth(self) -> int:
        """Return how many parentheses stand within each other in the normal form."""
        raise NotImplementedError


@dataclass(frozen=True)
class Comparison(Filter):
    """A property compared with a value, without letter case."""

    subject: Property
    operator: Operator
    value: Value

    def matches(self, tenant: Tenant, recipient: Recipient) -> bool:
        """Compare; of a property with several values, one is enough."""
        if self.operator in EQUALITY and self.value is not None:
            return self._equal(tenant, recipient) == (self.operator == "eq")
        values = self.subject.read(tenant, recipient)
        if self.value is None:
            return bool(values) == (self.operator == "ne")
        if self.operator in _ORDER:
            compare = _ORDER[self.operator]
            return any(compare(int(each), int(self.value)) for each in values)
        return any(self._like(str(each)) for each in values)

    def _equal(self, tenant: Tenant, recipient: Recipient) -> bool:
        wanted = str(self.value)
        if self.subject.equal is not None:
            return self.subject.equal(tenant, recipient, wanted)
        return any(str(each).casefold() == wanted.casefold() for each in self.subject.read(tenant, recipient))

    def _like(self, value: str) -> bool:
        pattern = str(self.value).casefold()
        if self.subject.name == "EmailAddresses":
            # "When you use a complete email address, you don't need to account for the smtp: prefix. If you use
            # wildcards, you do."
            value = f"smtp:{value}" if pattern.endswith("*") or pattern.startswith(PREFIXES) else value
        value = value.casefold()
        return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern

    def properties(self) -> Iterator[str]:
        """Yield the one property."""
        yield self.subject.name

    def depth(self) -> int:
        """Return 0: a comparison alone stands bare."""
        return 0

    def __str__(self) -> str:
        """Write the comparison in Exchange's normal form."""
        return f"{self.subject.name} -{self.operator} {_literal(self.value)}"


@dataclass(frozen=True)
class Not(Filter):
    """The opposite of a filter."""

    inner: Filter

    def matches(self, tenant: Tenant, recipient: Recipient) -> bool:
        """Tell whether the inner filter does not hold the recipient."""
        return not self.inner.matches(tenant, recipient)

    def properties(self) -> Iterator[str]:
        """Yield the inner filter's."""
        yield from self.inner.properties()

    def depth(self) -> int:
        """Count the parentheses behind -not."""
        return 1 + self.inner.depth()

    def __str__(self) -> str:
        """Write the negation in Exchange's normal form."""
        return f"-not({self.inner})"


@dataclass(frozen=True)
class Joined(Filter):
    """Filters joined by one operator."""

    operator: Literal["and", "or"]
    parts: tuple[Filter, ...]

    def matches(self, tenant: Tenant, recipient: Recipient) -> bool:
        """Tell whether all parts hold the recipient, or one does."""
        answers = (part.matches(tenant, recipient) for part in self.parts)
        return all(answers) if self.operator == "and" else any(answers)

    def properties(self) -> Iterator[str]:
        """Yield those of all parts."""
        for part in self.parts:
            yield from part.properties()

    def depth(self) -> int:
        """Count those of each part and those of the whole."""
        return 2 + max(part.depth() for part in self.parts)

    def __str__(self) -> str:
        """Write the parts in Exchange's normal form."""
        return "(" + f" -{self.operator} ".join(f"({part})" for part in self.parts) + ")"


def _literal(value: Value) -> str:
    if value is None:
        return "$null"
    return "'" + str(value).replace("'", "''") + "'"
