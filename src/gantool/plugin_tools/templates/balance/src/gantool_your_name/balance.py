"""The balance `your-name`: whose turn it is, decided by what was seen so far."""

from collections.abc import Mapping

import gantool
import torch
from gantool import Turn
from torch import Tensor, nn

from gantool_your_name import YourNameOptions


class RestAfterWinning(nn.Module, gantool.Balance):
    """The discriminator rests for one batch after it told more than `ceiling` of reals and fakes apart.

    What it remembers is a buffer, so that a run that is stopped and goes on decides as one in one go.
    """

    winning: Tensor

    def __init__(self, options: YourNameOptions) -> None:
        super().__init__()
        self.ceiling = options.ceiling
        self.register_buffer("winning", torch.zeros(()))

    def turn(self) -> Turn:
        """Both, or the generator's alone."""
        return Turn(discriminator=self.winning.item() <= self.ceiling)

    def observe(self, seen: Mapping[str, Tensor]) -> None:
        """Accuracies are seen only where the discriminator learnt; after its rest it has another try."""
        accuracies = [seen[name].cpu() for name in ("real_accuracy", "fake_accuracy") if name in seen]
        told = torch.stack(accuracies).mean() if accuracies else torch.zeros(())
        self.winning.copy_(told.nan_to_num())
