"""The default search space: the few settings that matter most."""

from collections.abc import Mapping, Sequence
from typing import Any

from gantool.api.run_config import ALIASES, NONE
from gantool.plugins.grammar import parse_choice
from gantool.plugins.host import PluginHost
from gantool.run.adversary import has_adversary
from gantool.run.resolve import resolve
from gantool.tuning.space import START, Dimension, meant, parse

RATE = 4.0
"""The learning rates are searched from a quarter to four times those of the start, for each network by itself."""
WEIGHT = 8.0
"""The weight of R1 is searched from an eighth to eight times what is usual at this resolution and batch."""
BATCH = (0.5, 1, 2)
"""Factors of the start's batch size. At a given number of images, half the batch is twice as many steps."""
LEAST_AUGMENTATION = 0.2
"""The least share of augmented samples that is searched, up to all of them, where there are few pictures."""


def space_of(
    host: PluginHost, given: Mapping[str, Any], file: Mapping[str, Any], search: Sequence[str]
) -> tuple[Dimension, ...]:
    """The search space: the settings that `search` names, and the default ones that no flag (`given`) has fixed.

    `KEY=start` leaves a setting as it is; `KEY` by itself searches the default range though a flag was given.
    Raises OptionError for a text that a run would refuse.
    """
    requested = {**file, **given}
    usual = usually(host, requested)
    named: dict[str, Dimension] = {}
    for text in search:
        key = text.strip().replace("-", "_")
        each = [usual[name] for name in ALIASES.get(key, (key,)) if name in usual]
        for dimension in each or [parse(text)]:
            named[dimension.key] = dimension
    covered = {name for key in (*named, *given) for name in ALIASES.get(key, (key,))}
    space = [dimension for key, dimension in usual.items() if key not in covered] + list(named.values())
    space = [dimension for dimension in space if dimension.texts != (START,)]
    for dimension in space:
        for text in dimension.corners():
            resolve(host, {**requested, **meant(dimension.key, text)})
    return tuple(space)


def usually(host: PluginHost, requested: Mapping[str, Any]) -> dict[str, Dimension]:
    """The default search space, around the resolved settings of a run."""
    start = resolve(host, requested)
    weight = _usual_weight(host, requested)
    batches = dict.fromkeys(str(max(2, round(start.batch * times))) for times in BATCH)
    found = [
        Dimension("lr_g", (f"{start.lr_g / RATE:.3g}..{start.lr_g * RATE:.3g}",)),
        Dimension("batch", tuple(batches)),
    ]
    if not has_adversary(start, host.resolve("architecture", start.arch)):
        return {dimension.key: dimension for dimension in found}
    found += [
        Dimension("lr_d", (f"{start.lr_d / RATE:.3g}..{start.lr_d * RATE:.3g}",)),
        Dimension("penalty", (START, NONE, f"r1:weight={weight / WEIGHT:.3g}..{weight * WEIGHT:.3g}")),
    ]
    if start.augment.startswith("diffaugment"):  # the recipe's augmentation where pictures are few
        strength = f"diffaugment:policy=color+translation,strength={LEAST_AUGMENTATION}..1.0"
        found.append(Dimension("augment", (START, NONE, strength)))
    return {dimension.key: dimension for dimension in found}


def _usual_weight(host: PluginHost, requested: Mapping[str, Any]) -> float:
    config = resolve(host, {**requested, "penalty": ("r1",)})
    return float(parse_choice(config.penalty[0]).options["weight"])
