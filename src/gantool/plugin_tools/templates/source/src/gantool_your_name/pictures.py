"""The pictures of `your-name`, drawn on demand: picture i is the same each time."""

import gantool
import torch
from torch import Tensor

from gantool_your_name import YourNameOptions

EDITION = 1
"""Raise it when pictures change: gantool keeps them in a cache by their fingerprint."""


class Rings(gantool.Source):
    """One ring or disc each, of some colour on another, somewhere near the middle."""

    class_names = ("ring", "disc")

    def __init__(self, options: YourNameOptions, resolution: int, channels: int) -> None:
        self.count, self.seed = options.count, options.seed
        self.resolution, self.channels = resolution, channels
        self.fingerprint = f"your-name-{EDITION}-{self.count}-{self.seed}-{resolution}x{channels}"

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """A picture, uint8 `[channels, resolution, resolution]`, and its class."""
        if not 0 <= index < self.count:
            raise IndexError(f"picture {index} of {self.count}")
        draws = torch.Generator().manual_seed(self.seed * 2**32 + index)
        label = index % len(self.class_names)
        colors = torch.rand(2, self.channels, 1, 1, generator=draws)
        if self.channels == 4:  # red, green and blue multiplied by alpha, and alpha: nothing but the figure is there
            colors[0], colors[1, 3] = 0, 1
        x, y, size = torch.rand(3, generator=draws).tolist()
        across = torch.linspace(-1, 1, self.resolution)
        distance = (across[None] - 0.4 * (x - 0.5)).hypot(across[:, None] - 0.4 * (y - 0.5))
        outer = 0.4 + 0.3 * size
        inside = soft(outer - distance, self.resolution)
        if self.class_names[label] == "ring":
            inside = inside * soft(distance - outer / 2, self.resolution)
        picture = colors[0] + inside * (colors[1] - colors[0])
        return (picture * 255).round().to(torch.uint8), label


def soft(depth: Tensor, resolution: int) -> Tensor:
    """1 where the depth is positive, 0 where it is negative, with an edge that is a pixel wide."""
    return (depth * resolution / 2 + 0.5).clamp(0, 1)
