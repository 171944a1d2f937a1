"""Writing PowerShell: values as literals, texts as comments, calls of cmdlets. Pure.

Owns the one way in which a value gets into a script, so that it can never be anything but a value there: printable ASCII in
single quotation marks, everything else by its number. A script is ASCII throughout, since Windows PowerShell 5.1 reads a file
without a byte order mark in the machine's own code page, and PowerShell takes typographic quotation marks for plain ones.
Knows no cmdlet.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence

# What stands in single quotation marks as it is; the mark itself is doubled ("about_Quoting_Rules").
_PLAIN = re.compile(r"[\x20-\x7e]+")
QUOTED_NOTHING = "''"
# Char.IsWhiteSpace, and \s of a regular expression in .NET.
_WHITE_SPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
# Of a line of comment.
_WIDTH, _NARROWEST = 116, 40
# Parameters without a value: naming them means yes.
_SWITCHES = frozenset({"BypassSecurityGroupManagerCheck", "Confirm", "IgnoreNamingPolicy"})


class Code(str):
    """PowerShell of our own, written as it stands; never made of anybody's data."""

    __slots__ = ()


Value = Code | str | bool | int | Sequence[str]


def literal(value: Value) -> str:
    """Return a value as PowerShell writes it, whatever characters it holds."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    return f"@({', '.join(_text(each) for each in value)})"


def _text(value: str) -> str:
    """Return a text: `'Room 1'`, or `(-join ('Z', [char]0x00FC, 'rich'))`, which stays flat however long it is."""
    parts: list[str] = []
    position = 0
    for found in _PLAIN.finditer(value):
        parts += _by_number(value[position : found.start()])
        parts.append(_quoted(found[0]))
        position = found.end()
    parts += _by_number(value[position:])
    if not parts:
        return QUOTED_NOTHING
    if len(parts) == 1 and parts[0].startswith("'"):
        return parts[0]
    return f"(-join ({', '.join([QUOTED_NOTHING, *parts] if len(parts) == 1 else parts)}))"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _by_number(text: str) -> list[str]:
    """Return UTF-16's code units, which are what a text of .NET is made of."""
    encoded = text.encode("utf-16-be", "surrogatepass")
    units = [int.from_bytes(encoded[at : at + 2], "big") for at in range(0, len(encoded), 2)]
    return [f"[char]0x{unit:04X}" for unit in units]


def remark(label: str, text: str = "") -> str:
    """Return one line of comment: a label of our own and whatever text, in which nothing ends the line.

    The label stands first, so that no text becomes `#Requires` or the beginning of a signature.
    """
    shown = "".join(_shown(character) for character in text)
    return f"# {label} {shown}".rstrip() if label or shown else "#"


def remarks(label: str, text: str) -> list[str]:
    """Return a comment of as many lines as a text takes; a word that is too long for one stays whole."""
    shown = "".join(_shown(character) for character in text)
    width = max(_WIDTH - len(label), _NARROWEST)
    parts = textwrap.wrap(shown, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [remark(label, parts[0]), *(remark(" " * len(label), part) for part in parts[1:])]


def _shown(character: str) -> str:
    return character if " " <= character <= "~" else f"{{U+{ord(character):04X}}}"


def folded(code: str) -> Code:
    """Return PowerShell that brings a text into the form of `fold`; `code` is PowerShell for the text."""
    return Code(f"({code}.Trim() -replace '\\s+', ' ')")


def fold(text: str) -> str:
    """Return a text with one space for each run of white space, and none around it: line ends differ on their way."""
    return _WHITE_SPACE.sub(" ", text).strip(" ")


def call(cmdlet: str, parameters: Mapping[str, Value]) -> str:
    """Return a call of one of Exchange's cmdlets, which ends the script where it fails.

    -ErrorAction stands in every call: a preference variable of the script does not reach the functions of a module.
    """
    words = [cmdlet]
    for name, value in parameters.items():
        if name in _SWITCHES and not isinstance(value, Code):
            words.append(f"-{name}" if value else f"-{name}:$false")
        else:
            words.append(f"-{name} {literal(value)}")
    return " ".join([*words, "-ErrorAction Stop"])


def table(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    """Return an array of hash tables, one a line; it may have thousands."""
    if not rows:
        return ["@()"]
    written = ("; ".join(f"{name} = {literal(value)}" for name, value in row.items()) for row in rows)
    return ["@(", *(f"    @{{ {line} }}" for line in written), ")"]


def indented(lines: Sequence[str], by: int = 1) -> list[str]:
    """Return lines one level deeper."""
    return [f"{'    ' * by}{line}" if line else line for line in lines]
