"""Numbers of evaluations as tables have them."""

import math

import pytest

from gantool.api.metrics import Metric
from gantool.cli.evaluation_tables import _number, show, show_curve
from gantool.evaluation.result import Evaluation
from gantool.evaluation.scores import Scores


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


def test_columns_of_metrics_of_one_name_are_told_apart_too(of_one_name, capsys):
    show_curve(dict.fromkeys(of_one_name.metrics, Near()), [of_one_name], "shapes", "runs/x")
    said = capsys.readouterr().out
    assert "how near of near:k=3  how near of near:k=5  how near of far" in said


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.77136, None, "0.771"),
        (1.6012, 0.0213, "1.60 ± 0.02"),
        (7.7e-06, 0.00093, "0.0000 ± 0.0009"),
        (25.2, 3.0, "25 ± 3"),
        (1.0, 0.0, "1"),
        (math.nan, 0.1, "nan"),
    ],
)
def test_a_number_has_the_digits_that_its_error_leaves(value, error, text):
    assert _number(value, error) == text
