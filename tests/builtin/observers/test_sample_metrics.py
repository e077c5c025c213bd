"""What the watch measures, beside what chance alone makes of as many real pictures."""

from statistics import fmean

import pytest
import torch

from gantool.builtin.observers.history import chance_of
from gantool.builtin.observers.sample_metrics import SampleMetrics


def pictures(count, seed=0):
    """Each of one colour, with noise: what differs between sets are the colours, of which few pictures have few."""
    drawn = torch.Generator().manual_seed(seed)
    colors = torch.randint(40, 216, (count, 3, 1, 1), generator=drawn)
    return (colors + torch.randint(-30, 30, (count, 3, 16, 16), generator=drawn)).to(torch.uint8)


def by_chance(reals, count):
    return SampleMetrics(reals, count).measure(pictures(count, seed=9))["swd_reals"]


def test_samples_are_compared_with_the_first_reals_alone():
    reals, samples = pictures(64), pictures(32, seed=1)
    few, many = SampleMetrics(reals[:32]).measure(samples), SampleMetrics(reals, 32).measure(samples)
    assert {name: value for name, value in few.items() if name != "swd_reals"} == {
        name: value for name, value in many.items() if name != "swd_reals"
    }


def test_two_sets_of_reals_are_nearer_where_they_have_more_pictures():
    reals = pictures(256)
    distances = [by_chance(reals, count) for count in (16, 64, 128)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 1.5 * distances[2] > 0


@pytest.mark.parametrize("there", [96, 64])
def test_where_reals_are_few_smaller_sets_tell_of_the_same_size(there):
    whole = fmean(by_chance(pictures(128, seed), 64) for seed in range(16))
    few = fmean(by_chance(pictures(there, seed), 64) for seed in range(16))
    assert few == pytest.approx(whole, rel=0.15)  # as they are, they would be a quarter farther apart, or more


def test_samples_of_the_data_itself_are_no_farther_than_two_sets_of_it():
    measured = [SampleMetrics(pictures(128, seed), 64).measure(pictures(64, seed=seed + 100)) for seed in range(8)]
    distance, chance = (fmean(one[name] for one in measured) for name in ("swd", "swd_reals"))
    assert distance == pytest.approx(chance, rel=0.2)
    assert chance_of(measured[0]) == measured[0]["swd_reals"] / 2


@pytest.mark.parametrize("count", [2, 3])
def test_two_and_three_pictures_are_halved(count):
    assert 0 < by_chance(pictures(count), 64) < 2


def test_a_single_picture_has_no_other_set():
    assert "swd_reals" not in SampleMetrics(pictures(1), 64).measure(pictures(64, seed=9))
    assert chance_of({"swd": 0.5}) == 0  # as metrics.jsonl of older runs has it
