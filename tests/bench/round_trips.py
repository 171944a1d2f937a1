"""Round trips: how often a run asks Exchange, counted from the tenant's own request log. Pure but for the table.

Owns what counts as a request, a batch and a cmdlet, the four situations in which they are counted, and how they are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figure import WIDTH, Figure

PREFIX = "round_trips."
MODELS = ("policy", "rbac")
ROOMS = (25, 250, 1_000, 10_000)
SITUATIONS: Mapping[str, str] = {
    "first_apply": "first apply",
    "no_change": "nothing to change",
    "room_added": "one room added",
    "drifted": "one property drifted",
}
COLUMNS = ("requests", "batches", "cmdlets", "seconds")


@dataclass(frozen=True)
class Trips:
    """HTTP requests to Exchange, how many of them were a `$batch`, and the cmdlets that they carried; sign-in apart."""

    sign_in: int
    requests: int
    batches: int
    cmdlets: int


def count(entries: Sequence[Mapping[str, Any]]) -> Trips:
    """Count what a request log holds."""
    whole = [entry for entry in entries if entry["batch"] is None]
    exchange = [entry for entry in whole if entry["api"] == "exchange"]
    return Trips(
        sign_in=sum(entry["api"] == "login" for entry in whole),
        requests=len(exchange),
        batches=sum(entry["path"].endswith("/$batch") for entry in exchange),
        cmdlets=sum(entry["cmdlet"] is not None for entry in entries),
    )


def figures(model: str, rooms: int, situation: str, trips: Trips, seconds: float | None) -> Iterator[Figure]:
    """Yield the figures of one run; `seconds` None: it was counted and not timed."""
    name = f"{PREFIX}{model}.{rooms}.{situation}."
    yield Figure(f"{name}requests", trips.requests, "requests")
    yield Figure(f"{name}batches", trips.batches, "requests")
    yield Figure(f"{name}cmdlets", trips.cmdlets, "cmdlets")
    if seconds is not None:
        yield Figure(f"{name}seconds", seconds, "s")


def rows(found: Sequence[Figure]) -> list[tuple[str, ...]]:
    """Return the table's rows: rooms, model, situation, and one text for each of COLUMNS."""
    values = {each.name: each.value for each in found if each.name.startswith(PREFIX)}
    table = []
    for rooms in ROOMS:
        for model in MODELS:
            for situation, words in SITUATIONS.items():
                cells = [values.get(f"{PREFIX}{model}.{rooms}.{situation}.{column}") for column in COLUMNS]
                if cells[0] is not None:
                    table.append((f"{rooms:,}", model, words, *(_shown(cell) for cell in cells)))
    return table


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def show(found: Sequence[Figure]) -> None:
    """Print the table, where something was counted."""
    shown = rows(found)
    if not shown:
        return
    table = Table("rooms", "access", "situation", *COLUMNS, title="Round trips to Exchange, sign-in left out")
    for column in (table.columns[0], *table.columns[3:]):
        column.justify = "right"
    for row in shown:
        table.add_row(*row)
    Console(width=WIDTH).print(table)
