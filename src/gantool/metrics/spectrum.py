"""The radial power spectrum of pictures, which shows grids of upsampling and missing detail (Durall et al. 2020)."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gantool.pixels import to_float

FLOOR = 1e-8


def radial_power(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "r"]:
    """The mean power at each whole radius from 1 to half the side, over pictures and channels, in float64.

    The mean of each picture is taken off, and a Hann window keeps its borders from showing as a cross.
    """
    values = to_float(images).double()
    height, width = values.shape[-2:]
    values = values - values.mean(dim=(-2, -1), keepdim=True)
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)
    power = torch.fft.fft2(values * window).abs().square().mean(dim=(0, 1))
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)
    side = min(height, width)
    radius = (torch.hypot(rows, columns) * side).round().long().flatten()
    count = side // 2
    kept = (radius >= 1) & (radius <= count)
    sums = torch.zeros(count, dtype=torch.float64).index_add_(0, radius[kept] - 1, power.flatten()[kept])
    return sums / torch.bincount(radius[kept] - 1, minlength=count).clamp(min=1)


def spectrum_distance(reals: Float[Tensor, "r"], fakes: Float[Tensor, "r"]) -> float:
    """The mean difference over all radii, in decibels: 0 where all detail is as strong as in the data."""
    floor = FLOOR * float(reals.max())
    decibels: Tensor = 10 * ((fakes + floor) / (reals + floor)).log10()
    return float(decibels.abs().mean())
