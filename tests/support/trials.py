"""Many cases side by side, each noted as soon as it is done: what campaigns share.

Owns the order of trying and the file. Refuses to own what a case is, and what the record is made into.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

Wanted = TypeVar("Wanted")
Done = TypeVar("Done")


def side_by_side(
    cases: Iterable[Wanted], run: Callable[[Wanted], Done], at_once: int, minutes: float | None = None
) -> Iterator[Done]:
    """Run cases, `at_once` of them at a time, and give each as it ends; none begins after so many minutes."""
    began, waiting = monotonic(), iter(cases)
    with ThreadPoolExecutor(at_once) as pool:
        futures = {pool.submit(run, case) for case in islice(waiting, at_once)}
        while futures:
            done = next(as_completed(futures))
            futures.remove(done)
            yield done.result()
            if minutes is None or monotonic() - began < 60 * minutes:
                futures |= {pool.submit(run, case) for case in islice(waiting, 1)}


def save(path: Path, record: Any) -> None:
    """Write a record in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    new.replace(path)
