"""Changes of colour and of place for pictures with alpha, whose colours are multiplied by it (`pixels`)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.pixels import has_alpha

Level = Float[Tensor, "n c h w"]
Change = Callable[[Level], Level]

LEAST_COVER = 0.1
"""The least share of a picture that its mean colour is taken of; the mean of next to nothing would be noise."""


def in_color(level: Level, change: Change) -> Level:
    """The picture after an affine change of its colours alone: alpha stays, and what is transparent stays so.

    The change is applied as if on black, and what it makes of that black is taken away where the black shows through.
    """
    if not has_alpha(level):
        return change(level)
    color, alpha = level[:, :3], level[:, 3:]
    from_black = change(torch.full_like(color[..., :1, :1], -1.0)) + 1
    return torch.cat([change(color) - (1 - alpha) / 2 * from_black, alpha], dim=1)


def in_place(level: Level, change: Change) -> Level:
    """The picture after a linear change of place that fills with 0, the middle grey; with alpha it fills with nothing.

    Transparent is -1 in all four channels.
    """
    return change(level + 1) - 1 if has_alpha(level) else change(level)


def mean_color(level: Level) -> Float[Tensor, "n 1 1 1"]:
    """The mean of each picture's colours, over what is not transparent."""
    if not has_alpha(level):
        return level.mean(dim=(1, 2, 3), keepdim=True)
    color, alpha = ((part + 1).mean(dim=(1, 2, 3), keepdim=True) / 2 for part in (level[:, :3], level[:, 3:]))
    return 2 * color / alpha.clamp(min=LEAST_COVER) - 1
