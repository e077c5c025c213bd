"""DiffAugment: colour, translation and cutout for reals and fakes (Zhao et al. 2020)."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gantool.api.networks import Images, Logits
from gantool.api.specs import AUTO
from gantool.api.strategies import Augmentation
from gantool.builtin.augment import DiffAugmentOptions
from gantool.builtin.augment.adapting import Adapting
from gantool.builtin.augment.shifts import shifted
from gantool.builtin.augment.transparency import in_color, in_place, mean_color

Level = Float[Tensor, "n c s s"]
PerSample = Float[Tensor, "n"]

SHIFT = 1 / 8
"""The largest translation, as a share of the side."""
EVERY = 4
"""Batches between two updates of a strength that rises."""


def brightness(level: Level, amount: PerSample) -> Level:
    """Add a constant to all colours."""
    return in_color(level, lambda seen: seen + amount.view(-1, 1, 1, 1))


def saturation(level: Level, factor: PerSample) -> Level:
    """Multiply distances to each pixel's own grey by a factor; grey pictures stay as they are."""

    def change(seen: Level) -> Level:
        grey = seen.mean(dim=1, keepdim=True)
        return (seen - grey) * factor.view(-1, 1, 1, 1) + grey

    return in_color(level, change)


def contrast(level: Level, factor: PerSample) -> Level:
    """Multiply distances to the picture's mean by a factor."""
    mean = mean_color(level)
    return in_color(level, lambda seen: (seen - mean) * factor.view(-1, 1, 1, 1) + mean)


def translation(level: Level, right: PerSample, down: PerSample, finest: int, mirror: bool = False) -> Level:
    """Translate by a share of the range, in [0, 1) from the farthest left or up to the farthest right or down.

    The finest level moves by whole pixels, coarser ones as far by interpolation. The border is mirrored, or filled with
    0, the middle grey, as convolutions pad and as the paper's reference code does; with alpha it is then transparent.
    """
    farthest = int(SHIFT * finest + 0.5)
    scale = level.shape[-1] / finest
    x, y = (((share * (2 * farthest + 1)).floor() - farthest) * scale for share in (right, down))
    return in_place(level, lambda seen: shifted(seen, x, y, mirror))


def cutout(level: Level, across: PerSample, down: PerSample, finest: int) -> Level:
    """Set a square of half the side to 0 (with alpha: transparent), with its centre at a share of the side in [0, 1).

    As in DeVries and Taylor (2017) it may stick out of the picture: one that always lay inside would always hide the
    middle. It covers whole pixels of the finest level, and the pixels of coarser ones by their share.
    """
    size, scale = (finest + 1) // 2, level.shape[-1] / finest
    pixel = torch.arange(level.shape[-1], device=level.device, dtype=level.dtype)

    def covered(share: Tensor) -> Tensor:
        start = ((share * (finest + 1 - size % 2)).floor() - size // 2)[:, None]
        return (torch.minimum(pixel + 1, (start + size) * scale) - torch.maximum(pixel, start * scale)).clamp(min=0)

    kept = 1 - covered(down)[:, None, :, None] * covered(across)[:, None, None, :]
    return in_place(level, lambda seen: seen * kept)


def _number(options: DiffAugmentOptions, name: str) -> float:
    value = getattr(options, name)
    if value == AUTO:
        raise ValueError(f"The option {name!r} is still 'auto'; gantool.configure replaces it, or give a number.")
    return float(value)


class DiffAugment(Augmentation):
    """The transformations that `policy` names, in its order: colour, translation, cutout.

    A transformation is given by numbers in [0, 1) and by shares of the side, so that all levels of a pyramid get the
    same. The numbers are drawn by the first call of a draw, on the device of its images.
    """

    def __init__(self, options: DiffAugmentOptions) -> None:
        self.policy, self.mirror = options.policy, options.fill == "mirror"
        self.strength, self.after = _number(options, "strength"), _number(options, "after")
        self.begun = self.after == 0

    def advance(self, images_seen: int) -> None:
        """Begin when `after` images were seen."""
        self.begun = images_seen >= self.after

    def draw(self, n: int) -> Callable[[Images], Images]:
        """The transformation of one batch of n; each call applies the same."""
        drawn: list[tuple[Float[Tensor, "8 n"], Bool[Tensor, "n"]]] = []
        if not self.begun:
            return lambda images: tuple(level.clone() for level in images)

        def apply(images: Images) -> Images:
            if not drawn:
                numbers = torch.rand(8, n, device=images[-1].device, dtype=images[-1].dtype)
                drawn.append((numbers, self._chosen(numbers[7])))
            return tuple(self._augmented(level, *drawn[0], images[-1].shape[-1]) for level in images)

        return apply

    def _augmented(self, level: Level, drawn: Float[Tensor, "8 n"], chosen: Bool[Tensor, "n"], finest: int) -> Level:
        bright, colorful, contrasting, right, down, hole_x, hole_y, _ = drawn
        seen = level
        for name in self.policy:
            if name == "color":
                seen = brightness(seen, bright - 0.5)
                seen = contrast(saturation(seen, 2 * colorful), contrasting + 0.5)
            elif name == "translation":
                seen = translation(seen, right, down, finest, self.mirror)
            else:
                seen = cutout(seen, hole_x, hole_y, finest)
        return torch.where(chosen.view(-1, 1, 1, 1), seen, level)

    def _chosen(self, numbers: PerSample) -> Bool[Tensor, "n"]:
        """The samples that are augmented, by numbers in [0, 1)."""
        return numbers < self.strength


class RisingDiffAugment(Adapting, DiffAugment):
    """DiffAugment whose strength `p` rises from that of the options while the discriminator overfits, and falls again.

    The signs of the reals' logits tell, as for `ada`; a critic's say nothing. Before `after` images they do not count.
    """

    def __init__(self, options: DiffAugmentOptions) -> None:
        Adapting.__init__(self, _number(options, "strength"), EVERY)
        DiffAugment.__init__(self, options)
        self.target, self.kimg = options.target, _number(options, "rise")

    def status(self) -> Mapping[str, float]:
        """The numbers that the console shows: the strength, 0 until it begins."""
        return {"augment_p": float(self.p) if self.begun else 0.0}

    def observe(self, real_logits: Logits) -> None:
        """Record the logits of a step's augmented reals, and update p when it is due."""
        if self.begun:
            self.follow(real_logits, self.target, self.kimg, least=self.strength)

    def _chosen(self, numbers: PerSample) -> Bool[Tensor, "n"]:
        return numbers < self.p


def build(options: DiffAugmentOptions) -> DiffAugment:
    """The augmentation of these options, with a state where its strength rises."""
    return RisingDiffAugment(options) if options.rise else DiffAugment(options)
