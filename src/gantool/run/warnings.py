"""Warnings about settings that are allowed and seldom wanted, given before a run begins."""

from collections.abc import Iterator, Sequence

from torch.nn.modules.batchnorm import _BatchNorm

from gantool.api.run_config import RunConfig
from gantool.engine.schedules import rests_before, schedule_of
from gantool.plugins.option_words import choices
from gantool.plugins.selection import Chosen
from gantool.run.components import RunComponents
from gantool.run.conflicts import flag_of, having
from gantool.run.joined import JoinedChoice, overlaps
from gantool.run.lopsided import rate_warnings, slope_warnings, turn_warnings
from gantool.run.prepare import PreparedRun

LITTLE = 0.2
"""The least probability of augmentation that an adaptive one should be able to reach within a run."""
LOUD = 1.0
"""Standard deviation of instance noise that drowns pictures of [-1, 1]."""
BRIEFLY = 0.05
"""The share of a run for which it may."""
FEW = 4
"""Fewer samples than this give too poor a mean and deviation for batch normalisation."""


def warnings_of(prepared: PreparedRun, processes: int = 1, images_seen: int = 0) -> Iterator[str]:
    """Warnings about a run shared by so many processes, which begins or resumes: one sentence each, with the remedy."""
    config, source = prepared.config, prepared.components.source
    if isinstance(source, JoinedChoice):
        yield from overlaps([str(getattr(part.options, "path", "")) for part in source.parts])
    yield from slope_warnings(prepared)
    if prepared.gan.discriminator is not None:
        yield from turn_warnings(prepared)
    yield from _flattery_warnings(prepared.components.architecture)
    yield from _batch_norm_warnings(prepared, processes)
    yield from rate_warnings(prepared)
    yield from _schedule_warnings(config)
    changed = config.history[-1].settings if config.history and config.history[-1].until == images_seen else {}
    if "warmup" in changed and 0 < config.warmup <= images_seen:
        yield (
            f"--warmup {config.warmup:,} changes nothing from {images_seen:,} images on: "
            "it counts from the run's first image."
        )
    yield from _noise_warnings(config)
    yield from _adaptive_warnings(config, prepared.components.strategies)
    yield from _idle_warnings(prepared.components.augmentation)
    if config.patience and _scored_by_nobody(prepared.components):
        yield (
            f"--patience {config.patience} ends nothing: the watch gives no score (--log watch:...), and "
            "nothing else named by --log is known to. Leave one of them out."
        )


def _flattery_warnings(arch: Chosen) -> Iterator[str]:
    if own := arch.learns_by:
        yield (
            f"{arch.spec.name} learns by features of {own}, so metrics by {own} flatter it: 'gantool evaluate' takes "
            f"another extractor unless --extractor {own} asks for it."
        )


def _batch_norm_warnings(prepared: PreparedRun, processes: int) -> Iterator[str]:
    config, gan, images = prepared.config, prepared.gan, prepared.images
    shares = config.accumulate * processes
    part = config.batch // shares
    pictures = "1 picture" if part == 1 else f"{part} pictures"
    parts = f" in {config.accumulate} micro-batches" if config.accumulate > 1 else ""
    parts += f" on {processes} processes" if processes > 1 else ""
    for name, network in zip(("generator", "discriminator"), gan.networks, strict=False):
        if part < FEW and any(isinstance(module, _BatchNorm) for module in network.modules()):
            remedy = f"Use --batch {FEW * shares} at least, better more."
            if images < FEW * shares:
                fewer = f"use fewer micro-batches with --batch {FEW} or more, " if images >= FEW else ""
                remedy = (
                    f"With {images} images --batch {FEW * shares} is impossible: {fewer}give more images, or use "
                    f"{_without_batch_norm(prepared.components.architecture, name)}."
                )
            yield (
                f"The {name}'s BatchNorm takes mean and deviation of {pictures} at a time (--batch {config.batch}"
                f"{parts}), which say little of the data. {remedy}"
            )
            return


def _without_batch_norm(arch: Chosen, network: str) -> str:
    """The option by which the architecture leaves BatchNorm out of a network, or another architecture."""
    option = f"{network}_norm"
    field = type(arch.options).model_fields.get(option)
    others = [word for word in choices(field) if word != getattr(arch.options, option)] if field is not None else []
    if others:
        return f"--arch {arch.spec.name}:{option}={others[0]}"
    return f"an architecture whose {network} has no BatchNorm, such as msg"


def _noise_warnings(config: RunConfig) -> Iterator[str]:
    horizon = config.images if config.horizon == "auto" else config.horizon
    drowned = round(horizon * (1 - LOUD / config.instance_noise)) if config.instance_noise > LOUD else 0
    if drowned > BRIEFLY * config.images:
        yield (
            f"--instance-noise {config.instance_noise:g} drowns pictures of [-1, 1] until "
            f"{min(drowned, config.images):,} of {config.images:,} images, so that reals and fakes look the same. Try "
            "0.1 to 0.3, or let it end early by --horizon."
        )


def _adaptive_warnings(config: RunConfig, chosen: Sequence[Chosen]) -> Iterator[str]:
    for adaptive in having(chosen, "signs"):
        start, kimg = getattr(adaptive.options, "p", 0.0), getattr(adaptive.options, "kimg", 0.0)
        reached = start + config.images / (1000 * kimg) if kimg else 1.0
        if reached < LITTLE:
            yield (
                f"{flag_of(adaptive)} can rise to {reached:.2g} at most in {config.images:,} images, which is little: "
                f"p takes {kimg:g} thousand images from 0 to 1. Try {adaptive.spec.name}:"
                f"kimg={max(config.images / 3000, 0.1):.2g}."
            )


def _idle_warnings(augmentation: Chosen | None) -> Iterator[str]:
    options = None if augmentation is None else augmentation.options
    if augmentation is not None and getattr(options, "strength", None) == 0 and getattr(options, "fixed", False):
        yield (
            f"{flag_of(augmentation)} augments nothing, since its strength is 0 and does not rise. Give a strength, "
            "rise=auto, or --augment none."
        )


def _schedule_warnings(config: RunConfig) -> Iterator[str]:
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
        yield f"--horizon {config.horizon:,} changes nothing: no --lr-schedule or --instance-noise ends there."
    if not falls and config.lr_end:
        yield f"--lr-end {config.lr_end:g} changes nothing without --lr-schedule linear or cosine."
    if not falls and config.lr_hold:
        yield f"--lr-hold {config.lr_hold:g} changes nothing without --lr-schedule linear or cosine."
    falls_from = schedule_of(config).falls_from
    if falls and config.lr_hold and config.warmup < config.images <= falls_from:
        sooner = "" if config.horizon in ("auto", config.images) else f", or --horizon {config.images}"
        yield (
            f"--lr-hold {config.lr_hold:g} keeps the learning rates until {falls_from:,} images, and the run ends at "
            f"{config.images:,}: --lr-schedule {config.lr_schedule} never lowers them. Give a smaller share{sooner}."
        )
    if rests_before(config, config.images):
        yield (
            f"--lr-schedule {config.lr_schedule} ends at {config.horizon:,} images (--horizon); from there to "
            f"{config.images:,} the learning rates are 0 and nothing more is learnt. --horizon {config.images} moves "
            "the end, --lr-end 0.1 leaves a tenth of them; a run that resumes needs --change, too."
        )


def _scored_by_nobody(components: RunComponents) -> bool:
    watches = [one for one in components.observers if one.spec.name == "watch"]
    muted = any(getattr(one.options, "off", False) or not getattr(one.options, "best", True) for one in watches)
    return muted and len(components.observers) == len(watches)
