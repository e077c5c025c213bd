"""The notebooks of the course are what their pages say, are jupytext pairs, and run from the first cell to the last."""

import importlib.util
import os
import re
import shlex
import sys

import pytest
from command_lines import ROOT
from test_commands_run import smoke

NOTEBOOKS = ROOT / "docs/course/notebooks"


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_notebooks", NOTEBOOKS / "make.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_files_are_what_the_pages_say(make):
    for name, text in make.files().items():
        assert (NOTEBOOKS / name).read_text() == text, "run: python docs/course/notebooks/make.py"


def test_a_notebook_has_the_blocks_of_its_page(make):
    found = make.cells("03-two-steps")
    assert [kind for kind, _ in found] == ["code", "markdown", "code", "markdown"]
    assert found[0][1].startswith("%pip")
    assert "D.requires_grad_(not FROZEN)" in found[2][1]
    assert "!gantool train --arch dcgan:width=16 --lr-g 2e-3" in dict(enumerate(make.cells("05-mode-collapse")))[2][1]


@pytest.mark.parametrize("page", ["02-networks", "03-two-steps", "05-mode-collapse"])
def test_both_files_of_a_pair_have_the_same_cells(page):
    jupytext = pytest.importorskip("jupytext")
    script, book = (jupytext.read(NOTEBOOKS / f"{page}.{ending}") for ending in ("py", "ipynb"))
    assert [(cell.cell_type, cell.source) for cell in script.cells] == [(c.cell_type, c.source) for c in book.cells]


def in_a_smoke_size(source):
    """The cell with few images, its commands run by this Python."""
    source = re.sub(r"^IMAGES = .*", "IMAGES = 48", source, flags=re.MULTILINE).replace("\\\n", " ")
    return re.sub(
        r"^!gantool (.*)$",
        lambda found: (
            f"!{sys.executable} -m gantool {shlex.join(smoke(shlex.split(found[1], comments=True)))}\n"
            "assert _exit_code == 0"
        ),
        source,
        flags=re.MULTILINE,
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", ["02-networks", "03-two-steps", "05-mode-collapse"])
def test_a_notebook_runs(page, tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), *sys.path]))
    book = nbformat.read(NOTEBOOKS / f"{page}.ipynb", as_version=4)
    book.cells = [cell for cell in book.cells if not cell.source.startswith("%pip")]
    for cell in book.cells:
        cell.source = in_a_smoke_size(cell.source) if cell.cell_type == "code" else cell.source
    nbclient.NotebookClient(
        book, timeout=500, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    assert any((tmp_path / "runs").iterdir())
