"""Changes of colour as matrices on (red, green, blue, 1), one per sample (Karras et al. 2020, ADA, appendix B)."""

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.builtin.augment.transparency import in_color

PerSample = Float[Tensor, "n"]
Matrices = Float[Tensor, "n 4 4"]


def brightness(amount: PerSample) -> Matrices:
    """Add a constant to all channels."""
    color, one = _rows(amount)
    return torch.diag(color + one) + amount.view(-1, 1, 1) * color[:, None] * one


def contrast(factor: PerSample) -> Matrices:
    """Multiply all channels by a factor, about 0, the middle grey."""
    return _parts(of_grey=factor, of_chroma=factor)


def luma_flip(flip: PerSample) -> Matrices:
    """Invert lightness and keep the colours where flip is 1; change nothing where it is 0."""
    return _parts(of_grey=1 - 2 * flip, of_chroma=torch.ones_like(flip))


def hue(angle: PerSample) -> Matrices:
    """Rotate colours about the grey axis, by radians; greys stay."""
    turned = _parts(of_grey=torch.ones_like(angle), of_chroma=angle.cos())
    cross = torch.zeros_like(turned)
    red_to_green = angle.sin() / 3**0.5  # the cross product with the unit vector of the grey axis
    for row, column in ((1, 0), (2, 1), (0, 2)):
        cross[:, row, column], cross[:, column, row] = red_to_green, -red_to_green
    return turned + cross


def saturation(factor: PerSample) -> Matrices:
    """Multiply distances to the grey axis by a factor; greys stay."""
    return _parts(of_grey=torch.ones_like(factor), of_chroma=factor)


def recolored(level: Float[Tensor, "n c h w"], matrices: Matrices) -> Float[Tensor, "n c h w"]:
    """Each picture's colours transformed by its own matrix. One channel counts as r = g = b, and gives their mean."""
    if level.shape[1] == 1:
        of_grey = matrices[:, :3].mean(dim=1)
        gain, offset = of_grey[:, :3].sum(dim=1), of_grey[:, 3]
        return level * gain.view(-1, 1, 1, 1) + offset.view(-1, 1, 1, 1)
    return in_color(level, lambda seen: (matrices[:, :3, :3] @ seen.flatten(2) + matrices[:, :3, 3:]).view_as(seen))


def _parts(of_grey: PerSample, of_chroma: PerSample) -> Matrices:
    """The projections on the grey axis and across it, each multiplied by a factor."""
    color, one = _rows(of_grey)
    along = color[:, None] * color / 3
    across = torch.diag(color) - along
    return along * of_grey.view(-1, 1, 1) + across * of_chroma.view(-1, 1, 1) + torch.diag(one)


def _rows(like: PerSample) -> tuple[Float[Tensor, "4"], Float[Tensor, "4"]]:
    """Ones where a vector (red, green, blue, 1) has its colour, and where it has its 1."""
    color = (torch.arange(4, device=like.device) < 3).to(like.dtype)
    return color, 1 - color
