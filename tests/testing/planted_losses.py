"""Losses, sound ones and with one fault each."""

import torch
from torch.nn import functional as F


class Hinge:
    def __init__(self, options):
        pass

    def discriminator(self, real_logits, fake_logits):
        return F.relu(1 - real_logits) + F.relu(1 + fake_logits)

    def generator(self, real_logits, fake_logits):
        return -fake_logits


class HingeOfSix(Hinge):
    margin = 6

    def discriminator(self, real_logits, fake_logits):
        return F.relu(self.margin - real_logits) + F.relu(self.margin + fake_logits)


class HingeOfForty(HingeOfSix):
    margin = 40


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


class SquaresAroundAHalf(Hinge):
    def discriminator(self, real_logits, fake_logits):
        return ((real_logits - 1) ** 2 + fake_logits**2) / 2

    def generator(self, real_logits, fake_logits):
        return (fake_logits - 1) ** 2 / 2


class Critic(Unbounded):
    boundary = None


class Counting(Hinge):
    calls = 0

    def discriminator(self, real_logits, fake_logits):
        self.calls += 1
        return super().discriminator(real_logits, fake_logits) / self.calls


class PairingForNothing(Hinge):
    pairs_real = True


class HingeSeeding(Hinge):
    def generator(self, real_logits, fake_logits):
        torch.manual_seed(3)
        return super().generator(real_logits, fake_logits) * torch.rand(())
