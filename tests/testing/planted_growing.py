"""Architectures that grow or have a mapping, sound ones and with one fault each."""

import torch
from planted_networks import Discriminator, Generator, built
from torch import nn
from torch.nn import functional as F

import gantool


def fading_in(options, shape):
    """Sound: one stage, and a layer that counts for nothing at the start of it."""

    class Fading(Generator):
        def __init__(self, shape):
            super().__init__(shape)
            self.late = nn.Parameter(torch.ones(3))
            self.alpha = 1.0

        def paint(self, maps):
            return super().paint(maps) * (1 - self.alpha + self.alpha * self.late.sigmoid().mean())

    class FadesIn(gantool.Gan):
        def advance(self, images_seen):
            self.generator.alpha = min(images_seen / 5000, 1.0)

    return built(shape, Fading, gan=FadesIn)


def narrow_view(options, shape):
    class Stretching(gantool.Gan):
        def view(self, batch):
            return (batch * 2,)

    return built(shape, gan=Stretching)


def only_contiguous(options, shape):
    class Viewing(Discriminator):
        def forward(self, images, labels=None):
            images[-1].view(-1)
            return super().forward(images, labels)

    return built(shape, discriminator=Viewing)


def other_synthesis(options, shape):
    class Mapped(Generator):
        def map(self, z, labels):
            return z

        def synthesize(self, w):
            labels = torch.zeros(len(w), dtype=torch.int64) if self.shape.classes else None
            return super().forward(2 * w, labels)

    return built(shape, Mapped)


class GrowingGenerator(Generator):
    side = None
    share = 1.0

    def paint(self, maps):
        image = super().paint(maps) * self.share
        side = self.side or self.shape.resolution
        return F.interpolate(image, size=(side, side))


class GrownDiscriminator(Discriminator):
    def __init__(self, shape):
        super().__init__(shape)
        self.size = (shape.resolution, shape.resolution)

    def forward(self, images, labels=None):
        return super().forward((F.interpolate(images[-1], size=self.size),), labels)


class Growing(gantool.Gan):
    def stages(self, batch):
        return [gantool.Stage(0, 4, batch, "at 4 pixels"), gantool.Stage(100, 8, batch, "at 8 pixels")]

    def advance(self, images_seen):
        self.generator.side = 4 if images_seen < 100 else 8

    def levels(self):
        return (4, 8)

    def show(self, level):
        self.generator.side = level


def growing(options, shape):
    return built(shape, GrowingGenerator, GrownDiscriminator, Growing)


def built_small(options, shape):
    gan = growing(options, shape)
    gan.advance(0)
    return gan


def growing_by_calls(options, shape):
    class Accumulating(Growing):
        def advance(self, images_seen):
            super().advance(images_seen)
            self.generator.share *= 0.9

    return built(shape, GrowingGenerator, GrownDiscriminator, Accumulating)


def growing_anew(options, shape):
    class Replacing(Growing):
        def advance(self, images_seen):
            super().advance(images_seen)
            self.generator.last.weight = nn.Parameter(self.generator.last.weight.detach() * 2)

    return built(shape, GrowingGenerator, GrownDiscriminator, Replacing)


def showing_nothing(options, shape):
    class Deaf(Growing):
        def show(self, level):
            pass

    return built(shape, GrowingGenerator, GrownDiscriminator, Deaf)


def misplaced(options, shape):
    class Misplaced(gantool.Gan):
        def module_sides(self):
            return {"discriminator.first": 8, "generator.last": 4}

    return built(shape, gan=Misplaced)


def misnamed(options, shape):
    class Misnamed(gantool.Gan):
        def module_sides(self):
            return {"discriminator.blocks.0": 8}

    return built(shape, gan=Misnamed)


def mixing_latents(options, shape):
    class Centred(Generator):
        def __init__(self, shape):
            super().__init__(shape)
            self.norm = nn.BatchNorm2d(8, track_running_stats=False)

    return built(shape, Centred)


def switching_in_steps(options, shape):
    class Switching(Discriminator):
        def __init__(self, shape):
            super().__init__(shape)
            self.drop = nn.Dropout(0.0)

        def forward(self, images, labels=None):
            if torch.is_grad_enabled():
                self.drop.eval()
            return super().forward(images, labels)

    return built(shape, discriminator=Switching)


def normalised(options, shape):
    gan = built(shape)
    nn.utils.spectral_norm(gan.discriminator.first)
    return gan


class CountingTerms(gantool.Gan):
    calls = 0

    def advance(self, images_seen):
        self.calls += 1

    def terms(self, side, seen):
        return {"size": 0.01 * self.calls * seen.fake[-1].square().mean(dim=(1, 2, 3))} if side == "generator" else {}


def counting_terms(options, shape):
    return built(shape, gan=CountingTerms)


def counting_in_training(options, shape):
    class Counting(CountingTerms):
        def terms(self, side, seen):
            return super().terms(side, seen) if self.generator.training else {}

    return built(shape, gan=Counting)


def awaking(options, shape):
    """A part of the discriminator is frozen until 64 images are seen."""

    class Awaking(gantool.Gan):
        def advance(self, images_seen):
            self.discriminator.first.requires_grad_(images_seen >= 64)

    return built(shape, gan=Awaking)
