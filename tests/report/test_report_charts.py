import json
from array import array
from itertools import accumulate

import pytest

from gantool.engine.run_names import METRICS
from gantool.report.drawing import Look, Series, across_to, drawn
from gantool.report.record import Curve
from gantool.report.scale import Axis, axis_of, images, percent, shown, tick_texts
from gantool.report.series import MOST_POINTS, thinned
from made_runs import made_run, record_of


def curve(values, covered=()):
    """A curve of means of 100 images each, unless they are `covered` images each."""
    covered = covered or [100] * len(values)
    return Curve(array("q", accumulate(covered)), array("d", values), array("q", covered))


def test_a_short_curve_is_kept_as_it_is() -> None:
    assert [(point.seen, point.mean) for point in thinned(curve([3.0, 1.0, 2.0]))] == [(100, 3), (200, 1), (300, 2)]


def test_a_long_curve_is_thinned_to_means_that_keep_its_extremes() -> None:
    values = [float(index % 7) for index in range(100_000)]
    values[54_321] = 500.0
    points = thinned(curve(values))
    assert len(points) <= MOST_POINTS
    assert points[-1].seen == 10_000_000
    assert max(point.high for point in points) == 500
    assert min(point.low for point in points) == 0
    assert points[3].mean == pytest.approx(3, abs=0.05)
    assert points[-1].low == 0  # the last stretch is as long as the others


@pytest.mark.parametrize(
    ("covered", "points"),
    [
        ([256, 256, 16], [(256, 1), (528, (256 * 2 + 16 * 9) / 272)]),  # the last of a run
        ([256, 16, 256], [(256, 1), (528, (16 * 2 + 256 * 9) / 272)]),  # of a run that was made longer
        ([256, 256, 128], [(256, 1), (512, 2), (640, 9)]),  # half a tick is enough
        ([16, 16, 16], [(16, 1), (32, 2), (48, 9)]),
    ],
)
def test_a_tick_that_was_cut_short_makes_no_hook(covered, points) -> None:
    assert [(one.seen, one.mean) for one in thinned(curve([1.0, 2.0, 9.0], covered))] == points


def test_a_mean_of_ticks_is_one_of_images() -> None:
    values, covered = [1.0, 3.0] * 300, [128, 256] * 300
    assert thinned(curve(values, covered), most=100)[5].mean == pytest.approx((128 * 1 + 256 * 3) / 384)


def test_the_images_of_a_tick_are_those_since_the_tick_before_and_not_since_a_measurement(tmp_path) -> None:
    run = made_run(tmp_path / "run", ticks=4)
    lines = [{"images_seen": 450, "swd": 1.0}, {"images_seen": 500, "images_per_second": 9.0, "loss_d": 2.0}]
    with (run / METRICS).open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    curves = record_of(run).curves
    assert list(curves["loss_d"].covered) == [100] * 5
    assert set(curves["swd"].covered) == {0}


def test_values_before_the_first_image_do_not_stretch_an_axis_and_are_told() -> None:
    measured = Curve()
    for place, value in enumerate([46.8, 0.4, 0.3, 0.2, 0.2, 0.19]):
        measured.add(100 * place, value)
    points = thinned(measured)
    for log in (False, True):
        chart = drawn(Look("Score", log=log), [Series("score", 0, points)], across_to(600))
        lowest, highest = (float(label.text) for label in (chart.up[0], chart.up[-1]))
        assert lowest <= 0.3 <= highest < 0.5
        assert "values go to 46.8 at 0 images" in chart.axis_note


def test_a_note_tells_the_farthest_value_beyond_an_axis_before_training_and_after() -> None:
    one, two = Curve(), Curve()
    for place in range(40):
        one.add(100 * place, 1e3 if place == 0 else 50.0 if place == 20 else 1.0 + place / 100)
        two.add(100 * place, 400.0 if place == 0 else 1.1)
    series = [Series(name, style, thinned(each)) for style, (name, each) in enumerate({"a": one, "b": two}.items())]
    note = drawn(Look("Score"), series, across_to(4000)).axis_note
    assert note == "The axis is cut: values go to 50 and to 1000 at 0 images."


def test_ticks_are_round_and_inside_the_axis() -> None:
    assert Axis(0, 1, 0, 100).ticks() == [0, 0.25, 0.5, 0.75, 1]
    assert Axis(0, 12_000, 0, 100).ticks() == [0, 5000, 10_000]
    assert Axis(-1.3, 2.2, 0, 100).ticks() == [-1, 0, 1, 2]


def test_one_outlier_does_not_flatten_a_chart() -> None:
    axis = axis_of([1.0 + index / 100 for index in range(100)] + [1e6], 0, 100)
    assert axis.high < 5
    assert axis.at(1e6) == 100


def test_one_outlier_does_not_flatten_a_logarithmic_chart() -> None:
    axis = axis_of([10 ** (index / 100) for index in range(100)] + [1e9], 0, 100, log=True)
    assert axis.log
    assert axis.high < 150


def test_a_logarithmic_axis_has_equal_steps_for_equal_ratios_and_holds_few_values() -> None:
    axis = axis_of([0.1, 1.0, 10.0, 1000.0], 0, 100, log=True)
    assert axis.log
    assert axis.at(1) - axis.at(0.1) == pytest.approx(axis.at(10) - axis.at(1), abs=0.2)
    assert axis.ticks() == [0.1, 1, 10, 100, 1000]
    assert 0 < axis.at(0.1) < axis.at(1000) < 100


@pytest.mark.parametrize("values", [[0.0, 1.0, 50.0], [1.0, 1.2], [-3.0, 40.0]])
def test_what_has_no_logarithm_or_needs_none_has_a_linear_axis(values) -> None:
    assert not axis_of(values, 0, 100, log=True).log


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [-2.0], [1e-30, 2e-30], [1e12]])
@pytest.mark.parametrize("options", [{}, {"from_zero": True}, {"log": True}])
def test_any_values_have_an_axis_with_ticks_that_differ(values, options) -> None:
    axis = axis_of(values, 0, 100, **options)
    assert 0 <= axis.at(values[0]) <= 100
    texts = tick_texts(axis)
    assert len(texts) == len(set(texts)) >= 2


def test_numbers_are_short() -> None:
    assert shown(-0.0) == "0"
    assert "−0.00" not in tick_texts(Axis(-0.03, 0.03, 0, 1))
    assert [shown(value) for value in (0, 0.02134, 1.386, 245.2, 1234, 12_400, 3.1e7)] == [
        "0", "0.0213", "1.39", "245", "1234", "12.4k", "31M",
    ]  # fmt: skip
    assert [percent(share) for share in (0, 0.5, 0.8749, 1.2)] == ["0%", "50%", "87.5%", "120%"]
    assert [images(count) for count in (0, 500, 20_000, 1_500_000)] == ["0", "500", "20k", "1.5M"]
