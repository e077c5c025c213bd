"""The source `folder`: the user's pictures in a folder, zip or tar."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from gantool.data.cache.build import CachedSource, cached
from gantool.data.cache.journal import Journal
from gantool.data.cache.store import CacheContents, CacheSpec
from gantool.data.pictures.complaints import with_complaints
from gantool.data.pictures.content import parts_of
from gantool.data.pictures.labels import LabelledListing, labelled
from gantool.data.pictures.listing import Listing
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import described, given_ranges, on_halved, own_ranges
from gantool.data.pictures.worker import Task
from gantool.data.pictures.workers import spread
from gantool.errors import DataError

_SHOWN = 3
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
    assert task.pixels is not None
    journal = Journal(task.pixels)
    answers = journal.done(len(listing.items))
    left = set(range(len(listing.items))) - answers.keys()
    answers |= dict(journal.noting(spread(listing, task, label, left)))
    found = {index: answer["extremes"] for index, answer in answers.items() if "extremes" in answer}
    ranges = own_ranges(list(found.values()))
    again = [index for index, one in found.items() if own_ranges([one])[one[0]] != ranges[one[0]]]
    if again:  # the range of all is another than their own, from which they were reduced
        answers |= dict(spread(listing, replace(task, ranges=ranges), label, again))
    kept = [index for index in range(len(listing.items)) if "reason" not in answers[index]]
    listed = [(index, why) for index in sorted(answers) if (why := with_complaints(answers[index])) is not None]
    used = set(kept)
    listed.sort(key=lambda one: one[0] in used)  # those that are used come last
    skipped = [(listing.items[index].path, why) for index, why in listed]
    if not kept:
        first = "; ".join(f"{path} {why}" for path, why in skipped[:_SHOWN])
        raise DataError(f"None of the {len(listing.items):,} pictures in {listing.root} can be used: {first}.")
    classes, _ = pictures.classes(kept)
    names = pictures.names(classes or ())
    number = {name: label for label, name in enumerate(names)}
    labels = [number[name] for name in classes] if classes is not None else None
    halved = [listing.items[index].path for index in kept if "halved" in answers[index]]
    notes = [*([described(ranges, list(found.values()))] if found else []), *on_halved(halved)]
    return CacheContents(kept, labels, names, skipped, notes)


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
