"""Shapes are checked in every test; the plugin is found in a folder, wherever it is installed or not."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import install_import_hook
from PIL import Image

install_import_hook("gantool_stylegan2", "beartype.beartype")

TINY = "stylegan2:channel_base=128,channel_max=8,latent=8"


@pytest.fixture(autouse=True)
def this_plugin(tmp_path_factory, monkeypatch):
    """A host that has loaded this plugin and no other: as it is installed, else from a folder of its own."""
    import gantool_stylegan2
    from gantool import plugins

    folder = tmp_path_factory.mktemp("plugins")
    (folder / "gantool_stylegan2").symlink_to(Path(gantool_stylegan2.__file__).parent, target_is_directory=True)
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GANTOOL_PLUGINS", "gantool-stylegan2")
    monkeypatch.setattr(plugins, "_host", None)
    if "stylegan2" not in plugins.host().specs("architecture"):
        plugins.look_in([folder])


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def tiny():
    """The smallest StyleGAN2."""
    return TINY


@pytest.fixture
def command(capsys, monkeypatch):
    """Runs the command `gantool` in this process, border and exit code included."""
    from gantool.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gantool", *map(str, arguments)])
        code = 0
        try:
            main.main()
        except SystemExit as ended:
            code = ended.code or 0
        written = capsys.readouterr()
        return Ended(code, written.out, written.err)

    return run


@pytest.fixture
def photos(tmp_path):
    """Eight pictures of noise in two classes."""
    for index in range(8):
        folder = tmp_path / "photos" / ("cats" if index % 2 else "dogs")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "photos"
