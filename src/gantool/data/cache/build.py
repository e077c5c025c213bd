"""Sources cached on disk as a memory map of uint8 pixels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from gantool.api.data import Skipped, Source
from gantool.data.cache.reduced import reduced_rows
from gantool.data.cache.store import CacheContents, CacheSpec, check_whole, prepared
from gantool.data.items import read_items
from gantool.data.names import distinct
from gantool.errors import printable
from gantool.progress import report


class CachedSource(Source):
    """A source read from its cache. `fingerprint` is a hash of pixels and labels, wherever the files came from.

    The names of classes and of skipped files, and notes, are printable text on one line, whatever the files are called.
    """

    def __init__(self, pixels: Path, index: Mapping[str, Any]) -> None:
        self.folder = pixels.parent
        self.pixels: UInt8[np.ndarray, "n c h w"] = np.memmap(pixels, np.uint8, "r", shape=tuple(index["shape"]))
        self._reduced: dict[int, UInt8[np.ndarray, "n c _ _"]] = {}
        labels = index["labels"]
        self.labels: Int64[np.ndarray, "n"] | None = None if labels is None else np.array(labels, np.int64)
        self.class_names: Sequence[str] = distinct(index["class_names"])
        self.skipped: Sequence[Skipped] = ()
        self.notes: Sequence[str] = ()
        self.note(index["notes"])
        self.leave_out((path, reason) for path, reason in index["skipped"])
        self.fingerprint: str = index["fingerprint"]

    def __len__(self) -> int:
        return len(self.pixels)

    def note(self, sentences: Iterable[str]) -> None:
        """Add to `notes`."""
        self.notes = (*self.notes, *map(printable, sentences))

    def leave_out(self, files: Iterable[tuple[str, str]]) -> None:
        """Add (path, reason) of further files to `skipped`."""
        self.skipped = (*self.skipped, *(Skipped(printable(path), printable(reason)) for path, reason in files))

    def reduced(self, side: int) -> UInt8[np.ndarray, "n c _ _"]:
        """All images reduced to this side, as a memory map; the file is built on first use.

        Raises DataError when the file has been cut short, where reading would end the process (SIGBUS).
        """
        if side not in self._reduced:
            self._reduced[side] = reduced_rows(self.folder, self.pixels, side)
        return check_whole(self._reduced[side])

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        label = None if self.labels is None else int(self.labels[index])
        return torch.from_numpy(check_whole(self.pixels)[index].copy()), label


def cached(wanted: CacheSpec, fill: Callable[[Path], CacheContents]) -> CachedSource:
    """The source that `wanted` describes, from its cache or built now by `fill`; see `store.prepared`."""
    found = prepared(wanted, fill)
    return CachedSource(found.pixels, found.index)


def is_to_cache(source: Source) -> bool:
    """True for a source that is read once and cached before it is used."""
    return source.cached and isinstance(source.fingerprint, str) and not isinstance(source, CachedSource)


def cached_items(source: Source, name: str, channels: int, resolution: int) -> CachedSource:
    """A source with a `fingerprint`, whose content does not change: read once and cached with its labels.

    It is cached as unlabelled when an image has no label. Raises DataError for an item that is not as promised.
    """
    shape = (channels, resolution, resolution)
    fingerprint = f"{name} {source.fingerprint}"
    wanted = CacheSpec(name, name, fingerprint, len(source), channels, resolution)
    class_names = source.class_names

    def fill(file: Path) -> CacheContents:
        labels: list[int] = []
        with file.open("r+b") as rows:
            for done, (image, label) in enumerate(read_items(source, name, shape, "any"), 1):
                rows.write(image.contiguous().numpy().data)
                if label is not None:
                    labels.append(label)
                report(f"preparing {name}{wanted.told}", done, len(source))
        labelled = len(class_names) > 0 and len(labels) == len(source)
        skipped = [(one.path, one.reason) for one in source.skipped]
        return CacheContents(range(len(source)), labels if labelled else None, class_names if labelled else (), skipped)

    return cached(wanted, fill)
