"""uint8 tensors as picture files: unchanged colours, nearest upscaling, atomic writes."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from gantool.errors import OptionError
from gantool.files import write_atomically
from gantool.pixels import composited, has_alpha, straight, to_float, to_uint8

# PNG level 4 is as small as level 9 on network output; WebP method 4 takes many times method 2's time.
ENCODINGS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 4},
    ".webp": {"format": "WEBP", "lossless": True, "method": 2},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
}
Z_RLE = 3  # zlib's number of this strategy
THREADS = 4
AT_ONCE = 256
"""Pictures held in memory while files are written."""
DARKER = 0.4
"""The difference of the squares behind transparency, in [-1, 1]: 204 beside white."""


def to_pil(image: UInt8[Tensor, "c h w"]) -> Image.Image:
    """The tensor as a Pillow image: grey for one channel, RGB for three, RGBA for four (see `pixels`)."""
    if len(image) not in (1, 3, 4):
        raise OptionError(f"A picture has 1, 3 or 4 channels; this one has {len(image)}.")
    array = straight(image.cpu()) if has_alpha(image) else image.cpu()
    return Image.fromarray((array[0] if len(array) == 1 else array.permute(1, 2, 0)).contiguous().numpy())


def on_checkerboard(images: UInt8[Tensor, "*n c h w"]) -> UInt8[Tensor, "*n _ h w"]:
    """Pictures with transparency on the light squares that editors show behind it; others as they are."""
    if not has_alpha(images):
        return images
    height, width = images.shape[-2:]
    square = min(16, max(4, width // 8))
    rows, columns = (torch.arange(side, device=images.device) // square for side in (height, width))
    dark = ((rows[:, None] + columns) % 2).expand(3, -1, -1)
    return to_uint8(composited(to_float(images), 1 - DARKER * dark))


def upscale(images: UInt8[Tensor, "*n h w"], scale: int) -> UInt8[Tensor, "*n _ _"]:
    """Images enlarged by a whole factor: every pixel becomes a square of `scale` by `scale`."""
    if scale == 1:
        return images
    return images.repeat_interleave(scale, dim=-2).repeat_interleave(scale, dim=-1)


def encoded(picture: Image.Image, suffix: str) -> bytes:
    """The file of a picture in the format of this suffix: .png, lossless .webp or .jpg."""
    buffer = io.BytesIO()
    if suffix.lower() == ".jpg" and picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    picture.save(buffer, **ENCODINGS[suffix.lower()])
    return buffer.getvalue()


def save_pictures(pictures: Sequence[Image.Image], paths: Sequence[Path], overwrite: bool = False) -> None:
    """Write each picture to its path (.png, lossless .webp, .jpg) atomically; folders are made if need be.

    JPEG has no transparency: such pictures lie on white there.
    A file with the same bytes is left alone. Raises OptionError before writing any if one differs, unless `overwrite`.
    """
    with ThreadPoolExecutor(THREADS) as threads:
        contents = list(threads.map(encoded, pictures, [path.suffix for path in paths]))
        same = list(threads.map(_is_there, contents, paths))
        foreign = [path for path, found in zip(paths, same, strict=True) if found is False]
        if foreign and not overwrite:
            raise OptionError(
                f"{foreign[0]} is there already and is not this picture: choose another folder with --out, or replace "
                "such files with --overwrite."
            )
        for folder in {path.parent for path in paths}:
            make_folder(folder)
        list(threads.map(_write, contents, paths, same))


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write a sheet of samples as PNG, atomically; an older one is replaced.

    Only runs of equal bytes are looked for: on what networks draw that is as small, and takes half the time.
    """
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_type=Z_RLE)
    make_folder(path.parent)
    write_atomically(path, lambda temporary: temporary.write_bytes(buffer.getbuffer()))


def numbered(folder: Path, count: int, overwrite: bool = False) -> list[Path]:
    """The files `frame000000.png` and so on of so many pictures.

    Raises OptionError if the folder has such files of another work, unless they are replaced.
    """
    paths = [folder / f"frame{index:06d}.png" for index in range(count)]
    there = sorted(folder.glob("frame[0-9]*.png"))
    if there and not overwrite:
        raise OptionError(
            f"{there[0]} is there already: choose another folder, or replace such files with --overwrite."
        )
    if beyond := sorted(set(there) - set(paths)):
        raise OptionError(f"{beyond[0]} is of a longer work and would be taken for a part of this one: remove it.")
    return paths


def save_numbered(folder: Path, images: UInt8[Tensor, "n c h w"], overwrite: bool = False) -> list[Path]:
    """Write each picture to its file; the paths. Raises OptionError as `numbered` does."""
    paths = numbered(folder, len(images), overwrite)
    for start in range(0, len(paths), AT_ONCE):
        block = slice(start, start + AT_ONCE)
        save_pictures([to_pil(image) for image in images[block]], paths[block], overwrite)
    return paths


def make_folder(folder: Path) -> None:
    """Make a folder for results, with its parents. Raises OptionError that names it if that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        taken = next((place for place in (folder, *folder.parents) if place.is_file()), None)
        reason = error.strerror if taken is None else f"{taken} is a file"
        raise OptionError(f"The folder {folder} cannot be made: {reason}. Choose another place.") from error


def _is_there(content: bytes, path: Path) -> bool | None:
    """True if the file has this content, False if it has another, None if there is no file."""
    try:
        return path.read_bytes() == content
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return False


def _write(content: bytes, path: Path, same: bool | None) -> None:
    if not same:
        write_atomically(path, lambda temporary: temporary.write_bytes(content))
