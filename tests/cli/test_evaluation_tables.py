"""Numbers of evaluations as tables have them."""

import io
import math
import re
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from gantool.api.metrics import Metric
from gantool.builtin.metrics.distances import Frechet, KernelDistance
from gantool.cli import wide_tables
from gantool.cli.evaluation_tables import show, show_compared, show_curve
from gantool.cli.wide_tables import Column
from gantool.evaluation.result import Evaluation
from gantool.evaluation.scores import UNREAD, Scores
from gantool.metrics.judgement import written


class Near(Metric):
    """A metric whose smaller values are better."""

    better = {"how_near": "lower"}

    def __call__(self, reals, samples):
        return {"how_near": 0.0}


@pytest.fixture
def of_one_name():
    """An evaluation by two metrics of one name, as a whole and of a class."""
    options = ("near:k=3", "near:k=5", "far")
    values = {one: {"how_near": float(place)} for place, one in enumerate(options)}
    scores = Scores(8, values, values, dict.fromkeys(options, "So near."))
    return Evaluation(
        model="runs/x", digest="d", images_seen=8, resolution=8, channels=3, data="shapes", fingerprint=None,
        pictures=16, metrics={one: one for one in options}, extractor="", extractor_digest="", flavour="", seed=0,
        truncation=1.0, versions={}, time="now", scores=scores, classes={"cat": scores},
        titles={"near:k=3": {"how_near": "nearness"}, "near:k=5": {"how_near": "nearness"}, "far": {"how_near": "far"}},
    )  # fmt: skip


def test_metrics_of_one_name_are_told_apart_by_their_options(of_one_name, capsys):
    show(dict.fromkeys(of_one_name.metrics, Near()), [of_one_name], "shapes")
    said = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert {"nearness of near:k=3", "nearness of near:k=5", "far"} <= set(said)
    assert said.count("So near.") == 1
    assert {"near:k=3: So near.", "near:k=5: So near."} <= set(said)


def test_that_pictures_are_too_few_comes_before_their_numbers(of_one_name, capsys):
    few = "8 pictures are too few to say anything of the model"
    made = replace(of_one_name, scores=replace(of_one_name.scores, verdict=few), classes={})
    show(dict.fromkeys(made.metrics, Near()), [made], "shapes")
    said = capsys.readouterr().out.splitlines()
    assert said[1] == few
    assert said.count(few) == 1


def test_models_that_are_compared_by_too_few_pictures_are_told_so_once(of_one_name, capsys):
    few = "8 pictures are too few to say anything of the model"
    alike = replace(of_one_name, scores=replace(of_one_name.scores, verdict=few), classes={})
    others = [alike, replace(alike, model="runs/y")]
    show_compared(dict.fromkeys(alike.metrics, Near()), others, "shapes", {})
    said = capsys.readouterr().out
    assert said.splitlines()[1] == few
    assert said.count(few) == 1
    assert "nearer to what other reals have" not in said  # of values without the star there is no better one


def test_a_class_is_told_of_where_something_else_is_true_than_of_the_whole(of_one_name, capsys):
    def saying(verdict):
        return replace(of_one_name.scores, verdict=verdict)

    whole = "Samples are far from the data, 0.58 of its spread away. No copies are seen."
    classes = {
        "cat": saying("Samples are far from the data, 0.61 of its spread away. No copies are seen."),
        "frog": saying("Samples are near the data. No copies are seen."),
        **{f"kind {number}": saying("Much of the data's variety is missing.") for number in range(6)},
    }
    made = replace(of_one_name, scores=saying(whole), classes=classes)
    show(dict.fromkeys(made.metrics, Near()), [made], "shapes")
    said = capsys.readouterr().out.splitlines()
    assert "frog: Samples are near the data." in said
    assert not any(line.startswith("cat:") for line in said)
    assert "kind 3: Much of the data's variety is missing." in said
    assert said[-1] == "Of 2 more classes other things are true than of the whole."


def test_metrics_that_measure_nothing_are_told_once_for_each_model_below_its_name(of_one_name, capsys):
    unread = {name: f"{name}: {UNREAD}" for name in ("near:k=3", "near:k=5")} | {"far": "So near."}
    made = replace(of_one_name, scores=replace(of_one_name.scores, sentences=unread), classes={})
    other = replace(made, model="runs/y")
    show(dict.fromkeys(made.metrics, Near()), [made, other], "shapes")
    said = capsys.readouterr().out.splitlines()
    own = ["So near.", f"near:k=3, near:k=5: {UNREAD}"]
    assert said[-6:] == ["", "runs/x", *own, "", "runs/y", *own][-6:]


def test_values_of_a_class_have_the_errors_of_other_reals_beside_them(of_one_name, capsys):
    values, reference = ({"far": {"how_near": value, "how_near_error": 0.1}} for value in (2.0, 0.1))
    scores = replace(of_one_name.scores, values=values, reference=reference)
    show({"far": Near()}, [replace(of_one_name, scores=scores, classes={"cat": scores})], "shapes")
    said = capsys.readouterr().out
    assert "2.0 ± 0.1" in said[said.index("By class") :]
    assert "of 0.1 ± 0.1" in said


def test_two_models_that_kid_and_swd_order_otherwise_are_told_of_once(of_one_name, capsys):
    def scored(kid, swd):
        values = {"kid": {"kid": kid}, "swd": {"swd": swd}}
        titles = {name: {name: name.upper()} for name in values}
        return replace(of_one_name, scores=Scores(90, values, values, {}), classes={}, titles=titles)

    show({"kid": Near(), "swd": Near()}, [scored(2.49, 0.16), scored(2.14, 0.51)], "shapes")
    assert capsys.readouterr().out.count("KID and SWD disagree") == 1
    show({"kid": Near(), "swd": Near()}, [scored(2.49, 0.51), scored(2.14, 0.16)], "shapes")
    assert "disagree" not in capsys.readouterr().out


def test_columns_of_metrics_of_one_name_are_told_apart_too(of_one_name, capsys):
    show_curve(dict.fromkeys(of_one_name.metrics, Near()), [of_one_name], "shapes", "runs/x")
    said = capsys.readouterr().out
    assert "nearness of near:k=3  nearness of near:k=5  far" in said


def test_the_rows_of_a_curve_tell_errors_the_best_values_and_the_checkpoint_that_is_best(of_one_name, capsys):
    def at(images, value):
        values = {"far": {"how_near": value, "how_near_error": 0.1}}
        scores = Scores(90, values, {"far": {"how_near": 0.0}}, {}, verdict=f"So far, {value}.")
        return replace(of_one_name, images_seen=images, scores=scores)

    made = [at(1000, 5.0), at(2000, 3.04), at(3000, 3.0)]
    show_curve({"far": Near()}, made, "shapes", "runs/x", chosen=1000)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split() for line in lines[2:7:2]] == [["1,000", "5.0"], ["2,000", "3.0", "*"], ["3,000", "3.0", "*"]]
    assert lines[3].split() == ["RUN/best", "±", "0.1"]
    assert lines[-1] == "The last: So far, 3.0."


def wide(title, *cells):
    return Column(title, [Text(cell) for cell in cells])


MANY = [wide(f"spectrum of metric {k} (dB)", f"{k}0,512\n± 0.0{k}8", "other") for k in range(9)]


@pytest.mark.parametrize("width", [20, 80, 120, 400])
def test_a_table_wider_than_the_terminal_comes_in_parts_with_every_number_and_word_whole(width):
    out = io.StringIO()
    screen = Console(file=out, force_terminal=True, no_color=True, width=width)
    wide_tables.show(screen, wide("images", "10,512", "20,000\nRUN/best"), MANY)
    said = re.sub(r"\x1b\[\d*m", "", out.getvalue())
    assert max(len(line.rstrip()) for line in said.splitlines()) <= width
    words = [word for column in MANY for cell in column.cells for word in cell.plain.split()]
    for word in ["20,000", "RUN/best", "spectrum", *words]:
        assert re.search(rf"(?<!\S){re.escape(word)}(?!\S)", said), word
    assert said.count("RUN/best") == {20: 9, 80: 2, 120: 1, 400: 1}[width]  # the rows are named in each part


def test_a_table_for_a_file_is_one_however_wide():
    out = io.StringIO()
    wide_tables.show(
        Console(file=out, width=40), wide("images", "10,512"), [wide(f"metric {k}", "1") for k in range(9)]
    )
    assert out.getvalue().split("\n")[0].split("  ") == ["images", *(f"metric {k}" for k in range(9))]


@pytest.mark.parametrize("width", [20, 400])
def test_brackets_in_a_title_are_no_markup(width):
    out = io.StringIO()
    columns = [wide(title, "1") for title in ("[red]fish", "loss [dB]")]
    wide_tables.show(Console(file=out, force_terminal=True, no_color=True, width=width), wide("[b]", "x"), columns)
    assert all(title in out.getvalue() for title in ("[b]", "[red]fish", "[dB]"))


def test_models_side_by_side_are_titled_without_the_folders_that_they_share(of_one_name, capsys):
    models = [replace(of_one_name, model=model) for model in ("out/runs/00001-dcgan", "out/runs/00002-dcgan/best")]
    show_compared(dict.fromkeys(of_one_name.metrics, Near()), models, "shapes", {})
    assert "  00001-dcgan  00002-dcgan/best  other reals" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.77136, None, ("0.771", "")),
        (1.6012, 0.0213, ("1.60", "± 0.02")),
        (7.7e-06, 0.00093, ("0.0000", "± 0.0009")),
        (25.2, 3.0, ("25", "± 3")),
        (1.0, 0.0, ("1", "")),
        (math.nan, 0.1, ("nan", "")),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(value, error, text):
    assert written(value, error) == text


def test_sentences_have_the_digits_of_the_table():
    sample, real = {"kid": 3.5612, "kid_error": 0.12}, {"kid": -0.00399, "kid_error": 0.02}
    assert KernelDistance().read(sample, real).startswith("KID 3.6 beside 0.00: ")
    assert Frechet().read({"frechet": 912.34}, {"frechet": 81.26}).startswith("Fréchet distance 912 beside 81.3: ")
