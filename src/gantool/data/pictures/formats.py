"""Files that are pictures, told by their first bytes, whatever they are called; by usual names without reading them."""

import importlib
import importlib.util
from functools import cache
from io import BufferedIOBase
from typing import IO, cast
from warnings import catch_warnings, simplefilter

from PIL import (
    BmpImagePlugin,  # noqa: F401 (these four, and WebP, register the readers of COMMON)
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

_NAMES = """png apng jpg jpeg jpe jfif jif mpo webp gif bmp dib tif tiff jp2 j2k j2c jpc jpx jpf ppm pgm pbm pnm pfm tga
icb vda vst psd avif avifs heic heif ico cur icns pcx dcx sgi rgb rgba bw dds qoi blp fit fits fli flc ftc ftu gbr im
iim msp pcd pxr ras xbm xpm"""
SUFFIXES = frozenset(f".{name}" for name in _NAMES.split())
COMMON = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
FOREIGN = frozenset({"EPS", "WMF", "MPEG", "GRIB", "BUFR", "HDF5", "PDF"})  # not pictures, or run another program
_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypheis", b"ftypmif1", b"ftypmsf1")
_MAGIC_BYTES = 16


def is_picture_name(path: str) -> bool:
    """True if the suffix is that of a picture."""
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return stem != "" and f".{suffix.lower()}" in SUFFIXES


def is_picture(file: IO[bytes] | BufferedIOBase) -> bool:
    """True if the first bytes are those of a picture; a file that begins so may still be damaged.

    Beginnings of few letters, which a text may have too, count if the whole header can be read.
    """
    start = file.read(_MAGIC_BYTES)
    if start.startswith(_MAGIC) or start[8:12] in (b"WEBP", b"avif") or is_heic(start):
        return True
    likely = [name for name in (*COMMON, *uncommon()) if _accepts(name, start)]
    if not likely:
        return False
    try:
        file.seek(0)
        with catch_warnings():
            simplefilter("ignore")  # of a large picture, which is judged where it is read
            Image.open(cast(IO[bytes], file), formats=likely).close()
        return True
    except Image.DecompressionBombError:  # which is told where it is read
        return True
    except Exception:  # a hostile file can make Pillow raise nearly anything
        return False


def is_heic(start: bytes) -> bool:
    """True if these are the first bytes of a HEIC picture, which Pillow reads by the package pillow-heif."""
    return start[4:12] in _HEIC


@cache
def uncommon() -> tuple[str, ...]:
    """Names of all formats but COMMON; loading their readers takes longer than decoding a hundred small pictures."""
    if importlib.util.find_spec("pillow_heif") is not None:
        importlib.import_module("pillow_heif").register_heif_opener()
    Image.init()
    return tuple(name for name in Image.ID if name not in (*COMMON, *FOREIGN))


def _accepts(name: str, start: bytes) -> bool:
    """True if a reader knows its format by these first bytes; one that does not look at them counts by suffix alone."""
    accept = Image.OPEN[name][1]
    try:
        return accept is not None and bool(accept(start))
    except Exception:  # a beginning too short for it
        return False
