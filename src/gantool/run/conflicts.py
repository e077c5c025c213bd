"""Combinations of strategies that make no sense, refused before a run begins."""

from collections.abc import Collection, Sequence

from torch import nn

from gantool.api.kinds import KINDS
from gantool.api.networks import Gan
from gantool.api.specs import Component
from gantool.errors import UsageError
from gantool.plugins.selection import Chosen
from gantool.run.components import RunComponents

EVEN = 0.5
"""Labels that change with this chance say nothing."""


def refuse_conflicts(components: RunComponents, gan: Gan, updates: str, learning: Collection[str]) -> None:
    """Raise UsageError for the first combination that cannot work, naming both sides and the remedy.

    `learning` names the generator's weights that learn.
    """
    chosen = components.strategies
    _refuse_strangers(components)
    _refuse_shared_weights(updates, gan, learning)
    names = [one.spec.name for one in chosen if one.kind == "penalty"]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--penalty {name} is given {names.count(name)} times; give it once, with its weight.")
    for one, other, why in (
        ("bounds", "slope", "clipping undoes what the penalty teaches, and both hold the slope. Leave one of them out"),
        (
            "critic",
            "signs",
            "a critic is meant to tell all reals from fakes, which says nothing of overfitting. Use --augment auto, or "
            "a constant strength (ada:p=0.3,fixed=yes or diffaugment:rise=0), or --loss logistic",
        ),
        (
            "critic",
            "low-loss",
            "this loss has no lower end to come near. Use --balance fixed:d_steps=5, or another loss",
        ),
    ):
        for first in having(chosen, one):
            for second in having(chosen, other):
                raise UsageError(f"{flag_of(first)} and {flag_of(second)} do not go together: {why}.")
    for strategy in having(chosen, "mislabels"):
        if (flip := number(strategy, "flip")) >= EVEN:
            raise UsageError(
                f"{flag_of(strategy)}:flip={flip:g} gives the discriminator labels as random as a coin, or "
                "the contrary: choose less than 0.5, as in flip=0.05."
            )
    for bounding in having(chosen, "bounds"):
        if gan.discriminator is not None and normalised(gan.discriminator):
            raise UsageError(
                f"{flag_of(bounding)} and a discriminator with spectral normalisation do not go together: clipped "
                "weights are scaled back to norm 1 before they are used. Leave one of them out."
            )


def _refuse_shared_weights(updates: str, gan: Gan, learning: Collection[str]) -> None:
    """Raise UsageError where both networks own a weight that learns: a step gives it the gradients of both losses."""
    if updates != "simultaneous" or gan.discriminator is None:
        return
    own = {id(weight): name for name, weight in gan.generator.named_parameters() if name in learning}
    if shared := [own[id(weight)] for weight in gan.discriminator.parameters() if id(weight) in own]:
        raise UsageError(
            f"--updates simultaneous does not go with networks that share weights, as these do ({shared[0]} of the "
            "generator): each would learn by the gradients of both losses. Use --updates alternating."
        )


def _refuse_strangers(components: RunComponents) -> None:
    """Raise UsageError for a component that belongs to other architectures."""
    arch = components.architecture.spec.name
    for one in (*components.strategies, components.optimizer, components.source, *components.observers):
        home = one.spec.goes_with if isinstance(one.spec, Component) else ()
        if home and arch not in home:
            raise UsageError(
                f"{flag_of(one)} does not go with --arch {arch}: it belongs to {' and '.join(home)}. Leave it out, or "
                f"use --arch {home[0]}."
            )


def having(chosen: Sequence[Chosen], trait: str) -> list[Chosen]:
    """The components that declare a trait, without those that adapt and are set not to."""
    return [one for one in chosen if isinstance(one.spec, Component) and trait in one.spec.traits and not _held(one)]


def number(chosen: Chosen, option: str) -> float:
    """The value of an option that belongs to a trait; 0 where a component has no such number."""
    value = getattr(chosen.options, option, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def flag_of(chosen: Chosen) -> str:
    """The flag and name of a component, as a user writes them."""
    return f"{KINDS[chosen.kind].flag} {chosen.spec.name}"


def normalised(network: nn.Module) -> bool:
    """True if any weight is spectrally normalised, by either of torch's two ways."""
    kinds = {
        type(part).__name__
        for module in network.modules()
        for part in (
            *(one for many in getattr(module, "parametrizations", {}).values() for one in many),
            *module._forward_pre_hooks.values(),
        )
    }
    return bool(kinds & {"_SpectralNorm", "SpectralNorm"})


def _held(chosen: Chosen) -> bool:
    """True if a component that can adapt is set not to."""
    return bool(getattr(chosen.options, "fixed", False))
