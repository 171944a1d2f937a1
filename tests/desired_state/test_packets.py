"""Packets of calls side by side: all are carried out, all are counted, and one that fails for good ends the run."""

import threading

import pytest

from microsoft365.errors import Interrupted
from microsoft365.packets import carry_out_all


@pytest.mark.parametrize("number", [0, 1, 2, 30])
def test_every_packet_is_carried_out_and_every_call_counted(number: int) -> None:
    done: list[list[int]] = []
    counted: list[int] = []
    packets = [[each, each] for each in range(number)]
    carry_out_all(packets, done.append, at_once=4, progress=counted.append)
    assert sorted(done) == packets
    assert sum(counted) == 2 * number


def test_no_more_than_so_many_are_under_way() -> None:
    now, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(3, timeout=10)

    def carry_out(_packet: list[int]) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        with lock:
            now -= 1

    carry_out_all([[each] for each in range(9)], carry_out, at_once=3)
    assert most == 3


def test_nothing_more_is_begun_once_one_has_failed() -> None:
    begun: list[int] = []

    def carry_out(packet: list[int]) -> None:
        begun.append(packet[0])
        raise ValueError(packet[0])

    with pytest.raises(ValueError, match="0"):
        carry_out_all([[each] for each in range(1000)], carry_out, at_once=1)
    assert len(begun) < 1000


@pytest.mark.parametrize("abandon", [True, False])
def test_what_is_under_way_is_waited_for_by_those_who_have_to_clean_up_and_by_nobody_else(abandon: bool) -> None:
    """Whoever is stopped in the middle of changing Exchange says so at once; who has written events takes them away first."""
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def carry_out(packet: list[str]) -> None:
        if packet[0] == "stopped":
            assert begun.wait(10)
            if not abandon:
                threading.Timer(0.2, may_end.set).start()
            raise Interrupted("interrupted", exit_code=130)
        begun.set()
        # Whoever waits for it waits until it gives up.
        may_end.wait(5)
        ended.set()

    with pytest.raises(Interrupted):
        carry_out_all([["stopped"], ["under way"], ["not begun"]], carry_out, at_once=2, abandon=abandon)
    assert ended.is_set() is not abandon
    may_end.set()
