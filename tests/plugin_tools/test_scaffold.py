"""What `plugins new` writes works as it stands, whatever its kind."""

import importlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gantool as face
from gantool.api.kinds import KINDS
from gantool.errors import UsageError
from gantool.plugin_tools.scaffold import TEMPLATES, new_plugin
from gantool.plugins import host as host_module
from gantool.testing import check_component

RUN = ("train", "--resolution", "8", "--images", "16", "--batch", "8", "--device", "cpu", "-q", "--name", "one")
MLP = ("--arch", "mlp:generator_hidden=8,discriminator_hidden=8")


def test_there_is_a_template_for_every_kind() -> None:
    assert {path.name for path in TEMPLATES.iterdir()} == {"common", *KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_is_whole_and_clean(kind: str, tmp_path: Path) -> None:
    written = new_plugin("Quick-Fox", kind, tmp_path)
    assert written.folder == tmp_path / "gantool-quick-fox"
    assert sorted(written.files) == sorted(path for path in written.folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(written.folder)) for path in written.files}
    assert names >= {"pyproject.toml", "README.md", "tests/test_quick_fox.py", "src/gantool_quick_fox/__init__.py"}
    for file in written.files:
        text = file.read_text()
        assert not any(left in text for left in ("your-name", "your_name", "YourName", "$kind"))
    project = tomllib.loads((written.folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "gantool-quick-fox"
    assert project["entry-points"]["gantool"] == {"quick-fox": "gantool_quick_fox"}
    assert project["dependencies"] == [f"gantool>={face.__version__}"]
    for check in (("check", "--select", "E,F,I,UP,B,RUF,SIM"), ("format", "--check")):
        done = subprocess.run([sys.executable, "-m", "ruff", *check, "."], cwd=written.folder, capture_output=True)
        assert done.returncode == 0, done.stdout.decode()


@pytest.mark.slow
def test_its_own_tests_pass(tmp_path: Path) -> None:
    """As authors run them, in a process of its own, with the packages on Python's path instead of installed."""
    folders = [new_plugin(f"quick-{kind}", kind, tmp_path).folder for kind in KINDS]
    path = [str(Path(face.__file__).parents[1]), *(str(folder / "src") for folder in folders)]
    code = "import sys, pytest; sys.path[:0] = sys.argv[1].split(':'); sys.exit(pytest.main(sys.argv[2:]))"
    flags = ("-q", "-W", "error", "-p", "gantool.testing.fixtures")
    command = [sys.executable, "-c", code, ":".join(path), *flags, *(str(folder / "tests") for folder in folders)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_what_it_brings_conforms(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"sound-{kind}"
    monkeypatch.syspath_prepend(new_plugin(name, kind, tmp_path).folder / "src")
    declared = importlib.import_module(f"gantool_{name.replace('-', '_')}")
    (spec,) = getattr(declared, KINDS[kind].hook)()
    assert check_component(kind, spec) == []


USES = {
    "architecture": (*RUN, "--arch", "quick-fox:width=4"),
    "loss": (*RUN, *MLP, "--loss", "quick-fox"),
    "penalty": (*RUN, *MLP, "--penalty", "quick-fox:every=2"),
    "augmentation": (*RUN, *MLP, "--augment", "quick-fox"),
    "balance": (*RUN, *MLP, "--balance", "quick-fox"),
    "source": (*RUN, *MLP, "--data", "quick-fox:count=20", "--labels"),
    "observer": (*RUN, *MLP, "--log", "quick-fox"),
}


@pytest.mark.parametrize("kind", USES)
def test_it_plays_its_part_in_a_run(
    kind: str, tmp_path: Path, gantool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.delenv("GANTOOL_PLUGINS")
    name = f"quick-{kind}"  # modules stay imported from one test to the next
    folder = new_plugin(name, kind, tmp_path).folder
    words = [word.replace("quick-fox", name) for word in USES[kind]]
    ended = gantool(*words, "--plugins-dir", folder / "src")
    assert (ended.code, ended.out) == (0, "runs/one\n"), ended.err
    assert name in (tmp_path / "runs" / "one" / "config.toml").read_text()
    if kind == "observer":
        assert (tmp_path / "runs" / "one" / f"{name}.csv").read_text().startswith("images_seen,name,value\n8,")


def test_an_extractor_paints_and_a_command_is_called(
    tmp_path: Path, tiny_pictures: Path, gantool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.delenv("GANTOOL_PLUGINS")
    extractor = new_plugin("fine-edges", "extractor", tmp_path).folder / "src"
    content, style = tiny_pictures / "red" / "0.png", tiny_pictures / "blue" / "0.png"
    small = ("--size", "32", "--steps", "2", "--device", "cpu", "-q", "-o", "out.png")
    ended = gantool("stylize", content, style, "--extractor", "fine-edges", "--plugins-dir", extractor, *small)
    assert (ended.code, ended.out) == (0, "out.png\n"), ended.err
    command = new_plugin("the-mean", "command", tmp_path).folder / "src"
    assert gantool(*RUN, *MLP, "--data", tiny_pictures).code == 0
    ended = gantool("the-mean", "runs/one", "-n", "2", "-o", "mean.png", "--plugins-dir", command)
    assert (ended.code, ended.out) == (0, "mean.png\n"), ended.err


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("", "loss", "letters, digits and single dashes"),
        ("3d", "loss", "beginning with a letter"),
        ("my_loss", "loss", "'my-loss' is possible"),
        ("a--b", "loss", "'a-b' is possible"),
        ("../up", "loss", "'up' is possible"),
        ("class", "loss", "'class' cannot name a plugin"),
        ("gantool", "loss", "'gantool' cannot name a plugin"),
        ("hinge", "loss", "gantool has the loss 'hinge' itself"),
        ("gantool-hinge", "loss", "gantool has the loss 'hinge' itself"),
        ("train", "command", "gantool has the command 'train' itself"),
        ("fox", "los", "Did you mean 'loss'"),
    ],
)
def test_names_that_will_not_do(name: str, kind: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        new_plugin(name, kind, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    new_plugin("fox", "loss", tmp_path)
    mine = tmp_path / "gantool-fox" / "README.md"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        new_plugin("gantool-fox", "penalty", tmp_path)
    assert mine.read_text() == "mine"


def test_the_command_lists_files_and_what_to_do_next(
    tmp_path: Path, gantool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = gantool("plugins", "new", "fox", "--kind", "loss")
    assert ended.code == 0
    assert "gantool-fox/src/gantool_fox/loss.py" in ended.out.splitlines()
    assert "gantool plugins install --editable ./gantool-fox" in ended.err
    listed = json.loads(gantool("plugins", "new", "hen", "--kind", "loss", "--out", "deep/down", "--json").out)
    assert all(Path(file).is_file() for file in listed["files"])
    assert listed["folder"] == "deep/down/gantool-hen"
