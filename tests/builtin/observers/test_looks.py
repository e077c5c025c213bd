import pytest
from test_watch import GOAL, history, worse

from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.detector import Detector
from gantool.builtin.observers.history import Chosen

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
