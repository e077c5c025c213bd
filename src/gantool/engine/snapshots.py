"""Fixed latents for the sample sheets of a run, so that they can be compared: cell i is the sample of seed i."""

import math

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from gantool.api.networks import Labels
from gantool.engine import latents
from gantool.engine.model_file import ModelCard
from gantool.pixels import to_uint8

SHEET_PIXELS = 640
CHUNK = 16


class FixedLatents:
    """Latents of seeds 0, 1, 2, ... and, where there are classes, their labels in turn."""

    def __init__(self, latent_dim: int, card: ModelCard, device: torch.device) -> None:
        side = max(4, min(8, math.ceil(SHEET_PIXELS / card.resolution)))
        self.count = side**2
        self._latent_dim, self._classes, self._device = latent_dim, len(card.class_names), device
        self._z = latents.draw(range(self.count), latent_dim).to(device)

    @torch.inference_mode()
    def render(self, generator: nn.Module, count: int | None = None) -> tuple[UInt8[Tensor, "n c _ _"], ...]:
        """Samples at every level, on the CPU: as many as a sheet holds, or `count`.

        A generator that draws noise gets the same noise every time, and torch's random state is kept.
        """
        count = count or self.count
        if count > len(self._z):
            more = latents.draw(range(len(self._z), count), self._latent_dim)
            self._z = torch.cat([self._z, more.to(self._device)])
        parts = []
        with torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []):
            torch.manual_seed(0)
            for start in range(0, count, CHUNK):
                z = self._z[start : min(start + CHUNK, count)]
                parts.append([to_uint8(level).cpu() for level in generator(z, self._labels(start, len(z)))])
        return tuple(torch.cat(levels) for levels in zip(*parts, strict=True))

    def _labels(self, start: int, count: int) -> Labels:
        return torch.arange(start, start + count, device=self._device) % self._classes if self._classes else None
