"""What a reader of the numbers should know."""

import pytest
import torch

from gantool.api.metrics import Pictures
from gantool.evaluation.notes import on_classes, on_sizes, on_variety, searched


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
    assert list(on_classes((), ("a",), None)) == []
    assert "evenly" in next(on_classes(("a",), (), None))
    assert list(on_classes(("a", "b"), ("a", "c"), torch.tensor([0, 2]))) == [
        "Among the data's pictures that are compared none is of b: no sample is, either.",
        "The model cannot draw c, which the data has.",
    ]  # fmt: skip


def test_a_model_that_collapsed_is_told_of_whatever_is_measured():
    varied = torch.randint(0, 256, (20, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    grey = torch.full((20, 3, 8, 8), 128, dtype=torch.uint8)
    grey[::2] += 2
    assert list(on_variety(Pictures(varied), Pictures(varied.flip(0)))) == []
    assert "collapsed" in next(on_variety(Pictures(varied), Pictures(grey)))
