import io
import os
from itertools import pairwise
from math import log

import pytest
from PIL import Image

from gantool.report.frames import MOST_FRAMES, Encoder, spread, within
from made_runs import made_run, record_of, save_sheet


def test_snapshots_are_spread_in_log_time_with_the_first_and_the_last_of_them() -> None:
    every = range(0, 1_000_000, 1000)
    chosen = sorted(list(spread(every))[:MOST_FRAMES])
    assert (chosen[0], chosen[-1]) == (0, 999_000)
    early = [seen for seen in chosen if seen < 32_000]  # half of the logarithm
    assert abs(2 * len(early) - MOST_FRAMES) <= 6
    ratios = [after / before for before, after in pairwise(chosen[-12:])]
    assert log(max(ratios)) < 2.5 * log(min(ratios))


@pytest.mark.parametrize("numbers", [[], [0], [5], [0, 640], range(10)])
def test_few_snapshots_are_all_taken_once(numbers) -> None:
    assert sorted(spread(numbers)) == sorted(numbers)


def test_a_sheet_is_encoded_once_unless_it_is_written_again(tmp_path, monkeypatch) -> None:
    run = made_run(tmp_path / "run", sheets=5)
    encoded: list[int] = []
    of_old = Encoder._encode
    monkeypatch.setattr(Encoder, "_encode", lambda self, seen, path: encoded.append(seen) or of_old(self, seen, path))
    encoder, record = Encoder(), record_of(run)
    first = encoder.frames(record.sheets)
    assert encoder.frames(record.sheets) == first
    assert sorted(encoded) == [0, 1000, 2000, 3000, 4000]
    save_sheet(run, 2000, 200, 24)
    os.utime(record.sheets[2000], ns=(1, 1))
    assert encoder.frames(record.sheets) != first
    assert encoded[5:] == [2000]


def test_few_frames_are_encoded_where_there_is_no_time_and_more_the_next_time(tmp_path) -> None:
    sheets = record_of(made_run(tmp_path / "run", sheets=21)).sheets
    encoder = Encoder()
    hurried = [frame.images_seen for frame in encoder.frames(sheets, seconds=0)]
    assert len(hurried) < 21
    assert {min(sheets), max(sheets)} <= set(hurried)
    assert len(encoder.frames(sheets)) == 21


def test_the_best_of_many_sheets_is_among_the_frames(tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=4, ticks=400)
    for number in range(100, 40_000, 100):
        if number % 13_333:
            (run / "samples" / f"{number:09d}.png").write_bytes((run / "samples" / "000000000.png").read_bytes())
    sheets = record_of(run).sheets
    seen = 23_400
    assert seen not in [frame.images_seen for frame in Encoder().frames(sheets)]
    frames = [frame.images_seen for frame in Encoder().frames(sheets, best=seen)]
    assert {seen, 40_000} <= set(frames)
    assert len(frames) == MOST_FRAMES
    assert seen in [frame.images_seen for frame in Encoder().frames(sheets, seconds=0, best=seen)]


def test_a_damaged_sheet_is_left_out(tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=3)
    sheets = record_of(run).sheets
    sheets[2000].write_bytes(sheets[2000].read_bytes()[:60])
    sheets[0].write_text("no picture")
    assert [frame.images_seen for frame in Encoder().frames(sheets)] == [4000]


def test_what_is_hard_to_encode_is_reduced_until_it_fits(tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=1, side=480)
    with Image.open(run / "samples" / "000000000.png") as noise:
        content = within(noise.convert("RGB"), 20_000)
    assert len(content) <= 20_000
    assert Image.open(io.BytesIO(content)).width > 100


def test_large_sheets_are_reduced_and_small_ones_keep_their_pixels(tmp_path) -> None:
    run = made_run(tmp_path / "run", sheets=1, side=90)
    Image.new("RGB", (3000, 1500)).save(run / "samples" / "000000007.png")
    sizes = [(frame.width, frame.height) for frame in Encoder().frames(record_of(run).sheets)]
    assert sizes == [(90, 90), (1280, 640)]
