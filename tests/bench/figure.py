"""A figure, the table that people read, and the file that others read.  Owns no measurement."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured number; `goal` is what it must reach and `holds` whether it does, both None where there is none."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    holds: bool | None = None


Bench = Callable[[], Iterator[Figure]]
WIDTH = 110
"""Of the tables, in characters: a terminal's width would cut names off where there is none."""


def at_least(name: str, value: float, unit: str, goal: float) -> Figure:
    """Return a figure that should be large."""
    return Figure(name, value, unit, goal, holds=value >= goal)


def at_most(name: str, value: float, unit: str, goal: float) -> Figure:
    """Return a figure that should be small."""
    return Figure(name, value, unit, goal, holds=value <= goal)


def show(figures: Sequence[Figure]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", "unit", "goal", "holds")
    table.columns[0].no_wrap = True
    table.columns[1].justify = table.columns[3].justify = "right"
    for each in figures:
        goal = "" if each.goal is None else f"{each.goal:,g}"
        verdict = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[each.holds]
        table.add_row(
            each.name, f"{each.value:,.3g}" if each.value < 100 else f"{each.value:,.0f}", each.unit, goal, verdict
        )
    Console(width=WIDTH).print(table)


def write(figures: Sequence[Figure], file: Path) -> None:
    """Write the figures as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n")
