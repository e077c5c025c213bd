import pytest
import torch
from torch.nn import functional as F

from gantool.metrics.pyramid import laplacian
from gantool.metrics.swd import distance, mean, patches_of


def smooth(n: int, side: int, channels: int = 3, seed: int = 0) -> torch.Tensor:
    """Pictures of random blobs."""
    drawn = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, 4, 4, generator=drawn) * 120 + 60
    return F.interpolate(coarse, size=(side, side), mode="bilinear").to(torch.uint8)


def sliced_wasserstein(one, other, patches, projections=64, seed=0):
    return distance(patches_of(one, patches, seed), patches_of(other, patches, seed), projections, seed)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return mean(sliced_wasserstein(one, other, patches=256, projections=16))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 28, 32, 100, 256])
def test_it_is_zero_between_equal_sets_and_symmetric(side: int, channels: int) -> None:
    one, other = smooth(8, side, channels), smooth(8, side, channels, seed=1)
    assert far(one, one) == 0
    assert 0 < far(one, other) == pytest.approx(far(other, one), rel=1e-5)


def test_it_is_told_for_each_level_of_the_pyramid() -> None:
    assert list(sliced_wasserstein(smooth(4, 256), smooth(4, 256), patches=64)) == [256, 128, 64, 32, 16]
    assert list(sliced_wasserstein(smooth(4, 28), smooth(4, 28), patches=64)) == [28, 14]
    assert list(sliced_wasserstein(smooth(4, 4), smooth(4, 4), patches=64)) == [4]


def test_it_grows_with_a_shift_of_colour() -> None:
    one = smooth(16, 32)
    distances = [far(one, one + shift) for shift in (0, 10, 20, 40)]
    assert distances == sorted(distances)
    assert distances[-1] > 10 * distances[1] / 4 > 0


def test_noise_shows_at_the_finest_level() -> None:
    one = smooth(16, 32)
    noise = torch.randint(0, 30, one.shape, generator=torch.Generator().manual_seed(2)).to(torch.uint8)
    levels = sliced_wasserstein(one, one + noise - 15, patches=512)
    assert levels[32] > 3 * levels[16]


def test_the_more_pictures_of_one_kind_the_closer() -> None:
    few, many = (far(smooth(n, 32), smooth(n, 32, seed=1)) for n in (4, 128))
    assert many < few


def test_one_dimension_agrees_with_the_distance_known_for_two_points() -> None:
    """Two sets of one grey each, a apart: the deviation of both is a / 2, so each pixel lies 2 from the other's."""
    one, other = (torch.full((4, 1, 7, 7), grey, dtype=torch.uint8) for grey in (100, 140))
    distances = [mean(sliced_wasserstein(one, other, 8, 2048, seed)) for seed in range(2)]
    expected = 2 * (2 / torch.pi) ** 0.5  # the mean size of the sum of a random unit direction in 49 dimensions
    assert distances == pytest.approx([expected] * 2, rel=0.1)


def test_torchs_random_state_is_left_alone_and_equal_seeds_agree() -> None:
    before = torch.get_rng_state()
    assert far(smooth(4, 32), smooth(4, 32, seed=1)) == far(smooth(4, 32), smooth(4, 32, seed=1))
    assert torch.equal(before, torch.get_rng_state())


def test_patches_come_evenly_from_all_pictures() -> None:
    greys = torch.arange(4, dtype=torch.uint8)[:, None, None, None].expand(4, 1, 16, 16) * 50
    found = patches_of(greys, 32)[16][0, :, 0]
    assert [int((found == grey).sum()) for grey in found.unique()] == [8] * 4


@pytest.mark.parametrize("side", [28, 32, 45, 128])
def test_the_levels_of_a_pyramid_add_up_to_the_pictures(side: int) -> None:
    images = torch.rand(2, 3, side, side)
    *finer, total = laplacian(images)
    for level in reversed(finer):
        total = level + F.interpolate(total, size=level.shape[-2:], mode="bilinear")
    assert torch.allclose(total, images, atol=1e-6)
