"""Recognition of `shapes`: the kind that a picture, real or generated, shows, or none.

Background and colour are read first, then the figure's mask is compared with every figure at every angle. The result
is drawn again, and a picture counts only if that drawing looks the same: blends, half-formed figures and noise fail.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from gantool.builtin.sources.shapes import MAX_ANGLE, MAX_GROWTH, MAX_SHIFT, SIZES
from gantool.builtin.sources.shapes_draw import BACKGROUNDS, COLORS, FINISHES, Strokes, draw, paints
from gantool.builtin.sources.shapes_figures import FIGURES
from gantool.errors import DataError

NONE = -1
READ_AT = 32
"""The side in pixels to which larger pictures are averaged down first."""

_MASK = 20  # pixels on a side of a mask once it is centred and scaled to a fixed area
_MASK_REACH = 1.1  # half its side, in roots of the figure's area
_ANGLES = np.linspace(-MAX_ANGLE, MAX_ANGLE, 9, dtype=np.float32)
_SHADED = 0.8  # what the shadow leaves of the background
_AT_ONCE = 500


@dataclass(frozen=True)
class Strictness:
    """The most that a picture may differ from the drawing of its kind; colours in levels of 256."""

    background: float = 16.0  # distance of its mean colour along the border
    color: float = 38.0  # distance of a pixel that counts as the figure's
    likeness: float = 0.93  # correlation of the masks
    lead: float = 1.3  # the least ratio of the next figure's unlikeness to this one's
    size: float = 0.12  # relative, beyond what occurs in real pictures
    shift: float = 0.12  # of half a picture, beyond what occurs
    difference: float = 10.0  # mean over the picture, smoothed
    patch_difference: float = 32.0  # mean over the worst 4 x 4 places


WELL_DRAWN = Strictness()
"""Accepts only what could be a real picture, except for a little noise."""
RECOGNISABLE = Strictness(
    30.0, 38.0, likeness=0.8, lead=1.0, size=0.25, shift=0.2, difference=20.0, patch_difference=64.0
)
"""Accepts what a person would name without hesitation: soft edges and uneven colours are allowed."""
NEAREST = Strictness(
    math.inf,
    38.0,
    likeness=-2.0,
    lead=-1.0,
    size=math.inf,
    shift=math.inf,
    difference=math.inf,
    patch_difference=math.inf,
)
"""Accepts the most similar kind, as stacked MNIST counts its modes (Metz et al. 2017), but no blank pictures."""


@dataclass(frozen=True)
class _Masks:
    """The figures' masks, centred and scaled, with the inverse of both; u counts the angles."""

    flat: Float[Tensor, "f u m"]
    area: Float[Tensor, "f u s"]
    center: Float[Tensor, "f u s 2"]


def recognise(images: UInt8[Tensor, "n c h w"], strictness: Strictness = WELL_DRAWN) -> Int64[Tensor, "n"]:
    """The number of each picture's kind (see `shapes.kind_of`), or -1 if it shows none.

    Raises DataError unless there are three channels and at least 32 pixels a side.
    """
    if images.shape[1] != 3 or min(images.shape[2:]) < READ_AT:
        size = f"{images.shape[3]} x {images.shape[2]} with {images.shape[1]} channels"
        raise DataError(
            f"Kinds are read from pictures in colour of at least {READ_AT} pixels a side; these are {size}."
        )
    parts = torch.split(images.cpu(), _AT_ONCE)
    return torch.cat([_recognise(part, strictness) for part in parts])


def _recognise(images: UInt8[Tensor, "n c h w"], strictness: Strictness) -> Int64[Tensor, "n"]:
    pixels = _averaged_down(images.float())
    background, far_background = _background(pixels)
    color, figure_pixels = _color(pixels, background, strictness.color)
    coverage = _coverage(pixels, background, color)
    flat, area, center = _canonical(coverage)
    masks = _templates()

    likeness, angle = torch.einsum("nm,fum->nfu", flat, masks.flat).max(2)
    best, figure = likeness.topk(2, dim=1)
    figure = figure[:, 0]
    angle = angle.gather(1, figure[:, None])[:, 0]
    sure = (far_background < strictness.background) & (figure_pixels >= 12)
    sure &= (best[:, 0] > strictness.likeness) & (1 - best[:, 1] > (1 - best[:, 0]) * strictness.lead)

    size = (area[:, None] / masks.area[figure, angle]).sqrt()
    shift = center[:, None] - masks.center[figure, angle] * size[..., None]
    fits = ((size - 1).abs() < MAX_GROWTH + strictness.size) & (shift.abs().amax(2) < MAX_SHIFT + strictness.shift)
    means, worsts = [], []
    for number in range(len(FINISHES)):
        reading = Strokes(
            figure.numpy(), color.numpy(), background.numpy(), np.full(len(images), number),
            shift[:, number, 0].numpy(), shift[:, number, 1].numpy(), size[:, number].numpy(), _ANGLES[angle.numpy()],
        )  # fmt: skip
        mean, worst = _difference(pixels, reading)
        means.append(mean.where(fits[:, number], math.inf))
        worsts.append(worst)
    mean, finish = torch.stack(means, dim=1).min(1)
    worst = torch.stack(worsts, dim=1).gather(1, finish[:, None])[:, 0]
    sure &= (mean < strictness.difference) & (worst < strictness.patch_difference)
    numbers = np.ravel_multi_index((figure.numpy(), color.numpy(), background.numpy(), finish.numpy()), SIZES)
    return torch.from_numpy(numbers).where(sure, NONE)


def _averaged_down(pixels: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c s s"]:
    """Pictures of 32 x 32 pixels, each the mean of exactly the area it covers, whatever the size was."""
    for axis, side in ((2, pixels.shape[2]), (3, pixels.shape[3])):
        edges, places = torch.arange(READ_AT + 1) * side / READ_AT, torch.arange(side)
        overlap = torch.minimum(edges[1:, None], places + 1) - torch.maximum(edges[:-1, None], places)
        pixels = (pixels.movedim(axis, -1) @ (overlap.clamp_min(0) * READ_AT / side).T).movedim(-1, axis)
    return pixels


def _background(pixels: Float[Tensor, "n 3 h w"]) -> tuple[Int64[Tensor, "n"], Float[Tensor, "n"]]:
    """The nearest background and its distance, by the mean colour of the border (without the bottom: shadows)."""
    upper = pixels[:, :, : READ_AT // 2]
    border = torch.cat([upper[:, :, 0], upper[:, :, :, 0], upper[:, :, :, -1]], dim=2).mean(2)
    expected = _down_the_picture(0)[:, :, : READ_AT // 2]
    rows = torch.cat([expected[:, :, :1].expand(-1, -1, READ_AT), expected, expected], dim=2).mean(2)
    distance, place = torch.cdist(border, rows).min(1)
    return place, distance


def _color(
    pixels: Float[Tensor, "n 3 h w"], background: Int64[Tensor, "n"], radius: float
) -> tuple[Int64[Tensor, "n"], Int64[Tensor, "n"]]:
    """The colour with the most pixels within `radius` of it and nearer to no other, and their number."""
    backdrop = _down_the_picture(0)[background]
    others = torch.stack([backdrop, backdrop * _SHADED, torch.full_like(backdrop, 255)])
    beside = torch.stack([_square_distance(pixels, other) for other in others]).amin(0)
    distances = torch.stack([_square_distance(pixels, color[None]) for color in _down_the_picture(4)], dim=1)
    nearest, color = distances.min(1)
    color = color.where((nearest < radius**2) & (nearest < beside), len(COLORS))
    count, place = F.one_hot(color.flatten(1), len(COLORS) + 1).sum(1)[:, :-1].max(1)
    return place, count


def _square_distance(pixels: Float[Tensor, "n 3 h w"], rows: Float[Tensor, "_ 3 h"]) -> Float[Tensor, "n h w"]:
    return (pixels - rows[..., None]).square().sum(1)


def _coverage(
    pixels: Float[Tensor, "n 3 h w"], background: Int64[Tensor, "n"], color: Int64[Tensor, "n"]
) -> Float[Tensor, "n h w"]:
    """The share of figure in each pixel: far from every mixture of the other paints, near to the figure's."""
    backdrop = _down_the_picture(0)[background]
    white, shadow = torch.full_like(backdrop, 255), backdrop * _SHADED
    away = torch.minimum(_from_mixture(pixels, backdrop, white), _from_mixture(pixels, backdrop, shadow))
    share = away / (away + _square_distance(pixels, _down_the_picture(4)[color]).sqrt()).clamp_min(1)
    return ((share - 0.2) / 0.6).clamp(0, 1)  # steeper, so that small differences of colour are no figure


def _from_mixture(
    pixels: Float[Tensor, "n 3 h w"], first: Float[Tensor, "n 3 h"], last: Float[Tensor, "n 3 h"]
) -> Float[Tensor, "n h w"]:
    """Distance from the nearest mixture of two colours, row by row."""
    along, offset = (last - first)[..., None], pixels - first[..., None]
    share = ((offset * along).sum(1) / along.square().sum(1)).clamp(0, 1)
    return (offset - share[:, None] * along).square().sum(1).sqrt()


def _canonical(
    coverage: Float[Tensor, "n h w"],
) -> tuple[Float[Tensor, "n m"], Float[Tensor, "n"], Float[Tensor, "n 2"]]:
    """Masks centred, scaled to one area and standardised, with the area (of 4) and centre (x, y; y up) they had."""
    side = coverage.shape[1]
    ticks = (torch.arange(side) + 0.5) * 2 / side - 1
    mass = coverage.sum((1, 2)).clamp_min(1)
    area = mass * (2 / side) ** 2
    x, y = (coverage.sum(1) @ ticks) / mass, (coverage.sum(2) @ ticks) / mass
    reach = (area.sqrt() * _MASK_REACH)[:, None]
    grid = (torch.arange(_MASK) + 0.5) * 2 / _MASK - 1
    columns, rows = x[:, None] + reach * grid, y[:, None] + reach * grid
    places = torch.stack([columns[:, None].expand(-1, _MASK, -1), rows[:, :, None].expand(-1, -1, _MASK)], dim=3)
    flat = F.grid_sample(coverage[:, None], places, align_corners=False).flatten(1)
    flat = F.normalize(flat - flat.mean(1, keepdim=True), dim=1)
    return flat, area, torch.stack([x, -y], dim=1)


def _difference(pixels: Float[Tensor, "n 3 h w"], reading: Strokes) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """The mean difference from the drawing of the kind, and that of the worst 4 x 4 pixels."""
    drawn = torch.from_numpy(draw(reading, READ_AT)).float()
    smooth = F.avg_pool2d(drawn - pixels, 3, stride=1)  # grain is tolerated, form is not
    difference = smooth.abs().mean(1, keepdim=True)
    return difference.mean((1, 2, 3)), F.avg_pool2d(difference, 4, stride=2).amax((1, 2, 3))


@lru_cache(maxsize=2)
def _down_the_picture(paint: int) -> Float[Tensor, "k 3 h"]:
    """Each background (paint 0) or figure colour (paint 4) at every row of a picture."""
    places = np.arange(len(BACKGROUNDS if paint == 0 else COLORS))
    first, last = torch.from_numpy(paints(places, places)[:, :, paint : paint + 2]).unbind(2)
    down = (torch.arange(READ_AT) + 0.5) / READ_AT
    return first[..., None].lerp(last[..., None], down)


@lru_cache(maxsize=1)
def _templates() -> _Masks:
    """Canonical masks of real pictures of every figure and angle, averaged over the finishes."""
    sizes = (len(FIGURES), len(_ANGLES), len(FINISHES))
    figure, angle, finish = (places.ravel() for places in np.indices(sizes))
    still = np.zeros(len(figure), np.float32)
    zero = np.zeros(len(figure), np.int64)
    drawn = draw(Strokes(figure, zero, zero, finish, still, still, still + 1, _ANGLES[angle]), READ_AT)
    nothing = torch.from_numpy(zero)
    flat, area, center = _canonical(_coverage(torch.from_numpy(drawn).float(), nothing, nothing))
    mean = F.normalize(flat.reshape(*sizes, -1).mean(2), dim=2)
    return _Masks(mean, area.reshape(sizes), center.reshape(*sizes, 2))
