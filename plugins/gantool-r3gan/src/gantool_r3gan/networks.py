"""The two networks, mirror images of each other (Huang et al. 2024, section 3.3 and appendix)."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

import gantool
from gantool_r3gan import R3ganOptions
from gantool_r3gan.layers import Block, Double, Halve, conv
from gantool_r3gan.settling import channels

BASIS = 4
"""Side of the coarsest maps."""
Labels = Int64[Tensor, "n"] | None


def sides(resolution: int) -> list[int]:
    """Coarse to fine: 4, 8, ... up to the picture's own."""
    return [BASIS * 2**power for power in range((resolution // BASIS).bit_length())]


def _blocks(options: R3ganOptions, side: int, depth: int) -> list[nn.Module]:
    width = channels(options, side)
    return [Block(width, options.expansion, options.group, depth) for _ in range(options.blocks)]


class Generator(nn.Module):
    """A learnt basis of 4x4 maps, mixed by z, then blocks and doublings up to the picture."""

    def __init__(self, options: R3ganOptions, shape: gantool.ImageShape) -> None:
        super().__init__()
        plan = sides(shape.resolution)
        depth = options.blocks * len(plan)
        coarsest = channels(options, plan[0])
        self.label = nn.Embedding(shape.classes, options.embedding) if shape.classes else None
        inputs = options.latent + (options.embedding if shape.classes else 0)
        self.basis = nn.Parameter(torch.randn(coarsest, BASIS, BASIS))
        self.mix = nn.Linear(inputs, coarsest, bias=False)
        nn.init.kaiming_normal_(self.mix.weight, nonlinearity="linear")
        layers = _blocks(options, plan[0], depth)
        for coarse, fine in pairwise(plan):
            layers += [Double(channels(options, coarse), channels(options, fine)), *_blocks(options, fine, depth)]
        self.layers = nn.Sequential(*layers)
        self.picture = conv(channels(options, plan[-1]), shape.channels)

    def forward(self, z: Float[Tensor, "n d"], labels: Labels = None) -> gantool.Images:
        """One level of pictures, about [-1, 1]; the last layer has no bound."""
        if self.label is not None and labels is not None:
            z = torch.cat([z, self.label(labels)], dim=1)
        maps = self.mix(z)[:, :, None, None] * self.basis
        return (self.picture(self.layers(maps)),)


class Discriminator(nn.Module):
    """Pictures to 4x4 maps by blocks and halvings; a convolution of each whole map makes a vector, and a logit of it.

    With classes the logit is the vector's scalar product with the label's (Miyato and Koyama 2018).
    """

    def __init__(self, options: R3ganOptions, shape: gantool.ImageShape) -> None:
        super().__init__()
        plan = sides(shape.resolution)[::-1]
        depth = options.blocks * len(plan)
        coarsest = channels(options, plan[-1])
        self.picture = conv(shape.channels, channels(options, plan[0]))
        layers: list[nn.Module] = []
        for fine, coarse in pairwise(plan):
            layers += [*_blocks(options, fine, depth), Halve(channels(options, fine), channels(options, coarse))]
        self.layers = nn.Sequential(*layers, *_blocks(options, plan[-1], depth))
        self.basis = nn.Conv2d(coarsest, coarsest, BASIS, groups=coarsest, bias=False)
        self.label = nn.Embedding(shape.classes, options.embedding) if shape.classes else None
        self.mix = nn.Linear(coarsest, options.embedding if shape.classes else 1, bias=False)
        for layer in (self.basis, self.mix):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")

    def forward(self, images: gantool.Images, labels: Labels = None) -> gantool.Logits:
        """One logit for each picture, given its label where there are classes."""
        vectors: Tensor = self.mix(self.basis(self.layers(self.picture(images[-1]))).flatten(1))
        if self.label is not None and labels is not None:
            vectors = vectors * self.label(labels) / vectors.shape[1] ** 0.5
        return vectors.sum(dim=1)


class R3gan(gantool.Gan):
    """Both networks; the generator counts its layers from the coarsest on, the discriminator from the finest."""

    def __init__(self, options: R3ganOptions, shape: gantool.ImageShape) -> None:
        super().__init__(Generator(options, shape), Discriminator(options, shape), options.latent)
        self._sides, self._blocks = sides(shape.resolution), options.blocks

    def module_sides(self) -> Mapping[str, int]:
        """Blocks at each side, before them a doubling in the generator, behind them a halving in the discriminator."""
        coarsest, *finer = self._sides
        at_first = [coarsest] * self._blocks
        upward = [*at_first, *(side for side in finer for _ in range(self._blocks + 1))]
        named = {f"generator.layers.{number}": side for number, side in enumerate(upward)}
        named |= {f"discriminator.layers.{number}": side for number, side in enumerate(reversed(upward))}
        return named | {f"{title}.picture": self._sides[-1] for title in ("generator", "discriminator")}


def build(options: R3ganOptions, shape: gantool.ImageShape) -> gantool.Gan:
    """Both networks, for 32 to 256 pixels."""
    return R3gan(options, shape)
