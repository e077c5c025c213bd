"""Combinations of strategies that make no sense, refused before a run begins, and those that only deserve a warning."""

from collections.abc import Iterator

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from gantool.components import Architecture
from gantool.config import NONE, RunConfig
from gantool.contracts import Gan
from gantool.errors import UsageError
from gantool.plugin_choice import Chosen
from gantool.plugins import host

LITTLE = 0.2
"""A chance of augmentation that a run should be able to reach if it is to adapt at all."""
BOLD = 5
"""Times the highest learning rate of an architecture's recipe: such runs seldom hold (docs/watch.md)."""
FLAGS = {"loss": "--loss", "penalty": "--penalty", "augmentation": "--augment", "balance": "--balance"}


def refuse_conflicts(config: RunConfig, gan: Gan) -> None:
    """Raise UsageError for the first combination that cannot work, naming both sides and the remedy."""
    chosen = _chosen(config)
    names = [one.spec.name for one in chosen if one.kind == "penalty"]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--penalty {name} is given {names.count(name)} times; give it once, with its weight.")
    for one, other, why in (
        ("bounds", "slope", "clipping undoes what the penalty teaches, and both hold the slope. Leave one of them out"),
        (
            "relative",
            "signs",
            "the sign of such logits means nothing. Use --augment ada:p=0.3,fixed=yes, or --loss logistic",
        ),
        (
            "critic",
            "low-loss",
            "this loss has no lower end to come near. Use --balance fixed:d_steps=5, or another loss",
        ),
    ):
        for first in _with(chosen, one):
            for second in _with(chosen, other):
                raise UsageError(f"{_flag(first)} and {_flag(second)} do not go together: {why}.")
    for bounding in _with(chosen, "bounds"):
        if _normalised(gan.discriminator):
            raise UsageError(
                f"{_flag(bounding)} and a discriminator with spectral normalisation do not go together: clipped "
                "weights are scaled back to norm 1 before they are used. Leave one of them out."
            )


def doubts(config: RunConfig, gan: Gan) -> Iterator[str]:
    """What is allowed, and seldom wanted: one sentence each, with the remedy."""
    chosen = _chosen(config)
    slopes, bounded = _with(chosen, "slope"), _with(chosen, "bounds") or _normalised(gan.discriminator)
    for critic in _with(chosen, "critic"):
        if not slopes and not bounded:
            yield (
                f"Nothing bounds the discriminator's slope, which {_flag(critic)} relies on: losses may grow without "
                "end. Add --penalty gp, or spectral normalisation where the architecture has it."
            )
    if slopes and any(isinstance(module, _BatchNorm) for module in gan.discriminator.modules()):
        yield (
            f"{_flag(slopes[0])} takes the slope of each sample by itself, but this discriminator's BatchNorm mixes "
            "the samples of a batch. Use another normalisation, as in --arch dcgan:discriminator_norm=instance."
        )
    yield from _doubts_of_rates(config)
    yield from _doubts_of_schedules(config)
    yield from _doubts_of_adapting(config, chosen)
    if config.patience and _scored_by_nobody(config):
        yield (
            f"--patience {config.patience} ends nothing: the watch is told to give no score (--log watch:...), and "
            "nothing else named by --log is known to. Leave one of them out."
        )


def _doubts_of_rates(config: RunConfig) -> Iterator[str]:
    arch = host().find("architecture", config.arch.partition(":")[0])
    if not isinstance(arch, Architecture):
        return
    rates = {"--lr-g": (config.lr_g, arch.recipe.learning_rate_g), "--lr-d": (config.lr_d, arch.recipe.learning_rate_d)}
    if rates["--lr-g"] == rates["--lr-d"]:
        rates = {"--lr": rates["--lr-g"]}
    others = [other.learning_rate for other in (arch.recipe.short, arch.recipe.on_cpu) if other is not None]
    for flag, (rate, own) in rates.items():
        share = (own or arch.recipe.learning_rate) / arch.recipe.learning_rate  # other steps keep the proportion
        highest = max([arch.recipe.learning_rate, *others]) * share
        if rate >= BOLD * highest:
            yield (
                f"{flag} {rate:g} is {rate / highest:.3g} times the highest that the recipe of {arch.name} has "
                f"({highest:g}), and training seldom holds at such a rate. Try {flag} {highest:g}."
            )


def _doubts_of_adapting(config: RunConfig, chosen: list[Chosen]) -> Iterator[str]:
    for adaptive in _with(chosen, "signs"):
        start, kimg = getattr(adaptive.options, "p", 0.0), getattr(adaptive.options, "kimg", 0.0)
        reached = start + config.images / (1000 * kimg) if kimg else 1.0
        if reached < LITTLE:
            yield (
                f"{_flag(adaptive)} can rise to {reached:.2g} at most in {config.images:,} images, which is little: "
                f"p takes {kimg:g} thousand images from 0 to 1. Try {adaptive.spec.name}:"
                f"kimg={max(config.images / 3000, 0.1):.2g}."
            )


def _doubts_of_schedules(config: RunConfig) -> Iterator[str]:
    falls = config.lr_schedule != "constant"
    if config.warmup >= config.images:
        yield (
            f"--warmup {config.warmup:,} is not over when the run ends at {config.images:,} images: the learning rates "
            "never get to their full size. Give a shorter one."
        )
    elif falls and config.horizon != "auto" and config.warmup >= config.horizon:
        yield (
            f"--warmup {config.warmup:,} is as long as --horizon {config.horizon:,}: the learning rates rise and are "
            "then 0 at once. Give a shorter warm-up."
        )
    if not falls and config.horizon != "auto" and not config.instance_noise:
        yield f"--horizon {config.horizon:,} changes nothing: no --lr-schedule or --instance-noise falls until then."
    if falls and config.horizon != "auto" and config.horizon < config.images:
        yield (
            f"--lr-schedule {config.lr_schedule} ends at {config.horizon:,} images (--horizon); from there to "
            f"{config.images:,} the learning rates are 0 and nothing more is learnt."
        )


def _scored_by_nobody(config: RunConfig) -> bool:
    watches = [host().resolve("observer", text) for text in config.log if text.partition(":")[0] == "watch"]
    muted = any(getattr(one.options, "off", False) or not getattr(one.options, "best", True) for one in watches)
    return muted and len(config.log) == len(watches)


def _chosen(config: RunConfig) -> list[Chosen]:
    named = [
        ("loss", config.loss),
        *(("penalty", text) for text in config.penalty),
        ("augmentation", config.augment),
        ("balance", config.balance),
    ]
    return [host().resolve(kind, text) for kind, text in named if text != NONE]


def _with(chosen: list[Chosen], trait: str) -> list[Chosen]:
    return [one for one in chosen if trait in getattr(one.spec, "traits", ()) and not _held(one)]


def _flag(chosen: Chosen) -> str:
    return f"{FLAGS[chosen.kind]} {chosen.spec.name}"


def _normalised(network: nn.Module) -> bool:
    """Whether any weight is spectrally normalised, by either of torch's two ways."""
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
    """Whether a component that adapts was told not to."""
    return bool(getattr(chosen.options, "fixed", False))
