import json
from dataclasses import replace

import pytest

from gantool.cli.report import renew
from gantool.engine.run_names import EVALUATIONS, REPORT
from gantool.evaluation.result import Evaluation, append
from gantool.evaluation.scores import Scores
from gantool.report.charts import course_charts
from gantool.report.chosen import beside, chosen_of
from gantool.report.evaluations import _rounded
from made_runs import HOSTILE, html_of, made_run, record_of

SCORES = Scores(
    500,
    {"kid": {"kid": 0.25, "kid_error": 0.002}, "precision-recall": {"precision": 0.875, "recall": 0.5}},
    {"kid": {"kid": 1e-5, "kid_error": 0.001}, "precision-recall": {"precision": 0.75, "recall": 0.8}},
    {"kid": "Samples differ.", "precision-recall": HOSTILE},
    {"memorisation": "there are too few pictures"},
    "Samples are near the data.",
)
MADE = Evaluation(
    "runs/one", "0f" * 32, 4000, 16, 3, "shapes", None, 1000, {"kid": "kid"}, "efficientnet:weights=", "", "96 px", 0,
    1.0, {}, "", SCORES, {"kid": {"kid": "KID (efficientnet, 96 px)"}},
)  # fmt: skip


def sized(n, **more):
    """The evaluation by n samples."""
    return replace(MADE, scores=replace(SCORES, n=n), **more)


def shown_in(run):
    chosen = chosen_of(record_of(run))
    assert chosen is not None
    return chosen


def test_an_evaluation_is_shown_beside_real_pictures_with_its_sentences(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    append(run, MADE)
    page = html_of(run)
    for words in ("500 samples of the model at 4,000 images", "features by efficientnet", "<th scope=\"row\">KID</th>",
                  "0.250 <small class=\"soft\">± 0.002</small>", "0.000 <small class=\"soft\">± 0.001</small>",
                  "0.875", "0.8", "Samples differ.",
                  "<strong>Samples are near the data.</strong>",
                  "memorisation: there are too few pictures"):  # fmt: skip
        assert words in page
    assert HOSTILE not in page
    assert "All evaluations" not in page


def test_an_error_of_nothing_is_a_value(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    append(
        run, replace(MADE, scores=replace(SCORES, values={"own": {"reconstruction_error": 0.125, "kid_error": 0.5}}))
    )
    assert [value.number for value in shown_in(run).large.measures[0].values] == [0.125, 0.5]


@pytest.mark.parametrize(
    ("every", "large"),
    [
        ([sized(1500), sized(60)], 0),  # the largest, not the newest
        ([sized(1500), sized(2000, images_seen=1000)], 0),  # that of the pictured model
        ([sized(900, images_seen=1000), sized(60, images_seen=2000)], 1),  # or else of the last that was evaluated
        ([sized(500, seed=1), sized(500, seed=2)], 1),  # of equal ones the newest
        ([sized(500, classes={"cat": SCORES}), sized(500)], 0),  # or that with classes
        ([sized(500), replace(MADE, scores=Scores(900, {"swd": {"swd": 1.0}}, {}, {}))], 0),  # not one value of more
    ],
)
def test_the_evaluation_that_tells_most_of_the_pictured_model_is_shown_large(tmp_path, every, large) -> None:
    run = made_run(tmp_path / "run")
    for one in every:
        append(run, one)
    chosen = shown_in(run)
    meant = every[large]
    assert (chosen.large.n, chosen.large.images_seen, chosen.large.seed) == (meant.n, meant.images_seen, meant.seed)
    rows = [(row.one.n, row.one.images_seen) for row in chosen.rows]
    assert rows == [(one.n, one.images_seen) for one in reversed(every)]
    assert ("not of the model that is pictured" in html_of(run)) == (meant.images_seen != 4000)


@pytest.mark.parametrize("seen", [4000, 1000])
def test_an_evaluation_against_other_data_is_shown_only_where_there_is_none_against_that_of_the_run(
    tmp_path, seen
) -> None:
    run, foreign = made_run(tmp_path / "run"), sized(2000, data="folder:path=/home/ann/photos", fingerprint="a")
    append(run, foreign)
    page = html_of(run)
    assert "The numbers are against photos, but run was trained on shapes, and it has not been evaluated" in page
    append(run, sized(150, images_seen=seen))
    append(run, foreign)
    assert (shown_in(run).large.n, shown_in(run).large.data) == (150, "shapes")
    assert "The numbers are against" not in html_of(run)
    assert ("which has not been evaluated against the data of the run." in html_of(run)) == (seen != 4000)


def test_curves_are_of_evaluations_against_the_data_of_the_run_where_there_are_some(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    for seen in (1000, 2000, 4000):
        append(run, replace(MADE, data="array:path=a.npy", images_seen=seen))
    assert "500 samples of each, features by efficientnet, against other data than the run" in html_of(run)
    for seen in (2000, 4000):
        append(run, replace(MADE, images_seen=seen))
    assert [one.images_seen for one in shown_in(run).course] == [2000, 4000]


def test_the_pictures_of_a_run_at_another_place_are_its_own_data(tmp_path, monkeypatch) -> None:
    run = made_run(tmp_path / "run", data="folder:path=/old/photos")
    (run / "checkpoints" / "000004000").mkdir(parents=True)
    monkeypatch.setattr("gantool.engine.checkpoint.data_of", lambda _: (9, "f"))
    append(run, replace(MADE, data="folder:path=/new/photos", fingerprint="f"))
    append(run, sized(2000, data="folder:path=/other/photos", fingerprint="e"))
    assert [row.one.own for row in shown_in(run).rows] == [False, True]
    append(run, sized(30, data="", fingerprint=None))
    assert shown_in(run).rows[0].one.own


def test_runs_that_are_compared_against_the_data_of_one_say_so(tmp_path) -> None:
    one, two = made_run(tmp_path / "one"), made_run(tmp_path / "two", data="folder:path=photos")
    for run in (one, two):
        append(run, MADE)
    append(two, sized(900, data="folder:path=photos"))
    found = beside([record_of(one), record_of(two)])
    assert found is not None
    assert {name: each.n for name, each in found.each.items()} == {"one": 500, "two": 500}
    assert found.words == ["The numbers are against shapes, but two was trained on photos."]


def test_an_evaluation_made_again_is_listed_once(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    for one in (MADE, sized(60), MADE):
        append(run, one)
    assert [row.one.n for row in shown_in(run).rows] == [500, 60]


def test_values_by_class_are_shown_beside_those_of_real_pictures_of_the_class(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    scores = Scores(40, {"kid": {"kid": 0.5, "kid_error": 0.02}}, {"kid": {"kid": 0.125, "kid_error": 0.01}}, {})
    append(run, sized(80, classes={HOSTILE: scores, "frog": replace(scores, n=39)}))
    append(run, MADE)
    page = html_of(run)
    table = page[page.index("By class") : page.index("All evaluations")]
    assert "Of 80 samples in all." in table
    assert '<th scope="row">frog</th><td class="number">39</td>' in table
    assert '0.50 <small class="soft">± 0.02</small><small class="soft beside">0.12 ± 0.01</small>' in table
    assert HOSTILE not in page


def test_evaluations_of_one_kind_make_curves(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    for seen, seed in ((3000, 0), (1000, 0), (2000, 5), (1000, 0), (4000, 0)):
        append(run, replace(MADE, images_seen=seen, seed=seed))
    chosen = shown_in(run)
    assert [one.images_seen for one in chosen.course] == [1000, 3000, 4000]
    charts = course_charts(chosen.course, 4000)
    assert [chart.look.title for chart in charts] == ["KID", "Precision, recall"]
    assert [line.data["x"] for chart in charts for line in chart.lines] == [[1000, 3000, 4000]] * 3
    assert charts[0].lines[0].area  # its errors
    assert charts[0].lines[0].reference > charts[0].lines[0].data["y"][0]  # downwards
    assert "Curves over 3 checkpoints, 500 samples of each" in html_of(run)


def test_runs_are_compared_by_evaluations_that_are_alike(tmp_path) -> None:
    one, two = (made_run(tmp_path / name) for name in ("one", "two"))
    three = made_run(tmp_path / "three", data="shapes")
    append(one, MADE)
    append(one, sized(60))
    append(one, replace(MADE, images_seen=1056))
    append(two, MADE)
    append(three, sized(150))
    found = beside([record_of(run) for run in (one, two, three)])
    assert found is not None
    assert [(name, each.n, each.images_seen) for name, each in found.each.items()] == [
        ("one", 500, 4000), ("two", 500, 4000),
    ]  # fmt: skip
    assert found.words == ["three is left out: its evaluation is of 150 samples."]
    assert found.remedy == "gantool evaluate RUN -n 500 --extractor efficientnet"
    assert found.remedy in html_of(one, two, three)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (sized(60), "two by 60 samples at 4,000 images"),
        (replace(MADE, images_seen=1056), "two by 500 samples at 1,056 images"),
        (replace(MADE, extractor="random"), "features by random"),
        (replace(MADE, data="flowers"), "beside flowers"),
        (replace(MADE, seed=1), "seed 1"),
    ],
)
def test_values_that_are_not_alike_never_stand_side_by_side(tmp_path, other, words) -> None:
    one, two = made_run(tmp_path / "one"), made_run(tmp_path / "two")
    append(one, MADE)
    append(two, other)
    found = beside([record_of(one), record_of(two)])
    assert found is not None
    assert not found.values
    assert words in found.words[0]
    assert "No two of these runs have been evaluated alike" in html_of(one, two)


def test_the_verdict_on_each_run_that_is_compared_is_told(tmp_path) -> None:
    one, two = made_run(tmp_path / "one"), made_run(tmp_path / "two")
    for run, verdict in ((one, "Samples are soft."), (two, "")):
        append(run, replace(MADE, scores=replace(SCORES, verdict=verdict)))
    page = html_of(one, two)
    assert "<b>one</b>: Samples are soft." in page
    assert "<b>two</b>" not in page


def test_checkpoints_at_the_same_images_are_compared_and_said_not_to_be_those_pictured(tmp_path) -> None:
    one, two = made_run(tmp_path / "one"), made_run(tmp_path / "two")
    for run in (one, two):
        append(run, replace(MADE, images_seen=1000))
    assert "the checkpoints at 1,000 images, not the models pictured above" in html_of(one, two)


def test_values_that_an_evaluation_lacks_or_titles_otherwise_do_no_harm(tmp_path) -> None:
    one, two = made_run(tmp_path / "one"), made_run(tmp_path / "two")
    kid = {"kid": SCORES.values["kid"]}
    append(one, replace(MADE, images_seen=100, scores=replace(SCORES, values=kid)))
    append(one, replace(MADE, images_seen=200, titles={"kid": {"kid": "Kernel distance"}}))
    append(one, MADE)
    page = html_of(one)
    rows = page[page.index("All evaluations") :]
    assert '<td class="number">0.250</td><td class="number"></td>' in rows
    assert '<td class="number">0.250</td><td class="number">0.875</td>' in rows
    append(two, replace(MADE, titles={"kid": {"kid": "Kernel distance"}}))
    row = html_of(one, two).partition('<th scope="row">KID</th>')[2].partition("</tr>")[0]
    assert row.count("0.250") == 2


def test_metrics_of_one_name_are_told_apart_by_their_options(tmp_path) -> None:
    run, options = made_run(tmp_path / "run"), ("distances:k=3,u=1", "distances:k=5,u=1")
    values = {one: {"near": float(place)} for place, one in enumerate(options)}
    titles = {one: {"near": "Near (means, 8 px)"} for one in options}
    append(run, replace(MADE, scores=Scores(500, values, values, dict.fromkeys(options, "So near.")), titles=titles))
    page = html_of(run)
    for place, one in enumerate(options):
        assert f'<th scope="row">Near of {one}</th><td class="number">{place}</td>' in page
        assert f"{one}: So near." in page


def test_a_report_that_fails_is_a_warning_of_an_evaluation(tmp_path, monkeypatch, capsys) -> None:
    run = made_run(tmp_path / "run")
    (run / REPORT).write_text("as it was")
    monkeypatch.setattr("gantool.report.page.page_of", lambda *_: 1 / 0)
    monkeypatch.setattr("gantool.sampling.locate.run_of", lambda _: run)
    renew([str(run)])
    said = " ".join(capsys.readouterr().err.split())
    assert "ZeroDivisionError: division by zero. The report of" in said
    assert (run / REPORT).read_text() == "as it was"


def test_a_run_without_evaluations_shows_nothing_of_them(tmp_path) -> None:
    assert "Evaluation</h2>" not in html_of(made_run(tmp_path / "run"))


@pytest.mark.parametrize(
    "damage",
    [{"values": 5}, {"values": {"kid": 5}}, {"values": {"kid": {"kid": None}}}, {"titles": []}, {"n": "many"},
     {"sentences": {"kid": [1]}}, {"images_seen": None}, {"extractor": 7, "problems": 3, "reference": None},
     {"classes": {"cat": {"n": None, "values": {"kid": {"kid": 1}}}, "dog": 3}, "metrics": 4, "notes": "x"}],
)  # fmt: skip
def test_lines_of_others_do_no_harm(tmp_path, damage) -> None:
    run = made_run(tmp_path / "run")
    with (run / EVALUATIONS).open("w") as file:
        file.write(json.dumps(MADE.as_json() | damage) + '\n[1]\n{"images_seen": 3}\n{"n"')
    assert "gantool train --config" in html_of(run)


def test_a_value_that_rounds_to_zero_has_no_sign() -> None:
    assert _rounded(-0.004, 0.02) == "0.00"
    assert _rounded(-0.04, 0.02) == "−0.04"
