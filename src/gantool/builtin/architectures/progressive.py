"""Progressive GAN (Karras et al. 2018): layers are added during training, each with a fade-in."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.networks import Gan, Images, Stage
from gantool.api.specs import ImageShape
from gantool.builtin.architectures import ProgressiveOptions
from gantool.builtin.architectures.equalized import (
    LEAK,
    Doubling,
    EqualizedConv2d,
    Features,
    Halving,
    LogitHead,
    PixelNorm,
    Stem,
    pooled,
)
from gantool.builtin.architectures.growth import Growth, Schedule, along, batch_at, schedule_of, sides
from gantool.builtin.architectures.layers import upsampled, with_label
from gantool.builtin.architectures.widths import feature_maps


class Growing(nn.Module):
    """The growth of a network. On a GPU alpha is read from a tensor, so that a recorded step follows it."""

    on_device = frozenset({"growth"})
    growth: Growth
    alpha: Float[Tensor, ""]

    def __init__(self, resolution: int) -> None:
        super().__init__()
        self.sides = sides(resolution)
        self.register_buffer("alpha", torch.ones(()), persistent=False)
        self.grow(Growth(len(self.sides) - 1))

    def grow(self, growth: Growth) -> None:
        """Set level and alpha."""
        self.growth, self.stage = growth, (growth.level, growth.alpha < 1)
        self.alpha.fill_(growth.alpha)

    def blended(self, before: Float[Tensor, "*n"], after: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """What was there before a fade-in and what comes by it, in shares of 1 - alpha and alpha."""
        if after.device.type == "cpu":
            return torch.lerp(before, after, self.growth.alpha)
        return torch.lerp(before.float(), after.float(), self.alpha).to(after.dtype)


class ProgressiveGenerator(Growing):
    """z `[n, latent]` to pictures at the current level; the weights of all levels exist from the start."""

    def __init__(self, options: ProgressiveOptions, shape: ImageShape) -> None:
        super().__init__(shape.resolution)
        self.classes = shape.classes
        maps = feature_maps(options)
        widths = [maps.at(side) for side in self.sides]
        self.normalise = PixelNorm()
        self.stem = Stem(options.latent + shape.classes, widths[0])
        self.blocks = nn.ModuleList(Doubling(*pair, options.upsampling) for pair in pairwise(widths))
        self.to_rgb = nn.ModuleList(EqualizedConv2d(width, shape.channels, 1, gain=1.0) for width in widths)

    def forward(self, z: Float[Tensor, "n d"], labels: Int64[Tensor, "n"] | None = None) -> Images:
        """Pictures of the current level; during a fade-in, blended with the upscaled ones of the level below."""
        level, fades = self.stage
        features = before = self.stem(with_label(self.normalise(z), labels, self.classes))
        for block in self.blocks[:level]:
            before, features = features, block(features)
        image: Tensor = self.to_rgb[level](features)
        if fades:
            image = self.blended(upsampled(self.to_rgb[level - 1](before)), image)
        return (image,)


class ProgressiveDiscriminator(Growing):
    """Pictures of the current level to logits."""

    def __init__(self, options: ProgressiveOptions, shape: ImageShape) -> None:
        super().__init__(shape.resolution)
        maps = feature_maps(options)
        widths = [maps.at(side) for side in self.sides]
        self.from_rgb = nn.ModuleList(EqualizedConv2d(shape.channels, width, 1) for width in widths)
        self.blocks = nn.ModuleList(Halving(fine, fine, coarse) for coarse, fine in pairwise(widths))
        self.features = Features(widths[0], widths[0], maps.at(2), options.stddev_group)
        self.verdict = LogitHead(maps.at(2), shape.classes)

    def forward(self, images: Images, labels: Int64[Tensor, "n"] | None = None) -> Float[Tensor, "n"]:
        """Logits of the pictures, conditioned on labels where there are classes."""
        (level, fades), image = self.stage, images[-1]
        features = self._entered(image, level)
        if level:
            features = self.blocks[level - 1](features)
        if fades:
            features = self.blended(self._entered(pooled(image), level - 1), features)
        for block in reversed(self.blocks[: max(level - 1, 0)]):
            features = block(features)
        logits: Tensor = self.verdict(self.features(features), labels)
        return logits

    def _entered(self, image: Tensor, level: int) -> Tensor:
        return F.leaky_relu(self.from_rgb[level](image), LEAK)


class ProgressiveGan(Gan):
    """Both networks grown by a schedule; reals are reduced and blended alike."""

    on_device = frozenset({"_grown"})
    generator: ProgressiveGenerator
    discriminator: ProgressiveDiscriminator

    def __init__(
        self,
        generator: ProgressiveGenerator,
        discriminator: ProgressiveDiscriminator,
        options: ProgressiveOptions,
        schedule: Schedule,
    ) -> None:
        super().__init__(generator, discriminator, options.latent)
        self.options, self.schedule = options, schedule
        self._grown = generator.growth

    def advance(self, images_seen: int) -> None:
        """Set level and alpha for this number of images."""
        self._grown = self.schedule.at(images_seen)
        self._set(self._grown)

    def view(self, batch: Float[Tensor, "n c h w"]) -> Images:
        """Reals at the current resolution; during a fade-in, blended with their upscaled half-resolution versions."""
        level, fades = self.generator.stage
        image = pooled(batch, batch.shape[-1] // self.generator.sides[level])
        if fades:
            image = self.generator.blended(upsampled(pooled(image)), image)
        return (image,)

    def stages(self, batch: int) -> Sequence[Stage]:
        """A stage for each fade-in and each level; the optimizers are reset at each if the options say so."""
        return [
            Stage(
                period.start,
                side := self.generator.sides[period.level],
                batch_at(self.options, side, batch),
                f"{'fade in' if period.fades else 'train'} {side} pixels",
                self.options.reset_moments,
            )
            for period in self.schedule.periods()
        ]

    def status(self) -> Mapping[str, float]:
        """The current resolution, and its alpha."""
        return {"level": float(self.generator.sides[self._grown.level]), "alpha": self._grown.alpha}

    def module_sides(self) -> Mapping[str, int]:
        """The sides of all levels, each with a block of its own but for the coarsest."""
        all_levels, finer = self.generator.sides, self.generator.sides[1:]
        of_generator = along("generator.to_rgb", all_levels) | along("generator.blocks", finer)
        return of_generator | along("discriminator.from_rgb", all_levels) | along("discriminator.blocks", finer)

    def levels(self) -> Sequence[int]:
        """The levels that have begun to grow."""
        return self.generator.sides[: self._grown.level + 1]

    def show(self, level: int | None) -> None:
        """Set the level of this resolution, with alpha 1."""
        self._set(self._grown if level is None else Growth(self.generator.sides.index(level)))

    def _set(self, growth: Growth) -> None:
        self.generator.grow(growth)
        self.discriminator.grow(growth)


def build(options: ProgressiveOptions, shape: ImageShape) -> Gan:
    """A progressive GAN for a power of two from 8 to 1024 pixels."""
    generator, discriminator = ProgressiveGenerator(options, shape), ProgressiveDiscriminator(options, shape)
    return ProgressiveGan(generator, discriminator, options, schedule_of(options, shape.resolution))
