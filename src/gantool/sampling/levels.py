"""The level that is wanted of what a generator returns, once it is checked that the generator keeps its contract."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gantool.api.networks import Images
from gantool.engine.model_file import ModelCard
from gantool.errors import CheckpointError, OptionError, PluginError


def level_of(images: object, count: int, level: int | None, card: ModelCard) -> Images:
    """The level of this side alone, of so many pictures; None is the finest.

    Raises PluginError for what is no tuple of images, CheckpointError for pictures that are not finite, OptionError
    for a level that there is not.
    """
    found = checked(images, count, card)
    if level is None:
        return found[-1:]
    by_side: dict[int, Tensor] = {image.shape[-1]: image for image in found}
    if level not in by_side:
        raise no_level(level, tuple(by_side), card)
    return (by_side[level],)


def checked(images: object, count: int, card: ModelCard) -> Images:
    """What a generator returned for so many latents. Raises PluginError and CheckpointError as `level_of` does."""
    if not isinstance(images, tuple) or not all(
        isinstance(image, Tensor) and image.dim() == 4 and len(image) == count for image in images
    ):
        got = f"a tensor {list(images.shape)}" if isinstance(images, Tensor) else f"a {type(images).__name__}"
        raise PluginError(
            f"The generator of {card.name} (from {card.provider}) returned {got}; the contract "
            "is a tuple of images [n, c, h, w], coarse to fine: for one resolution, `return (images,)`."
        )
    if not torch.isfinite(images[-1]).all():
        raise CheckpointError(
            f"This {card.name} draws pictures that are not finite: its weights are damaged, or of a run "
            "that diverged. Use an earlier checkpoint."
        )
    return images


def no_level(level: int, sides: Sequence[int], card: ModelCard) -> OptionError:
    """The error for a level that a model does not draw."""
    return OptionError(f"No level of {level} pixels: this {card.name} draws {', '.join(map(str, sides))}.")
