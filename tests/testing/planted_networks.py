"""Architectures, sound ones and with one fault each."""

import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import gantool

LATENT = 4


class Generator(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.first = nn.Linear(LATENT + shape.classes, 8 * 4 * 4)
        self.norm = nn.BatchNorm2d(8)
        self.last = nn.Conv2d(8, shape.channels, 3, padding=1)

    def forward(self, z, labels=None):
        if self.shape.classes:
            z = torch.cat([z, F.one_hot(labels, self.shape.classes).to(z.dtype)], dim=1)
        maps = self.norm(self.first(z).view(-1, 8, 4, 4)).relu()
        return (self.paint(F.interpolate(maps, size=(self.shape.resolution, self.shape.resolution))),)

    def paint(self, maps):
        return torch.tanh(self.last(maps)).float()


class Discriminator(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.first = nn.Conv2d(shape.channels, 8, 4, 4)
        self.last = nn.Linear(8 * (shape.resolution // 4) ** 2, 1)
        self.embedding = nn.Embedding(shape.classes, 8) if shape.classes else None

    def forward(self, images, labels=None):
        maps = F.leaky_relu(self.first(images[-1]), 0.2)
        logits = self.last(maps.flatten(1)).flatten()
        if self.embedding is not None:
            logits = logits + (self.embedding(labels) * maps.mean(dim=(2, 3))).sum(dim=1)
        return logits


def built(shape, generator=Generator, discriminator=Discriminator, gan=gantool.Gan):
    return gan(generator(shape), discriminator(shape), LATENT)


def sound(options, shape):
    return built(shape)


class LazyDiscriminator(Discriminator):
    def __init__(self, shape):
        super().__init__(shape)
        self.last = nn.LazyLinear(1)


def lazy(options, shape):
    return built(shape, discriminator=LazyDiscriminator)


def only_unlabelled(options, shape):
    if shape.classes:
        raise gantool.GantoolError("It draws without labels only.")
    return built(shape)


def of_three_channels(options, shape):
    class Colored(Generator):
        def paint(self, maps):
            return super().paint(maps)[:, :3]

    return built(shape, generator=Colored)


def seeding_noise(options, shape):
    class Seeding(Generator):
        def paint(self, maps):
            torch.manual_seed(3)
            return super().paint(maps + 0.1 * torch.randn_like(maps))

    return built(shape, Seeding)


def seeding_weights(options, shape):
    torch.manual_seed(3)
    return built(shape)


def dead_parameter(options, shape):
    class Detaching(Generator):
        def paint(self, maps):
            return torch.tanh(F.conv2d(maps, self.last.weight.detach(), self.last.bias, padding=1))

    return built(shape, Detaching)


def batchnorm_in_eval(options, shape):
    class Freezing(Generator):
        def forward(self, z, labels=None):
            images = super().forward(z, labels)
            self.norm.eval()
            return images

    return built(shape, Freezing)


def batchnorm_out_of_reach(options, shape):
    class Frozen(Generator):
        def train(self, mode=True):
            super().train(mode)
            self.norm.eval()
            return self

    return built(shape, Frozen)


def unseeded_noise(options, shape):
    class Noisy(Generator):
        def paint(self, maps):
            noise = torch.from_numpy(np.random.default_rng().normal(size=maps.shape)).to(maps.dtype)
            return super().paint(maps + 0.1 * noise)

    return built(shape, Noisy)


def unseeded_choice(options, shape):
    class Mixing(Generator):
        def paint(self, maps):
            flipped = self.training and random.random() < 0.5
            return super().paint(maps.flip(-1) if flipped else maps)

    return built(shape, Mixing)


def unseeded_weights(options, shape):
    gan = built(shape)
    with torch.no_grad():
        gan.discriminator.first.weight.copy_(
            torch.from_numpy(np.random.default_rng().normal(size=(8, shape.channels, 4, 4)))
        )
    return gan


def loose_tensor(options, shape):
    class Averaging(Generator):
        mean = None

        def paint(self, maps):
            if self.training:
                self.mean = maps.detach().mean()
            return super().paint(maps if self.mean is None else maps - self.mean)

    return built(shape, Averaging)


def state_outside(options, shape):
    class Listing(Generator):
        def __init__(self, shape):
            super().__init__(shape)
            self.seen = [torch.zeros(())]

        def paint(self, maps):
            if self.training:
                self.seen[0] = maps.detach().mean()
            return super().paint(maps - self.seen[0])

    return built(shape, Listing)


def mixing_batch(options, shape):
    class Softmax(Discriminator):
        def forward(self, images, labels=None):
            return torch.softmax(super().forward(images, labels), dim=0)

    return built(shape, discriminator=Softmax)


def order_matters(options, shape):
    class Reshaping(Discriminator):
        compares_samples = True

        def forward(self, images, labels=None):
            logits = super().forward(images, labels)
            return logits + 0.1 * torch.arange(len(logits))

    return built(shape, discriminator=Reshaping)


def deaf_to_labels(options, shape):
    class Deaf(Generator):
        def forward(self, z, labels=None):
            return super().forward(z, None if labels is None else torch.zeros_like(labels))

    return built(shape, Deaf)


def history_matters(options, shape):
    class Growing(gantool.Gan):
        def stages(self, batch):
            return [gantool.Stage(0, shape.resolution, batch), gantool.Stage(100, shape.resolution, batch)]

        def advance(self, images_seen):
            scale = self.generator.first.bias
            with torch.no_grad():
                scale += images_seen * 1e-3

    return built(shape, gan=Growing)


def inexact(options, shape):
    class Counting(Generator):
        calls = 0

        def paint(self, maps):
            self.calls += self.training and self.calls < 1000
            return super().paint(maps * (1 + 0.1 * self.calls * self.training))

    return built(shape, Counting)


def not_finite(options, shape):
    class Rooting(Discriminator):
        def forward(self, images, labels=None):
            logits = super().forward(images, labels)
            return logits + (0 * logits).sqrt()

    return built(shape, discriminator=Rooting)


class TwoHeads(Discriminator):
    """Its second head counts as what terms may need."""

    def __init__(self, shape):
        super().__init__(shape)
        self.second = nn.Linear(8, 1)

    def forward(self, images, labels=None):
        maps = F.leaky_relu(self.first(images[-1]), 0.2)
        return super().forward(images, labels), self.second(maps.mean(dim=(2, 3))).flatten()


def with_two_heads(options, shape):
    return built(shape, discriminator=TwoHeads)


class Late(Generator):
    def forward(self, z, labels=None):
        if not hasattr(self, "scale"):
            self.register_buffer("scale", torch.ones(LATENT))
        return super().forward(z * self.scale, labels)


def registering_late(options, shape):
    return built(shape, generator=Late)
