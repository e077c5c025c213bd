"""`gantool sample`: one journey with a real DCGAN, and what is refused."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import gantool
from gantool.api.specs import ImageShape
from gantool.builtin.observers import SamplesOptions
from gantool.cli.app import app
from gantool.engine.model_file import ModelCard, save_generator
from gantool.errors import GantoolError, OptionError, UnknownNameError
from gantool.plugins.host import host
from gantool.render.grids import SMALL

CLASSES = ("cat", "wild dog")


def write_model(path: Path, classes: tuple[str, ...] = (), channels: int = 3) -> Path:
    torch.manual_seed(0)
    chosen = host().resolve("architecture", "dcgan:width=8,latent=8")
    gan = chosen.build(ImageShape(16, channels, len(classes)))
    path.parent.mkdir(parents=True, exist_ok=True)
    card = ModelCard(architecture=chosen.text, resolution=16, channels=channels, class_names=classes, images_seen=500)
    save_generator(path, gan.generator.state_dict(), card)
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run folder in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_model(Path("runs/demo/generator.safetensors"))
    write_model(Path("pets.safetensors"), CLASSES)
    return "runs/demo"


def call(*words: str) -> str:
    """The command's standard output; its error is raised as it reaches the command line's border."""
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None:
        raise result.exception
    return result.stdout


def pixels(path: str | Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened)


def test_sixteen_pictures_named_by_seed(run: str) -> None:
    assert call("sample", run) == "samples/demo-000000500\n"
    files = sorted(Path("samples/demo-000000500").iterdir())
    assert [file.name for file in files] == [f"seed{seed:06d}.png" for seed in range(16)]
    for file, picture in zip(files, gantool.load(run).sample(range(16)), strict=True):
        assert np.array_equal(pixels(file), np.asarray(picture))


def test_the_same_seed_is_the_same_file_in_any_call(run: str) -> None:
    alone = json.loads(call("sample", run, "--seeds", "40", "--out", "a", "--json"))["files"]
    among = json.loads(call("sample", run, "--seeds", "3,20-55,3", "--out", "b", "--json"))
    assert alone == ["a/seed000040.png"]
    assert len(among["files"]) == 37
    assert Path("a/seed000040.png").read_bytes() == Path("b/seed000040.png").read_bytes()
    call("sample", run, "-n", "41", "--out", "a")


def test_a_grid_holds_the_same_pictures(run: str) -> None:
    call("sample", run, "-n", "4", "--out", "a")
    call("sample", run, "-n", "4", "--grid", "--scale", "1", "--out", "a/small.png")
    grid = pixels("a/small.png")
    assert grid.shape == (38, 38, 3)
    assert np.array_equal(grid[20:36, 2:18], pixels("a/seed000002.png"))


def test_small_pictures_are_enlarged_on_a_sheet_as_on_those_of_training(run: str) -> None:
    assert call("sample", run, "-n", "4", "--grid", "--out", "a") == "a/grid-0-3.png\n"
    grid = pixels("a/grid-0-3.png")
    call("sample", run, "--seeds", "2", "--out", "a")
    assert np.array_equal(grid[68:132:4, 2:66:4], pixels("a/seed000002.png"))  # which stays at the model's size
    assert SamplesOptions().pixels == SMALL


def test_one_picture_or_sheet_may_have_a_file_of_its_own_name(run: str) -> None:
    assert call("sample", run, "--seeds", "3", "-o", "one/face.webp") == "one/face.webp\n"
    assert np.array_equal(pixels("one/face.webp"), np.asarray(gantool.load(run).sample([3])[0]))
    assert call("sample", run, "-n", "4", "--grid", "-o", "sheet.png") == "sheet.png\n"
    assert pixels("sheet.png").shape[0] > 32
    with pytest.raises(OptionError, match=r"sheet.png is one picture, and 16 are drawn: add --grid"):
        call("sample", run, "-o", "sheet.png")
    with pytest.raises(OptionError, match=r"Did you mean '.jpg'"):
        call("sample", run, "-n", "1", "-o", "a.jpeg")
    with pytest.raises(OptionError, match=r"--format webp and --out a.png are two formats"):
        call("sample", run, "-n", "1", "-o", "a.png", "--format", "webp")
    with pytest.raises(OptionError, match=r"face.webp is there already"):
        call("sample", run, "--seeds", "4", "-o", "one/face.webp")
    assert call("sample", run, "-n", "2", "-o", "v1.5") == "v1.5\n"
    assert Path("v1.5/seed000001.png").is_file()


def test_every_choice_is_in_the_file_name(run: str) -> None:
    call("sample", run, "--seeds", "7", "--truncation", "0.5", "--scale", "2", "--format", "webp", "--out", "a")
    call("sample", run, "--seeds", "7", "--level", "16", "--format", "jpeg", "--out", "a")
    assert sorted(file.name for file in Path("a").iterdir()) == [
        "seed000007-level16.jpg",
        "seed000007-truncation0.5-x2.webp",
    ]
    assert pixels("a/seed000007-truncation0.5-x2.webp").shape == (32, 32, 3)


def test_labels_by_name_and_index_are_all_seeds_of_each_class(run: str) -> None:
    call("sample", "pets.safetensors", "-n", "2", "--label", "wild dog", "--label", "0", "--label", "cat", "--out", "a")
    names = ["seed000000-cat.png", "seed000000-wild-dog.png", "seed000001-cat.png", "seed000001-wild-dog.png"]
    assert sorted(file.name for file in Path("a").iterdir()) == names
    grid = call(
        "sample", "pets.safetensors", "-n", "3", "--label", "cat", "--label", "wild dog", "--grid", "--out", "a"
    )
    assert grid == "a/grid-0-2-cat,wild-dog.png\n"
    assert pixels("a/grid-0-2-cat,wild-dog.png").shape == (2 * 80 + 2, 3 * 66 + 2, 3)


def test_classes_that_look_alike_have_files_of_their_own(run: str) -> None:
    write_model(Path("odd.safetensors"), ("a b", "a-b", "\U0001f600"))
    labels = [word for index in range(3) for word in ("--label", str(index))]
    call("sample", "odd.safetensors", "-n", "1", *labels, "--out", "a")
    names = ["seed000000-a-b+0.png", "seed000000-a-b+1.png", "seed000000-class+2.png"]
    assert sorted(file.name for file in Path("a").iterdir()) == names


def test_classes_that_are_captioned_by_number_are_told_once_if_there_are_captions(run: str, gantool) -> None:
    write_model(Path("kanji.safetensors"), ("cat", "\u5149", "b\u00e4r"))
    words = ("sample", "kanji.safetensors", "-n", "2", "--grid", "--label", "bär")
    assert "Captions" not in gantool(*words, "-o", "a.png").err
    assert "Captions: 1 is 光.\n" in gantool(*words, "--label", "1", "-o", "b.png").err
    assert "Captions" not in gantool(*words, "--label", "1", "--scale", "1", "-o", "c.png").err


def test_a_file_in_the_place_of_the_folder_is_named(run: str) -> None:
    Path("notes.txt").write_text("words")
    for out in ("notes.txt", "notes.txt/deeper"):
        with pytest.raises(OptionError, match=r"cannot be made: notes\.txt is a file"):
            call("sample", run, "-n", "1", "--out", out)
    assert Path("notes.txt").read_text() == "words"


def test_another_models_pictures_are_not_lost(run: str) -> None:
    call("sample", "pets.safetensors", "-n", "3", "--out", "a")
    before = Path("a/seed000001.png").read_bytes()
    with pytest.raises(OptionError, match=r"a/seed000000\.png.*--overwrite"):
        call("sample", run, "-n", "3", "--out", "a")
    assert Path("a/seed000001.png").read_bytes() == before
    call("sample", run, "-n", "3", "--out", "a", "--overwrite")
    assert Path("a/seed000001.png").read_bytes() != before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-n", "4", "--seeds", "0-3"], "--seeds 0-7"),
        (["--seeds", "5-1"], "1-5"),
        (["--label", "cat"], "without labels"),
        (["--level", "3"], "No level of 3 pixels"),
        (["--device", "cuda:99"], "cuda"),
    ],
)
def test_what_cannot_be_is_explained(run: str, words: list[str], reason: str) -> None:
    with pytest.raises(GantoolError, match=reason):
        call("sample", run, *words)
    assert not Path("samples").exists()


@pytest.mark.parametrize(
    "words",
    [["-n", "0"], ["-n", "-3"], ["-n", "2000000"], ["--scale", "0"], ["--format", "bmp"], ["--truncation", "nan"]],
)
def test_values_out_of_range_are_wrong_usage(run: str, words: list[str]) -> None:
    result = CliRunner().invoke(app, ["sample", run, *words])
    assert result.exit_code == 2
    assert words[0] in result.stderr


def test_unknown_classes_and_models_get_the_near_name(run: str) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'cat'"):
        call("sample", "pets.safetensors", "--label", "cta")
    with pytest.raises(GantoolError, match="Did you mean 'runs/demo'"):
        call("sample", "runs/dmeo")


def test_latents_of_a_file_are_drawn_in_place_of_seeds(run: str, tmp_path: Path) -> None:
    gantool.save_latents(tmp_path / "two.safetensors", gantool.load(run).latents([5, 7]))
    call("sample", run, "--latents", "two.safetensors", "--out", "drawn")
    call("sample", run, "--seeds", "5,7", "--out", "seeds")
    for name, seed in (("two-latent000000.png", 5), ("two-latent000001.png", 7)):
        assert np.array_equal(pixels(f"drawn/{name}"), pixels(f"seeds/seed{seed:06d}.png"))
    assert "two-grid-0-1.png" in call("sample", run, "--latents", "two.safetensors", "--grid", "--out", "drawn")
    with pytest.raises(OptionError, match="--latents takes the place of"):
        call("sample", run, "--latents", "two.safetensors", "--seeds", "1")
    gantool.save_latents(tmp_path / "other.safetensors", torch.zeros(1, 3))
    with pytest.raises(OptionError, match="they are of another model"):
        call("sample", run, "--latents", "other.safetensors")


def test_transparency_is_in_the_files_on_a_checkerboard_in_a_sheet_and_on_white_in_jpeg(run: str) -> None:
    write_model(Path("sprites.safetensors"), channels=4)
    call("sample", "sprites.safetensors", "-n", "2", "--out", "a")
    call("sample", "sprites.safetensors", "-n", "2", "--out", "a", "--format", "webp")
    call("sample", "sprites.safetensors", "-n", "2", "--out", "a", "--grid")
    (first, _) = gantool.load("sprites.safetensors").sample([0, 1])
    assert first.mode == "RGBA"
    assert np.array_equal(pixels("a/seed000000.png"), np.asarray(first))
    assert np.array_equal(pixels("a/seed000000.webp")[..., 3], np.asarray(first)[..., 3])
    assert pixels("a/grid-0-1.png").shape == (68, 134, 3)
    told = CliRunner().invoke(app, ["sample", "sprites.safetensors", "-n", "1", "--out", "b", "--format", "jpeg"])
    assert "on white" in told.stderr
    assert pixels("b/seed000000.jpg").shape == (16, 16, 3)


def test_processes_of_torchrun_share_the_files_out(run, monkeypatch, gantool) -> None:
    assert gantool("sample", run, "--seeds", "0-4", "-o", "alone").code == 0
    for rank, seeds in ((1, [1, 3]), (0, [0, 1, 2, 3, 4])):
        world = SimpleNamespace(rank=rank, size=2, leads=rank == 0, finish=lambda: None)
        monkeypatch.setattr("gantool.engine.distributed.join_world", lambda device, world=world: world)
        told = gantool("sample", run, "--seeds", "0-4", "-o", "both")
        assert (told.code, told.out) == (0, "both\n" if rank == 0 else "")
        assert sorted(file.name for file in Path("both").iterdir()) == [f"seed{seed:06d}.png" for seed in seeds]
        assert gantool("sample", run, "--seeds", "0-4", "--grid", "-o", f"{rank}.png").code == 0
        assert Path(f"{rank}.png").exists() == world.leads
    assert all(file.read_bytes() == Path("both", file.name).read_bytes() for file in Path("alone").iterdir())
