"""Frames written as a strip (PNG), an animation (APNG, GIF, WebP; by Pillow) or a film (MP4; by PyAV)."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageChops, ImageStat
from torch import Tensor

from gantool.errors import GantoolError, OptionError, did_you_mean
from gantool.files import write_atomically
from gantool.pixels import composited, has_alpha, straight, to_float, to_uint8
from gantool.render.grids import sheet
from gantool.render.pictures import make_folder, save_pictures, to_pil

Frames = UInt8[Tensor, "n c h w"]
STRIP_COLUMNS = 32
GIF_COLOURS_FROM = 64  # frames that the palette of a GIF is chosen from
TRANSPARENT = 255  # the entry of a GIF's palette for pixels that are not drawn
GIF_DITHER = 8.0  # of 256 levels: hides banding in gradients, leaves flat backgrounds flat


def save_frames(path: Path, frames: Frames, fps: int, loop: bool) -> None:
    """Write frames in the format of the suffix, atomically; the file's folder is made if need be.

    With `loop` the file repeats for ever, else it plays once. A strip ignores `fps` and `loop`; MP4 cannot repeat.
    """
    check_suffix(path)
    check_fps(path, fps)
    make_folder(path.parent)
    FORMATS[path.suffix.lower()](path, frames, fps, loop)


def check_suffix(path: Path) -> None:
    """Raise OptionError unless files of this suffix can be written."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise OptionError(
            f"{path} has {'the suffix ' + suffix if suffix else 'no suffix'}; the suffix chooses the format: "
            f"{', '.join(FORMATS)}.{did_you_mean(suffix, FORMATS)}"
        )
    if suffix == ".mp4":
        _import_av()


def check_fps(path: Path, fps: int) -> None:
    """Raise OptionError for a rate that the format or its players cannot show."""
    limit = 50 if path.suffix.lower() == ".gif" else 240
    if not 1 <= fps <= limit:
        raise OptionError(f"--fps is 1 to {limit} for a {path.suffix} file, not {fps}.")


def durations(count: int, fps: int, unit: int) -> list[int]:
    """The duration of each frame in milliseconds: multiples of `unit` that keep `fps` exact over the whole."""
    ends = [round(Fraction(1000 * (frame + 1), fps * unit)) * unit for frame in range(count)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _strip(path: Path, frames: Frames, fps: int, loop: bool) -> None:
    strip = sheet(frames, columns=min(len(frames), STRIP_COLUMNS), transparent=True)
    save_pictures([strip], [path], overwrite=True)


def _apng(path: Path, frames: Frames, fps: int, loop: bool) -> None:
    first, *rest = [to_pil(frame) for frame in frames]
    times, plays = durations(len(frames), fps, 1), 0 if loop else 1
    write_atomically(
        path, lambda file: first.save(file, "PNG", save_all=True, append_images=rest, duration=times, loop=plays)
    )


def _webp(path: Path, frames: Frames, fps: int, loop: bool) -> None:
    first, *rest = [to_pil(frame) for frame in frames]
    times, plays = durations(len(frames), fps, 1), 0 if loop else 1
    write_atomically(
        path,
        lambda file: first.save(
            file, "WEBP", save_all=True, append_images=rest, duration=times, loop=plays, quality=90, method=4
        ),
    )


def _gif(path: Path, frames: Frames, fps: int, loop: bool) -> None:
    """A GIF with one palette for all frames and an ordered dither, so that nothing flickers; greys are exact.

    It knows no half-transparent pixels: those of an alpha below a half are transparent, the others opaque.
    """
    pictures = [to_pil(frame) for frame in frames] if frames.shape[1] == 1 else _quantized(frames)
    first, *rest = pictures
    # Without the entry for its loops a GIF plays once.
    more: dict[str, Any] = {"loop": 0} if loop else {}
    if has_alpha(frames):
        more |= {"transparency": TRANSPARENT, "disposal": 2}  # each frame replaces the last one
    times = durations(len(frames), fps, 10)
    write_atomically(
        path,
        lambda file: first.save(file, "GIF", save_all=True, append_images=rest, duration=times, optimize=False, **more),
    )


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


def _mp4(path: Path, frames: Frames, fps: int, loop: bool) -> None:
    """H.264 that every player shows: yuv420p, crf 18, tagged as BT.709, even sides (an odd one repeats its edge).

    It has no transparency: the pictures lie on white.
    """
    av = _import_av()
    bt709 = av.video.reformatter.Colorspace.ITU709
    height, width = frames.shape[-2:]
    rows, columns = torch.arange(height + height % 2), torch.arange(width + width % 2)
    pictures = frames[:, :, rows.clamp(max=height - 1)][..., columns.clamp(max=width - 1)]

    def write(file: Path) -> None:
        with av.open(str(file), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "medium"})
            stream.height, stream.width = pictures.shape[-2:]
            stream.pix_fmt = "yuv420p"
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = 1
            context.color_range = 1
            for picture in pictures:
                rgb = to_uint8(composited(to_float(picture))).expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=bt709)))
            container.mux(stream.encode(None))

    write_atomically(path, write)


def _import_av() -> Any:
    try:
        import av
        import av.video.reformatter
    except ImportError as error:
        raise GantoolError(
            "MP4 films need PyAV: pip install 'gantool[video]', or choose .webp, .gif or .apng."
        ) from error
    return av


FORMATS: dict[str, Callable[[Path, Frames, int, bool], None]] = {
    ".png": _strip,
    ".apng": _apng,
    ".gif": _gif,
    ".webp": _webp,
    ".mp4": _mp4,
}
