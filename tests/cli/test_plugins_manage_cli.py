"""The life of installed plugins, with an installer that needs no network; each load check is a process of its own."""

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantool.plugin_tools import environment
from gantool.plugin_tools.environment import Environment
from sites import Site, fake_uv

PROJECT = """
[project]
name = "{distribution}"
version = "{version}"
dependencies = {dependencies}
[project.entry-points.gantool]
{name} = "{module}"
"""
LOSS = """
import gantool
@gantool.hookimpl
def gantool_losses():
    return [gantool.Component({name!r}, "A loss", gantool.Options, "{module}:build")]
"""


class Shop:
    """Folders of plugins, an index of them by name, and the site where they are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index, self.site = folder, folder / "index", folder / "site"
        for place in (self.index, self.site):
            place.mkdir()
        self.uv = fake_uv(folder, self.site, self.index)

    def offer(self, name: str, source: str = LOSS, version: str = "1.0", dependencies: str = "[]") -> Path:
        """A plugin that can be installed by its folder or as gantool-NAME."""
        module = f"gantool_{name}"
        folder = self.index / f"gantool-{name}"
        (folder / "src" / module).mkdir(parents=True, exist_ok=True)
        (folder / "src" / module / "__init__.py").write_text(source.format(name=name, module=module))
        facts = {"distribution": f"gantool-{name}", "name": name, "module": module, "version": version}
        (folder / "pyproject.toml").write_text(PROJECT.format(**facts, dependencies=dependencies))
        return folder

    @property
    def calls(self) -> list[list[str]]:
        """What the installer was called with."""
        log = self.folder / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(tmp_path)
    here = Environment(sys.executable, tmp_path, has_pip=False, uv=str(shop.uv))
    monkeypatch.setattr(environment, "this_environment", lambda: here)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(shop.site), *filter(None, sys.path)]))
    monkeypatch.syspath_prepend(shop.site)
    monkeypatch.chdir(tmp_path)
    return shop


Cli = Callable[..., Any]


@pytest.mark.long
def test_a_plugin_is_installed_upgraded_and_removed(gantool: Cli, shop: Shop) -> None:
    folder = shop.offer("wild")
    ended = gantool("plugins", "install", "wild")
    assert ended.code == 0, ended.err
    assert "installed gantool-wild" in ended.err  # the installer's own words
    assert "losses: wild" in ended.out
    (call,) = shop.calls
    assert Path(call[call.index("--constraint") + 1]).read_text().startswith("torch==")

    shop.offer("wild", LOSS.replace('"A loss"', '"A newer loss"'), version="1.1")
    ended = gantool("plugins", "upgrade", "--json")
    assert ended.code == 0, ended.err
    (plugin,) = json.loads(ended.out)["plugins"]
    assert (plugin["distribution"], plugin["version"], plugin["status"]) == ("gantool-wild", "1.1", "ok")
    assert shop.calls[-1][4:6] == ["--upgrade-package", "gantool-wild"]

    ended = gantool("plugins", "uninstall", "wild")
    assert (ended.code, ended.out) == (0, "gantool-wild 1.1 is removed.\n")
    assert not list(shop.site.glob("*wild*"))
    assert folder.is_dir()
    assert "There are no installed plugins." in gantool("plugins", "upgrade").err


@pytest.mark.long
def test_one_call_installs_and_removes_many(gantool: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folders = [shop.offer(name) for name in ("mild", "wild")]
    ended = gantool("plugins", "install", folders[0], "wild")
    assert ended.code == 0, ended.err
    assert [line.split()[0] for line in ended.out.splitlines()[1:]] == ["gantool-mild", "gantool-wild"]
    assert [call[-2:] for call in shop.calls] == [[str(folders[0]), "gantool-wild"]]
    ended = gantool("plugins", "uninstall", "mild", "wild", "--json")
    assert json.loads(ended.out) == {"removed": ["gantool-mild", "gantool-wild"]}
    assert len(shop.calls) == 2


@pytest.mark.long
def test_a_folder_is_installed_by_its_absolute_path_and_upgraded_from_there(gantool: Cli, shop: Shop) -> None:
    folder = shop.offer("wild")
    assert gantool("plugins", "install", "-e", "index/gantool-wild").code == 0
    assert shop.calls[-1][-2:] == ["--editable", str(folder)]
    assert gantool("plugins", "upgrade", "wild").code == 0
    assert shop.calls[-1][-2:] == ["--editable", str(folder)]
    shutil.rmtree(folder)
    ended = gantool("plugins", "upgrade")
    assert ended.code == 1
    assert f"gantool-wild was installed from {folder}, which is there no more" in ended.err


def test_a_plugin_that_asks_for_another_torch_is_refused(gantool: Cli, shop: Shop) -> None:
    shop.offer("greedy", dependencies='["torch<2"]')
    ended = gantool("plugins", "install", "gantool-greedy")
    assert ended.code == 1
    assert "Not installed: the installer ended with exit code 1" in ended.err
    assert "gantool holds torch " in ended.err


def test_dry_runs_print_the_commands_and_run_none(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild")
    assert gantool("plugins", "install", "gantool-wild").code == 0
    before = len(shop.calls)
    for command in (("install", "gantool-other"), ("upgrade",), ("uninstall", "wild")):
        ended = gantool("plugins", *command, "--dry-run", "--json")
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["command"].startswith(f"{shop.uv} pip ")
    assert len(shop.calls) == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(0)", "it tried to end the program"),
        (LOSS.replace("gantool_losses", "gantool_loses"), "Did you mean 'gantool_losses'?"),
        ("import os; os._exit(5)", "importing it ended the process (exit code 5)"),
    ],
)
def test_a_broken_plugin_is_told_and_can_be_removed(gantool: Cli, shop: Shop, source: str, why: str) -> None:
    shop.offer("bad", source)
    ended = gantool("plugins", "install", "gantool-bad")
    assert ended.code == 1
    (line,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert why in line
    assert "?." not in line
    assert "gantool plugins uninstall" in line
    ended = gantool("plugins", "uninstall", "bad")
    assert (ended.code, ended.out) == (0, "gantool-bad 1.0 is removed.\n")


@pytest.mark.long
def test_names_that_clash_or_are_blocked_are_a_warning(
    gantool: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.offer("hinge")
    ended = gantool("plugins", "install", "gantool-hinge")
    assert ended.code == 0
    assert "is installed and used in part: its loss 'hinge' is ignored, because gantool" in ended.err
    monkeypatch.setenv("GANTOOL_PLUGINS", "hinge")
    ended = gantool("plugins", "check", "--json")
    (report,) = json.loads(ended.out)
    assert (ended.code, report["distribution"], report["origin"]) == (1, "gantool-hinge", "installed")
    assert "its loss 'hinge' is ignored, because gantool" in report["faults"][0]
    monkeypatch.delenv("GANTOOL_PLUGINS")
    monkeypatch.setenv("GANTOOL_BLOCK_PLUGINS", "wild")
    shop.offer("wild")
    ended = gantool("plugins", "install", "gantool-wild")
    assert ended.code == 0
    assert "is installed and not used: GANTOOL_BLOCK_PLUGINS names it" in ended.err


def test_what_is_no_plugin_is_neither_kept_nor_removed(gantool: Cli, shop: Shop) -> None:
    folder = shop.offer("plain")
    text = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(text.replace('plain = "gantool_plain"', ""))
    ended = gantool("plugins", "install", "gantool-plain")
    assert ended.code == 1
    assert "gantool-plain is installed, but it is no plugin" in ended.err
    for name, why in {
        "gantool-plain": "is installed, but it is no plugin of gantool; use pip",
        "numpy": "is installed, but it is no plugin of gantool; use pip",
        "gantool": "is part of gantool itself",
        "gantool.builtin.losses": "is part of gantool itself",
        "dcgan": "dcgan is part of gantool itself and cannot be removed",
        "nowhere": "No plugin 'nowhere' is installed",
    }.items():
        ended = gantool("plugins", "uninstall", name)
        assert ended.code == 2
        assert why in ended.err
    assert len(shop.calls) == 1


@pytest.mark.long
def test_what_was_there_already_is_told_all_the_same(gantool: Cli, shop: Shop) -> None:
    """An installer that is given what is there may leave it as it is."""
    folder = shop.offer("wild")
    assert gantool("plugins", "install", str(folder)).code == 0
    shop.uv.write_text(f"#!{sys.executable}\n")
    for word in ("gantool-wild", str(folder)):
        ended = gantool("plugins", "install", word)
        assert (ended.code, "losses: wild" in ended.out) == (0, True)


@pytest.mark.long
@pytest.mark.parametrize(
    ("receipt", "begin"), [("uv-receipt.toml", "uv tool install "), ("pipx_metadata.json", "pipx ")]
)
def test_in_an_environment_of_another_tool_its_command_is_told(
    gantool: Cli, shop: Shop, receipt: str, begin: str
) -> None:
    """`uv tool` makes its environment anew, and keeps constraints for its upgrades, so that they leave gantool free."""
    there = shop.offer("there")
    assert gantool("plugins", "install", there).code == 0
    (shop.folder / receipt).touch()
    for words in (("install", "gantool-one", "gantool-two"), ("upgrade",), ("uninstall", "there")):
        ended = gantool("plugins", *words)
        assert (ended.code, ended.out) == (1, "")
        (line,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
        command = line[line.index(f": {begin}") + 2 :].split()
        if begin.startswith("uv"):
            assert "gantool" not in Path(command[command.index("--constraints") + 1]).read_text()
            kept = {"install": [str(there), "gantool-one", "gantool-two"], "upgrade": [str(there)], "uninstall": []}
            assert [after for word, after in itertools.pairwise(command) if word == "--with"] == kept[words[0]]
    assert len(shop.calls) == 1


def test_damaged_metadata_beside_it_does_not_keep_a_plugin(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild")
    assert gantool("plugins", "install", "gantool-wild").code == 0
    (Site(shop.site).describe("stranger") / "entry_points.txt").write_bytes(b"[gantool]\n\xff\xfe = = \n")
    (Site(shop.site).describe("nameless") / "METADATA").unlink()
    assert gantool("plugins", "uninstall", "wild").code == 0
