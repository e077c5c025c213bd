"""From z, or a label, to the intermediate latent w (Karras et al. 2019, section 2)."""

from itertools import chain, repeat

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

import gantool
from gantool_stylegan2.layers import Linear, activated, normalized

RATE = 0.01
"""Learning rate of the mapping network against that of the rest (Karras et al. 2019, appendix C)."""


class Mapping(nn.Module):
    """Fully connected layers over the normalised z, with the label's embedding behind it where there are classes.

    With `latent` 0 there is no z: that is how the discriminator maps labels (StyleGAN2-ADA, appendix C).
    """

    def __init__(self, latent: int, classes: int, width: int, layers: int) -> None:
        super().__init__()
        self.latent, self.classes = latent, classes
        self.embedding = Linear(classes, width) if classes else None
        inputs = latent + (width if classes else 0)
        sizes = chain([inputs], repeat(width, layers - 1))  # not a list: a card may ask for any number
        self.layers = nn.ModuleList(Linear(size, width, rate=RATE) for size in sizes)

    def forward(self, z: Float[Tensor, "n d"] | None, labels: gantool.Labels) -> Float[Tensor, "n w"]:
        """In float32, whatever autocast says."""
        device = self.layers[0].weight.device.type
        with torch.autocast(str(device), enabled=False):
            parts = [] if z is None else [normalized(z.float())]
            if self.embedding is not None:
                if labels is None:
                    raise ValueError("a class-conditional network was called without labels")
                parts.append(normalized(self.embedding(F.one_hot(labels, self.classes).float())))
            x = torch.cat(parts, dim=1)
            for layer in self.layers:
                x = activated(layer(x))
        return x
