from dataclasses import replace

import pytest
from test_watch import GOAL, history, reals, started, worse

from gantool.api.events import Snapshot, Warned
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.detector import Detector
from gantool.builtin.observers.history import Chosen, Reading
from gantool.builtin.observers.watch import Watch

AUGMENT, TRANSPOSED = "diffaugment:policy=color,strength=0.3", "dcgan:width=8,grow=transposed,shrink=stride"
LOOKS = {
    "grey": ({"grey": 0.1}, Chosen(augment=AUGMENT), {"augment": "none"}),
    "dull": ({"color": 0.3}, Chosen(augment=AUGMENT), {"augment": "none"}),
    "checkerboard": (
        {"checkerboard": 8.0}, Chosen(arch=TRANSPOSED), {"arch": "dcgan:width=8,grow=upsample,shrink=stride"}
    ),
}  # fmt: skip


def problems(values, chosen, kinds=tuple(LOOKS)):
    detector = Detector(WatchOptions(), GOAL, chosen)
    healthy = {"grey": 0.0, "color": 0.9, "checkerboard": 1.0}
    bad = history(None, lambda share: {**healthy, **(values if share >= 0.5 else {}), **worse(share)}, noise=0.0)
    return [problem for reading in bad for problem in detector.take(reading) if problem.kind in kinds]


@pytest.mark.parametrize("kind", LOOKS)
def test_what_looks_wrong_is_told_once_with_what_to_change(kind):
    values, chosen, instead = LOOKS[kind]
    (problem,) = problems(values, chosen)
    assert (problem.kind, problem.instead) == (kind, instead)
    assert "Try " in problem.message
    assert problem.images_seen <= 0.75 * GOAL
    assert problems({}, chosen) == []


def test_early_samples_may_look_so():
    detector = Detector(WatchOptions(), GOAL, Chosen(augment=AUGMENT, arch=TRANSPOSED))
    early = history(None, lambda share: {"grey": 0.2, "checkerboard": 9.0} if share < 0.4 else {}, noise=0.0)
    assert [problem for reading in early for problem in detector.take(reading)] == []


@pytest.mark.parametrize(
    ("augment", "warned", "mirror"),
    [
        ("diffaugment:policy=color+translation,fill=mirror", False, False),
        ("diffaugment:policy=color+translation,fill=grey", True, True),
        ("diffaugment:policy=translation+cutout,fill=mirror", True, False),
        ("ada:p=0.5", True, False),
    ],
)
def test_grey_is_blamed_on_what_fills_with_it(augment, warned, mirror):
    found = problems({"grey": 0.5}, Chosen(augment=augment))
    assert len(found) == warned
    assert any("fill=mirror" in problem.message for problem in found) == mirror


def test_advice_names_no_augmentation_where_there_is_none():
    assert problems({"grey": 0.5}, Chosen()) == []
    (problem,) = problems({"color": 0.3}, Chosen())
    assert "--augment" not in problem.message
    (problem,) = problems({"checkerboard": 8.0}, Chosen(arch="msg:latent=8"))
    assert (problem.instead, "grow" in problem.message) == ({}, False)


def test_older_runs_without_these_measurements_go_on():
    detector = Detector(WatchOptions(), GOAL)
    assert [problem for reading in history(noise=0.0) for problem in detector.take(reading)] == []


def ended(*diversity, goal=GOAL, images=GOAL, side=32.0):
    """The problems of a run whose last measurements, at its last level, have so much diversity; before, at 4 pixels."""
    values = {"swd": 0.2, "spacing": 0.8, "contrast": 1.0, "detail": 1.0, "clipped": 0.0}
    step = images // 8
    last = [Reading(images - step * back, {**values, "side": side, "diversity": value})
            for back, value in zip(range(len(diversity) - 1, -1, -1), diversity, strict=True)]  # fmt: skip
    coarse = [Reading(step * at, {**values, "side": 4.0, "diversity": 1.5}) for at in range(1, 9 - len(diversity))]
    detector = Detector(WatchOptions(), goal)
    return [problem for reading in (*coarse, *last) for problem in detector.take(reading)]


@pytest.mark.parametrize("diversity", [(0.4,), (0.05,), (0.3, 0.45)])
def test_samples_that_are_much_alike_at_the_end_are_told_with_training_longer(diversity):
    (problem,) = ended(*diversity)
    assert (problem.kind, problem.longer, problem.images_seen) == ("alike", True, GOAL)
    assert f"{diversity[-1]:.0%} of the data's. Train longer." in problem.message


@pytest.mark.parametrize(
    ("diversity", "others"),
    [
        ((0.55,), {}),
        ((0.6, 0.4), {}),  # they differed: a fall is told as a collapse
        ((0.45, 0.3), {}),  # it falls: longer is no remedy
        ((0.3,) * 6, {}),  # nor where nothing has got better
        ((0.4,), {"goal": 2 * GOAL}),  # not its end
        ((0.4,), {"goal": 800, "images": 800}),  # a trial
    ],
)
def test_samples_that_differ_or_that_may_yet_are_left_in_peace(diversity, others):
    assert ended(*diversity, **others) == []


@pytest.mark.parametrize(("schedule", "flags"), [("constant", ""), ("linear", f" --horizon {2 * GOAL} --change")])
def test_samples_that_are_much_alike_come_with_the_command_that_trains_longer(tmp_path, schedule, flags):
    watch, begun = Watch(WatchOptions()), started(tmp_path)
    horizon = GOAL if schedule == "linear" else "auto"
    watch(replace(begun, config=begun.config.model_copy(update={"lr_schedule": schedule, "horizon": horizon})))
    faint = (0.4 * reals(65)[1:].float() + 76).byte()
    *_, warned = watch(Snapshot(GOAL, (faint,)))
    assert isinstance(warned, Warned)
    assert warned.message.endswith(f"Go on with: gantool train --resume {tmp_path} --images {2 * GOAL}{flags}")
