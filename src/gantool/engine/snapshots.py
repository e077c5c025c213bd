"""The same latents all through a run, so that its sample grids can be compared: cell i is what seed i gives."""

import math

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from gantool import latents
from gantool.engine.export import ModelCard
from gantool.pixels import to_uint8

SHEET_PIXELS = 640
CHUNK = 16


class FixedLatents:
    """Latents of seeds 0, 1, 2, ... and, where there are classes, their labels in turn."""

    def __init__(self, latent_dim: int, card: ModelCard, device: torch.device) -> None:
        side = max(4, min(8, math.ceil(SHEET_PIXELS / card.resolution)))
        self.z = latents.draw(range(side**2), latent_dim).to(device)
        classes = len(card.class_names)
        self.labels = torch.arange(side**2, device=device) % classes if classes else None

    @torch.inference_mode()
    def render(self, generator: nn.Module) -> tuple[UInt8[Tensor, "n c _ _"], ...]:
        """Every level of pictures, on the CPU."""
        parts = []
        for start in range(0, len(self.z), CHUNK):
            labels = None if self.labels is None else self.labels[start : start + CHUNK]
            parts.append([to_uint8(level).cpu() for level in generator(self.z[start : start + CHUNK], labels)])
        return tuple(torch.cat(levels) for levels in zip(*parts, strict=True))
