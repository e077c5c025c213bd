"""The networks of `blobs`: the same block again and again, from 4 pixels up and down to 4 pixels."""

from torch import Tensor, nn

import gantool
from gantool_blobs import Blobs


class Generator(nn.Module):
    """z `[n, 64]` to pictures in [-1, 1]."""

    def __init__(self, width: int, shape: gantool.ImageShape) -> None:
        super().__init__()
        self.label = nn.Embedding(shape.classes, 64) if shape.classes else None
        layers: list[nn.Module] = [nn.Linear(64, width * 16), nn.Unflatten(1, (width, 4, 4))]
        for _ in range((shape.resolution // 4).bit_length() - 1):
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1)]
            layers += [nn.BatchNorm2d(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, shape.channels, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> tuple[Tensor, ...]:
        """One resolution: a tuple of one."""
        return (self.layers(z if self.label is None else z + self.label(labels)),)


class Discriminator(nn.Module):
    """Pictures to one logit each."""

    def __init__(self, width: int, shape: gantool.ImageShape) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(shape.channels, width, 3, padding=1), nn.LeakyReLU(0.2)]
        for _ in range((shape.resolution // 4).bit_length() - 1):
            layers += [nn.Conv2d(width, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * 16, shape.classes or 1))

    def forward(self, images: tuple[Tensor, ...], labels: Tensor | None = None) -> Tensor:
        """How real each picture looks, as one of its label where there are classes."""
        answers = self.layers(images[-1])
        return answers.flatten() if labels is None else answers.gather(1, labels[:, None]).flatten()


def build(options: Blobs, shape: gantool.ImageShape) -> gantool.Gan:
    """Build the networks of `--arch blobs`."""
    return gantool.Gan(Generator(options.width, shape), Discriminator(options.width, shape), latent_dim=64)
