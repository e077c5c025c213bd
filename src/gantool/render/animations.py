"""Frames written as a strip (PNG), an animation (APNG, GIF, WebP; by Pillow) or a film (MP4; in `films`)."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageChops, ImageStat
from torch import Tensor

from gantool.errors import OptionError, suffix_meant
from gantool.files import write_atomically
from gantool.pixels import has_alpha, straight
from gantool.render.films import Sound, import_av, mp4
from gantool.render.grids import sheet
from gantool.render.pictures import make_folder, save_pictures, to_pil

Frames = UInt8[Tensor, "n c h w"]
Times = Sequence[Fraction]
"""The seconds of each frame."""

STRIP_COLUMNS = 32
MOST_FPS = {".gif": 50, ".webp": 90, ".apng": 90}
"""Players show a frame of 10 ms or less, a hundredth in a GIF, for 100 ms."""
GIF_COLOURS_FROM = 64  # frames that the palette of a GIF is chosen from
GIF_DITHER = 8.0  # of 256 levels: hides banding in gradients, leaves flat backgrounds flat
TRANSPARENT = 255  # the entry of a GIF's palette for pixels that are not drawn


def save_frames(path: Path, frames: Frames, times: Times, plays: int, sound: Sound | None = None) -> None:
    """Write frames in the format of the suffix, atomically; the file's folder is made if need be.

    Each frame is shown for its seconds in `times`, and the whole `plays` times, 0 for ever. Frames of
    four channels (see `pixels`) are transparent, but on white in MP4. A strip has neither
    times nor repetition; MP4 cannot repeat, and alone has sound.
    """
    check_suffix(path)
    check_rate(path, len(times) / sum(times))
    make_folder(path.parent)
    if path.suffix.lower() == ".mp4":
        mp4(path, frames, times, sound)
    else:
        FORMATS[path.suffix.lower()](path, frames, times, plays)


def check_suffix(path: Path) -> None:
    """Raise OptionError unless files of this suffix can be written."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS and suffix != ".mp4":
        known = [*FORMATS, ".mp4"]
        raise OptionError(
            f"{path} has {'the suffix ' + suffix if suffix else 'no suffix'}; the suffix chooses the format: "
            f"{', '.join(known)}.{suffix_meant(suffix, known)}"
        )
    if suffix == ".mp4":
        import_av()


def check_rate(path: Path, fps: Fraction | float | int) -> None:
    """Raise OptionError for more frames a second than players of the format show."""
    suffix = path.suffix.lower()
    limit = MOST_FPS.get(suffix, fps)
    if fps > limit:
        remedy = ".webp" if fps <= MOST_FPS[".webp"] else ".mp4"
        raise OptionError(
            f"{path}: players show at most {limit} frames a second of a {suffix} file, not {float(fps):.4g}; choose "
            f"{remedy}."
        )


def durations(times: Times, unit: int, shortest: int = 1) -> list[int]:
    """The duration of each frame in milliseconds: multiples of `unit`, at least `shortest`, that keep the whole."""
    ends, passed = [0], Fraction(0)
    for seconds in times:
        passed += seconds
        ends.append(max(round(1000 * passed / unit) * unit, ends[-1] + shortest))
    return [end - start for start, end in pairwise(ends)]


def _strip(path: Path, frames: Frames, times: Times, plays: int) -> None:
    strip = sheet(frames, columns=min(len(frames), STRIP_COLUMNS), transparent=True)
    save_pictures([strip], [path], overwrite=True)


def _apng(path: Path, frames: Frames, times: Times, plays: int) -> None:
    _animate(path, [to_pil(frame) for frame in frames], "PNG", duration=durations(times, 1, 11), loop=plays)


def _webp(path: Path, frames: Frames, times: Times, plays: int) -> None:
    options: dict[str, Any] = {"duration": durations(times, 1, 11), "loop": plays, "quality": 90, "method": 4}
    if has_alpha(frames):
        options |= {"kmin": 0, "kmax": 1}  # libwebp loses alpha in lossy frames that store a difference
    _animate(path, [to_pil(frame) for frame in frames], "WEBP", **options)


def _animate(path: Path, pictures: Sequence[Image.Image], format: str, **options: Any) -> None:
    first, *rest = pictures
    write_atomically(path, lambda file: first.save(file, format, save_all=True, append_images=rest, **options))


def _gif(path: Path, frames: Frames, times: Times, plays: int) -> None:
    """A GIF with one palette for all frames and an ordered dither, so that nothing flickers; greys are exact.

    It knows no half-transparent pixels: those of an alpha below a half are transparent, the others opaque.
    """
    pictures = [to_pil(frame) for frame in frames] if frames.shape[1] == 1 else _quantized(frames)
    options: dict[str, Any] = {"duration": durations(times, 10, 20), "optimize": False}
    if plays != 1:  # without the entry for its repetitions a GIF plays once
        options["loop"] = max(plays - 1, 0)
    if has_alpha(frames):
        options |= {"transparency": TRANSPARENT, "disposal": 2}  # each frame replaces the last one
    _animate(path, pictures, "GIF", **options)


def _quantized(frames: Frames) -> list[Image.Image]:
    """Frames in the colours of one palette, whose last entry stands for transparent pixels."""
    colors = torch.stack([straight(frame)[:3] for frame in frames]) if has_alpha(frames) else frames
    palette = _palette(colors, TRANSPARENT if has_alpha(frames) else 256)
    pattern = _bayer(frames.shape[-2], frames.shape[-1])
    pictures = []
    for frame, color in zip(frames, colors, strict=True):
        dithered = (color.float() + pattern).round().clamp(0, 255).to(torch.uint8)
        picture = to_pil(dithered).quantize(palette=palette, dither=Image.Dither.NONE)
        if has_alpha(frames):
            picture.paste(TRANSPARENT, mask=to_pil(((frame[3:] < 128) * 255).to(torch.uint8)))
        pictures.append(picture)
    return pictures


def _palette(frames: Frames, count: int) -> Image.Image:
    """So many colours from a sample of the frames.

    An octree keeps flat backgrounds, which a median cut tints; where colours are few and close, the cut is nearer.
    """
    chosen = frames[torch.linspace(0, len(frames) - 1, min(len(frames), GIF_COLOURS_FROM)).long()]
    stride = max(1, frames.shape[-1] // 128)
    pixels = sheet(chosen[..., ::stride, ::stride], margin=0)

    def error(quantized: Image.Image) -> float:
        return sum(ImageStat.Stat(ImageChops.difference(pixels, quantized.convert("RGB"))).mean)

    octree, cut = (pixels.quantize(count, way) for way in (Image.Quantize.FASTOCTREE, Image.Quantize.MEDIANCUT))
    return octree if error(octree) <= 1.5 * error(cut) else cut


def _bayer(height: int, width: int) -> Float[Tensor, "h w"]:
    """Ordered dither: Bayer's 8 by 8 thresholds (1973), half a palette step to either side."""
    rank = torch.zeros(1, 1)
    for _ in range(3):
        rank = torch.cat([torch.cat([4 * rank, 4 * rank + 2], 1), torch.cat([4 * rank + 3, 4 * rank + 1], 1)])
    pattern = ((rank + 0.5) / 64 - 0.5) * GIF_DITHER
    return pattern.repeat(height // 8 + 1, width // 8 + 1)[:height, :width]


FORMATS: dict[str, Callable[[Path, Frames, Times, int], None]] = {
    ".png": _strip,
    ".apng": _apng,
    ".gif": _gif,
    ".webp": _webp,
}
