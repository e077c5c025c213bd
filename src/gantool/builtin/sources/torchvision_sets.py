"""Well-known data sets by torchvision, which downloads and reads them on the user's machine."""

import contextlib
import hashlib
import importlib
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from gantool.api.data import Source
from gantool.builtin.sources.builtin_sets import TorchvisionOptions
from gantool.errors import DataError
from gantool.files import cache_folder
from gantool.homes import at_home
from gantool.progress import report


@dataclass(frozen=True)
class _Set:
    """A data set in torchvision: its class, the arguments for each split, and the place of its files under the root."""

    torchvision: str
    splits: dict[str, dict[str, Any]]
    files: str
    class_names: Callable[[Any], Sequence[str]] = lambda part: part.classes


def _parts(*names: str) -> dict[str, dict[str, Any]]:
    return {name: {"split": name} for name in names}


_TRAIN_TEST = {"train": {"train": True}, "test": {"train": False}}
_IDX = "the four -ubyte.gz files into {0}/raw"
_SETS = {
    "mnist": _Set("MNIST", _TRAIN_TEST, _IDX.format("MNIST")),
    "fashion-mnist": _Set("FashionMNIST", _TRAIN_TEST, _IDX.format("FashionMNIST")),
    "kmnist": _Set("KMNIST", _TRAIN_TEST, _IDX.format("KMNIST")),
    "cifar10": _Set("CIFAR10", _TRAIN_TEST, "cifar-10-python.tar.gz (unpacked)"),
    "cifar100": _Set("CIFAR100", _TRAIN_TEST, "cifar-100-python.tar.gz (unpacked)"),
    "svhn": _Set(
        "SVHN",
        _parts("train", "test", "extra"),
        "train_32x32.mat, test_32x32.mat and extra_32x32.mat",
        lambda part: [str(digit) for digit in range(10)],
    ),
    "stl10": _Set("STL10", _parts("train", "test", "unlabeled"), "stl10_binary.tar.gz (unpacked)"),
    "celeba": _Set(
        "CelebA",
        _parts("train", "valid", "test"),
        "img_align_celeba.zip (unpacked) and the five .txt files into celeba",
        lambda part: (),  # the forty attributes are no classes
    ),
    "flowers102": _Set(
        "Flowers102",
        _parts("train", "val", "test"),
        "102flowers.tgz (unpacked), imagelabels.mat and setid.mat into flowers-102",
    ),
    "oxford-pets": _Set(
        "OxfordIIITPet",
        _parts("trainval", "test"),
        "images.tar.gz and annotations.tar.gz (both unpacked) into oxford-iiit-pet",
    ),
    "food101": _Set("Food101", _parts("train", "test"), "food-101.tar.gz (unpacked)"),
}


class TorchvisionSource(Source):
    """One or more parts of a set in sequence; pictures are cropped to their centre and resized."""

    def __init__(self, parts: Sequence[Any], class_names: Sequence[str], resolution: int, channels: int, name: str):
        self.class_names: Sequence[str] = tuple(class_names)
        names = hashlib.sha256("\n".join(self.class_names).encode()).hexdigest()[:8]
        self.fingerprint = f"torchvision-{name}-{sum(map(len, parts))}-{names}-{resolution}x{channels}"
        self._parts, self._resolution, self._channels = parts, resolution, channels
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        index %= len(self)
        part = bisect_right(self._ends, index)
        image, label = self._parts[part][index - (self._ends[part - 1] if part else 0)]
        return _fitted(image, self._resolution, self._channels), int(label) if self.class_names else None


def build(name: str, options: TorchvisionOptions, resolution: int, channels: int) -> TorchvisionSource:
    """The set at any resolution, with 1, 3 or 4 channels; labelled where the set has classes and all parts have labels.

    Raises DataError if its files are missing and cannot be fetched, or a package to read them is missing.
    """
    known = _SETS[name]
    root = at_home(options.root) if options.root else cache_folder() / "torchvision"
    wanted = known.splits if options.split == "all" else {options.split: known.splits[options.split]}
    parts = [_part(name, known, root, asked, options.download) for asked in wanted.values()]
    labelled = "unlabeled" not in wanted
    return TorchvisionSource(
        parts, known.class_names(parts[0]) if labelled else (), resolution, channels, f"{name}-{options.split}"
    )


def _part(name: str, known: _Set, root: Path, asked: dict[str, Any], download: bool) -> Any:
    """One part of a set, from local files; fetched only if these are missing."""
    elsewhere = "Or train on pictures of your own (--data FOLDER) or on --data shapes, which needs no files."
    by_hand = f"put {known.files} under {root}"
    try:
        dataset = getattr(importlib.import_module("torchvision.datasets"), known.torchvision)
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for results
            try:
                return dataset(root, **asked, download=False)
            except (RuntimeError, FileNotFoundError) as missing:
                if not download:
                    state = f"The files of {name} are not in {root}, or damaged, and download=no forbids to fetch them"
                    raise DataError(f"{state}: {by_hand}. {elsewhere}") from missing
            root.mkdir(parents=True, exist_ok=True)
            report(f"downloading {name}", 0, 1)
            fetched = dataset(root, **asked, download=True)
            report(f"downloading {name}", 1, 1)
            return fetched
    except DataError:
        raise
    except ImportError as error:
        package = error.name or "a package"
        raise DataError(f"{name} cannot be read without {package}: pip install {package}. {elsewhere}") from error
    except Exception as error:  # a network, a disk or a damaged file can raise anything
        cause = getattr(error, "reason", error)  # the error that urllib wraps
        reason = " ".join(str(cause).split()).rstrip(".:") or type(error).__name__
        cut = download and not isinstance(error, OSError) and root.is_dir() and any(root.iterdir())
        again = f" If a download was cut short, remove its files in {root}: the same command fetches them anew."
        if unreached := set(re.findall(r"<urlopen error (?:\[.*?\] )?(.*?)>", reason)):
            cut, reason = False, f"its server cannot be reached from this machine ({', '.join(sorted(unreached))})"
        if "gdown" in reason:
            cut, reason = False, "it lies on Google Drive, which needs gdown: pip install gdown"
        way_on = f"{again if cut else ''} By hand: {by_hand}. {elsewhere}"
        raise DataError(f"{name} could not be fetched or read: {reason}.{way_on}") from error


def _fitted(image: Image.Image, resolution: int, channels: int) -> UInt8[Tensor, "c h w"]:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    image = image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
    if image.size != (resolution, resolution):
        box = (left, top, left + side, top + side)
        image = image.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box)
    pixels = np.array(image).reshape(resolution, resolution, channels)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


mnist = partial(build, "mnist")
fashion_mnist = partial(build, "fashion-mnist")
kmnist = partial(build, "kmnist")
cifar10 = partial(build, "cifar10")
cifar100 = partial(build, "cifar100")
svhn = partial(build, "svhn")
stl10 = partial(build, "stl10")
celeba = partial(build, "celeba")
flowers102 = partial(build, "flowers102")
oxford_pets = partial(build, "oxford-pets")
food101 = partial(build, "food101")
