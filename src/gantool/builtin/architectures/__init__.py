"""The catalogue of built-in architectures, with their options and recipes. It imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Architecture, OnCpu, Options, Recipe, ShortRun, option

Width = Annotated[int, Field(ge=1)]
MOST_LAYERS = 100


class MlpOptions(Options):
    """Options of `mlp`."""

    latent: int = option(100, "size of the latent z", ge=1)
    generator_hidden: tuple[Width, ...] = option(
        (256, 512, 1024), "hidden layers of the generator, e.g. 256+512", max_length=MOST_LAYERS
    )
    discriminator_hidden: tuple[Width, ...] = option(
        (512, 256), "hidden layers of the discriminator", max_length=MOST_LAYERS
    )
    discriminator_norm: Literal["spectral", "none"] = option(
        "none", "normalisation in the discriminator: spectral divides weights by their largest singular value"
    )
    leak: float = option(0.2, "slope of LeakyReLU below zero", ge=0, lt=1)


class DcganOptions(Options):
    """Options of `dcgan`."""

    latent: int = option(100, "size of the latent z", ge=1)
    width: Annotated[int, Field(ge=4)] | Literal["auto"] = option(
        "auto",
        "channels at full resolution, doubled with each halving of the size; auto: 64, on a CPU 32 from 64 pixels on",
    )
    max_width: int = option(512, "the most channels in any layer", ge=4)
    stem: Literal["conv", "linear"] = option(
        "conv", "first layer of the generator, from z: transposed convolution or fully connected"
    )
    grow: Literal["transposed", "upsample"] = option(
        "upsample",
        "upsampling in the generator: nearest neighbour + convolution, or the paper's transposed convolution, which "
        "leaves a checkerboard",
    )
    shrink: Literal["stride", "pool"] = option(
        "stride", "downsampling in the discriminator: strided convolution, or convolution + pooling"
    )
    features: tuple[Width, ...] = option(
        (), "fully connected layers before the discriminator's logit, e.g. 256+128", max_length=MOST_LAYERS
    )
    generator_norm: Literal["batch", "instance", "none"] = option(
        "batch", "normalisation in the generator; batch mixes samples, so that pictures depend on the batch's size"
    )
    discriminator_norm: Literal["batch", "instance", "spectral", "none"] = option(
        "batch", "normalisation in the discriminator; batch mixes samples, so use another with gradient penalties"
    )
    leak: float = option(0.2, "slope of LeakyReLU in the discriminator", ge=0, lt=1)


Maps = Annotated[int, Field(ge=1)]
Kimg = Annotated[float, Field(ge=0.001)]
Fade = Annotated[float, Field(ge=0)]


class EqualizedOptions(Options):
    """Options shared by the two architectures for high resolution."""

    latent: int = option(512, "size of the latent z", ge=1)
    fmap_base: Maps | Literal["auto"] = option("auto", "channels at N pixels are 2 * fmap_base / N; auto: see below")
    fmap_max: Maps | Literal["auto"] = option("auto", "the most channels in any layer; auto: fmap_base / 8, up to 512")
    stddev_group: int = option(4, "group size of minibatch standard deviation; 1 disables it", ge=1)
    upsampling: Literal["nearest", "bilinear"] = option(
        "nearest",
        "upsampling in the generator: the paper's nearest neighbour, or bilinear, which draws smooth forms without a "
        "weave of lines, but no texture in a short run",
    )


class ProgressiveOptions(EqualizedOptions):
    """Options of `progressive`."""

    stabilise_kimg: Kimg | Literal["auto"] = option("auto", "thousands of images for which each level is trained")
    fade_kimg: Fade | Literal["auto"] = option("auto", "thousands of images over which a new level fades in")
    batch_halves_beyond: int = option(32, "resolution beyond which --batch halves with each level; 0: never", ge=0)
    reset_moments: bool = option(True, "reset the optimizers' moments when a fade-in begins and when it ends")


class MsgOptions(EqualizedOptions):
    """Options of `msg`."""

    combine: Literal["simple", "lin_cat", "cat_lin"] = option(
        "simple",
        "how the discriminator joins images and features: concatenation, 1x1 convolution of the image or of both",
    )
    levels: Literal["all", "finest"] = option("all", "finest: full resolution only, as an ablation")


WIDTH = """\
fmap_base=auto depends on the run's length: 512 below 100k images, 2048 below 1M, then the paper's 8192;
but no less than 16 channels at full resolution."""
PYRAMID = f"""\
The generator outputs every level from 4 pixels up, and the discriminator sees them all, so gradients reach coarse \
levels directly. Sample sheets show the pyramid beside each picture; gantool sample --level N draws one level.
{WIDTH}"""
HIGH = (8, 16, 32, 64, 128, 256, 512, 1024)
GROWTH = f"""\
Training begins at 4 pixels. Each level trains for stabilise_kimg thousand images, then the next one, of twice the \
resolution, fades in over fade_kimg thousand: its images are blended with the upscaled ones of the level before, with \
a weight alpha that grows from 0 to 1, and reals are blended alike. The last level trains to the end. Level and alpha \
depend on the images seen alone, so a run stopped in the middle of a fade-in resumes exactly.
auto gives the full resolution half of --images and splits the other half evenly, with at most 600 thousand for each \
part, as the authors' code has. At 64 pixels and --images 1.6M: 100k each to 4 trainings and 4 fades, and from 800k \
on all to 64 pixels. The schedule is fixed when a run begins; --dry-run shows the table.
--batch holds up to batch_halves_beyond pixels; beyond, it halves with each level, to no fewer than 4.
{WIDTH}"""


ARCHITECTURES = [
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
            on_cpu=OnCpu(batch=32, learning_rate=4e-4),  # benchmarks/recipes
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
            short=ShortRun(60_000, batch=16, learning_rate=5e-4),
            on_cpu=OnCpu(batch=16, learning_rate=5e-4),
        ),
        resolutions=(16, 28, 32, 64, 128, 256),
        settle="gantool.builtin.architectures.widths:settle_dcgan",
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
            on_cpu=OnCpu(  # benchmarks/recipes
                batch=16, learning_rate=2e-3, images=60_000, loss="rpgan", penalties=("r1:weight=1,every=8",)
            ),
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
            on_cpu=OnCpu(batch=16, learning_rate=3e-3, images=60_000, loss="rpgan"),  # benchmarks/recipes
        ),
        resolutions=HIGH,
        settle="gantool.builtin.architectures.widths:settle",
        about=PYRAMID,
    ),
]


@hookimpl
def gantool_architectures() -> list[Architecture]:
    """MLP GAN, DCGAN, progressive GAN and MSG-GAN."""
    return ARCHITECTURES
