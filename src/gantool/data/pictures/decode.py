"""Any picture file decoded to square uint8 pixels, or refused with a reason that a person understands.

A picture is never decoded in part, nor when it is so large that it would take the machine down.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageColor, UnidentifiedImageError

from gantool.data.pictures.color import flattened, plain, to_srgb
from gantool.data.pictures.deep import is_halved
from gantool.data.pictures.formats import COMMON, is_heic, uncommon
from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.ranges import FULL, Ranges, own_ranges
from gantool.data.pictures.wide import Wide, is_wide, mode_of
from gantool.errors import DataError

MAX_PIXELS = 178_956_970  # Pillow's own limit for an error; 13,000 x 13,000
_FILTERS = {"lanczos": Image.Resampling.LANCZOS, "bicubic": Image.Resampling.BICUBIC, "box": Image.Resampling.BOX}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TURNED = 5
"""The first orientation in which width and height change places."""


Facts = dict[str, Any]


class UndecodableError(DataError):
    """A file that cannot be used; the text is the reason alone."""


@dataclass(frozen=True)
class Header:
    """The facts that a picture's header gives before it is decoded; `mode` as by `wide.mode_of`."""

    format: str
    mode: str
    width: int
    height: int
    has_alpha: bool

    @property
    def is_grey(self) -> bool:
        """True if the file stores no colour."""
        return is_grey(self.mode)


def is_grey(mode: str) -> bool:
    """True for a mode without colour."""
    return mode.partition(";")[0] in ("1", "L", "LA", "La", "I", "F")


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence Pillow's warnings and log lines in the block; put it around the whole work, not around one picture."""
    logger = logging.getLogger("PIL")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def decode(
    file: BytesIO | BufferedReader,
    options: PictureOptions,
    resolution: int,
    channels: int,
    ranges: Ranges | None = None,
) -> UInt8[np.ndarray, "c h w"]:
    """The picture in `file` as uint8 `[channels, resolution, resolution]`: upright, sRGB, on the background.

    Four channels are RGB multiplied by alpha, and alpha (see `pixels`), on no background. Pixels of more than 8 bits
    are reduced from `ranges`, or from the picture's own. Raises UndecodableError with the reason.
    """
    return decode_with_facts(file, options, resolution, channels, ranges)[0]


def decode_with_facts(
    file: BytesIO | BufferedReader, options: PictureOptions, resolution: int, channels: int, ranges: Ranges | None
) -> tuple[UInt8[np.ndarray, "c h w"], Facts]:
    """The same, with the `extremes` of a picture that is reduced from its own range (their kind and the two values).

    A picture of which only the high bytes can be read is `halved`.
    """
    with _refusing(), opened(file) as image:
        facts: Facts = {"halved": True} if is_halved(image) else {}
        if not is_wide(mode_of(image)):
            return squared(image, options, resolution, channels), facts
        wide = Wide(image)
        if ranges is None:
            facts["extremes"] = found = (wide.kind, wide.extremes())
            ranges = own_ranges([found])
        return squared(image, options, resolution, channels, wide.eight_bits(ranges)), facts


def peek(file: BytesIO | BufferedReader) -> Header:
    """The header alone, without decoding. Raises UndecodableError with the reason."""
    with _refusing(), opened(file) as image:
        alpha = image.has_transparency_data
        return Header(image.format or "?", mode_of(image), image.width, image.height, alpha)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a picture can make Pillow raise nearly anything
        raise UndecodableError(reason(error)) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Silence Pillow in the block, and turn an error of a picture into a DataError that names its file."""
    try:
        with quiet_pillow(), _refusing():
            yield
    except UndecodableError as error:
        raise DataError(f"{path} {error}.") from error


def reason(error: Exception) -> str:
    """The reason why a picture cannot be used, to follow its name in a sentence: `is empty`, `ends too early`."""
    text = str(error).strip().split("\n")[0].rstrip(".")
    match error:
        case UndecodableError():
            return str(error)
        case Image.DecompressionBombError():
            return _too_large("a decompression bomb by its header")
        case UnidentifiedImageError():
            return "is not a picture, or of a kind that cannot be read"
        case PermissionError():
            return "may not be read: permission denied"
        case MemoryError():
            return "needs more memory than there is"
        case EOFError():
            return "ends too early"
        case OSError() if error.strerror:
            return f"could not be read: {error.strerror}"
    if "truncated" in text.lower():
        return f"ends too early ({text})"
    return f"is damaged ({text or type(error).__name__})"


def loaded(
    image: Image.Image, side: int | None, reduced: Image.Image | None = None
) -> tuple[Image.Image, Image.Transpose | None, object]:
    """The picture decoded for a longer side of `side` (None: its own), its turn to upright, and its colour profile.

    `reduced` are its pixels in 8 bits, if they were reduced already. Else grey is reduced from its own range, and
    colours from all 16 bits: among the frames of a film a range of its own would brighten a dark one.
    """
    if reduced is None and is_wide(mode := mode_of(image)):
        reduced = Wide(image).eight_bits(FULL if mode.startswith("RGB") else None)
    elif reduced is None:
        if side is not None:
            image.draft(None, (2 * side, 2 * side))  # JPEG decodes smaller, never below 2x
        image.load()
        reduced = plain(image)
    return reduced, UPRIGHT.get(orientation(image)), image.info.get("icc_profile")


def squared(
    image: Image.Image, options: PictureOptions, resolution: int, channels: int, reduced: Image.Image | None = None
) -> UInt8[np.ndarray, "c h w"]:
    """A picture that Pillow has opened, as `decode` gives it; `reduced` as for `loaded`."""
    small, turn, profile = loaded(image, resolution, reduced)
    small = _resized(small, options, resolution)
    if turn is not None:
        small = small.transpose(turn)
    small = to_srgb(small, profile)
    mode = "RGBA" if channels == 4 else "RGB"
    paper = ImageColor.getcolor("#0000" if channels == 4 else options.background, mode)
    small = small if channels == 4 else flattened(small, paper)
    if small.size != (resolution, resolution):
        canvas = Image.new(mode, (resolution, resolution), paper)
        canvas.paste(small, ((resolution - small.width) // 2, (resolution - small.height) // 2))
        small = canvas
    if channels == 1:
        return np.asarray(small.convert("L"))[None].copy()
    pixels = np.asarray(small.convert(mode) if channels == 3 else small.convert(mode).convert("RGBa"))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (h, w, c) to (c, h, w)


def _resized(image: Image.Image, options: PictureOptions, resolution: int) -> Image.Image:
    width, height = image.size
    size, box = (resolution, resolution), (0.0, 0.0, float(width), float(height))
    if options.fit == "crop":
        side = min(width, height)
        box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    elif options.fit == "pad":
        longer = max(width, height)
        size = (max(1, round(width * resolution / longer)), max(1, round(height * resolution / longer)))
    return image.resize(size, _FILTERS[options.filter], box=box, reducing_gap=3.0)


def opened(file: BytesIO | BufferedReader) -> Image.Image:
    """The picture, opened but not decoded. Raises UndecodableError if it is too large or empty, and Pillow's errors."""
    try:
        image = Image.open(file, formats=COMMON)
    except UnidentifiedImageError:
        file.seek(0)
        if is_heic(file.read(12)) and "HEIF" not in uncommon():
            raise UndecodableError("is a HEIC picture; they need the package pillow-heif") from None
        file.seek(0)
        image = Image.open(file, formats=uncommon())
    if image.width * image.height > MAX_PIXELS:
        raise UndecodableError(_too_large(f"{image.width} x {image.height}"))
    if image.width < 1 or image.height < 1:
        raise UndecodableError("has no pixels")
    return image


def orientation(image: Image.Image) -> int:
    """The orientation that EXIF gives: a key of UPRIGHT, or 1."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF is no reason to lose the picture
        return 1


def _too_large(size: str) -> str:
    return f"is too large to decode safely ({size}; the limit is {MAX_PIXELS:,} pixels)"
