"""docs/plugins.md: every command in it is run, what it shows of files is in them, its reference is the code's."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import pytest
from pydantic import Field

import gantool as face
from gantool import commands, testing
from gantool.plugins import host as host_module
from gantool.plugins.selection import Chosen
from gantool.plugins.spec_check import check_spec

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "plugins.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (?P<mark>[^>\n]+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
QUICK = ("--images", "32", "--batch", "8", "--device", "cpu", "--precision", "float32", "-q")


def blocks(mark):
    return [found["text"] for found in BLOCK.finditer(PAGE) if found["mark"] == mark]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder; other packages of the page's names are not met, and those that a test imports are forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if not (Path(each) / "gantool_blobs").is_dir()])
    for name in [name for name in sys.modules if name.partition(".")[0] == "gantool_blobs"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("gantool_blobs", "gantool_count")]:
        del sys.modules[name]  # before those of the start come back


@pytest.fixture
def shell(gantool, place, monkeypatch):
    """Runs a line as the page's reader would; instead of an installation the package becomes a plugin folder."""

    def run(line):
        program, *words = shlex.split(line)
        monkeypatch.setattr(host_module, "_host", None)
        if program == "python" and words[:2] == ["-m", "pytest"]:
            words = words[2:]
            path = os.pathsep.join([str(place / "gantool-blobs" / "src"), *sys.path])
            command = [sys.executable, "-m", "pytest", "-q", *words]
            done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
            assert done.returncode == 0, done.stdout
            return
        assert program == "gantool"
        if words[:2] == ["plugins", "install"]:
            assert (Path(words[-1]) / "pyproject.toml").is_file()
            monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(place / words[-1] / "src"))
            words.append("--dry-run")
            if sys.prefix == sys.base_prefix:  # which a system may forbid to change
                return
        if words[:2] == ["plugins", "uninstall"]:
            monkeypatch.delenv("GANTOOL_PLUGINS_DIR")
            assert "No plugin 'blobs' is installed" in gantool(*words, "--dry-run").err
            return
        if words[0] == "train":
            words[words.index("--images") :] = [*QUICK, *words[words.index("--images") + 2 :]]
        ended = gantool(*words)
        assert ended.code == 0, f"{line}\n{ended.err}"

    return run


@pytest.mark.long
def test_every_line_of_the_tutorial_works_and_what_it_shows_is_in_the_files(shell, place, gantool):
    if entry_points(group="gantool", name="blobs"):
        pytest.skip("a plugin named blobs is installed here")
    lines = [line for block in blocks("run") for line in block.splitlines()]
    assert len(lines) >= 9
    for line in lines:
        shell(line)
    shown = [found for found in BLOCK.finditer(PAGE) if found["mark"].startswith("from ")]
    assert len(shown) == 4
    for found in shown:
        assert found["text"] in (place / found["mark"].removeprefix("from ")).read_text()
    for made in ("drawn", "blobs.webp", "from-the-file", "runs/first/samples"):
        assert (place / made).exists()
    ended = gantool("sample", "runs/first")  # the plugin is gone now
    assert ended.code != 0
    assert "blobs" in ended.err


def test_the_command_of_the_page_works(gantool, place, monkeypatch):
    (front,), (function,) = blocks("a command"), blocks("its function")
    for text in (front, function):
        file = place / "plugins" / text.partition('"""')[2].partition('"""')[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(place / "plugins"))
    monkeypatch.setattr(host_module, "_host", None)
    small = ("--arch", "mlp:generator_hidden=4,discriminator_hidden=4", "--resolution", "8")
    assert gantool("train", *small, *QUICK, "--name", "first").code == 0
    count = 100 * 4 + 4 + 2 * 4 + 4 * 192 + 192
    ended = gantool("count", "runs/first")
    assert (ended.code, ended.out) == (0, f"{count:,}\n")
    assert json.loads(gantool("count", "runs/first", "--json").out) == {"parameters": count}
    assert "Count the parameters of a model. (gantool_count)" in gantool("--help").out


def test_the_observer_of_the_page_appends_across_resumes(gantool, place, monkeypatch):
    (text,) = blocks("an observer")
    (place / "plugins").mkdir()
    (place / "plugins" / text.split('"""')[1]).write_text(text)
    monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(place / "plugins"))

    def trained(name, images):
        monkeypatch.setattr(host_module, "_host", None)
        small = ("--arch", "mlp:generator_hidden=4,discriminator_hidden=4", "--resolution", "8", "--log", "scores")
        ended = gantool("train", *small, *QUICK, "--images", images, "--snapshot-every", "32", "--name", name)
        assert ended.code == 0, ended.err
        assert "scores" not in ended.err
        return place / "runs" / name / "scores.csv"

    whole = [line.split(",")[0] for line in trained("whole", "128").read_text().splitlines()]
    assert whole == ["images_seen", "0", "32", "64", "96", "128"]
    file = trained("parts", "64")
    file.write_text(file.read_text() + "96,0.5\n12")  # as of a run that was killed
    assert [line.split(",")[0] for line in trained("parts", "128").read_text().splitlines()] == whole
    assert not list(file.parent.glob(".scores*"))


def test_the_option_at_auto_of_the_page_is_resolved(monkeypatch):
    (text,) = blocks("an option at auto")
    module = ModuleType("auto_blobs")
    monkeypatch.setitem(sys.modules, "auto_blobs", module)
    vars(module).update(gantool=face, Annotated=Annotated, Literal=Literal, Field=Field)
    exec(text, vars(module))
    spec = face.Component("blobs", "Blobs", module.BlobsOptions, "auto_blobs:build", settle="auto_blobs:settle")
    check_spec("loss", spec)
    setting = face.Setting(resolution=16, channels=3, batch=4, images=64, count=lambda: 64, device="cpu")
    resolved, why = Chosen("loss", spec, module.BlobsOptions(), "gantool-blobs").resolved(setting)
    assert (resolved.options.width, why) == (32, "width 32, which trains well on cpu")


def test_the_reference_is_what_the_code_says():
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    assert reference.page() == PAGE, "run: python docs/reference.py"


def test_the_reference_has_every_name_that_is_promised():
    described = set(re.findall(r"^#{4,5} `(?:with )?([\w.]+)", PAGE, re.MULTILINE))
    for module, elsewhere in ((face, {"__version__", "hookimpl", "RunConfig"}), (commands, set()), (testing, set())):
        assert {f"{module.__name__}.{name}" for name in set(module.__all__) - elsewhere} <= described
    assert {"gantool_cli", "gantool_host", "tiny_pictures", "gantool.testing.fixtures.CommandResult"} <= described


def test_links_of_the_page_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = target.partition("#")
        if "://" not in target:
            assert (DOCS / path).exists(), target
        if anchor and not path:
            headings = {
                title.strip().lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
            }
            assert anchor in headings, target
