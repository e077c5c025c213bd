from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pictures import pictures
from torch import Tensor

from gantool.api.data import Skipped, Source
from gantool.builtin.sources.folder import build
from gantool.data.batches import ShuffledBatches, open_batches
from gantool.data.order import Order, flips_at
from gantool.data.pictures.options import FolderOptions
from gantool.errors import DataError

CPU = torch.device("cpu")
EPOCH = [6, 7, 3, 2, 5, 0, 4, 1]
FLIPS = [False, True, True, True, False, True, False, False]


class Numbered(Source):
    """Image i is filled with i, its left column with 255; its label is i mod 2."""

    skipped: Sequence[Skipped] = ()

    def __init__(self, count: int = 10, class_names: tuple[str, ...] = ("even", "odd")) -> None:
        self.count = count
        self.class_names = class_names
        self.reads = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int, /) -> tuple[Tensor, int | None]:
        self.reads += 1
        image = torch.full((3, 4, 4), index, dtype=torch.uint8)
        image[..., 0] = 255
        return image, index % 2


class Unchanging(Numbered):
    fingerprint = "v1"


def opened(source: Any, **changes: Any) -> ShuffledBatches:
    defaults = {"name": "numbers", "resolution": 4, "channels": 3, "seed": 3, "flip": False, "labels": False}
    return open_batches(source, **{**defaults, "device": CPU, **changes})


def numbers(batches: ShuffledBatches, images_seen: int, n: int) -> list[int]:
    return batches.take(images_seen, n)[0][:, 0, 0, 1].tolist()


@pytest.mark.parametrize("kind", [Numbered, Unchanging])
def test_every_epoch_shows_each_image_once_in_an_order_of_its_own(kind: type[Numbered]) -> None:
    batches = opened(kind())
    epochs = [numbers(batches, epoch * 10, 10) for epoch in range(3)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 3
    assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.parametrize("kind", [Numbered, Unchanging])
def test_the_sequence_does_not_depend_on_how_it_is_cut(kind: type[Numbered]) -> None:
    batches = opened(kind(), flip=True, labels=True)
    whole, labels = batches.take(0, 35)  # more than three epochs at once
    parts = [opened(kind(), flip=True, labels=True).take(start, 5) for start in range(0, 35, 5)]
    assert torch.equal(whole, torch.cat([images for images, _ in parts]))
    assert labels is not None
    assert torch.equal(labels, torch.cat([label for _, label in parts if label is not None]))


def test_seeds_differ() -> None:
    orders = {tuple(numbers(opened(Numbered(), seed=seed), 0, 10)) for seed in range(-2, 20)}
    assert len(orders) == 22


def test_labels_stay_with_their_images() -> None:
    for kind in (Numbered, Unchanging):
        images, labels = opened(kind(), labels=True).take(4, 8)
        assert labels is not None
        assert labels.dtype == torch.int64
        assert labels.tolist() == (images[:, 0, 0, 1] % 2).tolist()
    assert opened(Unchanging()).take(0, 4)[1] is None


def test_half_of_the_images_are_mirrored_and_the_others_not() -> None:
    images, _ = opened(Unchanging(), flip=True).take(0, 2000)
    left, right = images[:, 0, 0, 0] == 255, images[:, 0, 0, 3] == 255
    assert (left ^ right).all()
    assert 900 < right.sum() < 1100


def test_the_global_generators_are_left_alone() -> None:
    batches, torch_state, numpy_state = opened(Unchanging(), flip=True), torch.get_rng_state(), np.random.get_state()[1]
    batches.take(0, 8)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()


def test_two_processes_share_the_global_batch() -> None:
    alone = opened(Unchanging(), flip=True)
    pair = [opened(Unchanging(), flip=True, rank=rank, world=2) for rank in (0, 1)]
    for seen in (0, 8, 16):
        together = torch.cat([batches.take(seen, 4)[0] for batches in pair])
        assert torch.equal(together, alone.take(seen, 8)[0])


def test_the_order_is_the_same_everywhere_forever() -> None:
    assert Order(seed=0, count=8).images_at(0, 8).tolist() == EPOCH
    assert flips_at(seed=0, start=0, n=8).tolist() == FLIPS


def test_permutations_are_fair() -> None:
    first = [int(Order(seed, 5).images_at(0, 1)[0]) for seed in range(2000)]
    assert (np.bincount(first, minlength=5) > 320).all()


def test_an_unchanging_source_is_read_once() -> None:
    source = Unchanging()
    opened(source).take(0, 20)
    opened(source).take(0, 20)
    assert source.reads == 10
    other = Unchanging()
    other.fingerprint = "v2"
    opened(other).take(0, 5)
    assert other.reads == 10


def test_a_batch_is_its_own_to_change() -> None:
    batches = opened(Unchanging())
    batches.take(0, 10)[0].zero_()
    assert sorted(numbers(batches, 0, 10)) == list(range(10))


def test_a_folder_gives_its_pictures(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a/1.png", "b/1.png", "b/2.png")
    source = build(FolderOptions(path=str(folder)), resolution=4, channels=3)
    batches = opened(source, labels=True)
    images, labels = batches.take(0, 3)
    assert batches.count == 3
    assert batches.class_names == ("a", "b")
    assert batches.fingerprint == source.fingerprint
    order = Order(3, 3).images_at(0, 3)
    assert (images.numpy() == source.pixels[order]).all()
    assert labels is not None
    assert labels.tolist() == [[0, 1, 1][index] for index in order]


class Wrong(Numbered):
    def __init__(self, item: Any) -> None:
        super().__init__()
        self.item = item

    def __getitem__(self, index: int, /) -> Any:
        if isinstance(self.item, Exception):
            raise self.item
        return self.item


GOOD = torch.zeros(3, 4, 4, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ((GOOD.float(), 0), "a tensor of float32 and shape (3, 4, 4)"),
        ((GOOD[:1], 0), "shape (1, 4, 4); it must be a uint8 tensor of shape (3, 4, 4)"),
        ((GOOD.numpy(), 0), "of type ndarray"),
        ((GOOD, None), "the label None"),
        ((GOOD, 2), "the label 2; there are 2 classes"),
        ((GOOD, "even"), "the label 'even'"),
        (GOOD, "failed with ValueError"),
        (RuntimeError("no network"), "failed with RuntimeError: no network"),
    ],
)
def test_a_source_that_breaks_its_promise_is_named(item: Any, words: str) -> None:
    with pytest.raises(DataError) as error:
        opened(Wrong(item), labels=True).take(0, 4)
    assert "Source 'numbers', image " in str(error.value)
    assert words in str(error.value)


def test_what_cannot_be_given_is_explained() -> None:
    with pytest.raises(DataError, match="no labels"):
        opened(Numbered(class_names=()), labels=True)
    with pytest.raises(DataError, match="no images"):
        opened(Numbered(0))


class PartlyLabelled(Unchanging):
    def __getitem__(self, index: int, /) -> tuple[Tensor, int | None]:
        image, label = super().__getitem__(index)
        return image, None if index == 7 else label


class InBatches(PartlyLabelled):
    def batch(self, start: int, stop: int) -> tuple[Tensor, list[int | None]]:
        items = [self[index] for index in range(start, stop)]
        return torch.stack([image for image, _ in items]), [label for _, label in items]


class UnlabelledBatches(InBatches):
    def batch(self, start: int, stop: int) -> Any:
        return super().batch(start, stop)[0], None


@pytest.mark.parametrize("kind", [PartlyLabelled, InBatches, UnlabelledBatches])
def test_an_unchanging_source_that_lacks_labels_is_trained_without(kind: type[Unchanging]) -> None:
    assert sorted(numbers(opened(kind()), 0, 10)) == list(range(10))
    assert opened(kind()).take(0, 4)[1] is None
    with pytest.raises(DataError, match="images without a label"):
        opened(kind(), labels=True)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("kind", [Numbered, Unchanging])
def test_a_gpu_is_given_the_same(kind: type[Numbered], share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantool.data.supply.GPU_SHARE", share)
    cuda = opened(kind(), flip=True, labels=True, device=torch.device("cuda"))
    cpu = opened(kind(), flip=True, labels=True)
    for seen in (0, 4, 8, 30, 34):
        (there, marks), (here, labels) = cuda.take(seen, 4), cpu.take(seen, 4)
        assert there.is_cuda
        assert torch.equal(there.cpu(), here)
        assert marks is not None
        assert labels is not None
        assert torch.equal(marks.cpu(), labels)
