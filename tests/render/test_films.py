"""Films: a fraction for a rate, a time for each frame, and the sound of another film."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from gantool.render import films
from gantool.render.animations import save_frames
from gantool.render.films import Sound, uncopied_sound

av = pytest.importorskip("av")
FRAMES = torch.linspace(0, 255, 6).to(torch.uint8).view(6, 1, 1, 1).expand(6, 3, 32, 32)


def film(path: Path, sound: str | None = None, seconds: float = 1.0) -> None:
    """A grey film of 6 frames with a tone."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 32
        heard = container.add_stream(sound, rate=8000) if sound else None
        for index in range(6):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 40 * index, np.uint8), format="rgb24")
            frame.pts = index
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if heard:
            wave = (np.sin(np.arange(int(8000 * seconds)) / 4) * 20000).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            frame.sample_rate = 8000
            for part in av.AudioResampler(format=heard.format, layout="mono", rate=8000).resample(frame):
                container.mux(heard.encode(part))
            container.mux(heard.encode(None))


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(each) for each in container.demux() if each.size and each.stream.type == "audio"]


def shown(path: Path) -> tuple[Fraction, list[float]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.average_rate, [float(each.pts * stream.time_base) for each in container.decode(stream)]


def test_the_rate_is_a_fraction(tmp_path: Path) -> None:
    save_frames(tmp_path / "a.mp4", FRAMES, [Fraction(1001, 30000)] * 6, 0)
    assert shown(tmp_path / "a.mp4")[0] == Fraction(30000, 1001)


def test_each_frame_keeps_its_time_also_the_last(tmp_path: Path) -> None:
    save_frames(tmp_path / "a.mp4", FRAMES, [Fraction(each, 100) for each in (4, 50, 4, 12, 10, 70)], 0)
    assert shown(tmp_path / "a.mp4")[1] == pytest.approx([0, 0.04, 0.54, 0.58, 0.7, 0.8])
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.duration / av.time_base == pytest.approx(1.5)


def test_sound_is_copied_packet_by_packet_whole_or_up_to_the_last_frame(tmp_path: Path) -> None:
    film(tmp_path / "in.mp4", "aac", seconds=3.0)
    assert uncopied_sound(tmp_path / "in.mp4") == {}
    save_frames(tmp_path / "a.mp4", FRAMES, [Fraction(1, 10)] * 6, 0, Sound(tmp_path / "in.mp4", Fraction(0)))
    assert packets(tmp_path / "a.mp4") == packets(tmp_path / "in.mp4")
    assert len(shown(tmp_path / "a.mp4")[1]) == 6
    cut = Sound(tmp_path / "in.mp4", Fraction(0), whole=False)
    save_frames(tmp_path / "short.mp4", FRAMES, [Fraction(1, 10)] * 6, 0, cut)
    part = packets(tmp_path / "short.mp4")
    assert part == packets(tmp_path / "in.mp4")[: len(part)]
    assert 4 <= len(part) <= 6  # 1,024 samples each


@pytest.mark.parametrize("codec", ["adpcm_ms", "pcm_s16le"])  # the second fails with its first packet
def test_sound_that_an_mp4_cannot_hold_is_named_and_left_out(tmp_path: Path, codec: str) -> None:
    film(tmp_path / "in.avi", codec)
    assert uncopied_sound(tmp_path / "in.avi") == {1: codec}
    save_frames(tmp_path / "a.mp4", FRAMES, [Fraction(1, 10)] * 6, 0, Sound(tmp_path / "in.avi", Fraction(0)))
    assert packets(tmp_path / "a.mp4") == []
    assert len(shown(tmp_path / "a.mp4")[1]) == 6


def test_damaged_sound_does_not_cost_the_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    film(tmp_path / "in.mp4", "aac")

    def damaged(*_: object) -> None:
        raise av.error.InvalidDataError(1, "no packet")

    monkeypatch.setattr(films._Copied, "up_to", damaged)
    save_frames(tmp_path / "a.mp4", FRAMES, [Fraction(1, 10)] * 6, 0, Sound(tmp_path / "in.mp4", Fraction(0)))
    assert len(shown(tmp_path / "a.mp4")[1]) == 6
    assert "in.mp4 could not be copied (no packet), and is not in" in caplog.text
