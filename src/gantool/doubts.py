"""What is allowed in a run and seldom wanted, told before it begins."""

from collections.abc import Iterator

from torch.nn.modules.batchnorm import _BatchNorm

from gantool.components import Architecture
from gantool.config import RunConfig
from gantool.conflicts import flag_of, having, normalised, number, strategies_of
from gantool.contracts import Gan
from gantool.plugin_choice import Chosen
from gantool.plugins import host

LITTLE = 0.2
"""A chance of augmentation that a run should be able to reach if it is to adapt at all."""
BOLD = 5
"""Times the highest learning rate of an architecture's recipe: such runs seldom hold (docs/watch.md)."""
TIMID = 100
"""Times the lowest learning rate of an architecture's recipe is more than this one: nothing is learnt in time."""
TIGHT = 1e-3
"""Bounds of weights that leave a discriminator flat: a network of small weights passes on little of its gradient."""
FEW = 4
"""Pictures whose mean and deviation say too little for batch normalisation."""


def doubts(config: RunConfig, gan: Gan, processes: int = 1) -> Iterator[str]:
    """What is allowed, and seldom wanted, of a run shared by so many processes: one sentence each, with the remedy."""
    chosen = strategies_of(config)
    slopes, bounded = having(chosen, "slope"), having(chosen, "bounds") or normalised(gan.discriminator)
    for critic in having(chosen, "critic"):
        if not slopes and not bounded:
            yield (
                f"Nothing bounds the discriminator's slope, which {flag_of(critic)} relies on: losses may grow without "
                "end. Add --penalty gp, or spectral normalisation where the architecture has it."
            )
    if slopes and any(isinstance(module, _BatchNorm) for module in gan.discriminator.modules()):
        yield (
            f"{flag_of(slopes[0])} takes the slope of each sample by itself, but this discriminator's BatchNorm mixes "
            "the samples of a batch. Use another normalisation, as in --arch dcgan:discriminator_norm=instance."
        )
    yield from _doubts_of_odds(config, chosen)
    yield from _doubts_of_batches(config, gan, processes)
    yield from _doubts_of_rates(config)
    yield from _doubts_of_schedules(config)
    yield from _doubts_of_adapting(config, chosen)
    if config.patience and _scored_by_nobody(config):
        yield (
            f"--patience {config.patience} ends nothing: the watch is told to give no score (--log watch:...), and "
            "nothing else named by --log is known to. Leave one of them out."
        )


def _doubts_of_odds(config: RunConfig, chosen: list[Chosen]) -> Iterator[str]:
    """Of a game that one side is bound to win."""
    ahead = [one for one in having(chosen, "leads") if number(one, "d_steps") > 1]
    faster = f"--lr-d {config.lr_d:g}" if config.lr_d > 2 * config.lr_g else ""
    for saturating in having(chosen, "saturates"):
        if ahead or faster:
            yield (
                f"{flag_of(saturating)} gives the generator no gradient where the discriminator wins, and "
                f"{flag_of(ahead[0]) if ahead else faster} lets it win. Use --loss logistic, or let both learn alike."
            )
    for bounding in having(chosen, "bounds"):
        if 0 < (value := number(bounding, "value")) < TIGHT:
            yield (
                f"{flag_of(bounding)}:value={value:g} leaves the discriminator so flat that the generator learns next "
                f"to nothing from it. Try {flag_of(bounding)}:value=0.01, or --penalty gp."
            )


def _doubts_of_batches(config: RunConfig, gan: Gan, processes: int) -> Iterator[str]:
    shares = config.accumulate * processes
    part = config.batch // shares
    pictures = "1 picture" if part == 1 else f"{part} pictures"
    parts = f" in {config.accumulate} parts" if config.accumulate > 1 else ""
    parts += f" on {processes} processes" if processes > 1 else ""
    for name, network in (("generator", gan.generator), ("discriminator", gan.discriminator)):
        if part < FEW and any(isinstance(module, _BatchNorm) for module in network.modules()):
            yield (
                f"The {name}'s BatchNorm takes mean and deviation of {pictures} at a time (--batch {config.batch}"
                f"{parts}), which say little of the data. Use --batch {FEW * shares} at least, better more."
            )
            return


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
        lowest = min([arch.recipe.learning_rate, *others]) * share
        if rate * TIMID <= lowest:
            yield (
                f"{flag} {rate:g} is {lowest / rate:,.0f} times lower than the lowest that the recipe of {arch.name} "
                f"has ({lowest:g}), so that hardly anything is learnt. Try {flag} {lowest:g}."
            )
        if rate >= BOLD * highest:
            yield (
                f"{flag} {rate:g} is {rate / highest:.3g} times the highest that the recipe of {arch.name} has "
                f"({highest:g}), and training seldom holds at such a rate. Try {flag} {highest:g}."
            )


def _doubts_of_adapting(config: RunConfig, chosen: list[Chosen]) -> Iterator[str]:
    for adaptive in having(chosen, "signs"):
        start, kimg = getattr(adaptive.options, "p", 0.0), getattr(adaptive.options, "kimg", 0.0)
        reached = start + config.images / (1000 * kimg) if kimg else 1.0
        if reached < LITTLE:
            yield (
                f"{flag_of(adaptive)} can rise to {reached:.2g} at most in {config.images:,} images, which is little: "
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
            f"then {config.lr_end:g} of that at once. Give a shorter warm-up."
        )
    if not falls and config.horizon != "auto" and not config.instance_noise and config.beta2_start == "beta2":
        yield f"--horizon {config.horizon:,} changes nothing: no --lr-schedule or --instance-noise falls until then."
    if not falls and config.lr_end:
        yield f"--lr-end {config.lr_end:g} changes nothing without --lr-schedule linear or cosine."
    if falls and not config.lr_end and config.horizon != "auto" and config.horizon < config.images:
        yield (
            f"--lr-schedule {config.lr_schedule} ends at {config.horizon:,} images (--horizon); from there to "
            f"{config.images:,} the learning rates are 0 and nothing more is learnt. --lr-end 0.1 leaves them some."
        )


def _scored_by_nobody(config: RunConfig) -> bool:
    watches = [host().resolve("observer", text) for text in config.log if text.partition(":")[0] == "watch"]
    muted = any(getattr(one.options, "off", False) or not getattr(one.options, "best", True) for one in watches)
    return muted and len(config.log) == len(watches)
