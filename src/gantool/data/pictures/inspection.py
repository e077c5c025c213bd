"""Facts about one picture file for `gantool data check`: header, hash of the bytes, perceptual hash of the looks."""

import hashlib
from io import BufferedReader, BytesIO
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from gantool.data.pictures.decode import decode_with_facts, opened, peek, squared
from gantool.data.pictures.options import PictureOptions

LOOKS = 16
"""The perceptual hash has 16 x 16 bits, one if a cell is brighter than its right neighbour (dHash, Krawetz 2013)."""

STILL = ("MPO", "PSD")
"""Formats whose further pictures belong to the first: a phone's photo with its preview or depth, and layers."""

_LUMA = np.array([0.299, 0.587, 0.114])
_AS_SEEN = PictureOptions(fit="stretch", filter="box")


def inspect(file: BytesIO | BufferedReader) -> dict[str, Any]:
    """The header, the `digest` of the bytes and `looks`, as JSON values. Raises UndecodableError as `decode` does."""
    header = peek(file)
    frames = frame_count(file)
    file.seek(0)
    pixels, facts = decode_with_facts(file, _AS_SEEN, LOOKS + 1, 4, None)
    file.seek(0)
    return {
        "format": header.format,
        "mode": header.mode,
        "width": header.width,
        "height": header.height,
        "grey": header.is_grey,
        "alpha": header.has_alpha,
        "transparent": bool((pixels[3, :LOOKS] < 255).any()),
        "animated": frames > 1,
        **facts,
        "digest": hashlib.file_digest(file, "sha256").hexdigest(),
        "looks": _looks(pixels),
    }


def facts_of_pixels(pixels: UInt8[np.ndarray, "c h w"]) -> dict[str, Any]:
    """The same facts about an image as a source gives it, but for those of a file: its format, size and frames."""
    mode = {1: "L", 3: "RGB", 4: "RGBa"}[len(pixels)]
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0).copy(), mode)
    image = image.convert("RGBA") if mode == "RGBa" else image
    seen = squared(image, _AS_SEEN, LOOKS + 1, 4)
    return {
        "mode": image.mode,
        "transparent": bool((seen[3, :LOOKS] < 255).any()),
        "digest": hashlib.sha256(pixels.data).hexdigest(),
        "looks": _looks(seen),
    }


def _looks(pixels: UInt8[np.ndarray, "4 h w"]) -> str:
    """The perceptual hash of a square of LOOKS + 1 pixels."""
    pixels = pixels[:, :LOOKS]
    grey = np.rint(_LUMA @ pixels[:3].reshape(3, -1)).reshape(pixels.shape[1:]) + 255 - pixels[3]  # on white
    return np.packbits(grey[:, 1:] > grey[:, :-1] + 2).tobytes().hex()


def frame_count(file: BytesIO | BufferedReader) -> int:
    """The number of frames in a picture; 1 where it is unknown."""
    file.seek(0)
    try:
        with opened(file) as image:
            return frames_of(image)
    except Exception:  # a damaged later frame does not matter: the first one is used
        return 1


def frames_of(image: Image.Image) -> int:
    """The number of pictures that are shown one after another; a photo's preview and a drawing's layers are none."""
    return 1 if image.format in STILL else int(getattr(image, "n_frames", 1))
