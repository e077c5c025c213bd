"""The encoder: a picture to the normal distribution of its latents."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional as F

import gantool
from gantool_vae import VaeOptions

COARSEST = 7
"""The side at which halving ends: at 7 for 28 pixels, at 4 for powers of two."""
LARGEST_LOG = 10.0
"""The bound of the logarithm of a variance, so that its exponential stays finite."""
LEAK = 0.2


class Encoder(nn.Module):
    """Halvings by strided convolutions with batch normalisation, then one linear layer to mean and log-variance."""

    def __init__(self, options: VaeOptions, shape: gantool.ImageShape, latent: int) -> None:
        super().__init__()
        self.side = side = shape.resolution
        inputs, outputs = shape.channels, min(options.width, options.max_width)
        layers: list[nn.Module] = []
        while side > COARSEST:
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(LEAK, inplace=True),
            ]
            side, inputs, outputs = side // 2, outputs, min(options.max_width, outputs * 2)
        self.layers = nn.Sequential(*layers)
        self.classes = shape.classes
        self.to_latent = nn.Linear(inputs * side**2 + shape.classes, 2 * latent)

    def forward(
        self, pictures: Float[Tensor, "n c h w"], labels: Int64[Tensor, "n"] | None = None
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Mean and log-variance of the latents, float32. Coarser pictures, of a network that grows, are enlarged."""
        if pictures.shape[-1] != self.side:
            pictures = F.interpolate(pictures, size=(self.side, self.side))
        features = self.layers(pictures).flatten(1)
        if self.classes:
            if labels is None:
                raise gantool.UsageError("An encoder that was trained with labels needs those of its pictures.")
            features = torch.cat([features, F.one_hot(labels, self.classes).to(features.dtype)], dim=1)
        mean, log_variance = self.to_latent(features).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-LARGEST_LOG, LARGEST_LOG)
