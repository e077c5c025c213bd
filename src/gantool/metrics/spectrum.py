"""The radial power spectrum of pictures, which shows grids of upsampling and missing detail (Durall et al. 2020)."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gantool.metrics.once import once
from gantool.pixels import to_float

FLOOR = 1e-8
NOTHING = 1e-6
"""The power of pictures that are of one colour but for rounding."""
_VALUES = 2**22


@once
def radial_power(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "r"]:
    """The mean power at each whole radius from 1 to half the side, over pictures and channels, in float64.

    The mean of each picture is taken off, and a Hann window keeps its borders from showing as a cross.
    """
    height, width = images.shape[-2:]
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)
    power = torch.zeros(height, width // 2 + 1, dtype=torch.float64)
    for some in torch.split(images, max(1, _VALUES // images[0].numel())):
        values = to_float(some).double()
        values = values - values.mean(dim=(-2, -1), keepdim=True)
        power += torch.fft.rfft2(values * window).abs().square().mean(dim=1).sum(dim=0)
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)
    side = min(height, width)
    radius = (torch.hypot(rows, columns) * side).round().long().flatten()
    twice = torch.full((width // 2 + 1,), 2.0, dtype=torch.float64)  # each column stands for its mirror image too
    twice[0] = 1
    twice[-1] = 1 if width % 2 == 0 else 2
    count = side // 2
    kept = (radius >= 1) & (radius <= count)
    weights, values = (each.flatten()[kept] for each in (twice.expand_as(power), power * twice / len(images)))
    sums, counts = (torch.bincount(radius[kept] - 1, each, minlength=count) for each in (values, weights))
    return sums / counts.clamp(min=1)


def spectrum_distance(reals: Float[Tensor, "r"], fakes: Float[Tensor, "r"]) -> float:
    """The mean difference over all radii, in decibels: 0 where all detail is as strong as in the data."""
    return float(_decibels(reals, fakes).abs().mean())


def fine_detail(reals: Float[Tensor, "r"], fakes: Float[Tensor, "r"]) -> float:
    """The mean of the finer half of the radii, in decibels above that of the data: below 0 for soft pictures."""
    return float(_decibels(reals, fakes)[len(reals) // 2 :].mean())


def _decibels(reals: Float[Tensor, "r"], fakes: Float[Tensor, "r"]) -> Float[Tensor, "r"]:
    floor = max(FLOOR * float(reals.max()), NOTHING)
    return 10 * ((fakes + floor) / (reals + floor)).log10()
