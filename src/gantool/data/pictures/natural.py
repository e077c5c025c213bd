"""The default resolution and channels for a folder of pictures, from the headers of a few of them."""

from statistics import median

from gantool.api.specs import Look
from gantool.data.pictures.decode import Header, UndecodableError, peek, quiet_pillow
from gantool.data.pictures.labels import labelled
from gantool.data.pictures.listing import Listing
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import read

PEEKED = 64
LARGEST = 64
"""The largest default resolution: twice the side takes four times as long, so more must be requested."""


def natural(options: FolderOptions) -> Look:
    """The default shape to train at, from a few headers.

    One channel if all are grey; 64 pixels, or for smaller pictures 28 (digits) or a power of two that fits.
    """
    pictures = labelled(options)
    listing = pictures.listing
    headers = _some_headers(listing)
    channels = 1 if headers and all(header.is_grey for header in headers) else 3
    classes, _ = pictures.classes(range(len(listing.items)))
    resolution = natural_resolution(headers)
    why = why_so_large(resolution, headers)
    return Look(resolution, channels, len(set(classes or ())), why=why, pictures=len(listing.items))


def natural_resolution(headers: list[Header]) -> int:
    """The default resolution by the median of the shorter sides: 64, or less when they are smaller."""
    if not headers:
        return LARGEST
    side = _side(headers)
    if 28 <= side < 32:
        return 28
    return max(16, min(LARGEST, 1 << (side.bit_length() - 1)))


def _side(headers: list[Header]) -> int:
    return int(median(min(header.width, header.height) for header in headers))


def why_so_large(resolution: int, headers: list[Header]) -> str:
    """The reason for a default resolution, for pictures of these headers."""
    side = _side(headers) if headers else resolution
    if side < resolution:
        return f"the smallest default; the shorter side of the pictures is {side}"
    if side < 2 * LARGEST:
        return f"what suits pictures whose shorter side is {side}"
    return f"the largest default, since time grows with the pixels; the shorter side of the pictures is {side}"


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
