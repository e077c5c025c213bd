import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gantool.cli.app import app
from gantool.cli.data import _surveyed
from gantool.errors import DataError, UsageError


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


def test_check_fails_for_one_picture_as_training_does(tmp_path: Path) -> None:
    Image.new("L", (40, 40)).save(tmp_path / "a.png")
    done = CliRunner().invoke(app, ["data", "check", str(tmp_path)])
    assert done.exit_code == 1
    assert f"There is one image in {tmp_path}; training needs two at the least" in str(done.exception)
    assert "1 usable of 1" in done.stdout
    assert "are few" not in done.stdout


def test_check_of_a_missing_folder_names_the_nearest(folder: Path) -> None:
    done = CliRunner().invoke(app, ["data", "check", str(folder) + "0"])
    assert isinstance(done.exception, UsageError)
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


def lines_of(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["data", "check", *words])
    assert done.exit_code == code, done.output
    return done.stdout


def test_arrays_and_other_sources_are_checked_as_training_sees_them(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 4096, (5, 20, 20, 3), np.uint16)
    pixels[4] = pixels[1]
    np.savez(tmp_path / "f.npz", images=pixels, labels=np.array([0, 1, 1, 0, 1]))
    page = lines_of(str(tmp_path / "f.npz"), "--sheet", str(tmp_path / "sheet.png"))
    assert "5 usable of 5" in page
    assert "1 too many (1 group; the same file twice or more), for example\n             image 1 = image 4" in page
    assert "classes      2: 0 2, 1 3" in page
    assert "4,095 is white" in page
    assert "5 images of 16 x 16, colour, 2 classes (with --labels)" in page
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (3 * 99 + 3, 2 * 99 + 3)
    shapes = json.loads(lines_of("shapes:count=4", "--resolution", "8", "--json"))
    assert (shapes["usable"], shapes["formats"], shapes["training"]["resolution"]) == (4, {"shapes": 4}, 8)
    clear = np.zeros((2, 8, 8, 4), np.uint8)
    clear[1, :4] = 255
    np.save(tmp_path / "clear.npy", clear)
    assert json.loads(lines_of(str(tmp_path / "clear.npy"), "--channels", "4", "--json"))["transparent"] == 2


def test_a_sources_name_is_that_source_whatever_folder_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shapes").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "gantool.data.survey.sources.survey_source", lambda source, text, name, shape: (len(source), name)
    )
    assert _surveyed("shapes", 8, 3)[1] == (20_000, "shapes")


def test_several_sources_are_checked_as_one(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "copy.png").write_bytes((folder / "1.png").read_bytes())
    Image.new("RGB", (20, 20), "red").save(other / "small.png")
    np.save(other / "f.npy", np.zeros((2, 40, 40, 3), np.uint8))
    array = str(other / "f.npy")
    sheet = str(other / "sheet.png")
    page = lines_of(str(folder), f"{other}:fit=pad", array, "--sheet", sheet)
    assert f"7 usable of 8 in {folder} and {other} and {array}\n             3 of {folder}\n" in page
    assert f"{folder}: 1.png = {other}: copy.png" in page
    assert f"broken       {folder}: broken.png is not a picture" in page
    assert "7 images of 28 x 28, colour, fit=crop, pad" in page
    assert Path(sheet).is_file()
    assert "note" not in page.partition("broken")[0]


def test_a_source_that_is_given_twice_is_noted(folder: Path) -> None:
    assert f"{folder} is given more than once" in lines_of(str(folder), f"{folder}:fit=pad")
    (folder / "in").mkdir()
    (folder / "0.png").rename(folder / "in" / "0.png")
    assert f"{folder}/in lies in {folder}, which is given too" in lines_of(str(folder), str(folder / "in"))


def test_pictures_without_a_label_have_a_heading_of_their_own(folder: Path) -> None:
    (folder / "l.csv").write_text("0.png,cat\n1.png,dog\n")
    page = lines_of(f"{folder}:labels=l.csv", "--labels")
    assert "2 usable of 4" in page
    assert "no label     2.png has no label in l.csv\n             broken.png has no label in l.csv\n" in page
    assert "\nbroken " not in page


def test_several_sources_have_classes_if_each_has(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "l.csv").write_text("0.png,cat\n1.png,dog\n")
    pets = f"{folder}:labels=l.csv"
    other = tmp_path_factory.mktemp("other")
    for name in ("ape", "cat"):
        (other / name).mkdir()
        Image.new("RGB", (20, 20), (name == "ape" and "red") or "blue").save(other / name / "1.png")
    assert "classes      3: cat 2, dog 1, ape 1" in lines_of(pets, str(other), "--labels")
    bare = json.loads(lines_of(str(folder), str(other), "--json"))
    assert bare["classes"] == {}
    assert bare["notes"][-1] == f"Without classes, since {folder} has none."
    assert bare["sources"] == {str(folder): 3, str(other): 2}
