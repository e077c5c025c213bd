"""Processes that start together meet, whatever those before them left in the store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from torch.distributed import HashStore

from gantool.engine.meeting import meet

SOON = timedelta(seconds=20)


def parts(store, size):
    """The parts of the store that so many processes find, each leaving its rank there."""
    with ThreadPoolExecutor(size) as pool:
        found = list(pool.map(lambda rank: meet(store, rank, size, SOON), range(size)))
    for rank, part in enumerate(found):
        part.set(str(rank), f"{rank} of {size}")
    return found


def test_all_processes_share_one_part():
    found = parts(HashStore(), 3)
    assert [one.get("2") for one in found] == [b"2 of 3"] * 3


def test_a_part_holds_nothing_of_an_earlier_start_nor_of_another_number_of_processes():
    store = HashStore()
    for size in (2, 3, 2):
        found = parts(store, size)
        assert all(part.get("0") == f"0 of {size}".encode() for part in found)
        assert not found[0].check(["0-old"])
        found[0].set("0-old", "")


def test_a_process_that_does_not_come_is_named():
    store = HashStore()
    with pytest.raises(RuntimeError, match="1 of 2 processes came; rank 1 did not"):
        meet(store, 0, 2, timedelta(seconds=0.05))
    with pytest.raises(RuntimeError):  # and one whose leader is none any more does not take its answer
        meet(store, 1, 2, timedelta(seconds=0.05))
    assert len(parts(store, 2)) == 2
