"""The first GAN: fully connected networks (Goodfellow et al. 2014)."""

from itertools import pairwise

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantool.api.networks import Gan, Images
from gantool.api.specs import ImageShape
from gantool.builtin.architectures import MlpOptions
from gantool.builtin.architectures.layers import spectral, with_label


class MlpGenerator(nn.Module):
    """z `[n, latent]` to pictures, through layers with BatchNorm and LeakyReLU, ending in tanh."""

    def __init__(self, options: MlpOptions, shape: ImageShape) -> None:
        super().__init__()
        self.shape = shape
        sizes = (options.latent + shape.classes, *options.generator_hidden)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.LeakyReLU(options.leak, inplace=True)]
        pixels = shape.channels * shape.resolution**2
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], pixels), nn.Tanh())

    def forward(self, z: Float[Tensor, "n d"], labels: Int64[Tensor, "n"] | None = None) -> Images:
        """Pictures in [-1, 1], as a pyramid of one level."""
        flat = self.layers(with_label(z, labels, self.shape.classes))
        return (flat.unflatten(1, (self.shape.channels, self.shape.resolution, self.shape.resolution)),)


class MlpDiscriminator(nn.Module):
    """Pictures to logits; the one-hot label is part of the input."""

    def __init__(self, options: MlpOptions, shape: ImageShape) -> None:
        super().__init__()
        self.classes = shape.classes
        sizes = (shape.channels * shape.resolution**2 + shape.classes, *options.discriminator_hidden)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(options.leak, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 1), nn.Flatten(0))

    def forward(self, images: Images, labels: Int64[Tensor, "n"] | None = None) -> Float[Tensor, "n"]:
        """Logits of the pictures."""
        logits: Tensor = self.layers(with_label(images[-1].flatten(1), labels, self.classes))
        return logits


def build(options: MlpOptions, shape: ImageShape) -> Gan:
    """An MLP GAN for pictures of any shape."""
    generator, discriminator = MlpGenerator(options, shape), MlpDiscriminator(options, shape)
    return Gan(
        generator,
        spectral(discriminator) if options.discriminator_norm == "spectral" else discriminator,
        options.latent,
    )
