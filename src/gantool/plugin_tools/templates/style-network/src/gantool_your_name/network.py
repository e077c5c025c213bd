"""The style network `your-name`: flat areas of a few tones. A trained network has its weights read here instead."""

import gantool
from torch import Tensor
from torch.nn import functional as F

from gantool_your_name import YourNameOptions

CELL = 4


class Poster(gantool.StyleNetwork):
    """Means over cells of pixels, enlarged smoothly and rounded to tones."""

    stride = CELL

    def __init__(self, options: YourNameOptions) -> None:
        self.steps = options.tones - 1

    def __call__(self, photos: Tensor) -> Tensor:
        """Photos `[n, 3, h, w]` in [-1, 1] to pictures of the same size."""
        smooth = F.interpolate(F.avg_pool2d(photos, CELL), scale_factor=CELL, mode="bilinear")
        return ((smooth + 1) / 2 * self.steps).round() / self.steps * 2 - 1
