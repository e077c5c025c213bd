"""Planted histories: each kind of trouble is found, and healthy runs pass in silence."""

import json
import random
from dataclasses import replace
from functools import partial

import pytest
import torch
from pydantic import ValidationError

import fakes
from gantool.api.events import Measured, Snapshot, Tick, Warned
from gantool.builtin.observers import JsonlOptions, WatchOptions
from gantool.builtin.observers.detector import Detector, detect, read_metrics
from gantool.builtin.observers.history import Chosen, Reading
from gantool.builtin.observers.jsonl import Jsonl
from gantool.builtin.observers.watch import Watch

GOAL = 20_000
HEALTHY_TICK = {
    "loss_d": 0.9, "loss_g": 1.5, "real_accuracy": 0.8, "fake_accuracy": 0.8, "gradient_norm_d": 5.0,
    "gradient_norm_g": 3.0, "skipped_steps": 0.0,
}  # fmt: skip
HEALTHY = {"spacing": 0.8, "contrast": 0.9, "detail": 1.1, "clipped": 0.0, "side": 32.0}


def history(ticks=None, measured=None, noise=0.1, seed=0):
    """A healthy run's readings; from `share` of the run on, values are those that a function gives instead."""
    drawn = random.Random(seed)

    def around(value):
        return value * (1 + noise * drawn.uniform(-1, 1))

    readings = []
    for images in range(0, GOAL + 1, 250):
        share = images / GOAL
        if images:
            scalars = {n: min(around(v), 1.0) if "accuracy" in n else around(v) for n, v in HEALTHY_TICK.items()}
            readings.append(Reading(images, scalars | (ticks(share) if ticks else {})))
        if images % 1000 == 0:
            swd = around(0.15 + 0.9 * 2 ** (-share * 10))
            values = {n: around(v) for n, v in HEALTHY.items()} | {"side": 32.0}
            values |= {"swd": swd, "diversity": around(0.9 * (1 - 2 ** (-share * 10)))}
            values |= measured(share) if measured else {}
            readings.append(Reading(images, values | {"score": values["swd"]}))
    return readings


@pytest.mark.parametrize("seed", range(20))
def test_a_healthy_run_with_noise_is_left_in_peace(seed):
    assert detect(history(noise=0.2, seed=seed), GOAL) == []


def test_a_critic_that_tells_all_apart_is_no_trouble_while_samples_get_better():
    ticks = {"real_accuracy": 1.0, "fake_accuracy": 1.0, "loss_d": -5.0}
    assert detect(history(lambda share: ticks), GOAL) == []


def from_half(share, wrong):
    return wrong if share >= 0.5 else {}


def worse(share):
    """Samples that have stopped getting better."""
    return from_half(share, {"swd": 0.28})


TROUBLES = {
    "collapse": (None, lambda s: from_half(s, {"diversity": 0.12})),
    "copies": (None, lambda s: from_half(s, {"spacing": 0.02})),
    "divergence": (None, lambda s: from_half(s, {"swd": 0.9})),
    "saturation": (None, lambda s: from_half(s, {"clipped": 0.8})),
    "noise": (None, lambda s: from_half(s, {"detail": 6.0, "swd": 0.3})),
    "blank": (None, lambda s: from_half(s, {"contrast": 0.02, "swd": 0.3})),
    "stall": (None, lambda s: {"swd": 0.9 if s else 1.0}),
    "discriminator wins": (
        lambda s: from_half(s, {"real_accuracy": 1.0, "fake_accuracy": 1.0, "loss_d": 0.003}),
        worse,
    ),
    "discriminator dead": (lambda s: from_half(s, {"real_accuracy": 1.0, "fake_accuracy": 0.0}), worse),
    "explosion": (lambda s: from_half(s, {"gradient_norm_g": 4000.0}), worse),
}


@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_is_found_soon_and_said_once(kind):
    problems = detect(history(*TROUBLES[kind]), GOAL)
    assert [problem.kind for problem in problems] == [kind]
    assert problems[0].images_seen <= (0.85 if kind == "discriminator dead" else 0.75) * GOAL
    assert "Try " in problems[0].message or "try " in problems[0].message
    assert problems[0].message.endswith(".")


def test_a_vanished_gradient_of_the_generator_is_trouble_whatever_the_loss():
    ticks = {"real_accuracy": 1.0, "fake_accuracy": 1.0, "loss_d": 0.5, "gradient_norm_g": 1e-5}
    assert [v.kind for v in detect(history(lambda s: from_half(s, ticks)), GOAL)] == ["discriminator wins"]


@pytest.mark.parametrize("ticks", [{"real_accuracy": 0.0, "fake_accuracy": 0.0}, {"gradient_norm_d": 1e-4}])
def test_a_dead_discriminator_says_the_same_of_all_or_has_no_gradient(ticks):
    assert [v.kind for v in detect(history(lambda s: from_half(s, ticks), worse), GOAL)] == ["discriminator dead"]


def test_a_collapse_tells_how_much_since_when_and_what_to_do():
    (problem,) = detect(history(*TROUBLES["collapse"], noise=0.0), GOAL)
    assert problem.images_seen == 11_000
    assert problem.message.startswith("Diversity is 12% of the data's and was 84% at 8,000 images: likely mode coll")
    assert "--penalty r1" in problem.message


def test_samples_that_only_grow_more_varied_make_progress():
    varied = history(None, lambda share: {"swd": 0.6 if share else 1.1, "diversity": 0.2 + 0.6 * share})
    assert detect(varied, GOAL) == []


def test_samples_as_far_from_the_data_as_untrained_ones_are_told_after_a_fifth_of_a_run():
    problems = detect(history(None, lambda share: {"swd": 1.1 - 0.2 * share}, noise=0.0), GOAL)
    assert problems[0].kind == "stall"
    assert 0.2 * GOAL <= problems[0].images_seen <= 0.25 * GOAL


def test_samples_that_are_still_alike_after_a_fifth_of_a_run_are_told_however_slowly_they_get_better():
    def slow(share):
        return {"diversity": 0.02 + 0.1 * share, "swd": 1.0 - 0.8 * share, "spacing": 0.3}

    problems = detect(history(None, slow, noise=0.0), GOAL)
    assert [v.kind for v in problems] == ["collapse"]
    assert 0.2 * GOAL <= problems[0].images_seen <= 0.25 * GOAL
    assert "has not risen" not in problems[0].message


@pytest.mark.parametrize("network", ["d", "g"])
def test_ticks_in_which_it_was_not_a_networks_turn_tell_nothing_of_it(network):
    own = {"d": ("loss_d", "gradient_norm_d", "real_accuracy", "fake_accuracy"), "g": ("loss_g", "gradient_norm_g")}
    readings = []
    for number, reading in enumerate(history(lambda share: {"real_accuracy": 1.0, "fake_accuracy": 1.0}, noise=0.0)):
        rests = "swd" not in reading.values and number % 4
        kept = {n: v for n, v in reading.values.items() if not (rests and n in own[network])}
        readings.append(Reading(reading.images_seen, kept))
    assert detect(readings, GOAL) == []


def test_nothing_is_said_of_a_run_of_a_few_steps():
    short = [replace(r, images_seen=r.images_seen // 25) for r in history(*TROUBLES["stall"])]
    assert detect(short, GOAL // 25) == []


def slow_to_wake(share):
    """A generator that draws one thing for long: in a short run, what every generator does."""
    return {"diversity": 0.05, "swd": 0.7, "contrast": 0.05, "detail": 4.0, "spacing": 0.1}


def test_a_generator_that_may_still_wake_is_not_blamed_before_the_end_of_a_short_run():
    short = [replace(r, images_seen=r.images_seen // 5) for r in history(None, slow_to_wake)]
    problems = detect(short, GOAL // 5)
    assert {problem.kind for problem in problems} == {"collapse", "stall", "noise", "blank"}
    assert {problem.images_seen for problem in problems} == {GOAL // 5}


def test_samples_that_always_were_a_few_modes_are_told_after_a_fifth_of_a_run():
    few = history(None, lambda share: {"spacing": 0.05, "diversity": 0.7}, noise=0.0)
    (problem,) = detect(few, GOAL)
    assert (problem.kind, problem.images_seen) == ("copies", 5_000)
    assert "likely no more than a few modes" in problem.message


@pytest.mark.parametrize("kind", [kind for kind in TROUBLES if kind not in ("saturation", "noise", "blank")])
def test_no_run_is_told_to_take_a_penalty_that_it_has(kind):
    one = Detector(WatchOptions(), GOAL, Chosen(("r1:weight=3.0,every=1", "drift:weight=0.001")))
    told = [problem.message for reading in history(*TROUBLES[kind]) for problem in one.take(reading)]
    assert len(told) == 1
    assert "or --penalty r1" not in told[0]
    assert ("another weight of --penalty r1" in told[0]) == (kind != "discriminator dead")


@pytest.mark.parametrize("kind", ["stall", "discriminator dead"])
@pytest.mark.parametrize("slow", [False, True])
def test_a_discriminator_that_is_slow_already_is_not_to_be_made_slower(kind, slow):
    one = Detector(WatchOptions(), GOAL, Chosen(slow_discriminator=slow))
    (told,) = [problem for reading in history(*TROUBLES[kind]) for problem in one.take(reading)]
    assert told.rates == ("lr_g" if slow else "lr_d",)
    assert "--lr-g" in told.message or not slow
    assert "--lr-d" in told.message or slow


def test_gradients_that_grow_while_samples_get_better_are_no_trouble():
    grows = {"gradient_norm_d": 300.0}
    better = history(lambda share: from_half(share, grows), lambda share: {"swd": 0.9 - 0.8 * share}, noise=0.0)
    assert detect(better, GOAL) == []


def test_a_loss_that_has_exploded_within_the_first_ticks_is_no_metrics():
    problems = detect(history(lambda share: {"loss_d": 1.4 if share < 0.03 else 500.0}), GOAL)
    assert [v.kind for v in problems] == ["explosion"]
    assert problems[0].images_seen <= 0.12 * GOAL


def test_early_noise_that_calms_down_is_no_collapse():
    calms = history(None, lambda share: {"diversity": 2.5 if share < 0.3 else 0.95}, noise=0.0)
    assert detect(calms, GOAL) == []


def test_a_discriminator_that_sets_its_zero_elsewhere_is_not_dead_while_samples_get_better():
    ticks = {"real_accuracy": 1.0, "fake_accuracy": 0.0}
    assert detect(history(lambda share: ticks, lambda share: {"swd": 0.9 - 0.8 * share}, noise=0.0), GOAL) == []


@pytest.mark.parametrize("steps", [(0.3, 0.05, 0.05), (0.3, 0.1, 0.02)], ids=["worse", "worse and worse"])
def test_what_gets_much_worse_is_said_once_more(steps):
    def twice(share):
        return from_half(share, {"diversity": steps[0 if share < 0.7 else 1 if share < 0.85 else 2]})

    assert [v.kind for v in detect(history(None, twice, noise=0.0), GOAL)] == ["collapse", "collapse"]


def test_trouble_that_comes_back_after_long_is_said_again():
    def twice(share):
        return {"diversity": 0.2} if 0.3 <= share < 0.4 or share >= 0.9 else {}

    assert len(detect(history(None, twice, noise=0.0), GOAL)) == 2


@pytest.mark.parametrize("kind", ["blank", "stall", "collapse"])
def test_no_advice_names_a_setting_of_the_discriminator_where_there_is_none(kind):
    alone = [
        replace(
            one, values={name: value for name, value in one.values.items() if name[-2:] != "_d" and "_acc" not in name}
        )
        for one in history(None, lambda share: {"contrast": 0.02, "swd": 0.8, "diversity": 0.1}, noise=0.0)
    ]
    (told,) = {problem.message for problem in detect(alone, GOAL) if problem.kind == kind}
    assert "terms" in told
    assert not any(flag in told for flag in ("--lr-d", "--penalty", "--loss", "--augment"))


def test_nothing_is_said_in_the_warm_up():
    wrong = history(lambda s: {"gradient_norm_g": 4000.0 if s > 0.08 else 1.0}, None)
    assert detect(wrong[:-2], GOAL, WatchOptions(warm_up=1.0)) == []
    assert detect(wrong, GOAL)[0].images_seen >= 0.1 * GOAL


def test_measurements_at_another_side_are_not_compared():
    def grows(share):
        return {"swd": 0.1, "side": 8.0} if share < 0.5 else {"swd": 0.9 - 0.8 * (share - 0.5), "side": 16.0}

    assert detect(history(None, grows), GOAL) == []


def reals(n):
    return (
        torch.randint(0, 256, (n, 3, 4, 4), generator=torch.Generator().manual_seed(0))
        .to(torch.uint8)
        .repeat_interleave(8, 2)
        .repeat_interleave(8, 3)
    )


started = partial(fakes.started, goal=GOAL, resolution=32, reals=reals)


def drive(observer, others, run, start=0, stop=GOAL):
    """Tells of a run that collapses half-way; returns what the observer warned of."""
    warned = []
    for event in events(run, start, stop):
        for other in others:
            other(event)
        for answer in observer(event) or ():
            for other in others:
                other(answer)
            warned += [answer] if isinstance(answer, Warned) else []
    return warned


def events(run, start, stop):
    yield started(run, start)
    for images in range(start + 250, stop + 1, 250):
        yield Tick(images, GOAL, 1.0, 1.0, HEALTHY_TICK)
        if images % 1000 == 0:
            samples = reals(65)[1:]
            yield Snapshot(images, (samples if images < GOAL / 2 else samples[:1].expand(64, -1, -1, -1),))


def test_snapshots_are_measured_and_scored(tmp_path):
    watch = Watch(WatchOptions())
    watch(started(tmp_path))
    (good,) = watch(Snapshot(1000, (reals(65)[1:],)))
    (bad,) = watch(Snapshot(2000, (reals(1).expand(64, -1, -1, -1),)))
    assert isinstance(good, Measured)
    assert good.values["diversity"] == pytest.approx(1, abs=0.2)
    assert bad.values["diversity"] == bad.values["spacing"] == 0
    assert good.score < bad.score
    assert {"swd_32", "swd_16", "contrast", "detail", "clipped"} <= set(good.values)


def test_what_chance_makes_of_the_reals_comes_with_the_score(tmp_path):
    asked = []
    watch = Watch(WatchOptions(samples=32))
    watch(started(tmp_path, reals=lambda n: asked.append(n) or reals(n)))
    (measured,) = watch(Snapshot(1000, (reals(96)[64:],)))
    assert asked == [64]
    assert measured.chance == measured.values["swd_reals"] / 2 > 0


def test_the_best_of_warnings_is_the_latest_within_chance_as_the_run_has_it():
    detector = Detector(WatchOptions(), GOAL)
    bare = {**HEALTHY, "swd": 0.1, "diversity": 1.0}
    for images, score, reals_apart in ((2000, 0.1, 0.04), (4000, 0.11, 0.04), (6000, 0.13, 0.04)):
        detector.take(Reading(images, {**bare, "score": score, "swd_reals": reals_apart}))
    assert detector.best == 4000
    detector.take(Reading(8000, {**bare, "score": 0.105}))  # as metrics.jsonl of older runs has it
    assert detector.best == 8000
    detector.take(Reading(10000, {**bare, "score": 0.106}))
    assert detector.best == 8000


def test_a_few_pictures_repeated_score_worse_than_as_many_others(tmp_path):
    watch = Watch(WatchOptions())
    watch(started(tmp_path))
    (good,) = watch(Snapshot(1000, (reals(128)[64:],)))
    (twins,) = watch(Snapshot(2000, (reals(68)[64:].repeat(16, 1, 1, 1),)))
    assert twins.values["diversity"] > 0.5
    assert twins.values["swd"] < 1
    assert twins.score > 10 * good.score


def test_coarse_samples_are_compared_with_reduced_reals_and_have_no_score(tmp_path):
    watch = Watch(WatchOptions())
    watch(started(tmp_path))
    (measured,) = watch(Snapshot(1000, (reals(64)[:, :, ::8, ::8],)))
    assert measured.values["swd"] == pytest.approx(0, abs=1e-6)
    assert measured.score is None


def test_more_samples_are_drawn_where_the_sheet_has_too_few(tmp_path):
    watch, asked = Watch(WatchOptions(samples=32)), []

    def draw(n):
        asked.append(n)
        return (reals(n),)

    watch(started(tmp_path))
    watch(Snapshot(1000, (reals(16),), draw))
    watch(Snapshot(2000, (reals(64),), draw))
    assert asked == [32]


def test_more_snapshots_than_a_run_changes_in_are_passed_over(tmp_path):
    watch = Watch(WatchOptions())
    watch(started(tmp_path))
    measured = [n for n in range(0, GOAL + 1, 300) if watch(Snapshot(n, (reals(64),)))]
    assert measured[:3] == [0, 900, 1800]
    assert watch(Snapshot(GOAL, (reals(64),)))  # the last one always is
    eager = Watch(WatchOptions(every=0))
    eager(started(tmp_path))
    assert all(eager(Snapshot(n, (reals(64),))) for n in (0, 1, 2))


@pytest.mark.parametrize(("resolution", "count"), [(16, 64), (128, 64), (256, 32), (1024, 16)])
def test_large_pictures_are_fewer(tmp_path, resolution, count):
    watch = Watch(WatchOptions())
    watch(replace(started(tmp_path), resolution=resolution))
    assert watch._count == count


def test_a_switched_off_watch_says_nothing(tmp_path):
    assert drive(Watch(WatchOptions(off=True)), [], tmp_path) == []
    watch = Watch(WatchOptions(best=False))
    watch(started(tmp_path))
    assert watch(Snapshot(1000, (reals(64),)))[0].score is None


@pytest.mark.parametrize("stop", [8_000, 11_250, 15_000])
def test_a_resumed_run_warns_as_one_that_was_never_stopped(tmp_path, stop):
    (tmp_path / "whole").mkdir()
    (tmp_path / "halves").mkdir()
    whole = drive(Watch(WatchOptions()), [Jsonl(JsonlOptions())], tmp_path / "whole")
    first = drive(Watch(WatchOptions()), [Jsonl(JsonlOptions())], tmp_path / "halves", stop=stop)
    second = drive(Watch(WatchOptions()), [Jsonl(JsonlOptions())], tmp_path / "halves", start=stop)
    assert len(whole) >= 1
    assert [(w.images_seen, w.message.replace("whole", "halves")) for w in whole] == [
        (w.images_seen, w.message) for w in first + second
    ]
    assert "the best checkpoint is" in whole[0].message.lower()
    assert detect(read_metrics(tmp_path / "whole" / "metrics.jsonl"), GOAL)[0].images_seen == whole[0].images_seen


def test_the_best_that_a_warning_names_is_the_one_that_the_run_keeps():
    one = Detector(WatchOptions(), GOAL)
    for images_seen, score in ((500, 0.1), (1500, 0.9), (2500, 0.5), (3500, 0.7)):  # the first may be noise
        one.take(Reading(images_seen, HEALTHY | {"swd": 0.4, "diversity": 0.8, "score": score}))
    assert one.best == 2500


def test_lines_that_are_no_readings_are_passed_over(tmp_path):
    path = tmp_path / "metrics.jsonl"
    lines = [{"images_seen": 10, "loss_d": 1.0}, {"images_seen": 10, "warning": "careful"}, {"images_seen": 30, "a": 1}]
    path.write_text("\n".join(map(json.dumps, lines)) + '\n{"images_se')
    assert list(read_metrics(path, 20)) == [Reading(10, {"loss_d": 1.0})]
    assert list(read_metrics(tmp_path / "none")) == []


def test_a_share_of_a_run_between_measurements_is_at_most_the_run():
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        WatchOptions(every=3)
