"""FreezeD (Mo et al. 2020, arXiv:2002.10964): the discriminator's blocks nearest the image stay as a model has them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import nn

from gantool.api.networks import Gan
from gantool.api.run_config import NONE
from gantool.errors import CheckpointError, UsageError, counted, shortened

OWNER = "discriminator."


def freeze(gan: Gan, blocks: int, init: str, title: str) -> None:
    """Freeze all of the discriminator at its `blocks` largest sides, before anything asks what learns.

    Raises UsageError where there is no model to keep anything of, or no such blocks.
    """
    if not blocks:
        return
    if init == NONE:
        raise UsageError(
            f"--freeze-d {blocks} keeps blocks of a trained discriminator: name its model by --init MODEL, or leave "
            "--freeze-d out."
        )
    for name in _modules(gan, blocks, title):
        module = _discriminator(gan, title).get_submodule(name)
        module.requires_grad_(False)
        for part in module.modules():
            part.register_forward_pre_hook(_stay_still)


def refuse_new(gan: Gan, blocks: int, taken: Collection[str], model: str) -> None:
    """Raise CheckpointError where a frozen tensor is not the model's: it would stay at random values."""
    if not blocks or gan.discriminator is None:
        return
    frozen = [name for name, weight in gan.discriminator.named_parameters() if _is_of(name, _modules(gan, blocks, ""))]
    new = [name for name in frozen if name not in taken]
    if new:
        raise CheckpointError(
            f"--freeze-d {blocks} would freeze {shortened(new[0], 80)} of the discriminator, which --init {model} does "
            f"not have ({len(new)} of {len(frozen)} tensors are new). Freeze fewer blocks, or name a run or checkpoint "
            "with a discriminator of the same resolution and options."
        )


def described(gan: Gan, blocks: int) -> str:
    """One line about what is frozen: `Frozen: 2,300 parameters of the discriminator, at 32 and 16 pixels`."""
    modules = _modules(gan, blocks, "")
    network = _discriminator(gan, "")
    count = sum(weight.numel() for name, weight in network.named_parameters() if _is_of(name, modules))
    *sides, last = map(str, _sides(gan)[:blocks])
    at = f"{', '.join(sides)} and {last}" if sides else last
    return f"Frozen: {count:,} parameters of the discriminator, at {at} pixels"


def _discriminator(gan: Gan, title: str) -> nn.Module:
    if gan.discriminator is None:
        raise UsageError(f"--freeze-d: {title} has no discriminator. Leave it out.")
    return gan.discriminator


def _modules(gan: Gan, blocks: int, title: str) -> Sequence[str]:
    """The names of the modules at the largest sides, within the discriminator."""
    sides = _sides(gan)
    if not sides:
        raise UsageError(
            f"--freeze-d {blocks}: {title} does not say which modules of a discriminator are nearest the image "
            "(Gan.module_sides), or has none. Leave --freeze-d out."
        )
    if blocks > len(sides):
        has = f"{counted(len(sides), 'block')} before its last layers"
        raise UsageError(
            f"--freeze-d {blocks}: the discriminator of {title} has {has}, at "
            f"{', '.join(map(str, sides))} pixels. Freeze so many at the most."
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
