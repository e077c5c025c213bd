"""Projected GAN (Sauer et al. 2021, arXiv 2111.01007): discriminators of mixed features of a frozen network."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

import gantool
from gantool_projected import ProjectedOptions
from gantool_projected.fastgan import shrunk
from gantool_projected.frozen import CHANNELS, Mixing, features_of
from gantool_projected.generator import Generator, Labels
from gantool_projected.heads import Conditioned
from gantool_projected.settling import number

LEAK = 0.2
FIRST_STRIDE = 4
"""Pixels from one of the finest features to the next."""
LAST = 4
"""Side of the maps of which logits are made, or less."""
OPAQUE = 3
"""Channels that the features take."""


def head(channels: int, side: int, classes: int, before: Sequence[nn.Module] = ()) -> Conditioned:
    """One discriminator: halvings to 4x4 maps with spectral normalisation, and a logit of each place (appendix)."""
    layers = list(before)
    while side > LAST:
        layers += [
            spectral_norm(nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=False)),
            nn.BatchNorm2d(2 * channels),
            nn.LeakyReLU(LEAK),
        ]
        channels, side = 2 * channels, side // 2
    layers += [
        spectral_norm(nn.Conv2d(channels, channels, 1, bias=False)), nn.BatchNorm2d(channels), nn.LeakyReLU(LEAK)
    ]  # fmt: skip
    return Conditioned(nn.Sequential(*layers), spectral_norm(nn.Conv2d(channels, 1, 3, padding=1)), channels, classes)


def head_of_pixels(width: int, side: int, shape: gantool.ImageShape) -> Conditioned:
    """A discriminator of pictures of this side, in their own channels.

    Features show a wrong colour, but their gradient at the picture hardly points to the right one (see the README).
    """
    taken = spectral_norm(nn.Conv2d(shape.channels, width, 3, padding=1))
    return head(width, side, shape.classes, [taken, nn.LeakyReLU(LEAK)])


class Discriminator(nn.Module):
    """A discriminator of each of four scales of frozen features, mixed at random, and one of small pictures."""

    def __init__(self, options: ProjectedOptions, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.side = number(options.side, "side")
        self.features = features_of(options.weights)
        self.mixing = Mixing(CHANNELS, options.mix)
        self.heads = nn.ModuleList(
            head(width, self.side // (FIRST_STRIDE * 2**scale), shape.classes)
            for scale, width in enumerate(self.mixing.widths)
        )
        self.pixels = options.pixels
        if self.pixels:
            self.heads.append(head_of_pixels(options.mix, self.pixels, shape))

    def forward(self, images: gantool.Images, labels: Labels = None) -> Float[Tensor, "n k"]:
        """Logits of all places and scales."""
        judged: list[Tensor] = self.mixing(self.features(self.seen(images[-1])))
        if self.pixels:
            judged = [*judged, shrunk(images[-1], self.pixels)]
        return torch.cat([head(maps, labels) for head, maps in zip(self.heads, judged, strict=True)], dim=1)

    def seen(self, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 3 _ _"]:
        """Pictures as the features take them: opaque, in three channels, of the features' side.

        Transparent ones lie on white; in training on a grey of their own each, or transparency would not be seen.
        """
        if pictures.shape[1] > OPAQUE:
            ground = 2 * torch.rand_like(pictures[:, :1, :1, :1]) if self.training else 2.0
            pictures = pictures[:, :OPAQUE] + (1 - pictures[:, OPAQUE:]) / 2 * ground
        if pictures.shape[-1] < self.side:
            pictures = F.interpolate(pictures, size=(self.side, self.side), mode="bilinear")
        elif pictures.shape[-1] > self.side:
            pictures = F.interpolate(pictures, size=(self.side, self.side), mode="area")
        return pictures.expand(-1, OPAQUE, -1, -1)


class Projected(gantool.Gan):
    """FastGAN's generator and the projected discriminator."""

    generator: Generator

    def __init__(self, options: ProjectedOptions, shape: gantool.ImageShape) -> None:
        super().__init__(Generator(options, shape), Discriminator(options, shape), options.latent)

    def module_sides(self) -> Mapping[str, int]:
        """Those of the generator: the discriminator's work on features, whatever the pictures' side."""
        return self.generator.sides()


def build(options: ProjectedOptions, shape: gantool.ImageShape) -> gantool.Gan:
    """Both networks, for 32 to 1024 pixels."""
    return Projected(options, shape)
