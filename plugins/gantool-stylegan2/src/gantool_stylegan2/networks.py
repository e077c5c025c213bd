"""The factory of `--arch stylegan2`."""

from collections.abc import Mapping

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.discriminator import Discriminator
from gantool_stylegan2.generator import Generator
from gantool_stylegan2.widths import as_in_paper, sides_up_to


class StyleGan2Gan(gantool.Gan):
    """Both networks; the generator counts its layers from the coarsest on, the discriminator from the finest."""

    def __init__(self, generator: Generator, discriminator: Discriminator, latent: int, resolution: int) -> None:
        super().__init__(generator, discriminator, latent)
        self._sides = sides_up_to(resolution)

    def module_sides(self) -> Mapping[str, int]:
        """One convolution at 4 pixels, two at each side beyond, and a picture of each."""
        coarsest, *finer = self._sides
        lists = {
            "generator.synthesis.convs": [coarsest, *(side for side in finer for _ in range(2))],
            "generator.synthesis.to_rgb": self._sides,
            "discriminator.blocks": finer[::-1],
        }
        named = {f"{name}.{number}": side for name, sides in lists.items() for number, side in enumerate(sides)}
        return named | {"discriminator.from_rgb": self._sides[-1]}


def build(options: StyleGan2, shape: gantool.ImageShape) -> gantool.Gan:
    """Generator and discriminator; options still at "auto" get the reference's values."""
    options = as_in_paper(options, shape.resolution)
    generator, discriminator = Generator(options, shape), Discriminator(options, shape)
    return StyleGan2Gan(generator, discriminator, int(options.latent), shape.resolution)
