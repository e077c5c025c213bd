"""Samples that get worse under a discriminator that knows all pictures are told of; neither of the two alone is."""

from dataclasses import replace

import pytest
from test_watch import GOAL, history

import fakes
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.detector import Detector
from gantool.builtin.observers.history import Chosen
from gantool.builtin.observers.watch import Watch

SURE = {"real_accuracy": 0.98, "fake_accuracy": 0.97}
WEAK = "diffaugment:policy=color+translation,strength=0.299,fill=mirror,after=900"


def readings_of(sure, worse, best=None):
    return history(
        lambda share: SURE | (sure if isinstance(sure, dict) else {}) if sure and share >= 0.5 else {},
        lambda share: {"swd": 0.3} if worse and share >= 0.6 else {} if best is None else {"swd": best},
        noise=0.0,
    )


def problems(sure, worse, augment="none", pictures=0, best=None):
    detector = Detector(WatchOptions(), GOAL, Chosen(augment=augment, pictures=pictures))
    readings = readings_of(sure, worse, best)
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
        ("other:strength=0.1", ""),
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


def test_a_wasserstein_critic_is_meant_to_tell_all_apart():
    assert problems(sure={"loss_d": -0.1}, worse=True) == []


@pytest.mark.parametrize(("pictures", "told"), [(0, [13_000]), (GOAL // 4, [15_000]), (GOAL, [])])
def test_pictures_are_not_known_by_heart_before_each_was_seen_three_times(pictures, told):
    assert [problem.images_seen for problem in problems(sure=True, worse=True, pictures=pictures)] == told


@pytest.mark.parametrize(("best", "told"), [(0.0, True), (0.001, True), (0.28, False)])
def test_the_best_may_be_next_to_nothing(best, told):
    assert bool(problems(sure=True, worse=True, best=best)) == told


@pytest.mark.parametrize(
    ("augment", "ending"),
    [
        ("none", "gantool train --init {run}/best --config {run}/config.toml --augment diffaugment --out"),
        ("diffaugment:strength=0.8", "sample from it with: gantool sample {run}/best --grid"),
    ],
)
def test_the_command_changes_the_augmentation_and_no_learning_rate(tmp_path, augment, ending):
    begun, watch = fakes.started(tmp_path / "run", goal=GOAL), Watch(WatchOptions())
    watch(replace(begun, config=begun.config.model_copy(update={"augment": augment})))
    (problem,) = [problem for one in readings_of(True, True) for problem in watch._detector.take(one)]
    words = watch._words(problem)
    assert ending.format(run=tmp_path / "run") in words
    assert "--lr" not in words
