"""Encoder and decoder as one generator, without a discriminator; terms of the evidence lower bound."""

import math
from collections.abc import Mapping, Sequence
from typing import cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

import gantool
from gantool_vae import VaeOptions
from gantool_vae.bound import bounded, divergence, surprise
from gantool_vae.encoder import Encoder

Labels = Int64[Tensor, "n"] | None


class Vae(nn.Module):
    """The decoder, which draws as the generator it is; the encoder and sigma are there to learn by."""

    log_sigma: Tensor

    def __init__(self, encoder: Encoder, decoder: nn.Module, sigma: float | str) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        begin = torch.tensor(0.0 if isinstance(sigma, str) else math.log(sigma))
        if sigma == "learned":
            self.log_sigma = nn.Parameter(begin)
        else:
            self.register_buffer("log_sigma", begin)

    def used_log_sigma(self) -> Float[Tensor, ""]:
        """The log-sigma that the likelihood is by: a number as it was given, one that learns within its bound."""
        return bounded(self.log_sigma) if isinstance(self.log_sigma, nn.Parameter) else self.log_sigma

    def forward(self, z: Float[Tensor, "n d"], labels: Labels = None) -> gantool.Images:
        """Pictures of latents, all levels that the decoder has."""
        return cast(gantool.Images, self.decoder(z, labels))

    def encode(self, pictures: Float[Tensor, "n c h w"], labels: Labels = None) -> Float[Tensor, "n d"]:
        """The mean latents of pictures in [-1, 1]."""
        return cast(Tensor, self.encoder(pictures, labels)[0])


class MappedVae(Vae):
    """The same around a decoder with an intermediate latent space."""

    def map(self, z: Float[Tensor, "n d"], labels: Labels = None) -> Float[Tensor, "n *w"]:
        """The decoder's own mapping."""
        return cast(gantool.MappedGenerator, self.decoder).map(z, labels)

    def synthesize(self, w: Float[Tensor, "n *w"]) -> gantool.Images:
        """The decoder's own synthesis."""
        return cast(gantool.MappedGenerator, self.decoder).synthesize(w)


class VaeGan(gantool.Gan):
    """A Gan without an adversary, which grows and shows levels as the one does whose generator it has."""

    generator: Vae

    def __init__(self, options: VaeOptions, generator: Vae, inner: gantool.Gan) -> None:
        super().__init__(generator, None, inner.latent_dim)
        self._options, self._inner = options, inner
        self._beta = options.beta

    def terms(self, side: str, seen: gantool.Seen) -> Mapping[str, Float[Tensor, "n"]]:
        """Reconstruction and weighted KL divergence, in nats for each picture (Kingma and Welling 2014, eq. 10)."""
        real = cast(gantool.Images, seen.real)
        mean, log_variance = self.generator.encoder(real[-1], seen.labels)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        drawn = self.generator(z, seen.labels)
        error = torch.cat([(one.float() - other).flatten(1) for one, other in zip(drawn, real, strict=True)], dim=1)
        reconstruction, log_sigma = surprise(
            error, None if self._options.sigma == "optimal" else self.generator.used_log_sigma()
        )
        if self._options.sigma == "optimal":
            self.generator.log_sigma.copy_(log_sigma)
        return {"reconstruction": reconstruction, "kl": self._beta * divergence(mean, log_variance)}

    def view(self, batch: Float[Tensor, "n c h w"]) -> gantool.Images:
        """Reals at the decoder's levels."""
        return self._inner.view(batch)

    def advance(self, images_seen: int) -> None:
        """Raise the weight of the KL divergence, and let the decoder grow."""
        self._inner.advance(images_seen)
        images = self._options.images
        ramp = self._options.warmup * images if isinstance(images, int) else 0.0
        self._beta = self._options.beta * min(1.0, images_seen / ramp if ramp else 1.0)

    def stages(self, batch: int) -> Sequence[gantool.Stage]:
        """Those of the decoder."""
        return self._inner.stages(batch)

    def status(self) -> Mapping[str, float]:
        """Sigma in the range of pictures, which is 2 wide, and the weight of the KL divergence."""
        own = {"sigma": float(self.generator.used_log_sigma().detach().exp()), "beta": self._beta}
        return {**self._inner.status(), **own}

    def module_sides(self) -> Mapping[str, int]:
        """Those of the decoder's modules."""
        head = "generator."
        sides = self._inner.module_sides().items()
        return {f"{head}decoder.{name.removeprefix(head)}": side for name, side in sides if name.startswith(head)}

    def levels(self) -> Sequence[int]:
        """Those of the decoder."""
        return self._inner.levels()

    def show(self, level: int | None) -> None:
        """Let the decoder draw at one of its levels."""
        self._inner.show(level)


def build(options: VaeOptions, shape: gantool.ImageShape) -> gantool.Gan:
    """A VAE for whatever the decoder can draw. The decoder's own discriminator is left out of training."""
    images = options.images if isinstance(options.images, int) else None
    inner = gantool.build(options.decoder, shape, images)
    if inner.discriminator is None:
        raise gantool.OptionError(
            f"decoder={options.decoder} learns by terms of its own, without a discriminator: name another generator."
        )
    encoder = Encoder(options, shape, inner.latent_dim)
    kind = MappedVae if isinstance(inner.generator, gantool.MappedGenerator) else Vae
    return VaeGan(options, kind(encoder, inner.generator, options.sigma), inner)
