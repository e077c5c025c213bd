"""The endless shuffled sequence: the image at each position, and whether it is flipped.

All are pure functions of (seed, position), so that a resumed run sees what an uninterrupted one would. They use one
integer hash instead of a library's random generator, so that they are the same on every machine and in every version.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int64, UInt64

MOST_SORTED = 10_000_000
"""Up to so many images the permutation of an epoch is sorted and kept; beyond, each position is computed by itself."""
_ROUNDS = 8
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


class Order:
    """The order of `count` images, all of them once an epoch, in which an epoch is one permutation.

    With `groups`, the sizes of groups of consecutive images, the groups are permuted in each epoch, every `window` of
    them are read together, and the images of a window are permuted among themselves.
    """

    def __init__(self, seed: int, count: int, groups: Sequence[int] = (), window: int = 1) -> None:
        if count < 1:
            raise ValueError("There is no order of 0 images.")
        self._seed, self._count, self._window = seed, count, window
        self._sizes = np.asarray(groups, np.int64)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._epochs: dict[int, tuple[Int64[np.ndarray, "g"], Int64[np.ndarray, "g"]]] = {}

    def images_at(self, start: int, n: int) -> Int64[np.ndarray, "n"]:
        """Indices of the images at positions `start` to `start + n`."""
        positions = np.arange(start, start + n, dtype=np.int64)
        indices = np.empty(n, np.int64)
        for epoch in range(start // self._count, (start + max(n, 1) - 1) // self._count + 1):
            here = positions // self._count == epoch
            indices[here] = self._in_epoch(epoch, positions[here] % self._count)
        return indices

    def groups_at(self, start: int) -> tuple[int, ...]:
        """The groups of the window at position `start`, then those of the next one; none without groups."""
        if not len(self._sizes):
            return ()
        epoch, place = divmod(start, self._count)
        order, ends = self._groups(epoch)
        window = int(np.searchsorted(self._bounds(ends), place, "right"))
        here = slice(window * self._window, (window + 2) * self._window)
        coming = order[here]
        if (window + 1) * self._window >= len(order):
            coming = np.concatenate([coming, self._groups(epoch + 1)[0][: self._window]])
        return tuple(dict.fromkeys(coming.tolist()))

    def _in_epoch(self, epoch: int, places: Int64[np.ndarray, "n"]) -> Int64[np.ndarray, "n"]:
        if not len(self._sizes):
            return _permuted(self._seed, epoch + 2, self._count, places)
        order, ends = self._groups(epoch)
        bounds = self._bounds(ends)
        windows = np.searchsorted(bounds, places, "right")
        moved = np.empty_like(places)
        for window in np.unique(windows).tolist():
            here = windows == window
            first = int(bounds[window - 1]) if window else 0
            stream = _stream(epoch, window)
            moved[here] = first + _computed(self._seed, stream, int(bounds[window]) - first, places[here] - first)
        groups = np.searchsorted(ends, moved, "right")
        inside = moved - (ends[groups] - self._sizes[order[groups]])
        indices: Int64[np.ndarray, "n"] = self._starts[order[groups]] + inside
        return indices

    def _groups(self, epoch: int) -> tuple[Int64[np.ndarray, "g"], Int64[np.ndarray, "g"]]:
        """The groups in the order of an epoch, and the position in it at which each ends."""
        if epoch not in self._epochs:
            order = _permuted(self._seed, epoch + 2, len(self._sizes), np.arange(len(self._sizes), dtype=np.int64))
            kept = {other: found for other, found in self._epochs.items() if abs(other - epoch) == 1}
            self._epochs = {**kept, epoch: (order, np.cumsum(self._sizes[order]))}
        return self._epochs[epoch]

    def _bounds(self, ends: Int64[np.ndarray, "g"]) -> Int64[np.ndarray, "w"]:
        """The position at which each window ends."""
        last = np.arange(self._window - 1, len(ends) + self._window - 1, self._window)
        bounds: Int64[np.ndarray, "w"] = ends[np.minimum(last, len(ends) - 1)]
        return bounds


def flips_at(seed: int, start: int, n: int) -> Bool[np.ndarray, "n"]:
    """A mask of the images to mirror: a fair coin for each position."""
    coins = _hashed(np.arange(start, start + n, dtype=np.uint64), seed, stream=1) >> np.uint64(63)
    return coins.astype(np.bool_)


def _permuted(seed: int, stream: int, count: int, places: Int64[np.ndarray, "n"]) -> Int64[np.ndarray, "n"]:
    """The values of a permutation of `count` at these places."""
    if count <= MOST_SORTED:
        kept: Int64[np.ndarray, "n"] = _permutation(seed, count, stream)[places]
        return kept
    return _computed(seed, stream, count, places)


def _computed(seed: int, stream: int, count: int, places: Int64[np.ndarray, "n"]) -> Int64[np.ndarray, "n"]:
    """The same of another permutation, none of whose values is kept."""
    # Cycle walking (Black, Rogaway 2002, section 3): a permutation of the next power of two, again where it leads out.
    values, outside = places.astype(np.uint64), np.arange(len(places))
    while len(outside):
        values[outside] = _enciphered(values[outside], seed, stream, (count - 1).bit_length())
        outside = outside[values[outside] >= count]
    return values.astype(np.int64)


def _enciphered(values: UInt64[np.ndarray, "n"], seed: int, stream: int, bits: int) -> UInt64[np.ndarray, "n"]:
    """A Feistel network on numbers of so many bits: each half is changed by a hash of the other, in turns."""
    low_bits = bits // 2
    low_mask, high_mask = np.uint64((1 << low_bits) - 1), np.uint64((1 << (bits - low_bits)) - 1)
    low, high = values & low_mask, values >> np.uint64(low_bits)
    for key in _keys(seed, stream):
        high = high ^ (_mixed(low + key[0]) & high_mask)
        low = low ^ (_mixed(high + key[1]) & low_mask)
    enciphered: UInt64[np.ndarray, "n"] = (high << np.uint64(low_bits)) | low
    return enciphered


@lru_cache(maxsize=16)
def _keys(seed: int, stream: int) -> UInt64[np.ndarray, "rounds 2"]:
    return _hashed(np.arange(_ROUNDS, dtype=np.uint64), seed, stream).reshape(-1, 2)


@lru_cache(maxsize=4)
def _permutation(seed: int, count: int, stream: int) -> Int64[np.ndarray, "count"]:
    keys = _hashed(np.arange(count, dtype=np.uint64), seed, stream)
    return np.argsort(keys, kind="stable")


def _stream(epoch: int, window: int) -> int:
    """A stream of its own for each window of each epoch."""
    return int(_mixed(_mixed(np.array([epoch], np.uint64)) + np.array([window], np.uint64))[0])


def _hashed(values: UInt64[np.ndarray, "n"], seed: int, stream: int) -> UInt64[np.ndarray, "n"]:
    """SplitMix64 (Steele, Lea, Flood 2014, figure 4) of the values, with a sequence of its own per (seed, stream)."""
    key = _mixed(np.array([(seed * _GOLDEN + stream) & _MASK], np.uint64))
    key = _mixed(key + np.uint64(stream & _MASK))
    return _mixed(key + (values + np.uint64(1)) * np.uint64(_GOLDEN))


def _mixed(x: UInt64[np.ndarray, "*n"]) -> UInt64[np.ndarray, "*n"]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: UInt64[np.ndarray, "*n"] = x ^ (x >> np.uint64(31))
    return mixed
