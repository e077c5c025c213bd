"""Style networks with faults, and sound ones."""

import torch

import gantool


class Negative:
    """Sound."""

    def __init__(self, options):
        pass

    def __call__(self, photos):
        return -photos


class Tinting(Negative):
    """Sound, where the spec says that it takes any style."""

    def set_style(self, style):
        self.tint = style.mean(dim=(2, 3), keepdim=True)

    def __call__(self, photos):
        return (self.tint - photos) / 2


class TintingMore(Tinting):
    def set_style(self, style):
        super().set_style(style)
        self.sum = getattr(self, "sum", 0) + self.tint
        self.tint = self.sum / 3


class HalfNegative(Negative):
    def __call__(self, photos):
        return -photos[..., ::2, ::2]


class NegativeBytes(Negative):
    def __call__(self, photos):
        return 127 - 127 * photos


class NegativeOfTheBatch(Negative):
    def __call__(self, photos):
        return (photos.mean() - photos) / 2


class NegativeInPlace(Negative):
    def __call__(self, photos):
        return photos.mul_(-0.5)


class NegativeNoise(Negative):
    calls = 0

    def __call__(self, photos):
        self.calls += 1
        return -photos / self.calls


class NegativeSeeding(Negative):
    def __call__(self, photos):
        torch.manual_seed(3)
        return -photos


class Copying(Negative):
    def __call__(self, photos):
        return photos.clone()


class Blank(Negative):
    def __call__(self, photos):
        return torch.zeros_like(photos)


class MeansForPlaces(gantool.StyleLoss):
    """Its statistics are means, and the blend of its base wants sums."""

    def __init__(self, options):
        pass

    def measure(self, features, weights=None):
        return features.mean(dim=(0, 2, 3)), features.new_tensor(float(features.shape[2] * features.shape[3]))

    def distance(self, measured, target):
        return (measured[0] - target[0]).square().mean()
