"""A training command becomes a plan: settings with all defaults, and the run that it starts or resumes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gantool.api.run_config import RunConfig
from gantool.engine.checkpoint import images_of
from gantool.engine.run_names import CONFIG
from gantool.errors import DataError, UsageError
from gantool.plugins.host import PluginHost, host
from gantool.run import folder as run_folder
from gantool.run import launches, resuming
from gantool.run.components import RunComponents
from gantool.run.defaults import DefaultChoice
from gantool.run.duration import Timing
from gantool.run.inherited import chosen_anew
from gantool.run.initial import Initial, initial_of
from gantool.run.resolve import ResolvedRun, by_flag, given_settings, resolve_run


@dataclass(frozen=True)
class Plan:
    """A run that is about to start or to resume: its settings, its folder, and the checkpoint to resume from.

    `choices` are the settings of a new run that nobody gave, each with its reason; `given` are those of this command.
    `initial` is the model that it begins with, where there is one and no checkpoint. `from_newest` is true for a run
    that resumes from its newest checkpoint, and false for a checkpoint that was named. `restarted` is true for a run
    that this launch had begun before its processes were started again. `timing` is what was timed to choose its length,
    where it was.
    """

    config: RunConfig
    components: RunComponents
    run: Path | None = None
    checkpoint: Path | None = None
    resumes: bool = False
    choices: tuple[DefaultChoice, ...] = ()
    given: Mapping[str, bool] = field(default_factory=dict)
    initial: Initial | None = None
    from_newest: bool = False
    restarted: bool = False
    timing: Timing | None = None

    @property
    def images_seen(self) -> int:
        """The clock of the checkpoint, 0 without one."""
        return 0 if self.checkpoint is None else images_of(self.checkpoint)


def plan_of(config: RunConfig) -> Plan:
    """A fresh run of a configuration, with options at "auto" resolved.

    Raises UsageError and PluginError when its components are not usable here.
    """
    resolved = resolve_run(host(), config.model_dump() | {"history": ()})
    return _fresh(replace(resolved, given=by_flag(config.model_fields_set, {})))


def _fresh(resolved: ResolvedRun, run: Path | None = None) -> Plan:
    initial = initial_of(resolved.config)
    return Plan(
        resolved.config, resolved.components, run, choices=resolved.choices, given=resolved.given, initial=initial
    )


def plan(
    plugins: PluginHost,
    settings: Mapping[str, Any],
    config: Path | None = None,
    out: Path = Path("runs"),
    name: str | None = None,
    resume: Path | None = None,
    change: bool = False,
) -> Plan:
    """The plan of a training command; with `change` a run that exists takes settings that may change in mid-run.

    Raises ResumeError when a run exists and differs from the requested settings, DataError when its data is gone.
    """
    if resume is not None and name is not None:
        raise UsageError("--resume and --name exclude each other: both name the run to resume.")
    if resume is not None and settings.get("init") is not None:
        raise UsageError("--resume goes on with a run, --init begins a new one with its weights: give one of them.")
    found = _found(out, name, resume)
    if found is None and change:
        raise UsageError("--change is for a run that exists: name it by --resume RUN, or by the --name that it has.")
    if found is None:
        return _fresh(resolve_run(plugins, settings, config), None if name is None else run_folder.named(out, name))
    given, _ = chosen_anew(given_settings(settings, config), settings, config)
    try:
        resolved, components = resuming.settings_of(plugins, found, given, change)
    except DataError as error:
        if "data" in given:
            raise
        raise DataError(
            f"The data of the run {found.run} cannot be read: {error} Say where it is by --data."
        ) from error
    initial = initial_of(resolved) if found.checkpoint is None else None
    return Plan(
        resolved, components, found.run, found.checkpoint, True, given=by_flag(given, settings), initial=initial,
        from_newest=found.named == found.run,
        restarted=launches.begun(found.run.parent, found.run) is not None,
    )  # fmt: skip


def _found(out: Path, name: str | None, resume: Path | None) -> run_folder.Resumable | None:
    """The run that exists: by its name, or begun by this launch before its processes were started again."""
    if name is not None:
        run = run_folder.named(out, name)
        return run_folder.find(run, out) if (run / CONFIG).is_file() else None
    given = None if resume is None else run_folder.find(resume, out)
    begun = launches.begun(out) if given is None else launches.begun(given.run.parent, given.run)
    return given if begun is None else run_folder.find(begun, out)
