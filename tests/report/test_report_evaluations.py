import json
from dataclasses import replace

import pytest

from gantool.cli.report import renew
from gantool.engine.run_names import EVALUATIONS, REPORT
from gantool.evaluation.result import Evaluation, append
from gantool.evaluation.scores import Scores
from gantool.report.evaluations import course, evaluations_in
from made_runs import HOSTILE, html_of, made_run

SCORES = Scores(
    500,
    {"kid": {"kid": 0.25, "kid_error": 0.002}, "precision-recall": {"precision": 0.875, "recall": 0.5}},
    {"kid": {"kid": 1e-5, "kid_error": 0.001}, "precision-recall": {"precision": 0.75, "recall": 0.8}},
    {"kid": "Samples differ.", "precision-recall": HOSTILE},
    {"memorisation": "there are too few pictures"},
)
MADE = Evaluation(
    "runs/one", "0f" * 32, 4000, 16, 3, "shapes", None, 1000, {"kid": "kid"}, "efficientnet:weights=", "", "96 px", 0,
    1.0, {}, "", SCORES, {"kid": {"kid": "KID (efficientnet, 96 px)"}},
)  # fmt: skip


def test_the_last_evaluation_is_shown_beside_real_pictures_with_its_sentences(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    append(run, replace(MADE, images_seen=100, scores=replace(SCORES, n=77)))
    append(run, MADE)
    page = html_of(run)
    for words in ("500 samples of the model at 4,000 images", "features by efficientnet", "<th scope=\"row\">KID</th>",
                  "0.25 <small class=\"soft\">± 0.002</small>", "0.875", "0.8", "Samples differ.",
                  "memorisation: there are too few pictures"):  # fmt: skip
        assert words in page
    assert HOSTILE not in page
    assert "77 samples" not in page


def test_evaluations_of_one_kind_make_a_course(tmp_path) -> None:
    run = made_run(tmp_path / "run")
    for seen, seed in ((3000, 0), (1000, 0), (2000, 5), (1000, 0), (4000, 0)):
        append(run, replace(MADE, images_seen=seen, seed=seed))
    found = evaluations_in(run / EVALUATIONS)
    assert [one.images_seen for one in course(found)] == [1000, 3000, 4000]
    assert course([]) == []
    assert "The same at other checkpoints" in html_of(run)


def test_runs_are_compared_only_by_what_can_be_compared(tmp_path) -> None:
    one, two, three = (made_run(tmp_path / name) for name in ("one", "two", "three"))
    append(one, MADE)
    append(two, MADE)
    assert "cannot be compared" not in html_of(one, two, three)
    append(two, replace(MADE, seed=1))
    assert "cannot be compared" in html_of(one, two, three)


def test_values_that_an_evaluation_lacks_or_titles_otherwise_do_no_harm(tmp_path) -> None:
    one, two = made_run(tmp_path / "one"), made_run(tmp_path / "two")
    kid = {"kid": SCORES.values["kid"]}
    append(one, replace(MADE, images_seen=100, scores=replace(SCORES, values=kid)))
    append(one, replace(MADE, images_seen=200, titles={"kid": {"kid": "Kernel distance"}}))
    append(one, MADE)
    page = html_of(one)
    rows = page[page.index("The same at other checkpoints") :]
    assert '<th scope="row">100</th><td class="number">0.25</td><td class="number"></td>' in rows
    assert '<th scope="row">200</th><td class="number">0.25</td><td class="number">0.875</td>' in rows
    append(two, replace(MADE, titles={"kid": {"kid": "Kernel distance"}}))
    assert '<tr><th scope="row">KID</th><td>0.25</td><td>0.25</td></tr>' in html_of(one, two)


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
     {"sentences": {"kid": [1]}}, {"images_seen": None}, {"extractor": 7, "problems": 3, "reference": None}],
)  # fmt: skip
def test_lines_of_others_do_no_harm(tmp_path, damage) -> None:
    run = made_run(tmp_path / "run")
    with (run / EVALUATIONS).open("w") as file:
        file.write(json.dumps(MADE.as_json() | damage) + '\n[1]\n{"images_seen": 3}\n{"n"')
    assert "gantool train --config" in html_of(run)
