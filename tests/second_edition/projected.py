"""A projected discriminator (Sauer et al. 2021): judges on the features of a network that is never trained."""

import torch
from torch import nn

import gantool


class Features(nn.Module):
    """A fixed network, which stays in evaluation mode."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(channels, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True):
        return super().train(False)

    def forward(self, images):
        first = self.first(images)
        return first, self.second(first)


class Discriminator(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.features = Features(channels)
        self.judges = nn.ModuleList([nn.Conv2d(8, 1, 4, 2, 1), nn.Conv2d(16, 1, 3, 1, 1)])

    def forward(self, images, labels=None):
        """One logit for each place of two scales, `[n, k]`."""
        return torch.cat(
            [judge(seen).flatten(1) for judge, seen in zip(self.judges, self.features(images[-1]), strict=True)], 1
        )


class Generator(nn.Module):
    def __init__(self, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.side = shape.resolution
        pixels = shape.channels * self.side**2
        self.layers = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, pixels), nn.Tanh())

    def forward(self, z, labels=None):
        return (self.layers(z).unflatten(1, (-1, self.side, self.side)),)


def build(options: gantool.Options, shape: gantool.ImageShape) -> gantool.Gan:
    if shape.classes:
        raise gantool.GantoolError("projected draws without labels: leave --labels out.")
    return gantool.Gan(Generator(shape), Discriminator(shape.channels), 4)
