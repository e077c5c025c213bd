"""`gantool train --init MODEL`: a new run that begins with a model's weights."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from gantool.engine.discriminator_file import save_discriminator
from gantool.engine.model_file import read_card

PLAIN = ("--device", "cpu", "--precision", "float32", "--layout", "contiguous", "--augment", "none", "--batch", "4")
DCGAN = ("train", "-q", "--arch", "dcgan:width=4,latent=8,generator_norm=none", *PLAIN, "--resolution", "16")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    drawn = np.random.default_rng(0)
    for folder in ("photos", "others/ants", "others/bees", "pets/cats", "pets/dogs", "three/a", "three/b", "three/c"):
        Path(folder).mkdir(parents=True)
        for index in range(6):
            Image.fromarray(drawn.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(f"{folder}/{index}.png")


@pytest.fixture
def model(gantool):
    """A run of 24 images with two checkpoints; its weights of training and the averaged ones differ."""
    ended = gantool(*DCGAN, "--data", "photos", "--name", "first", "--images", "24", "--checkpoint-every", "12")
    assert ended.code == 0, ended.err
    return Path("runs/first")


def begun(gantool, *arguments, name="second"):
    ended = gantool("train", *PLAIN, "--name", name, *arguments)
    assert ended.code == 0, ended.err
    return ended.err


def config(name="second"):
    return tomllib.loads(Path("runs", name, "config.toml").read_text())


def parts(folder):
    return {part: load_file(folder / f"{part}.safetensors") for part in ("generator", "discriminator", "ema")}


def shared(name):
    return Path("runs", name, "generator.safetensors").read_bytes()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_new_run_begins_with_all_networks_of_a_run_and_draws_the_same_pictures(gantool, model):
    said = begun(gantool, "--init", model, "--images", "4", "--lr", "1e-30", "--ema", "0", "--loss", "hinge")
    assert "Begins with generator, discriminator and average of runs/first, after 24 images" in said
    assert "Chosen: --arch dcgan:latent=8,width=4," in said
    assert "(that of runs/first)" in said
    last, first = parts(model / "checkpoints/000000024"), parts(Path("runs/second/checkpoints/000000004"))
    assert same(last["generator"], first["generator"])  # by such a rate nothing moves, and there is no BatchNorm
    moved = {
        name for name, value in last["discriminator"].items() if not torch.equal(value, first["discriminator"][name])
    }
    assert all("running" in name or "num_batches" in name for name in moved)  # of the discriminator's BatchNorm
    assert not same(last["ema"], last["generator"])
    sheets = [
        Path("runs", run, "samples", f"{seen:09d}.png").read_bytes() for run, seen in (("first", 24), ("second", 0))
    ]
    assert sheets[0] == sheets[1]


def test_config_and_card_say_what_a_run_began_with(gantool, model):
    begun(gantool, "--init", "runs/first/checkpoints/000000012", "--images", "8")
    written, card = config(), read_card(Path("runs/second/generator.safetensors"))
    assert (written["init"], written["init_images"]) == ("runs/first/checkpoints/000000012", 12)
    assert card.began_with.model_dump() == {
        "model": written["init"], "sha256": written["init_sha256"], "images_seen": 12,
        "taken": tuple(written["init_taken"]), "learnt_by": "",
    }  # fmt: skip
    assert [line.partition(":")[0] for line in written["init_taken"]] == ["Generator", "Discriminator"]
    assert (written["arch"], written["resolution"], written["data"]) == tuple(
        config("first")[key] for key in ("arch", "resolution", "data")
    )


def test_a_model_file_gives_its_generator_and_needs_data(gantool, model):
    shutil.copy(model / "generator.safetensors", "shared.safetensors")
    ended = gantool("train", *PLAIN, "--init", "shared.safetensors")
    assert (ended.code, "--data SOURCE" in ended.err) == (2, True)
    said = begun(gantool, "--init", "shared.safetensors", "--data", "others", "--images", "4", "--lr", "1e-30")
    assert "Begins with the generator of shared.safetensors, after 24 images" in said
    assert same(load_file("shared.safetensors"), parts(Path("runs/second/checkpoints/000000004"))["generator"])


def test_the_same_command_again_goes_on_exactly_and_needs_no_model_for_it(gantool, model):
    command = ("--init", model)
    begun(gantool, *command, "--images", "8", name="parts")
    begun(gantool, *command, "--images", "16", name="whole")
    shutil.rmtree(model)
    begun(gantool, *command, "--images", "16", name="parts")
    ended = gantool("train", "-q", "--resume", "runs/parts", "--images", "16")
    assert ended.code == 0, ended.err
    assert shared("parts") == shared("whole")


def test_a_run_that_stopped_before_its_first_checkpoint_begins_with_the_model_again(gantool, model):
    begun(gantool, "--init", model, "--images", "8")
    before = shared("second")
    shutil.rmtree("runs/second/checkpoints")
    Path("runs/second/generator.safetensors").unlink()
    ended = gantool("train", "-q", "--resume", "runs/second")
    assert (ended.code, shared("second")) == (0, before)


def test_a_run_is_repeated_from_its_configuration_unless_the_model_has_changed(gantool, model):
    begun(gantool, "--init", model, "--images", "8")
    repeat = ("train", "-q", "--config", "runs/second/config.toml")
    assert gantool(*repeat, "--name", "third").code == 0
    assert shared("third") == shared("second")
    assert gantool("train", "-q", "--resume", model, "--images", "28").code == 0
    ended = gantool(*repeat, "--name", "fourth")
    assert (ended.code, "is not the model any more that this configuration began with" in ended.err) == (1, True)
    assert gantool(*repeat, "--name", "fourth", "--init", model).code == 0
    assert config("fourth")["init_images"] == 28


def test_a_run_is_not_repeated_with_another_discriminator_beside_the_model(gantool, model):
    last = model / "checkpoints/000000024"
    shutil.copy(model / "generator.safetensors", "shared.safetensors")
    file = save_discriminator(Path("shared.safetensors"), load_file(last / "discriminator.safetensors"))
    begun(gantool, "--init", "shared.safetensors", "--data", "others", "--images", "8")
    repeat = ("train", "-q", "--config", "runs/second/config.toml", "--name", "third")
    file.unlink()
    ended = gantool(*repeat)
    assert (ended.code, "has no discriminator, and this configuration had one when it began" in ended.err) == (1, True)
    begun(gantool, "--init", "shared.safetensors", "--data", "others", "--images", "8", name="alone")
    assert config("alone")["init_discriminator_sha256"] == "none"
    other = {name: value + 1 for name, value in load_file(last / "discriminator.safetensors").items()}
    save_discriminator(Path("shared.safetensors"), other)
    for name, change in (("second", "another"), ("alone", "none")):
        ended = gantool("train", "-q", "--config", f"runs/{name}/config.toml", "--name", "third")
        assert (ended.code, f"shared-discriminator.safetensors, and this configuration had {change}" in ended.err) == (
            1, True,
        )  # fmt: skip
    assert gantool(*repeat, "--init", "shared.safetensors").code == 0


def test_options_of_the_models_architecture_are_kept_but_for_those_given(gantool, model):
    begun(gantool, "--init", model, "--arch", "dcgan:leak=0.1", "--images", "4")
    assert config()["arch"] == config("first")["arch"].replace("leak=0.2", "leak=0.1")


STEM = "tensor 'layers.1.weight' is [8, 8, 4, 4] in the file and "
MISFITS = {
    ("--arch", "dcgan:width=8"): (STEM + "[8, 16, 4, 4] in the network", "leave --arch out"),
    ("--resolution", "32"): (STEM + "[8, 16, 4, 4] in the network", "as many channels as in the model"),
    ("--arch", "mlp"): ("generator of --init runs/first", "leave --arch out"),
}


@pytest.mark.long
def test_what_does_not_fit_is_named_with_both_shapes_and_the_setting_before_anything_is_written(gantool, model):
    for arguments, words in MISFITS.items():
        for more in ((), ("--dry-run",)):
            ended = gantool("train", *PLAIN, "--init", model, "--name", "second", *arguments, *more)
            assert ended.code == 1, ended.err
            assert all(word in ended.err for word in words), ended.err
    assert not Path("runs/second").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--minutes", "1")], ids=["run", "dry run", "minutes"])
def test_what_does_not_fit_is_named_before_anything_is_timed(gantool, model, monkeypatch, more):
    monkeypatch.setattr("gantool.run.prepare.choose", lambda *_: pytest.fail("precisions were timed"))
    ended = gantool("train", "--device", "cpu", "--batch", "4", "--init", model, "--arch", "mlp", *more)
    assert ended.code == 1
    assert "generator of --init runs/first do not fit" in " ".join(ended.err.split())


def test_what_fits_is_taken_and_the_rest_is_named_before_the_run(gantool, model):
    new = ("--init", model, "--channels", "1", "--labels", "--data", "pets")
    ended = gantool("train", *PLAIN, *new, "--dry-run", "--json")
    taken = json.loads(ended.out)["taken"]
    assert taken[0].startswith("Generator: all ")
    assert taken[1].startswith("Discriminator: ")
    assert "; new: projection.embedding (16)" in taken[1]
    said = begun(gantool, *new, "--images", "4")
    assert all(line in said for line in taken)
    assert config()["init_taken"] == taken


def test_classes_are_the_models_unless_the_data_has_as_many_others(gantool, monkeypatch):
    assert gantool(*DCGAN, "--data", "pets", "--labels", "--name", "first", "--images", "8").code == 0
    said = begun(gantool, "--init", "runs/first", "--data", "others", "--images", "4")
    assert "Chosen: --labels yes (that of runs/first)" in said
    assert "The classes of the data (ants, bees) are not those of --init runs/first (cats, dogs)" in " ".join(
        said.split()
    )
    of_three = ("--init", "runs/first", "--data", "three", "--images", "4")
    said = begun(gantool, *of_three, name="third")
    mean = "(a, b, c) are not those of --init runs/first (cats, dogs): each begins as their mean"
    assert mean in " ".join(said.split())
    shutil.copytree("pets", "more")
    shutil.copytree("three/a", "more/emus")
    told = gantool("train", *PLAIN, "--init", "runs/first", "--data", "more", "--dry-run").err
    assert "(cats, dogs): those of the same names stay, each other begins as their mean" in " ".join(told.split())
    for plenty in (10, 1):  # so many batches, of which no picture needs to be read
        monkeypatch.setattr("gantool.run.forecast.PLENTY", plenty)
        told = gantool("train", *PLAIN, *of_three, "--dry-run")
        assert mean in " ".join(told.err.split())


def test_a_model_with_classes_needs_to_be_told_of_data_without_any(gantool):
    assert gantool(*DCGAN, "--data", "pets", "--labels", "--name", "first", "--images", "8").code == 0
    new = ("--init", "runs/first", "--data", "photos", "--images", "4")
    ended = gantool("train", *PLAIN, *new)
    assert (ended.code, "--init runs/first has classes, but there are no classes in" in ended.err) == (1, True)
    assert "without labels, give --no-labels" in ended.err
    assert "Generator: " in begun(gantool, *new, "--no-labels")


@pytest.mark.long
def test_another_architecture_is_named_before_the_resolution(gantool, model):
    ended = gantool("train", *PLAIN, "--init", model, "--arch", "progressive:fmap_max=8", "--resolution", "32")
    said = " ".join(ended.err.split())
    assert (ended.code, "The model is a dcgan:" in said) == (1, True)
    assert "leave --arch and --resolution out to have the same, or --init" in said


def test_the_width_by_which_a_model_fits_another_resolution_is_named(gantool):
    wide = ("--arch", "dcgan:width=8,latent=8,generator_norm=none", "--data", "photos", "--name", "first")
    assert gantool("train", "-q", *PLAIN, *wide, "--resolution", "16", "--images", "4").code == 0
    doubled = ("train", *PLAIN, "--init", "runs/first", "--resolution", "32", "--images", "4", "--dry-run")
    ended = gantool(*doubled)
    named = "give --arch dcgan:latent=8,width=4,generator_norm=none, by which each side has as many channels as in the"
    assert (ended.code, named in " ".join(ended.err.split())) == (1, True), ended.err
    fits = gantool(*doubled, "--arch", "dcgan:latent=8,width=4,generator_norm=none")
    assert (fits.code, "parameters taken" in fits.out) == (0, True), fits.err
    narrow = gantool("train", *PLAIN, "--init", "runs/first", "--resolution", "64", "--images", "4", "--dry-run")
    assert "give --arch the widths by which each side has" in " ".join(narrow.err.split())


def test_a_model_that_is_none_is_refused(gantool, model):
    for named, words in (
        ("runs/frist", "Did you mean 'runs/first'?"),
        ("photos", "is no run folder and no checkpoint"),
    ):
        ended = gantool("train", *PLAIN, "--init", named)
        assert (ended.code, words in ended.err) == (1, True)
    ended = gantool("train", "--resume", model, "--init", model)
    assert (ended.code, "give one of them" in ended.err) == (2, True)
    ended = gantool("train", *PLAIN, "--init", model, "--name", "first")
    assert (ended.code, "--init runs/first, under another --name or none" in ended.err) == (1, True)


def test_the_generator_of_a_checkpoint_takes_the_data_of_its_run(gantool, model):
    told = gantool("train", *PLAIN, "--init", model / "checkpoints/000000012/ema.safetensors", "--dry-run")
    assert told.code == 0, told.err
    assert f"Data: 6 images from {Path('photos')}" in told.out
    assert "are new" in told.out.partition("Discriminator: ")[2].partition("\n")[0]


def test_data_of_the_models_run_that_has_gone_is_named_with_the_model(gantool, model):
    Path("photos").rename("moved")
    refused = gantool("train", *PLAIN, "--init", model, "--dry-run")
    assert refused.code == 1
    gone = f"The data that --init {model} was trained on is not there any more: {Path('photos').absolute()} does not"
    assert gone in refused.err
    assert "which other pictures to train on: --data SOURCE" in refused.err
    begun(gantool, "--init", model, "--data", "moved", "--images", "4")


BY_PATTERN = """
import gantool, torch

class PartOptions(gantool.Options):
    path: str = gantool.option(..., "a pattern of files")

class Parts:
    class_names = ()
    fingerprint = None

    def __init__(self, options, resolution, channels):
        self.shape = channels, resolution, resolution

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.full(self.shape, index, dtype=torch.uint8), -1

@gantool.hookimpl
def gantool_sources():
    return [gantool.Component("parts", "Pictures of files by a pattern", PartOptions, "parts:Parts")]
"""


def test_a_pattern_of_the_models_data_is_left_to_its_source(gantool, monkeypatch):
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setattr("gantool.plugins.host._host", None)
    Path("own").mkdir()
    Path("own/parts.py").write_text(BY_PATTERN)
    own = ("--plugins-dir", "own")
    ended = gantool(*DCGAN, *own, "--data", "parts:path=files/*.part", "--name", "first", "--images", "8")
    assert ended.code == 0, ended.err
    begun(gantool, *own, "--init", "runs/first", "--images", "4")


def test_a_run_without_a_good_checkpoint_has_its_generator_alone_named(gantool, model):
    for weights in model.glob("checkpoints/*/discriminator.safetensors"):
        weights.unlink()
    refused = gantool("train", *PLAIN, "--init", model, "--dry-run")
    assert refused.code == 1
    assert f"no good one left; its generator alone is {model / 'generator.safetensors'}." in refused.err
    begun(gantool, "--init", model / "generator.safetensors", "--images", "4")


def test_a_dry_run_counts_what_is_frozen_by_itself(gantool, model):
    told = gantool("train", *PLAIN, "--init", model, "--freeze-d", "2", "--dry-run").out
    frozen = re.search(r"Frozen: (\d+) parameters of the discriminator, at 16 and 8 pixels", told)[1]
    assert f"in the discriminator besides {frozen} that are frozen" in told
