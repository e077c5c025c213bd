"""Snapshots of a run: samples of fixed latents, which can be compared, and the best checkpoint by their scores."""

import math
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from gantool.api.events import Snapshot
from gantool.api.run_config import RunConfig
from gantool.engine import latents
from gantool.engine.announcer import Announcer
from gantool.engine.best import Best, score_among
from gantool.engine.distributed import World
from gantool.engine.draw import Drawing, contiguous
from gantool.engine.ema import Ema
from gantool.engine.model_file import ModelCard
from gantool.engine.run_names import sheet_of
from gantool.progress import listening

SHEET_PIXELS = 640


def has_last_sheet(run: Path, config: RunConfig, images_seen: int) -> bool:
    """False if a run that saw its last image before has no sheet of it: the disk was full, or it was interrupted."""
    return images_seen >= config.images + config.batch or sheet_of(run, images_seen).exists()


def cells_of(resolution: int) -> int:
    """The number of samples on a sheet of such pictures."""
    return max(4, min(8, math.ceil(SHEET_PIXELS / resolution))) ** 2


class FixedLatents:
    """Latents of seeds 0, 1, 2, ..., one in each cell of a sheet, and where there are classes their labels in turn."""

    def __init__(self, latent_dim: int, card: ModelCard, device: torch.device) -> None:
        self.count = cells_of(card.resolution)
        self._latent_dim, self._classes = latent_dim, len(card.class_names)
        self._drawing = Drawing(card.resolution, device)

    def render(
        self, generator: nn.Module, count: int | None = None, first: int = 0
    ) -> tuple[UInt8[Tensor, "n c _ _"], ...]:
        """Samples at every level, on the CPU, as `gantool sample` draws them.

        They are of the seeds from `first` to as many as a sheet holds, or to `count`.
        """
        seeds = range(first, count or self.count)
        z = latents.draw(seeds, self._latent_dim)
        labels = torch.tensor(seeds) % self._classes if self._classes else None
        with contiguous(generator), listening(lambda *_: None):  # a run shows its own progress
            return self._drawing.levels(generator, self._drawing.latents(generator, z, labels), labels)


class Drawn:
    """Samples of one generator, each drawn once for however many ask for it."""

    def __init__(self, latents: FixedLatents, generator: nn.Module) -> None:
        self._latents, self._generator = latents, generator
        self.images = latents.render(generator)

    def __call__(self, count: int) -> tuple[UInt8[Tensor, "n c _ _"], ...]:
        """The first `count` of them."""
        there = len(self.images[-1])
        if count > there:
            more = self._latents.render(self._generator, count, there)
            self.images = tuple(map(torch.cat, zip(self.images, more, strict=True)))
        return tuple(level[:count] for level in self.images)


class Snapshots:
    """Draws the averaged generator for observers, and follows its scores: the best one, and whether to give up."""

    def __init__(self, world: World, ema: Ema, latents: FixedLatents, tell: Announcer, patience: int) -> None:
        self.best, self.gave_up = Best(), False
        self.latents = latents
        self._world, self._ema, self._tell, self._patience = world, ema, tell, patience

    def take(self, images_seen: int, counts: bool, sound: bool) -> bool:
        """Draw and have it measured; true, in all processes, if it is the best so far and so worth a checkpoint.

        One that does not count is no candidate, nor is one before the first step, which has learnt nothing. Where
        training is not `sound`, the state of a step without a finite loss would be saved, so that nothing is.
        """
        score = None
        if self._world.leads:  # it alone has observers, and so knows the score
            self._ema.gan.advance(images_seen)
            drawn = Drawn(self.latents, self._ema.gan.generator)
            score = score_among(self._tell(Snapshot(images_seen, drawn.images, drawn)))
        if images_seen == 0 or not counts:
            return False
        return self._world.anyone(score is not None and sound and self.best.take(images_seen, *score))

    def agree_to_give_up(self) -> None:
        """Have all processes give up where the leading one has seen no better score for long."""
        self.gave_up = self._world.anyone(self._world.leads and self.best.gave_up(self._patience))
