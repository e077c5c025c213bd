"""The balance `your-name`: the discriminator skips batches by its accuracy."""

from collections.abc import Mapping

import gantool
import torch
from gantool import Turn
from torch import Tensor, nn

from gantool_your_name import YourNameOptions


class SkipWhenWinning(nn.Module, gantool.Balance):
    """Skips one batch of the discriminator when it was right on more than `ceiling` of reals and fakes.

    The accuracy is kept in a buffer, so that a resumed run decides as an uninterrupted one.
    """

    winning: Tensor

    def __init__(self, options: YourNameOptions) -> None:
        super().__init__()
        self.ceiling = options.ceiling
        self.register_buffer("winning", torch.zeros(()))

    def turn(self) -> Turn:
        """Both networks, or the generator alone."""
        return Turn(discriminator=self.winning.item() <= self.ceiling)

    def observe(self, seen: Mapping[str, Tensor]) -> None:
        """Accuracies are known only where the discriminator learnt; after a skipped batch it learns again."""
        accuracies = [seen[name].cpu() for name in ("real_accuracy", "fake_accuracy") if name in seen]
        accuracy = torch.stack(accuracies).mean() if accuracies else torch.zeros(())
        self.winning.copy_(accuracy.nan_to_num())
