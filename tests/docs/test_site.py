"""The site: each page has its place, the reference has every command, and no link of any page is broken."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from command_lines import ROOT
from typer.main import get_command

import gantool
from gantool.cli.app import app


@pytest.fixture(scope="module")
def build():
    sys.path.insert(0, str(ROOT / "site"))
    try:
        import build

        yield build
    finally:
        sys.path.remove(str(ROOT / "site"))


def leaves(group, before=""):
    for name, command in group.commands.items():
        if not command.hidden:
            yield from leaves(command, f"{before}{name} ") if hasattr(command, "commands") else (before + name,)


def test_every_page_has_its_place_and_the_reference_every_command(build, tmp_path):
    build.assemble(tmp_path)
    sections = {title: pages for section in build.navigation(tmp_path) for title, pages in section.items()}
    assert "How good is a model?" in {title for page in sections["Guides"] for title in page}
    commands = (tmp_path / "reference/commands.md").read_text()
    named = set(re.findall(r"^## gantool (.+)$", commands, re.MULTILINE))
    assert named == set(leaves(get_command(app)))
    assert "`--resolution N`" in commands
    components = (tmp_path / "reference/components.md").read_text()
    assert all(f"### {name}\n" in components for name in ("dcgan", "hinge", "r1", "kid", "shapes"))


def test_flags_are_kept_in_one_line_and_blocks_of_code_as_they_are(build):
    page = "<td><code>--lr-g X</code>, <code>dcgan:width=16</code></td><pre><code><span>--lr</span> 1</code></pre>"
    flag = '<span class="flag">--lr-g</span>'
    assert build.unbroken(page) == page.replace("--lr-g", flag)
    assert build.unbroken("<code>a -o b</code>") == '<code>a <span class="flag">-o</span> b</code>'
    assert build.unbroken("<code>off-by-one --</code>") == "<code>off-by-one --</code>"


def test_a_missing_zensical_is_told_with_the_line_that_installs_it(build, monkeypatch):
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"zensical, which .* does not find: pip install -U pip && "):
        build.check_tool()


def test_every_line_that_installs_a_group_brings_a_pip_that_knows_groups_first(build):
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")]
    lines = [line for page in (*pages, build.INSTALL) for line in page.splitlines() if "--group" in line]
    assert len(lines) >= 4
    assert all("pip install -U pip && " in line.replace(" -q", "") for line in lines)


def test_a_page_without_a_place_is_told(build, tmp_path):
    build.assemble(tmp_path)
    (tmp_path / "lost.md").write_text("# Lost")
    with pytest.raises(ValueError, match=r"No section of the site has lost\.md"):
        build.navigation(tmp_path)


def test_a_link_to_nothing_and_a_named_page_that_is_missing_are_told(build, tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("[here](https://x.org/y), [there](docs/gone.webp)")
    with monkeypatch.context() as patched:
        patched.setattr(build, "ROOT", tmp_path)
        with pytest.raises(ValueError, match=r"README\.md links to docs.gone\.webp"):
            build.assemble(tmp_path / "pages")
    build.assemble(tmp_path / "whole")
    (tmp_path / "whole/docs/training.md").unlink()
    with pytest.raises(ValueError, match=r"names docs/training\.md"):
        build.navigation(tmp_path / "whole")


def test_a_folder_of_other_files_is_not_replaced_by_a_site(build, tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr("sys.argv", ["build.py", str(tmp_path)])
    monkeypatch.setattr(build.subprocess, "run", lambda *_, **__: pytest.fail("the build had begun"))
    with pytest.raises(SystemExit, match="holds no earlier site"):
        build.main()
    assert (tmp_path / "mine.txt").read_text() == "mine"
    for fine in (tmp_path / "new", tmp_path / "empty", tmp_path / "earlier"):
        if fine.name != "new":
            fine.mkdir()
        if fine.name == "earlier":
            (fine / build.MARK).touch()
            (fine / "index.html").touch()
        build.check_target(fine)


@pytest.mark.skipif(importlib.util.find_spec("zensical") is None, reason="zensical is not installed")
def test_the_site_is_built_without_a_broken_link(tmp_path):
    command = [sys.executable, ROOT / "site/build.py", tmp_path / "html"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert told.returncode == 0, told.stdout + told.stderr
    first = (tmp_path / "html/index.html").read_text()
    assert "docs/training/" in first
    assert "fonts.googleapis" not in first


def test_one_version_stands_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == gantool.__version__
    assert f"\nversion: {gantool.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {gantool.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    for plugin in sorted(Path(ROOT / "plugins").glob("gantool-*/pyproject.toml")):
        assert tomllib.loads(plugin.read_text())["project"]["version"] == gantool.__version__, plugin
