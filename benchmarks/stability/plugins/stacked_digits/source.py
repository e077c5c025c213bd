"""Three digits in three channels, drawn anew for each picture from a folder of digits."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from gantool.api.data import Source
from gantool.builtin.sources import torchvision_sets
from gantool.builtin.sources.builtin_sets import TrainTestOptions
from gantool.builtin.sources.folder import build as build_folder
from gantool.data.cache.build import CachedSource, cached_items
from gantool.data.pictures.options import FolderOptions
from gantool.errors import DataError
from stacked_digits import StackedOptions

DIGITS = tuple("0123456789")


class StackedDigits(Source):
    """`count` pictures `[3, resolution, resolution]`, without classes; picture i follows from (seed, i, the digits)."""

    class_names: Sequence[str] = ()

    def __init__(self, digits: CachedSource, count: int, seed: int) -> None:
        self._digits = digits
        self._chosen = np.random.default_rng(seed).integers(0, len(digits), (count, 3))
        self.fingerprint = f"stacked-{digits.fingerprint}-{count}-{seed}"

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "3 h w"], None]:
        return torch.from_numpy(self._digits.pixels[self._chosen[index], 0]), None

    def batch(self, start: int, stop: int) -> tuple[UInt8[np.ndarray, "n 3 h w"], None]:
        """Pictures `start` to `stop`: much faster than one at a time."""
        return self._digits.pixels[self._chosen[start:stop], 0], None

    def codes(self) -> Int64[np.ndarray, "n"]:
        """The true mode of every picture: the three digits as one number, 0 to 999."""
        codes: Int64[np.ndarray, "n"] = numbers(self._digits)[self._chosen] @ np.array([100, 10, 1])
        return codes


def digits_of(path: str, resolution: int) -> CachedSource:
    """The digits of a folder in grey, from gantool's cache; without a path torchvision's MNIST, never fetched.

    Raises DataError when they are not there, or when the folder's sub-folders are not 0 to 9.
    """
    if not path:
        options = TrainTestOptions(download=False)
        return cached_items(torchvision_sets.mnist(options, resolution, 1), "mnist", 1, resolution)
    digits = build_folder(FolderOptions(path=path), resolution, 1)
    if digits.labels is None or set(digits.class_names) != set(DIGITS):
        found = ", ".join(digits.class_names[:12]) or "no classes"
        raise DataError(f"{path} must hold digits in sub-folders named 0 to 9; it has {found}.")
    return digits


def numbers(digits: CachedSource) -> Int64[np.ndarray, "n"]:
    """The digit that each picture shows; torchvision calls its classes "0 - zero" and so on."""
    assert digits.labels is not None
    shown: Int64[np.ndarray, "n"] = np.array([int(name[0]) for name in digits.class_names])[digits.labels]
    return shown


def build(options: StackedOptions, resolution: int, channels: int) -> StackedDigits:
    """The source, for three channels. Raises DataError for any other number, or a folder of other classes."""
    if channels != 3:
        raise DataError(f"stacked-digits has three channels, not {channels}: leave --channels out.")
    return StackedDigits(digits_of(options.path, resolution), options.count, options.seed)
