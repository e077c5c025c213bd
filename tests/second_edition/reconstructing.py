"""A discriminator that also draws the picture it judges (FastGAN, Liu et al. 2021, eq. 4)."""

import torch
from torch import nn
from torch.nn import functional as F

import gantool
from second_edition import ReconstructingOptions


class Generator(nn.Module):
    def __init__(self, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.side = shape.resolution
        pixels = shape.channels * self.side**2
        self.layers = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, pixels), nn.Tanh())

    def forward(self, z, labels=None):
        return (self.layers(z).unflatten(1, (-1, self.side, self.side)),)


class Discriminator(nn.Module):
    def __init__(self, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(shape.channels, 8, 4, 2, 1), nn.LeakyReLU(0.2))
        self.judge = nn.Linear(8 * shape.resolution**2 // 4, 1)
        self.decoder = nn.ConvTranspose2d(8, shape.channels, 4, 2, 1)

    def forward(self, images, labels=None):
        features = self.features(images[-1])
        return self.judge(features.flatten(1)).flatten(), torch.tanh(self.decoder(features))


class Reconstructing(gantool.Gan):
    def __init__(self, options: ReconstructingOptions, shape: gantool.ImageShape) -> None:
        super().__init__(Generator(shape), Discriminator(shape), 4)
        self.asked = options.terms

    def terms(self, side, seen):
        if side == "generator" or not self.asked:
            return {}
        return {"reconstruction": F.l1_loss(seen.of_real, seen.real[-1], reduction="none").mean(dim=(1, 2, 3))}


def build(options: ReconstructingOptions, shape: gantool.ImageShape) -> gantool.Gan:
    if shape.classes:
        raise gantool.GantoolError("reconstructing draws without labels: leave --labels out.")
    return Reconstructing(options, shape)
