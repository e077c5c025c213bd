"""The measurement on a GPU, in a small scale on the CPU: each part that needs no plugin runs, and has its row."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def measured(folder, *parts, python=sys.executable):
    """The table that the parts make, and what they say."""
    environment = os.environ | {
        "DEVICE": "cpu", "SCALE": "100", "OUT": str(folder), "PYTHON": str(python), "KIT": str(folder / "none"),
        "GANTOOL_CACHE": str(folder / "cache"), "LIMIT": "2000",
    }  # fmt: skip
    ended = subprocess.run(
        [ROOT / "benchmarks/gpu/run", *parts], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return (folder / "table.md").read_text(), ended.stdout


@pytest.mark.slow
def test_each_part_gives_its_row(tmp_path):
    table, said = measured(tmp_path, "tests", "steps", "busy", "start", "resume", "stylize", "evaluate")
    assert "failed" not in table, (tmp_path / "log.txt").read_text()[-5000:]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")]
    for what in ("tests", "tiny", "busy", "from the command", "exact resume", "stylize", "evaluate"):
        assert any(row.startswith(what) for row in rows), what
    assert "19 of 19 tensors equal" in table
    assert said.count("--- rc 0") == 7


@pytest.mark.slow
def test_a_part_that_fails_stops_no_other_and_says_so_in_its_row(tmp_path):
    broken = tmp_path / "python"
    broken.write_text(f'#!/bin/sh\ncase "$*" in *busy.py*) exit 3;; esac\nexec {sys.executable} "$@"\n')
    broken.chmod(0o755)
    table, said = measured(tmp_path, "busy", "steps", python=broken)
    assert "| busy:dcgan | failed (rc 1 " in table
    assert "| tiny |" in table
    assert said.count("--- rc 0") == 1
