"""The endless shuffled sequence: the image at each position, and whether it is flipped.

Both are pure functions of (seed, position), so that a resumed run sees what an uninterrupted one would. They use one
integer hash instead of a library's random generator, so that they are the same on every machine and in every version.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int64, UInt64

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def images_at(seed: int, count: int, start: int, n: int) -> Int64[np.ndarray, "n"]:
    """Indices of the images at positions `start` to `start + n`; every `count` positions are one shuffled epoch."""
    positions = np.arange(start, start + n, dtype=np.int64)
    indices = np.empty(n, np.int64)
    for epoch in range(start // count, (start + max(n, 1) - 1) // count + 1):
        here = positions // count == epoch
        indices[here] = _permutation(seed, count, epoch)[positions[here] % count]
    return indices


def flips_at(seed: int, start: int, n: int) -> Bool[np.ndarray, "n"]:
    """A mask of the images to mirror: a fair coin for each position."""
    coins = _hashed(np.arange(start, start + n, dtype=np.uint64), seed, stream=1) >> np.uint64(63)
    return coins.astype(np.bool_)


@lru_cache(maxsize=4)
def _permutation(seed: int, count: int, epoch: int) -> Int64[np.ndarray, "count"]:
    keys = _hashed(np.arange(count, dtype=np.uint64), seed, stream=epoch + 2)
    return np.argsort(keys, kind="stable")


def _hashed(values: UInt64[np.ndarray, "n"], seed: int, stream: int) -> UInt64[np.ndarray, "n"]:
    """SplitMix64 (Steele, Lea, Flood 2014, figure 4) of the values, with a sequence of its own per (seed, stream)."""
    key = _mixed(np.array([(seed * _GOLDEN + stream) & _MASK], np.uint64))
    key = _mixed(key + np.uint64(stream & _MASK))
    return _mixed(key + (values + np.uint64(1)) * np.uint64(_GOLDEN))


def _mixed(x: UInt64[np.ndarray, "n"]) -> UInt64[np.ndarray, "n"]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: UInt64[np.ndarray, "n"] = x ^ (x >> np.uint64(31))
    return mixed
