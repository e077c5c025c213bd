"""The architectures gantool ships with: their options and recipes. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Architecture, OnCpu, Options, Recipe, ShortRun, option

Width = Annotated[int, Field(ge=1)]


class MlpOptions(Options):
    """Options of `mlp`."""

    latent: int = option(100, "size of the latent z", ge=1)
    generator_hidden: tuple[Width, ...] = option((256, 512, 1024), "hidden layers of the generator, e.g. 256+512")
    discriminator_hidden: tuple[Width, ...] = option((512, 256), "hidden layers of the discriminator")
    discriminator_norm: Literal["spectral", "none"] = option(
        "none", "spectral bounds each layer of the discriminator by its largest singular value"
    )
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
    discriminator_norm: Literal["batch", "instance", "spectral", "none"] = option(
        "batch", "normalisation in the discriminator; batch mixes samples, so gradient penalties want another or none"
    )
    leak: float = option(0.2, "slope of LeakyReLU in the discriminator", ge=0, lt=1)


Maps = Annotated[int, Field(ge=1)]
Kimg = Annotated[float, Field(ge=0.001)]
Fade = Annotated[float, Field(ge=0)]


class EqualizedOptions(Options):
    """What the two architectures for high resolution share."""

    latent: int = option(512, "size of the latent z", ge=1)
    fmap_base: Maps | Literal["auto"] = option("auto", "channels at N pixels are 2 * fmap_base / N; auto: see below")
    fmap_max: Maps | Literal["auto"] = option("auto", "the most channels any layer has; auto: fmap_base / 8, up to 512")
    stddev_group: int = option(4, "samples whose variety the discriminator sees at once; 1: none", ge=1)


class ProgressiveOptions(EqualizedOptions):
    """Options of `progressive`."""

    stabilise_kimg: Kimg | Literal["auto"] = option("auto", "thousands of images that each level trains")
    fade_kimg: Fade | Literal["auto"] = option("auto", "thousands of images over which a new level fades in")
    batch_halves_beyond: int = option(32, "side beyond which --batch halves with each level; 0: never", ge=0)
    reset_moments: bool = option(True, "optimizers forget their moments when a fade begins and when it ends")


class MsgOptions(EqualizedOptions):
    """Options of `msg`."""

    combine: Literal["simple", "lin_cat", "cat_lin"] = option(
        "simple", "how the discriminator joins pictures and features: concatenated, the pictures or both mixed linearly"
    )
    levels: Literal["all", "finest"] = option("all", "finest: one picture only, to see what the others are worth")


WIDTH = """\
fmap_base=auto is what a run's length can train: 512 below 100k images, 2048 below 1M, then the paper's 8192;
but no less than 16 channels at the finest side."""
PYRAMID = f"""\
The generator draws every level from 4 pixels up, and the discriminator sees them all, so gradients reach the coarse \
levels directly. Sheets show the pyramid beside each picture; gantool sample --level N draws one level.
{WIDTH}"""
HIGH = (8, 16, 32, 64, 128, 256, 512, 1024)
GROWTH = f"""\
Training begins at 4 pixels. Each level trains for stabilise_kimg thousand images, then the next one, of twice the \
side, fades in over fade_kimg thousand: its pictures are mixed into those of the level before, scaled up, with a share \
alpha that grows from 0 to 1, and reals are treated alike. The last level trains to the end. Level and alpha follow \
from the images seen alone, so a run stopped in the middle of a fade goes on exactly.
auto gives the full resolution half of --images and splits the other half evenly, with at most 600 thousand for each \
part, as the authors' code has. At 64 pixels and --images 1.6M: 100k each to 4 trainings and 4 fades, and from 800k \
on all to 64 pixels. It is settled when a run begins; --dry-run shows the table.
--batch holds up to batch_halves_beyond pixels; beyond, it halves with each level, to no fewer than 4.
{WIDTH}"""


@hookimpl
def gantool_architectures() -> list[Architecture]:
    """MLP GAN, DCGAN, progressive GAN and MSG-GAN."""
    return [
        Architecture(
            "mlp",
            "Fully connected networks: the first GAN (Goodfellow et al. 2014), for digits and other small pictures",
            MlpOptions,
            "gantool.builtin.architectures.mlp:build",
            Recipe(
                loss="lsgan",  # benchmarks/stability: the most modes by far
                learning_rate=2e-4,
                betas=(0.5, 0.999),
                weight_decay=8e-9,
                batch=256,
                images=3_000_000,
                short=ShortRun(60_000, batch=16, learning_rate=2e-4),
            ),
        ),
        Architecture(
            "dcgan",
            "Convolutional networks (Radford et al. 2015): the dependable choice for 16 to 256 pixels",
            DcganOptions,
            "gantool.builtin.architectures.dcgan:build",
            Recipe(
                learning_rate=2e-4,
                betas=(0.5, 0.999),
                batch=64,
                short=ShortRun(60_000, batch=16, learning_rate=1e-3),
                on_cpu=OnCpu(batch=16, learning_rate=5e-4),
            ),
            resolutions=(16, 28, 32, 64, 128, 256),
        ),
        Architecture(
            "progressive",
            "Grows from 4 pixels up while it trains (Karras et al. 2018): steady at high resolution",
            ProgressiveOptions,
            "gantool.builtin.architectures.progressive:build",
            Recipe(
                loss="wasserstein:drift=0.001",
                penalties=("gp:weight=10",),
                learning_rate=1e-3,
                betas=(0.0, 0.99),
                batch=64,
                images=1_000_000,
                short=ShortRun(60_000, batch=16, learning_rate=2e-3),
                on_cpu=OnCpu(batch=16, learning_rate=2e-3, images=60_000),
            ),
            resolutions=HIGH,
            settle="gantool.builtin.architectures.growth:settle",
            about=GROWTH,
        ),
        Architecture(
            "msg",
            "Trains all resolutions at once (MSG-GAN, Karnewar and Wang 2020): one schedule, few settings",
            MsgOptions,
            "gantool.builtin.architectures.msg:build",
            Recipe(
                learning_rate=3e-3,
                betas=(0.0, 0.99),
                batch=16,
                penalties=("r1:weight=1,every=8",),
                on_cpu=OnCpu(batch=16, learning_rate=3e-3, images=60_000),
            ),
            resolutions=HIGH,
            settle="gantool.builtin.architectures.widths:settle",
            about=PYRAMID,
        ),
    ]
