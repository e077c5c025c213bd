"""The measurement on a GPU, in a small scale on the CPU: each part that needs no plugin runs, and has its row."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]


def measured(folder, *parts, python=sys.executable):
    """The table that the parts make, and what they say."""
    environment = {"LIMIT": "2000"} | os.environ | {
        "DEVICE": "cpu", "SCALE": "100", "OUT": str(folder), "PYTHON": str(python), "KIT": str(folder / "none"),
        "GANTOOL_CACHE": str(folder / "cache"),
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


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """Runs steps.py for these cases with another `measure`, and gives the rows of its file."""

    def run(measure, *cases):
        program = runpy.run_path(str(ROOT / "benchmarks/gpu/steps.py"))
        main, rows = program["main"], tmp_path / "steps.md"
        monkeypatch.setitem(main.__globals__, "measure", measure)
        monkeypatch.setattr(sys, "argv", ["steps.py", "--device", "cpu", "--rows", str(rows), "--only", *cases])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        return code, {line.split("|")[1].strip(): line for line in rows.read_text().splitlines()[2:]}

    return run


def test_a_case_that_breaks_the_device_ends_the_program_and_the_next_call_goes_on_after_it(steps):
    def broken(name, *_):
        if name == "dcgan-64-b64":
            raise RuntimeError("CUDA error: an illegal memory access was encountered\nmore")
        return {"tutorial": "1"}

    cases = ("tiny", "dcgan-64-b64", "dcgan-64-b256")
    code, rows = steps(broken, *cases)
    assert code == 3
    assert list(rows) == list(cases[:2])
    assert "illegal memory access" in rows["dcgan-64-b64"]
    code, rows = steps(broken, *cases)
    assert code == 0
    assert list(rows) == list(cases)
    assert "illegal memory access" in rows["dcgan-64-b64"]


def test_a_case_that_is_cut_short_has_a_row_that_says_so(steps):
    def killed(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps(killed, "tiny")
    assert "not measured" in steps(killed, "tiny")[1]["tiny"]


def test_the_peak_of_a_part_of_a_card_is_not_that_of_the_card(monkeypatch):
    program = runpy.run_path(str(ROOT / "benchmarks/gpu/steps.py"))
    monkeypatch.setitem(program["peak"].__globals__, "took", lambda *_: 1.0)
    monkeypatch.setattr(torch, "randn", lambda *_, **__: torch.zeros(1))
    found = {}
    for name in ("NVIDIA H200", "NVIDIA H200 NVL", "NVIDIA H200 MIG 1g.18gb", "NVIDIA GeForce"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _, name=name: name)
        found[name] = program["peak"](torch.device("cuda"))[1]
    assert list(found.values()) == ["data sheet", "data sheet", "measured", "measured"]


@pytest.mark.slow
def test_a_part_for_which_no_time_is_left_has_a_row_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("LIMIT", "10")
    table, _ = measured(tmp_path, "steps", "start")
    assert table.count("not run: no time was left") == 2


@pytest.mark.slow
def test_a_part_that_fails_stops_no_other_and_says_so_in_its_row(tmp_path):
    broken = tmp_path / "python"
    broken.write_text(f'#!/bin/sh\ncase "$*" in *busy.py*) exit 3;; esac\nexec {sys.executable} "$@"\n')
    broken.chmod(0o755)
    table, said = measured(tmp_path, "busy", "steps", python=broken)
    assert "| busy:dcgan | failed (rc 1 " in table
    assert "| tiny |" in table
    assert {path.name for path in tmp_path.glob("*.*")} == {"log.txt", "table.md"}
    assert said.count("--- rc 0") == 1
