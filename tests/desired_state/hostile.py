"""Texts that try to be more than texts: quotation marks of all kinds, dollar signs, backticks, comments, line ends, other alphabets.

Owns the strategies; what they are put into is each test's business.
"""

from hypothesis import strategies as some

PIECES = [
    "'",
    "''",
    '"',
    "\u2018",
    "\u2019",
    "\u201a",
    "\u201b",
    "\u201c",
    "\u201d",
    "\u201e",
    "`",
    "$",
    "$(Remove-Mailbox x)",
    "${env:PATH}",
    "@'\n",
    "\n'@",
    "#",
    "#>",
    "<#",
    "#Requires -RunAsAdministrator",
    "# SIG # Begin signature block",
    ";",
    "|",
    "&",
    "{0}",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x1b[2J",
    "\u2028",
    "\u0085",
    "Zürich",
    "Ñandú",
    "会議室",
    "Зал",
    "غرفة",
    "\U0001f3e2",
    "-Confirm:$true",
    " ",
    "room",
]

texts = some.one_of(some.text(max_size=40), some.lists(some.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
"""Anything at all, and what is known to be dangerous more often than chance would have it."""

_READABLE = [piece for piece in PIECES if piece not in ("\0", "\x1b[2J")]
notes = some.lists(some.sampled_from(_READABLE), min_size=1, max_size=6).map("".join)
"""What a directory may hold as notes."""
