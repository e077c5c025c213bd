"""What all numbers of samples say together; values are those of real pictures by efficientnet."""

import pytest
import torch

from gantool.builtin.metrics.looks import Spectrum
from gantool.evaluation.verdict import verdict
from gantool.metrics.judgement import shift

REALS = {
    "kid": -0.001, "kid_error": 0.009, "precision": 0.78, "recall": 0.76, "density": 0.98, "coverage": 0.99,
    "copies": 0.002, "diversity": 1.02, "fine_detail": -0.3,
}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "away", "said"),
    [
        ({}, 0.0, "Samples cannot be told from the data. No variety is seen to be missing. No copies are seen."),
        ({"kid": 0.06, "recall": 0.62, "coverage": 0.86}, 0.1, "Some of the data's variety is missing."),
        ({"kid": 0.78, "precision": 0.56, "recall": 0.0, "coverage": 0.18}, 0.2, "Most of the data's variety"),
        ({"kid": 0.59, "recall": 0.42, "coverage": 0.98, "fine_detail": 4.0}, 0.27, "Samples have noise or a grid."),
        ({"kid": -0.07, "copies": 1.0}, 0.0, "100% of the samples are as close to training pictures"),
        ({"kid": -0.07, "copies": 1.0}, 0.0, "Samples are nearer to the data than other pictures of it are"),
        (
            {"kid": 1.73, "recall": 0.0, "fine_detail": -8.7},
            0.51,
            "layout and colours vary as the data's do. Samples are soft. No copies",
        ),
        ({"kid": 1.73, "recall": 0.0, "diversity": 1.51}, 0.51, "Contrast or colours are too strong."),
        ({"kid": 1.73, "recall": 0.0, "diversity": 0.3}, 0.51, "Samples differ from each other 29% as much"),
    ],
)
def test_a_verdict_says_what_the_numbers_bear_out_together(values, away, said):
    assert said in verdict({**REALS, **values}, REALS, away)


def test_far_from_the_data_nothing_is_said_of_variety():
    for values in ({"recall": 0.0, "coverage": 0.0}, {"recall": 1.0, "coverage": 1.0}):
        said = verdict({**REALS, "kid": 1.5, **values}, REALS, 0.6)
        assert said.startswith("Samples are far from the data: mean features are 0.60 of its spread apart")
        assert "missing" not in said


def test_far_from_the_data_the_pixels_are_told():
    reals = {**REALS, "swd": 0.03}
    said = verdict({**reals, "kid": 1.5, "swd": 0.12}, reals, 0.6)
    assert "SWD is 4.0 times that of other pictures of the data, and layout and colours vary as much as theirs." in said
    said = verdict({**reals, "kid": 1.5, "swd": 0.12, "diversity": 0.3}, reals, 0.6)
    assert "SWD is 4.0 times that of other pictures of the data. Samples differ from each other 29%" in said
    assert "SWD" not in verdict({**reals, "kid": 0.5, "swd": 0.12}, reals, 0.1)


@pytest.mark.parametrize(("swd", "told"), [(0.05, False), (0.168, True)])
def test_samples_that_kid_does_not_tell_by_so_few_are_told_by_their_pixels(swd, told):
    reals = {**REALS, "kid_error": 0.1, "swd": 0.037}
    said = verdict({**reals, "kid": 0.2, "swd": swd}, reals, 0.25)
    assert said.startswith("KID does not tell samples from the data, SWD does: 4.5 times that of other") == told
    assert said.startswith("Samples cannot be told from the data.") != told
    assert "inf" not in verdict({**reals, "kid": 0.2, "swd": swd}, {**reals, "swd": 0.0}, 0.25)


def test_what_was_not_measured_is_passed_over():
    assert verdict({"near": 1.0}, {"near": 1.0}, None) == ""
    assert verdict({"near": 1.0}, {"near": 1.0}, 0.1) == "Samples are near the data."
    assert verdict({"diversity": 0.5}, {"diversity": 1.0}, None).startswith("Samples differ from each other 50%")


def test_the_shift_is_that_of_the_means_by_the_spread_of_the_reals():
    reals, others = (torch.randn(4000, 6, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert shift(reals, others) < 0.03
    assert shift(reals, 0.5 * others + 1) == pytest.approx(1, abs=0.03)  # a distance of sqrt(6), as is the spread
    assert shift(100 * reals, 100 * others + 50) == pytest.approx(0.5, abs=0.03)
    assert shift(reals[:40], others[:40]) < 0.2
    assert shift(torch.ones(5, 2), torch.ones(5, 2)) == 0
    assert shift(torch.ones(5, 2), torch.zeros(5, 2)) == torch.inf
    for broken in (torch.nan, torch.inf):
        assert shift(reals, torch.full((5, 6), broken)) == torch.inf


def test_samples_nearer_than_other_reals_are_not_said_to_have_no_copies():
    said = verdict({**REALS, "kid": -0.07, "copies": 0.0}, REALS, 0.0)
    assert said.endswith(
        "as copies are. No variety is seen to be missing. No single copies are found: look at the pairs."
    )


@pytest.mark.parametrize("fine", [-2.5, -1.9, -0.6, 0.0, 1.9, 2.5])
@pytest.mark.parametrize("off", [0.3, 3.0])
def test_metric_and_verdict_agree_on_soft_samples(fine, off):
    values, reference = ({"spectrum": each, "fine_detail": detail} for each, detail in ((off, fine), (0.3, 0.0)))
    said, whole = Spectrum().read(values, reference), verdict(values, reference, None)
    assert ("soft" in said) == ("soft" in whole)
    assert ("a grid" in said) == ("a grid" in whole)
