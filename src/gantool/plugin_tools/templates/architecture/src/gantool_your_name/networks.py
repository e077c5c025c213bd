"""The networks of `your-name`: from 4 pixels up to the pictures' side, and back."""

import gantool
from torch import Tensor, nn

from gantool_your_name import YourNameOptions

LATENT = 128


class Generator(nn.Module):
    """Latents `[n, 128]`, and labels where pictures have them, to pictures `[n, c, h, w]` in [-1, 1]."""

    def __init__(self, options: YourNameOptions, shape: gantool.ImageShape) -> None:
        super().__init__()
        widths = channels(options.width, shape.resolution)
        self.label = nn.Embedding(shape.classes, LATENT) if shape.classes else None
        self.first = nn.Sequential(nn.Linear(LATENT, widths[0] * 16), nn.Unflatten(1, (widths[0], 4, 4)))
        self.blocks = nn.Sequential(*map(doubling, widths, widths[1:]))
        self.last = nn.Sequential(nn.Conv2d(widths[-1], shape.channels, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor, labels: gantool.Labels = None) -> gantool.Images:
        """One resolution: a tuple of one."""
        if self.label is not None and labels is not None:
            z = z + self.label(labels)
        return (self.last(self.blocks(self.first(z))),)


class Discriminator(nn.Module):
    """Pictures to one logit each; labels enter as a projection (Miyato and Koyama 2018)."""

    def __init__(self, options: YourNameOptions, shape: gantool.ImageShape) -> None:
        super().__init__()
        widths = channels(options.width, shape.resolution)[::-1]
        self.first = nn.Sequential(nn.Conv2d(shape.channels, widths[0], 3, padding=1), nn.LeakyReLU(0.2))
        self.blocks = nn.Sequential(*map(halving, widths, widths[1:]), nn.Flatten())
        self.last = nn.Linear(widths[-1] * 16, 1)
        self.label = nn.Embedding(shape.classes, widths[-1] * 16) if shape.classes else None

    def forward(self, images: gantool.Images, labels: gantool.Labels = None) -> Tensor:
        """One logit for each picture, `[n]`: the higher, the more real it looks."""
        features: Tensor = self.blocks(self.first(images[-1]))
        logits: Tensor = self.last(features).squeeze(1)
        if self.label is not None and labels is not None:
            logits = logits + (self.label(labels) * features).sum(dim=1) / features.shape[1] ** 0.5
        return logits


def channels(width: int, resolution: int) -> list[int]:
    """Of the maps at 4 pixels, 8 pixels and so on: halved as the side doubles, `width` at the end."""
    doublings = (resolution // 4).bit_length() - 1
    return [width * min(8, 2 ** (doublings - level)) for level in range(doublings + 1)]


def doubling(before: int, after: int) -> nn.Module:
    """A block from `before` channels to `after` at twice the side."""
    convolution = nn.Conv2d(before, after, 3, padding=1)
    return nn.Sequential(nn.Upsample(scale_factor=2), convolution, nn.BatchNorm2d(after), nn.ReLU())


def halving(before: int, after: int) -> nn.Module:
    """A block from `before` channels to `after` at half the side."""
    return nn.Sequential(nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2))


def build(options: YourNameOptions, shape: gantool.ImageShape) -> gantool.Gan:
    """Build the networks of `--arch your-name`."""
    return gantool.Gan(Generator(options, shape), Discriminator(options, shape), latent_dim=LATENT)
