"""OPATH recipient filters: parsed, checked and written anew, so that nothing but a condition can ever be in one.

Owns the language as far as it is taken, the normal form in which two filters are compared, and the filter of a
management scope. Refuses to own which rooms match: Exchange decides that. Sources: Microsoft Learn, "Recipient filters in
Exchange PowerShell commands" (syntax, wildcards); the properties are filter_properties.py's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from microsoft365.exchange.filter_properties import BOOLEAN, NUMBER, PROPERTIES, TEXT, Property, nearest

Operator = Literal["eq", "ne", "like", "notlike", "gt", "ge", "lt", "le"]
Value = str | int | bool | None
Key = tuple[object, ...]
Cmdlet = Literal["Get-Mailbox", "Get-Recipient"]
Kind = Literal["room", "workspace", "equipment"]

# Ours: far above what a person writes, far below what would exhaust the parser.
LONGEST = 2000
DEEPEST = 20

_TOKEN = re.compile(
    r"\s*(?:(?P<bracket>[()])|(?P<word>-[A-Za-z]+)|(?P<single>'(?:[^']|'')*')|(?P<double>\"[^\"]*\")"
    r"|(?P<system>\$[A-Za-z]+)|(?P<number>-?[0-9]+)(?![A-Za-z0-9_.])|(?P<name>[A-Za-z][A-Za-z0-9]*))"
)
_OPERATORS_OF = {
    TEXT: ("eq", "ne", "like", "notlike"),
    NUMBER: ("eq", "ne", "gt", "ge", "lt", "le"),
    BOOLEAN: ("eq", "ne"),
}
_SYSTEM_VALUES: dict[str, Value] = {"$true": True, "$false": False, "$null": None}
# PowerShell takes these for quotation marks, and whether Exchange's parser does no document says.
_TYPOGRAPHIC_QUOTES = frozenset("\u2018\u2019\u201a\u201b\u201c\u201d\u201e")
_LARGEST_NUMBER = 2**31 - 1


class FilterError(ValueError):
    """A filter that is not taken; the text says what is wrong, where, and how to mend it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One property and a value. `name` is the property's, spelled as Microsoft does."""

    name: str
    operator: Operator
    value: Value

    def __str__(self) -> str:
        """Write it: text in single quotation marks, those within doubled."""
        return f"{self.name} -{self.operator} {_written(self.value)}"

    @property
    def key(self) -> Key:
        """The normal form: letter case never matters, and a negated operator is the negation of the other."""
        if self.operator in ("ne", "notlike"):
            positive: Operator = "eq" if self.operator == "ne" else "like"
            return ("not", Comparison(self.name, positive, self.value).key)
        value = () if self.value is None else str(self.value).casefold()
        return (self.operator, self.name.casefold(), value)


@dataclass(frozen=True, slots=True)
class Negation:
    """Whatever does not match."""

    inner: "Condition"

    def __str__(self) -> str:
        """Write it."""
        return f"-not ({self.inner})"

    @property
    def key(self) -> Key:
        """The normal form; two negations are none."""
        key = self.inner.key
        return key[1] if key[0] == "not" and isinstance(key[1], tuple) else ("not", key)


@dataclass(frozen=True, slots=True)
class Junction:
    """Two or more conditions, all of them (`and`) or one of them (`or`)."""

    word: Literal["and", "or"]
    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        """Write it, each part in parentheses."""
        return f" -{self.word} ".join(f"({part})" for part in self.parts)

    @property
    def key(self) -> Key:
        """The normal form: the order of parts and repetitions never matter, nor how they are bracketed."""
        parts: set[Key] = set()
        for part in self.parts:
            key = part.key
            if key[0] == self.word and isinstance(key[1], frozenset):
                parts |= key[1]
            else:
                parts.add(key)
        return next(iter(parts)) if len(parts) == 1 else (self.word, frozenset(parts))


Condition = Comparison | Negation | Junction


def parse(text: str) -> Condition:
    """Return the filter that a configuration may name, over rooms.

    Raises FilterError for anything that is not one condition over known properties, for a property that rooms.kinds
    decides, and for properties that no one cmdlet filters by.
    """
    condition = parse_scope(text)
    for name in properties(condition):
        if PROPERTIES[name.casefold()].says_kind:
            raise FilterError(f"{name} is what roomz:rooms.kinds says; take it out of the filter and set kinds")
    cmdlet_for(condition)
    return condition


def parse_scope(text: str) -> Condition:
    """Return the filter of a management scope, as Exchange shows it. Raises FilterError for what is not understood."""
    if len(text) > LONGEST:
        raise FilterError(f"it has {len(text)} characters; a filter has at most {LONGEST}")
    return _Parser(list(_tokens(text)), text).whole()


def properties(condition: Condition) -> frozenset[str]:
    """Return the names of the properties that a filter asks about."""
    match condition:
        case Comparison():
            return frozenset({condition.name})
        case Negation():
            return properties(condition.inner)
        case Junction():
            return frozenset().union(*(properties(part) for part in condition.parts))


def cmdlet_for(condition: Condition) -> Cmdlet:
    """Return the cmdlet whose -Filter knows every property of it. Raises FilterError when none does."""
    names = sorted(properties(condition))
    known = [PROPERTIES[name.casefold()] for name in names]
    if all(one.of_get_mailbox for one in known):
        return "Get-Mailbox"
    if all(one.of_get_recipient for one in known):
        return "Get-Recipient"
    apart = ", ".join(
        f"{one.name} (by {'Get-Mailbox' if one.of_get_mailbox else 'Get-Recipient'} only)" for one in known
    )
    raise FilterError(f"no cmdlet filters by all of {apart}; leave one of them out")


# -- the filter of a management scope -------------------------------------------------------------------------------------

_ROOM_MAILBOX = Comparison("RecipientTypeDetails", "eq", "RoomMailbox")
_KINDS: dict[frozenset[Kind], Condition] = {
    # Microsoft's pages know the values Room and Equipment of ResourceType, not Workspace: so a workspace is a room
    # mailbox that is no Room.
    frozenset({"room"}): Junction("and", (_ROOM_MAILBOX, Comparison("ResourceType", "eq", "Room"))),
    frozenset({"workspace"}): Junction("and", (_ROOM_MAILBOX, Comparison("ResourceType", "ne", "Room"))),
    frozenset({"room", "workspace"}): _ROOM_MAILBOX,
    frozenset({"equipment"}): Comparison("RecipientTypeDetails", "eq", "EquipmentMailbox"),
}


def of_kinds(kinds: frozenset[Kind]) -> Condition:
    """Return the filter for mailboxes of these kinds, one at least."""
    if kinds in _KINDS:
        return _KINDS[kinds]
    mailboxes = kinds - {"equipment"}
    return Junction("or", (_KINDS[mailboxes], _KINDS[frozenset({"equipment"})]))


def of_scope(kinds: frozenset[Kind], wanted: Condition | None) -> Condition:
    """Return the filter of a management scope over the mailboxes of these kinds that match `wanted` (None: all).

    The kinds are a part of their own, so that no filter, whatever it says, can reach beyond them.
    """
    return of_kinds(kinds) if wanted is None else Junction("and", (of_kinds(kinds), wanted))


def reaches_resources_alone(condition: Condition) -> bool:
    """Tell whether a filter, whatever else it says, matches resource mailboxes and nobody else."""
    match condition:
        case Comparison():
            mailboxes = ("roommailbox", "equipmentmailbox")
            kind = condition.name.casefold() == "recipienttypedetails" and condition.operator == "eq"
            return kind and str(condition.value).casefold() in mailboxes
        case Negation():
            return False
        case Junction():
            of_parts = [reaches_resources_alone(part) for part in condition.parts]
            return any(of_parts) if condition.word == "and" else all(of_parts)


# -- the parser -----------------------------------------------------------------------------------------------------------


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    _refuse_characters(text)
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _wrong(text, position, "what stands here is no part of a filter; texts stand in 'quotation marks'")
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
        position = found.end()


def _refuse_characters(text: str) -> None:
    for position, character in enumerate(text):
        if character in _TYPOGRAPHIC_QUOTES:
            raise _wrong(text, position, "a typographic quotation mark, which Exchange may take for the end of a text")
        if not character.isprintable():
            raise _wrong(text, position, "a character that cannot be shown; write the filter in one line")


class _Parser:
    """Recursive descent over the tokens. `-and` and `-or` are never mixed without parentheses.

    Microsoft does not say which of the two binds closer, and PowerShell reads from left to right.
    """

    def __init__(self, tokens: list[_Token], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._next = 0
        self._depth = 0

    def whole(self) -> Condition:
        if not self._tokens:
            raise FilterError("it is empty; write a condition such as Office -eq 'Bern'")
        condition = self._junction()
        if self._next < len(self._tokens):
            raise self._refused("the filter should have ended before this")
        return condition

    def _junction(self) -> Condition:
        parts = [self._part()]
        word: Literal["and", "or"] | None = None
        while (token := self._peek()) is not None and token.kind == "word":
            found = token.text[1:].casefold()
            if found not in ("and", "or"):
                raise self._refused("-and or -or is expected here")
            if word is not None and found != word:
                raise self._refused("-and and -or stand side by side; say by parentheses which belongs together")
            word = "and" if found == "and" else "or"
            self._next += 1
            parts.append(self._part())
        return parts[0] if word is None else Junction(word, tuple(parts))

    def _part(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refused(f"parentheses are more than {DEEPEST} deep")
        token = self._take("a condition is missing here")
        if token.kind == "word" and token.text.casefold() == "-not":
            opening = self._peek()
            if opening is None or opening.text != "(":
                raise self._refused("-not takes a condition in parentheses")
            result: Condition = Negation(self._part())
        elif token.text == "(" and token.kind == "bracket":
            result = self._junction()
            if self._take("a parenthesis is not closed").text != ")":
                self._next -= 1
                raise self._refused("a parenthesis is not closed before this")
        elif token.kind == "name":
            result = self._comparison(token)
        else:
            self._next -= 1
            raise self._refused("a property, such as Office, is expected here")
        self._depth -= 1
        return result

    def _comparison(self, name: _Token) -> Comparison:
        known = PROPERTIES.get(name.text.casefold())
        if known is None:
            raise _wrong(
                self._text, name.position, f"{name.text} is no property to filter rooms by; {nearest(name.text)}"
            )
        operator = self._take(f"an operator, such as -eq, is missing after {known.name}")
        word = operator.text[1:].casefold()
        allowed = _OPERATORS_OF[known.kind]
        if operator.kind != "word" or word not in allowed:
            listed = ", ".join(f"-{one}" for one in allowed)
            raise _wrong(self._text, operator.position, f"{known.name} takes one of {listed}")
        value = self._take(f"a value is missing after {known.name} {operator.text}")
        found = _value(known, value)
        if isinstance(found, _Refusal):
            raise _wrong(self._text, value.position, found.text)
        problem = _misused(known, word, found)
        if problem is not None:
            raise _wrong(self._text, value.position, problem)
        return Comparison(known.name, allowed[allowed.index(word)], found)  # type: ignore[arg-type]

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, missing: str) -> _Token:
        token = self._peek()
        if token is None:
            raise _wrong(self._text, len(self._text), missing)
        self._next += 1
        return token

    def _refused(self, what: str) -> FilterError:
        token = self._peek()
        return _wrong(self._text, token.position if token else len(self._text), what)


class _Refusal(NamedTuple):
    text: str


def _value(known: Property, token: _Token) -> Value | _Refusal:
    text = token.text
    if token.kind == "single":
        text = text[1:-1].replace("''", "'")
    elif token.kind == "double":
        text = text[1:-1]
    if token.kind == "system" or (known.kind == BOOLEAN and text.casefold() in ("true", "false")):
        system = text.casefold() if text.startswith("$") else f"${text.casefold()}"
        if system in _SYSTEM_VALUES:
            return _SYSTEM_VALUES[system]
        return _Refusal(f"{text} is neither $true, $false nor $null")
    if token.kind not in ("single", "double", "number"):
        return _Refusal("a value is expected here; texts stand in 'quotation marks'")
    if known.kind == NUMBER:
        if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST_NUMBER:
            return _Refusal(f"{known.name} is compared with a whole number from 0")
        return int(text)
    return text


def _misused(known: Property, word: str, value: Value) -> str | None:
    """Tell what is wrong with a value of the right form; None where nothing is."""
    if isinstance(value, bool):
        return None if known.kind == BOOLEAN else f"{known.name} is not compared with $true or $false"
    if value is None:
        blank = known.kind == TEXT and not known.values and word in ("eq", "ne")
        return None if blank else f"$null goes with -eq and -ne of a text, not with {known.name} -{word}"
    if known.kind == BOOLEAN:
        return f"{known.name} is compared with $true or $false"
    if isinstance(value, int):
        return None
    if not value.strip():
        return f"an empty text; for rooms without {known.name} write {known.name} -eq $null"
    if known.values and (word not in ("eq", "ne") or value.casefold() not in known.values):
        return f"{known.name} takes -eq or -ne and one of {', '.join(sorted(known.values))}"
    if word in ("eq", "ne"):
        return f"a wildcard goes with -like, not with -{word}" if "*" in value else None
    if value == "*":
        return f"every text matches; for rooms that have {known.name} write {known.name} -ne $null"
    # "the wildcard character is supported only as a suffix in most parameters"
    return "a wildcard stands at the end of the text only, in Exchange Online" if "*" in value[:-1] else None


def _written(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {True: "$true", False: "$false", None: "$null"}[value]
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _wrong(text: str, position: int, what: str) -> FilterError:
    before, after = text[max(0, position - 30) : position], text[position : position + 20]
    return FilterError(f"at character {position + 1}, here: {before}▸{after}: {what}")
