"""From the text of a filter to its meaning.

Owns the grammar.  -and and -or side by side need parentheses here: Microsoft's pages send readers to PowerShell's
operators, which have one precedence, and no page says which one Exchange gives them.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple, NoReturn, cast

from simulator.recipientfilter.expressions import Comparison, Filter, Joined, Not
from simulator.recipientfilter.properties import OTHERS, PROPERTIES, Operator, Written
from simulator.recipientfilter.refusals import (
    FilterError,
    FilterNotImitatedError,
    invalid_syntax,
    unknown_property,
)

DEEPEST = 60
"""Parentheses within parentheses, in the text and in its normal form: no text exhausts the stack."""

_TOKEN = re.compile(
    r"""
      (?P<open>\() | (?P<close>\))
    | -(?P<operator>[A-Za-z]+)(?![A-Za-z0-9_])
    | '(?P<single>(?:[^']|'')*)'
    | "(?P<double>(?:[^"]|"")*)"
    | \$(?P<system>null|true|false)(?![A-Za-z0-9_])
    | (?P<integer>-?[0-9]+)(?![A-Za-z0-9_.])
    | (?P<name>[A-Za-z][A-Za-z0-9]*)(?![A-Za-z0-9_.])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMPARING = {"eq", "ne", "like", "notlike", "gt", "ge", "lt", "le"}


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


@lru_cache(maxsize=256)
def parse(text: str) -> Filter:
    """Return the filter.  Raises FilterError."""
    return _Parser(text).whole()


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split()
        self.at = 0
        self.depth = 0

    def whole(self) -> Filter:
        found = self._expression()
        if self._now().kind != "end":
            self._refuse()
        if found.depth() > DEEPEST:
            raise self._too_deep()
        return found

    def _split(self) -> list[_Token]:
        tokens: list[_Token] = []
        position = 0
        while position < len(self.text):
            if self.text[position].isspace():
                position += 1
                continue
            match = _TOKEN.match(self.text, position)
            if match is None or match.lastgroup is None:
                raise invalid_syntax(self.text, position + 1)
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], position + 1))
            position = match.end()
        tokens.append(_Token("end", "", len(self.text) + 1))
        return tokens

    def _now(self) -> _Token:
        return self.tokens[self.at]

    def _take(self, kind: str) -> _Token:
        token = self._now()
        if token.kind != kind:
            self._refuse()
        self.at += 1
        return token

    def _refuse(self) -> NoReturn:
        raise invalid_syntax(self.text, self._now().position)

    @staticmethod
    def _too_deep() -> FilterError:
        return FilterNotImitatedError(f"a filter with more than {DEEPEST} parentheses within each other")

    def _joiner(self) -> Literal["and", "or"] | None:
        token = self._now()
        joins = token.kind == "operator" and token.text.casefold() in ("and", "or")
        return cast(Literal["and", "or"], token.text.casefold()) if joins else None

    def _expression(self) -> Filter:
        parts = [self._term()]
        operator = self._joiner()
        while (found := self._joiner()) is not None:
            if found != operator:
                raise FilterNotImitatedError(
                    f"-and beside -or without parentheses (position {self._now().position} of the filter): no page of "
                    "Microsoft says which comes first"
                )
            self.at += 1
            parts.append(self._term())
        return parts[0] if operator is None else Joined(operator, tuple(parts))

    def _term(self) -> Filter:
        token = self._now()
        if token.kind == "operator" and token.text.casefold() == "not":
            self.at += 1
            return Not(self._enclosed())
        return self._enclosed() if token.kind == "open" else self._comparison()

    def _enclosed(self) -> Filter:
        self._take("open")
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._too_deep()
        found = self._expression()
        self._take("close")
        self.depth -= 1
        return found

    def _comparison(self) -> Filter:
        name = self._take("name")
        token = self._take("operator")
        operator = token.text.casefold()
        if operator not in _COMPARING:
            raise invalid_syntax(self.text, token.position)
        written = self._value()
        if self._now().kind not in ("close", "end") and self._joiner() is None:
            self._refuse()
        if name.text.casefold() in OTHERS:
            raise FilterNotImitatedError(f"the filterable property {name.text}")
        subject = PROPERTIES.get(name.text.casefold())
        if subject is None:
            raise unknown_property(name.text, self.text, name.position)
        if operator == "notlike":
            return Not(Comparison(subject, "like", subject.value("like", written)))
        return Comparison(subject, cast(Operator, operator), subject.value(cast(Operator, operator), written))

    def _value(self) -> Written:
        token = self._now()
        if token.kind not in ("single", "double", "system", "integer"):
            self._refuse()
        self.at += 1
        if token.kind == "system":
            return Written("system", token.text.casefold())
        if token.kind == "integer":
            return Written("integer", token.text)
        quote = "'" if token.kind == "single" else '"'
        return Written("text", token.text.replace(quote * 2, quote))
