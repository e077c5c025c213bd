"""What metrics share is computed once."""

import gc
import weakref

import torch

import gantool
from gantool.builtin.metrics.copies import Memorisation
from gantool.builtin.metrics.overlap import DensityCoverage, PrecisionRecall
from gantool.metrics import neighbours
from gantool.metrics.neighbours import manifolds
from gantool.metrics.once import once


def counted():
    calls = []

    @once
    def compute(one, other, number):
        calls.append(number)
        return one.sum() + other.sum() + number

    return compute, calls


def test_the_same_question_is_answered_from_memory_and_another_is_not():
    compute, calls = counted()
    one, other = torch.ones(2), torch.ones(3)
    assert [float(compute(one, other, 1)) for _ in range(3)] == [6, 6, 6]
    assert float(compute(one, other, 2)) == 7
    assert float(compute(one, torch.zeros(3), 2)) == 4
    assert float(compute(one.clone(), other, 2)) == 7
    assert calls == [1, 2, 2, 2]
    one += 1
    assert float(compute(one, other, 2)) == 9
    other += 1
    assert float(compute(one, other, 2)) == 12


def test_an_answer_keeps_no_tensor():
    compute, _ = counted()
    one, other = torch.ones(2), torch.ones(3)
    compute(one, other, 1)
    compute(other, one, 1)  # both ways round
    gone = [weakref.ref(each) for each in (one, other)]
    del one, other
    gc.collect()
    assert [each() for each in gone] == [None, None]


def test_metrics_of_the_same_pictures_share_their_neighbours(monkeypatch):
    squares, made = neighbours._squares, []
    monkeypatch.setattr(neighbours, "_squares", lambda *sets: made.append(sets) or squares(*sets))
    reals, samples = (
        gantool.Pictures(torch.zeros(9, 3, 8, 8, dtype=torch.uint8), torch.randn(9, 4), torch.randn(9, 4))
        for _ in range(2)
    )
    shares = PrecisionRecall()(reals, samples) | DensityCoverage()(reals, samples)
    assert len(made) == 3
    again = manifolds(reals.features.clone(), samples.features.clone())
    assert {name: value for name, value in shares.items() if not name.endswith("_error")} == again._asdict()
    PrecisionRecall()(reals, reals)
    assert len(made) == 7  # the radii of the reals are known
    metric = Memorisation()
    metric(reals, samples)
    before = len(made)
    assert metric.pairs(reals, samples)
    assert len(made) == before
