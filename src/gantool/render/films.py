"""Frames written as an MP4 film by PyAV, each at its own time, with the sound of another film."""

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.errors import GantoolError
from gantool.files import write_atomically
from gantool.pixels import composited, to_float, to_uint8

TICK = Fraction(1, 90_000)  # the clock of films with frames of different lengths
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sound:
    """The sound of a film, whose pictures begin at the second `start`; `whole`, or up to the last frame."""

    film: Path
    start: Fraction
    whole: bool = True


def mp4(path: Path, frames: UInt8[Tensor, "n c h w"], times: Sequence[Fraction], sound: Sound | None) -> None:
    """H.264 that every player shows: yuv420p, crf 18, tagged as BT.709, even sides (an odd one repeats its edge).

    The sound is copied as it is. If its packets turn out to be damaged, the film is without, and a warning says so.
    """
    av = import_av()
    try:
        write_atomically(path, lambda file: _write(file, frames, times, sound))
    except av.FFmpegError as error:
        if sound is None:
            raise
        _log.warning("The sound of %s could not be copied (%s), and is not in %s.", sound.film, error.strerror, path)
        write_atomically(path, lambda file: _write(file, frames, times, None))


def _write(file: Path, frames: UInt8[Tensor, "n c h w"], times: Sequence[Fraction], sound: Sound | None) -> None:
    av = import_av()
    bt709 = av.video.reformatter.Colorspace.ITU709
    height, width = frames.shape[-2:]
    rows, columns = torch.arange(height + height % 2), torch.arange(width + width % 2)
    pictures = frames[:, :, rows.clamp(max=height - 1)][..., columns.clamp(max=width - 1)]
    tick = times[0] if len(set(times)) == 1 else TICK
    begins = [round(begin / tick) for begin in [Fraction(0), *accumulate(times)]]
    lasts = dict(zip(begins, (end - begin for begin, end in pairwise(begins)), strict=False))
    with ExitStack() as stack:
        film = stack.enter_context(av.open(str(file), "w", format="mp4", options={"movflags": "faststart"}))
        stream = film.add_stream("libx264", rate=1 / times[0], options={"crf": "18", "preset": "medium"})
        stream.height, stream.width = pictures.shape[-2:]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = tick
        context.colorspace = context.color_primaries = context.color_trc = 1
        context.color_range = 1

        def add(packets: Sequence[Any]) -> None:
            for packet in packets:
                packet.duration = lasts[packet.pts]
                film.mux(packet)

        copied = _Copied(stack.enter_context(av.open(str(sound.film))), film, sound.start) if sound else None
        for index, picture in enumerate(pictures):
            rgb = to_uint8(composited(to_float(picture))).expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p", dst_colorspace=bt709)
            frame.pts, frame.time_base = begins[index], tick
            add(stream.encode(frame))
            if copied:
                copied.up_to(begins[index + 1] * tick)
        add(stream.encode(None))
        if copied and sound and sound.whole:
            copied.up_to(None)


class _Copied:
    """The packets of a film's sound, moved into another film in the order of time."""

    def __init__(self, source: Any, film: Any, start: Fraction) -> None:
        self._film, self._start = film, start
        lost = uncopied_sound(Path(source.name))
        heard = [stream for stream in source.streams.audio if stream.index not in lost]
        self._streams = {stream.index: film.add_stream_from_template(stream) for stream in heard}
        self._packets: Iterator[Any] = (each for each in (source.demux(heard) if heard else ()) if each.dts is not None)
        self._next = next(self._packets, None)

    def up_to(self, seconds: Fraction | None) -> None:
        """Copy what begins before that second of the film; None: the rest."""
        while self._next is not None:
            packet = self._next
            if seconds is not None and packet.dts * packet.time_base - self._start >= seconds:
                return
            moved = round(self._start / packet.time_base)
            packet.pts = (packet.dts if packet.pts is None else packet.pts) - moved
            packet.dts -= moved
            packet.stream = self._streams[packet.stream.index]
            self._film.mux(packet)
            self._next = next(self._packets, None)


def uncopied_sound(film: Path) -> dict[int, str]:
    """The streams of a film's sound that an MP4 cannot hold as they are, by index, with their codecs."""
    with import_av().open(str(film)) as source:
        codecs = {stream.index: stream.codec_context.name for stream in source.streams.audio}
    return {index: codec for index, codec in codecs.items() if not _fits(film, index)}


def _fits(film: Path, index: int) -> bool:
    """True if an MP4 can hold this stream as it is: its first packet is tried, since some fail no earlier."""
    av = import_av()
    try:
        with av.open(str(film)) as source, av.open(io.BytesIO(), "w", format="mp4") as trial:
            stream = trial.add_stream_from_template(source.streams[index])
            packet = next(each for each in source.demux(source.streams[index]) if each.dts is not None)
            packet.stream = stream
            trial.mux(packet)
    except (ValueError, StopIteration, av.FFmpegError):
        return False
    return True


def import_av() -> Any:
    """PyAV. Raises GantoolError that says how to install it."""
    try:
        import av
        import av.video.reformatter
    except ImportError as error:
        raise GantoolError(
            "MP4 films need PyAV: pip install 'gantool[video]', or choose .webp, .gif or .apng."
        ) from error
    return av
