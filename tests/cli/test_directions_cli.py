"""`gantool directions`, and the moves of `gantool sample` and `gantool interpolate` along what it finds."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from test_sample_cli import CLASSES, call, pixels, write_model

import gantool
from gantool.errors import OptionError


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run folder in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_model(Path("runs/demo/generator.safetensors"))
    write_model(Path("pets.safetensors"), CLASSES)
    return "runs/demo"


def test_directions_lie_beside_the_model_and_on_a_sheet(run: str) -> None:
    assert (
        call("directions", run, "-n", "3", "--sheet", "d.png", "--scale", "1")
        == "runs/demo/directions.safetensors\nd.png\n"
    )
    found = gantool.load_directions("runs/demo/directions.safetensors")
    assert len(found) == 3
    drawn = pixels("d.png")
    assert drawn.shape == (3 * 18 + 2, 7 * 18 + 2, 3)
    model = gantool.load(run)
    moved = model.sample([0], shift=found.shift({2: -1.0}))[0]
    assert np.array_equal(drawn[20:36, 2 * 18 + 2 : 3 * 18], np.asarray(moved))
    assert np.array_equal(drawn[2:18, 3 * 18 + 2 : 4 * 18], np.asarray(model.sample([0])[0]))
    call("directions", run, "-n", "3", "--sheet", "large.png", "--overwrite")  # enlarged, so there is room for captions
    assert np.array_equal(pixels("large.png")[82:146:4, 2 * 66 + 2 : 3 * 66 : 4], np.asarray(moved))
    with pytest.raises(OptionError, match=r"directions.safetensors is there already"):
        call("directions", run)
    before = Path("runs/demo/directions.safetensors").read_bytes()
    told = json.loads(call("directions", run, "-n", "3", "--overwrite", "--json"))
    assert told == {"files": ["runs/demo/directions.safetensors"], "method": "pca", "space": "z", "directions": 3}
    assert Path("runs/demo/directions.safetensors").read_bytes() == before


def test_samples_and_walks_are_moved(run: str) -> None:
    call("directions", run, "--method", "sefa", "-n", "2")
    shift = gantool.load_directions("runs/demo/directions.safetensors").shift({1: 2.0, 2: -0.5})
    moves = ("--move", "1:+2", "--move", "2:-.5", "--truncation", "0.7")
    files = json.loads(call("sample", run, "--seeds", "3,4", *moves, "--out", "a", "--json"))["files"]
    assert files[0] == "a/seed000003-truncation0.7-move1+2-move2-0.5.png"
    model = gantool.load(run)
    for file, picture in zip(files, model.sample([3, 4], 0.7, shift=shift), strict=True):
        assert np.array_equal(pixels(file), np.asarray(picture))
    call("interpolate", run, "--seeds", "3,4", *moves, "--frames", "2", "-o", "walk")
    assert np.array_equal(pixels("walk/frame000001.png"), pixels(files[1]))


def test_latents_of_a_file_are_moved_too(run: str) -> None:
    call("directions", run, "-n", "1")
    shift = gantool.load_directions("runs/demo/directions.safetensors").shift({1: 1.0})
    latents = torch.randn(1, 8)
    gantool.save_latents("face.safetensors", latents)
    call("sample", run, "--latents", "face.safetensors", "--move", "1:1", "-o", "face.png")
    image = gantool.load(run).render(latents + shift)[0]
    assert np.array_equal(pixels("face.png"), image.permute(1, 2, 0).numpy())


def test_the_sheet_of_a_model_with_classes_is_of_one_class(run: str) -> None:
    call("directions", "pets.safetensors", "-n", "1", "--sheet", "d.png", "--label", "wild dog", "--scale", "2")
    assert Path("pets-directions.safetensors").exists()
    with Image.open("d.png") as drawn:
        assert drawn.width > 7 * 32
        middle = np.asarray(drawn)[2:34:2, 3 * 34 + 2 : 4 * 34 : 2]
    alone = np.asarray(gantool.load("pets.safetensors").sample([0], labels="wild dog")[0])
    assert np.array_equal(middle, alone)


def test_moves_that_cannot_be_made_say_why(run: str) -> None:
    with pytest.raises(OptionError, match="no directions yet: find them with gantool directions runs/demo"):
        call("sample", run, "--move", "1:+2")
    call("directions", run, "-n", "2", "--truncation", "0.5")
    for text in ("3", "a:1", "1:x", "1:nan", "-1:2"):
        with pytest.raises(OptionError, match="as in 3:\\+2"):
            call("sample", run, f"--move={text}")
    with pytest.raises(OptionError, match="direction 3: these go from 1 to 2"):
        call("sample", run, "--move", "3:1")
    with pytest.raises(OptionError, match="direction 1 twice"):
        call("interpolate", run, "--move", "1:1", "--move", "1:2", "-o", "a.png")
    with pytest.raises(OptionError, match="with --move alone"):
        call("sample", run, "--directions", "runs/demo/directions.safetensors")
    assert not Path("samples").exists()


def test_directions_of_another_model_are_used_only_when_they_are_named(run: str) -> None:
    call("directions", "pets.safetensors", "-n", "1", "-o", "runs/demo/directions.safetensors")
    with pytest.raises(OptionError, match="found in another model") as refused:
        call("sample", run, "--move", "1:1")
    assert "gantool directions runs/demo --overwrite. --directions runs/demo/directions.saf" in str(refused.value)
    call("sample", run, "-n", "1", "--move", "1:1", "--directions", "runs/demo/directions.safetensors", "-o", "a.png")
    with pytest.raises(OptionError, match=r"written as \.safetensors"):
        call("directions", run, "-o", "d.pt")
