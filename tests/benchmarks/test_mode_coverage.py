import pytest
import torch
from mode_coverage import count_kinds, expected_kinds
from shapes_recognise import recognise

from gantool.builtin.sources import shapes

FACTORS = {"figure": ("circle", "star", "moon"), "color": ("red", "blue")}


def by_first_pixel(images: torch.Tensor) -> torch.Tensor:
    return images[:, 0, 0, 0].to(torch.int64) - 1


def pictures(*numbers: int) -> torch.Tensor:
    return (torch.tensor(numbers) + 1).to(torch.uint8)[:, None, None, None].expand(-1, 3, 4, 4)


def test_kinds_are_counted_once_and_unrecognised_pictures_not_at_all() -> None:
    coverage = count_kinds(pictures(0, 0, 5, -1), by_first_pixel, FACTORS)
    assert (coverage.images, coverage.recognised, coverage.found, coverage.kinds) == (4, 3, 2, 6)
    assert coverage.fraction_recognised == 0.75
    assert coverage.histograms == {"figure": {"circle": 2, "star": 0, "moon": 1}, "color": {"red": 2, "blue": 1}}
    assert coverage.present("figure") == 2


def test_the_yardstick_is_exact_for_few_draws_and_fills_up() -> None:
    assert expected_kinds(6, 0) == 0
    assert expected_kinds(6, 1) == pytest.approx(1)
    assert expected_kinds(6, 2) == pytest.approx(1 + 5 / 6)
    assert expected_kinds(6, 1000) == pytest.approx(6)


def test_no_picture_or_none_recognised_is_no_error() -> None:
    assert count_kinds(pictures(), by_first_pixel, FACTORS).fraction_of_expected == 0
    assert count_kinds(pictures(-1, -1), by_first_pixel, FACTORS).found == 0


def test_summary_says_what_was_found_and_what_could_be() -> None:
    text = count_kinds(pictures(0, 5, -1), by_first_pixel, FACTORS).summary()
    assert text == (
        "2 of 6 kinds in 3 pictures (66.7% recognised; as many real ones show about 3); "
        "values present: figure 2/3, color 2/2."
    )


def test_real_shapes_are_all_different_kinds_and_one_picture_is_one() -> None:
    source = shapes.Shapes(5000, 0, 32, 3)
    images = torch.from_numpy(source.batch(0, 500)[0])
    coverage = count_kinds(images, recognise, shapes.FACTORS)
    assert coverage.found >= 0.99 * 500
    assert all(coverage.present(factor) == len(values) for factor, values in shapes.FACTORS.items())
    collapsed = count_kinds(images[:1].expand(50, -1, -1, -1), recognise, shapes.FACTORS)
    assert (collapsed.found, collapsed.recognised) == (1, 50)
