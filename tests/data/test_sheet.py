"""The pictures that `gantool data check --sheet` shows are those of training, pixel by pixel."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, pictures
from PIL import Image

from gantool.builtin.sources.folder import build
from gantool.data.pictures.options import FolderOptions
from gantool.data.survey.check import check, report_on
from gantool.data.survey.look import COUNT, some_pictures
from gantool.data.survey.surveys import survey_folder
from gantool.errors import DataError


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))


def shown(folder: Path, **options: object) -> torch.Tensor:
    given = FolderOptions.model_validate({"path": str(folder), **options})
    survey = survey_folder(given)
    training = report_on([survey], 8).training
    assert training is not None
    return some_pictures(given, survey, training)


def trained_on(folder: Path, **options: object) -> torch.Tensor:
    given = FolderOptions.model_validate({"path": str(folder), **options})
    report = check(given, 8)
    assert report.training is not None
    source = build(given, 8, report.training.channels)
    return torch.stack([source[index][0] for index in range(len(source))])


@pytest.mark.parametrize("given", ["auto", "full", "0-2000"])
def test_pictures_of_16_bits_have_the_range_of_all(tmp_path: Path, given: str) -> None:
    for place, most in enumerate((1000, 3000)):
        wide = np.full((8, 8), most, np.uint16)
        wide[0, 0] = 0
        Image.fromarray(wide).save(tmp_path / f"{place}.{'tif' if place and given == 'auto' else 'png'}")
    found = shown(tmp_path, range=given)
    assert torch.equal(found, trained_on(tmp_path, range=given))
    assert found[0].max() < found[1].max()


def test_only_the_pictures_that_are_drawn_or_labelled_are_shown(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", *(f"{index}.png" for index in range(6)))
    for options in ({"count": 3, "seed": 1}, {"labels": "l.csv"}):
        (folder / "l.csv").write_text("1.png,cat\n4.png,dog\n")
        found = shown(folder, **options)
        assert len(found) == options.get("count", 2)
        assert torch.equal(found, trained_on(folder, **options))


def test_broken_files_take_no_place_of_usable_ones(tmp_path: Path) -> None:
    for place in range(COUNT + 2):  # each second file is looked at, and those are broken
        if place % 2:
            picture(tmp_path / f"{place:03d}.png", place)
        else:
            (tmp_path / f"{place:03d}.png").write_bytes(b"no picture")
    assert torch.equal(shown(tmp_path), trained_on(tmp_path))
    options = FolderOptions(path=str(tmp_path))
    survey = survey_folder(options)
    training = report_on([survey], 8).training
    assert training is not None
    for file in tmp_path.iterdir():
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match="changed meanwhile"):
        some_pictures(options, survey, training)
