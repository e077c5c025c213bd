"""Samples that get worse under a discriminator that knows all pictures are told of; neither of the two alone is."""

import pytest
from test_watch import GOAL, history

from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.detector import Detector
from gantool.builtin.observers.history import Chosen

SURE = {"real_accuracy": 0.98, "fake_accuracy": 0.97}
WEAK = "diffaugment:policy=color+translation,strength=0.299,fill=mirror,after=900"


def problems(sure, worse, augment="none"):
    detector = Detector(WatchOptions(), GOAL, Chosen(augment=augment))
    readings = history(
        lambda share: SURE if sure and share >= 0.5 else {},
        lambda share: {"swd": 0.3} if worse and share >= 0.6 else {},
        noise=0.0,
    )
    return [problem for reading in readings for problem in detector.take(reading) if problem.kind == "overfitting"]


def test_it_takes_both_and_is_told_once():
    (problem,) = problems(sure=True, worse=True)
    assert problem.images_seen == 0.65 * GOAL
    assert "98% of reals and 97% of fakes" in problem.message
    assert f"since {0.55 * GOAL:,.0f} images" in problem.message
    assert problems(sure=True, worse=False) == problems(sure=False, worse=True) == []


@pytest.mark.parametrize(
    ("augment", "stronger"),
    [
        ("none", "diffaugment"),
        (WEAK, WEAK.replace("0.299", "0.8")),
        ("diffaugment:strength=0.3", "diffaugment:strength=0.8"),
        ("diffaugment:policy=color,strength=0.8", ""),
        ("diffaugment:strength=1.0,fill=mirror", ""),
        (f"{WEAK},rise=0.0,target=0.9", f"{WEAK.replace('0.299', '0.8')},rise=0.0,target=0.9"),
        (f"{WEAK},rise=6.0,target=0.9", ""),
        ("ada:kimg=50", ""),
    ],
)
def test_a_stronger_augmentation_is_advised_where_one_is_known(augment, stronger):
    (problem,) = problems(True, True, augment)
    assert problem.instead == ({"augment": stronger} if stronger else {})
    assert (f"Try --augment {stronger}." in problem.message) == bool(stronger)


def test_one_bad_measurement_is_none():
    detector = Detector(WatchOptions(), GOAL)
    readings = history(lambda share: SURE, lambda share: {"swd": 0.5} if share == 0.6 else {}, noise=0.0)
    assert [problem for reading in readings for problem in detector.take(reading)] == []
