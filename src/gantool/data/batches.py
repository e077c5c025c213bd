"""Batches of real images on the training device, as a pure function of `images_seen`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor

from gantool.api.data import Source
from gantool.api.networks import Labels
from gantool.data.cache.build import CachedSource, cached_items, is_to_cache
from gantool.data.items import read_item, told
from gantool.data.order import Order, flips_at
from gantool.data.supply import Supply, supply_of
from gantool.errors import DataError


class Expecting:
    """Tells a source of the groups that come into use, when they are others than before.

    Reading must go on from where it stood: a few images of elsewhere, as for a comparison, are not worth fetching more.
    """

    def __init__(self, source: Source, order: Order) -> None:
        self._source, self._order = source, order
        self._groups: tuple[int, ...] = ()
        self._stop = 0

    def __call__(self, start: int, n: int) -> None:
        """The global batch of n images from position `start` on is read now."""
        goes_on, self._stop = start == self._stop, start + n
        if goes_on and (groups := self._order.groups_at(start)) != self._groups:
            self._groups = groups
            self._source.expect(groups)


@dataclass(frozen=True)
class ShuffledBatches:
    """Batches of an endless shuffled sequence of images; `open_batches` makes them.

    `fingerprint` is a hash of pixels and labels, by which a resumed run checks that it has the same images. Moving or
    touching the files does not change it. (For a source without one it covers only its options, size and classes.)
    """

    count: int
    class_names: tuple[str, ...]
    fingerprint: str
    supply: Supply
    resolution: int
    seed: int
    flip: bool
    rank: int
    world: int
    notes: tuple[str, ...]
    order: Order
    expecting: Expecting

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[UInt8[Tensor, "n c h w"], Labels]:
        """This process's n images of the global batch that begins at `images_seen`, with labels if `labels` was set.

        The global batch is the next `world * n` positions of the sequence, of which process `rank` has the `rank`-th n.
        """
        start = images_seen + self.rank * n
        self.expecting(images_seen, self.world * n)
        indices = self.order.images_at(start, n)
        following = self.order.images_at(start + self.world * n, n)
        images, labels = self.supply(indices, following, resolution or self.resolution)
        if self.flip:
            images = _mirrored(images, flips_at(self.seed, start, n))
        return images, labels


def open_batches(
    source: Source,
    *,
    name: str,
    resolution: int,
    channels: int,
    seed: int,
    flip: bool,
    labels: bool,
    device: torch.device,
    rank: int = 0,
    world: int = 1,
    sides: Sequence[int] = (),
    known: str | None = None,
    cache: bool = True,
) -> ShuffledBatches:
    """Batches of `source` for one process of `world`, also at smaller `sides`; `name` is for messages.

    A source without a fingerprint is known by the text `known`, by default its name.

    A source with a `fingerprint` is cached first, unless `cache` is False. The sequence, mirror images included,
    depends on `seed` and position alone. Raises DataError when the source is empty, unlabelled though `labels` are
    wanted, or gives something else than uint8 `[channels, resolution, resolution]`.
    """
    if len(source) == 0:
        raise DataError(f"{told(source, name)} has no images.")
    if labels and not source.class_names:
        raise DataError(f"{told(source, name)} has no labels, so it cannot be trained with --labels.")
    notes, shape = tuple(source.notes), (channels, resolution, resolution)
    source = _readable(source, name, shape, labels, cache)
    supply = supply_of(source, name, shape, labels, device, sides)
    fingerprint = _fingerprint(source, known or name, shape)
    names, order = tuple(source.class_names), _order_of(source, name, seed)
    expecting = Expecting(source, order)
    return ShuffledBatches(
        len(source), names, fingerprint, supply, resolution, seed, flip, rank, world, notes, order, expecting
    )


def _readable(source: Source, name: str, shape: tuple[int, int, int], labels: bool, cache: bool) -> Source:
    """The source, from its cache where it has one. Raises DataError when it gives other images than of this shape."""
    if cache and is_to_cache(source):
        source = cached_items(source, name, *shape[:2])
        if labels and source.labels is None:
            raise DataError(f"Source {name!r} has images without a label, so it cannot be trained with --labels.")
    if isinstance(source, CachedSource) and source.pixels.shape[1:] != shape:
        raise DataError(f"Source {name!r} has images of shape {source.pixels.shape[1:]}; they must be {shape}.")
    if not isinstance(source, CachedSource):
        read_item(source, 0, name, shape, labels)  # a fault that every image has is found before the run folder is made
    return source


def _order_of(source: Source, name: str, seed: int) -> Order:
    """The order of a source's images. Raises DataError when its groups are not all of its images."""
    groups = list(source.groups)
    if groups and (sum(groups) != len(source) or min(groups) < 0 or source.window < 1):
        raise DataError(
            f"{told(source, name)} has groups of {sum(groups):,} images in windows of {source.window}; they must be "
            f"sizes from 0 on that add up to its {len(source):,} images, in windows of 1 or more."
        )
    return Order(seed, len(source), groups, source.window)


def _mirrored(images: UInt8[Tensor, "n c h w"], which: Bool[np.ndarray, "n"]) -> UInt8[Tensor, "n c h w"]:
    """The images, those that `which` marks mirrored; on the CPU in place by numpy, which copies ten times as fast."""
    if images.device.type == "cpu":
        pixels = images.numpy()
        pixels[which] = pixels[which][..., ::-1]
        return images
    flipped = torch.from_numpy(which).to(images.device, non_blocking=True)
    return torch.where(flipped[:, None, None, None], images.flip(-1), images)


def _fingerprint(source: Source, known: str, shape: tuple[int, int, int]) -> str:
    if isinstance(source, CachedSource):
        return source.fingerprint
    if source.fingerprint is not None:
        return hashlib.sha256(repr((source.fingerprint, shape)).encode()).hexdigest()[:32]
    told = repr((known, len(source), shape, tuple(source.class_names)))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
