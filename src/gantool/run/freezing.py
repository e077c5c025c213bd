"""FreezeD (Mo et al. 2020, arXiv:2002.10964): the discriminator's blocks nearest the image stay as a model has them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import nn

from gantool.api.networks import Gan
from gantool.api.run_config import NONE
from gantool.errors import CheckpointError, UsageError, counted, shortened

OWNER = "discriminator."


def freeze(gan: Gan, blocks: int, init: str, arch: str) -> None:
    """Freeze all of the discriminator of `arch` at its `blocks` largest sides, before anything asks what learns.

    Raises UsageError where there is no model to keep anything of, or no such blocks.
    """
    if not blocks:
        return
    if init == NONE:
        raise UsageError(
            f"--freeze-d {blocks} keeps blocks of a trained discriminator: name its model by --init MODEL, or leave "
            "--freeze-d out."
        )
    for name in _modules(gan, blocks, arch):
        module = _discriminator(gan, arch).get_submodule(name)
        module.requires_grad_(False)
        for part in module.modules():
            part.register_forward_pre_hook(_stay_still)


def refuse_new(gan: Gan, blocks: int, taken: Collection[str] | None, model: str) -> None:
    """Raise CheckpointError where a frozen tensor is not the model's: it would stay at random values.

    `taken` are the names of the discriminator's tensors that are; None where the model has no discriminator.
    """
    if not blocks or gan.discriminator is None:
        return
    if taken is None:
        raise CheckpointError(
            f"--freeze-d {blocks} keeps blocks of the model's discriminator, and --init {model} has none. Name a run "
            "or checkpoint, or leave --freeze-d out."
        )
    new = _new(gan, blocks, taken)
    if new:
        able = next(fewer for fewer in reversed(range(blocks)) if not fewer or not _new(gan, fewer, taken))
        remedy = f"Freeze {counted(able, 'block')} at the most" if able else "Leave --freeze-d out"
        more = f" and {counted(len(new) - 1, 'other tensor')}" if len(new) > 1 else ""
        raise CheckpointError(
            f"--freeze-d {blocks} would freeze {shortened(new[0], 80)}{more} of the discriminator, which --init "
            f"{model} does not have in this shape. {remedy}, or name a model whose discriminator has the same "
            "resolution and options."
        )


def described(gan: Gan, blocks: int) -> str:
    """One line about what is frozen: `Frozen: 2,300 parameters of the discriminator, at 32 and 16 pixels`."""
    modules = _modules(gan, blocks, "")
    network = _discriminator(gan, "")
    count = sum(weight.numel() for name, weight in network.named_parameters() if _is_of(name, modules))
    return f"Frozen: {count:,} parameters of the discriminator, at {_in_words(_sides(gan)[:blocks])} pixels"


def _new(gan: Gan, blocks: int, taken: Collection[str]) -> list[str]:
    """The frozen tensors that are not taken, of so many frozen blocks."""
    modules = _modules(gan, blocks, "")
    named = _discriminator(gan, "").named_parameters()
    return [name for name, _ in named if _is_of(name, modules) and name not in taken]


def _discriminator(gan: Gan, arch: str) -> nn.Module:
    if gan.discriminator is None:
        raise UsageError(f"--freeze-d: {arch} has no discriminator. Leave it out.")
    return gan.discriminator


def _in_words(sides: Sequence[int]) -> str:
    *most, last = map(str, sides)
    return f"{', '.join(most)} and {last}" if most else last


def _modules(gan: Gan, blocks: int, arch: str) -> Sequence[str]:
    """The names of the modules at the largest sides, within the discriminator."""
    sides = _sides(gan)
    if not sides:
        raise UsageError(
            f"--freeze-d {blocks}: {arch} does not say which modules of a discriminator are nearest the image "
            "(Gan.module_sides), or has none. Leave --freeze-d out."
        )
    if blocks > len(sides):
        has = f"{counted(len(sides), 'block')} before its last layers"
        raise UsageError(
            f"--freeze-d {blocks}: the discriminator of {arch} has {has}, at {_in_words(sides)} pixels. Freeze so "
            "many at the most."
        )
    return [name for name, side in _of_discriminator(gan).items() if side in sides[:blocks]]


def _sides(gan: Gan) -> list[int]:
    return sorted(set(_of_discriminator(gan).values()), reverse=True)


def _of_discriminator(gan: Gan) -> Mapping[str, int]:
    return {name.removeprefix(OWNER): side for name, side in gan.module_sides().items() if name.startswith(OWNER)}


def _is_of(name: str, modules: Sequence[str]) -> bool:
    return any(name.startswith(f"{module}.") for module in modules)


def _stay_still(module: nn.Module, _: Any) -> None:
    """Statistics of batches and of spectral normalisation are no gradients: only evaluation mode leaves them alone."""
    if module.training:
        module.training = False
