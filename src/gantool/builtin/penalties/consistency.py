"""Consistency regularisation: logits that stay the same when an image is flipped or shifted."""

from collections.abc import Callable

import torch
from torch import Tensor

from gantool.api.networks import Critic, Images, Labels, Logits
from gantool.api.strategies import Penalty
from gantool.builtin.augment import DiffAugmentOptions
from gantool.builtin.augment.diffaugment import DiffAugment
from gantool.builtin.penalties import ConsistencyOptions

Change = Callable[[Images], Images]


class Consistency(Penalty):
    """(D(T(x)) - D(x))^2 of reals and of fakes (bCR, Zhao et al. 2020, algorithm 1), with T drawn for each sample.

    Unlike an augmentation, T never shows the generator's pictures changed to the loss, so it cannot leak into them.
    """

    def __init__(self, options: ConsistencyOptions) -> None:
        self.weight, self.every = options.weight, options.every
        self.flips = "flip" in options.policy
        policy = tuple(change for change in options.policy if change != "flip")
        self.changes = DiffAugment(DiffAugmentOptions(policy=policy)) if policy else None

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """The sum of both squared differences for each pair of samples."""
        return self._difference(network, real, labels) + self._difference(network, fake, labels)

    def _difference(self, network: Critic, images: Images, labels: Labels) -> Logits:
        images = tuple(level.float() for level in images)
        changed = self._draw(images)(images)
        return (network(changed, labels).float() - network(images, labels).float()) ** 2

    def _draw(self, images: Images) -> Change:
        n, device = len(images[-1]), images[-1].device
        mirrored = (torch.rand(n, device=device) < 0.5).view(n, 1, 1, 1) if self.flips else None
        change = self.changes.draw(n) if self.changes is not None else None

        def apply(images: Images) -> Images:
            if mirrored is not None:
                images = tuple(_mirrored(level, mirrored) for level in images)
            return change(images) if change is not None else images

        return apply


def _mirrored(level: Tensor, which: Tensor) -> Tensor:
    return torch.where(which, level.flip(-1), level)
