"""DCGAN (Radford et al. 2015), with variants: pooling, fully connected layers, upsampling, linear stem.

Powers of two start from a 4x4 map; 28 pixels start from a 7x7 map, so that nothing is padded.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantool.api.networks import Gan, Images
from gantool.api.specs import AUTO, ImageShape
from gantool.builtin.architectures import DcganOptions
from gantool.builtin.architectures.layers import Doubled, InARow, Projection, init_dcgan, norm2d, spectral, with_label
from gantool.builtin.architectures.widths import PAPER_WIDTH


def stem_size(resolution: int) -> int:
    """Side of the smallest map: 7 for 28 pixels, 4 for powers of two."""
    return 7 if resolution % 7 == 0 else 4


def channel_plan(options: DcganOptions, resolution: int) -> list[int]:
    """Channels of the feature maps, coarse to fine: `[512, 256, 128, 64]` for 64 pixels."""
    halvings = (resolution // stem_size(resolution)).bit_length() - 1
    width = PAPER_WIDTH if options.width == AUTO else int(options.width)
    return [min(options.max_width, width * 2**power) for power in reversed(range(halvings))]


class DcganGenerator(nn.Module):
    """z `[n, latent]` to pictures: a stem, then doublings with normalisation and ReLU, ending in tanh."""

    def __init__(self, options: DcganOptions, shape: ImageShape) -> None:
        super().__init__()
        self.classes = shape.classes
        plan = channel_plan(options, shape.resolution)
        inputs, side = options.latent + shape.classes, stem_size(shape.resolution)
        stem: list[nn.Module] = [nn.Unflatten(1, (inputs, 1, 1)), nn.ConvTranspose2d(inputs, plan[0], side, bias=False)]
        if options.stem == "linear":
            stem = [nn.Linear(inputs, plan[0] * side**2, bias=False), nn.Unflatten(1, (plan[0], side, side))]
        layers = [*stem, norm2d(options.generator_norm, plan[0]), nn.ReLU(inplace=True)]
        for coarse, fine in pairwise(plan):
            norm = norm2d(options.generator_norm, fine)
            layers += [*_double(options, coarse, fine), norm, nn.ReLU(inplace=True)]
        self.layers = InARow(*layers, *_double(options, plan[-1], shape.channels), nn.Tanh())

    def forward(self, z: Float[Tensor, "n d"], labels: Int64[Tensor, "n"] | None = None) -> Images:
        """Pictures in [-1, 1], as a pyramid of one level."""
        return (self.layers(with_label(z, labels, self.classes)),)


class DcganDiscriminator(nn.Module):
    """Pictures to logits: halvings with LeakyReLU, then a convolution over the whole map or feature-vector layers."""

    def __init__(self, options: DcganOptions, shape: ImageShape) -> None:
        super().__init__()
        plan = channel_plan(options, shape.resolution)[::-1]
        layers = [*_halve(options, shape.channels, plan[0]), nn.LeakyReLU(options.leak, inplace=True)]
        for fine, coarse in pairwise(plan):
            norm = norm2d(options.discriminator_norm, coarse)
            layers += [*_halve(options, fine, coarse), norm, nn.LeakyReLU(options.leak, inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.head = _head(options, plan[-1], stem_size(shape.resolution))
        self.projection = Projection(shape.classes, plan[-1])

    def forward(self, images: Images, labels: Int64[Tensor, "n"] | None = None) -> Float[Tensor, "n"]:
        """Logits of the pictures, conditioned on labels where there are classes."""
        features = self.layers(images[-1])
        conditioned: Tensor = self.projection(self.head(features).flatten(), features.sum(dim=(2, 3)), labels)
        return conditioned


def _double(options: DcganOptions, inputs: int, outputs: int) -> list[nn.Module]:
    if options.grow == "transposed":
        return [nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)]
    return [Doubled(), nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)]


def _halve(options: DcganOptions, inputs: int, outputs: int) -> list[nn.Module]:
    if options.shrink == "stride":
        return [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False)]
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.AvgPool2d(2)]


def _head(options: DcganOptions, channels: int, side: int) -> nn.Module:
    if not options.features:
        return nn.Conv2d(channels, 1, side, bias=False)
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise((channels * side**2, *options.features)):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(options.leak, inplace=True)]
    return nn.Sequential(*layers, nn.Linear(options.features[-1], 1))


class DcganGan(Gan):
    """Both networks, by the sides of their layers."""

    generator: DcganGenerator
    discriminator: DcganDiscriminator

    def __init__(self, generator: DcganGenerator, discriminator: DcganDiscriminator, latent: int, shape: ImageShape):
        super().__init__(generator, discriminator, latent)
        self._shape = shape

    def module_sides(self) -> Mapping[str, int]:
        """Each activation ends what is done at one side."""
        finest = self._shape.resolution
        of_generator = _sides(self.generator.layers, stem_size(finest), lambda side: side * 2)
        of_discriminator = _sides(self.discriminator.layers, finest, lambda side: side // 2)
        return {f"generator.layers.{number}": side for number, side in enumerate(of_generator)} | {
            f"discriminator.layers.{number}": side for number, side in enumerate(of_discriminator)
        }


def _sides(layers: nn.Sequential, side: int, following: Callable[[int], int]) -> list[int]:
    sides = []
    for layer in layers:
        sides.append(side)
        side = following(side) if isinstance(layer, nn.ReLU | nn.LeakyReLU) else side
    return sides


def build(options: DcganOptions, shape: ImageShape) -> Gan:
    """A DCGAN for 16, 28, 32, 64, 128 or 256 pixels."""
    generator, discriminator = DcganGenerator(options, shape), DcganDiscriminator(options, shape)
    init_dcgan(discriminator)
    if options.discriminator_norm == "spectral":
        spectral(discriminator)
    init_dcgan(generator)
    return DcganGan(generator, discriminator, options.latent, shape)
