"""Runs that read their images as they are, without a copy in the cache."""

import numpy as np
import pytest
from PIL import Image

from gantool.errors import OptionError, ResumeError
from gantool.plugins.host import host
from gantool.run import planning, start

SETTINGS = {
    "arch": "mlp:latent=4,generator_hidden=8,discriminator_hidden=8", "resolution": 8, "channels": 3, "batch": 4,
    "images": 16, "augment": "none", "device": "cpu", "precision": "float32", "layout": "contiguous", "flip": True,
    "log": ("watch:off=yes",),
}  # fmt: skip


@pytest.fixture
def pixels(tmp_path, monkeypatch):
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    np.save(tmp_path / "pixels.npy", np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8))
    return tmp_path / "pixels.npy"


def trained(out, name, **more):
    plan = planning.plan(host(), SETTINGS | more, out=out, name=name)
    return start.trainer(plan, out).train().run


def test_an_array_is_read_as_it_is_and_gives_the_same_weights(tmp_path, pixels):
    bare = trained(tmp_path, "bare", data=f"array:path={pixels}", cache=False)
    assert not list((tmp_path / "cache").glob("*/pixels.u8"))
    kept = trained(tmp_path, "kept", data=f"array:path={pixels}")
    assert list((tmp_path / "cache").glob("*/pixels.u8"))
    models = [(run / "generator.safetensors").read_bytes() for run in (bare, kept)]
    assert models[0] == models[1]
    with pytest.raises(ResumeError, match="cache"):
        trained(tmp_path, "bare", cache=True, images=32)
    assert trained(tmp_path, "bare", images=32) == bare


def test_files_of_pictures_are_not_decoded_for_each_batch(tmp_path):
    (tmp_path / "my photos").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "my photos" / "one.png")
    with pytest.raises(OptionError, match=r"gantool data shard '.*/my photos' -o shards --resolution 8"):
        planning.plan(host(), SETTINGS | {"data": str(tmp_path / "my photos"), "cache": False})
