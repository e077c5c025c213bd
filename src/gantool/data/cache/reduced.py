"""Images at smaller sides, each pixel the mean of a square, so that a coarse level reads no more than it needs."""

import math
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional as F

from gantool.data.cache.store import check_whole, explained
from gantool.files import only_builder, remove_unfinished, replace_file
from gantool.progress import report

_BLOCK_BYTES = 1 << 26


def shrunk(images: UInt8[Tensor, "n c h w"], side: int) -> UInt8[Tensor, "n c _ _"]:
    """Images reduced in memory or on a GPU to the same pixels as the files hold: halved again and again."""
    while images.shape[-1] != side:
        next_side = next_smaller(images.shape[-1], side)
        images = F.avg_pool2d(images.float(), images.shape[-1] // next_side).round().byte()
    return images


def next_smaller(full: int, side: int) -> int:
    """The next side on the way from `full` down to `side`: half of `full`, if that is a multiple of `side`."""
    return full // 2 if full % (2 * side) == 0 else side


def reduced_rows(folder: Path, pixels: UInt8[np.ndarray, "n c h w"], side: int) -> UInt8[np.ndarray, "n c _ _"]:
    """A memory map of the rows at `side`, a file beside the full ones, built on first use.

    It is made by halving the next larger file, which is made first if need be, so the full rows are read only once.
    Raises DataError when the disk is full or the folder cannot be written.
    """
    if side == pixels.shape[-1]:
        return pixels
    shape = (*pixels.shape[:2], side, side)
    file = folder / f"pixels-{side}.u8"
    try:
        if not _is_whole(file, shape):
            larger = reduced_rows(folder, pixels, _next_larger(pixels.shape[-1], side))
            with only_builder(folder / "reduced.lock"):
                if not _is_whole(file, shape):
                    _build(file, larger, shape)
        return np.memmap(file, np.uint8, "r", shape=shape)
    except OSError as error:
        raise explained(error, folder) from error


def _next_larger(full: int, side: int) -> int:
    return 2 * side if full % (2 * side) == 0 else full


def _is_whole(file: Path, shape: tuple[int, ...]) -> bool:
    return file.is_file() and file.stat().st_size == math.prod(shape)


def _build(file: Path, larger: UInt8[np.ndarray, "n c h w"], shape: tuple[int, ...]) -> None:
    rows = max(1, _BLOCK_BYTES // larger[0].nbytes)

    def write(partial: Path) -> None:
        with partial.open("wb") as out:
            for start in range(0, len(larger), rows):
                out.write(_means(check_whole(larger)[start : start + rows], larger.shape[-1] // shape[-1]).data)
                report(f"reducing to {shape[-1]} pixels", min(start + rows, len(larger)), len(larger))

    remove_unfinished(file.parent, file.name)
    replace_file(file, write)


def _means(images: UInt8[np.ndarray, "n c h w"], factor: int) -> UInt8[np.ndarray, "n c _ _"]:
    n, c, h, w = images.shape
    squares = images.reshape(n, c, h // factor, factor, w // factor, factor)
    # Halves are rounded to even, as torch does: rounding up would brighten a picture a little at every halving.
    return np.ascontiguousarray(np.rint(squares.sum(axis=(3, 5), dtype=np.uint32) / factor**2).astype(np.uint8))
