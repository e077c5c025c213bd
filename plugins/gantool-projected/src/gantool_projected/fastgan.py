"""FastGAN (Liu et al. 2021, arXiv 2101.04775): the discriminator, which reconstructs reals from its own features."""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

import gantool
from gantool_projected import FastGanOptions
from gantool_projected.generator import Generator, Labels, initialised, sides
from gantool_projected.heads import Conditioned
from gantool_projected.settling import number

LEAK = 0.2
LAST, PART = 8, 16
"""Sides of the features that are decoded: the last ones whole, of the finer ones a quarter."""
MOST_DRAWN = 128
"""The most pixels a side of what is reconstructed; half the picture's side where that is less."""
Maps = Float[Tensor, "n c h w"]


class Features(NamedTuple):
    """Features of a picture at 16 and at 8 pixels."""

    fine: Float[Tensor, "n c 16 16"]
    coarse: Float[Tensor, "n d 8 8"]


def channels(width: int, side: int) -> int:
    """Channels of the discriminator's maps at this side."""
    return max(2, width * min(16, max(1, 128 // side)) if side <= 128 else width * 128 // side)


class Halving(nn.Module):
    """Maps at half the side: convolutions, and pooling beside them; their mean (figure 4)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(LEAK),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(LEAK),
        )  # fmt: skip
        self.beside = nn.Sequential(
            nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(LEAK)
        )

    def forward(self, maps: Maps) -> Float[Tensor, "n _ _ _"]:
        """From `[n, inputs, h, w]` to `[n, outputs, h/2, w/2]`."""
        made: Tensor = (self.main(maps) + self.beside(maps)) / 2
        return made


class Decoder(nn.Sequential):
    """A small picture from 8x8 features: doublings with gated linear units (section 3.2)."""

    def __init__(self, inputs: int, side: int, picture: int) -> None:
        layers: list[nn.Module] = []
        for _ in sides(side)[2:]:
            outputs = max(2, inputs // 2)
            layers += [
                nn.Upsample(scale_factor=2, mode="nearest"),
                nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False), nn.BatchNorm2d(2 * outputs), nn.GLU(dim=1),
            ]  # fmt: skip
            inputs = outputs
        super().__init__(*layers, nn.Conv2d(inputs, picture, 3, padding=1), nn.Tanh())


class Discriminator(nn.Module):
    """Pictures to 8x8 maps by halvings, of which 25 logits are made; and decoders of its features."""

    def __init__(self, options: FastGanOptions, shape: gantool.ImageShape) -> None:
        super().__init__()
        width, side = number(options.width, "width"), shape.resolution
        plan = [side // 2**power for power in range((side // LAST).bit_length())]
        widths = [channels(width, each) for each in plan]
        self.picture = nn.Sequential(nn.Conv2d(shape.channels, widths[0], 3, padding=1), nn.LeakyReLU(LEAK))
        self.halvings = nn.ModuleList(Halving(*pair) for pair in pairwise(widths))
        self.head = Conditioned(
            nn.Sequential(
                nn.Conv2d(widths[-1], widths[-1], 1, bias=False), nn.BatchNorm2d(widths[-1]), nn.LeakyReLU(LEAK)
            ),
            nn.Conv2d(widths[-1], 1, 4),
            widths[-1],
            shape.classes,
        )
        self.drawn = min(MOST_DRAWN, side // 2)
        self.whole = Decoder(widths[-1], self.drawn, shape.channels)
        self.part = Decoder(widths[-2], self.drawn, shape.channels)
        self.plan = plan
        initialised(self)

    def forward(self, images: gantool.Images, labels: Labels = None) -> tuple[Float[Tensor, "n k"], Features]:
        """Logits of 25 places of each picture, and what `reconstruction` draws it again from."""
        maps = self.picture(images[-1])
        found = {}
        for side, halve in zip(self.plan[1:], self.halvings, strict=True):
            found[side] = maps = halve(maps)
        return self.head(maps, labels), Features(found[PART], found[LAST])

    def reconstruction(self, real: Maps, features: Features) -> Float[Tensor, "n"]:
        """The mean absolute errors of a real drawn again, whole and one quarter of it (eq. 4)."""
        quarter = torch.randint(4, (len(real),), device=real.device)
        whole = self.whole(features.coarse.float())
        part = self.part(taken(features.fine.float(), quarter))
        wanted = (shrunk(real, self.drawn), shrunk(taken(real, quarter), self.drawn))
        errors = [(made - real).abs().flatten(1).mean(dim=1) for made, real in zip((whole, part), wanted, strict=True)]
        return torch.stack(errors).sum(dim=0)


def taken(maps: Maps, quarter: Int64[Tensor, "n"]) -> Float[Tensor, "n c _ _"]:
    """One quarter of each sample's maps, counted from the left above; chosen on the device, which no host waits for."""
    half = maps.shape[-1] // 2
    n, c = maps.shape[:2]
    quarters = maps.reshape(n, c, 2, half, 2, half).permute(2, 4, 0, 1, 3, 5).flatten(0, 1)  # (4, n, c, h, w)
    found: Tensor = quarters[quarter, torch.arange(n, device=maps.device)]
    return found


def shrunk(maps: Maps, side: int) -> Float[Tensor, "n c _ _"]:
    """Means over squares of pixels, down to this side."""
    return F.avg_pool2d(maps, maps.shape[-1] // side)


class FastGanGan(gantool.Gan):
    """Both networks, and the reconstruction of reals."""

    generator: Generator
    discriminator: Discriminator

    def __init__(self, options: FastGanOptions, shape: gantool.ImageShape) -> None:
        super().__init__(Generator(options, shape), Discriminator(options, shape), options.latent)
        self.weight = options.reconstruction

    def terms(self, side: str, seen: gantool.Seen) -> Mapping[str, Float[Tensor, "n"]]:
        """The reconstruction, in the discriminator's step."""
        if side == "generator" or not self.weight or seen.real is None:
            return {}
        return {"reconstruction": self.weight * self.discriminator.reconstruction(seen.real[-1], seen.of_real)}

    def module_sides(self) -> Mapping[str, int]:
        """Each doubling by what it gives, each halving by what it takes."""
        taken_at = self.discriminator.plan
        named = {f"discriminator.halvings.{place}": side for place, side in enumerate(taken_at[:-1])}
        return {**self.generator.sides(), "discriminator.picture": taken_at[0], **named}


def build(options: FastGanOptions, shape: gantool.ImageShape) -> gantool.Gan:
    """Both networks, for 32 to 1024 pixels."""
    return FastGanGan(options, shape)
