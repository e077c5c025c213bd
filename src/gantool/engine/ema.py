"""The exponential moving average (EMA) of the generator, from which samples are drawn. It runs from the first step."""

import copy

import torch
from torch import Tensor

from gantool.api.contracts import Gan

RAMP_UP = 0.05
"""The half-life is at most this share of the images seen (Karras et al. 2020), so that early weights fade fast."""


def halflife(images_seen: int, halflife_images: int) -> float:
    """The effective half-life, in images."""
    return float(min(halflife_images, RAMP_UP * images_seen))


class Ema:
    """An exponential moving average of a generator's weights and statistics, in float32."""

    def __init__(self, gan: Gan, halflife_images: int) -> None:
        # The copy shares the discriminator, which `advance` needs: a second one would only cost memory.
        self.gan = copy.deepcopy(gan, {id(gan.discriminator): gan.discriminator})
        self.halflife_images = halflife_images
        self.gan.generator.eval().requires_grad_(False)
        self._source = gan.generator

    @torch.no_grad()
    def update(self, images_seen: int, batch: int) -> None:
        """Update the average after a step of `batch` images that brought the clock to `images_seen`."""
        life = halflife(images_seen, self.halflife_images)
        keep = 0.5 ** (batch / life) if life > 0 else 0.0
        ours: list[Tensor] = list(self.gan.generator.parameters())
        theirs: list[Tensor] = list(self._source.parameters())
        torch._foreach_lerp_(ours, theirs, 1 - keep)
        for mine, live in zip(self.gan.generator.buffers(), self._source.buffers(), strict=True):
            if mine.is_floating_point():
                # A forward pass that overflowed may leave NaN in BatchNorm's statistics; the average skips them.
                mine.copy_(torch.where(torch.isfinite(live), torch.lerp(mine, live, 1 - keep), mine))
            else:
                mine.copy_(live)
