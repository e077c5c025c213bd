import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gantool.cli.main import app
from gantool.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{seed}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def test_check_prints_a_page(folder: Path) -> None:
    done = CliRunner().invoke(app, ["data", "check", str(folder)])
    assert done.exit_code == 0, done.output
    assert "3 usable of 4" in done.stdout
    assert "broken.png is not a picture" in done.stdout
    assert "3 images of 32 x 32, colour, fit=crop" in done.stdout


def test_check_prints_json(folder: Path) -> None:
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--resolution", "64", "--json"])
    report = json.loads(done.stdout)
    assert report["training"] == {"images": 3, "resolution": 64, "channels": 3, "fit": "crop", "classes": 0}
    assert report["enlarged"] == 3
    assert [broken["path"] for broken in report["broken"]] == ["broken.png"]


def test_labels_that_training_would_not_find_fail_with_its_words(folder: Path) -> None:
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--labels"])
    assert done.exit_code == 1
    assert isinstance(done.exception, DataError)
    assert "sub-folder for each class" in str(done.exception)
    for index, name in enumerate(("cat", "dog")):
        (folder / name).mkdir()
        (folder / f"{index}.png").rename(folder / name / "1.png")
    (folder / "2.png").unlink()
    done = CliRunner().invoke(app, ["data", "check", str(folder), "--labels"])
    assert done.exit_code == 0, done.output
    assert "2: cat 1, dog 1" in done.stdout


def test_check_fails_when_nothing_is_usable(folder: Path) -> None:
    for file in folder.glob("?.png"):
        file.write_bytes(b"")
    done = CliRunner().invoke(app, ["data", "check", str(folder)])
    assert done.exit_code == 1
    assert "impossible" in done.stdout


def test_check_of_a_missing_folder_names_the_nearest(folder: Path) -> None:
    done = CliRunner().invoke(app, ["data", "check", str(folder) + "0"])
    assert isinstance(done.exception, DataError)
    assert f"Did you mean {folder.name!r}" in str(done.exception)


def test_a_sheet_shows_what_training_would_see(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    sprite = Image.new("RGBA", (40, 40))
    sprite.paste((255, 0, 0, 255), (0, 0, 40, 20))
    sprite.save(folder / "3.png")
    place = tmp_path_factory.mktemp("seen") / "new" / "sheet.png"
    for channels, below in (("4", {(255, 255, 255), (204, 204, 204)}), ("3", {(255, 255, 255)})):
        words = ["data", "check", str(folder), "--channels", channels, "--sheet", str(place), "--overwrite"]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        assert done.stdout.endswith(f"sheet        {place}\n")
        with Image.open(place) as opened:
            pixels = np.asarray(opened)
        assert pixels.shape == (2 * 99 + 3, 2 * 99 + 3, 3)  # four pictures of 32 pixels, three times as large
        assert {tuple(pixel) for row in pixels[154:198, 104:198] for pixel in row} == below
    assert "is there already" in str(CliRunner().invoke(app, words[:-1]).exception)


def test_check_takes_the_options_that_training_takes(folder: Path) -> None:
    (folder / "l.csv").write_text("0.png,cat\n1.png,dog\n")
    done = CliRunner().invoke(app, ["data", "check", f"{folder}:labels=l.csv,fit=pad"])
    assert "classes      2: cat 1, dog 1" in done.stdout
    assert "fit=pad" in done.stdout
    assert "is no folder" in str(CliRunner().invoke(app, ["data", "check", "shapes:count=4"]).exception)
