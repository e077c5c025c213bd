"""StyleGAN2 (Karras et al. 2020) for gantool: its options and recipe. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

import gantool

Count = Annotated[int, Field(ge=1)]
AUTO = "auto"


class StyleGan2(gantool.Options):
    """Options of `stylegan2`."""

    channel_base: Count | Literal["auto"] = gantool.option(AUTO, "channels at N pixels are channel_base / N")
    channel_max: Count | Literal["auto"] = gantool.option(AUTO, "the most channels in any layer; 512 in the papers")
    latent: Count | Literal["auto"] = gantool.option(AUTO, "size of z and of w; 512 in the papers")
    mapping_layers: Count | Literal["auto"] = gantool.option(
        AUTO, "mapping layers from z to w; auto: 2, as in StyleGAN2-ADA (StyleGAN2: 8)"
    )
    style_mixing: float = gantool.option(
        0.9, "style mixing: probability that a sample gets the styles of two latents in training", ge=0, le=1
    )
    noise: bool = gantool.option(True, "noise inputs: per-pixel noise in every layer, with learnt strength")
    clamp: float = gantool.option(
        0.0, "activations are limited to +-clamp; 0: no limit; 256 in the authors' models", ge=0
    )
    stddev_group: int = gantool.option(4, "group size of minibatch standard deviation; 1 disables it", ge=1)


ABOUT = """\
z is mapped to w, and w steers every layer by scaling its channels (modulation). Sampling truncates toward the mean w, \
and interpolation runs in w.
channel_base=auto is what a run's length can train: 1024 below 100k images, 4096 below 1M, then the reference's 16384, \
from 512 pixels on 32768; but no less than 16 channels at the finest side. With channel_base=16384 and 64 pixels the \
generator has 22,243,608 parameters and the discriminator 23,407,361, as StyleGAN2-ADA has them in its automatic \
configuration.
channel_max=auto is 64, 256 and 512 for these; latent=auto is as much as channel_max.
gantool mix MODEL draws a sheet of mixed styles, gantool project MODEL IMAGE finds the latent of a picture, and \
gantool import FILE makes a model of the authors' weights."""

LAZY_G, LAZY_D = 4 / (4 + 1), 16 / (16 + 1)
"""Factor by which the papers lower the rates for lazy penalties (appendix B), which are steps of their own there."""

RECIPE = gantool.Recipe(
    loss="logistic",
    penalties=("r1:every=16", "path-length:weight=2,every=4"),
    learning_rate=2.5e-3,
    learning_rate_g=2.5e-3 * LAZY_G,
    learning_rate_d=round(2.5e-3 * LAZY_D, 6),
    betas=(0.0, 0.99),
    batch=32,
    images=1_000_000,
    on_cpu=gantool.OnCpu(batch=16, learning_rate=2.5e-3),
)


@gantool.hookimpl
def gantool_architectures() -> list[gantool.Architecture]:
    """One architecture, with the papers' recipe."""
    return [
        gantool.Architecture(
            "stylegan2",
            "Styles steer every layer (StyleGAN2, Karras et al. 2020): mixing, truncation and projection in w",
            StyleGan2,
            "gantool_stylegan2.networks:build",
            RECIPE,
            resolutions=(32, 64, 128, 256, 512, 1024),
            settle="gantool_stylegan2.widths:settle",
            about=ABOUT,
        )
    ]


@gantool.hookimpl
def gantool_commands() -> list[gantool.Command]:
    """Commands that work in w, with any architecture that maps z to w, and the way in for models of others."""
    return [
        gantool.Command("mix", "Draw a sheet of pictures with styles of two latents.", "gantool_stylegan2.mix:mix"),
        gantool.Command(
            "project", "Find the latent whose picture is most like a given one.", "gantool_stylegan2.project:project"
        ),
        gantool.Command(
            "import", "Make a model of StyleGAN2 weights of others.", "gantool_stylegan2.import_model:import_model"
        ),
    ]
