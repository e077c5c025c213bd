"""Shapes are checked in every test; the plugin is found in a folder, wherever it is installed or not."""

from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook("gantool_stylegan2", "beartype.beartype")

TINY = "stylegan2:channel_base=128,channel_max=8,latent=8"


@pytest.fixture(autouse=True)
def plugin_folder(tmp_path_factory, monkeypatch):
    """A plugin folder with nothing but this plugin, which the host of this test has loaded."""
    import gantool_stylegan2
    from gantool import plugins

    folder = tmp_path_factory.mktemp("plugins")
    (folder / "gantool_stylegan2").symlink_to(Path(gantool_stylegan2.__file__).parent, target_is_directory=True)
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GANTOOL_PLUGINS", "")
    monkeypatch.setattr(plugins, "_host", None)
    plugins.look_in([folder])
    return folder
