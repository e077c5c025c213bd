"""The output of a discriminator: one logit an image or several, alone or with more for the architecture's terms."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Images, Labels, Logits


def parted(answer: Any) -> tuple[Tensor, Any]:
    """Logits, and the discriminator's further output; None where there is none."""
    logits, more = answer if isinstance(answer, tuple) else (answer, None)
    return logits, more


def per_image(logits: Float[Tensor, "n *k"]) -> Logits:
    """One logit an image: the mean of its judgements."""
    return logits if logits.dim() == 1 else logits.flatten(1).mean(dim=1)


class PerImage(nn.Module):
    """A discriminator as penalties see it: one logit an image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Images, labels: Labels = None) -> Logits:
        """The mean of an image's judgements."""
        return per_image(parted(self.network(images, labels))[0])
