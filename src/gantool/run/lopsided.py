"""Warnings about lopsided settings: slopes, penalty weights, turn ratios, learning rates."""

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from gantool.api.events import Advice
from gantool.api.specs import Architecture
from gantool.api.strategies import Balance
from gantool.errors import GantoolError, PluginError
from gantool.plugins.selection import Chosen, guarded
from gantool.run.conflicts import flag_of, having, normalised, number
from gantool.run.prepare import PreparedRun
from gantool.run.resolve import setting_of

BOLD = 5
"""Warn about a learning rate this many times the highest of the recipe: some runs diverge at such a rate."""
TIMID = 100
"""Warn about a learning rate this many times smaller than the lowest of the recipe: nothing is learnt in time."""
TIGHT = 1e-3
"""Warn about weights clipped to less than this: a network of small weights passes on little of its gradient."""
ABSURD = 1000
"""Warn about a penalty with this many times its usual weight; one with so many times less has no effect."""
COMMON = 10
"""No warning up to this weight, which papers use at one size or another."""
OF_A_DRAW = 0.3
"""The share of an undecided discriminator's loss below which it may be called the winner."""


def slope_warnings(prepared: PreparedRun) -> Iterator[str]:
    """Warnings about the discriminator's slope: unbounded, bounded by something that cannot work, or too flat."""
    chosen, discriminator = prepared.components.strategies, prepared.gan.discriminator
    if discriminator is None:
        return
    usual = {one.text: _usual_weights(prepared, one) for one in prepared.components.penalties}
    slopes = having(chosen, "slope")
    idle = [one for one in slopes if usual[one.text] and number(one, "weight") * ABSURD < min(usual[one.text])]
    slopes = [one for one in slopes if one not in idle]
    bounded = having(chosen, "bounds") or normalised(discriminator)
    for critic in having(chosen, "critic"):
        if not slopes and not bounded:
            remedy = "Add --penalty gp, or spectral normalisation where the architecture has it."
            if idle:
                given, own = number(idle[0], "weight"), usual[idle[0].text][0]
                remedy = f"{flag_of(idle[0])}:weight={given:g} is next to nothing: try weight={own:g}."
            yield (
                f"Nothing bounds the discriminator's slope, which {flag_of(critic)} relies on: losses may grow without "
                f"end. {remedy}"
            )
    if slopes and any(isinstance(module, _BatchNorm) for module in discriminator.modules()):
        yield (
            f"{flag_of(slopes[0])} is meant for a discriminator that judges every image by itself; BatchNorm makes the "
            "answers of this one depend on the whole batch. Use another normalisation, as in --arch "
            "dcgan:discriminator_norm=instance."
        )
    for one in chosen:
        weight, weights = number(one, "weight"), usual.get(one.text)
        if weights and weight > COMMON and weight >= ABSURD * max(weights):
            flat = "the discriminator may be too flat to teach" if one in slopes else "little else may count beside it"
            yield (
                f"{flag_of(one)}:weight={weight:g} weighs {weight / max(weights):,.0f} times what is usual here "
                f"({max(weights):g}): {flat}. Try {flag_of(one)}:weight={max(weights):g}."
            )
    for bounding in having(chosen, "bounds"):
        if 0 < (value := number(bounding, "value")) < TIGHT:
            yield (
                f"{flag_of(bounding)}:value={value:g} leaves the discriminator so flat that the generator learns next "
                f"to nothing from it. Try {flag_of(bounding)}:value=0.01, or --penalty gp."
            )


def _usual_weights(prepared: PreparedRun, chosen: Chosen) -> list[float]:
    """The usual weights of a penalty: its default, resolved for this run, and that of the architecture's recipe."""
    field = type(chosen.options).model_fields.get("weight")
    if field is None or field.is_required() or not isinstance(getattr(chosen.options, "weight", None), int | float):
        return []
    default = replace(chosen, options=chosen.options.model_copy(update={"weight": field.get_default()}))
    with suppress(GantoolError):  # a fault of the plugin, in something that this run does not need
        config = prepared.config
        count = prepared.images or config.images  # unknown, the length of the run is near enough
        default, _ = default.resolved(setting_of(config, lambda: count))
    of_recipe = [one for one in prepared.components.by_recipe if one.kind == "penalty"]
    same = [one for one in of_recipe if one.spec.name == chosen.spec.name]
    return [weight for one in (default, *same) if (weight := number(one, "weight")) > 0]


def turn_warnings(prepared: PreparedRun) -> Iterator[str]:
    """Warnings about a network that is updated too often, or hardly at all."""
    config, chosen = prepared.config, prepared.components.strategies
    ahead = [one for one in having(chosen, "leads") if number(one, "d_steps") > 1]
    scale_g, scale_d = scales_of(prepared.parts.balance)
    faster = ""
    if config.lr_d * scale_d > 2 * config.lr_g * scale_g:
        faster = f"--lr-d {config.lr_d:g}" if config.lr_d > 2 * config.lr_g else _named("balance", chosen)
    for saturating in having(chosen, "saturates"):
        if ahead or faster:
            yield (
                f"{flag_of(saturating)} gives the generator no gradient where the discriminator wins, and "
                f"{flag_of(ahead[0]) if ahead else faster} lets it win. Use --loss logistic, or let both learn alike."
            )
    for skipping in having(chosen, "low-loss"):
        below, draw = getattr(skipping.options, "below", None), _draw(prepared)
        if not isinstance(below, int | float) or not draw <= below:
            continue
        remedy = "Use --balance adaptive, or --balance fixed."
        if draw > 0:
            remedy = f"Try {flag_of(skipping)}:below={OF_A_DRAW * draw:.2g}."
        yield (
            f"{flag_of(skipping)} skips discriminator steps while its loss is below {below:g}, but by "
            f"{_named('loss', chosen)} an undecided one has only {draw:.3g}, so that it hardly learns. {remedy}"
        )


def _draw(prepared: PreparedRun) -> float:
    """The loss of an undecided discriminator: the least that the same logit for all samples gives.

    Infinite where a plugin's loss fails at that: its trial has the better words for it.
    """
    chosen_loss = prepared.components.loss
    logits = torch.linspace(-4, 4, 65)

    def least() -> float:
        loss = copy.deepcopy(prepared.parts.loss)  # it may have state
        return min(float(loss.discriminator(same.repeat(4), same.repeat(4)).mean()) for same in logits)

    with torch.random.fork_rng(devices=[]), suppress(PluginError):
        return guarded(chosen_loss.title, chosen_loss.distribution, " over logits that are all the same", least)
    return math.inf


def scales_of(balance: Balance | None) -> tuple[float, float]:
    """The factors by which a balance multiplies the learning rates of generator and discriminator."""
    scale_g, scale_d = (1.0, 1.0) if balance is None else balance.learning_rate_scales
    return float(scale_g), float(scale_d)


def _named(kind: str, chosen: Sequence[Chosen]) -> str:
    return next(flag_of(one) for one in chosen if one.kind == kind)


def _balance_of_recipe(prepared: PreparedRun) -> Balance | None:
    """The balance of the architecture's recipe, where it can be built; it need not be that of the run."""
    for chosen in prepared.components.by_recipe:
        if chosen == prepared.components.balance:
            return prepared.parts.balance
        if chosen.kind == "balance":
            with suppress(GantoolError):
                built: Balance = chosen.build()
                return built
    return None


def rate_warnings(prepared: PreparedRun) -> Iterator[Advice]:
    """Warnings about learning rates far from those of the recipe, with the factors of the balance."""
    config, chosen, arch = prepared.config, prepared.components.strategies, prepared.components.architecture.spec
    if not isinstance(arch, Architecture):
        return
    recipe = arch.recipe
    of_recipe = _balance_of_recipe(prepared)
    given = {"--lr-g": config.lr_g} | ({} if prepared.gan.discriminator is None else {"--lr-d": config.lr_d})
    scale = dict(zip(given, scales_of(prepared.parts.balance), strict=False))
    own_scale = dict(zip(given, scales_of(of_recipe), strict=False))
    own = {"--lr-g": recipe.learning_rate_g, "--lr-d": recipe.learning_rate_d}
    others = [other.learning_rate for other in (recipe.short, recipe.on_cpu) if other is not None]
    shares = {flag: (own[flag] or recipe.learning_rate) / recipe.learning_rate * own_scale[flag] for flag in given}
    together = all(len(set(values.values())) == 1 for values in (given, scale, shares))
    for flag in ("--lr-g",) if together else given:
        name, rate = "--lr" if together else flag, given[flag] * scale[flag]
        highest = max([recipe.learning_rate, *others]) * shares[flag]  # other steps keep the proportion
        lowest = min([recipe.learning_rate, *others]) * shares[flag]
        shown, remedy = f"{name} {given[flag]:g} is", f"Try {name} "
        if scale[flag] != own_scale[flag]:
            shown = f"{name} {given[flag]:g}, by {_named('balance', chosen)} {scale[flag]:g} times as high, is"
            remedy = f"Let the balance change it less, or try {name} "
        settings = [one[2:].replace("-", "_") for one in (given if together else [flag])]
        if rate * TIMID <= lowest:
            yield Advice(
                f"{shown} {_times(lowest / rate)} times lower than the lowest that the recipe of {arch.name} "
                f"has ({lowest:g}), so that hardly anything is learnt. {remedy}{lowest / scale[flag]:g}.",
                dict.fromkeys(settings, lowest / scale[flag]),
            )
        if rate >= BOLD * highest:
            yield Advice(
                f"{shown} {_times(rate / highest)} times the highest that the recipe of {arch.name} has "
                f"({highest:g}), and some runs diverge at such a rate. {remedy}{highest / scale[flag]:g}.",
                dict.fromkeys(settings, highest / scale[flag]),
            )


def _times(factor: float) -> str:
    return f"{factor:,.0f}" if 100 <= factor < 1e7 else f"{factor:.3g}"
