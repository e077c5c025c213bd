"""The output of a discriminator: one logit an image or several, alone or with more for the architecture's terms."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from gantool.api.networks import Gan, Images, Labels, Logits, Seen


def parted(answer: Any) -> tuple[Tensor, Any]:
    """Logits, and the discriminator's further output; None where there is none."""
    logits, more = answer if isinstance(answer, tuple) else (answer, None)
    return logits, more


def sides_seen(gan: Gan, z: Tensor, labels: Labels, fake: Images, real: Images, pairs_real: bool) -> dict[str, Seen]:
    """The `Seen` that `Gan.terms` gets in the step of each side, outside a step.

    The generator's has reals where the loss pairs them with fakes, or where it has no adversary.
    """
    critic = gan.discriminator
    if critic is None:
        return {"generator": Seen(z, labels, fake, real)}
    apart = tuple(level.detach() for level in fake)
    of_real, of_apart, of_fake = (parted(critic(images, labels))[1] for images in (real, apart, fake))
    paired = (real, of_fake, of_real) if pairs_real else (None, of_fake, None)
    return {
        "discriminator": Seen(z, labels, apart, real, of_apart, of_real),
        "generator": Seen(z, labels, fake, *paired),
    }


def per_image(logits: Float[Tensor, "n *k"]) -> Logits:
    """One logit an image: the mean of its judgements."""
    return logits if logits.dim() == 1 else logits.flatten(1).mean(dim=1)


class PerImage(nn.Module):
    """A discriminator as penalties see it: one logit an image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Images, labels: Labels = None) -> Logits:
        """The mean of an image's judgements.

        Where a penalty takes a gradient by the images, attention is computed by torch's plain implementation: the
        faster ones have no second derivative.
        """
        if not any(level.requires_grad for level in images):
            return per_image(parted(self.network(images, labels))[0])
        with sdpa_kernel(SDPBackend.MATH):
            return per_image(parted(self.network(images, labels))[0])
