"""Shapes are checked in every test, and the host knows this plugin and no other."""

import pytest
from jaxtyping import install_import_hook

install_import_hook("gantool_tensorboard", "beartype.beartype")


def pytest_configure(config):
    for marker in ("long: takes a second and a half or more", "slow: takes longer still"):
        config.addinivalue_line("markers", marker)  # where this folder is tested by itself


@pytest.fixture(autouse=True)
def this_plugin(gantool_host, tmp_path_factory, monkeypatch):
    import gantool_tensorboard

    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    gantool_host.add(gantool_tensorboard, "gantool-tensorboard")
