"""Batches gathered in GPU memory, from a memory map, or from a source item by item."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from gantool.api.data import Source
from gantool.api.networks import Labels
from gantool.data.cache.build import CachedSource
from gantool.data.cache.reduced import shrunk
from gantool.data.cache.store import check_whole
from gantool.data.items import gathered

GPU_SHARE = 0.3
"""The data set is kept in GPU memory if it takes at most this share of the free memory."""
_UPLOAD_BYTES = 1 << 26

Indices = Int64[np.ndarray, "n"]
Batch = tuple[UInt8[Tensor, "n c h w"], Labels]
Read = Callable[[Indices, int], Batch]
"""A function from indices and a side to the images in main memory, reduced to that side, with labels or None."""
Supply = Callable[[Indices, Indices, int], Batch]
"""A function from indices, those likely to come next, and a side to the images on the training device."""


def supply_of(
    source: Source, name: str, shape: tuple[int, int, int], labels: bool, device: torch.device, sides: Sequence[int]
) -> Supply:
    """The fastest supply of batches of `source` on `device` at these sides."""
    if not isinstance(source, CachedSource):
        return _supply_from(_item_reader(source, name, shape, labels), device)
    if device.type == "cuda" and source.pixels.nbytes <= GPU_SHARE * torch.cuda.mem_get_info(device)[0]:
        return _resident(source, labels, device)
    return _supply_from(_map_reader(source, labels, sides), device)


def _map_reader(source: CachedSource, labels: bool, sides: Sequence[int]) -> Read:
    numbers = source.labels if labels else None
    for side in sides:
        source.reduced(side)  # now, since the cache may have been emptied when a stage begins days later

    def read(indices: Indices, side: int) -> Batch:
        images = torch.from_numpy(np.take(source.reduced(side), indices, axis=0))
        return images, None if numbers is None else torch.from_numpy(numbers[indices])

    return read


def _item_reader(source: Source, name: str, shape: tuple[int, int, int], labels: bool) -> Read:
    def read(indices: Indices, side: int) -> Batch:
        images, numbers = gathered(source, indices.tolist(), name, shape, labels)
        return shrunk(images, side), numbers

    return read


def _resident(source: CachedSource, labels: bool, device: torch.device) -> Supply:
    images = torch.empty(source.pixels.shape, dtype=torch.uint8, device=device)
    step = max(1, _UPLOAD_BYTES // (source.pixels.nbytes // len(source)))
    for start in range(0, len(source), step):
        images[start : start + step] = torch.from_numpy(check_whole(source.pixels)[start : start + step].copy())
    numbers = torch.from_numpy(source.labels).to(device) if labels and source.labels is not None else None
    at_side = {images.shape[-1]: images}

    def supply(indices: Indices, following: Indices, side: int) -> Batch:
        if side not in at_side:  # all of them, so that a step at a coarse level does not gather full pictures
            at_side[side] = torch.cat([shrunk(block, side) for block in torch.split(images, step)])
        chosen = torch.from_numpy(indices).pin_memory().to(device, non_blocking=True)
        return at_side[side][chosen], None if numbers is None else numbers[chosen]

    return supply


def _supply_from(read: Read, device: torch.device) -> Supply:
    if device.type == "cuda":
        return _PrefetchingSupply(read, device)

    def supply(indices: Indices, following: Indices, side: int) -> Batch:
        images, labels = read(indices, side)
        return images.to(device), None if labels is None else labels.to(device)

    return supply


class _PrefetchingSupply:
    """A supply that reads the next batch into pinned memory while the GPU works on this one."""

    def __init__(self, read: Read, device: torch.device) -> None:
        self._read = read
        self._device = device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gantool-batches")
        self._ahead: tuple[Indices, int, Future[Batch]] | None = None

    def __call__(self, indices: Indices, following: Indices, side: int) -> Batch:
        if self._ahead is not None and self._ahead[1] == side and np.array_equal(self._ahead[0], indices):
            images, labels = self._ahead[2].result()
        else:
            images, labels = self._pinned(indices, side)
        self._ahead = (following, side, self._thread.submit(self._pinned, following, side))
        there = None if labels is None else labels.to(self._device, non_blocking=True)
        return images.to(self._device, non_blocking=True), there

    def _pinned(self, indices: Indices, side: int) -> Batch:
        images, labels = self._read(indices, side)
        return images.pin_memory(), None if labels is None else labels.pin_memory()
