"""Fixed latents for the sample sheets of a run, so that they can be compared: cell i is the sample of seed i."""

import math
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from gantool.api.run_config import RunConfig
from gantool.engine import latents
from gantool.engine.draw import Drawing, contiguous
from gantool.engine.model_file import ModelCard
from gantool.engine.run_names import sheet_of
from gantool.progress import listening

SHEET_PIXELS = 640


def has_last_sheet(run: Path, config: RunConfig, images_seen: int) -> bool:
    """False if a run that saw its last image before has no sheet of it: the disk was full, or it was interrupted."""
    return images_seen >= config.images + config.batch or sheet_of(run, images_seen).exists()


class FixedLatents:
    """Latents of seeds 0, 1, 2, ... and, where there are classes, their labels in turn."""

    def __init__(self, latent_dim: int, card: ModelCard, device: torch.device) -> None:
        self.count = max(4, min(8, math.ceil(SHEET_PIXELS / card.resolution))) ** 2
        self._latent_dim, self._classes = latent_dim, len(card.class_names)
        self._drawing = Drawing(card.resolution, device)

    def render(self, generator: nn.Module, count: int | None = None) -> tuple[UInt8[Tensor, "n c _ _"], ...]:
        """Samples at every level, on the CPU: as many as a sheet holds, or `count`; as `gantool sample` draws them."""
        z = latents.draw(range(count or self.count), self._latent_dim)
        labels = torch.arange(len(z)) % self._classes if self._classes else None
        with contiguous(generator), listening(lambda *_: None):  # a run shows its own progress
            return self._drawing.levels(generator, self._drawing.latents(generator, z, labels), labels)
