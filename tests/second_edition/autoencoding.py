"""A variational autoencoder (Kingma and Welling 2014): a generator without an adversary."""

import torch
from torch import nn

import gantool


class Decoder(nn.Module):
    """The generator; the encoder that it learns with is a part of it."""

    def __init__(self, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.side = shape.resolution
        pixels = shape.channels * self.side**2
        self.layers = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, pixels), nn.Tanh())
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 64), nn.ReLU(), nn.Linear(64, 8))

    def forward(self, z, labels=None):
        return (self.layers(z).unflatten(1, (-1, self.side, self.side)),)


class Autoencoding(gantool.Gan):
    def terms(self, side, seen):
        """The two parts of the evidence lower bound, negative, with pixels of deviation 0.3."""
        mean, logarithm = self.generator.encoder(seen.real[-1]).chunk(2, dim=1)
        z = mean + torch.exp(logarithm / 2) * torch.randn_like(mean)
        drawn = self.generator(z, seen.labels)[-1]
        return {
            "reconstruction": (drawn - seen.real[-1]).square().flatten(1).sum(dim=1) / (2 * 0.3**2),
            "divergence": (mean.square() + logarithm.exp() - 1 - logarithm).sum(dim=1) / 2,
        }


def build(options: gantool.Options, shape: gantool.ImageShape) -> gantool.Gan:
    if shape.classes:
        raise gantool.GantoolError("autoencoding draws without labels: leave --labels out.")
    return Autoencoding(Decoder(shape), None, 4)
