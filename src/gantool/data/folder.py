"""The source of the user's own pictures: a folder, zip or tar, as messy as they are."""

import hashlib
from statistics import median

from gantool.components import ImageShape
from gantool.contracts import Skipped
from gantool.data import FolderOptions
from gantool.data.cache import CachedSource, Filled, Wanted, cached
from gantool.data.decode import Header, UndecodableError, peek, quiet_pillow
from gantool.data.listing import Listing, classes_of
from gantool.data.tree import list_pictures, read
from gantool.data.worker import Task
from gantool.data.workers import spread
from gantool.errors import DataError

PEEKED = 64
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


def natural(options: FolderOptions) -> ImageShape:
    """The shape to train at unless told otherwise, from a look at a few headers.

    One channel when all are grey; 64 pixels, or for smaller pictures 28 (digits) or a power of two that fits.
    """
    listing = usable_listing(options.path)
    headers = _some_headers(listing)
    channels = 1 if headers and all(header.is_grey for header in headers) else 3
    classes = classes_of([item.path for item in listing.items])
    return ImageShape(natural_resolution(headers), channels, len(set(classes or ())))


def natural_resolution(headers: list[Header]) -> int:
    """By the median of the shorter sides: 64, or less when they are smaller."""
    if not headers:
        return 64
    side = int(median(min(header.width, header.height) for header in headers))
    if 28 <= side < 32:
        return 28
    return max(16, min(64, 1 << (side.bit_length() - 1)))


def usable_listing(path: str) -> Listing:
    """The pictures at `path`; raises DataError when there are none, saying what is there instead."""
    listing = list_pictures(path)
    if listing.items:
        return listing
    holds = [f"{len(listing.ignored):,} other files ({_some(listing.ignored)})"] if listing.ignored else []
    holds += [f"{path} {why}" for path, why in listing.skipped[:_SHOWN]]
    archives = [name for name in listing.ignored if name.lower().endswith((".zip", ".tar", ".tgz", ".tar.gz"))]
    remedy = f" Give the archive itself: {listing.root / archives[0]}." if archives else ""
    raise DataError(f"{listing.root} holds no pictures{': ' + '; '.join(holds) if holds else ', it is empty'}.{remedy}")


def _fill(listing: Listing, task: Task) -> Filled:
    reasons: dict[int, str] = {}
    for index, answer in spread(listing, task, "preparing images"):
        if "reason" in answer:
            reasons[index] = answer["reason"]
    kept = [index for index in range(len(listing.items)) if index not in reasons]
    skipped = [Skipped(path, why) for path, why in listing.skipped]
    skipped += [Skipped(listing.items[index].path, reasons[index]) for index in sorted(reasons)]
    if not kept:
        first = "; ".join(f"{one.path} {one.reason}" for one in skipped[:_SHOWN])
        raise DataError(f"None of the {len(listing.items):,} pictures in {listing.root} can be used: {first}.")
    classes = classes_of([listing.items[index].path for index in kept])
    names = sorted(set(classes or ()))
    number = {name: label for label, name in enumerate(names)}
    labels = [number[name] for name in classes] if classes is not None else None
    return Filled(kept, labels, names, skipped)


def _some_headers(listing: Listing) -> list[Header]:
    step = max(1, len(listing.items) // PEEKED)
    some = sorted(listing.items[::step][:PEEKED], key=lambda item: item.position)
    if listing.kind == "tar":  # reading far into a compressed tar is slow
        some = sorted(listing.items, key=lambda item: item.position)[:PEEKED]
    headers = []
    with quiet_pillow():
        for _, opener in read(listing, some):
            try:
                with opener() as file:
                    headers.append(peek(file))
            except (UndecodableError, OSError, ValueError):
                continue
    return headers


def _fingerprint(listing: Listing, options: FolderOptions) -> str:
    digest = hashlib.sha256(repr((options.fit, options.background, options.filter)).encode())
    if listing.kind != "folder":
        status = listing.root.stat()
        digest.update(repr((status.st_size, status.st_mtime_ns)).encode())
    for item in listing.items:
        digest.update(repr((item.path, item.size, item.mtime_ns)).encode())
    return digest.hexdigest()


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
