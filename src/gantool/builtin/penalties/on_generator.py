"""Penalties of the generator."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from gantool.api.networks import Images, Labels, Logits, MappedGenerator
from gantool.api.strategies import Penalty
from gantool.builtin.penalties import PathLengthOptions


class PathLength(nn.Module, Penalty):
    """(|J^T y| - a)^2: equal steps in the latent space change pictures equally much (Karras et al. 2020, eq. 4).

    J is the derivative of the finest picture by `w`, or by `z` where a generator has no intermediate latent, y normal
    noise in the picture's shape, and `a` the running mean of the lengths, so their scale need not be known.
    """

    side = "generator"
    mean: Float[Tensor, ""]

    def __init__(self, options: PathLengthOptions) -> None:
        super().__init__()
        self.weight, self.every, self.decay = options.weight, options.every, options.decay
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, network: nn.Module, z: Float[Tensor, "n d"], labels: Labels) -> Logits:
        """The penalty of each latent."""
        lengths = path_lengths(network, z, labels)
        with torch.no_grad():
            moved = self.mean.lerp(lengths.mean(), self.decay)
            # A step that is not finite is skipped; it must not change the running mean either.
            self.mean.copy_(torch.where(torch.isfinite(moved), moved, self.mean))
        return (lengths - self.mean) ** 2


def path_lengths(network: nn.Module, z: Float[Tensor, "n d"], labels: Labels) -> Logits:
    """|J^T y| of each latent for one draw of y, scaled so that it does not grow with the number of pixels."""
    with sdpa_kernel(SDPBackend.MATH):  # the other kinds of attention have no second derivative
        if isinstance(network, MappedGenerator):
            latent = network.map(z, labels)
            images: Images = network.synthesize(latent)
        else:
            latent = z.detach().requires_grad_(True)
            images = network(latent, labels)
    finest = images[-1].float()
    noise = torch.randn_like(finest) / math.sqrt(finest.shape[-2] * finest.shape[-1])
    (gradient,) = torch.autograd.grad((finest * noise).sum(), latent, create_graph=True)
    squares: Tensor = gradient.square().sum(dim=-1)  # [n], or [n, layers] where each layer has a w of its own
    # sqrt has an infinite slope at 0, and 0 * inf would poison the weights with NaN.
    return (squares.flatten(1).mean(dim=1) if squares.ndim > 1 else squares).add(1e-12).sqrt()
