"""The factory of `--arch stylegan2`."""

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.discriminator import Discriminator
from gantool_stylegan2.generator import Generator
from gantool_stylegan2.widths import as_in_paper


def build(options: StyleGan2, shape: gantool.ImageShape) -> gantool.Gan:
    """Generator and discriminator; options still at "auto" get the reference's values."""
    options = as_in_paper(options, shape.resolution)
    return gantool.Gan(Generator(options, shape), Discriminator(options, shape), int(options.latent))
