"""Metrics of samples beside those of other reals."""

import pytest
import torch

import gantool
from gantool.errors import PluginError
from gantool.evaluation.scores import Measuring, Scores, Sets, _joined, best, better, opposed


class Sizes(gantool.Metric):
    """What it is given: the sizes and first features of both sets."""

    def __init__(self, uses="features", against_all=False, least=0):
        self.uses, self.against_all, self.least, self.calls = uses, against_all, least, 0

    def __call__(self, reals, samples):
        self.calls += 1
        if len(samples) < self.least:
            raise ValueError("Too few of them.")
        return {"reals": len(reals), "first": float(reals.features[0]), "second": float(samples.features[0])}

    def read(self, values, reference):
        return f"{values['second']:g} beside {reference['second']:g}."


def pictures(first, labels=(0, 0, 1, 1)):
    n = len(labels)
    return gantool.Pictures(
        torch.zeros(n, 1, 2, 2, dtype=torch.uint8), torch.arange(first, first + n)[:, None].float(), None,
        torch.tensor(labels),
    )  # fmt: skip


def of(half, other):
    return Sets(half, other, _joined(half, other))


def measuring(**metrics):
    return Measuring(metrics, of(pictures(10), pictures(20)))


@pytest.fixture(autouse=True)
def _small_sets(monkeypatch):
    monkeypatch.setattr("gantool.evaluation.scores.FEWEST", 4)


def test_numbers_of_a_few_pictures_are_not_read(monkeypatch):
    monkeypatch.setattr("gantool.evaluation.scores.FEWEST", 5)
    scores = measuring(m=Sizes()).whole(pictures(30))
    assert scores.values["m"]["second"] == 30
    assert scores.sentences["m"] == ""
    assert scores.verdict.startswith("4 pictures are too few to say anything of the model: it takes at least 50")
    assert scores.verdict.endswith("of each: -n 50 or more, and data of 100 or more.")


def test_samples_and_the_other_half_stand_against_the_same_half():
    scores = measuring(m=Sizes()).whole(pictures(30))
    assert scores.values["m"] == {"reals": 4, "first": 10, "second": 30}
    assert scores.reference["m"] == {"reals": 4, "first": 10, "second": 20}
    assert scores.sentences["m"] == "30 beside 20."


def test_a_metric_against_all_gets_both_halves_for_the_samples_alone():
    scores = measuring(m=Sizes(against_all=True)).whole(pictures(30))
    assert (scores.values["m"]["reals"], scores.reference["m"]["reals"]) == (8, 4)


def test_the_reference_is_measured_once_for_many_models():
    metric = Sizes()
    made = measuring(m=metric)
    for _ in range(3):
        made.whole(pictures(30))
    assert metric.calls == 4


def test_a_metric_that_needs_more_pictures_is_a_problem_and_no_failure():
    scores = measuring(bad=Sizes(least=9), good=Sizes()).whole(pictures(30))
    assert scores.problems == {"bad": "Too few of them."}
    assert set(scores.values) == set(scores.reference) == {"good"}


class Returning(Sizes):
    def __init__(self, values):
        super().__init__()
        self.returned = values

    def __call__(self, reals, samples):
        return self.returned


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"a": torch.ones(2)}, r"returned tensor\(\[1\., 1\.\]\) as 'a', which is no number"),
        ({"a": "3"}, "returned '3' as 'a'"),
        ({"a": None}, "returned None as 'a'"),
        ([1.0], r"returned \[1\.0\]\. A metric returns a mapping"),
    ],
)
def test_values_that_are_no_numbers_are_told_with_the_metric(values, words):
    made = measuring(odd=Returning(values))
    made.called = {"odd": "Metric 'odd' of gantool-odd"}
    with pytest.raises(PluginError, match=f"^Metric 'odd' of gantool-odd {words}"):
        made.whole(pictures(30))


def test_a_class_is_measured_by_features_alone_on_equally_many_of_each():
    made = Measuring({"m": Sizes(), "i": Sizes(uses="images")}, of(pictures(10), pictures(20, (1, 1, 1, 0))))
    scores = made.of_class(pictures(30, (0, 1, 1, 1)), 1, "red", least=2)
    assert scores.n == 2
    assert scores.values == {"m": {"reals": 2, "first": 12, "second": 31}}
    assert scores.reference["m"]["second"] == 20
    assert made.of_class(pictures(30, (0, 0, 0, 1)), 1, "red", least=2) is None


@pytest.mark.parametrize(
    ("wanted", "one", "other", "place"),
    [
        ("lower", 4.0, 5.0, 0),
        ("higher", 1.0, 2.0, 1),
        ("lower", 1.0, 2.0, -1),  # both are better than other reals, which means nothing
        ("higher", 9.0, 4.0, -1),
        ("near", 3.6, 2.0, 0),
        ("near", 3.0, 8.0, 0),  # not the larger
        ("near", 3.1, 3.0, -1),  # not by more than the errors
        ("lower", float("nan"), 1.0, -1),
    ],
)
def test_the_better_of_two_values_is_marked_beyond_their_errors(wanted, one, other, place):
    metric = Sizes()
    metric.better = {"v": wanted}
    assert better(metric, "m", "v", scored(one), scored(other)) == place
    assert better(metric, "m", "v", scored(one, 0.9), scored(other, 0.9)) == (place if abs(one - other) > 3 else -1)
    assert better(metric, "m", "v", scored(one, None), scored(other, None)) == -1
    assert better(metric, "m", "v", scored(one), scored(other, n=3)) == -1
    assert better(metric, "other", "v", scored(one), scored(other)) == -1
    metric.needs_overlap = True
    assert better(metric, "m", "v", scored(one), scored(other, shift=0.2)) == place
    assert better(metric, "m", "v", scored(one), scored(other, shift=0.9)) == -1
    metric.better = {}
    assert better(metric, "m", "v", scored(one), scored(other)) == -1


def scored(value, error=0.1, n=4, shift=None):
    values = {"v": value} if error is None else {"v": value, "v_error": error}
    return Scores(n, {"m": values}, {"m": {"v": 3.0}}, {}, shift=shift)


def test_all_that_are_not_known_to_be_worse_than_the_best_are_best():
    metric = Sizes()
    metric.better = {"v": "lower"}
    assert best(metric, "m", "v", [scored(5.0), scored(4.1), scored(4.0), scored(float("nan"))]) == {1, 2}
    assert best(metric, "m", "v", [scored(4.1), scored(4.0)]) == set()
    assert best(metric, "m", "v", [scored(5.0, None), scored(4.0, None)]) == set()
    assert best(metric, "x", "v", [scored(5.0), scored(4.0)]) == set()


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        ((2.49, 0.16), (2.14, 0.51), True),  # figures on white, and smears measured on them
        ((2.14, 0.51), (2.49, 0.16), True),
        ((3.49, 0.3), (2.52, 0.2), False),
        ((2.4, 0.372), (1.0, 0.374), False),  # as good as equal by SWD
        ((2.4, float("nan")), (1.0, 0.4), False),
    ],
)
def test_models_that_kid_and_swd_order_otherwise_are_found(one, other, against):
    def by(kid, swd):
        return Scores(90, {"kid:k=3": {"kid": kid}, "swd": {"swd": swd}}, {}, {})

    assert opposed(by(*one), by(*other)) == against
    assert not opposed(by(*one), Scores(90, {}, {}, {}))


def test_far_from_the_data_a_metric_that_needs_overlap_is_not_read():
    metric = Sizes()
    metric.needs_overlap = True
    assert measuring(m=metric, other=Sizes()).whole(pictures(10)).sentences["m"] == "10 beside 20."
    scores = Measuring({"m": metric, "other": Sizes()}, of(pictures(10), pictures(10))).whole(pictures(90))
    assert scores.far
    assert scores.sentences == {
        "m": "m: no measure of quality or variety here, since samples are far from the data.",
        "other": "90 beside 10.",
    }
    assert scores.verdict.startswith("Samples are far from the data")


def test_a_class_of_a_few_pictures_has_no_verdict(monkeypatch):
    monkeypatch.setattr("gantool.evaluation.scores.FEWEST", 5)
    scores = measuring(m=Sizes()).of_class(pictures(30), 1, "red", 2)
    assert scores is not None
    assert scores.verdict == ""
