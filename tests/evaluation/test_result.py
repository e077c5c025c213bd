"""evaluations.jsonl, and labels for samples."""

import json
import math

import torch

from gantool.evaluation import result
from gantool.evaluation.classes import drawn_like, in_terms_of
from gantool.evaluation.result import Evaluation
from gantool.evaluation.scores import Scores


def evaluation(value):
    scores = Scores(8, {"kid": {"kid": value}}, {"kid": {"kid": 0.0}}, {"kid": "so."})
    return Evaluation(
        model="runs/x", digest="d", images_seen=8, resolution=8, channels=3, data="shapes", fingerprint=None,
        pictures=16, metrics={"kid": "kid"}, extractor="means", extractor_digest="", flavour="", seed=0, truncation=1.0,
        versions={}, time="now", scores=scores, titles={"kid": {"kid": "kid"}},
    )  # fmt: skip


def test_a_line_that_was_cut_short_harms_neither_readers_nor_the_next_line(tmp_path):
    assert result.read(tmp_path) == []
    result.append(tmp_path, evaluation(1.0))
    path = tmp_path / "evaluations.jsonl"
    path.write_bytes(path.read_bytes() + path.read_bytes()[:100])
    assert len(result.read(tmp_path)) == 1
    result.append(tmp_path, evaluation(2.0))
    assert [one["values"]["kid"]["kid"] for one in result.read(tmp_path)] == [1.0, 2.0]
    assert path.read_bytes().endswith(b"}\n")


def test_what_is_not_finite_is_null_in_json():
    assert json.loads(json.dumps(evaluation(math.nan).as_json(), allow_nan=False))["values"]["kid"]["kid"] is None


def test_labels_of_the_data_are_those_of_the_model_by_name():
    labels = torch.tensor([0, 1, 2])
    assert in_terms_of(("b", "a"), ("a", "c", "b"), labels).tolist() == [1, 2, 0]
    assert in_terms_of((), ("a",), labels) is None
    assert in_terms_of(("a",), ("x", "y", "z"), labels) is None
    assert in_terms_of(("a",), ("a",), None) is None


def test_samples_have_the_frequencies_of_the_data_and_more_begin_with_the_same():
    labels = torch.tensor([0] * 10 + [2] * 30 + [3] * 99)
    drawn = drawn_like(labels, 3, 4000, seed=0)
    shares = torch.bincount(drawn, minlength=3) / 4000
    assert torch.allclose(shares, torch.tensor([0.25, 0.0, 0.75]), atol=0.03)
    assert torch.equal(drawn_like(labels, 3, 100, seed=0), drawn[:100])
    assert not torch.equal(drawn_like(labels, 3, 100, seed=1), drawn[:100])
    assert drawn_like(None, 3, 10, 0) is None
    assert drawn_like(labels, 0, 10, 0) is None
