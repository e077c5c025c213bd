import json
from pathlib import Path

import numpy as np
import pytest
from pictures import picture, pictures
from PIL import Image

from gantool.data.pictures.options import FolderOptions
from gantool.data.survey import check as module
from gantool.data.survey.check import Report, check
from gantool.data.survey.report import as_text
from gantool.errors import DataError


def checked(folder: Path, resolution: int | None = None, **options: str) -> Report:
    return check(FolderOptions(path=str(folder), **options), resolution)


def scene(seed: int) -> Image.Image:
    """Smooth blobs: something that survives a resize."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)


def test_sizes_modes_and_kinds_are_counted(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 0, (40, 20))
    picture(tmp_path / "b.jpg", 1, (30, 60))
    Image.new("RGBA", (50, 50), (1, 2, 3, 4)).save(tmp_path / "c.png")
    Image.new("CMYK", (10, 10)).save(tmp_path / "d.jpg")
    frames = [scene(5), scene(6)]
    frames[0].save(tmp_path / "e.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "notes.txt").write_text("words")
    report = checked(tmp_path)
    assert (report.files, report.usable, report.ignored) == (5, 5, 1)
    assert report.width is not None
    assert (report.width.minimum, report.width.median, report.width.maximum) == (10, 40, 96)
    assert report.aspect is not None
    assert (report.aspect.minimum, report.aspect.maximum) == (0.5, 2)
    assert report.formats == {"PNG": 2, "JPEG": 2, "GIF": 1}
    assert (report.transparent, report.animated, report.cmyk, report.grey) == (1, 1, 1, 0)


def test_transparency_counts_where_it_is_seen_and_the_way_to_keep_it_is_told(tmp_path: Path) -> None:
    for index in range(3):
        Image.new("RGBA", (20, 20), (9, 9, 9, 255)).save(tmp_path / f"opaque{index}.png")
    report = checked(tmp_path)
    assert report.transparent == 0
    assert "--channels 4" not in as_text(report)
    opaque = check(FolderOptions(path=str(tmp_path)), channels=4)
    assert "note         nothing is transparent: --channels 3 is enough" in as_text(opaque)
    padded = check(FolderOptions(path=str(tmp_path), fit="pad"), channels=4)
    assert "nothing is transparent" not in as_text(padded)
    sprite = Image.new("RGBA", (20, 20), (9, 9, 9, 255))
    sprite.paste((0, 0, 0, 0), (0, 0, 5, 5))
    sprite.save(tmp_path / "sprite.png")
    report = checked(tmp_path)
    assert report.transparent == 1
    assert "1 with transparency (laid on white)" in as_text(report)
    assert "--channels 4 trains with transparency" in as_text(report)
    kept = check(FolderOptions(path=str(tmp_path)), channels=4)
    assert "1 with transparency (kept)" in as_text(kept)
    assert "colour with transparency" in as_text(kept)
    assert "note         --channels" not in as_text(kept)


def test_copies_are_duplicates_and_altered_copies_look_alike(tmp_path: Path) -> None:
    for seed in range(30):
        scene(seed).save(tmp_path / f"{seed:02}.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "03.png").read_bytes())
    scene(7).resize((64, 64), Image.Resampling.LANCZOS).save(tmp_path / "smaller.jpg", quality=95)
    report = checked(tmp_path)
    assert report.duplicates == [["03.png", "copy.png"]]
    assert report.alike == [["07.png", "smaller.jpg"]]


def test_blank_pictures_are_not_called_alike(tmp_path: Path) -> None:
    for grey in range(0, 250, 50):
        Image.new("L", (20, 20), grey).save(tmp_path / f"{grey}.png")
    assert checked(tmp_path).alike == []


def test_too_many_pictures_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALIKE_LIMIT", 1)
    report = checked(pictures(tmp_path, "a.png", "b.png"))
    assert report.alike is None
    assert "not compared" in as_text(report)


def test_what_training_would_use(tmp_path: Path) -> None:
    for index, side in enumerate((32, 40, 50)):
        Image.new("L", (side, 64)).save(tmp_path / f"{index}.png")
    training = checked(tmp_path).training
    assert training is not None
    assert (training.images, training.resolution, training.channels) == (3, 32, 1)
    larger = checked(tmp_path, resolution=64)
    assert larger.training is not None
    assert larger.training.resolution == 64
    assert larger.enlarged == 3
    assert checked(tmp_path, resolution=64, fit="pad").enlarged == 0
    assert "3 pictures smaller than 64 pixels would be enlarged" in as_text(larger)


def test_uneven_classes_are_noted(tmp_path: Path) -> None:
    report = checked(pictures(tmp_path, "cat/0.png", *(f"dog/{index}.png" for index in range(11))))
    assert report.classes == {"cat": 1, "dog": 11}
    assert "the classes are uneven: 11 of 'dog', 1 of 'cat'" in as_text(report)


def test_broken_files_are_listed_and_nothing_usable_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    report = checked(tmp_path)
    assert report.usable == 0
    assert report.training is None
    assert "a.png is not a picture" in as_text(report)
    assert "impossible" in as_text(report)


def test_the_report_is_json(tmp_path: Path) -> None:
    report = checked(pictures(tmp_path, "a.png", "b.png"))
    assert Report.model_validate(json.loads(report.model_dump_json())) == report


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        checked(tmp_path)
