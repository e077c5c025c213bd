import math

import pytest
import torch
from torch.nn import functional as F

from gantool.metrics.frechet import frechet
from gantool.metrics.kernel import kid
from gantool.metrics.neighbours import copy_threshold, manifolds, manifolds_and_errors, nearest
from gantool.metrics.spectrum import radial_power, spectrum_distance
from gantool.pixels import to_float


def normal(n, d=6, seed=0, shift=0.0, scale=1.0):
    return scale * torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def test_kid_is_the_unbiased_estimate_over_all_pairs():
    reals, fakes = normal(9), normal(7, seed=1, shift=0.5)

    def kernel(one, other):
        return (float(one @ other) / 6 + 1) ** 3

    within = [
        sum(kernel(each[i], each[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        for each, n in ((reals, 9), (fakes, 7))
    ]
    between = sum(kernel(a, b) for a in reals for b in fakes) / 63
    assert kid(reals, fakes).value == pytest.approx(sum(within) - 2 * between, rel=1e-12)


def test_kids_error_is_the_spread_of_its_value_over_draws():
    found = [kid(normal(100, seed=2 * n), normal(120, seed=2 * n + 1)) for n in range(40)]
    values = torch.tensor([each.value for each in found])
    spread, said = float(values.std()), sum(each.error for each in found) / len(found)
    assert abs(float(values.mean())) < 3 * spread / math.sqrt(40)  # unbiased: 0 for sets of one distribution
    assert 0.5 < said / spread < 2


def test_kid_does_not_depend_on_order_of_the_sets_and_needs_a_few_pictures():
    one, other = normal(50), normal(60, seed=3, shift=1)
    assert kid(one, other).value == pytest.approx(kid(other, one).value)
    with pytest.raises(ValueError, match="at least 4"):
        kid(one[:3], other)


def test_the_frechet_distance_of_gaussians_is_the_closed_form():
    reals = normal(40_000, 2)
    moved = reals * torch.tensor([2.0, 0.5]) + torch.tensor([3.0, 0.0])
    assert frechet(reals, reals) == pytest.approx(0, abs=1e-9)
    assert frechet(reals, moved) == pytest.approx(9 + 1 + 0.25, rel=0.02)
    few = normal(5, 40)  # covariances without an inverse
    assert frechet(few, normal(6, 40, seed=1)) == pytest.approx(frechet(normal(6, 40, seed=1), few))


def test_precision_and_its_kin_read_as_they_should():
    reals, others = normal(400), normal(400, seed=1)
    alike = manifolds(reals, others)
    assert alike.precision > 0.8
    assert alike.recall > 0.8
    assert alike.density == pytest.approx(1, abs=0.15)
    assert alike.coverage > 0.9
    collapsed = manifolds(reals, others[:8].repeat(50, 1) + 1e-4 * normal(400, seed=2))
    assert (collapsed.precision > 0.7, collapsed.recall < 0.05, collapsed.coverage < 0.2) == (True, True, True)
    far = manifolds(reals, others + 50)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    assert manifolds(reals, reals) == (1, 1, pytest.approx(1, abs=0.2), 1)


def test_balls_reach_to_the_kth_neighbour():
    reals = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    found = manifolds(reals, torch.tensor([[0.5], [11.5]]), k=1)
    assert found.precision == 0.5  # 0.5 lies within 1 of 0 and of 1; 11.5 is more than 4 from 7
    assert found.density == 1.0
    assert found.coverage == 0.5
    assert found.recall == 1.0  # the two samples are 11 apart


def test_copies_and_mirror_images_are_found_and_new_pictures_are_not():
    reals, mirrored = normal(500), normal(500, seed=5)
    within, with_mirrored = copy_threshold(reals), copy_threshold(reals, mirrored)
    assert 0 < with_mirrored <= within

    def copies(samples, threshold, *more):
        return float((nearest(reals, samples, *more).distances <= threshold).double().mean())

    assert copies(normal(500, seed=6), within) < 0.05
    half = torch.cat([reals[:50], normal(50, seed=7)])
    assert copies(half, within) == pytest.approx(0.5, abs=0.03)
    assert nearest(reals, half).indices[:50].tolist() == list(range(50))
    assert copies(mirrored[:10], with_mirrored, mirrored) == 1
    assert nearest(reals, mirrored[:10], mirrored).indices.tolist() == list(range(10))
    assert copies(mirrored[:10], within) < 0.5


def pictures(n=8, seed=0, side=32):
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("side", [16, 15])
def test_the_power_at_a_radius_is_the_mean_over_all_frequencies_that_round_to_it(side):
    images = pictures(3, side=side)
    values = to_float(images).double()
    window = torch.hann_window(side, periodic=False)
    values = (values - values.mean(dim=(2, 3), keepdim=True)) * window * window[:, None]
    power = torch.fft.fft2(values).abs().square().mean(dim=(0, 1))
    away = torch.fft.fftfreq(side) * side
    radius = torch.hypot(away[:, None], away).round()
    wanted = torch.stack([power[radius == each].mean() for each in range(1, side // 2 + 1)])
    assert torch.allclose(radial_power(images), wanted)


def test_white_noise_has_the_same_power_at_each_radius_and_a_grid_shows_at_the_last():
    noise = radial_power(pictures(64))
    assert len(noise) == 16
    assert float(noise.max() / noise.min()) < 1.3
    grid = pictures(64, seed=1).clone()
    grid[:, :, ::2, ::2] = 255
    power = radial_power(grid) / radial_power(pictures(64, seed=2))
    assert int(power.argmax()) == 15
    assert spectrum_distance(noise, radial_power(pictures(64, seed=3))) < 0.5
    blurred = F.avg_pool2d(pictures(64).float(), 3, 1, 1).byte()
    assert spectrum_distance(noise, radial_power(blurred)) > 3
    assert spectrum_distance(noise, noise) == 0


def test_a_few_pictures_that_occur_twice_do_not_hide_copies():
    reals = normal(500)
    threshold = copy_threshold(reals)
    doubled = torch.cat([reals, reals[:20]])
    assert copy_threshold(doubled) == pytest.approx(threshold, rel=0.3)
    assert copy_threshold(torch.cat([reals[:3], reals[:3]])) == 0


def test_errors_of_shares_are_about_those_of_samples_drawn_anew():
    reals = normal(300, seed=1)
    found = [manifolds_and_errors(reals, 0.9 * normal(300, seed=seed)) for seed in range(2, 22)]
    for place in range(4):
        drawn = torch.tensor([values[place] for values, _ in found]).std()
        claimed = torch.tensor([errors[place] for _, errors in found]).mean()
        assert 0.5 * drawn < claimed < 3 * drawn
    _, errors = manifolds_and_errors(reals, reals + 50)
    assert min(errors) > 0  # a share of 0 of 300 may be one of 1
