"""Packets of calls, sent side by side: the threads of a run, its count for people, and its end when one packet fails for good.

Owns how many are under way at once and in which order they are begun, and who is waited for when it ends early. Owns neither
what is in a packet nor how it is sent: exchange/rest.py and graph/batch.py each have their own.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from microsoft365.errors import Interrupted

Packet = TypeVar("Packet", bound=Sequence[object])


def carry_out_all(
    packets: Sequence[Packet],
    carry_out: Callable[[Packet], None],
    *,
    at_once: int,
    progress: Callable[[int], None] | None = None,
    abandon: bool = True,
) -> None:
    """Carry out every packet, at most `at_once` side by side; `progress` is told how many more calls are done.

    Raises what the first packet that fails raises; nothing more is begun then. `abandon`: see threads.
    """
    telling = threading.Lock()

    def carry(packet: Packet) -> None:
        carry_out(packet)
        if progress is not None:
            with telling:
                progress(len(packet))

    if len(packets) == 1:
        carry(packets[0])
    elif packets:
        with threads(min(at_once, len(packets)), abandon=abandon) as pool:
            futures = [pool.submit(carry, packet) for packet in packets]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


@contextmanager
def threads(number: int, *, abandon: bool = True) -> Iterator[ThreadPoolExecutor]:
    """Give so many threads, which are waited for at the end.

    `abandon`: not where somebody has stopped the run. An answer may take minutes, and whoever stops a run is about to kill it.
    """
    pool = ThreadPoolExecutor(max_workers=number)
    try:
        yield pool
    except Interrupted:
        pool.shutdown(wait=not abandon, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown()
        raise
    pool.shutdown()
