"""The pytest plugin: what its fixtures give, that it is light, and that it comes with an installed gantool."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

import gantool
from gantool.plugins.host import host
from gantool.testing import check_component

ROOT = Path(gantool.__file__).parent.parent
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_command_line_tells_how_it_ended(gantool_cli):
    ended = gantool_cli("plugins", "list", "--json")
    assert ended.code == 0
    assert '"gantool.builtin.losses"' in ended.out
    ended = gantool_cli("train", "--arch", "no-such-arch", "--dry-run")
    assert (ended.code, ended.out) == (2, "")
    assert "no-such-arch" in ended.err


def test_a_fresh_host_takes_plugins_and_is_this_process_s_host(gantool_host):
    class Plugin:
        @gantool.hookimpl
        def gantool_losses(self):
            return [gantool.Component("planted", "Something planted", gantool.Options, "planted_losses:Hinge")]

    assert host() is gantool_host
    gantool_host.add(Plugin(), "gantool-planted")
    assert gantool_host.owner("loss", "planted") == "gantool-planted"
    assert check_component("loss", "planted") == []


def test_the_host_is_that_of_the_test_alone():
    assert "planted" not in host().specs("loss")


def test_tiny_pictures_are_a_source_of_two_classes(tiny_pictures):
    source = host().resolve("source", f"folder:path={tiny_pictures}").build(resolution=16, channels=3)
    assert len(source) == 8
    assert tuple(source.class_names) == ("blue", "red")
    assert source.skipped == ()
    pixels = torch.stack([source[index][0] for index in range(8)])
    assert len(pixels.unique(dim=0)) == 8
    assert pixels[0, :, -1, 0].tolist() == [30, 60, 220]


@pytest.mark.parametrize("module", ["gantool.testing", "gantool.testing.fixtures"])
def test_importing_them_imports_nothing_of_gantool_but_themselves(module):
    code = (
        f"import sys, {module}\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('gantool', 'torch', 'numpy', 'PIL')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sorted({"gantool", "gantool.testing", module}))


@pytest.mark.slow  # .ci/run does the same with a real installation
def test_an_installed_gantool_brings_the_plugin(tmp_path):
    info = tmp_path / "site" / "gantool-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gantool\nVersion: 0.1.0\n")
    points = tomllib.loads(PROJECT.read_text())["project"]["entry-points"]["pytest11"]
    (info / "entry_points.txt").write_text("[pytest11]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()))
    (info / "RECORD").write_text("gantool/__init__.py,,\ngantool/testing/fixtures.py,,\n")
    test = tmp_path / "elsewhere" / "test_plugin.py"
    test.parent.mkdir()
    test.write_text(
        "def test_it(gantool_cli, gantool_host, tiny_pictures):\n"
        "    assert gantool_cli('data', 'check', tiny_pictures).code == 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(test.parent)],
        capture_output=True, text=True, cwd=test.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT)])},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
