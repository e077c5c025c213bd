"""Pictures with transparency, from files to samples."""

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import gantool
from gantool.builtin.observers.sample_metrics import SampleMetrics

ARCHITECTURES = {
    "mlp": "mlp:latent=6,generator_hidden=8,discriminator_hidden=8",
    "dcgan": "dcgan:width=4,max_width=8,latent=6",
    "progressive": "progressive:fmap_base=32,fmap_max=8,latent=6,stabilise_kimg=0.004,fade_kimg=0.004",
    "msg": "msg:fmap_base=32,fmap_max=8,latent=6",
}


@pytest.fixture
def sprites(tmp_path):
    folder = tmp_path / "sprites"
    folder.mkdir()
    for index in range(6):
        image = Image.new("RGBA", (24, 24))
        ImageDraw.Draw(image).ellipse((4, 4, 12 + index, 12 + index), fill=(250, 40 * index, 0, 255))
        image.save(folder / f"{index}.png")
    return folder


@pytest.mark.parametrize("augment", ["diffaugment", "ada:p=0.5,fixed=yes"])
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_learns_it(tmp_path, sprites, arch, augment):
    run = gantool.train(
        arch=ARCHITECTURES[arch], data=str(sprites), channels=4, resolution=16, batch=4, images=16, augment=augment,
        device="cpu", precision="float32", out=tmp_path / "runs",
    )  # fmt: skip
    readings = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert any("swd" in str(reading) for reading in readings)
    with Image.open(sorted((run / "samples").iterdir())[-1]) as sheet:
        assert sheet.mode == "RGB"
    model = gantool.load(run, device="cpu")
    (picture,) = model.sample(seeds=[3])
    assert picture.mode == "RGBA"
    pixels = model.images([3])
    assert pixels.shape == (1, 4, 16, 16)
    assert (pixels[:, :3] <= pixels[:, 3:]).all()


def test_the_watch_measures_alpha_too():
    drawn = np.random.default_rng(0).integers(0, 256, (32, 1, 16, 16), np.uint8)
    black = torch.cat([torch.zeros(32, 3, 16, 16), torch.from_numpy(drawn)], dim=1).to(torch.uint8)
    opaque = black.clone()
    opaque[:, 3] = 255
    metrics = SampleMetrics(black)
    assert metrics.measure(black)["swd"] == 0
    apart = metrics.measure(opaque)
    assert apart["swd"] > 0.3
    assert apart["diversity"] < 0.1
