"""The end of a run says how long it took, how good it is, and what to do next."""

from dataclasses import replace

import pytest

from fakes import started
from gantool.api.events import Finished, Measured, Tick, Warned
from gantool.engine.best import Best
from gantool.run.closing import Tally, closing


@pytest.fixture
def ended(tmp_path):
    """A function: the lines of a run that saw images up to 1,000 in 250 seconds."""

    def lines(*events, begun_at=0, best=None, seen=1000, **settings):
        tally = Tally()
        ticks = [Tick(seen, 1000, seconds, 4.0, {}) for seconds in (200.0, 50.0)]
        begins = started(tmp_path, begun_at, 1000)
        begins = replace(begins, config=begins.config.model_copy(update=settings))
        for event in (begins, *ticks, *events, Finished(seen, tmp_path, False)):
            tally(event)
        return [line.replace(str(tmp_path), "RUN") for line in closing(tmp_path, best or Best(), tally)]

    return lines


def test_time_score_best_checkpoint_warnings_and_commands(ended):
    best = Best()
    best.take(600, 0.2)
    said = ended(Measured(600, {}, 0.2), Warned(700, "careful"), Measured(1000, {}, 0.2512), best=best)
    assert said == [
        "Trained on 1,000 images in 4 min 10 s, 4.0 a second. The run is RUN",
        "Score 0.251 (distance to the data, lower is better); the best was 0.2 at 600 images, which is RUN/best",
        "Warnings: 1, all of them in RUN/metrics.jsonl",
        "Pictures: RUN/samples",
        "Draw more:    gantool sample RUN/best --grid",
        "Walk:         gantool interpolate RUN/best --seeds 1,5,9 --loop -o walk.webp",
        "Train longer: gantool train --resume RUN --images 2000",
    ]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (114.6, "Score 114.6 (IS), better than RUN/best, which has 115.4 at 960 images: an end"),
        (115.4004, "Score 115.4004 (IS), about as good as RUN/best, which has 115.4 at 960 images"),
        (135.0, "Score 135 (IS), somewhat worse than RUN/best, which has 115 at 960 images"),
        (150.0, "Score 150 (IS); the best was 115 at 960 images, which is RUN/best"),
    ],
)
def test_the_best_is_called_so_only_where_the_last_is_not_better(ended, last, said):
    best = Best()
    best.take(960, 115.4)
    lines = ended(Measured(960, {}, 115.4), Measured(1000, {}, last), best=best)
    assert lines[1].startswith(said.replace("IS", "distance to the data, lower is better"))
    drawn, walked = (next(line for line in lines if line.startswith(start)) for start in ("Draw more", "Walk"))
    assert ("sample RUN/best --grid" in drawn) == ("interpolate RUN/best" in walked) == (last > 1.2 * 115.4)


def test_a_last_score_that_differs_by_chance_is_about_as_good(ended):
    best = Best()
    best.take(840, 0.1)
    best.take(960, 0.12, 0.05)
    for last, beside in ((0.14, "about as good as"), (0.144, "about as good as"), (0.14, "somewhat worse than")):
        chance = 0.05 if beside.startswith("about") else 0.03
        assert f"{beside} RUN/best, which has 0.12 at" in ended(Measured(1000, {}, last, chance), best=best)[1]


def test_a_last_checkpoint_that_is_the_best_is_called_so(ended):
    best = Best()
    best.take(1000, 2.24)
    assert ended(Measured(1000, {}, 2.24), best=best)[1] == (
        "Score 2.24 (distance to the data, lower is better); this is the best checkpoint."
    )


def test_a_best_checkpoint_whose_score_is_not_the_least_says_why(ended):
    best = Best()
    best.take(1100, 0.41)
    best.take(2000, 0.448, 0.05)
    assert ended(Measured(2000, {}, 0.448), best=best, seen=2000)[1] == (
        "Score 0.448 (distance to the data, lower is better); this is the best checkpoint, since that is as good as "
        "the least, 0.41, within chance."
    )


@pytest.mark.parametrize(("seen", "images"), [(1000, 5000), (4900, 5000), (6000, 12000)])
def test_a_longer_run_is_as_long_as_the_warning_at_the_start_said(ended, seen, images):
    few = Warned(0, "--images 1,000 are too few", {"images": 5000.0})
    assert ended(few, seen=seen)[-1] == f"Train longer: gantool train --resume RUN --images {images}"


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        ({"lr_schedule": "linear", "horizon": 1000}, " --horizon 2000 --change"),
        ({"lr_schedule": "linear", "horizon": 1000, "lr_end": 0.1}, ""),
        ({"lr_schedule": "linear", "horizon": 4000}, ""),
        ({"patience": 3}, ""),
        ({"patience": 2, "lr_schedule": "cosine", "horizon": 1000}, " --patience 0 --horizon 2000 --change"),
    ],
)
def test_the_command_for_a_longer_run_has_the_flags_without_which_nothing_would_be_learnt(ended, settings, flags):
    best = Best(600, 0.2, since=2)
    assert ended(best=best, **settings)[-1] == f"Train longer: gantool train --resume RUN --images 2000{flags}"


def test_a_run_without_a_score_that_went_on_tells_of_its_part(ended):
    said = ended(begun_at=900)
    assert said[0] == "Trained on 100 images in 4 min 10 s, 0.4 a second. The run is RUN"
    assert said[1:3] == ["Pictures: RUN/samples", "Draw more:    gantool sample RUN --grid"]


def test_a_run_that_had_nothing_to_do_only_tells_what_can_be_done(ended):
    assert [line.partition(":")[0] for line in ended(begun_at=1000)] == [
        "Pictures", "Draw more", "Walk", "Train longer",
    ]  # fmt: skip


def test_a_run_that_had_nothing_to_do_draws_from_the_same_model_as_before(ended):
    best = Best()
    best.take(600, 0.2)
    assert "Draw more:    gantool sample RUN --grid" in ended(begun_at=1000, best=best)
    best.take(900, 0.3)
    assert "Draw more:    gantool sample RUN/best --grid" in ended(begun_at=1000, best=best)
