"""Augmentations and balances, sound ones and with one fault each."""

import random

import torch
from torch import nn

import gantool


class Flip:
    def __init__(self, options):
        pass

    def draw(self, n):
        which = torch.rand(n, 1, 1, 1) < 0.5
        return lambda images: tuple(torch.where(which, level.flip(-1), level) for level in images)


class FlipColors(Flip):
    def draw(self, n):
        apply = super().draw(n)
        return lambda images: apply(tuple(level[:, :3] for level in images))


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


class FlipSeeding(Flip):
    def draw(self, n):
        flip = super().draw(n)
        torch.manual_seed(3)
        return flip


class SeedingBalance(SoundBalance):
    def observe(self, seen):
        torch.manual_seed(3)
        super().observe(seen)


class FlipMoreAndMore(nn.Module):
    """Adapts slowly, as ADA does, by a chance that is no buffer."""

    def __init__(self, options):
        super().__init__()
        self.chance = torch.zeros(())

    def draw(self, n):
        which = torch.rand(n, 1, 1, 1) < self.chance
        return lambda images: tuple(torch.where(which, level.flip(-1), level) for level in images)

    def observe(self, real_logits):
        self.chance += len(real_logits) / 500_000 * float(real_logits.sign().mean().nan_to_num())
