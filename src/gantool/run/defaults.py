"""The defaults of a run, by its recipe, device and data, each with its reason in one line."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gantool.api.run_config import NONE, RunConfig, formatted
from gantool.api.specs import AUTO, Architecture, Component, Recipe
from gantool.engine.ema import RAMP_UP, halflife
from gantool.errors import GantoolError, PluginError, sentence
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run.components import STEP_KINDS
from gantool.run.intervals import reason
from gantool.run.recipes import recipe_on

USUAL = "dcgan"
"""The architecture of runs that name none."""
FEW_IMAGES = 10_000
"""With fewer images than this, augmentation is on (Zhao et al. 2020), or the discriminator would memorise them."""
EMA_IMAGES_AT_BATCH_32 = 10_000
"""Half-life of the averaged generator (Karras et al. 2020, appendix B); it grows with the batch."""


@dataclass(frozen=True)
class DefaultChoice:
    """A default chosen for a setting that was not given: its flag, its value, and the reason."""

    flag: str
    value: str
    why: str

    def __str__(self) -> str:
        return f"Chosen: {self.flag} {self.value} ({self.why})"


def architecture(host: PluginHost, resolution: object) -> tuple[str, str]:
    """The architecture of a run that names none, and the reason: dcgan, or the first that does the resolution."""
    specs = {name: spec for name, spec in host.specs("architecture").items() if isinstance(spec, Architecture)}
    usual = specs[USUAL]
    able = [name for name, spec in specs.items() if resolution in spec.resolutions]
    if not isinstance(resolution, int) or resolution in usual.resolutions or not able:
        return USUAL, f"quick to train, at {min(usual.resolutions)} to {max(usual.resolutions)} pixels"
    return able[0], f"the first that can do {resolution} pixels; {USUAL} cannot"


@dataclass(frozen=True)
class Defaults:
    """The defaults of a run for settings that are not given, each with its reason."""

    values: Mapping[str, Any]
    why: Mapping[str, str]


def defaults(arch: Architecture, source: Component, given: Mapping[str, Any], device: str) -> Defaults:
    """An architecture's recipe for a source and a device, in view of the settings that were given.

    It depends on the source and never on `--images`: N images and then N more have to give the same as 2N at once.
    """
    recipe, of = _recipe_for(arch, source, device, str(given.get("loss", "")))
    reason, usual = f"the recipe of {arch.name}", arch.recipe.learning_rate
    batch = given.get("batch", recipe.batch)
    averaged = recipe.ema if recipe.ema != AUTO else _ema(batch)
    falls = given.get("lr_schedule", recipe.lr_schedule) != "constant"
    values = {
        "loss": recipe.loss,
        "penalty": recipe.penalties,
        "augment": recipe.augment or AUTO,
        "balance": recipe.balance,
        "lr_g": _of_one(recipe.learning_rate_g, recipe.learning_rate, usual),
        "lr_d": _of_one(recipe.learning_rate_d, recipe.learning_rate, usual),
        "lr_schedule": recipe.lr_schedule,
        "lr_end": recipe.lr_end if falls else 0.0,
        "lr_hold": recipe.lr_hold if falls else 0.0,
        "optimizer": recipe.optimizer,
        "betas": recipe.betas,
        "beta2_start": "beta2" if recipe.beta2_start is None else recipe.beta2_start,
        "weight_decay": recipe.weight_decay,
        "batch": recipe.batch,
        "ema": averaged,
        "images": recipe.images,
    }
    named = values.keys() - {"optimizer", "betas", "beta2_start", "weight_decay"}  # which few change
    if not falls:
        named -= {"lr_schedule", "lr_end"}
    if not values["lr_hold"]:
        named -= {"lr_hold"}
    why = {name: reason for name in values if name in named} | {
        "loss": of["loss"],
        "penalty": of["penalty"],
        "batch": of["steps"],
        "lr_g": of["steps"],
        "lr_d": of["steps"],
        "ema": reason if recipe.ema != AUTO else _why_ema(batch),
        "images": of["images"],
    }
    return Defaults(values, why)


def _recipe_for(arch: Architecture, source: Component, device: str, loss: str) -> tuple[Recipe, dict[str, str]]:
    """The recipe for a source, a device and a given loss, with the reasons for what is not the same for all."""
    recipe, reason = recipe_on(arch.recipe, device, loss), f"the recipe of {arch.name}"
    on_cpu = arch.recipe.on_cpu if device == "cpu" else None
    why = dict.fromkeys(("loss", "penalty", "steps", "images"), reason)
    for name, here, other in (
        ("loss", recipe.loss, arch.recipe.loss),
        ("penalty", formatted(recipe.penalties), formatted(arch.recipe.penalties)),
    ):
        if here != other:
            why[name] = f"{reason} on a CPU; {other} is for a GPU"
    if source.images is not None:
        recipe, why["images"] = replace(recipe, images=source.images), f"what {source.name} calls for"
    elif on_cpu is not None and on_cpu.images is not None:
        why["images"] = f"{reason} on a CPU: its {recipe.images:,} are for a GPU"
        recipe = replace(recipe, images=on_cpu.images)
    if recipe.short is not None and source.images is not None and source.images <= recipe.short.images:
        recipe = replace(recipe, batch=recipe.short.batch, learning_rate=recipe.short.learning_rate)
        why["steps"] = f"{reason} for sources as easy as {source.name}: more updates for the same images"
    elif on_cpu is not None:
        if (recipe.batch, recipe.learning_rate) != (on_cpu.batch, on_cpu.learning_rate):
            why["steps"] = f"{reason} on a CPU: more updates for the same images"
        recipe = replace(recipe, batch=on_cpu.batch, learning_rate=on_cpu.learning_rate)
    return recipe, why


def check_components(host: PluginHost, arch: Chosen, device: str, given: Mapping[str, Any]) -> None:
    """Raise PluginError for a component of a recipe on a device that cannot be had, unless it was overridden."""
    assert isinstance(arch.spec, Architecture)
    recipe = recipe_on(arch.spec.recipe, device, str(given.get("loss", "")))
    for setting, kind in STEP_KINDS.items():
        field = "penalties" if setting == "penalty" else setting
        named = getattr(recipe, field) or ()
        place = field if getattr(arch.spec.recipe, field) == getattr(recipe, field) else f"on_cpu.{field}"
        left_out = {AUTO} if setting in ("loss", "optimizer") else {AUTO, NONE}
        for text in (named,) if isinstance(named, str) else named:
            if setting in given or text in left_out:
                continue
            try:
                host.resolve(kind, text)
            except GantoolError as error:
                raise PluginError(
                    f"The recipe of architecture {arch.spec.name!r} of {arch.distribution} cannot be followed, for its "
                    f"{place} {text!r}: {sentence(str(error))} Tell its author; --{setting} NAME overrides it."
                ) from error


def _of_one(own: float | None, shared: float, usual: float) -> float:
    """A network's learning rate: the shared one, or its own in the proportion it has to the recipe's shared one."""
    if own is None:
        return shared
    return own if shared == usual else float(f"{own * shared / usual:.6g}")


def _ema(batch: Any) -> int:
    return round(EMA_IMAGES_AT_BATCH_32 * batch / 32) if isinstance(batch, int) else EMA_IMAGES_AT_BATCH_32


def _why_ema(batch: Any) -> str:
    return f"10,000 images at batch 32, in proportion at batch {batch}"


def no_more_than_there_are(
    config: RunConfig, by_default: Mapping[str, str], count: Callable[[], int]
) -> tuple[RunConfig, dict[str, str]]:
    """A default batch size that exceeds the number of images is lowered to it; returns the reasons too.

    A half-life that was chosen by the batch size, as the reasons of `by_default` show, follows it.
    """
    batch = count()
    if not 2 <= batch < config.batch:
        return config, {}
    update, why = {"batch": batch}, {"batch": f"there are no more than {batch:,} images"}
    if by_default.get("ema") == _why_ema(config.batch):
        update["ema"], why["ema"] = _ema(batch), _why_ema(batch)
    return config.model_copy(update=update), why


def augmentation(count: int, constant: bool) -> tuple[str, str]:
    """The default augmentation for so many pictures, and the reason.

    It is `constant` where D tells all reals without having memorised them, and its logits say nothing of overfitting:
    for a critic, and for a discriminator of features that were trained before.
    """
    if count < FEW_IMAGES:
        rise = "" if constant else ",rise=auto"
        return f"diffaugment:policy=color+translation,strength=auto,fill=mirror,after=auto{rise}", (
            f"{count:,} images are few, and the discriminator would memorise them"
        )
    return NONE, f"{count:,} images are enough to do without"


def choices(
    values: Mapping[str, Any], given: Mapping[str, Any], by_default: Mapping[str, str], resolved: Mapping[str, str]
) -> tuple[DefaultChoice, ...]:
    """The defaults chosen for a run of these settings: each that was not given, and each that was left at "auto"."""
    why = {name: reason for name, reason in by_default.items() if name not in given} | dict(resolved)
    if "lr_g" in why and why.get("lr_d") == why["lr_g"] and values["lr_g"] == values["lr_d"]:
        del why["lr_d"]
        why = {"lr" if name == "lr_g" else name: reason for name, reason in why.items()}
    values = {**values, "lr": values["lr_g"]}
    longest = halflife(values["init_images"] + values["images"], values["ema"])
    if "ema" in why and longest < values["ema"]:
        why["ema"] += f", but at most {RAMP_UP:.0%} of the images seen: {longest:,.0f} at this run's end"
    order = ["lr", *values]
    names = sorted(why, key=lambda name: order.index("lr_g" if name == "lr" else name))
    return tuple(DefaultChoice(f"--{name.replace('_', '-')}", formatted(values[name]), why[name]) for name in names)


def measured(planned: RunConfig, config: RunConfig) -> Iterator[DefaultChoice]:
    """The choices of precision, layout and order by timing, of a plan that became a run's `config`."""
    for name in ("precision", "layout", "convolutions"):
        if getattr(planned, name) == AUTO:
            yield DefaultChoice(f"--{name}", getattr(config, name), "by timing, kept for this machine")
    if planned.snapshot_every == AUTO and (why := reason(config)):
        yield DefaultChoice("--snapshot-every", formatted(config.snapshot_every), why)
