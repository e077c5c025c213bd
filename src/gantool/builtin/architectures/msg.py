"""MSG-GAN (Karnewar and Wang 2020): the generator outputs every level, and the discriminator sees them all."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.networks import Gan, Images
from gantool.api.specs import ImageShape
from gantool.builtin.architectures import MsgOptions
from gantool.builtin.architectures.equalized import (
    LEAK,
    Doubling,
    EqualizedConv2d,
    Features,
    Halving,
    LogitHead,
    MinibatchStd,
    PixelNorm,
    Stem,
    pooled,
)
from gantool.builtin.architectures.growth import along, sides
from gantool.builtin.architectures.layers import with_label
from gantool.builtin.architectures.widths import feature_maps


class MsgGenerator(nn.Module):
    """z `[n, latent]` to a pyramid of pictures, coarse to fine, each level by a 1x1 convolution of its features."""

    def __init__(self, options: MsgOptions, shape: ImageShape) -> None:
        super().__init__()
        self.classes = shape.classes
        maps = feature_maps(options)
        widths = [maps.at(side) for side in sides(shape.resolution)]
        drawn = widths if options.levels == "all" else widths[-1:]
        self.normalise = PixelNorm()
        self.stem = Stem(options.latent + shape.classes, widths[0])
        self.blocks = nn.ModuleList(Doubling(*pair, options.upsampling) for pair in pairwise(widths))
        self.to_rgb = nn.ModuleList(EqualizedConv2d(width, shape.channels, 1, gain=1.0) for width in drawn)

    def forward(self, z: Float[Tensor, "n d"], labels: Int64[Tensor, "n"] | None = None) -> Images:
        """All levels of the pyramid."""
        features = [self.stem(with_label(self.normalise(z), labels, self.classes))]
        for block in self.blocks:
            features.append(block(features[-1]))
        drawn = features[-len(self.to_rgb) :]
        return tuple(draw(level) for draw, level in zip(self.to_rgb, drawn, strict=True))


class Combination(nn.Module):
    """The function that joins a level's picture to the features from the finer level (the paper's phi; section 3.1).

    simple: concatenation; lin_cat: concatenation after a 1x1 convolution of the picture; cat_lin: a 1x1 convolution of
    the concatenation.
    """

    def __init__(self, kind: str, channels: int, features: int) -> None:
        super().__init__()
        linear = {"lin_cat": (channels, features), "cat_lin": (channels + features, features)}
        made = {name: EqualizedConv2d(*sizes, 1, gain=1.0) for name, sizes in linear.items() if name == kind}
        self.of_image = made.get("lin_cat", nn.Identity())
        self.of_both = made.get("cat_lin", nn.Identity())

    def forward(self, image: Float[Tensor, "n c h w"], features: Float[Tensor, "n d h w"]) -> Float[Tensor, "n _ h w"]:
        """The joined features."""
        joined: Tensor = self.of_both(torch.cat([self.of_image(image).to(features.dtype), features], dim=1))
        return joined


def joined_channels(kind: str, channels: int, features: int) -> int:
    """The channels that a Combination returns."""
    return {"simple": channels + features, "lin_cat": 2 * features, "cat_lin": features}[kind]


class MsgDiscriminator(nn.Module):
    """A pyramid of pictures to logits: each coarser picture is joined to the features of its resolution."""

    def __init__(self, options: MsgOptions, shape: ImageShape) -> None:
        super().__init__()
        maps = feature_maps(options)
        widths = [maps.at(side) for side in sides(shape.resolution)]
        joined = widths[:-1] if options.levels == "all" else []
        self.from_rgb = EqualizedConv2d(shape.channels, widths[-1], 1)
        self.join = nn.ModuleList(Combination(options.combine, shape.channels, width) for width in joined)
        entering = [joined_channels(options.combine, shape.channels, width) for width in joined]
        entering += widths[len(joined) :]
        self.blocks = nn.ModuleList(
            nn.Sequential(MinibatchStd(options.stddev_group), Halving(inputs + 1, fine, coarse))
            for inputs, fine, coarse in zip(entering[1:], widths[1:], widths, strict=False)
        )
        self.features = Features(entering[0], widths[0], maps.at(2), options.stddev_group)
        self.verdict = LogitHead(maps.at(2), shape.classes)

    def forward(self, images: Images, labels: Int64[Tensor, "n"] | None = None) -> Float[Tensor, "n"]:
        """Logits of the pyramids, conditioned on labels where there are classes."""
        features = F.leaky_relu(self.from_rgb(images[-1]), LEAK)
        for level in reversed(range(len(self.blocks))):
            features = self.blocks[level](features)
            if self.join:
                features = self.join[level](images[level], features)
        logits: Tensor = self.verdict(self.features(features), labels)
        return logits


class MsgGan(Gan):
    """All levels train from the start: reals are an average-pooled pyramid."""

    def __init__(self, generator: MsgGenerator, discriminator: MsgDiscriminator, latent_dim: int) -> None:
        super().__init__(generator, discriminator, latent_dim)
        self._levels, self._sides = len(generator.to_rgb), sides(4 * 2 ** len(generator.blocks))

    def view(self, batch: Float[Tensor, "n c h w"]) -> Images:
        """The batch at every level, coarse to fine."""
        pyramid = [batch]
        for _ in range(self._levels - 1):
            pyramid.insert(0, pooled(pyramid[0]))
        return tuple(pyramid)

    def module_sides(self) -> Mapping[str, int]:
        """Each level has a block but for the coarsest; only the finest picture enters by a layer of its own."""
        levels, finer = self._sides, self._sides[1:]
        of_generator = along("generator.to_rgb", levels[-self._levels :]) | along("generator.blocks", finer)
        joined = along("discriminator.join", levels[: self._levels - 1])
        return of_generator | {"discriminator.from_rgb": levels[-1]} | along("discriminator.blocks", finer) | joined


def build(options: MsgOptions, shape: ImageShape) -> Gan:
    """An MSG-GAN for a power of two from 8 to 1024 pixels."""
    return MsgGan(MsgGenerator(options, shape), MsgDiscriminator(options, shape), options.latent)
