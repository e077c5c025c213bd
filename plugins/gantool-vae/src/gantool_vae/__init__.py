"""A variational autoencoder (Kingma and Welling 2014): options, recipe, command. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

import gantool

Count = Annotated[int, Field(ge=1)]
Deviation = Annotated[float, Field(gt=0)]


class VaeOptions(gantool.Options):
    """Options of `vae`."""

    decoder: str = gantool.option(
        "dcgan:generator_norm=instance",
        'the architecture whose generator decodes, with options in quotes: "mlp:latent=16,generator_hidden=64"',
    )
    width: int = gantool.option(32, "channels of the encoder's first layer; they double with each halving", ge=1)
    max_width: int = gantool.option(512, "the most channels in the encoder", ge=1)
    sigma: Deviation | Literal["optimal", "learned"] = gantool.option(
        "optimal",
        "standard deviation of pixels around what is decoded: optimal is each batch's own error (root mean square), "
        "learned a weight, a number stays",
    )
    beta: float = gantool.option(1.0, "weight of the KL divergence", ge=0)
    warmup: float = gantool.option(
        0.1, "KL warm-up: the share of the run over which that weight rises from 0", ge=0, le=1
    )
    images: Count | Literal["auto"] = gantool.option(
        "auto", "the length of the run, for the warm-up and for options of the decoder at auto; auto: --images"
    )


ABOUT = """\
An encoder maps a picture to a normal distribution of latents; the generator of another architecture, the decoder, \
draws the picture from a latent of it. There is no discriminator: the two learn by the evidence lower bound, in nats a \
picture, whose terms are reconstruction (the negative log-likelihood of the pixels) and kl (the divergence of the \
latents from N(0, I), times its weight so far).
The default decoder has instance normalisation: behind BatchNorm latents of pictures may lie at another scale than \
those of samples, which are then pale.
With sigma=optimal (Rybkin et al. 2021) the two are balanced without a weight to tune. A fixed sigma is what a beta \
would be: twice the sigma has a fourth of the weight on the reconstruction.
gantool reconstruct MODEL PICTURES shows pictures beside what is left of them."""


@gantool.hookimpl
def gantool_architectures() -> list[gantool.Architecture]:
    """One architecture, around the generator of any other."""
    return [
        gantool.Architecture(
            "vae",
            "Variational autoencoder (Kingma and Welling 2014) around another's generator: the baseline, which blurs",
            VaeOptions,
            "gantool_vae.networks:build",
            gantool.Recipe(
                learning_rate=1e-3,
                betas=(0.9, 0.999),
                batch=64,
                short=gantool.ShortRun(60_000, batch=16, learning_rate=1e-3),
                on_cpu=gantool.OnCpu(batch=16, learning_rate=1e-3),
            ),
            settle="gantool_vae.settling:settle",
            about=ABOUT,
        )
    ]


@gantool.hookimpl
def gantool_commands() -> list[gantool.Command]:
    """The command that shows what the latents keep of a picture."""
    return [
        gantool.Command(
            "reconstruct",
            "Draw pictures beside their reconstructions by a VAE.",
            "gantool_vae.reconstruct:reconstruct",
        )
    ]
