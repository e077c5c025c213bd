"""Style transfer from coarse to fine, as a generator of states: whoever watches may stop at any of them."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gantool.contracts import Extractor
from gantool.errors import OptionError, StyleError
from gantool.style.layers import balance_of, network_of, style_loss_of
from gantool.style.objective import Image, Objective, Terms
from gantool.style.optimizers import MINIMISERS
from gantool.style.settings import Settings
from gantool.style.sliced import Sliced
from gantool.style.statistics import Covariance, Gram, StyleLoss

SMALLEST = 100
"""Pixels, about, of the longer side at which the coarsest scale begins."""
LEAST = 16
"""No picture is seen by an extractor with a shorter side than this, unless it has no more itself."""


@dataclass(frozen=True)
class State:
    """Where the transfer stands after `step` of `steps`: `share` of the whole work is done.

    `image` is the picture so far, in [-1, 1], at the size of the present scale; `terms` its losses.
    """

    image: Image
    step: int
    steps: int
    share: float
    terms: Terms


def transfer(
    content: Image,
    styles: Sequence[Float[Tensor, "1 3 _ _"]],
    extractor: Extractor,
    settings: Settings | None = None,
    *,
    shares: Sequence[float] | None = None,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Iterator[State]:
    """Draw `content` in the manner of `styles`, blended by `shares`; yields the state after every step.

    Images are in [-1, 1], on the device that computes. Everything is checked before the first state. Raises OptionError
    for settings that do not fit, StyleError when the loss is no longer finite.
    """
    settings = settings or Settings()
    shares = list(shares) if shares is not None else [1.0] * len(styles)
    if not styles or len(shares) != len(styles) or min(shares) < 0 or not sum(shares) > 0:
        raise OptionError("A transfer takes one style or more, each with a weight of 0 or more, not all of them 0.")
    balance = balance_of(extractor, settings)
    network = network_of(extractor, balance.layers)
    if isinstance(network, torch.nn.Module):
        network = network.to(content.device)
    loss = style_loss_of(extractor, settings)
    minimise = MINIMISERS[_optimizer(settings, loss)]
    height, width = content.shape[-2:]
    sizes = scale_sizes(height, width, settings.scales)
    work = [height * width for height, width in sizes]
    image = _start(content, sizes[0], settings)
    for scale, size in enumerate(sizes):
        # Each scale has an objective of its own: the features of the last one are let go before those of the next.
        objective = Objective(network, balance.layers, balance, make_style_loss(loss, settings.seed + scale), autocast)
        objective.set_content(resized(content, *size))
        longest = max(size) * settings.style_scale
        objective.set_styles([shrunk(style, longest) for style in styles], shares)
        image = resized(image, *size)
        for step, (reached, terms) in enumerate(minimise(objective, image, settings.steps), 1):
            image = reached
            if not math.isfinite(terms.total):
                raise StyleError(
                    f"The loss is no longer finite at step {step} of {size[1]} x {size[0]} pixels: try a lower "
                    "--style-weight, or --precision float32."
                )
            done = sum(work[:scale]) + work[scale] * step / settings.steps
            total = scale * settings.steps + step
            yield State(image.clamp(-1, 1), total, len(sizes) * settings.steps, done / sum(work), terms)


def make_style_loss(name: str, seed: int) -> StyleLoss:
    """The style loss of this name."""
    if name == "sliced":
        return Sliced(seed=seed)
    return Gram() if name == "gram" else Covariance()


def scale_sizes(height: int, width: int, scales: int | None = None) -> list[tuple[int, int]]:
    """Heights and widths from coarse to fine, each half of the next, none with a side below `LEAST` but the last."""
    count = scales or 1 + max(0, round(math.log2(max(height, width) / SMALLEST)))
    sizes = [(round(height / 2**level), round(width / 2**level)) for level in reversed(range(count))]
    return [size for size in sizes[:-1] if min(size) >= LEAST] + [(height, width)]


def resized(image: Float[Tensor, "n c _ _"], height: int, width: int) -> Float[Tensor, "n c h w"]:
    """Bicubic, with antialiasing where it shrinks."""
    if image.shape[-2:] == (height, width):
        return image
    result: Tensor = F.interpolate(image, (height, width), mode="bicubic", antialias=True, align_corners=False)
    return result


def shrunk(image: Float[Tensor, "n c _ _"], longest: float) -> Float[Tensor, "n c h w"]:
    """With its longer side at `longest` pixels; never enlarged."""
    height, width = image.shape[-2:]
    share = min(1.0, longest / max(height, width))
    return resized(image, max(1, round(height * share)), max(1, round(width * share)))


def _optimizer(settings: Settings, loss: str) -> str:
    if settings.optimizer == "auto":
        return "adam" if loss == "sliced" else "lbfgs"
    return settings.optimizer


def _start(content: Image, size: tuple[int, int], settings: Settings) -> Float[Tensor, "1 3 _ _"]:
    small = resized(content, *size)
    if settings.start == "content":
        return small
    generator = torch.Generator().manual_seed(settings.seed)
    noise = torch.randn(small.shape, generator=generator).to(small)
    mean, std = small.mean(dim=(2, 3), keepdim=True), small.std(dim=(2, 3), keepdim=True, correction=0)
    return (mean + std * noise).clamp(-1, 1)
