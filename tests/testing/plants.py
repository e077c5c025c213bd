"""Components that are sound, and the same with one fault planted in each."""

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


def only_unlabelled(options, shape):
    if shape.classes:
        raise gantool.GantoolError("It draws without labels only.")
    return built(shape)


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


def wrong_shape(options, shape):
    class Half(Generator):
        def paint(self, maps):
            return torch.tanh(self.last(maps))[:, :, ::2, ::2]

    return built(shape, Half)


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


class Hinge:
    def __init__(self, options):
        pass

    def discriminator(self, real_logits, fake_logits):
        return F.relu(1 - real_logits) + F.relu(1 + fake_logits)

    def generator(self, real_logits, fake_logits):
        return -fake_logits


class HingeOfMeans(Hinge):
    def discriminator(self, real_logits, fake_logits):
        return super().discriminator(real_logits, fake_logits).mean()


class HingeMixing(Hinge):
    def generator(self, real_logits, fake_logits):
        return -fake_logits + 0 * fake_logits + fake_logits.mean() / 2


class HingeUpsideDown(Hinge):
    def generator(self, real_logits, fake_logits):
        return fake_logits


class LogOfSigmoid(Hinge):
    def generator(self, real_logits, fake_logits):
        return -torch.log(torch.sigmoid(fake_logits))


class HingeOfACritic(Hinge):
    pass


class Unbounded(Hinge):
    def discriminator(self, real_logits, fake_logits):
        return fake_logits - real_logits


class Critic(Unbounded):
    zero_decides = False


class Counting(Hinge):
    calls = 0

    def discriminator(self, real_logits, fake_logits):
        self.calls += 1
        return super().discriminator(real_logits, fake_logits) / self.calls


class Slope:
    weight, every = 1.0, 1

    def __init__(self, options):
        pass

    def __call__(self, network, real, fake, labels):
        leaves = tuple(level.detach().clone().requires_grad_(True) for level in real)
        logits = network(leaves, labels)
        slopes = torch.autograd.grad(logits.sum(), leaves, create_graph=True)
        return self.measured(sum(slope.square().flatten(1).sum(dim=1) for slope in slopes))

    def measured(self, squares):
        return squares


class SlopeWithoutGraph(Slope):
    def measured(self, squares):
        return squares.detach()


class SlopeByRoot(Slope):
    def measured(self, squares):
        return (squares.sqrt() - 1).square()


class SlopeByBackward(Slope):
    def __call__(self, network, real, fake, labels):
        network(real, labels).sum().backward()
        return super().__call__(network, real, fake, labels)


class CountingSlope(Slope):
    calls = 0

    def measured(self, squares):
        self.calls += 1
        return squares / self.calls


class Remembering(nn.Module):
    weight, every = 1.0, 1

    def __init__(self, options):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, network, real, fake, labels):
        logits = network(real, labels)
        self.mean.copy_(logits.detach().mean())
        return (logits - self.mean).square()


class Flip:
    def __init__(self, options):
        pass

    def draw(self, n):
        which = torch.rand(n, 1, 1, 1) < 0.5
        return lambda images: tuple(torch.where(which, level.flip(-1), level) for level in images)


class FlipEachTime:
    def __init__(self, options):
        pass

    def draw(self, n):
        def apply(images):
            which = torch.rand(n, 1, 1, 1) < 0.5
            return tuple(torch.where(which, level.flip(-1), level) for level in images)

        return apply


class FlipEachLevel(FlipEachTime):
    def draw(self, n):
        which = [torch.rand(n, 1, 1, 1) < 0.5 for _ in range(9)]
        return lambda images: tuple(
            torch.where(one, level.flip(-1), level) for one, level in zip(which, images, strict=False)
        )


class FlipByChance(FlipEachTime):
    def draw(self, n):
        flips = random.random() < 0.5
        return lambda images: tuple(level.flip(-1) if flips else level.clone() for level in images)


class FlipEverySecond(Flip):
    calls = 0

    def draw(self, n):
        self.calls += 1
        flip = super().draw(n)
        return flip if self.calls % 2 else lambda images: tuple(-level for level in images)


class Alternating:
    def __init__(self, options):
        self.count = 0

    def turn(self):
        return gantool.Turn(discriminator=self.count % 3 != 2, generator=self.count % 3 == 2)

    def observe(self, seen):
        self.count += 1


class TellingByAsking(Alternating):
    def turn(self):
        self.count += 1
        return super().turn()


class Starving(Alternating):
    def turn(self):
        return gantool.Turn(discriminator=True, generator=False)


class SoundBalance(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def turn(self):
        return gantool.Turn(generator=bool(self.count == 2))

    def observe(self, seen):
        self.count.copy_((self.count + 1) % 3)


class Squares:
    """Grey pictures whose brightness is their index."""

    class_names = ("dark", "bright")
    dtype = torch.uint8

    def __init__(self, options, resolution, channels):
        self.shape = (channels, resolution, resolution)
        self.step = getattr(options, "step", 1)

    fingerprint = property(lambda self: f"squares-{self.step}-{self.shape}")

    def __len__(self):
        return 20

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        return torch.full(self.shape, index * self.step, dtype=self.dtype), index // 10


class FloatSquares(Squares):
    dtype = torch.float32


class RandomSquares(Squares):
    def __getitem__(self, index):
        super().__getitem__(index)
        return torch.randint(0, 256, self.shape, dtype=torch.uint8), 0


class EndlessSquares(Squares):
    def __getitem__(self, index):
        return super().__getitem__(index % len(self))


class SameFingerprint(Squares):
    fingerprint = "squares"


class OtherBatch(Squares):
    def batch(self, start, stop):
        picture, label = self[0]
        return picture.expand(stop - start, *self.shape), [label] * (stop - start)


class ThirdClass(Squares):
    class_names = ("dark",)


class Pooling:
    def __init__(self, options):
        pass

    def __call__(self, images):
        return [F.avg_pool2d(images, 4), images.mean(dim=(2, 3))]


class PoolingWithoutGradient(Pooling):
    def __call__(self, images):
        with torch.no_grad():
            return super().__call__(images)


class PoolingNoise(Pooling):
    def __call__(self, images):
        return [F.avg_pool2d(images, 4) + torch.randn(1)]


class PoolingWithLayers(Pooling):
    layers = ("fine", "coarse")


class Diary:
    def __init__(self, options):
        self.run = None

    def __call__(self, event):
        self.run = getattr(event, "run", self.run)


class Meddling(Diary):
    def __call__(self, event):
        if isinstance(event, gantool.Snapshot):
            event.images[0].zero_()


class Dice(Diary):
    def __call__(self, event):
        torch.rand(1)


class Talkative(Diary):
    def __call__(self, event):
        return "noted"


class OnlyKnown(Diary):
    def __call__(self, event):
        if not isinstance(
            event,
            gantool.Started | gantool.Tick | gantool.Snapshot | gantool.Measured | gantool.Checkpoint | gantool.Warned
            | gantool.Finished,
        ):  # fmt: skip
            raise TypeError("what is this?")


def greet(name: str = "you"):
    """Greets."""
    print(f"Hello, {name}")


def greet_anyone(**names: str):
    """Greets."""


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


class PairingForNothing(Hinge):
    pairs_real = True


class NothingToLearn(Slope):
    def measured(self, squares):
        return 0 * squares


class SlopeByNumpy(Slope):
    def measured(self, squares):
        return squares * float(np.random.default_rng().random())


class HoldingNothing:
    def __init__(self, options):
        pass

    def constrain(self, network):
        pass


class LettingGrow(HoldingNothing):
    def constrain(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(2)


class Holding(HoldingNothing):
    def constrain(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.clamp_(-0.1, 0.1)


class AlwaysNegative(Flip):
    def draw(self, n):
        return lambda images: tuple(-level for level in images)


class Bytes(Flip):
    def draw(self, n):
        flip = super().draw(n)
        return lambda images: tuple(127.5 * level for level in flip(images))


class Once(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return 2 * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context, slope):
        return 2 * slope


class FlipOnce(Flip):
    def draw(self, n):
        flip = super().draw(n)
        return lambda images: tuple(Once.apply(level) for level in flip(images))


class Adapting(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def draw(self, n):
        return Flip(None).draw(n)

    def observe(self, real_logits):
        self.mean.copy_(real_logits.mean())


def unlike(options):
    return gantool.ImageShape(16, 3, classes=5)


class Dividing(Pooling):
    def __call__(self, images):
        return [images / images.std(dim=(1, 2, 3), keepdim=True, correction=0)]


class WaitingForPictures(Diary):
    def __call__(self, event):
        if isinstance(event, gantool.Snapshot):
            self.pictures = event.images
        elif isinstance(event, gantool.Finished):
            len(self.pictures)


def normalised(options, shape):
    gan = built(shape)
    nn.utils.spectral_norm(gan.discriminator.first)
    return gan
