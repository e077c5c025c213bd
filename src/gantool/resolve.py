"""From what was asked for to a whole RunConfig: flag > file > recipe > default, components checked and written out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from gantool.components import Architecture, Component, ImageShape, Recipe
from gantool.config import NONE, RunConfig, check_types, read_config, settle, spread
from gantool.engine.devices import pick_device
from gantool.errors import OptionError, UnknownNameError, UsageError, nearest_beside
from gantool.option_types import quote
from gantool.plugin_choice import Chosen
from gantool.plugins import PluginHost

FALLBACK = ImageShape(64)


def resolve(host: PluginHost, asked: Mapping[str, Any], file: Path | None = None) -> RunConfig:
    """The configuration of a run. `asked` holds RunConfig fields and aliases; None means not asked for.

    Raises UsageError and its kin, naming the setting, what it takes and the nearest right name.
    """
    settings = asked_for(asked, file)
    if "arch" not in settings:
        names = ", ".join(host.specs("architecture"))
        raise UsageError(f"Say which architecture to train: --arch NAME. There are: {names}.")
    arch = host.resolve("architecture", settings["arch"])
    source = resolve_source(host, settings.get("data", "shapes"))
    shape = source.natural() or FALLBACK
    assert isinstance(arch.spec, Architecture)
    assert isinstance(source.spec, Component)
    recipe = _for_source(arch.spec.recipe, source.spec)
    settings = _defaults(recipe) | {"channels": shape.channels, "resolution": _near(arch.spec, shape)} | settings
    settings |= {"arch": arch.text, "data": source.text, "device": str(pick_device(settings.get("device", "auto")))}
    settings |= _components(host, settings)
    config = settle(_cadence(settings), "The configuration")
    _check_resolution(arch.spec, config.resolution)
    arch = arch.settled(ImageShape(config.resolution, config.channels), config.images)
    return config.model_copy(update={"arch": arch.text, "horizon": _horizon(config)})


def asked_for(asked: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """What flags and file say together, aliases replaced: flags win, None means not said."""
    said = spread({key: value for key, value in asked.items() if value is not None})
    check_types(said, "The settings")
    written = spread(read_config(file)) if file else {}
    check_types(written, str(file))
    return written | said


def restated(host: PluginHost, config: RunConfig) -> RunConfig:
    """A stored configuration in today's words: options that components have gained since are at their defaults."""
    settings = config.model_dump()
    texts = {"arch": host.resolve("architecture", config.arch).text, "data": host.resolve("source", config.data).text}
    return config.model_copy(update=texts | _components(host, settings))


def as_settled(host: PluginHost, arch: str, before: str) -> str:
    """An architecture asked for again: what it leaves to "auto" is what was settled when the run began."""
    return host.resolve("architecture", arch).as_settled(host.resolve("architecture", before)).text


def only_moved(host: PluginHost, one: str, other: str) -> bool:
    """Whether two sources differ in nothing but their place: the same pictures may lie elsewhere now."""
    first, second = host.resolve("source", one), host.resolve("source", other)
    same_kind = first.spec.name == second.spec.name and hasattr(first.options, "path")
    return (
        same_kind and first.options.model_copy(update={"path": getattr(second.options, "path", None)}) == second.options
    )


def resolve_source(host: PluginHost, text: str) -> Chosen:
    """A source by name, or a path, which means `folder`; options may follow either after a colon.

    Raises UnknownNameError when it is neither.
    """
    if Path(text).expanduser().exists() and text not in host.specs("source"):
        return host.resolve("source", f"folder:path={_quoted(text)}")
    name, _, options = text.rpartition(":")
    if name and "=" in options and Path(name).expanduser().exists() and name not in host.specs("source"):
        return host.resolve("source", f"folder:path={_quoted(name)},{options}")
    try:
        return host.resolve("source", text)
    except (UnknownNameError, UsageError) as error:
        if isinstance(error, OptionError):
            raise
        looks_like_path = "/" in text or "\\" in text or text.startswith((".", "~"))
        what = f"There is no folder or archive {text}." if looks_like_path else f"{error} Nor is there a path {text}."
        near = nearest_beside(Path(text).expanduser())
        raise UnknownNameError(what + near) from error


def _quoted(path: str) -> str:
    return quote(str(Path(path).expanduser().resolve()))


def _for_source(recipe: Recipe, source: Component) -> Recipe:
    """The recipe at the source's length, with what it keeps for short runs if the source calls for one.

    It must not depend on `--images`: N images and then N more have to be what 2N at once are.
    """
    if source.images is None:
        return recipe
    recipe = replace(recipe, images=source.images)
    short = recipe.short
    if short is None or source.images > short.images:
        return recipe
    return replace(recipe, batch=short.batch, learning_rate=short.learning_rate)


def _defaults(recipe: Recipe) -> dict[str, Any]:
    return {
        "loss": recipe.loss,
        "penalty": recipe.penalties,
        "augment": recipe.augment or NONE,
        "balance": recipe.balance,
        "lr_g": recipe.learning_rate_g or recipe.learning_rate,
        "lr_d": recipe.learning_rate_d or recipe.learning_rate,
        "betas": recipe.betas,
        "weight_decay": recipe.weight_decay,
        "batch": recipe.batch,
        "ema": recipe.ema,
        "images": recipe.images,
    }


def _components(host: PluginHost, settings: Mapping[str, Any]) -> dict[str, Any]:
    def texts(kind: str, key: str) -> tuple[str, ...]:
        return tuple(host.resolve(kind, text).text for text in settings.get(key) or () if text != NONE)

    augment = settings.get("augment") or NONE
    return {
        "loss": host.resolve("loss", settings["loss"]).text,
        "penalty": texts("penalty", "penalty"),
        "augment": host.resolve("augmentation", augment).text if augment != NONE else NONE,
        "balance": host.resolve("balance", settings["balance"]).text,
        "log": texts("observer", "log"),
    }


def _cadence(settings: Mapping[str, Any]) -> dict[str, Any]:
    """How often a run reports, where nobody said: 20 sample grids, 10 checkpoints, and ticks of a few seconds."""
    images, batch = settings["images"], settings["batch"]
    if not isinstance(images, int) or not isinstance(batch, int):
        return dict(settings)
    on_gpu = str(settings["device"]).startswith("cuda")
    return {
        "tick": max(4096 if on_gpu else 256, batch),
        "snapshot_every": max(images // 20, batch),
        "checkpoint_every": max(images // 10, batch),
    } | dict(settings)


def _horizon(config: RunConfig) -> int | Literal["auto"]:
    """What falls with the clock falls until the end that a run had when it began; nothing else needs to know it."""
    falls = config.lr_schedule != "constant" or config.instance_noise > 0
    return config.images if config.horizon == "auto" and falls else config.horizon


def _near(arch: Architecture, shape: ImageShape) -> int:
    """The largest resolution the architecture can do that does not exceed the source's own, else its smallest."""
    if not arch.resolutions:
        return shape.resolution
    return max((r for r in arch.resolutions if r <= shape.resolution), default=min(arch.resolutions))


def _check_resolution(arch: Architecture, resolution: int) -> None:
    if arch.resolutions and resolution not in arch.resolutions:
        able = ", ".join(map(str, arch.resolutions))
        raise OptionError(f"--resolution {resolution}: {arch.name} cannot do that size. It does {able}.")
