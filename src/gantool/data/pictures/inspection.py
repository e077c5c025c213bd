"""What one picture file is, for `gantool data check`: its header, its content's hash, and a hash of its looks."""

import hashlib
from io import BufferedReader, BytesIO
from typing import Any

import numpy as np
from PIL import Image

from gantool.data.pictures.decode import decode, peek
from gantool.data.pictures.options import FolderOptions

LOOKS = 16
"""The hash of looks has 16 x 16 bits: is each cell brighter than its right neighbour (dHash, Krawetz 2013)?"""

_AS_SEEN = FolderOptions(path="", fit="stretch", filter="box")


def inspect(file: BytesIO | BufferedReader) -> dict[str, Any]:
    """Header, `digest` of the bytes and `looks`, in words JSON knows. Raises UndecodableError like `decode`."""
    header = peek(file)
    frames = frame_count(file)
    file.seek(0)
    pixels = decode(file, _AS_SEEN, LOOKS + 1, 1)[0, :LOOKS].astype(np.int16)
    file.seek(0)
    return {
        "format": header.format,
        "mode": header.mode,
        "width": header.width,
        "height": header.height,
        "grey": header.is_grey,
        "alpha": header.has_alpha,
        "animated": frames > 1,
        "digest": hashlib.sha256(file.read()).hexdigest(),
        "looks": np.packbits(pixels[:, 1:] > pixels[:, :-1] + 2).tobytes().hex(),
    }


def frame_count(file: BytesIO | BufferedReader) -> int:
    """How many frames a picture has; 1 where that cannot be told."""
    file.seek(0)
    try:
        with Image.open(file) as image:
            return int(getattr(image, "n_frames", 1))
    except Exception:  # a damaged later frame does not matter: the first one is used
        return 1
