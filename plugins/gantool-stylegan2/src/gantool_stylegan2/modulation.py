"""Convolutions whose input channels each sample scales by a style of its own (Karras et al. 2020, section 2.2)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool_stylegan2.filters import blurred, kernel
from gantool_stylegan2.layers import EPSILON, Linear


class ModulatedConv(nn.Module):
    """Equation 1 scales the weights by the style, equation 3 divides them by their norm for each output channel.

    Scaling the input instead of the weights, and the output by the inverse norm, is the same; it lets one convolution
    serve the whole batch and needs no copy of the weights for each sample. bfloat16 has float32's range, so neither
    overflows, and styles need not be normalised first as float16 asks for. With `up` the side doubles.
    """

    filter: Float[Tensor, "4 4"]

    def __init__(
        self, inputs: int, outputs: int, side: int, latent: int, up: bool = False, demodulate: bool = True
    ) -> None:
        super().__init__()
        self.style = Linear(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
        self.scale = 1 / math.sqrt(inputs * side**2)
        self.up, self.demodulate = up, demodulate
        if up:
            self.register_buffer("filter", kernel(), persistent=False)

    def forward(self, x: Float[Tensor, "n _ h w"], w: Float[Tensor, "n d"]) -> Float[Tensor, "n _ _ _"]:
        """The convolution in the precision of autocast; styles and norms in float32."""
        with torch.autocast(x.device.type, enabled=False):
            style = self.style(w.to(self.style.weight.dtype))
            norm = self._inverse_norm(style) if self.demodulate else None
        y = self._convolved(x * style.to(x.dtype)[:, :, None, None])
        return y if norm is None else y * norm.to(y.dtype)[:, :, None, None]

    def _inverse_norm(self, style: Float[Tensor, "n inputs"]) -> Float[Tensor, "n outputs"]:
        squares = (self.weight * self.scale).square().sum(dim=(2, 3))  # [outputs, inputs]
        return F.linear(style.square(), squares).add(EPSILON).rsqrt()

    def _convolved(self, x: Tensor) -> Tensor:
        weight = self.weight * self.scale
        if not self.up:
            return F.conv2d(x, weight, padding=weight.shape[-1] // 2)
        # The gain of 4 makes up for the zeros between the pixels.
        return blurred(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), self.filter, padding=1, gain=4.0)
