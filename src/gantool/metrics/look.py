"""Simple statistics that reveal noise, blank or grey pictures, saturated colours and the grids of upsampling."""

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.metrics.pyramid import laplacian
from gantool.pixels import to_float

MIDDLE, NEAR_GREY = 127.5, 12.0
"""Pixels of which every channel is so near the middle are mid-grey."""
GREY_AREA = 0.25
"""The share of a picture that has to be mid-grey for it to count."""
PERIODS = (2, 4)
"""The periods, in pixels, of the patterns that the last two upsamplings leave."""
FLOOR = 1e-6


def clipped(images: UInt8[Tensor, "n c h w"]) -> float:
    """The share of values at 0 or 255."""
    return float(((images == 0) | (images == 255)).float().mean())


def contrast(images: UInt8[Tensor, "n c h w"]) -> float:
    """The mean deviation of pixels within a picture and channel; 0 if every picture is of one colour."""
    return float(to_float(images).flatten(2).std(dim=-1, correction=0).mean())


def detail(images: UInt8[Tensor, "n c h w"]) -> float:
    """Root mean square of the finest level of the Laplacian pyramid: edges and grain, and most of all noise."""
    return float(laplacian(to_float(images), smallest=1)[0].square().mean().sqrt())


def grey_pictures(images: UInt8[Tensor, "n c h w"]) -> float:
    """The share of pictures of which more than a quarter is mid-grey, as where an augmentation fills with it."""
    grey = (images.float() - MIDDLE).abs().amax(dim=1) <= NEAR_GREY
    return float((grey.float().mean(dim=(-2, -1)) > GREY_AREA).float().mean())


def colorfulness(images: UInt8[Tensor, "n c h w"]) -> float:
    """The mean distance of a pixel's largest channel to its smallest, in [0, 255]; 0 for one channel."""
    color = images[:, :3]
    return float((color.amax(dim=1).float() - color.amin(dim=1)).mean())


def checkerboard(images: UInt8[Tensor, "n c h w"]) -> float:
    """The highest peak of power at a period of 2 or 4 pixels, over that at the frequencies around it.

    Photographs have no peak there, so the ratio is about 1 or less; transposed convolutions leave one (Odena et al.
    2016, "Deconvolution and checkerboard artifacts").
    """
    values = to_float(images)
    return max(_peak(rows, period) for period in PERIODS for rows in (values, values.mT))


def _peak(values: Tensor, period: int) -> float:
    """Of each row's spectrum, the mean power at one period relative to the geometric mean around it."""
    side = values.shape[-1]
    place, last = side // period, side // 2
    if side % period or place < 4:
        return 0.0
    window = torch.hann_window(side, periodic=False, device=values.device)
    rows = torch.fft.rfft((values - values.mean(dim=-1, keepdim=True)) * window)
    power = rows.abs().square().flatten(0, -2).mean(dim=0) + FLOOR
    around = power[[place - 3, place - 2]] if place == last else power[[place - 2, place + 2]]
    return float(power[place] / around.log().mean().exp())
