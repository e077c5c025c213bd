"""The shape a folder of pictures is best trained at, from a look at a few of them."""

from statistics import median

from gantool.components import ImageShape
from gantool.data import FolderOptions
from gantool.data.decode import Header, UndecodableError, peek, quiet_pillow
from gantool.data.listing import Listing, classes_of
from gantool.data.tree import read, usable_listing

PEEKED = 64


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
