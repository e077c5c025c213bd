"""Runs whose generator has no adversary: the settings of a discriminator are refused, and none is chosen by default."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import torch

from gantool.api.networks import Gan
from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import ImageShape
from gantool.api.strategies import Penalty
from gantool.errors import GantoolError, UsageError
from gantool.plugins.selection import Chosen
from gantool.run.components import PLAIN_BALANCE, RunComponents
from gantool.run.defaults import DefaultChoice

OF_THE_ADVERSARY = frozenset({"loss", "augment", "balance", "instance_noise", "lr_d", "updates"})
ALTERNATING = "alternating"
"""The settings that say nothing of a generator by itself."""


def has_adversary(config: RunConfig, architecture: Chosen) -> bool:
    """True unless the architecture, built for this run, has no discriminator; true where that cannot be known yet."""
    if not architecture.is_plugin:
        return True
    with suppress(GantoolError), torch.random.fork_rng(devices=[]):
        gan: Gan = architecture.build(ImageShape(config.resolution, config.channels, 2 if config.labels else 0))
        return gan.discriminator is not None
    return True


def without_adversary(
    config: RunConfig, components: RunComponents, given: Mapping[str, bool]
) -> tuple[RunConfig, RunComponents]:
    """The settings of a run without discriminator, of which those in `given` were asked for: true if by a flag.

    Raises UsageError for one of these that only a discriminator would heed. A file may have the value that the run has
    anyway, since a config.toml that is used again has them all.
    """
    usual = {one.text for one in components.by_recipe if one.kind == "loss"}
    heeded = {
        "loss": config.loss not in usual,
        "augment": config.augment != NONE,
        "balance": components.balance.spec.name != PLAIN_BALANCE,
        "instance_noise": config.instance_noise > 0,
        "lr_d": config.lr_d != config.lr_g,
        "updates": config.updates != ALTERNATING,
    }
    for name, differs in heeded.items():
        if (differs and name in given) or (name in ("loss", "lr_d") and given.get(name)):
            value = f"{getattr(config, name):g}" if name in ("instance_noise", "lr_d") else getattr(config, name)
            raise UsageError(
                f"--{name.replace('_', '-')} {value} is for a discriminator, and --arch "
                f"{components.architecture.spec.name} has none: its generator learns by the architecture's own terms. "
                "Leave it out."
            )
    plain = {"augment": NONE, "lr_d": config.lr_g, "updates": ALTERNATING}
    return config.model_copy(update=plain), replace(components, augmentation=None)


def refuse_their_penalties(components: RunComponents, penalties: Sequence[Penalty]) -> None:
    """Raise UsageError for a built penalty that acts on a discriminator, where there is none."""
    for penalty in penalties:
        if penalty.side.startswith("discriminator"):
            raise UsageError(
                f"--penalty {penalty.component_name} acts on a discriminator, and --arch "
                f"{components.architecture.spec.name} has none. Leave it out: --penalty none."
            )


def heeded_choices(choices: Sequence[DefaultChoice], adversary: bool) -> Iterator[DefaultChoice]:
    """The defaults that the run heeds: without an adversary those of its settings are left out."""
    unheeded = () if adversary else [f"--{name.replace('_', '-')}" for name in OF_THE_ADVERSARY]
    return (choice for choice in choices if choice.flag not in unheeded)
