"""The exponential moving average (EMA) of the generator, from which samples are drawn. It runs from the first step."""

import copy

import torch
from torch import Tensor

from gantool.api.networks import Gan

RAMP_UP = 0.05
"""The half-life is at most this share of the images seen (Karras et al. 2020), so that early weights fade fast."""


def halflife(images_seen: int, halflife_images: int) -> float:
    """The effective half-life, in images."""
    return float(min(halflife_images, RAMP_UP * images_seen))


class Ema:
    """An exponential moving average of a generator's weights and statistics, in float32.

    `before` are the images that a generator had seen before the run, which may not fade faster than the run's own.
    """

    def __init__(self, gan: Gan, halflife_images: int, before: int = 0) -> None:
        # The copy shares the discriminator, which `advance` needs: a second one would only cost memory.
        self.gan = copy.deepcopy(gan, {id(gan.discriminator): gan.discriminator})
        self.halflife_images, self._before = halflife_images, before
        self.gan.generator.eval().requires_grad_(False)
        self._source = gan.generator

    @torch.no_grad()
    def update(self, images_seen: int, batch: int) -> None:
        """Update the average after a step of `batch` images that brought the clock to `images_seen`."""
        life = halflife(self._before + images_seen, self.halflife_images)
        keep = 0.5 ** (batch / life) if life > 0 else 0.0
        ours: list[Tensor] = list(self.gan.generator.parameters())
        theirs: list[Tensor] = list(self._source.parameters())
        torch._foreach_lerp_(ours, theirs, 1 - keep)
        self._update_buffers(1 - keep)

    def _update_buffers(self, weight: float) -> None:
        """All statistics at once: one by one they cost a GPU more launches than the parameters do."""
        pairs = list(zip(self.gan.generator.buffers(), self._source.buffers(), strict=True))
        counts = [(mine, live) for mine, live in pairs if not mine.is_floating_point()]
        if counts:
            torch._foreach_copy_([mine for mine, _ in counts], [live for _, live in counts])
        for dtype in {mine.dtype for mine, _ in pairs if mine.is_floating_point()}:
            alike = [(mine, live) for mine, live in pairs if mine.dtype == dtype]
            mine, live = (torch.cat([tensor.flatten() for tensor in side]) for side in zip(*alike, strict=True))
            # A forward pass that overflowed may leave NaN in BatchNorm's statistics; the average stays clean.
            moved = torch.where(torch.isfinite(live), torch.lerp(mine, live, weight), mine)
            parts = torch.split(moved, [tensor.numel() for tensor, _ in alike])
            torch._foreach_copy_(
                [tensor for tensor, _ in alike], [p.view_as(t) for p, (t, _) in zip(parts, alike, strict=True)]
            )
