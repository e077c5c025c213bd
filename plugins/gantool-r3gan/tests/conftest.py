"""Shapes are checked in every test, and the host knows this plugin: installed, or else from its source folder."""

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook("gantool_r3gan", "beartype.beartype")


@pytest.fixture(autouse=True)
def _this_plugin(tmp_path_factory, monkeypatch):
    import gantool_r3gan
    from gantool import plugins

    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GANTOOL_PLUGINS", "r3gan")
    if not entry_points(group="gantool", name="r3gan"):
        monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(Path(gantool_r3gan.__file__).parents[1]))
    monkeypatch.setattr(plugins, "_host", None)
