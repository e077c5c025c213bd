"""The life of installed plugins, with an installer that needs no network; each load check is a process of its own."""

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
from gantool.plugin_tools.memory import remembered
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
    monkeypatch.setenv("GANTOOL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(shop.site), *filter(None, sys.path)]))
    monkeypatch.syspath_prepend(shop.site)
    monkeypatch.chdir(tmp_path)
    return shop


Cli = Callable[..., Any]


def test_a_plugin_is_installed_upgraded_restored_and_removed(gantool: Cli, shop: Shop) -> None:
    folder = shop.offer("wild")
    ended = gantool("plugins", "install", "wild")
    assert ended.code == 0, ended.err
    assert "Taking 'wild' as the distribution gantool-wild." in ended.err
    assert "installed gantool-wild" in ended.err  # the installer's own words
    assert "losses: wild" in ended.out
    (call,) = shop.calls
    assert Path(call[call.index("--constraint") + 1]).read_text().startswith("torch==")
    assert [one.requirement for one in remembered()] == ["gantool-wild"]

    shop.offer("wild", LOSS.replace('"A loss"', '"A newer loss"'), version="1.1")
    ended = gantool("plugins", "upgrade", "--json")
    assert ended.code == 0, ended.err
    (plugin,) = json.loads(ended.out)["plugins"]
    assert (plugin["distribution"], plugin["version"], plugin["status"]) == ("gantool-wild", "1.1", "ok")
    assert shop.calls[-1][4:6] == ["--upgrade-package", "gantool-wild"]

    shutil.rmtree(shop.site)
    shop.site.mkdir()  # a new environment
    dry = gantool("plugins", "restore", "--dry-run")
    assert dry.out.rstrip().endswith("gantool-wild")
    assert not list(shop.site.iterdir())
    assert "losses: wild" in gantool("plugins", "restore").out
    assert "Every plugin that gantool installed is here." in gantool("plugins", "restore").err

    ended = gantool("plugins", "uninstall", "wild")
    assert (ended.code, ended.out) == (0, "gantool-wild 1.1 is removed.\n")
    assert not list(shop.site.glob("*wild*"))
    assert remembered() == []
    assert folder.is_dir()


def test_an_upgrade_stays_within_the_versions_asked_for(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild").rename(shop.index / "gantool-wild==1.0")
    assert gantool("plugins", "install", "gantool-wild==1.0").code == 0
    ended = gantool("plugins", "upgrade", "wild", "--dry-run")
    assert "gantool-wild was installed as gantool-wild==1.0, and stays within that." in ended.err
    assert ended.out.rstrip().endswith("gantool-wild==1.0")


def test_a_folder_is_installed_by_its_absolute_path_and_upgraded_from_there(gantool: Cli, shop: Shop) -> None:
    folder = shop.offer("wild")
    assert gantool("plugins", "install", "-e", "index/gantool-wild").code == 0
    assert shop.calls[-1][-2:] == ["--editable", str(folder)]
    assert remembered()[0].editable
    (shop.folder / "home" / "plugins.json").unlink()  # as if pip had installed it
    assert gantool("plugins", "upgrade", "wild").code == 0
    assert shop.calls[-1][-2:] == ["--editable", str(folder)]
    shutil.rmtree(folder)
    shutil.rmtree(shop.site)
    shop.site.mkdir()
    ended = gantool("plugins", "restore")
    assert ended.code == 1
    assert "gantool-wild cannot be installed again: There is no " in ended.err


def test_what_cannot_be_restored_or_upgraded_keeps_none_of_the_others(gantool: Cli, shop: Shop) -> None:
    folders = [shop.offer("gone"), shop.offer("wild")]
    assert gantool("plugins", "install", *folders).code == 0
    shutil.rmtree(folders[0])
    before = len(shop.calls)
    ended = gantool("plugins", "upgrade")
    assert (ended.code, len(shop.calls)) == (1, before + 1)
    assert "gantool-gone cannot be installed again: There is no " in ended.err
    shutil.rmtree(shop.site)
    shop.site.mkdir()
    for dry in (("--dry-run",), ()):
        ended = gantool("plugins", "restore", *dry)
        assert ended.code == 1
        assert ended.err.count("gantool-gone cannot be installed again: There is no ") == 1
        assert ("losses: wild" in ended.out) is not bool(dry)
    (shop.folder / "uv-receipt.toml").write_text('[tool]\nrequirements = [{ name = "gantool" }]\n')
    shutil.rmtree(shop.site)
    shop.site.mkdir()
    ended = gantool("plugins", "restore")
    assert ended.err.count("gantool-gone cannot be installed again") == 1
    assert f"run: uv tool install gantool --with {folders[1]} --constraints" in ended.err


def test_what_is_made_of_a_name_is_said_once(gantool: Cli, shop: Shop) -> None:
    for name in ("mild", "wild"):
        shop.offer(name)
    for dry in (("--dry-run",), ()):
        ended = gantool("plugins", "install", "mild", "wild", *dry)
        assert ended.code == 0, ended.err
        for name in ("mild", "wild"):
            assert ended.err.count(f"Taking '{name}' as the distribution gantool-{name}.") == 1


def test_a_plugin_that_asks_for_another_torch_is_refused_and_the_others_are_installed(gantool: Cli, shop: Shop) -> None:
    shop.offer("greedy", dependencies='["torch<2"]')
    shop.offer("wild")
    ended = gantool("plugins", "install", "gantool-greedy", "gantool-wild")
    assert ended.code == 1
    assert "gantool-greedy was not installed" in ended.err
    assert "gantool leaves torch " in ended.err
    assert "losses: wild" in ended.out
    assert [one.distribution for one in remembered()] == ["gantool-wild"]
    ended = gantool("plugins", "install", "gantool-absent")
    assert (ended.code, "gantool leaves" in ended.err) == (1, False)


def test_dry_runs_print_the_commands_and_run_none(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild")
    assert gantool("plugins", "install", "gantool-wild").code == 0
    before = len(shop.calls)
    for command in (("install", "gantool-other"), ("upgrade",), ("uninstall", "wild")):
        ended = gantool("plugins", *command, "--dry-run", "--json")
        assert ended.code == 0, ended.err
        (line,) = json.loads(ended.out)["commands"]
        assert line.startswith(f"{shop.uv} pip ")
    assert len(shop.calls) == before


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


def test_names_that_clash_or_are_blocked_are_a_warning(
    gantool: Cli, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.offer("hinge")
    ended = gantool("plugins", "install", "gantool-hinge")
    assert ended.code == 0
    assert "is installed and used in part: its loss 'hinge' gives way to that of gantool" in ended.err
    monkeypatch.setenv("GANTOOL_PLUGINS", "hinge")
    ended = gantool("plugins", "check", "--json")
    (report,) = json.loads(ended.out)
    assert (ended.code, report["distribution"], report["origin"]) == (1, "gantool-hinge", "installed")
    assert "its loss 'hinge' gives way to that of gantool" in report["faults"][0]
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
    assert f"To remove it: {shop.uv} pip uninstall" in ended.err
    assert remembered() == []
    for name, why in {
        "gantool-plain": "is installed, but it is no plugin of gantool; use pip",
        "numpy": "is installed, but it is no plugin of gantool; use pip",
        "gantool": "is part of gantool itself",
        "gantool.builtin.losses": "is part of gantool itself",
        "dcgan": "dcgan is built into gantool (gantool.builtin.architectures) and cannot be removed",
        "nowhere": "No plugin 'nowhere' is installed",
    }.items():
        ended = gantool("plugins", "uninstall", name)
        assert ended.code == 2
        assert why in ended.err
    assert len(shop.calls) == 1


def test_what_was_there_already_is_remembered_by_where_it_came_from(gantool: Cli, shop: Shop) -> None:
    """An installer that is given the name of what is there does nothing; the index need not have it."""
    folder = shop.offer("wild")
    assert gantool("plugins", "install", str(folder)).code == 0
    shop.uv.write_text(f"#!{sys.executable}\n")
    assert gantool("plugins", "install", "gantool-wild").code == 0
    assert [one.requirement for one in remembered()] == [str(folder)]


def test_in_a_uv_tool_one_command_adds_all_and_leaves_gantool_free(gantool: Cli, shop: Shop) -> None:
    """A command for each would undo the ones before, and uv remembers constraints for its upgrades."""
    (shop.folder / "uv-receipt.toml").write_text('[tool]\nrequirements = [{ name = "gantool" }]\n')
    ended = gantool("plugins", "install", "gantool-one", "gantool-two")
    assert ended.code == 1
    (line,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert "uv tool install gantool --with gantool-one --with gantool-two --constraints " in line
    held = Path(line.split()[-1]).read_text()
    assert held.startswith("torch==")
    assert "gantool" not in held
    assert shop.calls == []


def test_damaged_metadata_beside_it_does_not_keep_a_plugin(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild")
    assert gantool("plugins", "install", "gantool-wild").code == 0
    (Site(shop.site).describe("stranger") / "entry_points.txt").write_bytes(b"[gantool]\n\xff\xfe = = \n")
    (Site(shop.site).describe("nameless") / "METADATA").unlink()
    assert gantool("plugins", "uninstall", "wild").code == 0


def test_what_was_removed_by_other_means_is_forgotten(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild")
    assert gantool("plugins", "install", "gantool-wild").code == 0
    shutil.rmtree(shop.site)
    shop.site.mkdir()
    ended = gantool("plugins", "uninstall", "wild")
    assert ended.code == 0
    assert "gantool-wild is not installed here" in ended.err
    assert remembered() == []


def test_a_damaged_memory_keeps_no_plugin_from_being_installed_or_removed(gantool: Cli, shop: Shop) -> None:
    shop.offer("wild")
    (shop.folder / "home").mkdir()
    (shop.folder / "home" / "plugins.json").write_text("{")
    ended = gantool("plugins", "install", "gantool-wild")
    assert ended.code == 0
    assert "will not be remembered" in ended.err
    assert gantool("plugins", "uninstall", "wild").code == 0
    ended = gantool("plugins", "restore")
    assert ended.code == 1
    assert "is damaged" in ended.err
