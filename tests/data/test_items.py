from collections.abc import Sequence

import numpy as np
import pytest
import torch

from gantool.api.data import Skipped, Source
from gantool.data.items import read_item, read_items
from gantool.errors import DataError

SHAPE = (1, 2, 2)


class Plain(Source):
    """700 pictures of 2 x 2, each filled with its index; the label is whether that is odd."""

    class_names: Sequence[str] = ("even", "odd")
    skipped: Sequence[Skipped] = ()

    def __len__(self) -> int:
        return 700

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int | None]:
        return torch.full(SHAPE, index % 256, dtype=torch.uint8), index % 2


class Batched(Plain):
    def __init__(self) -> None:
        self.calls = 0

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int | None]:
        raise AssertionError("one at a time is slow")

    def batch(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        indices = np.arange(start, stop)
        return np.broadcast_to((indices % 256).astype(np.uint8)[:, None, None, None], (len(indices), *SHAPE)).copy(), (
            indices % 2
        )


class Short(Batched):
    def batch(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        return super().batch(start, stop - 1)


@pytest.mark.parametrize("labels", [True, False])
def test_batches_give_the_same_items_in_fewer_calls(labels: bool) -> None:
    source = Batched()
    fast, slow = (list(read_items(one, "x", SHAPE, labels)) for one in (source, Plain()))
    assert source.calls < 10
    assert [label for _, label in fast] == [label for _, label in slow]
    assert all(torch.equal(a, b) for (a, _), (b, _) in zip(fast, slow, strict=True))


def test_a_batch_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(DataError, match="gave 255 images and 255 labels"):
        list(read_items(Short(), "x", SHAPE, True))


@pytest.mark.parametrize("source", [Plain(), Batched()], ids=["one by one", "batches"])
def test_the_wrong_shape_is_refused_with_the_index(source: Plain) -> None:
    with pytest.raises(DataError, match=r"Source 'x', image 0 is a tensor of uint8 and shape \(1, 2, 2\)"):
        next(iter(read_items(source, "x", (3, 2, 2), True)))


def test_a_label_without_a_class_is_refused() -> None:
    source = Plain()
    source.class_names = ("even",)
    with pytest.raises(DataError, match="image 1 has the label 1"):
        read_item(source, 1, "x", SHAPE, True)
