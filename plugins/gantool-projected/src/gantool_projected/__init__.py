"""FastGAN (Liu et al. 2021) and Projected GAN (Sauer et al. 2021): options and recipes. This page imports no torch."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

import gantool

Channels = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=32, le=512, multiple_of=32)]
SIDES = (32, 64, 128, 256, 512, 1024)
EXTRACTOR = "efficientnet"


def _placed(file: str) -> str:
    """A file by its whole path, so that a run finds it from any folder that it is resumed in."""
    return str(Path(file).expanduser().absolute()) if file else file


class FastGan(gantool.Options):
    """Options of the generator, which both architectures share."""

    latent: int = gantool.option(256, "size of the latent z", ge=1)
    width: Channels | Literal["auto"] = gantool.option(
        "auto", "channels at 128 pixels, doubled with each halving of the side; auto: what the run's length can train"
    )
    embedding: int = gantool.option(64, "size of the label embedding beside z, with --labels", ge=1)


class FastGanOptions(FastGan):
    """Options of `fastgan`."""

    reconstruction: float = gantool.option(
        1.0, "weight of the discriminator's reconstruction of reals from its features", ge=0
    )


class ProjectedOptions(FastGan):
    """Options of `projected`."""

    mix: int = gantool.option(32, "channels of the finest mixed features, doubled with each coarser scale", ge=1)
    side: Side | Literal["auto"] = gantool.option(
        "auto", "side in pixels at which features are computed; auto: that of the pictures, within 64 and 256"
    )
    pixels: Literal[0, 16, 32] = gantool.option(
        16,
        "side at which a fifth discriminator judges the picture itself, for its colours; 0: none, as in the paper",
        before=0,
    )
    weights: Annotated[str, AfterValidator(_placed)] = gantool.option(
        "", "file with the weights of efficientnet; empty: those of gantool[features]"
    )


WIDTH = "width=auto is {} channels for runs below 200k images, which a CPU can train, then the papers' 64."
FAST = f"""\
The generator's coarse maps scale the channels of fine ones (skip-layer excitation). The discriminator also draws \
reals again from its own features, so that it learns what they show and not by heart (the term 'reconstruction').
{WIDTH.format(8)}"""
PROJECTED = f"""\
Four discriminators judge features of a network trained on photos (EfficientNet-Lite0), mixed by random convolutions \
across channels and scales; features and mixing are never trained. A fifth one judges the picture at 16 pixels, since \
gradients through the features hardly correct colours. Metrics by efficientnet flatter it: gantool evaluate takes \
another network unless one is named.
{WIDTH.format(16)}"""


@gantool.hookimpl
def gantool_architectures() -> list[gantool.Architecture]:
    """Two architectures for few pictures, with the same generator."""
    recipe = gantool.Recipe(
        loss="hinge",
        learning_rate=2e-4,
        betas=(0.0, 0.99),
        batch=64,
        images=1_000_000,
        on_cpu=gantool.OnCpu(batch=8, learning_rate=5e-4, images=60_000),
    )
    return [
        gantool.Architecture(
            "fastgan",
            "For a few hundred pictures, in minutes (FastGAN, Liu et al. 2021): a discriminator that reconstructs",
            FastGanOptions,
            "gantool_projected.fastgan:build",
            recipe,
            SIDES,
            settle="gantool_projected.settling:settle",
            about=FAST,
        ),
        gantool.Architecture(
            "projected",
            "Judges by features of a network trained on photos (Projected GAN, Sauer et al. 2021): for few pictures",
            ProjectedOptions,
            "gantool_projected.projected:build",
            recipe,
            SIDES,
            settle="gantool_projected.settling:settle",
            about=PROJECTED,
            learns_by=EXTRACTOR,
        ),
    ]
