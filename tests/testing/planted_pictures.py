"""Architectures whose pictures are in a wrong range, or the same for every latent, and a sound one that looks so."""

import torch
from planted_networks import LATENT, Generator, built
from torch import nn


def wrong_range(options, shape):
    class ZeroToOne(Generator):
        def paint(self, maps):
            return torch.sigmoid(self.last(maps))

    return built(shape, ZeroToOne)


def bytes_range(options, shape):
    class Bytes(Generator):
        def paint(self, maps):
            return 127.5 * torch.tanh(self.last(maps))

    return built(shape, Bytes)


def wrong_middle(options, shape):
    class AboutThree(Generator):
        def paint(self, maps):
            return 5 * self.last(maps) + 3

    return built(shape, AboutThree)


def below_zero(options, shape):
    class MinusOneToZero(Generator):
        def paint(self, maps):
            return torch.sigmoid(self.last(maps)) - 1

    return built(shape, MinusOneToZero)


def bright_by_chance(options, shape):
    """Sound: its last layer is linear, and the bias that a seed gives it may be large."""

    class Biased(Generator):
        def __init__(self, shape):
            super().__init__(shape)
            nn.init.normal_(self.last.bias, std=2)

        def paint(self, maps):
            return self.last(maps)

    return built(shape, Biased)


def same_for_every_latent(options, shape):
    class Constant(Generator):
        def __init__(self, shape):
            super().__init__(shape)
            self.constant = nn.Parameter(torch.randn(LATENT))

        def forward(self, z, labels=None):
            return super().forward(0 * z + self.constant, labels)

    return built(shape, Constant)


def noise_for_every_latent(options, shape):
    class Redrawing(Generator):
        def forward(self, z, labels=None):
            return super().forward(torch.randn_like(z), labels)

    return built(shape, Redrawing)


def wrong_shape(options, shape):
    class Half(Generator):
        def paint(self, maps):
            return torch.tanh(self.last(maps))[:, :, ::2, ::2]

    return built(shape, Half)
