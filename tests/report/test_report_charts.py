from array import array

import pytest

from gantool.report.record import Curve
from gantool.report.scale import Axis, axis_of, images, percent, shown, tick_texts
from gantool.report.series import MOST_POINTS, thinned


def curve(values):
    return Curve(array("q", range(100, 100 * len(values) + 1, 100)), array("d", values))


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


def test_ticks_are_round_and_inside_the_axis() -> None:
    assert Axis(0, 1, 0, 100).ticks() == [0, 0.25, 0.5, 0.75, 1]
    assert Axis(0, 12_000, 0, 100).ticks() == [0, 5000, 10_000]
    assert Axis(-1.3, 2.2, 0, 100).ticks() == [-1, 0, 1, 2]


def test_one_outlier_does_not_flatten_a_chart() -> None:
    axis = axis_of([1.0 + index / 100 for index in range(100)] + [1e6], 0, 100)
    assert axis.high < 5
    assert axis.at(1e6) == 100


def test_a_logarithmic_axis_has_equal_steps_for_equal_ratios_and_holds_every_value() -> None:
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
    assert [shown(value) for value in (0, 0.02134, 1.386, 245.2, 1234, 12_400, 3.1e7)] == [
        "0", "0.0213", "1.39", "245", "1234", "12.4k", "31M",
    ]  # fmt: skip
    assert [percent(share) for share in (0, 0.5, 0.8749, 1.2)] == ["0%", "50%", "87.5%", "120%"]
    assert [images(count) for count in (0, 500, 20_000, 1_500_000)] == ["0", "500", "20k", "1.5M"]
