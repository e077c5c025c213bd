import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gantool.api.data import Source
from gantool.data import order
from gantool.data.batches import ShuffledBatches, open_batches
from gantool.data.joined import JoinedSource
from gantool.data.order import Order
from gantool.errors import DataError

SIZES = [5, 0, 7, 3, 9, 1, 6, 4]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small permutations are computed position by position too."""
    monkeypatch.setattr(order, "MOST_SORTED", 0)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 64, 65, 1000, 4097])
def test_a_computed_permutation_is_one(count: int, computed: None) -> None:
    epochs = [Order(7, count).images_at(epoch * count, count).tolist() for epoch in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(count))] * 2
    assert count < 5 or epochs[0] != epochs[1]


def test_a_computed_permutation_looks_random(computed: None) -> None:
    count = 10_007
    steps, firsts = np.abs(np.diff(Order(0, count).images_at(0, count))), []
    assert (steps == 1).sum() < 10  # two are expected
    assert abs(steps.mean() / count - 1 / 3) < 0.01
    for seed in range(2000):
        firsts.append(int(Order(seed, 5).images_at(0, 1)[0]))
    assert (np.bincount(firsts, minlength=5) > 320).all()


def test_each_position_of_a_billion_is_found_alone_and_at_once() -> None:
    whole = Order(3, 10**9)
    some = whole.images_at(10**9 - 500, 1000)  # across the end of an epoch
    began = time.process_time()
    alone = [int(whole.images_at(10**9 - 500 + place, 1)[0]) for place in range(0, 1000, 10)]
    assert (time.process_time() - began) / len(alone) < 0.01  # a tenth of a millisecond, on a quiet machine
    assert some[::10].tolist() == alone
    assert len(set(some.tolist())) > 990
    assert 0 <= some.min() < 10**7
    assert 10**9 - 10**7 < some.max() < 10**9


@pytest.mark.parametrize("window", [1, 3, 8, 20])
def test_groups_are_read_window_by_window_and_each_image_once_an_epoch(window: int) -> None:
    count, groups = sum(SIZES), np.repeat(np.arange(len(SIZES)), SIZES)
    one = Order(1, count, SIZES, window)
    epochs = [one.images_at(epoch * count, count) for epoch in range(3)]
    assert [sorted(epoch.tolist()) for epoch in epochs] == [list(range(count))] * 3
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 3
    for position in range(3 * count):
        coming = one.groups_at(position)
        near = one.images_at(position, 2)
        assert window == 1 or set(groups[near].tolist()) <= set(coming)  # else an empty group may be the next window
        assert groups[near[0]] in coming[:window]
        assert len(coming) <= 2 * window


def test_the_order_of_groups_does_not_depend_on_how_it_is_cut(computed: None) -> None:
    whole = Order(1, sum(SIZES), SIZES, 3).images_at(0, 100)
    parts = [Order(1, sum(SIZES), SIZES, 3).images_at(start, 5) for start in range(0, 100, 5)]
    assert np.array_equal(whole, np.concatenate(parts))


class Grouped(Source):
    """Image i is filled with i; it remembers what it was asked for."""

    groups: Sequence[int] = SIZES
    window = 2
    fingerprint = "grouped"
    cached = False

    def __init__(self) -> None:
        self.gatherings: list[int] = []
        self.expected: list[tuple[int, ...]] = []

    def __len__(self) -> int:
        return sum(SIZES)

    def __getitem__(self, index: int, /) -> tuple[Tensor, int | None]:
        return torch.full((3, 4, 4), index, dtype=torch.uint8), None

    def gather(self, indices: Sequence[int]) -> tuple[Any, Any]:
        self.gatherings.append(len(indices))
        return torch.stack([self[index][0] for index in indices]), None

    def expect(self, groups: Sequence[int]) -> None:
        self.expected.append(tuple(groups))


def opened(source: Source, **changes: Any) -> ShuffledBatches:
    setting = {"name": "grouped", "resolution": 4, "channels": 3, "seed": 1, "flip": False, "labels": False}
    return open_batches(source, **{**setting, "device": torch.device("cpu"), **changes})


def test_a_source_with_groups_is_read_by_them_and_not_cached() -> None:
    source = Grouped()
    batches = opened(source)
    seen = torch.cat([batches.take(start, 5)[0] for start in range(0, 35, 5)])[:, 0, 0, 0].tolist()
    assert sorted(seen) == list(range(35))
    assert source.gatherings == [5] * 7
    assert seen == Order(1, 35, SIZES, 2).images_at(0, 35).tolist()
    assert 2 < len(source.expected) < 7
    assert all(len(groups) <= 4 for groups in source.expected)
    pair = [opened(Grouped(), rank=rank, world=2) for rank in range(2)]
    assert torch.cat([one.take(10, 5)[0] for one in pair])[:, 0, 0, 0].tolist() == seen[10:20]


def test_the_fingerprint_of_a_source_that_is_not_cached_is_checked_too() -> None:
    other = Grouped()
    other.fingerprint = "other"
    assert opened(Grouped()).fingerprint == opened(Grouped(), name="elsewhere").fingerprint != opened(other).fingerprint


def test_groups_that_are_not_all_images_are_told() -> None:
    source = Grouped()
    source.groups = [5, 6]
    with pytest.raises(DataError, match=r"groups of 11 images in windows of 2; .* add up to its 35 images"):
        opened(source)


class Plain(Grouped):
    groups: Sequence[int] = ()

    def __getitem__(self, index: int, /) -> tuple[Tensor, int | None]:
        return torch.full((3, 4, 4), 100 + index, dtype=torch.uint8), None

    def gather(self, indices: Sequence[int]) -> Any:
        return None


def test_joined_sources_keep_their_groups() -> None:
    grouped = Grouped()
    joined = JoinedSource([Plain(), grouped], ["plain", "grouped"])
    assert list(joined.groups) == [9, 9, 9, 8, *SIZES]
    batches = opened(joined)
    seen = torch.cat([batches.take(start, 7)[0] for start in range(0, 70, 7)])[:, 0, 0, 0].tolist()
    assert sorted(seen) == [*range(35), *range(100, 135)]
    assert {group for groups in grouped.expected for group in groups} == set(range(len(SIZES)))
    assert not joined.cached
