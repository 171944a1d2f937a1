"""PowerShell as a syntax tree, by tree-sitter's grammar: whole or refused; what its literals mean; which cmdlets it calls.

Owns the reading of literals by the language's own rules (about_Quoting_Rules), written without a look at what writes them.
Evaluates nothing else (interpreter.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_powershell
from tree_sitter import Node

_LANGUAGE = tree_sitter.Language(tree_sitter_powershell.language())
# What stands for a single quotation mark in PowerShell, and so is doubled in a literal.
_SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
_DOUBLE_QUOTES = '"\u201c\u201d\u201e'


class Malformed(AssertionError):  # noqa: N818  # a test fails by it
    """The text is no whole PowerShell."""


def parse(text: str) -> Node:
    """Return the tree of a script. Raises Malformed, with the places, where the grammar does not take all of it."""
    root = tree_sitter.Parser(_LANGUAGE).parse(text.encode()).root_node
    wrong = [node for node in walk(root) if node.is_error or node.is_missing]
    if wrong or root.has_error:
        places = "; ".join(f"line {node.start_point.row + 1}: {source(node)[:80]!r}" for node in wrong[:5])
        raise Malformed(f"no whole PowerShell: {places}")
    return root


def walk(node: Node) -> Iterator[Node]:
    """Return a node and everything below it, in the order of the text."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(found.children)


def source(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode()


def inner(node: Node) -> Node:
    """Return what a node really is: chains of precedence with nothing in them are left out."""
    while node.named_child_count == 1 and node.child_count == 1 and node.type not in _REAL:
        node = node.children[0]
    return node


_REAL = frozenset(
    {"variable", "string_literal", "integer_literal", "real_literal", "command", "empty_statement", "statement_list"}
)


def verbatim(text: str) -> str:
    """Return what a literal in single quotation marks means."""
    body, position, meant = text[1:-1], 0, ""
    while position < len(body):
        if body[position] in _SINGLE_QUOTES:
            if body[position + 1 : position + 2] not in tuple(_SINGLE_QUOTES):
                raise Malformed(f"a quotation mark ends the literal {text!r} before its end")
            position += 1
        meant += body[position]
        position += 1
    return meant


def escaped(text: str) -> str:
    """Return what plain text within double quotation marks means."""
    names = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "a": "\a", "f": "\f", "v": "\v"}
    position, meant = 0, ""
    while position < len(text):
        if text[position] == "`":
            position += 1
            meant += names.get(text[position], text[position])
        else:
            if text[position] in _DOUBLE_QUOTES:
                position += 1
            meant += text[position]
        position += 1
    return meant


@dataclass(frozen=True)
class Command:
    """A call of a cmdlet or a function: its name, and its parameters with the nodes of their values."""

    name: str
    line: int
    parameters: dict[str, Node | None] = field(default_factory=dict)
    arguments: Sequence[Node] = ()


def commands(root: Node) -> list[Command]:
    """Return every call in a tree."""
    return [command_of(node) for node in walk(root) if node.type == "command" and name_of(node) is not None]


def name_of(node: Node) -> str | None:
    """Return the name of a command; None where a value is called."""
    named = [child for child in node.children if child.type == "command_name"]
    return source(named[0]) if named else None


def command_of(node: Node) -> Command:
    """Take a command apart: `-Name value`, `-Name:value`, switches, and values without a name."""
    parameters: dict[str, Node | None] = {}
    arguments: list[Node] = []
    last: str | None = None
    for child in _elements(node):
        if child.type == "command_parameter":
            last = source(child).removeprefix("-").rstrip(":")
            parameters[last] = None
        elif child.type == "command_argument_sep":
            continue
        elif last is not None and parameters[last] is None:
            parameters[last] = child
            last = None
        else:
            arguments.append(child)
            last = None
    return Command(name_of(node) or "", node.start_point.row + 1, parameters, arguments)


def _elements(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type == "command_elements":
            yield from child.children
