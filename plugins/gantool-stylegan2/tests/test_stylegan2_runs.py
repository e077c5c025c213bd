"""Runs of the smallest StyleGAN2: exact resume, labels, augmentation, bfloat16, accumulation, drawing."""

import json
import re

import pytest
import torch
from safetensors.torch import load_file

import gantool


@pytest.fixture
def train(gantool_cli, photos, tmp_path, tiny):
    def run(*words, name="run"):
        flags = ["--resolution", 32, "--batch", 4, "--device", "cpu", "--out", tmp_path, "--seed", 3]
        ended = gantool_cli("train", "--arch", tiny, "--data", photos, "--name", name, *flags, "-q", *words)
        assert ended.code == 0, ended.err
        return tmp_path / name

    return run


def state(run, images):
    (folder,) = (run / "checkpoints").glob(f"{images:09d}")
    tensors = {name: load_file(folder / f"{name}.safetensors") for name in ("generator", "discriminator", "ema")}
    saved = torch.load(folder / "state.pt", weights_only=True)
    moments = {
        f"{which} {index} {key}": value
        for which in ("optimizer_g", "optimizer_d")
        for index, one in saved[which]["state"].items()
        for key, value in one.items()
    }
    return {f"{name} {key}": value for name, part in tensors.items() for key, value in part.items()} | moments


def metrics(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def finite(run):
    ticks = [line for line in metrics(run) if "loss_g" in line]
    return bool(ticks) and all(line["skipped_steps"] == 0 for line in ticks)


PLAIN = ("--precision", "float32")


@pytest.mark.long
@pytest.mark.parametrize("more", [("--augment", "none"), ("--augment", "ada:kimg=0.05", "--labels")])
def test_a_run_that_goes_on_is_what_it_would_have_been(train, more):
    whole = train(*PLAIN, *more, "--images", 24, name="whole")
    train(*PLAIN, *more, "--images", 12, name="halves")
    halves = train(*PLAIN, *more, "--images", 24, name="halves")
    one, other = state(whole, 24), state(halves, 24)
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    assert one["generator mean_w"].abs().max() > 0  # what training tracks is among it
    assert "ema mean_w" in one
    assert finite(whole)


@pytest.mark.long
def test_penalties_are_those_of_the_recipe_at_their_own_pace(train):
    run = train(*PLAIN, "--augment", "none", "--images", 16)
    written = (run / "config.toml").read_text()
    assert re.search(r'"r1:weight=0.0512,every=16", "path-length:weight=2.0,every=4', written)  # 2e-4 * 32^2 / 4
    assert any("penalty_path-length" in line for line in metrics(run))
    assert "lr_g = 0.002\n" in written
    assert "lr_d = 0.002353\n" in written


@pytest.mark.long
def test_classes_are_learnt_and_drawn(train):
    run = train(*PLAIN, "--augment", "none", "--images", 8, "--labels")
    model = gantool.load(run, "cpu")
    assert model.class_names == ("cats", "dogs")
    cat, dog = model.images([0, 0], labels=["cats", "dogs"])
    assert not torch.equal(cat, dog)
    means = model.images([0, 1], truncation=0.0, labels="dogs")
    assert torch.equal(means[0], means[1])
    assert finite(run)


@pytest.mark.long
@pytest.mark.parametrize("more", [("--accumulate", "2"), ("--augment", "diffaugment"), ("--layout", "channels_last")])
def test_it_trains_with_what_others_bring(train, more):
    augment = () if "--augment" in more else ("--augment", "none")
    assert finite(train(*PLAIN, *augment, *more, "--images", 16))


@pytest.mark.long
def test_it_trains_in_bfloat16(train):
    run = train("--precision", "bf16", "--augment", "none", "--images", 24)
    assert finite(run)
    assert all(torch.isfinite(value).all() for value in state(run, 24).values())


@pytest.mark.long
def test_drawing_works_in_w(train):
    run = train(*PLAIN, "--augment", "none", "--images", 8)
    model = gantool.load(run, "cpu")
    assert model.space == "w"
    assert model.latents([0, 1]).shape == (2, 8, 8)  # eight layers at 32 pixels
    assert torch.equal(model.images(range(5)), torch.cat([model.images([seed]) for seed in range(5)]))
    assert torch.equal(*model.images([3, 4], truncation=0.0)[:, None])
    walk = model.interpolate([0, 1], frames=3)
    assert torch.equal(walk[[0, -1]], model.images([0, 1]))
