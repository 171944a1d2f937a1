"""The plot of docs/performance.md: seconds as rooms grow, both on scales that go up by factors.

Owns which runs are lines, where their points lie, and, in plot.svg.jinja beside it, the picture's looks. Pure: figures in, SVG out. It
measures nothing, and draws nothing that was not measured. Why no plotting library draws it: docs/decisions/0007-libraries.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from tests.bench import round_trips
from tests.bench.figure import Figure

TEMPLATE = Path(__file__).with_name("plot.svg.jinja")
LINES: Mapping[str, str] = {
    "the guide's commands, one by one": "exchange.first_apply.{rooms}.guide.seconds",
    "first apply": "round_trips.policy.{rooms}.first_apply.seconds",
    "nothing to change": "round_trips.policy.{rooms}.no_change.seconds",
}
"""What is called how. `rbac` would lie upon `policy`: the same batches of calendar processing make both."""
# Read on a light page and on a dark one.
COLORS = ("#d4504c", "#2f81f7", "#3fb950")
WIDTH, HEIGHT = 900, 460
LEFT, RIGHT, TOP, BOTTOM = 80, 870, 50, 360
"""Of the field, in the picture's units."""
_SECONDS = (1, 10, 100)
_LEAST, _MOST = 0.5, 200
"""Seconds at the field's bottom and top."""


@dataclass(frozen=True)
class Line:
    """One line: what it is called, its color, and its points as (x, y, what the point says)."""

    title: str
    color: str
    points: Sequence[tuple[float, float, str]]


def across(rooms: float) -> float:
    """Where a number of rooms lies."""
    first, last = (log10(each) for each in (round_trips.ROOMS[0], round_trips.ROOMS[-1]))
    return round(LEFT + (RIGHT - LEFT) * (log10(rooms) - first) / (last - first), 1)


def down(seconds: float) -> float:
    """Where seconds lie. Raises ValueError for what the field does not show."""
    if not _LEAST <= seconds <= _MOST:
        raise ValueError(
            f"{seconds} s is not between {_LEAST} and {_MOST} s, which the plot shows: widen it in {__file__}"
        )
    least, most = log10(_LEAST), log10(_MOST)
    return round(BOTTOM - (BOTTOM - TOP) * (log10(seconds) - least) / (most - least), 1)


def measured(found: Sequence[Figure], name: str) -> list[tuple[int, float]]:
    """Return (rooms, seconds) of every size that was timed for a line, `name` being its figures' name with `{rooms}` in it."""
    values = {each.name: each.value for each in found}
    every = ((rooms, values.get(name.format(rooms=rooms))) for rooms in round_trips.ROOMS)
    return [(rooms, seconds) for rooms, seconds in every if seconds is not None]


def cost_of_rooms(found: Sequence[Figure]) -> str:
    """Draw every line of which at least two sizes were timed. Raises ValueError where there is none."""
    lines = [
        Line(title, color, [(across(rooms), down(seconds), f"{seconds:.3g} s") for rooms, seconds in points])
        for (title, name), color in zip(LINES.items(), COLORS, strict=True)
        if len(points := measured(found, name)) > 1
    ]
    if not lines:
        raise ValueError("nothing was timed at two sizes, so there is no line to draw: python -m tests.bench exchange")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        width=WIDTH,
        height=HEIGHT,
        field=(LEFT, TOP, RIGHT, BOTTOM),
        rooms=[(across(rooms), f"{rooms:,}") for rooms in round_trips.ROOMS],
        seconds=[(down(seconds), f"{seconds:,} s") for seconds in _SECONDS],
        lines=lines,
    )
