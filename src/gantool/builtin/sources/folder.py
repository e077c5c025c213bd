"""The source `folder`: the user's pictures in a folder, zip or tar."""

import hashlib
from collections.abc import Iterator, Sequence

from gantool.data.cache.build import CachedSource, cached
from gantool.data.cache.store import CacheContents, CacheSpec
from gantool.data.pictures.content import parts_of
from gantool.data.pictures.filling import Classes, filled
from gantool.data.pictures.labels import LabelledListing, labelled
from gantool.data.pictures.listing import Listing
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import given_ranges
from gantool.data.pictures.worker import Task
from gantool.data.pictures.workers import spread

_SAMPLED = 64


def build(options: FolderOptions, resolution: int, channels: int) -> CachedSource:
    """All usable pictures of `options.path` at the training size, from the cache or decoded now.

    `class_names` are those of a file of labels, or the sub-folders when every picture lies in one, else empty. Raises
    DataError when there is no such folder, or no picture in it can be used.
    """
    pictures = labelled(options)
    listing = pictures.listing
    part = () if options.count is None else (options.count, options.seed)
    wanted = CacheSpec(
        listing.root.stem,
        repr((str(listing.root.resolve()), _decoding(options), options.labels, *part)),
        _fingerprint(pictures, options),
        len(listing.items),
        channels,
        resolution,
    )
    ranges = given_ranges(options.range)
    label = f"preparing images{wanted.told}"
    source = cached(wanted, lambda file: _fill(pictures, Task(options, resolution, channels, file, ranges), label))
    source.leave_out((*listing.skipped, *pictures.unlabelled, *listing.others))
    source.note(pictures.classes(range(len(listing.items)))[1])
    return source


def _fill(pictures: LabelledListing, task: Task, label: str) -> CacheContents:
    listing = pictures.listing

    def classes(kept: Sequence[int]) -> Classes:
        found, _ = pictures.classes(kept)
        names = pictures.names(found or ())
        number = {name: label for label, name in enumerate(names)}
        return None if found is None else [number[name] for name in found], names, ()

    return filled(
        lambda task, only: spread(listing, task, label, only),
        task, len(listing.items), lambda index: listing.items[index].path, str(listing.root), classes,
    )  # fmt: skip


def _decoding(options: FolderOptions) -> tuple[str, ...]:
    """The options that pixels depend on, besides the files and the resolution."""
    return (options.fit, options.background, options.filter, options.range)


def _fingerprint(pictures: LabelledListing, options: FolderOptions) -> str:
    """A hash of the files' paths, sizes, times and labels, and of parts of their content: copies may share the rest."""
    listing = pictures.listing
    digest = hashlib.sha256(repr((_decoding(options), pictures.given)).encode())
    if listing.kind != "folder":
        status = listing.root.stat()
        digest.update(repr((status.st_size, status.st_mtime_ns)).encode())
    for item in listing.items:
        digest.update(repr((item.path, item.size, item.mtime_ns)).encode())
    for part in _content(listing):
        digest.update(part)
    return digest.hexdigest()


def _content(listing: Listing) -> Iterator[bytes]:
    """Samples of the content: the ends of some files in the folder, or some parts of the archive."""
    if listing.kind != "folder":
        yield from parts_of(listing.root, _SAMPLED)
        return
    count = min(_SAMPLED, len(listing.items))
    for place in range(count):
        yield from parts_of(listing.root / listing.items[place * len(listing.items) // count].path, 2)
