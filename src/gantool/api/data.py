"""Sources of images, and the supply of batches that the engine trains on."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jaxtyping import UInt8
from torch import Tensor

from gantool.api.networks import Labels
from gantool.api.part import Part


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used, and why."""

    path: str
    reason: str


class Source(Part):
    """Images, addressed by index.

    `class_names` are in the order of their labels, and empty when there are none. A source whose content never changes
    for a given `fingerprint` (a short string) is cached on disk under it, unless `cached` is False, as where it is too
    large; without a fingerprint it is read as it is. `skipped` lists what could not be used. `notes` are sentences that
    a user should read before training.

    Images that are cheap to read together (a file, a shard) may be declared by `groups`: the sizes of groups of
    consecutive images, which add up to the length. An epoch then permutes the groups, takes `window` of them at a time,
    and permutes the images of each window; the order is still a function of seed and position alone. A source that
    reads slowly gives many images at once by `gather`, and fetches groups ahead when `expect` announces them.
    """

    class_names: Sequence[str] = ()
    fingerprint: str | None = None
    cached: bool = True
    groups: Sequence[int] = ()
    window: int = 1
    skipped: Sequence[Skipped] = ()
    notes: Sequence[str] = ()

    @abstractmethod
    def __len__(self) -> int:
        """The number of images."""

    @abstractmethod
    def __getitem__(self, index: int, /) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        """One image at the wanted resolution and its label; of four channels, colours are multiplied by alpha."""

    def batch(self, start: int, stop: int) -> tuple[Any, Any] | None:
        """Images `[n, c, h, w]` of these indices and labels `[n]` or None, as tensors or arrays.

        None where that is no faster than one by one.
        """
        return None

    def gather(self, indices: Sequence[int]) -> tuple[Any, Any] | None:
        """Images `[n, c, h, w]` of any indices, in their order, and labels `[n]` or None, as tensors or arrays.

        None where that is no faster than one by one. It may be called from a thread other than the main one.
        """
        return None

    def expect(self, groups: Sequence[int]) -> None:
        """Called when other groups come into use: those of the current window and then of the next one.

        A source may begin to fetch them, without waiting, and drop all others.
        """


@dataclass(frozen=True)
class PictureFile:
    """A picture as the content of its file, with its label: the number of a class, or any word or number; None without.

    One without content is left out; the `reason` follows its name in a sentence, as "is empty".
    """

    name: str
    content: bytes | None
    label: int | str | None = None
    reason: str = ""


class PictureFiles(ABC):
    """Picture files for `gantool.cached_pictures`, which gantool decodes: in groups, read one after another.

    `place` is where they lie (a path, a URL, a repository), for messages and for the cache, which keeps the newest of a
    place; `fingerprint` changes when any file or label does. `groups` are the numbers of files. With `class_names` a
    label is a number, and -1 stands for none; otherwise the labels found are the classes, `classes` of them. `skipped`
    and `notes` as of a `Source`.
    """

    place: str
    fingerprint: str
    groups: Sequence[int]
    class_names: Sequence[str] = ()
    classes: int = 0
    skipped: Sequence[Skipped] = ()
    notes: Sequence[str] = ()

    @abstractmethod
    def read(self, group: int) -> Iterator[PictureFile]:
        """All files of a group, one by one, in the same order each time; one that cannot be read has a reason."""


@runtime_checkable
class Batches(Protocol):
    """The engine's supply of real images, a pure function of `images_seen`: a resumed run sees the same order."""

    @property
    def count(self) -> int:
        """The number of different images before they repeat."""

    @property
    def fingerprint(self) -> str:
        """The same for the same images; a resumed run checks it."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their labels."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the images that a user should read before training."""

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[UInt8[Tensor, "n c h w"], Labels]:
        """Images `images_seen` to `images_seen + n` of the endless, shuffled sequence, on the training device.

        With `resolution`, reduced to that side by averaging squares of pixels, at that side's cost.
        """
