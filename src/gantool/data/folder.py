"""The source of the user's own pictures: a folder, zip or tar, as messy as they are."""

import hashlib

from gantool.data import FolderOptions
from gantool.data.cache import CachedSource, cached
from gantool.data.listing import Listing, classes_of
from gantool.data.rows import Filled, Wanted
from gantool.data.tree import usable_listing
from gantool.data.worker import Task
from gantool.data.workers import spread
from gantool.errors import DataError

_SHOWN = 3


def build(options: FolderOptions, resolution: int, channels: int) -> CachedSource:
    """All usable pictures of `options.path` at the training size, from the cache or decoded now.

    `class_names` are the sub-folders when every picture lies in one, else empty. Raises DataError when there is no
    such folder, or no picture in it can be used.
    """
    listing = usable_listing(options.path)
    wanted = Wanted(
        listing.root.stem,
        str(listing.root.resolve()),
        _fingerprint(listing, options),
        len(listing.items),
        channels,
        resolution,
    )
    return cached(wanted, lambda file: _fill(listing, Task(options, resolution, channels, file)))


def _fill(listing: Listing, task: Task) -> Filled:
    reasons: dict[int, str] = {}
    for index, answer in spread(listing, task, "preparing images"):
        if "reason" in answer:
            reasons[index] = answer["reason"]
    kept = [index for index in range(len(listing.items)) if index not in reasons]
    skipped = list(listing.skipped)
    skipped += [(listing.items[index].path, reasons[index]) for index in sorted(reasons)]
    if not kept:
        first = "; ".join(f"{path} {why}" for path, why in skipped[:_SHOWN])
        raise DataError(f"None of the {len(listing.items):,} pictures in {listing.root} can be used: {first}.")
    classes = classes_of([listing.items[index].path for index in kept])
    names = sorted(set(classes or ()))
    number = {name: label for label, name in enumerate(names)}
    labels = [number[name] for name in classes] if classes is not None else None
    return Filled(kept, labels, names, skipped)


def _fingerprint(listing: Listing, options: FolderOptions) -> str:
    digest = hashlib.sha256(repr((options.fit, options.background, options.filter)).encode())
    if listing.kind != "folder":
        status = listing.root.stat()
        digest.update(repr((status.st_size, status.st_mtime_ns)).encode())
    for item in listing.items:
        digest.update(repr((item.path, item.size, item.mtime_ns)).encode())
    return digest.hexdigest()
