"""The strength of an augmentation that follows the discriminator's overfitting (Karras et al. 2020, "limited data")."""

import torch
from torch import Tensor, nn

from gantool.api.networks import Logits


class Adapting(nn.Module):
    """A probability `p` that grows while the mean sign of the reals' logits is above a target: then D overfits.

    The state is in buffers, float32 tensors. `p` is updated at the beginning of the call after `every` batches, by the
    logits of all processes.
    """

    p: Tensor
    signs: Tensor
    images: Tensor
    batches: Tensor

    def __init__(self, p: float, every: int) -> None:
        super().__init__()
        self._every = every
        self.register_buffer("p", torch.tensor(p))
        self.register_buffer("signs", torch.tensor(0.0))  # sum of the mean signs of each batch
        self.register_buffer("images", torch.tensor(0.0))
        self.register_buffer("batches", torch.tensor(0.0))

    @torch.no_grad()
    def follow(self, real_logits: Logits, target: float, kimg: float, least: float = 0.0) -> None:
        """Record the logits of a step's augmented reals, and update p when it is due, without waiting for the device.

        r = mean sign over `every` batches; p += sign(r - target) * images / (1000 kimg), in [least, 1] (section 3).
        """
        due = self.batches >= self._every
        overfits = torch.sign(self.signs / self.batches.clamp(min=1) - target)
        step = overfits * self.images / max(1000 * kimg, 1.0)  # all of it within an image: more is no number in float32
        self.p.add_(step * due).clamp_(least, 1)
        mean_sign = torch.sign(real_logits).nan_to_num(0.0).mean()
        for total, value in ((self.signs, mean_sign), (self.images, len(real_logits)), (self.batches, 1)):
            total.mul_(~due).add_(value)
