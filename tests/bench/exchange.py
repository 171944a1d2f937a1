"""Exchange: the project's script against the guide's own commands, how it grows, its memory, and its round trips.

Owns which runs are made and which of them make which figure. Conditions: site.py. The guide: guide.py.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench import round_trips
from tests.bench.figure import Figure, at_least, at_most
from tests.bench.process import Tenant, running
from tests.bench.site import Run, Site

RUNS = 3
SMALL, LARGE = 1_000, 10_000
GUIDE_GROWS_BY = (25, 250)
"""Sizes at which the guide is run besides, to see that it grows as evenly as a plot shows it (docs/performance.md)."""
FIRST_TIME = ("B", "C", "D", "5")
AGAIN = ("C", "5")


def figures() -> Iterator[Figure]:
    """Measure everything, in one tenant after another of one process."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running(Path(folder)) as tenant:
        Site(tenant, 25).apply()  # What Python compiles at the very first start is not timed.
        yield from _against_the_guide(tenant)
        yield from _counted(tenant)


def _against_the_guide(tenant: Tenant) -> Iterator[Figure]:
    """1,000 rooms and 10,000, in the model of the guide. Ours is the best of some runs, taken before and after the guide's."""
    firsts, agains = _first_and_again(tenant, SMALL, times=1)
    guide = Site(tenant, SMALL)
    guide_first, steps = guide.guide(FIRST_TIME)
    guide_again, _ = guide.guide(AGAIN)
    _, batches = guide.guide(["5 in batches"])
    in_batches = guide_first - steps["5"] + batches["5 in batches"]
    more_first, more_again = _first_and_again(tenant, SMALL, times=RUNS - 1)
    firsts, agains = [*firsts, *more_first], [*agains, *more_again]
    first, again = _best(firsts), _best(agains)
    yield Figure("exchange.first_apply.1000.guide.seconds", guide_first, "s")
    yield Figure("exchange.no_change.1000.guide.seconds", guide_again, "s")
    yield at_least("exchange.first_apply.1000.times_faster_than_guide", guide_first / first.seconds, "times", 15)
    yield Figure("exchange.first_apply.1000.times_faster_than_guide_in_batches", in_batches / first.seconds, "times")
    yield at_least("exchange.no_change.1000.times_faster_than_guide", guide_again / again.seconds, "times", 30)
    for rooms in GUIDE_GROWS_BY:
        guide_small, _ = Site(tenant, rooms).guide(FIRST_TIME)
        yield Figure(f"exchange.first_apply.{rooms}.guide.seconds", guide_small, "s")
    large_first, large_again = (_best(runs) for runs in _first_and_again(tenant, LARGE, times=1))
    # One run against three: the best of three would be an unfair measure for it, their middle is not.
    ratios = (large_first.seconds / _middle(firsts), large_again.seconds / _middle(agains))
    yield at_most("exchange.10000_over_1000.time_ratio", max(ratios), "ratio", 11)
    yield at_most("exchange.10000.peak_mib", max(large_first.peak_mib, large_again.peak_mib), "MiB", 250)
    for rooms, situation, run in (
        (SMALL, "first_apply", first),
        (SMALL, "no_change", again),
        (LARGE, "first_apply", large_first),
        (LARGE, "no_change", large_again),
    ):
        yield from round_trips.figures("policy", rooms, situation, run.trips, run.seconds)


def _first_and_again(tenant: Tenant, rooms: int, *, times: int) -> tuple[list[Run], list[Run]]:
    first, again = [], []
    for _ in range(times):
        site = Site(tenant, rooms)
        first.append(site.apply())
        again.append(_without_effect(site))
    return first, again


def _without_effect(site: Site) -> Run:
    run = site.apply()
    if run.changed:
        raise RuntimeError(f"there was nothing to change, and {run.changed} was changed")
    return run


def _best(runs: list[Run]) -> Run:
    return min(runs, key=lambda run: run.seconds)


def _middle(runs: list[Run]) -> float:
    return median(run.seconds for run in runs)


def _counted(tenant: Tenant) -> Iterator[Figure]:
    """Every model, size and situation; what was timed above is not run again, and 10,000 rooms are counted at full speed."""
    for rooms in round_trips.ROOMS:
        for model in round_trips.MODELS:
            timed = rooms != LARGE
            site = Site(tenant, rooms, access=model, slow=timed)
            first, again = site.apply(), _without_effect(site)
            site.add_room()
            added = site.apply()
            site.spoil_a_room()
            drifted = site.apply()
            runs = dict(zip(round_trips.SITUATIONS, (first, again, added, drifted), strict=True))
            for situation, run in runs.items():
                if model == "policy" and rooms in (SMALL, LARGE) and situation in ("first_apply", "no_change"):
                    continue
                seconds = run.seconds if timed else None
                yield from round_trips.figures(model, rooms, situation, run.trips, seconds)
