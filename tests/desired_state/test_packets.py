"""Packets of calls side by side: all are carried out, all are counted, and one that fails for good ends the run."""

import threading

import pytest

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
