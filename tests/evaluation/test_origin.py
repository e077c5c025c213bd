"""Models that were trained on something else than what they are measured against."""

import evaluated
import pytest
import torch
from evaluated import CLASSES, write_data, write_run

from gantool.engine.model_file import read_card
from gantool.evaluation.reals import open_reals
from gantool.plugins.host import host
from gantool.run.folder import load_config

FAST = ("--metric", "near", "--extractor", "means", "-n", "8")


@pytest.fixture(autouse=True)
def _plugin(gantool_host):
    gantool_host.add(evaluated.Plugin, "gantool-evaluated")


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A maker of runs whose checkpoints know their data."""
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))

    def make(name, data, classes=()):
        run = write_run(tmp_path / "runs" / name, data, classes)
        reals = open_reals(host(), load_config(run).data, read_card(run / "generator.safetensors"))
        state = {"data": {"count": len(reals), "fingerprint": reals.fingerprint}}
        torch.save(state, run / "checkpoints/000000640/state.pt")
        return run

    return make


def test_data_that_changed_since_training_is_noted(trained, tmp_path, gantool):
    run = trained("demo", write_data(tmp_path / "data"))
    assert "changed" not in gantool("evaluate", run, *FAST).err
    write_data(tmp_path / "data", count=32)
    said = gantool("evaluate", run, *FAST)
    assert "24 pictures then and 32 now" in said.err
    assert "24 pictures then and 32 now" in (run / "evaluations.jsonl").read_text().splitlines()[1]


def test_data_that_was_moved_is_the_same(trained, tmp_path, gantool):
    run = trained("demo", write_data(tmp_path / "data"))
    (tmp_path / "data").rename(tmp_path / "moved")
    said = gantool("evaluate", run, *FAST, "--data", tmp_path / "moved").err
    assert "changed" not in said
    assert "other data" not in said


def test_a_model_of_other_data_or_labels_is_compared_with_a_warning(trained, tmp_path, gantool):
    run = trained("demo", write_data(tmp_path / "data"))
    labelled = trained("labelled", tmp_path / "data", CLASSES)
    strange = trained("strange", write_data(tmp_path / "strange", count=16))
    said = gantool("evaluate", run, "--against", labelled, *FAST).err
    assert f"{labelled} was trained with the labels blue, red, and {run} without labels" in said
    assert "other data" not in said
    said = gantool("evaluate", run, "--against", strange, *FAST).err
    assert f"{strange} was trained on other data, folder:path={tmp_path / 'strange'}" in said
    assert f"{run} was trained on other data" not in said
    assert "labels" not in said


def test_a_checkpoint_that_cannot_be_read_says_nothing_of_data(trained, tmp_path, gantool):
    run = trained("demo", write_data(tmp_path / "data"))
    (run / "checkpoints/000000640/state.pt").write_bytes(b"nothing")
    write_data(tmp_path / "data", count=32)
    done = gantool("evaluate", run, *FAST)
    assert done.code == 0
    assert "changed" not in done.err
