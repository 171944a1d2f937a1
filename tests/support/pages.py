"""The commands of a page of docs/, so that tests run what people read.

Owns the way from a heading to the commands below it. Runs nothing.
"""

from tests.support.stack import ROOT


def commands(page: str, heading: str, block: int = 0) -> list[str]:
    """The commands of a fenced block below a heading of `docs/PAGE`, one a line."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    _, found, rest = text.partition(f"## {heading}\n")
    assert found, f"docs/{page} has no heading {heading!r}"
    section = rest.partition("\n## ")[0]
    blocks = section.split("```\n")[1::2]
    return blocks[block].strip().splitlines()
