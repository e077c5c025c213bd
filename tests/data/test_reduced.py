from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from gantool.api.data import Source
from gantool.data.batches import open_batches
from gantool.data.cache import reduced
from gantool.data.cache.build import CachedSource, cached_items
from gantool.data.supply import _map_reader, _PrefetchingSupply
from gantool.errors import DataError

CPU = torch.device("cpu")


class Noise(Source):
    """Random pictures of 16 pixels, without an end to what they show."""

    class_names = ("a", "b")
    skipped = ()

    def __init__(self) -> None:
        drawn = torch.Generator().manual_seed(0)
        self.images = torch.randint(0, 256, (12, 3, 16, 16), dtype=torch.uint8, generator=drawn)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int, /) -> tuple[Tensor, int | None]:
        return self.images[index], index % 2


class Unchanging(Noise):
    fingerprint = "v1"


def opened(source: Any, **changes: Any) -> Any:
    settings = {"name": "noise", "resolution": 16, "channels": 3, "seed": 3, "flip": False, "labels": True}
    return open_batches(source, device=CPU, **settings | changes)


@pytest.mark.parametrize("kind", [Noise, Unchanging])
@pytest.mark.parametrize("side", [4, 8])
def test_smaller_batches_are_the_means_of_the_same_pictures(kind: type[Noise], side: int) -> None:
    batches = opened(kind())
    images, labels = batches.take(7, 10)
    small, same_labels = batches.take(7, 10, side)
    assert small.shape == (10, 3, side, side)
    assert torch.equal(labels, same_labels)
    exact = F.avg_pool2d(images.float(), 16 // side)
    assert (small.float() - exact).abs().max() <= 1.01  # rounded once a halving
    assert (small.float() - exact).mean().abs() < 0.05  # neither brighter nor darker


def test_the_full_side_is_the_picture_itself() -> None:
    batches = opened(Unchanging())
    assert torch.equal(batches.take(0, 5, 16)[0], batches.take(0, 5)[0])


def test_mirrored_pictures_are_mirrored_at_every_side() -> None:
    plain, flipped = opened(Noise()), opened(Noise(), flip=True)
    for side in (16, 4):
        before, after = plain.take(0, 12, side)[0], flipped.take(0, 12, side)[0]
        same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        mirrored = [torch.equal(a.flip(-1), b) for a, b in zip(before, after, strict=True)]
        assert all(a != b for a, b in zip(same, mirrored, strict=True))
        assert any(mirrored)


def sides(source: CachedSource) -> set[str]:
    return {file.name for file in source.folder.glob("*.u8")}


def test_coarse_levels_are_read_from_files_of_their_own_size_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = cached_items(Unchanging(), "noise", 3, 16)
    assert sides(source) == {"pixels.u8"}
    rows = source.reduced(4)
    assert sides(source) == {"pixels.u8", "pixels-8.u8", "pixels-4.u8"}
    assert (source.folder / "pixels-4.u8").stat().st_size == 12 * 3 * 4 * 4
    assert isinstance(rows, np.memmap)
    again = cached_items(Unchanging(), "noise", 3, 16)
    monkeypatch.setattr(reduced, "_build", lambda *args: pytest.fail("built twice"))
    assert np.array_equal(again.reduced(4), rows)
    assert again.reduced(16) is again.pixels


def test_a_file_that_a_killed_build_cut_short_is_built_again() -> None:
    source = cached_items(Unchanging(), "noise", 3, 16)
    rows = np.array(source.reduced(8))
    file = source.folder / "pixels-8.u8"
    file.write_bytes(file.read_bytes()[:-5])
    assert np.array_equal(cached_items(Unchanging(), "noise", 3, 16).reduced(8), rows)


def test_a_full_disk_is_explained_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    source = cached_items(Unchanging(), "noise", 3, 16)

    def full(images: Any, factor: int) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reduced, "_means", full)
    with pytest.raises(DataError, match="disk is full"):
        source.reduced(8)
    assert not list(Path(source.folder).glob("*.tmp"))


def test_any_factor_is_reduced_not_halvings_alone() -> None:
    images = torch.arange(36, dtype=torch.uint8).view(1, 1, 6, 6)
    assert torch.equal(reduced.shrunk(images, 2), torch.tensor([[[[7, 10], [25, 28]]]], dtype=torch.uint8))
    rows = reduced._means(images.numpy(), 3)
    assert rows.tolist() == [[[[7, 10], [25, 28]]]]


def test_files_and_memory_reduce_alike() -> None:
    source = cached_items(Unchanging(), "noise", 3, 16)
    for side in (2, 4, 8):
        assert np.array_equal(source.reduced(side), reduced.shrunk(torch.from_numpy(np.array(source.pixels)), side))


def test_what_is_read_ahead_serves_only_the_side_it_was_read_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tensor, "pin_memory", lambda tensor: tensor)
    source = cached_items(Unchanging(), "noise", 3, 16)
    supply = _PrefetchingSupply(_map_reader(source, True, (4, 16)), CPU)
    one, two = np.array([3, 1]), np.array([0, 2])
    assert supply(one, two, 4)[0].shape[-1] == 4
    images, labels = supply(two, one, 16)  # a stage began, and nobody could have known
    assert np.array_equal(images, source.pixels[two])
    assert labels.tolist() == [0, 0]
    assert np.array_equal(supply(one, two, 16)[0], source.pixels[one])
