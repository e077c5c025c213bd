"""The folder of a search: its initial settings, its trials, and a run for each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gantool.api.run_config import NONE, SETTINGS
from gantool.engine.run_names import CONFIG
from gantool.errors import ResumeError, UsageError, cause, nearest_beside, shortened
from gantool.files import write_text
from gantool.plugins.host import PluginHost
from gantool.reading import read_json
from gantool.run import folder as run_folder
from gantool.run.components import resolve_source, source_name
from gantool.run.config import read_config, validated, write_settings
from gantool.run.inherited import chosen_anew
from gantool.run.resolve import given_settings, resolve
from gantool.tuning.defaults import space_of
from gantool.tuning.search import Search
from gantool.tuning.space import ALSO_FIXED, Dimension

FILE, START_FILE = "search.json", "start.toml"
LEAST_TRIALS = 2


@dataclass(frozen=True)
class SearchSettings:
    """The initial settings of a search: those `given` by flags, those of a `file`, and the texts of its space."""

    given: dict[str, Any]
    file: dict[str, Any]
    space: list[tuple[str, list[str]]]
    start: dict[str, Any]
    trials: int

    def search(self, folder: Path) -> Search:
        """The search with these settings, in its folder."""
        space = tuple(Dimension(key, tuple(texts)) for key, texts in self.space)
        return Search(folder, space, self.start, self.start["images"], self.start["seed"], self.trials)

    def start_file(self, folder: Path) -> Path | None:
        """The settings of the file the search began with, where there was one."""
        return folder / START_FILE if self.file else None


def check_trials(trials: int) -> None:
    """Raise UsageError if these are too few trials for a search."""
    if trials < LEAST_TRIALS:
        raise UsageError(f"--trials {trials}: a search needs {LEAST_TRIALS} at the least, the start among them.")


def plan(
    plugins: PluginHost,
    settings: Mapping[str, Any],
    run: Path | None,
    config: Path | None,
    search: Sequence[str],
    trials: int,
) -> SearchSettings:
    """The initial settings from flags and a run or file. Raises UsageError and its kin for those no run could use."""
    if run is not None and config is not None:
        raise UsageError("RUN and --config exclude each other: both say where the search begins.")
    check_trials(trials)
    given = given_settings(settings, None)
    place = run_folder.find(run, Path("runs")).run / CONFIG if run is not None else config
    written = {} if place is None else read_config(place)
    kept, _ = chosen_anew(written, given, place)
    file = _usable(kept, of_a_run=run is not None) if place is not None else {}
    start = resolve(plugins, {**file, **given})
    space = space_of(plugins, given, file, search)
    if not space:
        raise UsageError("Nothing is left to search: leave out some flags, or name settings by --search.")
    values = start.model_dump(mode="json")
    texts = [(dimension.key, list(dimension.texts)) for dimension in space]
    return SearchSettings(_plain(given), _plain(file), texts, values, trials)


def _usable(file: Mapping[str, Any], of_a_run: bool) -> dict[str, Any]:
    """The settings of a file, without reporting intervals, a run's history, and a horizon that only was its length."""
    dropped = {*ALSO_FIXED, "history"} - {"device", "log", "horizon"}
    kept = {key: value for key, value in file.items() if key not in dropped}
    if of_a_run and kept.get("horizon") == kept.get("images"):
        kept.pop("horizon", None)
    if of_a_run:  # a list that is empty in a run's file means that it has none
        kept |= {"penalty": kept.get("penalty") or [NONE]}
    return kept


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as JSON reads them back."""
    plain: dict[str, Any] = json.loads(json.dumps(settings, default=str))
    return plain


def default_name(plugins: PluginHost, start: Mapping[str, Any]) -> str:
    """The default name of a search, which is the same for the same command."""
    return f"tune-{start['arch'].partition(':')[0]}-{source_name(resolve_source(plugins, start['data']))}"


def open_folder(folder: Path, settings: SearchSettings) -> SearchSettings:
    """Make the folder of a search, or resume the one that is there; `trials` may be more than before.

    Raises ResumeError if it was begun with other settings, UsageError if the folder is something else.
    """
    if (
        folder.exists()
        and not (folder / FILE).is_file()
        and any(not one.name.startswith(".") for one in folder.iterdir())
    ):
        raise UsageError(f"{folder} exists and is no search of gantool tune (it has no {FILE}). Choose another --name.")
    if (folder / FILE).is_file():
        before = read(folder)
        changed = list(_differences(before, settings))
        if changed:
            raise ResumeError(
                f"The search {folder} was begun with other settings: {'; '.join(changed)}. Give the same again to go "
                f"on, or another --name; `gantool tune --resume {folder}` goes on as it was."
            )
        settings = replace(before, trials=settings.trials)
    run_folder.make(folder)
    write(folder, settings)
    return settings


def _differences(before: SearchSettings, now: SearchSettings) -> list[str]:
    found = [
        f"{key}: {before.start[key]} then, {now.start.get(key)} now"
        for key in before.start
        if before.start[key] != now.start.get(key)
    ]
    found += [  # settings that have come since: they were as they are declared
        f"{key}: {SETTINGS[key].default} then, {value} now"
        for key, value in now.start.items()
        if key not in before.start and key in now.given and value != SETTINGS[key].default
    ]
    one, other = (dict(settings.space) for settings in (before, now))
    for key in dict.fromkeys((*one, *other)):
        if one.get(key) != other.get(key):
            found.append(f"--search {key}: {_texts(one.get(key))} then, {_texts(other.get(key))} now")
    return found


def _texts(texts: Sequence[str] | None) -> str:
    return ",".join(texts) if texts else "not searched"


def read(folder: Path) -> SearchSettings:
    """The initial settings of a search, read from its folder. Raises UsageError if the folder is none of a search."""
    if not (folder / FILE).is_file():
        raise UsageError(f"{folder} is no search of gantool tune: it has no {FILE}.{nearest_beside(folder)}")
    try:
        found = read_json(folder / FILE)
        found |= {"given": found.pop("said")} if "said" in found else {}  # of a search made before
        settings = TypeAdapter(SearchSettings).validate_python(found)
        validated(settings.start, FILE)
    except (OSError, ValueError, TypeError, AttributeError, UsageError) as error:
        raise UsageError(
            f"{folder} is no search of gantool tune: its {FILE} cannot be read ({shortened(cause(error), 200)})."
        ) from error
    return settings


def write(folder: Path, settings: SearchSettings) -> None:
    """Write the initial settings of a search; the inverse of `read`."""
    text = json.dumps(asdict(settings), indent=1) + "\n"
    write_text(folder / FILE, text)
    if settings.file:
        toml = write_settings(settings.file)
        write_text(folder / START_FILE, toml)
