"""Runs that an earlier version made, kept in `tests/fixtures/runs`: they are drawn from, and they go on.

Another processor rounds otherwise, so that pictures and weights are compared within a tolerance, and weights only where
nothing in the run adds rounding up within its 16 steps.
"""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import gantool as library
from gantool.run.folder import load_config

KEPT = Path(__file__).parents[1] / "fixtures" / "runs"
RUNS = {"dcgan": 256, "labelled": 256, "progressive": 320}
EXPECTED = load_file(KEPT / "expected.safetensors")


@pytest.mark.parametrize("name", RUNS)
def test_an_older_run_draws_the_pictures_that_it_drew(name):
    pictures = library.load(KEPT / name, device="cpu").images(range(4))
    assert (pictures.int() - EXPECTED[f"{name}/pictures"].int()).abs().max() <= 2


@pytest.mark.long
@pytest.mark.parametrize("name", RUNS)
def test_an_older_run_goes_on(name, tmp_path, gantool):
    run = shutil.copytree(KEPT / name, tmp_path / name)
    ended = gantool("train", "--resume", run, "--images", 2 * RUNS[name], "--quiet")
    assert ended.code == 0, ended.err
    assert (run / "checkpoints" / f"{2 * RUNS[name]:09d}").is_dir()
    weights = load_file(run / "generator.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in weights.values())
    assert load_config(run).convolutions == "direct"  # which it was, before there was a choice
    if name == "dcgan":
        expected = {key.split("/")[-1]: value for key, value in EXPECTED.items() if key.startswith("dcgan/resumed/")}
        assert weights.keys() == expected.keys()
        for key, value in expected.items():
            torch.testing.assert_close(weights[key], value, atol=1e-4, rtol=0)
