"""From what was asked for to a whole RunConfig: flag > file > recipe > default, components checked and written out."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import AUTO, Architecture, Component, ImageShape, Look
from gantool.engine.devices import pick_device
from gantool.errors import OptionError, UnknownNameError, UsageError, nearest_beside
from gantool.plugins.host import PluginHost
from gantool.plugins.option_types import quote
from gantool.plugins.selection import Chosen
from gantool.run import defaults
from gantool.run.config import check_types, read_config, settle, spread

FALLBACK = ImageShape(64)
PLAIN_BALANCE = "fixed"
"""What `--balance none` means: both networks learn from every batch."""


def resolve(host: PluginHost, asked: Mapping[str, Any], file: Path | None = None) -> RunConfig:
    """The configuration of a run. `asked` holds RunConfig fields and aliases; None means not asked for.

    Raises UsageError and its kin, naming the setting, what it takes and the nearest right name.
    """
    return decide(host, asked, file)[0]


def decide(
    host: PluginHost, asked: Mapping[str, Any], file: Path | None = None
) -> tuple[RunConfig, tuple[defaults.Choice, ...]]:
    """The configuration of a run, as `resolve` does, and what of it was chosen here and why."""
    said = asked_for(asked, file)
    settings = dict(said)
    if "arch" not in settings:
        names = ", ".join(host.specs("architecture"))
        raise UsageError(f"Say which architecture to train: --arch NAME. There are: {names}.")
    arch = host.resolve("architecture", settings["arch"])
    source = resolve_source(host, settings.get("data", "shapes"))
    shape = source.natural() or FALLBACK
    assert isinstance(arch.spec, Architecture)
    assert isinstance(source.spec, Component)
    device = str(pick_device(settings.get("device", "auto")))
    by_default = defaults.defaults(arch.spec, source.spec, said, device)
    why = dict(by_default.why) | {"resolution": _why_so_large(arch.spec, shape, source)}
    settings = dict(by_default.values) | {"channels": shape.channels, "resolution": _near(arch.spec, shape)} | settings
    settings |= {"arch": arch.text, "data": source.text, "device": device}
    defaults.check_components(host, arch, said)
    settings |= _components(host, settings)
    config = settle(_cadence(settings), "The configuration")
    _check_resolution(arch.spec, config.resolution)
    config = config.model_copy(update={"horizon": _horizon(config)})
    count = lru_cache(lambda: len(source.build(resolution=config.resolution, channels=config.channels)))
    config, settled = defaults.settled(host, config, count)
    if "batch" not in said:
        unsaid = {name: why for name, why in by_default.why.items() if name not in said}
        config, fewer = defaults.no_more_than_there_are(config, unsaid, count)
        settled |= fewer
    return config, defaults.choices(config, said, why, settled)


def asked_for(asked: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """What flags and file say together, aliases replaced: flags win, None means not said."""
    said = {key: value for key, value in asked.items() if value is not None}
    check_types(said, "The settings")
    written = read_config(file) if file else {}
    check_types(written, str(file))
    return spread(written) | spread(said)


def restated(host: PluginHost, config: RunConfig) -> RunConfig:
    """A stored configuration in today's words: options that components have gained since are at their defaults."""
    settings = config.model_dump()
    texts = {"arch": host.resolve("architecture", config.arch).text, "data": host.resolve("source", config.data).text}
    return config.model_copy(update=texts | _components(host, settings))


def as_settled(host: PluginHost, asked: Mapping[str, Any], before: RunConfig) -> dict[str, Any]:
    """Components asked for again: what they leave to "auto" is what was settled when the run began."""

    def settled(kind: str, text: str, was: str) -> str:
        if NONE in (text, was):
            return text
        return host.resolve(kind, text).as_settled(host.resolve(kind, was)).text

    kept = dict(asked)
    for kind, setting in (
        ("architecture", "arch"),
        ("loss", "loss"),
        ("augmentation", "augment"),
        ("balance", "balance"),
    ):
        if setting in kept:
            kept[setting] = settled(kind, kept[setting], getattr(before, setting))
    penalties = kept.get("penalty", ())
    if len(penalties) == len(before.penalty):
        kept["penalty"] = tuple(settled("penalty", *pair) for pair in zip(penalties, before.penalty, strict=True))
    return kept


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
        looks_like_path = "/" in text or "\\" in text or text.startswith((".", "~")) or bool(Path(text).suffix)
        what = f"There is no folder or archive {text}." if looks_like_path else f"{error} Nor is there a path {text}."
        near = nearest_beside(Path(text).expanduser())
        raise UnknownNameError(what + near) from error


def _quoted(path: str) -> str:
    return quote(str(Path(path).expanduser().resolve()))


def _components(host: PluginHost, settings: Mapping[str, Any]) -> dict[str, Any]:
    def texts(kind: str, key: str) -> tuple[str, ...]:
        return tuple(host.resolve(kind, text).text for text in settings.get(key) or () if text != NONE)

    augment = settings.get("augment") or NONE
    return {
        "loss": host.resolve("loss", settings["loss"]).text,
        "penalty": texts("penalty", "penalty"),
        "augment": augment if augment in (NONE, AUTO) else host.resolve("augmentation", augment).text,
        "balance": host.resolve("balance", PLAIN_BALANCE if settings["balance"] == NONE else settings["balance"]).text,
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
    moves = config.lr_schedule != "constant" or config.instance_noise > 0 or config.beta2_start != "beta2"
    return config.images if config.horizon == "auto" and moves else config.horizon


def _near(arch: Architecture, shape: ImageShape) -> int:
    """The largest resolution the architecture can do that does not exceed the source's own, else its smallest."""
    if not arch.resolutions:
        return shape.resolution
    return max((r for r in arch.resolutions if r <= shape.resolution), default=min(arch.resolutions))


def _why_so_large(arch: Architecture, shape: ImageShape, source: Chosen) -> str:
    """The reason for a resolution that nobody gave."""
    if _near(arch, shape) > shape.resolution:
        return f"the smallest that {arch.name} can do; the pictures have {shape.resolution}"
    if _near(arch, shape) < shape.resolution:
        return f"the largest that {arch.name} can do of pictures of {shape.resolution}"
    return (shape.why if isinstance(shape, Look) else "") or f"the size of {source.spec.name}"


def _check_resolution(arch: Architecture, resolution: int) -> None:
    if arch.resolutions and resolution not in arch.resolutions:
        able = ", ".join(map(str, arch.resolutions))
        raise OptionError(f"--resolution {resolution}: {arch.name} cannot do that size. It does {able}.")
