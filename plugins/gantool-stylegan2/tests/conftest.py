"""Shapes are checked in every test, and the host knows this plugin and no other."""

import numpy as np
import pytest
from jaxtyping import install_import_hook
from PIL import Image

install_import_hook("gantool_stylegan2", "beartype.beartype")


def pytest_configure(config):
    for marker in ("long: takes a second and a half or more", "slow: takes longer still"):
        config.addinivalue_line("markers", marker)  # where this folder is tested by itself


@pytest.fixture(autouse=True)
def this_plugin(gantool_host, tmp_path_factory, monkeypatch):
    import gantool_stylegan2

    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    gantool_host.add(gantool_stylegan2, "gantool-stylegan2")


@pytest.fixture
def tiny():
    """The smallest StyleGAN2."""
    return "stylegan2:channel_base=128,channel_max=8,latent=8"


@pytest.fixture
def photos(tmp_path):
    """Eight pictures of noise in two classes."""
    for index in range(8):
        folder = tmp_path / "photos" / ("cats" if index % 2 else "dogs")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "photos"
