"""Values of PowerShell as far as the interpreter has them: objects, hash tables, script blocks; truth, text, comparison.

Owns the language's conversions (about_Comparison_Operators, about_Booleans, about_Hash_Tables). What is not needed is refused,
never guessed.
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tree_sitter import Node

WHITE_SPACE = "[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""Char.IsWhiteSpace, and \\s of a regular expression in .NET."""


class Unsupported(AssertionError):  # noqa: N818  # a test fails by it
    """The script uses something of PowerShell that the interpreter does not have."""


class Table(dict[str, Any]):
    """A hash table: keys without regard to letter case."""

    def __init__(self, entries: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        for key, value in entries:
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a value; the key keeps the spelling that it had first."""
        super().__setitem__(self._known(key), value)

    def get_value(self, key: str) -> Any:
        """Return the value of a key, None without one."""
        return super().get(self._known(key))

    def has(self, key: str) -> bool:
        """Tell whether there is a key."""
        return super().__contains__(self._known(key))

    def remove(self, key: str) -> None:
        """Take a key out; one that is not there is none."""
        self.pop(self._known(key), None)

    def _known(self, key: str) -> str:
        if super().__contains__(key):
            return key
        return next((known for known in self if known.casefold() == key.casefold()), key)


class Row:
    """An object with properties, as a cmdlet returns it. A property that it does not have is an error (strict mode)."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = {name.casefold(): value for name, value in properties.items()}

    def get(self, name: str) -> Any:
        """Return a property."""
        if name.casefold() not in self._properties:
            raise ScriptError(f"The property '{name}' cannot be found on this object.", "PropertyNotFoundException")
        return self._properties[name.casefold()]


@dataclass(frozen=True)
class Block:
    """A script block."""

    node: Node


class ScriptError(Exception):
    """An error that ends a script unless it is caught; `reason` is the type of the exception."""

    def __init__(self, message: str, reason: str = "RuntimeException") -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def record(self) -> Row:
        """It as `$_` in a catch block."""
        return Row({"Exception": Row({"Message": str(self)}), "CategoryInfo": Row({"Reason": self.reason})})


def enumerated(value: Any) -> Iterator[Any]:
    """Return what a value sends down a pipeline: the elements of an array, else itself."""
    if isinstance(value, list):
        yield from value
    else:
        yield value


def collected(values: list[Any]) -> Any:
    """Return what an assignment takes of a pipeline's output: nothing, the one, or an array."""
    if not values:
        return None
    return values[0] if len(values) == 1 else values


def truth(value: Any) -> bool:
    """Tell whether a value counts as true."""
    if isinstance(value, list):
        return len(value) > 1 or (len(value) == 1 and truth(value[0]))
    if isinstance(value, Table | Row | Block):
        return True
    return bool(value)


def text(value: Any) -> str:
    """Return a value as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return " ".join(text(each) for each in value)
    if isinstance(value, str | int):
        return str(value)
    raise Unsupported(f"{value!r} as a text")


def equal(left: Any, right: Any, *, cased: bool = False) -> bool:
    """Compare as -eq does, the right one converted to the left one's type."""
    if isinstance(left, list):
        raise Unsupported("an array on the left of a comparison, which filters it")
    if left is None or right is None:
        return left is right
    if isinstance(left, bool):
        return left == truth(right)
    if isinstance(left, int):
        return left == int(text(right))
    first, second = text(left), text(right)
    return first == second if cased else first.casefold() == second.casefold()


def like(value: Any, pattern: str) -> bool:
    """Match wildcards: * and ? only."""
    if "[" in pattern or "`" in pattern:
        raise Unsupported(f"the pattern {pattern!r}")
    return fnmatch.fnmatchcase(text(value).casefold(), pattern.casefold())


def compare(operator: str, left: Any, right: Any) -> Any:
    """Apply one of the comparison operators, in lower case."""
    match operator:
        case "-eq" | "-ne" | "-ceq" | "-cne":
            same = equal(left, right, cased=operator.startswith("-c"))
            return same if operator.endswith("eq") else not same
        case "-gt" | "-ge" | "-lt":
            if type(left) is not type(right):
                raise Unsupported(f"{left!r} {operator} {right!r}")
            return {"-gt": left > right, "-ge": left >= right, "-lt": left < right}[operator]
        case "-like" | "-notlike":
            return like(left, right) is (operator == "-like")
        case "-contains" | "-ccontains":
            cased = operator == "-ccontains"
            return any(equal(each, right, cased=cased) for each in enumerated(left))
        case "-replace":
            # What .NET takes for white space is not quite what Python does.
            return re.sub(right[0].replace("\\s", WHITE_SPACE), right[1], text(left))
        case "-join":
            return text(right).join(text(each) for each in enumerated(left))
    raise Unsupported(operator)
