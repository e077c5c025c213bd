import pytest

from gantool.api.specs import Setting
from gantool.builtin.architectures import ProgressiveOptions
from gantool.builtin.architectures.growth import Growth, Schedule, batch_at, schedule_of, settle, sides

TABLE = [  # three levels, each trained for 100 images, faded in for 50
    (0, 0, 1.0),
    (99, 0, 1.0),
    (100, 1, 0.0),
    (125, 1, 0.5),
    (149, 1, 0.98),
    (150, 1, 1.0),
    (249, 1, 1.0),
    (250, 2, 0.0),
    (275, 2, 0.5),
    (300, 2, 1.0),
    (10**9, 2, 1.0),
]


@pytest.mark.parametrize(("images_seen", "level", "alpha"), TABLE)
def test_level_and_alpha_follow_from_images_seen(images_seen, level, alpha):
    assert Schedule(3, stabilise=100, fade=50).at(images_seen) == Growth(level, alpha)


def test_without_fades_levels_follow_one_another():
    schedule = Schedule(3, stabilise=100, fade=0)
    assert [schedule.at(seen) for seen in (99, 100, 199, 200)] == [Growth(0), Growth(1), Growth(1), Growth(2)]
    assert [period.fades for period in schedule.periods()] == [False] * 3


def test_periods_tell_the_same_as_the_clock():
    schedule = Schedule(5, stabilise=70, fade=30)
    for period in schedule.periods():
        assert schedule.at(period.start) == Growth(period.level, 0.0 if period.fades else 1.0)


def test_levels_double_from_4_pixels():
    assert sides(8) == (4, 8)
    assert sides(1024) == (4, 8, 16, 32, 64, 128, 256, 512, 1024)


def resolved_for(options, resolution, images):
    return settle(options, Setting(resolution, 3, 16, images, lambda: 10))[0]


@pytest.mark.parametrize("resolution", [8, 64, 1024])
@pytest.mark.parametrize("images", [1_000, 24_000, 1_000_000])
def test_auto_gives_the_full_resolution_half_of_a_short_run(resolution, images):
    options = resolved_for(ProgressiveOptions(), resolution, images)
    last = list(schedule_of(options, resolution).periods())[-1]
    assert last.start == pytest.approx(images / 2, rel=0.05, abs=20)


def test_auto_gives_no_part_of_a_long_run_more_than_the_authors():
    options = resolved_for(ProgressiveOptions(), 64, 100_000_000)
    assert options.stabilise_kimg == options.fade_kimg == 600


def test_what_was_asked_for_is_not_resolved():
    options = ProgressiveOptions(stabilise_kimg=3, fade_kimg=0, fmap_base=64, fmap_max=8)
    assert resolved_for(options, 64, 1_000) == options


@pytest.mark.parametrize("given", [{"fade_kimg": 20}, {"stabilise_kimg": 20}, {"fade_kimg": 0}])
def test_what_is_given_leaves_less_to_what_is_auto(given):
    options = resolved_for(ProgressiveOptions(**given), 64, 400_000)
    assert list(schedule_of(options, 64).periods())[-1].start == pytest.approx(200_000, rel=0.01)


def test_what_leaves_nothing_leaves_the_least():
    assert resolved_for(ProgressiveOptions(fade_kimg=600), 64, 1_000_000).stabilise_kimg == 0.001


def test_a_limit_between_two_sides_halves_from_the_finer_one_on():
    options = ProgressiveOptions(batch_halves_beyond=48)
    assert [batch_at(options, side, 64) for side in (32, 64, 128)] == [64, 32, 16]


def test_the_batch_of_the_authors():
    options = ProgressiveOptions()
    sizes = [batch_at(options, side, 128) for side in (4, 32, 64, 128, 256, 512, 1024)]
    assert sizes == [128, 128, 64, 32, 16, 8, 4]
    assert batch_at(ProgressiveOptions(batch_halves_beyond=0), 1024, 128) == 128
    assert batch_at(options, 1024, 2) == 2
