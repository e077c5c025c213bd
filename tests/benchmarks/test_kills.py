"""benchmarks/faults: runs that were killed are exact once resumed; what is not exact is named."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "faults" / "kills.py"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its runs")
def test_killed_runs_are_exact_once_resumed(tmp_path):
    command = [sys.executable, str(SCRIPT), "--kills", "4", "--work", str(tmp_path), "--", "--images", "24"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("4 of 4 exact")


def test_a_byte_a_line_and_a_hidden_file_are_differences_and_speed_is_none(tmp_path):
    spec = importlib.util.spec_from_file_location("kills", SCRIPT)
    kills = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kills)
    runs = [tmp_path / name for name in ("one", "other")]
    for number, run in enumerate(runs):
        run.mkdir()
        (run / "model").write_bytes(b"weights")
        (run / "metrics.jsonl").write_text(f'{{"images_seen": 8, "loss_d": 1, "images_per_second": {number}}}\n')
    one, other = map(kills.contents, runs)
    assert kills.differing(one, other) == []
    (runs[1] / "model").write_bytes(b"weightS")
    (runs[1] / ".left.7.tmp").touch()
    (runs[1] / "metrics.jsonl").write_text('{"images_seen": 8, "loss_d": 2}\n')
    assert kills.differing(one, kills.contents(runs[1])) == [".left.7.tmp", "metrics.jsonl", "model"]
