"""The time of a run is that of its steps, by stages, and nothing of the run changes while it is found."""

import itertools
import threading
from dataclasses import replace

import pytest
import torch

from gantool.api.networks import Stage
from gantool.engine import spans
from gantool.engine.spans import in_words, spent
from gantool.progress import listening
from gantool.run import duration as timing
from gantool.run.duration import duration
from prepared import prepared

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (27.0, 27.0, "about 27 s"),
        (25.0, 30.0, "about 27 s (25 to 30)"),
        (12 * 60, 17 * 60, "about 14 min (12 to 17)"),
        (80, 110, "about 1.6 min (1.3 to 1.8)"),
        (3 * 3600, 5 * 3600, "about 3.9 h (3 to 5)"),
        (9 * 86400, 20 * 86400, "about 13 days (9 to 20)"),
    ],
)
def test_spans_are_told_in_their_unit(low, high, words):
    assert in_words(float(low), float(high)) == words


def test_what_was_timed_beside_other_programs_may_be_much_faster_without_them(monkeypatch):
    class Clock:
        wall, own = 0.0, 0.0

    monkeypatch.setattr(spans.time, "perf_counter", lambda: Clock.wall)
    monkeypatch.setattr(spans.time, "thread_time", lambda: Clock.own)
    others = spans.Others()
    Clock.wall, Clock.own = 10.0, 10.0
    assert others.spread() == (0.0, 0.0)
    Clock.own = 7.5
    assert others.spread() == (0.25, 0.25)
    Clock.own = 0.5
    assert others.spread() == (spans.MOST_FASTER, spans.MOST_SLOWER)


def test_time_that_has_passed_is_told_in_two_units():
    assert [spent(seconds) for seconds in (7.2, 200.0, 7500.0)] == ["7 s", "3 min 20 s", "2 h 5 min"]


def test_the_time_is_that_of_all_stages_from_where_the_run_is(monkeypatch):
    built = prepared(images=100)
    built = replace(built, stages=(Stage(0, 8, 4), Stage(40, 16, 4), Stage(90, 16, 4), Stage(200, 32, 4)))
    asked = []

    def seconds(self, stage, images):
        asked.append((stage.resolution, images))
        return (1.0, 2.0) if stage.resolution == 8 else (10.0, 20.0)

    monkeypatch.setattr(timing.Trial, "seconds", seconds)
    monkeypatch.setattr(timing, "_beside", lambda *_: 0.0)
    whole = duration(built, CPU)
    assert (whole.low, whole.high, whole.last) == (40 + 600, 80 + 1200, (10.0, 20.0))
    assert asked == [(8, 40), (16, 50)]  # a size is tried once, and none that the run does not come to
    assert duration(built, CPU, since=95).low == 50
    assert duration(built, CPU, since=100) is None
    assert duration(built, CPU, tried=whole.tried).low == whole.low
    assert len(asked) == 3


def test_sizes_that_would_take_too_long_follow_from_the_one_before(monkeypatch):
    built = replace(prepared(images=100), stages=(Stage(0, 8, 4), Stage(10, 32, 4)))
    monkeypatch.setattr(timing.Trial, "seconds", lambda *_: (11.0, 12.0))
    assert duration(built, CPU).last == (11.0 * 2**2, 12.0 * 3**2)


def test_trying_steps_changes_nothing_of_the_run():
    built = prepared(penalty=("r1:weight=1,every=2",), augment="ada", images=10_000)
    before = [parameter.clone() for network in built.gan.networks for parameter in network.state_dict().values()]
    torch.manual_seed(3)
    drawn = torch.rand(4)
    torch.manual_seed(3)
    assert duration(built, CPU).low > 0
    assert torch.equal(torch.rand(4), drawn)
    after = [parameter for network in built.gan.networks for parameter in network.state_dict().values()]
    assert all(itertools.starmap(torch.equal, zip(before, after, strict=True)))
    assert all(parameter.grad is None for network in built.gan.networks for parameter in network.parameters())


@pytest.mark.parametrize("raised", [ValueError, SystemExit])
def test_a_component_that_fails_leaves_the_time_unknown(monkeypatch, raised):
    def fails(*_):
        raise raised

    built = prepared()
    monkeypatch.setattr(type(built.parts.loss), "generator", fails)
    assert duration(built, CPU) is None


def test_observers_are_not_copied_since_they_may_hold_what_cannot_be():
    class Locked:
        def __init__(self):
            self.lock = threading.Lock()

        def __call__(self, event):
            return None

    built = prepared(images=100)
    assert duration(replace(built, parts=replace(built.parts, observers=(Locked(),))), CPU) is not None


def test_nothing_is_copied_where_nothing_is_left_to_train(monkeypatch):
    built = prepared(images=100)
    trials = []
    monkeypatch.setattr(timing, "Trial", lambda *given: trials.append(given))
    assert duration(built, CPU, since=100) is None
    assert not trials


def test_steps_alone_grow_with_the_images():
    timed = timing.Duration(timing.BEGIN[0] + 1, timing.BEGIN[1] + 2, (1.0, 2.0), {})
    assert timed.of(80.0) == pytest.approx((timing.BEGIN[0] + 80, timing.BEGIN[1] + 160))
    assert timed.of(1.0) == pytest.approx((timed.low, timed.high))


def test_progress_is_of_the_steps_and_not_of_what_failed(monkeypatch):
    heard = []

    def begins(*given):
        raise ValueError("it cannot be copied")

    monkeypatch.setattr(timing.Trial, "__init__", begins)
    built = prepared(images=100)
    with listening(lambda *given: heard.append(given)):
        assert duration(built, CPU) is None
    assert not heard


@pytest.mark.parametrize(("images", "steps"), [(8, 1), (200, 5), (80_000, 16)])
def test_a_trial_takes_a_share_of_the_steps_of_a_run(monkeypatch, images, steps):
    built, asked = prepared(images=images, batch=2), []

    def step(self, n, stage, turns):
        asked.append(n)
        return 1e-3

    monkeypatch.setattr(timing.Trial, "_step", step)
    timing.Trial(built, CPU, 1).seconds(built.stages[0], images)
    assert len(asked) == 3 + 3 * steps  # two for a first figure, one that is not timed, and three blocks


@pytest.mark.parametrize(("each", "tried", "share"), [(0.01, 8, 1.0), (3.0, 2, (0.4 * 1.1) ** 0.5)])
def test_an_image_is_timed_by_a_whole_batch_unless_that_takes_long(monkeypatch, each, tried, share):
    built, asked = prepared(images=100), []

    def step(self, n, stage, turns):
        asked.append(n)
        return n * each

    monkeypatch.setattr(timing.Trial, "_step", step)
    timer = timing.Trial(built, CPU, 1).image_timer(built.stages[0])
    assert timer() == pytest.approx(each * share)
    assert asked == [2, tried]
