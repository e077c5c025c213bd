"""FastGAN's generator: skip-layer excitation over a plain stack of convolutions (Liu et al. 2021, section 3.1)."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

import gantool
from gantool_projected import FastGan
from gantool_projected.settling import number

BASIS = 4
"""Side of the coarsest maps."""
MOST_TIMES = 16
"""The factor between the sides that an excitation joins, at most."""
DOUBLE_CONVOLUTION = (8, 32, 128, 512)
"""Sides with two convolutions, between which are sides with one."""
LEAK = 0.1
Labels = Int64[Tensor, "n"] | None
Maps = Float[Tensor, "n c h w"]


def sides(resolution: int) -> list[int]:
    """Coarse to fine: 4, 8, ... up to the picture's own."""
    return [BASIS * 2**power for power in range((resolution // BASIS).bit_length())]


def channels(width: int, side: int) -> int:
    """Channels of the generator's maps at this side: `width` at 128 pixels, as many at 64 as at 32 (appendix A)."""
    return max(2, width * (64 if side <= 32 else 128) // side)


def initialised(network: nn.Module) -> None:
    """Weights that keep the variance of maps (He et al. 2015), gains of normalisation from N(1, 0.02), as in DCGAN."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)


class Doubling(nn.Module):
    """Maps at twice the side: one or two convolutions with BatchNorm, and gated linear units."""

    def __init__(self, inputs: int, outputs: int, convolutions: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Upsample(scale_factor=2, mode="nearest")]
        for _ in range(convolutions):
            layers += [
                nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False), nn.BatchNorm2d(2 * outputs), nn.GLU(dim=1)
            ]  # fmt: skip
            inputs = outputs
        self.layers = nn.Sequential(*layers)

    def forward(self, maps: Maps) -> Float[Tensor, "n _ _ _"]:
        """From `[n, inputs, h, w]` to `[n, outputs, 2h, 2w]`."""
        made: Tensor = self.layers(maps)
        return made


class Excitation(nn.Module):
    """Channels of fine maps scaled by what coarse ones show (skip-layer excitation, eq. 1)."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.gates = nn.Sequential(
            nn.Conv2d(coarse, fine, BASIS), nn.LeakyReLU(LEAK), nn.Conv2d(fine, fine, 1), nn.Sigmoid()
        )

    def forward(self, fine: Maps, coarse: Float[Tensor, "n c_coarse h_coarse w_coarse"]) -> Maps:
        """The fine maps, each channel times a number from 0 to 1."""
        gates: Tensor = self.gates(F.avg_pool2d(coarse, coarse.shape[-1] // BASIS))
        return fine * gates


class Generator(nn.Module):
    """z to 4x4 maps, then doublings; excitations join a side with that of 16 times it (8 times at 32 pixels)."""

    def __init__(self, options: FastGan, shape: gantool.ImageShape) -> None:
        super().__init__()
        width = number(options.width, "width")
        plan = sides(shape.resolution)
        self.label = nn.Embedding(shape.classes, options.embedding) if shape.classes else None
        inputs = options.latent + (options.embedding if shape.classes else 0)
        basis = 2 * channels(width, BASIS)
        self.basis = nn.Sequential(
            nn.ConvTranspose2d(inputs, basis, BASIS, bias=False), nn.BatchNorm2d(basis), nn.GLU(dim=1)
        )
        self.doublings = nn.ModuleList(
            Doubling(channels(width, coarse), channels(width, fine), 2 if fine in DOUBLE_CONVOLUTION else 1)
            for coarse, fine in pairwise(plan)
        )
        self.steps = min(MOST_TIMES, shape.resolution // BASIS).bit_length() - 1
        """Doublings from the coarse side of an excitation to its fine one."""
        self.excitations = nn.ModuleList(
            Excitation(channels(width, coarse), channels(width, fine))
            for coarse, fine in zip(plan, plan[self.steps :], strict=False)
        )
        last = nn.Conv2d(channels(width, plan[-1]), shape.channels, 3, padding=1)
        self.picture = nn.Sequential(last, nn.Tanh())
        initialised(self)
        nn.init.kaiming_normal_(last.weight, nonlinearity="linear")
        if self.label is not None:
            nn.init.normal_(self.label.weight)

    def forward(self, z: Float[Tensor, "n d"], labels: Labels = None) -> gantool.Images:
        """One level of pictures in [-1, 1]."""
        z = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        if self.label is not None:
            if labels is None:
                raise ValueError("a generator with classes was called without labels")
            z = torch.cat([z, self.label(labels)], dim=1)
        maps = [self.basis(z[:, :, None, None])]
        for place, double in enumerate(self.doublings, 1):
            fine = double(maps[-1])
            if place >= self.steps:
                fine = self.excitations[place - self.steps](fine, maps[place - self.steps])
            maps.append(fine)
        return (self.picture(maps[-1]).float(),)

    def sides(self) -> Mapping[str, int]:
        """The side of the maps that each of its modules gives."""
        fine = [BASIS * 2 ** (place + 1) for place in range(len(self.doublings))]
        named = {"generator.basis": BASIS}
        named |= {f"generator.doublings.{place}": side for place, side in enumerate(fine)}
        named |= {f"generator.excitations.{n}": BASIS * 2 ** (n + self.steps) for n in range(len(self.excitations))}
        return named | {"generator.picture": fine[-1]}
