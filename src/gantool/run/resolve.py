"""From flags and file to a whole RunConfig: flag > file > recipe > default, components checked and written out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from shlex import quote
from typing import Any, Literal

from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import AUTO, Architecture, Component, ImageShape, Look, Setting
from gantool.data.pictures.options import FolderOptions
from gantool.engine.devices import pick_device
from gantool.errors import OptionError
from gantool.plugins.companions import for_few, providing
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run import defaults, initial
from gantool.run.components import RunComponents, components_of, resolve_source
from gantool.run.config import check_types, read_config, spread, validated
from gantool.run.conflicts import having
from gantool.run.inherited import chosen_anew, without_chosen

FALLBACK = ImageShape(64)


@dataclass(frozen=True)
class ResolvedRun:
    """The settings of a run: as text, as components, and the defaults that were chosen, each with its reason.

    `given` are the names of those that were not: true if by a flag.
    """

    config: RunConfig
    components: RunComponents
    choices: tuple[defaults.DefaultChoice, ...]
    given: Mapping[str, bool] = field(default_factory=dict)


def resolve(host: PluginHost, requested: Mapping[str, Any], file: Path | None = None) -> RunConfig:
    """The configuration of a run. `requested` holds RunConfig fields and aliases; None means not given.

    Raises UsageError and its kin, naming the setting, what it takes and the nearest right name.
    """
    return resolve_run(host, requested, file).config


def resolve_run(host: PluginHost, requested: Mapping[str, Any], file: Path | None = None) -> ResolvedRun:
    """The settings of a run, as `resolve` has them, with its components and the reasons for what was chosen here."""
    asked, kept = chosen_anew(given_settings(requested, file), requested, file)
    of_model = initial.settings(host, asked)
    given = of_model | asked | {name: of_model[name] for name in ("arch",) if name in of_model}
    source = resolve_source(host, given.get("data", "shapes"))
    by_size = ""
    if "arch" not in given:
        given["arch"], by_size = defaults.architecture(host, given.get("resolution"))
    arch = host.resolve("architecture", given["arch"])
    shape = source.natural() or FALLBACK
    assert isinstance(arch.spec, Architecture)
    assert isinstance(source.spec, Component)
    device = str(pick_device(given.get("device", "auto")))
    by_default = defaults.defaults(arch.spec, source.spec, given, device)
    why = dict(by_default.why) | {"resolution": _why_so_large(arch.spec, shape, source)}
    why |= {"arch": by_size} if by_size else {}
    why |= {name: f"that of {given['init']}" for name in of_model if of_model[name] and not name.startswith("init_")}
    by_data = {"channels": shape.channels, "resolution": _near(arch.spec, shape)}
    # Runs that were made before there was this setting have it as it is declared.
    settings = dict(by_default.values) | by_data | {"convolutions": AUTO} | given
    settings |= {"arch": arch.text, "data": source.text, "device": device}
    defaults.check_components(host, arch, device, given)
    augment = settings.get("augment") or NONE  # "auto" depends on the number of pictures
    components = components_of(host, settings | {"augment": NONE if augment == AUTO else augment})
    settings |= components.texts() | ({"augment": AUTO} if augment == AUTO else {})
    config = validated(_cadence(settings), "The configuration")
    _check_resolution(host, arch.spec, config.resolution)
    _check_cache(config, source)
    config = config.model_copy(update={"horizon": _horizon(config), **_as_named(config)})
    source, chosen = _source_without_auto(source, config)
    count = _counter(source, config)
    reasons: dict[str, str] = {}
    if "batch" not in given:
        unset = {name: reason for name, reason in by_default.why.items() if name not in given}
        config, reasons = defaults.no_more_than_there_are(config, unset, count)
    components, others = _without_auto(host, replace(components, source=source), config, count)
    config = config.model_copy(update=components.texts())
    reasons |= kept | chosen | others
    advice = for_few(count(), config.resolution, host.specs("architecture")) if by_size and augment == AUTO else ""
    if of_arch := "; ".join(filter(None, (by_size, reasons.get("arch"), advice))):
        reasons["arch"] = of_arch
    values = config.model_dump() | components.texts(brief=True)
    by_person = by_flag(without_chosen(asked, kept), requested)
    return ResolvedRun(config, components, defaults.choices(values, asked, why, reasons), by_person)


def _check_cache(config: RunConfig, source: Chosen) -> None:
    """Raise OptionError for files of pictures without a cache, which each batch would have to decode anew."""
    spec = source.spec
    if not config.cache and isinstance(spec, Component) and (spec.files or isinstance(source.options, FolderOptions)):
        place = source.options.path if isinstance(source.options, FolderOptions) else source.brief
        raise OptionError(
            "--no-cache is for arrays and data sets, not for files of pictures, which have to be decoded. Pack them "
            f"into shards, which are never cached (gantool data shard {quote(place)} -o shards "
            f"--resolution {config.resolution}), and train on --data shards:path=shards."
        )


def _counter(source: Chosen, config: RunConfig) -> Callable[[], int]:
    """The number of images of a source, counted once, where that matters."""
    return lru_cache(lambda: len(source.build(resolution=config.resolution, channels=config.channels)))


def _source_without_auto(source: Chosen, config: RunConfig) -> tuple[Chosen, dict[str, str]]:
    """The source with nothing left at "auto", and the reason, by the name of its setting."""
    count = _counter(source, config)
    source, why = source.resolved(setting_of(config, count))
    return source, {"data": why} if why else {}


def _without_auto(
    host: PluginHost, components: RunComponents, config: RunConfig, count: Callable[[], int]
) -> tuple[RunComponents, dict[str, str]]:
    """Components with nothing left at "auto", and the reasons; `count` counts the images, where that matters."""
    why: dict[str, str] = {}
    if config.augment == AUTO:
        constant = bool(having([components.loss], "critic")) or bool(components.architecture.learns_by)
        augment, why["augment"] = defaults.augmentation(count(), constant)
        chosen = None if augment == NONE else host.resolve("augmentation", augment)
        components = replace(components, augmentation=chosen)
    components, reasons = components.resolved(setting_of(config, count))
    for name, reason in reasons.items():
        why[name] = f"{why[name]}; {reason}" if name in why else reason
    return components, why


def setting_of(config: RunConfig, count: Callable[[], int]) -> Setting:
    """The setting in which a run's options at "auto" are resolved."""
    device = config.device.partition(":")[0]
    return Setting(config.resolution, config.channels, config.batch, config.images, count, device)


def by_flag(given: Iterable[str], requested: Mapping[str, Any]) -> Mapping[str, bool]:
    """The names of settings that were given; true where a flag of that name was."""
    return {name: requested.get(name) is not None for name in given}


def given_settings(requested: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """The settings given by flags and file, aliases replaced: flags win, None means not given."""
    given = {key: value for key, value in requested.items() if value is not None}
    check_types(given, "")
    written = read_config(file) if file else {}
    for name in ("history", *(initial.OF_THE_MODEL if "init" in given else ())):
        written.pop(name, None)  # of the run that wrote the file, and of the model that it began with
    check_types(written, str(file))
    return spread(written) | spread(given)


def with_new_options(host: PluginHost, config: RunConfig) -> RunConfig:
    """A stored configuration with today's options: those that components have gained since are as before them."""
    return config.model_copy(update=components_of(host, config.model_dump(), stored=True).texts())


def _cadence(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The default interval of reports: 50 ticks or one every few seconds."""
    images, batch = settings["images"], settings["batch"]
    if not isinstance(images, int) or not isinstance(batch, int):
        return dict(settings)
    on_gpu = str(settings["device"]).startswith("cuda")
    return {"tick": max(min(4096 if on_gpu else 256, images // 50), batch)} | dict(settings)


def _horizon(config: RunConfig) -> int | Literal["auto"]:
    """The image count at which schedules end: the end that the run had when it began."""
    moves = config.lr_schedule != "constant" or config.instance_noise > 0 or config.beta2_start != "beta2"
    return config.images if config.horizon == "auto" and moves else config.horizon


def _as_named(config: RunConfig) -> dict[str, str]:
    """Layout and order of convolutions: a precision that is named names them, too, since what is measured may differ
    the next time."""
    named, on_cpu = config.precision != AUTO, config.device == "cpu"
    return {
        "layout": "contiguous" if config.layout == AUTO and named else config.layout,
        "convolutions": "direct" if config.convolutions == AUTO and (named or not on_cpu) else config.convolutions,
    }


def _near(arch: Architecture, shape: ImageShape) -> int:
    """The largest resolution the architecture can do that does not exceed the source's own, else its smallest."""
    if not arch.resolutions:
        return shape.resolution
    return max((r for r in arch.resolutions if r <= shape.resolution), default=min(arch.resolutions))


def _why_so_large(arch: Architecture, shape: ImageShape, source: Chosen) -> str:
    """The reason for the default resolution."""
    if _near(arch, shape) > shape.resolution:
        return f"the smallest that {arch.name} can do; the pictures have {shape.resolution}"
    if _near(arch, shape) < shape.resolution:
        return f"the largest that {arch.name} can do of pictures of {shape.resolution}"
    return (shape.why if isinstance(shape, Look) else "") or f"the size of {source.spec.name}"


def _check_resolution(host: PluginHost, arch: Architecture, resolution: int) -> None:
    if not arch.resolutions or resolution in arch.resolutions:
        return
    specs = {name: spec for name, spec in host.specs("architecture").items() if isinstance(spec, Architecture)}
    able = [name for name, spec in specs.items() if resolution in spec.resolutions]
    able += [
        f"{name} ({brings.distribution}: {brings.way})"
        for name, brings in providing("architecture").items()
        if resolution in brings.resolutions and name not in specs
    ]
    others = f" Architectures that do: {', '.join(able)}." if able else ""
    if any_size := [name for name, spec in specs.items() if not spec.resolutions]:
        others += f" Of any size: {', '.join(any_size)}."
    if not able:
        known = {size for spec in (arch, *specs.values()) for size in spec.resolutions}
        near = min(known, key=lambda size: (abs(size - resolution), -size))
        does = next(name for name in (arch.name, *specs) if near in specs.get(name, arch).resolutions)
        others += f" Did you mean --resolution {near}{'' if does == arch.name else f' with --arch {does}'}?"
    sizes = ", ".join(map(str, arch.resolutions))
    raise OptionError(f"--resolution {resolution}: {arch.name} cannot do that size. It does {sizes}.{others}")
