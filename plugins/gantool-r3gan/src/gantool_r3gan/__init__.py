"""R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!"): options and recipe. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

import gantool

Size = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=1)]
Gamma = Annotated[float, Field(ge=0)]


class R3ganOptions(gantool.Options):
    """Options of `r3gan`."""

    latent: int = gantool.option(64, "size of the latent z", ge=1)
    width: Size | Literal["auto"] = gantool.option(
        "auto", "channels up to 32 pixels, halved with each doubling beyond; auto: what the run's length can train"
    )
    blocks: int = gantool.option(2, "residual blocks at each resolution", ge=1)
    expansion: int = gantool.option(2, "expansion factor: channels inside a block, relative to its input", ge=1)
    group: int = gantool.option(16, "channels in each group of the 3x3 convolutions", ge=1)
    embedding: int = gantool.option(128, "size of the label embedding, with --labels", ge=1)


class FallingOptions(gantool.Options):
    """Options of `r1-falling` and `r2-falling`."""

    weight: Gamma | Literal["auto"] = gantool.option(
        "auto", "gamma at the start; the loss gets gamma/2 times the squared gradient; auto: 2 at 64 pixels, see about"
    )
    end: float = gantool.option(0.1, "final gamma, as a fraction of the initial one", ge=0, le=1)
    images: Count | Literal["auto"] = gantool.option(
        "auto", "images at which gamma reaches its final value; auto: the run's length"
    )


WIDTH = """\
width=auto is 96 channels for runs below 200k images, 256 below 2M, then the paper's 768. Widths are rounded down to \
what the groups need. Each block begins as the identity; there is no normalisation.
Over the length that a run had when it began, all by a cosine, the recipe's penalties fall to a tenth of their gamma, \
the learning rate to a quarter, and beta2 rises from 0.9 to 0.99; gamma begins at 0.23 at 32 pixels, at 2 at 64, at \
150 at 256."""
SIDES = (32, 64, 128, 256)


@gantool.hookimpl
def gantool_architectures() -> list[gantool.Architecture]:
    """The one architecture, with the paper's recipe as far as the engine supports it (README)."""
    return [
        gantool.Architecture(
            "r3gan",
            "Residual networks without normalisation (R3GAN, Huang et al. 2024)",
            R3ganOptions,
            "gantool_r3gan.networks:build",
            gantool.Recipe(
                loss="rpgan",
                penalties=("r1-falling", "r2-falling"),
                learning_rate=2e-4,
                lr_schedule="cosine",
                lr_end=0.25,
                betas=(0.0, 0.99),
                beta2_start=0.9,
                batch=256,
                images=2_000_000,
                on_cpu=gantool.OnCpu(batch=16, learning_rate=1e-3),
            ),
            SIDES,
            settle="gantool_r3gan.settling:widths",
            about=WIDTH,
        )
    ]


@gantool.hookimpl
def gantool_penalties() -> list[gantool.Component]:
    """R1 and R2 with a gamma that falls by a cosine over the run."""
    return [
        gantool.Component(
            f"r{number}-falling",
            f"Squared gradient norm on {where} in every step, with a gamma that falls by a cosine",
            FallingOptions,
            f"gantool_r3gan.penalties:R{number}",
            settle="gantool_r3gan.settling:gamma",
            traits=("slope",),
        )
        for number, where in ((1, "reals"), (2, "fakes"))
    ]
