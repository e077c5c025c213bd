"""The perceptual distance of a picture from a target, by the features of an extractor."""

import torch
from jaxtyping import Float
from torch import Tensor

import gantool
from gantool import commands

PIXELS = 0.5
"""Weight of the pixels themselves beside the features: extractors see colours only roughly."""


class Likeness:
    """Squared differences from the target, each relative to the target's own size: 1 is as far as an empty picture."""

    def __init__(self, extractor: gantool.Extractor, target: Float[Tensor, "1 c h w"]) -> None:
        self._extractor, self._target = extractor, target
        _to(extractor, target.device)
        with torch.no_grad():
            self._features = [layer.float() for layer in extractor(_coloured(target))]
            self._sizes = [layer.square().mean().clamp(min=1e-8) for layer in self._features]
            self._contrast = (target - target.mean()).square().mean().clamp(min=1e-4)

    def __call__(self, picture: Float[Tensor, "1 c h w"]) -> Float[Tensor, ""]:
        """0 for the target itself; the mean over layers, and the pixels."""
        features = self._extractor(_coloured(picture))
        unlike = [
            (layer.float() - wanted).square().mean() / size
            for layer, wanted, size in zip(features, self._features, self._sizes, strict=True)
        ]
        pixels = (picture - self._target).square().mean() / self._contrast
        return torch.stack(unlike).mean() + PIXELS * pixels


def _coloured(picture: Float[Tensor, "1 c h w"]) -> Float[Tensor, "1 3 h w"]:
    """What extractors take: grey in all three channels, transparency on white."""
    return commands.composited(picture).expand(-1, 3, -1, -1)


def _to(extractor: object, device: torch.device) -> None:
    if isinstance(extractor, torch.nn.Module):
        extractor.to(device)
