"""Models that were trained on something else than what they are measured against."""

from types import SimpleNamespace

import evaluated
import pytest
import torch
from evaluated import CLASSES, write_data, write_run

import gantool
from gantool.engine.model_file import read_card
from gantool.evaluation import origin
from gantool.evaluation.reals import Reals, open_reals
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


def test_a_class_that_the_data_lacks_is_refused_where_it_is_named(trained, tmp_path, gantool):
    run = trained("labelled", write_data(tmp_path / "data"), CLASSES)
    other = write_data(tmp_path / "other", classes=("red", "green"))
    done = gantool("evaluate", run, *FAST, "--data", other, "--label", "blue")
    assert done.code == 2
    assert "The data has no pictures of blue to measure samples against: its classes are green, red." in " ".join(
        done.err.split()
    )


class Grey(gantool.Source):
    """Pictures without a fingerprint."""

    def __len__(self):
        return 9

    def __getitem__(self, index, /):
        return torch.zeros(3, 8, 8, dtype=torch.uint8), None


@pytest.mark.parametrize(
    ("trained_on", "measured_on", "other"),
    [
        ("files:path=a", "files:path=a,range=full", False),
        ("files:path=a", "files:path=b", True),
        ("files:path=a", "arrays:path=a", True),
        ("shapes:count=9", "shapes", False),
    ],
)
def test_without_fingerprints_sources_are_compared_by_name_and_path(
    monkeypatch, tmp_path, trained_on, measured_on, other
):
    monkeypatch.setattr(origin, "run_of", lambda path: tmp_path)
    monkeypatch.setattr(origin, "generator_file", lambda path: tmp_path / "generator.safetensors")
    monkeypatch.setattr(origin.checkpoint, "newest", lambda run: None)
    monkeypatch.setattr(origin, "load_config", lambda run: SimpleNamespace(data=trained_on))
    said = list(origin.on_data(tmp_path, Reals(measured_on, "", Grey(), (8, 8, 3))))
    assert bool(said) == other
