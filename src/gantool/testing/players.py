"""Tiny networks that losses, penalties and augmentations are tried on: smooth, so that all have second derivatives."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.networks import Gan, Images, Labels
from gantool.api.specs import ImageShape
from gantool.testing.networks import seeded

SIDE, LATENT = 16, 4


class Painter(nn.Module):
    """Latents to pictures at each side: one linear layer for all, and one for each."""

    def __init__(self, shape: ImageShape, sides: tuple[int, ...]) -> None:
        super().__init__()
        self.first = nn.Linear(LATENT + shape.classes, LATENT)
        self.last = nn.ModuleList(nn.Linear(LATENT, shape.channels * side * side) for side in sides)
        self.shape, self.sides = shape, sides

    def forward(self, z: Float[Tensor, "n d"], labels: Labels = None) -> Images:
        """Pictures in [-1, 1]."""
        return self._painted(self._mapped(z, labels))

    def _mapped(self, z: Float[Tensor, "n d"], labels: Labels) -> Float[Tensor, "n d"]:
        return torch.tanh(self.first(_with_label(z, labels, self.shape.classes)))

    def _painted(self, w: Float[Tensor, "n d"]) -> Images:
        return tuple(
            torch.tanh(layer(w)).view(len(w), self.shape.channels, side, side)
            for layer, side in zip(self.last, self.sides, strict=True)
        )


class MappedPainter(Painter):
    """The same with an intermediate latent space."""

    def map(self, z: Float[Tensor, "n d"], labels: Labels) -> Float[Tensor, "n d"]:
        """The intermediate latent, which depends on the label."""
        return self._mapped(z, labels)

    def synthesize(self, w: Float[Tensor, "n d"]) -> Images:
        """Pictures in [-1, 1]."""
        return self._painted(w)


class Judge(nn.Module):
    """Pictures at each side to one logit, by a convolution and a smooth bend each."""

    def __init__(self, shape: ImageShape, sides: tuple[int, ...]) -> None:
        super().__init__()
        self.first = nn.ModuleList(nn.Conv2d(shape.channels, 4, 4, stride=4) for _ in sides)
        features = sum(4 * (side // 4) ** 2 for side in sides) + shape.classes
        self.last = nn.Linear(features, 1)
        self.classes = shape.classes

    def forward(self, images: Images, labels: Labels = None) -> Float[Tensor, "n"]:
        """One logit for each sample."""
        bent = [F.softplus(layer(level)).flatten(1) for layer, level in zip(self.first, images, strict=True)]
        logits: Tensor = self.last(_with_label(torch.cat(bent, dim=1), labels, self.classes)).flatten()
        return logits


class Players(Gan):
    """A pair for one side, or for a pyramid."""

    def __init__(self, shape: ImageShape, sides: tuple[int, ...]) -> None:
        painter = Painter if len(sides) == 1 else MappedPainter
        super().__init__(painter(shape, sides), Judge(shape, sides), LATENT)
        self.sides = sides

    def view(self, batch: Float[Tensor, "n c h w"]) -> Images:
        """Reals at each side."""
        return tuple(F.avg_pool2d(batch, batch.shape[-1] // side) for side in self.sides)


def players() -> list[tuple[str, Gan, ImageShape]]:
    """One for each thing that may make a difference: channels, labels, levels; with the words for it."""
    plain, rich = ImageShape(SIDE, 3), ImageShape(SIDE, 1, classes=2)
    with seeded(0):
        return [
            ("on pictures of one level", Players(plain, (SIDE,)), plain),
            ("on a labelled grey pyramid", Players(rich, (SIDE // 2, SIDE)), rich),
        ]


def _with_label(vectors: Float[Tensor, "n d"], labels: Labels, classes: int) -> Float[Tensor, "n _"]:
    if classes == 0:
        return vectors
    if labels is None:
        raise ValueError("it calls a network that has classes without labels: pass on those it is given")
    return torch.cat([vectors, F.one_hot(labels, classes).to(vectors.dtype)], dim=1)
