"""What a reader of the numbers should know."""

import pytest
import torch

from gantool.api.metrics import Pictures
from gantool.evaluation.notes import on_classes, on_far_classes, on_sizes, on_small_classes, on_variety, searched
from gantool.evaluation.scores import Scores


@pytest.mark.parametrize(
    ("n", "asked", "count", "words"),
    [
        (500, 500, 1001, []),
        (10, 10, 20, ["below 500 in each set numbers scatter"]),
        (10, 5000, 21, ["10 samples in place of 5,000: half of the data's 21 pictures", "numbers scatter"]),
        (700, 5000, 50_000, ["700 samples in place of 5,000: more pictures of this size"]),
    ],
)
def test_sizes_that_limit_what_numbers_say(n, asked, count, words):
    found = list(on_sizes(n, asked, count))
    assert len(found) == len(words)
    assert all(part in sentence for part, sentence in zip(words, found, strict=True))


def test_a_search_for_copies_says_when_it_is_partial():
    assert searched(1000, 1001) == ""
    assert "Only 1,200 of the data's 50,000 pictures" in searched(1200, 50_000)


def test_classes_of_one_side_alone_are_said():
    assert list(on_classes("m", (), ("a",), None)) == []
    assert "m, whose classes are drawn evenly" in next(on_classes("m", ("a",), (), None))
    assert list(on_classes("m", ("a", "b"), ("a", "c"), torch.tensor([0, 2]))) == [
        "Among the data's pictures that are compared none is of b: no sample is, either.",
        "m cannot draw c, which the data has.",
    ]  # fmt: skip


def test_classes_far_from_their_own_pictures_are_told_of():
    def by_kid(value, error=0.1):
        return Scores(90, {"kid": {"kid": value, "kid_error": error}}, {}, {})

    whole, classes = by_kid(1.58, 0.04), {"1": by_kid(1.28), "5": by_kid(3.8), "3": by_kid(3.3), "9": by_kid(3.3, 1.0)}
    said = list(on_far_classes(whole, classes))
    assert len(said) == 1
    assert "samples of 5, 3 are more than twice as far" in said[0]
    assert list(on_far_classes(whole, {"1": by_kid(1.28), "2": Scores(90, {}, {}, {})})) == []
    assert list(on_far_classes(Scores(90, {}, {}, {}), classes)) == []


def test_a_small_class_is_offered_more_samples_where_there_are_more():
    assert next(on_small_classes(["ship"], 50, all_taken=False)).endswith(
        "under 50 in a half: ship. A larger -n takes more."
    )
    assert next(on_small_classes(["ship"], 50, all_taken=True)).endswith("in a half: ship.")


def test_a_model_that_collapsed_is_told_of_whatever_is_measured():
    varied = torch.randint(0, 256, (20, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    grey = torch.full((20, 3, 8, 8), 128, dtype=torch.uint8)
    grey[::2] += 2
    assert list(on_variety(Pictures(varied), Pictures(varied.flip(0)))) == []
    assert "collapsed" in next(on_variety(Pictures(varied), Pictures(grey)))
