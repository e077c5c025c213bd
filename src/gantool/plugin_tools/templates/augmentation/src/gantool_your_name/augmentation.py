"""The augmentation `your-name`: one draw for a batch, applied to reals and fakes alike and at every level."""

from collections.abc import Callable

import gantool
import torch
from torch import Tensor

from gantool_your_name import YourNameOptions


class QuarterTurns(gantool.Augmentation):
    """Some pictures are turned by 90, 180 or 270 degrees, each as likely.

    As long as upright pictures stay the most frequent, the generator is not led to draw turned ones (Karras et al.
    2020, section 2.2).
    """

    def __init__(self, options: YourNameOptions) -> None:
        self.chance = options.chance

    def draw(self, n: int) -> Callable[[gantool.Images], gantool.Images]:
        """The turns of one batch of n."""
        turns = torch.randint(1, 4, (n,)) * (torch.rand(n) < self.chance)

        def apply(images: gantool.Images) -> gantool.Images:
            return tuple(turned(level, turns) for level in images)

        return apply


def turned(pictures: Tensor, turns: Tensor) -> Tensor:
    """Square pictures `[n, c, h, h]`, each by its own number of quarter turns `[n]`."""
    every = torch.stack([pictures.rot90(turn, (2, 3)) for turn in range(4)])  # [4, n, c, h, h]
    turns = turns.to(pictures.device)
    return every[turns, torch.arange(len(turns), device=pictures.device)]
