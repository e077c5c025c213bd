"""Pillow's many modes reduced to few, colour profiles converted to sRGB, transparency laid on a background."""

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

_SPACES = {"RGB": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",)}


def plain(image: Image.Image) -> Image.Image:
    """A picture of 8 bits in one of L, LA, RGB, RGBA, CMYK; transparency, however stored, as an alpha channel."""
    mode = image.mode
    if mode == "1":
        image = _unpacked(image)
    elif mode in ("P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif mode in ("La", "RGBa"):
        return image.convert("LA" if mode == "La" else "RGBA")
    elif mode == "LAB":
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), srgb, outputMode="RGB") or image
    if image.mode in ("L", "RGB"):
        return image.convert("LA" if image.mode == "L" else "RGBA") if "transparency" in image.info else image
    return image if image.mode in ("LA", "RGBA", "CMYK") else image.convert("RGB")


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The picture converted from its embedded ICC profile to sRGB; unchanged without a usable profile."""
    if not isinstance(profile, bytes) or not profile:
        return image
    opaque = image.convert(image.mode[:-1]) if image.mode in ("LA", "RGBA") else image
    try:
        transform = _transform(profile, opaque.mode)
        if transform is None:
            return image
        converted = transform.apply(opaque)
    except Exception:  # a damaged profile is no reason to lose the picture
        return image
    if opaque is not image:
        converted.putalpha(image.getchannel("A"))
    return converted


def flattened(image: Image.Image, background: object) -> Image.Image:
    """The picture as L or RGB, its transparent parts laid on the background colour."""
    if image.mode not in ("LA", "RGBA"):
        return image if image.mode in ("L", "RGB") else image.convert("RGB")
    rgba = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, background)  # type: ignore[arg-type]
    canvas.paste(rgba, mask=rgba.getchannel("A"))
    return canvas


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode not in _SPACES.get(source.profile.xcolor_space.strip(), ()):
        return None
    target = ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL)


def _unpacked(image: Image.Image) -> Image.Image:
    key = image.info.get("transparency")
    grey = image.convert("L")
    grey.info.pop("transparency", None)
    if not isinstance(key, int):
        return grey
    return _keyed(grey, np.asarray(grey) == (255 if key else 0))


def _keyed(grey: Image.Image, transparent: NDArray[np.bool_]) -> Image.Image:
    grey.putalpha(Image.fromarray(np.where(transparent, 0, 255).astype(np.uint8)))
    return grey
