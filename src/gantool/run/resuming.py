"""The settings of a run that resumes: as it was made, with what may change, and the history of what did."""

import logging
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gantool.api.former import Former
from gantool.api.run_config import NONE, RunConfig
from gantool.api.specs import AUTO
from gantool.errors import GantoolError, OptionError, ResumeError
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run import folder as run_folder
from gantool.run.components import RunComponents, components_of, only_moved, only_reweighed, settings_as_before
from gantool.run.config import CHANGEABLE, described, differing, validated
from gantool.run.giving import would_fit
from gantool.run.resolve import ResolvedRun, resolve_run, with_new_options
from gantool.sampling import providers

UNCHANGED = tuple(
    (name, "auto")
    for name in ("precision", "layout", "convolutions", "horizon", "augment", "snapshot_every", "checkpoint_every")
)
"""Values that mean "as it was" when a run resumes: it has measured these settings already."""

NETWORKS = frozenset({"arch", "resolution", "channels", "labels"})
"""Settings by which networks differ."""
KINDS = {"penalty": "the kinds of penalties", "augment": "the kind of augmentation"}

_log = logging.getLogger(__name__)


def settings_of(
    plugins: PluginHost, found: run_folder.Resumable, given: Mapping[str, Any], change: bool
) -> tuple[RunConfig, RunComponents]:
    """The settings of a run from its checkpoint on, and its components.

    Settings given again must be those of the run, but for the free ones, and with `change` for those that may change in
    mid-run. Raises ResumeError that says how to get others.
    """
    requested = {key: value for key, value in given.items() if (key, value) not in UNCHANGED}
    before = _as_it_was(plugins, found, _at_checkpoint(found), requested)
    kept = components_of(plugins, before.model_dump())
    if change and "augment" in requested:
        requested["augment"] = _begun_as(plugins, requested["augment"], kept.augmentation)
    again = settings_as_before(plugins, requested, kept, ("augment",) if change else ())
    resolved = resolve_run(plugins, before.model_dump() | again)
    if only_moved(kept.source, resolved.components.source):
        before = before.model_copy(update={"data": resolved.config.data})
    same, after = before, resolved.config
    if before.horizon == "auto" and "horizon" not in requested:  # nobody asked for that of a schedule that begins
        same = before.model_copy(update={"horizon": after.horizon})
        if after.images <= found.images_seen:  # where no step is taken it has not begun, and ends with what follows
            after = after.model_copy(update={"horizon": "auto"})
    changed = differing(same, resolved.config)
    if change and "augment" in changed:
        _refuse_another_start(kept.augmentation, resolved.components.augmentation)
    fixed = [key for key in changed if key not in CHANGEABLE or not _of_same_kind(key, kept, resolved.components)]
    if fixed or (changed and not change):
        anew = _anew(found, resolved, changed)
        raise ResumeError(_refusal(found, described(same, resolved.config), fixed, anew))
    return _with_history(before, after, found.images_seen), resolved.components


def _begun_as(plugins: PluginHost, text: str, was: Chosen | None) -> str:
    """An augmentation that adapts p and names none: with the initial p of the run, which it has left long since."""
    if was is None or text in (NONE, AUTO):
        return text
    now = plugins.resolve(was.kind, text)
    if now.spec != was.spec or not _adapts(now) or "p" in now.options.model_fields_set:
        return text
    return replace(now, options=now.options.model_copy(update={"p": was.options.model_dump()["p"]})).text


def _adapts(augmentation: Chosen) -> bool:
    return {"p", "fixed"} <= type(augmentation.options).model_fields.keys()


def _refuse_another_start(was: Chosen | None, now: Chosen | None) -> None:
    """Raise OptionError for another initial p of an augmentation that adapts p: it goes on with the p that it has."""
    if was is None or now is None or was.spec != now.spec or not _adapts(now):
        return
    before, after = was.options.model_dump(), now.options.model_dump()
    if before["p"] != after["p"] and not after["fixed"]:
        goes_on = (
            f"it goes on from {before['p']:g}, where it was kept"
            if before["fixed"]
            else f"p is where it began, {before['p']:g}, and has adapted since"
        )
        raise OptionError(
            f"--augment {now.spec.name}:p={after['p']:g} has no effect in the middle of a run: {goes_on}. "
            f"Leave it at p={before['p']:g} and change how it adapts (target, kimg), or keep it constant with "
            f"{now.spec.name}:p={after['p'] or 0.3:g},fixed=yes."
        )


def _of_same_kind(key: str, before: RunComponents, after: RunComponents) -> bool:
    """True unless components change by more than options that suit the state that the run has saved."""
    if key == "penalty":
        return only_reweighed(before.penalties, after.penalties)
    was, now = before.augmentation, after.augmentation
    return key != "augment" or (was is not None and now is not None and was.spec == now.spec)


def _anew(found: run_folder.Resumable, wanted: ResolvedRun, changed: Sequence[str]) -> str:
    """How to have the settings in a new run: from the weights of the run, unless these do not fit the networks."""
    same = found.checkpoint is not None and not NETWORKS.intersection(changed)
    if same or would_fit(found.named, wanted.config, wanted.components.architecture):
        return f"a new run from its weights: --init {shlex.quote(str(found.named))}, under another --name or none."
    unfit = "whose networks its weights do not fit" if found.checkpoint else "since this one has no weights yet"
    return f"a new run without --resume and --init, {unfit}, under another --name or none."


def _refusal(found: run_folder.Resumable, differences: Sequence[str], fixed: Sequence[str], anew: str) -> str:
    others = f"The run {found.run} was made with other settings: {'; '.join(differences)}. "
    others += "Leave those flags out to resume it"
    if not fixed:
        return f"{others}, add --change to change them from {found.images_seen:,} images on, or begin {anew}"
    kinds = [KINDS.get(key, f"--{key.replace('_', '-')}") for key in fixed]
    return f"{others}: {' and '.join(kinds)} cannot change in the middle of a run. Other settings need {anew}"


def _at_checkpoint(found: run_folder.Resumable) -> RunConfig:
    """The settings of a run at the checkpoint from which it resumes; later changes are dropped, with a warning."""
    config = found.config
    later = [former for former in config.history if former.until > found.images_seen]
    if not later:
        return config
    values = config.model_dump()
    for former in reversed(later):
        values |= former.settings
    values["history"] = config.history[: -len(later)]
    then = validated(values, f"The history of {found.run}")
    undone = "; ".join(described(then, config, "now", "later"))
    _log.warning(f"The run {found.run} resumes from before its settings were changed, and drops that: {undone}.")
    return then


def _with_history(before: RunConfig, after: RunConfig, images_seen: int) -> RunConfig:
    """The settings from here on, with those that they replace in the history; nothing was made by those at 0 images."""
    former, new = before.model_dump(include=set(CHANGEABLE)), after.model_dump()
    history = list(before.history)
    if history and history[-1].until == images_seen:  # changed again before a step was taken
        former |= history.pop().settings
    former = {key: value for key, value in former.items() if value != new[key]}
    if former and images_seen:
        history.append(Former(until=images_seen, settings=former))
    return after.model_copy(update={"history": tuple(history)})


def _as_it_was(
    plugins: PluginHost, found: run_folder.Resumable, config: RunConfig, requested: Mapping[str, Any]
) -> RunConfig:
    """The run's configuration with the options of today, without observers that are replaced or not usable here.

    Raises ResumeError when any other component is not usable here.
    """
    log = () if "log" in requested else config.log
    absent = _absent_observers(plugins, log)
    log = tuple(text for text in log if text not in absent)
    try:
        config = with_new_options(plugins, config.model_copy(update={"log": log}))
    except GantoolError as error:
        told, more = providers.missing(plugins, found.checkpoint or found.run, error), ""
        if isinstance(error, OptionError):  # it was taken when the run began
            more = " Its options have changed since: install the version of the plugin that the run was made with."
        raise ResumeError(f"The run {found.run} cannot be resumed here. {told}{more}") from error
    for text, why in absent.items():
        name = text.partition(":")[0]
        left = f"The run {found.run} resumes without its observer {name!r}, and drops it: --log {name} adds it again."
        _log.warning(f"{left} {why}")
    return config


def _absent_observers(plugins: PluginHost, log: Sequence[str]) -> dict[str, GantoolError]:
    """The observers that are not usable here, each with the error; a run can do without them."""
    absent = {}
    for text in log:
        try:
            plugins.resolve("observer", text)
        except GantoolError as error:
            absent[text] = error
    return absent
