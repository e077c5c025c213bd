"""Runs from Python: settings by name, and errors that name settings and not flags."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from gantool.api.features import Extractor
from gantool.api.networks import Gan
from gantool.api.observers import Listener
from gantool.api.run_config import ALIASES, SETTINGS, RunConfig, flag_of
from gantool.api.specs import Architecture, ImageShape, Setting
from gantool.arguments import type_checked
from gantool.engine.trainer import Trainer
from gantool.errors import GantoolError, OptionError, UsageError
from gantool.plugins.host import host
from gantool.plugins.option_words import choices
from gantool.run import length, planning, start
from gantool.run.closing import Tally, closing
from gantool.run.planning import Plan
from gantool.run.resolve import resolve

BESIDE = ("minutes", "resume")
"""What `train` takes beside the settings of a run."""
_COMMAND = r"(?:gantool|torchrun|pip) [^\n';]*?(?=['\n;]|\.(?:\s|$)|$)"
_FLAG = r"--(?P<name>[a-z][a-z0-9-]*)(?: (?P<value>(?:[^\s,;)]|,(?=\w+=))*[^\s,;).:?']))?"
_PLAIN_VALUE = re.compile(r"[-\d].*|[A-Z][A-Z*.,]*|.*[:=/].*")
"""A number, a placeholder such as NAME, a component with options, a path."""


@type_checked
def configure(config: Path | str | None = None, **settings: Any) -> RunConfig:
    """A resolved configuration from settings named like the command line's flags, over those of a TOML file.

    Raises UsageError and its kin for unknown names and wrong values.
    """
    with _naming_settings():
        return resolve(host(), settings, Path(config) if config is not None else None)


@type_checked
def build(arch: str, shape: ImageShape, images: int | None = None) -> Gan:
    """The networks of an architecture by its name, with options or without: `gantool.build("dcgan:width=32", shape)`.

    For architectures that contain another's. Options at "auto" are resolved for a run of so many images, by default as
    many as the architecture's recipe has. Raises UsageError and its kin for what cannot be built.
    """
    chosen = host().resolve("architecture", arch)
    spec = chosen.spec
    assert isinstance(spec, Architecture)
    if spec.resolutions and shape.resolution not in spec.resolutions:
        able = ", ".join(map(str, spec.resolutions))
        raise OptionError(f"{spec.name} cannot do {shape.resolution} pixels. It does {able}.")
    length = images or spec.recipe.images
    setting = Setting(shape.resolution, shape.channels, spec.recipe.batch, length, lambda: length)
    gan: Gan = chosen.resolved(setting)[0].build(shape)
    return gan


@type_checked
def extractor(text: str) -> Extractor:
    """An extractor by NAME[:options], for networks that learn by fixed features; weights are read by its `select`.

    Raises UsageError and its kin for unknown names and wrong options.
    """
    built: Extractor = host().resolve("extractor", text).build()
    return built


@type_checked
def trainer(
    config: RunConfig | Plan,
    out: Path | str = Path("runs"),
    observers: Sequence[Listener] = (),
    accept_new_data: bool = False,
    plugins: Sequence[Path] = (),
) -> Trainer:
    """A Trainer for a configuration, in a fresh run folder, or for a plan, which may resume a run.

    `plugins` are folders of plugins that the commands need which the run prints. The run holds its folder until its
    training ends or it is dropped. With `accept_new_data` a run whose images have changed goes on in a new folder
    beside its own, which stays as it is. Raises DataError, PluginError, CheckpointError or ResumeError before anything
    is trained.
    """
    with _naming_settings():
        return start.trainer(config, out, observers, accept_new_data, plugins)


@type_checked
def train(
    config: RunConfig | Plan | None = None,
    out: Path | str = Path("runs"),
    progress: bool = True,
    minutes: float | None = None,
    resume: Path | str | None = None,
    **settings: Any,
) -> Path:
    """Train to the end and return the run folder: `gantool.train(arch="dcgan", data="photos", images="50k")`.

    With `minutes` in place of images it has as many as take about so long, measured before it begins; on a CPU it is
    about 15 where neither is given, unless the data calls for a length. With `resume`, a run or one of its checkpoints,
    that run goes on to `images`, or for so many `minutes` more. Progress and warnings go to standard error, on
    terminals and in notebooks with a bar, unless `progress` is False; of several processes the leading one shows them.
    """
    if config is not None:
        _refuse_beside(settings, minutes, resume)
    tally = Tally()
    observers = [host().resolve("observer", "console").build(), tally] if progress else []
    with _naming_settings():
        if config is None:
            planned = partial(_plan, Path(out), None if resume is None else Path(resume))
            more = resume is not None
            config = length.timed(planned(settings), minutes, lambda n: planned({**settings, "images": n}), more)
        made = start.trainer(config, out, observers)
        run = made.train().run
    for line in closing(run, made.best, tally) if progress and made.game.world.leads else ():
        print(line, file=sys.stderr)  # noqa: T201 (as its progress)
    return run


def _refuse_beside(settings: Mapping[str, Any], minutes: float | None, resume: Path | str | None) -> None:
    """Raise UsageError for what `train` does not take beside a configuration."""
    if settings:
        raise UsageError(f"Settings ({', '.join(settings)}) beside a configuration: put them into gantool.configure().")
    if resume is not None:
        raise UsageError("resume beside a configuration: a run that resumes has its own. Leave the configuration out.")
    if minutes is not None:
        raise UsageError(
            "minutes beside a configuration, which has its number of images: give gantool.train() its settings instead."
        )


def _plan(out: Path, resume: Path | None, settings: Mapping[str, Any]) -> Plan:
    """A new run of settings as `configure` takes them, the one to resume, or one that this launch began in `out`."""
    return planning.plan(host(), settings, None, out, resume=resume)


@contextmanager
def _naming_settings() -> Iterator[None]:
    """Have errors name settings as Python has them, in place of flags."""
    try:
        yield
    except GantoolError as error:
        error.args = (in_python(str(error)),)
        raise


def in_python(text: str) -> str:
    """A message with `lr` for `--lr` and `loss="hinge"` for `--loss hinge`; commands for a shell stay as they are."""

    def written(found: re.Match[str]) -> str:
        name, value = (found["name"] or "").replace("-", "_"), found["value"] or ""
        if name.startswith("no_") and name[3:] in SETTINGS:
            return f"{name[3:]}=False"
        if name not in SETTINGS and name not in ALIASES and name not in BESIDE:
            return found[0]
        if not _is_value(name, value):
            return f"{name} {value}".rstrip() if value else name
        plain = value.replace(".", "", 1).replace("e-", "", 1).isdecimal() or value.isupper()
        return f"{name}={value}" if plain else f'{name}="{value}"'

    return re.sub(f"{_COMMAND}|{_FLAG}", written, text)


def _is_value(name: str, value: str) -> bool:
    """True for a word after a flag that is its value, and not the next word of the sentence."""
    if name in BESIDE or _PLAIN_VALUE.fullmatch(value):
        return bool(_PLAIN_VALUE.fullmatch(value))
    field = ALIASES.get(name, (name,))[0]
    kind = flag_of(field).kind
    known = host().specs(kind) if kind else choices(SETTINGS[field])
    return value in known or value in ("none", "auto")
