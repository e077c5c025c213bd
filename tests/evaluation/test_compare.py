"""`gantool compare`: runs of their own against the same small data."""

import json
from pathlib import Path

import evaluated
import pytest
from evaluated import Means, write_data, write_run
from PIL import Image

from gantool.engine.distributed import World
from gantool.engine.model_file import load_generator, save_generator
from gantool.errors import DataError
from gantool.evaluation import result

FAST = ("--metric", "near", "--extractor", "means", "-n", "8")


@pytest.fixture(autouse=True)
def _plugin(gantool_host, monkeypatch):
    monkeypatch.setattr("gantool.evaluation.scores.FEWEST", 2)
    gantool_host.add(evaluated.Plugin, "gantool-evaluated")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three runs on the same data, the first with the record of two ticks."""
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    data = write_data(tmp_path / "data")
    made = [write_run(tmp_path / f"runs/{name}", data, seed=seed) for seed, name in enumerate("abc")]
    ticks = [{"images_seen": seen, "images_per_second": 8.0} for seen in (320, 640, 960)]
    (made[0] / "metrics.jsonl").write_text("".join(json.dumps(tick) + "\n" for tick in ticks))
    return [f"runs/{run.name}" for run in made]


def test_each_model_has_a_column_with_what_it_took_and_the_best_value_is_marked(runs, gantool):
    done = gantool("compare", *runs, *FAST)
    assert done.code == 0
    rows = {line.split("  ")[0]: line for line in done.out.splitlines()}
    assert rows["minutes of training"].split()[3:] == ["1.3", "-", "-"]  # 640 of 960 images, at 8 a second
    assert rows["parameters of the generator"].split()[4:] == ["1,784"] * 3
    assert rows["images"].split()[1:] == ["640"] * 3
    assert 1 <= rows["near"].count("*") <= 2


def test_what_was_measured_in_the_same_way_is_not_measured_again(runs, gantool):
    document = json.loads(gantool("compare", *runs, *FAST, "--json").out)
    Means.seen.clear()
    again = json.loads(gantool("compare", *runs, *FAST, "--json").out)
    assert again == document
    assert sum(Means.seen) == 2  # where the network is tried
    assert json.loads(gantool("compare", *runs, *FAST[:-1], "6", "--json").out) != document
    path = Path(runs[1], "generator.safetensors")  # other weights of the same name
    save_generator(path, load_generator(Path(runs[2], "generator.safetensors"))[0], load_generator(path)[1])
    Means.seen.clear()
    other = json.loads(gantool("compare", *runs, *FAST, "--json").out)
    assert [sum(Means.seen), other["models"][0]] == [2 + 16, document["models"][0]]  # one padded batch
    assert other["models"][1]["values"] == document["models"][2]["values"]


def test_a_sheet_has_a_row_of_equal_seeds_for_each_model(runs, tmp_path, gantool):
    done = gantool("compare", *runs, *FAST, "-o", "sheet.png", "--seeds", "3,5", "--json")
    assert json.loads(done.out)["files"] == ["sheet.png"]
    with Image.open("sheet.png") as sheet:
        assert sheet.size == (2 * 66 + 2, 3 * 66 + 2)  # three rows of two, enlarged eight times
    assert gantool("compare", *runs, *FAST, "-o", "sheet.png").code == 2


def test_one_model_and_models_of_other_shapes_are_refused_before_anything_is_measured(runs, gantool):
    assert "two models or more" in gantool("compare", runs[0], runs[0], *FAST).err
    path = Path(runs[2], "generator.safetensors")
    weights, card = load_generator(path)
    save_generator(path, weights, card.model_copy(update={"resolution": 16}))
    done = gantool("compare", *runs, *FAST)
    assert (done.code, "they cannot be compared" in done.err) == (2, True)
    assert not any((run / "evaluations.jsonl").exists() for run in map(Path, runs))


def test_models_of_other_data_are_told(runs, tmp_path, gantool):
    strange = write_run(tmp_path / "runs/strange", write_data(tmp_path / "others", count=20))
    assert "was trained on other data" in gantool("compare", runs[0], strange, *FAST).err


def test_other_data_is_told_once_and_before_a_model_is_loaded_and_another_shape_too(
    runs, tmp_path, gantool, monkeypatch
):
    def loading(*arguments, **more):
        raise DataError("A model is loaded.")

    strange = str(write_run(tmp_path / "runs/strange", write_data(tmp_path / "others", count=20)))
    assert gantool("compare", runs[0], strange, *FAST).err.count("was trained on other data") == 1
    monkeypatch.setattr("gantool.evaluation.evaluator.loaded", loading)
    said = gantool("compare", runs[0], strange, *FAST).err
    assert said.index("was trained on other data") < said.index("A model is loaded.")
    path = Path(runs[2], "generator.safetensors")
    weights, card = load_generator(path)
    save_generator(path, weights, card.model_copy(update={"resolution": 16}))
    said = gantool("compare", *runs, *FAST).err
    assert "they cannot be compared" in said
    assert "A model is loaded." not in said


@pytest.mark.parametrize("command", ["compare", "evaluate"])
def test_ctrl_c_ends_with_a_sentence_of_what_is_kept(runs, gantool, monkeypatch, command):
    def interrupted(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("gantool.evaluation.evaluator.Evaluator.evaluate", interrupted)
    done = gantool(command, *runs[: 2 if command == "compare" else 1], *FAST)
    assert (done.code, done.out) == (130, "")
    assert "Stopped by Ctrl-C; runs keep what was measured before in their evaluations.jsonl." in done.err


def test_a_process_that_does_not_lead_prints_and_writes_nothing(runs, monkeypatch, gantool):
    assert gantool("compare", *runs, *FAST).code == 0
    monkeypatch.setattr("gantool.evaluation.evaluator.join_world", lambda device: World(rank=1))
    done = gantool("compare", *runs, *FAST, "-o", "sheet.png")
    assert (done.code, done.out, Path("sheet.png").exists()) == (0, "", False)


def test_notes_of_labels_are_of_the_first_model_that_is_compared_now(runs, tmp_path, gantool):
    labelled = write_run(tmp_path / "runs/labelled", tmp_path / "data", evaluated.CLASSES)
    labelled = f"runs/{labelled.name}"
    assert f"{runs[0]} was trained without labels, and {labelled}" in gantool("compare", labelled, runs[0], *FAST).err
    assert "was trained without labels" not in gantool("compare", runs[1], runs[0], *FAST).err
    told = gantool("compare", runs[1], labelled, *FAST).err
    assert f"{labelled} was trained with the labels" in told
    assert f"and {runs[1]} without labels." in told


def test_an_evaluation_comes_back_from_its_line(runs, gantool):
    gantool("evaluate", runs[0], *FAST)
    (line,) = result.read(Path(runs[0]))
    assert result.from_json(line).as_json() == line
    with pytest.raises(ValueError, match="format 2"):
        result.from_json(line | {"format": 2})
