"""The generator: a constant grown by styled convolutions, and a picture summed up over all sides."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.filters import doubled
from gantool_stylegan2.layers import activated, clamped
from gantool_stylegan2.mapping import Mapping
from gantool_stylegan2.modulation import ModulatedConv
from gantool_stylegan2.widths import channels_at, sides_up_to

AVERAGE_KEEPS = 0.995
"""Decay of the running mean of w in each step (Karras et al. 2020, the reference's `w_avg_beta`)."""


class StyledConv(nn.Module):
    """Modulated convolution, noise, bias and activation (Karras et al. 2020, figure 2c).

    In training the noise is new for each sample; in evaluation it is the buffer's, so that a latent has one picture.
    """

    def __init__(
        self, inputs: int, outputs: int, side: int, latent: int, up: bool, noise: bool, clamp: float = 0.0
    ) -> None:
        super().__init__()
        self.conv, self.clamp = ModulatedConv(inputs, outputs, 3, latent, up), clamp
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.strength = nn.Parameter(torch.zeros(())) if noise else None
        if noise:
            self.register_buffer("noise", torch.randn(side, side))

    def forward(self, x: Float[Tensor, "n _ h w"], w: Float[Tensor, "n d"]) -> Float[Tensor, "n _ _ _"]:
        """Features, at twice the side with `up`."""
        y = self.conv(x, w)
        if self.strength is not None:
            fresh = self.training
            noise = torch.randn(y.shape[0], 1, *y.shape[2:], device=y.device) if fresh else self.get_buffer("noise")
            y = y + (noise * self.strength).to(y.dtype)
        return activated(y + self.bias.to(y.dtype)[:, None, None], self.clamp)


class ToRgb(nn.Module):
    """Features to pixels: modulated by the style, not demodulated."""

    def __init__(self, inputs: int, channels: int, latent: int, clamp: float = 0.0) -> None:
        super().__init__()
        self.conv, self.clamp = ModulatedConv(inputs, channels, 1, latent, demodulate=False), clamp
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Float[Tensor, "n _ h w"], w: Float[Tensor, "n d"]) -> Float[Tensor, "n c h w"]:
        """In float32: small differences add up over the sides."""
        pixels: Tensor = self.conv(x, w)
        return clamped(pixels.float() + self.bias[:, None, None], self.clamp)


class Synthesis(nn.Module):
    """w of every layer to a picture."""

    def __init__(self, options: StyleGan2, shape: gantool.ImageShape) -> None:
        super().__init__()
        latent, sides = int(options.latent), sides_up_to(shape.resolution)
        widths, more = [channels_at(options, side) for side in sides], (options.noise, options.clamp)
        self.constant = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.convs, self.to_rgb = nn.ModuleList(), nn.ModuleList()
        for index, (side, width) in enumerate(zip(sides, widths, strict=True)):
            if index:
                self.convs.append(StyledConv(widths[index - 1], width, side, latent, True, *more))
            self.convs.append(StyledConv(width, width, side, latent, False, *more))
            self.to_rgb.append(ToRgb(width, shape.channels, latent, options.clamp))
        self.layers = len(self.convs) + 1

    def forward(self, w: Float[Tensor, "n layers d"]) -> Float[Tensor, "n c h w"]:
        """Layer 0 is the convolution at 4 pixels; each picture of a side shares the w of the side's next layer."""
        x = self.constant.expand(w.shape[0], -1, -1, -1)
        x = self.convs[0](x, w[:, 0])
        picture: Tensor = self.to_rgb[0](x, w[:, 1])
        for index, to_rgb in enumerate(self.to_rgb[1:]):
            layer = 1 + 2 * index
            x = self.convs[layer](x, w[:, layer])
            x = self.convs[layer + 1](x, w[:, layer + 1])
            picture = doubled(picture) + to_rgb(x, w[:, layer + 2])
        return picture


class Generator(nn.Module):
    """z to w, and w to a picture. `mean_w` is the running mean of w in training."""

    mean_w: Float[Tensor, "d"]

    def __init__(self, options: StyleGan2, shape: gantool.ImageShape) -> None:
        super().__init__()
        latent = int(options.latent)
        self.mapping = Mapping(latent, shape.classes, latent, int(options.mapping_layers))
        self.synthesis = Synthesis(options, shape)
        self.style_mixing = options.style_mixing
        self.register_buffer("mean_w", torch.zeros(latent))

    def map(self, z: Float[Tensor, "n d"], labels: gantool.Labels) -> Float[Tensor, "n layers w"]:
        """The same w for every layer."""
        w: Tensor = self.mapping(z, labels)
        if self.training:
            self._remember(w.detach())
        return w[:, None].expand(-1, self.synthesis.layers, -1)

    def synthesize(self, w: Float[Tensor, "n layers w"]) -> gantool.Images:
        """One resolution."""
        return (self.synthesis(w),)

    def forward(self, z: Float[Tensor, "n d"], labels: gantool.Labels = None) -> gantool.Images:
        """A picture for each z; in training some have the coarse styles of one latent and the fine ones of another."""
        w = self.map(z, labels)
        return self.synthesize(self._mixed(w, labels) if self.training and self.style_mixing > 0 else w)

    def noises(self) -> dict[str, Tensor]:
        """The noise of evaluation by the names of its buffers; a projection may search for other noise."""
        return {name: buffer for name, buffer in self.named_buffers() if name.endswith(".noise")}

    def _mixed(self, w: Tensor, labels: gantool.Labels) -> Tensor:
        """Mixing regularisation (Karras et al. 2019, section 3.1), the crossing drawn for each sample."""
        n, layers, latent = w.shape
        other: Tensor = self.mapping(torch.randn(n, latent, device=w.device), labels)
        crossing = torch.randint(1, layers, (n, 1), device=w.device)
        crossing = torch.where(torch.rand(n, 1, device=w.device) < self.style_mixing, crossing, layers)
        beyond = torch.arange(layers, device=w.device) >= crossing  # [n, layers]
        return torch.where(beyond[:, :, None], other[:, None], w)

    @torch.no_grad()
    def _remember(self, w: Tensor) -> None:
        moved = w.mean(dim=0).lerp(self.mean_w, AVERAGE_KEEPS)
        # A step that is not finite is skipped; it must not change the running mean either.
        self.mean_w.copy_(torch.where(torch.isfinite(moved), moved, self.mean_w))
