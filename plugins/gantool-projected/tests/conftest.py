"""Shapes are checked in every test, the host knows this plugin and no other, and features need no download."""

import pytest
from jaxtyping import install_import_hook
from random_features import random_weights
from safetensors.torch import save_file

install_import_hook("gantool_projected", "beartype.beartype")


def pytest_configure(config):
    for marker in ("long: takes a second and a half or more", "slow: takes longer still"):
        config.addinivalue_line("markers", marker)  # where this folder is tested by itself


@pytest.fixture(scope="session")
def features(tmp_path_factory):
    """A file of weights that are as good as any for what is tested."""
    path = tmp_path_factory.mktemp("weights") / "features.safetensors"
    save_file(random_weights(0), path)
    return path


@pytest.fixture
def tiny(features):
    """The smallest projected GAN."""
    return f"projected:width=1,latent=8,embedding=4,mix=2,side=32,weights={features}"


@pytest.fixture(autouse=True)
def this_plugin(gantool_host, tmp_path_factory, monkeypatch):
    import gantool_projected

    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    gantool_host.add(gantool_projected, "gantool-projected")
