"""The table of Exchange Online's cmdlets and their parameters (cmdlets.json), and what is not in it.

Owns the comparison. The table is written from Microsoft's pages, apart from the client and from the simulated tenant.
"""

import json
from collections.abc import Iterable
from pathlib import Path

_DOCUMENT = json.loads((Path(__file__).parent / "cmdlets.json").read_text())
COMMON: frozenset[str] = frozenset(_DOCUMENT["common"])
CMDLETS: dict[str, frozenset[str]] = {name: frozenset(known) for name, known in _DOCUMENT["cmdlets"].items()}


def unknown(cmdlet: str, parameters: Iterable[str]) -> list[str]:
    """Return what of a call Microsoft does not document: the cmdlet, or its parameters. Letter case counts."""
    if cmdlet not in CMDLETS:
        return [cmdlet]
    return [f"{cmdlet} -{name}" for name in parameters if name not in CMDLETS[cmdlet] | COMMON]
