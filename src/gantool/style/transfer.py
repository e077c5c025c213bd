"""Style transfer from coarse to fine, as a generator of states: the caller may stop at any of them."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.features import Extractor, StyleLoss
from gantool.builtin.style_losses.statistics import Gram
from gantool.errors import OptionError, StyleError, counted
from gantool.style.color import grey, luma, matched, with_chroma_of
from gantool.style.layers import balance_of, network_of
from gantool.style.objective import Balance, Image, Network, Objective, Terms
from gantool.style.optimizers import MINIMISERS
from gantool.style.pyramid import bare, framed, framed_pixels, grown, noise_like, resized, scale_sizes, shrunk
from gantool.style.settings import Settings
from gantool.style.tiles import TiledObjective

TILE = 768
"""The default side of tiles; smaller ones are slow, since the network computes the halo around each as well."""
WHOLE_PIXELS = 1280 * 1280
"""The most pixels of an image that is computed whole, for which VGG-19 takes about 3 GB."""

COARSER = {"lbfgs": 4, "adam": 1}
"""Steps of the finest scale for each step of a coarser one. L-BFGS lays out strokes in few steps, and more of them lead
away from the content, so that the finest scale ends higher; the steps of Adam are bounded, so it needs them all."""

STEP = 64 * 64
"""Pixels that take about as long as what each step takes whatever its size: 1,000 of VGG-19, 14,000 of efficientnet."""

Mask = Float[Tensor, "1 1 h w"]
Style = Float[Tensor, "1 3 _ _"]


@dataclass(frozen=True)
class State:
    """The state of the transfer after `step` of `steps`, with `share` of the whole work done.

    `image` is the picture so far, in [-1, 1], at the size of the present scale; `terms` its losses, if they are known.
    `scale` has the number of that scale and how many there are, `at` its step and its steps: those of coarse scales
    take less time.
    """

    image: Image
    step: int
    steps: int
    share: float
    terms: Terms | None
    scale: tuple[int, int] = (1, 1)
    at: tuple[int, int] = (1, 1)


def transfer(
    content: Image,
    styles: Sequence[Style],
    extractor: Extractor,
    settings: Settings | None = None,
    *,
    shares: Sequence[float] | None = None,
    masks: Sequence[Mask] | None = None,
    start: Image | None = None,
    style_loss: StyleLoss | None = None,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Iterator[State]:
    """Redraw `content` with the style of `styles`, blended by `shares`; yields the state after every step.

    Images are in [-1, 1], on the device that computes. With `masks`, of the content's size and in [0, 1], each style is
    drawn in its own region. `start` is the initial image, in place of the one that the settings name. Without a
    `style_loss` Gram matrices are compared. Raises OptionError for arguments that do not fit, before the first state,
    and StyleError when the loss is not finite.
    """
    settings, style_loss = settings or Settings(), style_loss or Gram()
    shares = list(shares) if shares is not None else [1.0] * len(styles)
    _check(content, styles, shares, masks)
    if settings.preserve_color != "luminance":
        if settings.preserve_color == "match":
            styles = [matched(style, content) for style in styles]
        yield from _transfer(content, styles, extractor, settings, shares, masks, start, style_loss, autocast)
        return
    plain, styles = grey(content), [matched(luma(style), luma(content)).expand_as(style) for style in styles]
    begin = None if start is None else grey(start)
    for state in _transfer(plain, styles, extractor, settings, shares, masks, begin, style_loss, autocast):
        height, width = state.image.shape[-2:]
        yield replace(state, image=with_chroma_of(resized(content, height, width).clamp(-1, 1), state.image))


def _transfer(
    content: Image,
    styles: Sequence[Style],
    extractor: Extractor,
    settings: Settings,
    shares: Sequence[float],
    masks: Sequence[Mask] | None,
    start: Image | None,
    style_loss: StyleLoss,
    autocast: Callable[[], AbstractContextManager[object]],
) -> Iterator[State]:
    balance = balance_of(extractor, settings, style_loss)
    network = network_of(extractor, balance.layers)
    if isinstance(network, torch.nn.Module):
        network = network.to(content.device)
    optimizer = optimizer_of(settings, style_loss)
    height, width = content.shape[-2:]
    sizes, steps, work = course(height, width, settings, optimizer)
    from_content = start is None and settings.start == "content"
    image = start if start is not None else _start(resized(content, *sizes[0]), settings)
    for scale, size in enumerate(sizes):
        # Each scale has an objective of its own, so that features of one are freed before those of the next are made.
        style_loss.seed(settings.seed + scale)
        objective = make_objective(network, balance, style_loss, autocast, tile_side(settings, size, style_loss))
        objective.set_content(framed(resized(content, *size)))
        seen = [shrunk(style, max(size) * settings.style_scale) for style in styles]
        objective.set_styles(seen, shares, masks and [framed(resized(mask, *size).clamp(0, 1)) for mask in masks])
        begin = framed(grown(image, content, size) if from_content else resized(image, *size))
        for step, (reached, terms) in enumerate(MINIMISERS[optimizer](objective, begin, steps[scale]), 1):
            if not math.isfinite(terms.total):
                raise StyleError(
                    f"The loss is no longer finite at step {step} of {size[1]} x {size[0]} pixels: try a lower "
                    "--style-weight, or --precision float32."
                )
            image = bare(reached)
            done = sum(work[:scale]) + work[scale] * step / steps[scale]
            yield State(
                image.clamp(-1, 1), sum(steps[:scale]) + step, sum(steps), done / sum(work), terms,
                (scale + 1, len(sizes)), (step, steps[scale]),
            )  # fmt: skip


def course(
    height: int, width: int, settings: Settings, optimizer: str
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """The size of each scale, its steps, and its work: the pixels of all its steps, margins and `STEP` included."""
    sizes = scale_sizes(height, width, settings.scales)
    steps = [max(1, settings.steps // COARSER[optimizer])] * (len(sizes) - 1) + [settings.steps]
    return sizes, steps, [(STEP + framed_pixels(*size)) * count for size, count in zip(sizes, steps, strict=True)]


def make_objective(
    network: Network,
    balance: Balance,
    style_loss: StyleLoss,
    autocast: Callable[[], AbstractContextManager[object]],
    side: int,
) -> Objective:
    """An objective of the whole image, or by tiles of this side."""
    if side == 0:
        return Objective(network, balance.layers, balance, style_loss, autocast)
    return TiledObjective(network, balance.layers, balance, style_loss, autocast, side=side)


def tile_side(settings: Settings, size: tuple[int, int], style_loss: StyleLoss) -> int:
    """The side of tiles for an image of this size; 0 to compute it whole."""
    if settings.tile is not None:
        return settings.tile if settings.tile < max(size) else 0
    return TILE if size[0] * size[1] > WHOLE_PIXELS and style_loss.additive else 0


def _check(content: Image, styles: Sequence[Style], shares: Sequence[float], masks: Sequence[Mask] | None) -> None:
    if not styles or len(shares) != len(styles) or min(shares) < 0 or not sum(shares) > 0:
        raise OptionError("A transfer takes one style or more, each with a weight of 0 or more, not all of them 0.")
    if masks is None:
        return
    if len(masks) != len(styles):
        given = f"{counted(len(masks), 'mask')} for {counted(len(styles), 'style')}"
        raise OptionError(f"{given}: each style takes one mask.")
    for index, mask in enumerate(masks, 1):
        if mask.shape[-2:] != content.shape[-2:] or not mask.max() > 0:
            raise OptionError(f"Mask {index} must be of the content's size and white somewhere.")


def optimizer_of(settings: Settings, style_loss: StyleLoss) -> str:
    """The name of the optimizer."""
    if settings.optimizer == "auto":
        return "adam" if style_loss.stochastic else "lbfgs"
    return settings.optimizer


def _start(small: Image, settings: Settings) -> Image:
    return small if settings.start == "content" else noise_like(small, settings.seed)
