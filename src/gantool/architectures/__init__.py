"""The architectures gantool ships with: their options and recipes. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

from gantool.components import Architecture, Options, Recipe, ShortRun, option
from gantool.hookspecs import hookimpl

Width = Annotated[int, Field(ge=1)]


class MlpOptions(Options):
    """Options of `mlp`."""

    latent: int = option(100, "size of the latent z", ge=1)
    generator_hidden: tuple[Width, ...] = option((256, 512, 1024), "hidden layers of the generator, e.g. 256+512")
    discriminator_hidden: tuple[Width, ...] = option((512, 256), "hidden layers of the discriminator")
    leak: float = option(0.2, "slope of LeakyReLU below zero", ge=0, lt=1)


class DcganOptions(Options):
    """Options of `dcgan`."""

    latent: int = option(100, "size of the latent z", ge=1)
    width: int = option(64, "channels next to the picture; they double at every halving of the size", ge=4)
    max_width: int = option(512, "the most channels any layer has", ge=4)
    stem: Literal["conv", "linear"] = option(
        "conv", "how z becomes the first map: transposed convolution or fully connected"
    )
    grow: Literal["transposed", "upsample"] = option(
        "transposed", "generator doubles by transposed convolution, or upsample + convolution"
    )
    shrink: Literal["stride", "pool"] = option(
        "stride", "discriminator halves by strided convolution, or convolution + pooling"
    )
    features: tuple[Width, ...] = option(
        (), "fully connected layers between the discriminator's map and its answer, e.g. 256+128"
    )
    discriminator_norm: Literal["batch", "instance", "none"] = option(
        "batch", "normalisation in the discriminator; batch mixes samples, so gradient penalties want instance or none"
    )
    leak: float = option(0.2, "slope of LeakyReLU in the discriminator", ge=0, lt=1)


@hookimpl
def gantool_architectures() -> list[Architecture]:
    """MLP GAN and DCGAN."""
    return [
        Architecture(
            "mlp",
            "Fully connected networks: the first GAN (Goodfellow et al. 2014), for digits and other small pictures",
            MlpOptions,
            "gantool.architectures.mlp:build",
            Recipe(learning_rate=2e-4, betas=(0.5, 0.999), weight_decay=8e-9, batch=256, images=3_000_000),
        ),
        Architecture(
            "dcgan",
            "Convolutional networks (Radford et al. 2015): the dependable choice for 16 to 256 pixels",
            DcganOptions,
            "gantool.architectures.dcgan:build",
            Recipe(
                learning_rate=2e-4, betas=(0.5, 0.999), batch=64, short=ShortRun(60_000, batch=16, learning_rate=1e-3)
            ),
            resolutions=(16, 28, 32, 64, 128, 256),
        ),
    ]
