"""$filter of directory objects: which operators a property supports, the grammar, and the test of a document.

Owns the subset that Graph documents for the properties which deployers filter by: eq, ne, in, startswith, any, not, and,
or.  A property that Graph does not filter by is refused as Graph does; one that it does and the simulator does not is
refused by name.  Sources: "Advanced query capabilities on Microsoft Entra ID objects"; the properties' own descriptions.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulator.graph import errors

Document = dict[str, Any]
Test = Callable[[Document], bool]
MOST_CLAUSES = 15
"""Values of one `in`, and alternatives of one `or`."""
DEEPEST = 50
"""Parentheses within each other; so many nobody writes."""


@dataclass(frozen=True)
class Property:
    """How a property is filtered by.  `eq` and `in` go together; `ne`, `not` and null need advanced queries."""

    kind: Literal["text", "guid", "texts"]
    operators: frozenset[str] = frozenset()
    imitated: bool = True


Filterable = Mapping[str, Property]

EQUAL = Property("text", frozenset({"eq", "in", "ne"}))
STARTS = Property("text", frozenset({"eq", "in", "ne", "startswith"}))
ANY = Property("texts", frozenset({"eq", "startswith"}))
"""A collection of texts: `tags/any(t:t eq 'x')`."""
GUID = Property("guid", frozenset({"eq"}))
DOCUMENTED = Property("text", imitated=False)
"""Graph filters by it, the simulator does not."""

NO_FILTER: Filterable = {}

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"
    r"|(?P<word>[A-Za-z_][\w/]*)"
    r"|(?P<mark>[(),:])"
    r"|(?P<end>$))"
)


def parse(text: str, filterable: Filterable, kind: str, *, advanced: bool) -> Test:
    """Return the test that a filter stands for; `kind` is Graph's type, for its refusals.  Raises GraphError."""
    return _Parser(text, filterable, kind, advanced=advanced).whole()


class _Parser:
    """A recursive descent through: or, and, not, and then one clause."""

    def __init__(self, text: str, filterable: Filterable, kind: str, *, advanced: bool) -> None:
        self._text, self._filterable, self._kind, self._advanced = text, filterable, kind, advanced
        self._position = 0
        self._depth = 0

    # -- grammar ----------------------------------------------------------------------------------------------------

    def whole(self) -> Test:
        test = self._either()
        if self._peek() != "":
            raise self._syntax_error()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take_word("or"):
            tests.append(self._both())
        if len(tests) == 1:
            return tests[0]
        self._limit(len(tests))
        return lambda document: any(test(document) for test in tests)

    def _both(self) -> Test:
        tests = [self._not()]
        while self._take_word("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _not(self) -> Test:
        if not self._take_word("not"):
            return self._clause()
        self._require_advanced("not")
        test = self._clause()
        return lambda document: not test(document)

    def _clause(self) -> Test:
        if self._peek() == "(":
            self._expect("(")
            self._depth += 1
            if self._depth > DEEPEST:
                raise self._syntax_error()
            test = self._either()
            self._expect(")")
            self._depth -= 1
            return test
        name, slash, lambda_operator = self._word().partition("/")
        if slash:
            return self._any(name, lambda_operator)
        return self._function(name) if self._peek() == "(" else self._comparison(name)

    def _function(self, function: str) -> Test:
        """Read `startswith(property,'text')`; no other function is for these objects."""
        if function.lower() == "endswith" and not self._advanced:
            raise _advanced_needed("endsWith")
        if function.lower() != "startswith":
            raise errors.unsupported_query("Unsupported Query.")
        self._expect("(")
        name = self._word()
        if "startswith" not in self._declared(name).operators or self._declared(name).kind == "texts":
            raise self._unsupported(name)
        self._expect(",")
        wanted = self._literal(name, "text").casefold()
        self._expect(")")
        return lambda document: _text(document[name]).startswith(wanted)

    def _any(self, name: str, lambda_operator: str) -> Test:
        """Read `tags/any(t:t eq 'x')` and `tags/any(t:startswith(t,'x'))`."""
        declared = self._declared(name)
        if declared.kind != "texts":
            raise self._unsupported(name)
        if lambda_operator.lower() != "any":
            raise errors.not_imitated(f'the filter "{self._text}"')
        self._expect("(")
        variable = self._word()
        self._expect(":")
        starts = False
        word = self._word()
        if word.lower() == "startswith":
            starts = True
            self._expect("(")
            word = self._word()
            self._expect(",")
        elif not self._take_word("eq"):
            raise self._unsupported(name)
        if word != variable:
            raise self._syntax_error()
        wanted = self._literal(name, "text").casefold()
        for _ in range(2 if starts else 1):
            self._expect(")")
        if starts:
            return lambda document: any(_text(value).startswith(wanted) for value in document[name])
        return lambda document: any(_text(value) == wanted for value in document[name])

    def _comparison(self, name: str) -> Test:
        declared = self._declared(name)
        if declared.kind == "texts":
            raise self._unsupported(name)
        operator = self._word().lower()
        if operator not in ("eq", "ne", "in", "ge", "le", "gt", "lt"):
            raise self._syntax_error()
        if operator not in declared.operators:
            raise self._unsupported(name)
        if operator == "in":
            values = self._list(name, declared)
            return lambda document: _text(document[name]) in values
        if operator == "ne":
            self._require_advanced("ne")
        if self._take_word("null"):
            self._require_advanced(f"{operator} null")
            return lambda document: (document[name] is None) == (operator == "eq")
        wanted = self._literal(name, declared.kind).casefold()
        return lambda document: (_text(document[name]) == wanted) == (operator == "eq")

    def _list(self, name: str, declared: Property) -> frozenset[str]:
        self._expect("(")
        values = [self._literal(name, declared.kind)]
        while self._peek() == ",":
            self._expect(",")
            values.append(self._literal(name, declared.kind))
        self._expect(")")
        self._limit(len(values))
        return frozenset(value.casefold() for value in values)

    # -- refusals ---------------------------------------------------------------------------------------------------

    def _declared(self, name: str) -> Property:
        declared = self._filterable.get(name)
        if declared is None:
            raise self._unsupported(name)
        if not declared.imitated:
            raise errors.not_imitated(f"a filter by '{name}'")
        return declared

    def _unsupported(self, name: str) -> errors.GraphError:
        resource = self._kind[0].upper() + self._kind[1:]
        return errors.unsupported_query(
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'."
        )

    def _require_advanced(self, operator: str) -> None:
        if not self._advanced:
            raise _advanced_needed(operator)

    def _limit(self, clauses: int) -> None:
        if clauses > MOST_CLAUSES:
            raise errors.unsupported_query(
                "Too many child clauses specified in search filter expression containing 'OR' operators: "
                f"{clauses}. Max allowed: {MOST_CLAUSES}."
            )

    def _syntax_error(self) -> errors.GraphError:
        return errors.malformed(f"Invalid filter clause: Syntax error at position {self._position} in '{self._text}'.")

    # -- tokens -----------------------------------------------------------------------------------------------------

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._position)
        if found is None:
            raise self._syntax_error()
        return found

    def _peek(self) -> str:
        return self._next().group().strip()

    def _take_word(self, word: str) -> bool:
        found = self._next()
        if (found["word"] or "").lower() != word:
            return False
        self._position = found.end()
        return True

    def _word(self) -> str:
        found = self._next()
        if found["word"] is None:
            raise self._syntax_error()
        self._position = found.end()
        return found["word"]

    def _expect(self, mark: str) -> None:
        found = self._next()
        if found["mark"] != mark:
            raise self._syntax_error()
        self._position = found.end()

    def _literal(self, name: str, kind: str) -> str:
        found = self._next()
        other = found["text"] if kind == "guid" else found["guid"]
        if other is not None:
            types = ("Edm.Guid", "Edm.String") if kind == "guid" else ("Edm.String", "Edm.Guid")
            raise errors.malformed(
                f"Invalid filter clause: A binary operator with incompatible types was detected. Found operand types "
                f"'{types[0]}' and '{types[1]}' for operator kind 'Equal' of '{name}'."
            )
        value = found["guid"] if kind == "guid" else found["text"]
        if value is None:
            raise self._syntax_error()
        self._position = found.end()
        return value if kind == "guid" else value[1:-1].replace("''", "'")


def _advanced_needed(operator: str) -> errors.GraphError:
    return errors.unsupported_query(
        f"Operator '{operator}' is not supported because the required parameters might be missing. Try adding "
        "$count=true query parameter and ConsistencyLevel:eventual header. Refer to "
        "https://aka.ms/graph-docs/advanced-queries for more information"
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value).casefold()
