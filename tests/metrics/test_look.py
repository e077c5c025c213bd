import pytest
import torch
from torch.nn import functional as F

from gantool.metrics.look import checkerboard, colorfulness, grey_pictures


def smooth(n=16, side=32, seed=0):
    """Pictures whose power falls with frequency, as that of photographs does."""
    chance = torch.Generator().manual_seed(seed)
    levels = [torch.randn(n, 3, side // scale, side // scale, generator=chance) * scale for scale in (1, 2, 4, 8, 16)]
    whole = sum(F.interpolate(level, size=(side, side), mode="bilinear") for level in levels)
    return (127.5 + 5 * whole).clamp(0, 255).to(torch.uint8)


def test_pictures_count_as_grey_from_a_quarter_of_middle_grey_on():
    pictures = torch.randint(0, 100, (4, 3, 8, 8), dtype=torch.uint8)
    pictures[0, :, :3] = 128
    pictures[1, :, :1] = 128  # an eighth
    pictures[2, 0, :, :] = 128  # one channel alone
    assert grey_pictures(pictures) == 0.25


def test_colorfulness_is_the_distance_of_channels_and_leaves_alpha_out():
    pictures = torch.tensor([10, 60, 30, 255], dtype=torch.uint8).view(1, 4, 1, 1).expand(2, 4, 4, 4)
    assert colorfulness(pictures) == 50
    assert colorfulness(pictures[:, :1]) == 0


@pytest.mark.parametrize("period", [2, 4])
def test_a_grid_of_an_upsampling_is_a_peak_of_the_spectrum(period):
    pictures = smooth()
    assert checkerboard(pictures) < 2
    columns = torch.arange(32) % period < period // 2
    grid = (pictures.float() + 12 * columns).clamp(0, 255).to(torch.uint8)
    assert checkerboard(grid) > 2 * checkerboard(pictures)
    assert checkerboard(grid.mT) == pytest.approx(checkerboard(grid), rel=0.5)


def test_noise_and_blank_or_tiny_pictures_have_no_grid():
    noise = torch.randint(0, 256, (32, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert checkerboard(noise) < 1.5
    assert checkerboard(torch.full((4, 1, 32, 32), 7, dtype=torch.uint8)) < 1.01
    assert checkerboard(noise[..., :4, :4]) == 0
