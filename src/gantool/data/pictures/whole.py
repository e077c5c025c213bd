"""One picture file, upright and in sRGB: at its own proportions with its alpha apart, or square as in training."""

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from gantool.data.pictures.color import flattened, to_srgb
from gantool.data.pictures.decode import TURNED, decode, loaded, naming, opened, orientation
from gantool.data.pictures.edges import carried_on
from gantool.data.pictures.options import PictureOptions
from gantool.errors import DataError, nearest_beside
from gantool.files import open_file


@dataclass(frozen=True)
class Picture:
    """The colours, transparent parts laid on white, and the alpha channel if there is one.

    `colors` are then those of the file: on no ground, and not multiplied by alpha.
    """

    pixels: UInt8[Tensor, "3 h w"]
    alpha: UInt8[Tensor, "1 h w"] | None
    colors: UInt8[Tensor, "3 h w"] | None = None

    def on_no_ground(self) -> "Picture":
        """The picture with its own colours as pixels, carried on beyond its edges, for a result that gets its alpha.

        On white, such a result would have a white fringe on other grounds.
        """
        if self.alpha is None or self.colors is None:
            return self
        return replace(self, pixels=carried_on(self.colors, self.alpha))


def read_picture(path: Path, longest: int | None = None, enlarge: bool = True) -> Picture:
    """The picture of a file, its longer side at `longest` pixels (None: as it is); the first frame of an animation.

    Without `enlarge` a smaller picture stays as it is. Raises DataError that names the file and says why it cannot be
    used.
    """
    content = _content(path)
    with naming(path), opened(content) as image:
        return picture_of(image, longest, enlarge)


def size_by_header(path: Path, longest: int | None = None, enlarge: bool = True) -> tuple[int, int]:
    """Width and height in pixels that `read_picture` would give, without decoding, as far as a header tells them.

    EXIF behind the pixels of a PNG does not count. Raises DataError that names the file.
    """
    with naming(path), open_file(path) as file, opened(file) as image:
        late = image.format == "PNG" and "exif" not in image.info  # Pillow would decode the picture to look for it
        width, height = image.size if late or orientation(image) < TURNED else reversed(image.size)
    if longest is None or (not enlarge and max(width, height) <= longest):
        return width, height
    share = longest / max(width, height)
    return max(1, round(width * share)), max(1, round(height * share))


def read_square(path: Path, resolution: int, channels: int = 3) -> UInt8[Tensor, "c h w"]:
    """The picture of a file as training sees it by default: its middle square, reduced to `resolution`, on white.

    Raises DataError that names the file and says why it cannot be used.
    """
    content = _content(path)
    with naming(path):
        pixels = decode(content, PictureOptions(), resolution, channels)
    return torch.from_numpy(pixels)


def _content(path: Path) -> BytesIO:
    try:
        with open_file(path) as file:  # a pipe would be waited for
            return BytesIO(file.read())
    except OSError as error:
        near = "" if path.exists() else nearest_beside(path)
        raise DataError(f"{path} cannot be read: {error.strerror}.{near}") from error


def picture_of(image: Image.Image, longest: int | None, enlarge: bool = True) -> Picture:
    """The picture that Pillow has opened, upright and with its colour profile applied."""
    if longest is not None and not enlarge:
        longest = min(longest, max(image.size))
    small, turn, profile = loaded(image, longest)
    if turn is not None:
        small = small.transpose(turn)
    if longest is not None:
        share = longest / max(small.size)
        size = (max(1, round(small.width * share)), max(1, round(small.height * share)))
        small = small.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    small = to_srgb(small, profile)
    alpha = small.getchannel("A") if small.mode in ("LA", "RGBA") else None
    pixels = _tensor(flattened(small, (255, 255, 255)))
    if alpha is None or alpha.getextrema() == (255, 255):
        return Picture(pixels, None)
    return Picture(pixels, torch.from_numpy(np.asarray(alpha).copy())[None], _tensor(small))


def _tensor(image: Image.Image) -> UInt8[Tensor, "3 h w"]:
    """The colours of an image, whatever its alpha."""
    return torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1).contiguous()
