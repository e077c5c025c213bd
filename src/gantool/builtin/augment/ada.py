"""Adaptive discriminator augmentation, controlled by overfitting (Karras et al. 2020, "limited data")."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from gantool.api.networks import Images, Logits
from gantool.api.strategies import Augmentation
from gantool.builtin.augment import AdaOptions, pipeline


class Ada(nn.Module, Augmentation):
    """The paper's pipeline "bgc", each of its transformations with probability `p` for each sample.

    `p` follows the reals' logits: when their mean sign is above `target`, the discriminator overfits, and p grows. The
    state is in buffers, float32 tensors. `p` is updated at the beginning of the call after `every` batches, by the
    logits of all processes.

    Signs mean nothing for a loss that only compares logits with each other (`boundary` None: wasserstein,
    relativistic, rpgan), since nothing keeps 0 between reals and fakes. Use `fixed=yes` with those.
    """

    p: Tensor
    signs: Tensor
    images: Tensor
    batches: Tensor

    def __init__(self, options: AdaOptions) -> None:
        super().__init__()
        self.options = options
        self.register_buffer("p", torch.tensor(float(options.p)))
        self.register_buffer("signs", torch.tensor(0.0))  # sum of the mean signs of each batch
        self.register_buffer("images", torch.tensor(0.0))
        self.register_buffer("batches", torch.tensor(0.0))

    def draw(self, n: int) -> Callable[[Images], Images]:
        """The transformation of one batch of n, drawn by its first call; each call applies the same."""
        drawn: list[pipeline.Drawn] = []

        def apply(images: Images) -> Images:
            if not drawn:
                drawn.append(pipeline.draw(self.p, n, like=images[-1]))
            return drawn[0].apply(images)

        return apply

    def status(self) -> Mapping[str, float]:
        """The numbers that the console shows."""
        return {"augment_p": float(self.p)}

    @torch.no_grad()
    def observe(self, real_logits: Logits) -> None:
        """Record the logits of a step's augmented reals, and update p when it is due, without waiting for the device.

        r = mean sign over `every` batches; p += sign(r - target) * images / (1000 kimg), in [0, 1] (section 3).
        """
        if self.options.fixed:
            return
        due = self.batches >= self.options.every
        overfits = torch.sign(self.signs / self.batches.clamp(min=1) - self.options.target)
        step = overfits * self.images / (1000 * self.options.kimg)
        self.p.add_(step * due).clamp_(0, 1)
        mean_sign = torch.sign(real_logits).nan_to_num(0.0).mean()
        for total, value in ((self.signs, mean_sign), (self.images, len(real_logits)), (self.batches, 1)):
            total.mul_(~due).add_(value)
