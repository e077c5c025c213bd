"""AC-GAN (Odena et al. 2017): a discriminator that also tells the class, and a generator that is taught by it."""

import torch
from torch import nn
from torch.nn import functional as F

import gantool


class Generator(nn.Module):
    def __init__(self, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.shape = shape
        pixels = shape.channels * shape.resolution**2
        self.layers = nn.Sequential(nn.Linear(4 + shape.classes, 64), nn.ReLU(), nn.Linear(64, pixels), nn.Tanh())

    def forward(self, z, labels=None):
        joined = torch.cat([z, F.one_hot(labels, self.shape.classes).float()], dim=1)
        return (self.layers(joined).unflatten(1, (-1, self.shape.resolution, self.shape.resolution)),)


class Discriminator(nn.Module):
    def __init__(self, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(shape.channels, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten())
        size = 16 * shape.resolution**2 // 4
        self.judge, self.classes = nn.Linear(size, 1), nn.Linear(size, shape.classes)

    def forward(self, images, labels=None):
        features = self.features(images[-1])
        return self.judge(features).flatten(), self.classes(features)


class Classifying(gantool.Gan):
    def terms(self, side, seen):
        if side == "discriminator":
            return {"class_of_reals": F.cross_entropy(seen.of_real, seen.labels, reduction="none")}
        return {"class_of_fakes": F.cross_entropy(seen.of_fake, seen.labels, reduction="none")}


def build(options: gantool.Options, shape: gantool.ImageShape) -> gantool.Gan:
    if not shape.classes:
        raise gantool.GantoolError("classifying is made for labels: give --labels.")
    return Classifying(Generator(shape), Discriminator(shape), 4)
