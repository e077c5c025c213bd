"""Architectures with terms, frozen weights or bounded logits, sound ones and with one fault each."""

import torch
from planted_networks import Discriminator, Generator, built
from torch import nn
from torch.nn import functional as F

import gantool


class Classifier(Discriminator):
    """Blind to labels, and a class beside each logit."""

    def __init__(self, shape):
        super().__init__(shape)
        self.embedding = None
        self.classes = nn.Linear(8, max(shape.classes, 1))

    def forward(self, images, labels=None):
        features = F.leaky_relu(self.first(images[-1]), 0.2).mean(dim=(2, 3))
        return super().forward(images, labels), self.classes(features)


class TaughtByATerm(gantool.Gan):
    def terms(self, side, seen):
        of = seen.of_real if side == "discriminator" else seen.of_fake
        return {f"class_{side}": F.cross_entropy(of, seen.labels, reduction="none")}


class TaughtToOneAlone(TaughtByATerm):
    def terms(self, side, seen):
        return super().terms(side, seen) if side == "discriminator" else {}


def taught_by_a_term(options, shape):
    """Sound: labels count in the terms alone."""
    return built(shape, discriminator=Classifier, gan=TaughtByATerm)


def taught_to_one_alone(options, shape):
    return built(shape, discriminator=Classifier, gan=TaughtToOneAlone)


class Sloped(Discriminator):
    """A weight that no logit depends on, but the logit's gradient by the pictures does."""

    def __init__(self, shape):
        super().__init__(shape)
        self.slope = nn.Parameter(torch.ones(()))

    def forward(self, images, labels=None):
        nothing = images[-1] - images[-1].detach()
        return super().forward(images, labels) + self.slope * nothing.sum(dim=(1, 2, 3))


def sloped(options, shape):
    """Sound by a recipe with r1."""
    return built(shape, discriminator=Sloped)


def idle(options, shape):
    gan = built(shape)
    gan.discriminator.idle = nn.Linear(2, 2)
    return gan


class Fixed(Discriminator):
    """On features that are never trained."""

    def __init__(self, shape):
        super().__init__(shape)
        self.first.requires_grad_(False)


def fixed(options, shape):
    """Sound: a fixed network in the discriminator."""
    return built(shape, discriminator=Fixed)


def unfreezing(options, shape):
    class Unfreezing(Fixed):
        def train(self, mode=True):
            self.first.requires_grad_(True)
            return super().train(mode)

    return built(shape, discriminator=Unfreezing)


def thawing(options, shape):
    class Thawing(gantool.Gan):
        def advance(self, images_seen):
            self.discriminator.first.requires_grad_(images_seen > 5000)

    return built(shape, discriminator=Fixed, gan=Thawing)


def moving(options, shape):
    class Moving(Fixed):
        def forward(self, images, labels=None):
            if self.training and torch.is_grad_enabled():
                self.first.bias.data.mul_(1.01)
            return super().forward(images, labels)

    return built(shape, discriminator=Moving)


def ending_in_sigmoid(options, shape):
    class Chances(Discriminator):
        def forward(self, images, labels=None):
            return torch.sigmoid(super().forward(images, labels))

    return built(shape, discriminator=Chances)


def ending_in_tanh(options, shape):
    class Signs(Discriminator):
        def forward(self, images, labels=None):
            return torch.tanh(super().forward(images, labels))

    return built(shape, discriminator=Signs)


def cautious(options, shape):
    """Sound: what it begins with are logits near 0, of weights that are normalised."""
    gan = built(shape)
    for layer in (gan.discriminator.first, gan.discriminator.last):
        nn.utils.parametrizations.spectral_norm(layer)
    with torch.no_grad():
        gan.discriminator.last.bias.zero_()
    return gan


def of_one_batch(options, shape):
    class Counting(Generator):
        def paint(self, maps):
            return super().paint(maps.reshape(len(maps), 8, -1).view_as(maps))

    return built(shape, Counting)


def not_for_export(options, shape):
    """Sound: its noise hangs on a value, which torch.export refuses for a reason of its own."""

    class Hanging(Generator):
        def paint(self, maps):
            return super().paint(maps * 2 if float(maps.detach().sum()) > 0 else maps)

    return built(shape, Hanging)


def following(options, shape):
    class Following(Fixed):
        def __init__(self, shape):
            super().__init__(shape)
            norm = nn.BatchNorm2d(shape.channels).requires_grad_(False)
            self.first = nn.Sequential(norm, self.first)

    return built(shape, discriminator=Following)


def resting(options, shape):
    """Sound: frozen statistics in evaluation mode."""

    class Resting(Fixed):
        def __init__(self, shape):
            super().__init__(shape)
            norm = nn.BatchNorm2d(shape.channels).requires_grad_(False)
            self.first = nn.Sequential(norm, self.first)
            self.train()

        def train(self, mode=True):
            super().train(mode)
            self.first.eval()
            return self

    return built(shape, discriminator=Resting)


def sharing(options, shape):
    """Sound: both networks know labels by one embedding, which the discriminator's step teaches."""

    class Sharing(Generator):
        def forward(self, z, labels=None):
            return super().forward(z + self.shared[0](torch.zeros_like(labels) if labels is None else labels), labels)

    gan = built(shape, Sharing)
    shared = nn.Embedding(max(shape.classes, 1), 8)
    gan.discriminator.embedding = shared
    gan.generator.widen = nn.Linear(8, 4)
    gan.generator.shared = nn.ModuleList([nn.Sequential(shared, gan.generator.widen)])
    return gan


def of_two(options, shape):
    gan = built(shape)
    return gan.generator, gan.discriminator


def without_backward(options, shape):
    class Inplace(Discriminator):
        def forward(self, images, labels=None):
            maps = self.first(images[-1]).sigmoid()
            return super().forward(images, labels) + maps.mul_(2).mean(dim=(1, 2, 3))

    return built(shape, discriminator=Inplace)
