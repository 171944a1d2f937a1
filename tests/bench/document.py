"""`python -m tests.bench.document`: put the figures of build/bench.json into docs/performance.md, and draw its plot.

Owns the page's two tables, between their markers. Everything else on it is written by hand.
"""

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import plot, round_trips
from tests.bench.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "images" / "cost-of-rooms.svg"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """Return a table of Markdown whose columns are numbers but for the first ones."""
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * left + "---:|" * (len(titles) - left)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def figures_table(found: Sequence[Figure]) -> str:
    """Return every figure but the round trips and those of the simulator itself."""
    rows = []
    for each in found:
        if each.name.startswith((round_trips.PREFIX, "simulator.")):
            continue
        goal = "" if each.goal is None else f"{each.goal:g}"
        holds = {None: "", True: "yes", False: "**no**"}[each.holds]
        rows.append(
            (f"`{each.name}`", f"{each.value:.3g}" if each.value < 100 else f"{each.value:.0f}", each.unit, goal, holds)
        )
    return _table(("figure", "value", "unit", "goal", "reached"), rows, 1)


def round_trips_table(found: Sequence[Figure]) -> str:
    """Return the round trips."""
    return _table(
        ("access", "situation", "rooms", *round_trips.COLUMNS),
        [(row[1], row[2], row[0], *row[3:]) for row in round_trips.rows(found)],
        2,
    )


def measured() -> str:
    """Return when and where."""
    when = datetime.fromtimestamp(FIGURES.stat().st_mtime, UTC)
    return f"Measured on {when:%Y-%m-%d}: {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}."


def between(text: str, name: str, content: str) -> str:
    """Return the text with other content between the markers of a name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{PAGE} has no {begin} … {end}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> int:
    """Write the page, and return the exit code."""
    if not FIGURES.exists():
        sys.stderr.write("there are no figures yet: run make bench\n")
        return 2
    found = [Figure(**each) for each in json.loads(FIGURES.read_text())]
    text = PAGE.read_text()
    text = between(text, "figures", f"{measured()}\n\n{figures_table(found)}")
    text = between(text, "round trips", round_trips_table(found))
    PAGE.write_text(text)
    PLOT.write_text(plot.cost_of_rooms(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
