"""Run folders: a fresh one, the one that a name or path means, and its configuration."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from gantool.api.run_config import SETTINGS, RunConfig, flag_of, formatted
from gantool.engine import checkpoint
from gantool.engine.best import best_checkpoint
from gantool.engine.run_names import CHECKPOINTS, CHOICES, CONFIG, GENERATOR, SAMPLES
from gantool.errors import ResumeError, UsageError, did_you_mean
from gantool.files import remove_unfinished, write_text
from gantool.letters import without_accents
from gantool.run.config import read_config, validated, write_config
from gantool.run.defaults import DefaultChoice

GIVEN = "given"
"""The reason of a setting that a command or its file had."""


@dataclass(frozen=True)
class Resumable:
    """A run that exists, its configuration, and the checkpoint to resume from (None: it stopped before the first)."""

    run: Path
    config: RunConfig
    checkpoint: Path | None
    named: Path
    """The path that was given for it: the run's, a checkpoint's, or its `best`."""

    @property
    def images_seen(self) -> int:
        """The clock of the checkpoint."""
        return 0 if self.checkpoint is None else checkpoint.images_of(self.checkpoint)


def fresh(out: Path, title: str) -> Path:
    """Make the next numbered folder in `out`, such as `00003-dcgan-shapes`."""
    slug = _slug(title)
    try:
        out.mkdir(parents=True, exist_ok=True)
        while True:
            taken = [int(match[1]) for path in out.iterdir() if (match := re.match(r"(\d{5})-", path.name))]
            run = out / f"{max(taken, default=0) + 1:05d}-{slug}"
            try:
                run.mkdir()
            except FileExistsError:
                continue  # another process was quicker
            return run
    except OSError as error:
        raise UsageError(f"No run folder can be made in {out}: {_why_not(out, error)}.") from error


def _slug(title: str) -> str:
    """A title in small ASCII letters, without accents: `dcgan-fotos-fur-ol` of `dcgan-Fotos für Öl`."""
    return re.sub(r"[^a-z0-9]+", "-", without_accents(title.casefold())).strip("-")


def check_name(name: str, out: Path) -> None:
    """Raise UsageError unless this can be the name of a new folder in `out`."""
    if not name or Path(name).name != name or name in (".", ".."):
        raise UsageError(f"--name {name!r}: a name is one folder inside --out {out}, without slashes.")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise UsageError(f"--name {name!r}: a name is one line without control characters, as commands print it.")


def named(out: Path, name: str) -> Path:
    """The folder of a named run. Raises UsageError for what is no name, or a folder that is no run."""
    check_name(name, out)
    run = out / name
    if run.exists() and not (run / CONFIG).is_file() and not (run.is_dir() and _is_bare(run)):
        raise UsageError(f"{run} exists and is no run of gantool (it has no {CONFIG}). Choose another --name.")
    return run


def make(run: Path) -> Path:
    """Make the folder of a run."""
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The run folder {run} cannot be made: {_why_not(run, error)}.") from error
    return run


def _why_not(folder: Path, error: OSError) -> str:
    """Why a folder cannot be made, with the remedy where a file is in its place or above it."""
    file = next((place for place in (folder, *folder.parents) if place.is_file()), None)
    return f"{file} is a file. Give a folder, --out DIR" if file else str(error.strerror)


def check_fresh(run: Path) -> None:
    """Raise ResumeError when another process has begun the run since it was planned; call it with the run locked."""
    if not _is_bare(run):
        raise ResumeError(f"Another process has begun the run {run} meanwhile. The same command again resumes it.")


def check_newest(run: Path, planned: Path | None) -> None:
    """Raise ResumeError when another process has trained the run since it was planned; call it with the run locked."""
    if checkpoint.newest(run) != planned:
        raise ResumeError(f"The run {run} has gone on meanwhile. The same command again resumes it from where it is.")


def sweep(run: Path) -> None:
    """Remove what killed processes left half-written in the run's own folders; call it with the run locked."""
    for folder in (run, run / CHECKPOINTS, run / SAMPLES):
        remove_unfinished(folder)


def _is_bare(run: Path) -> bool:
    """True if no run has begun there: a process that dies early leaves hidden files, such as its lock, or choices."""
    return all(path.name.startswith(".") or path.name == CHOICES for path in run.iterdir())


def find(path: Path, out: Path) -> Resumable:
    """The run that `--resume` names: by its folder, one of its checkpoints or its `best`, or its name in `out`."""
    place = named = path if path.exists() or len(path.parts) > 1 else out / path
    if place.name == "best" and not place.exists():
        place = best_checkpoint(place.parent) or place
    if place.is_file() and place.suffix == ".safetensors":
        raise UsageError(
            f"{place} holds weights alone. Resume the run by its folder, --resume {quote(str(_run_of(place)))}, or "
            f"begin a new run from the weights: --init {quote(str(place))}."
        )
    if place.parent.name == CHECKPOINTS and checkpoint.is_one(place):
        run = place.parent.parent
        return Resumable(run, load_config(run), place, named)
    if place.parent.name == CHECKPOINTS:
        known = sorted(saved.name for saved in checkpoint.every(place.parent.parent))
        there = f" There are: {', '.join(known)}." if known else ""
        hint = checkpoint.back_in_use(place) or did_you_mean(place.name, known)
        raise UsageError(f"There is no checkpoint {place}.{hint}{there}")
    _refuse_picture(place)
    _check_is_run(place, out)
    newest, generator = checkpoint.newest(place), place / GENERATOR
    if newest is None and generator.is_file():
        raise ResumeError(
            f"The run {place} has lost its checkpoints: going on would begin anew and replace {generator}. "
            f"Move that file away, or begin a new run from it under another --name, by --init {quote(str(place))}."
        )
    return Resumable(place, load_config(place), newest, named)


def known(path: Path, out: Path = Path("runs")) -> Path:
    """The folder of a run that is given by its folder, one of its checkpoints or its `best`, or its name in `out`.

    Raises UsageError where there is none.
    """
    place = path if path.exists() or len(path.parts) > 1 else out / path
    if place.absolute().parent.name == CHECKPOINTS:
        place = place.absolute().parent.parent
    elif place.name == "best" and not place.exists():
        place = place.parent
    _check_is_run(place, out)
    return place


def _check_is_run(place: Path, out: Path) -> None:
    if (place / CONFIG).is_file():
        return
    around = place.parent if place.parent.is_dir() else out
    runs = sorted(p.name for p in around.iterdir() if (p / CONFIG).is_file()) if around.is_dir() else []
    more = f", and {len(runs) - 8} more" if len(runs) > 8 else ""
    there = f" Runs in {around}: {', '.join(runs[-8:])}{more}." if runs else ""
    raise UsageError(f"{place} is no run folder (no {CONFIG}).{did_you_mean(place.name, runs)}{there}")


def _refuse_picture(place: Path) -> None:
    """Raise UsageError for a picture where a run is named: the second of a pattern, as in --data photos/*.jpg."""
    from gantool.data.pictures.formats import is_picture_name  # not at the top: it needs Pillow

    if place.is_file() and is_picture_name(place.as_posix()):
        folder = quote(str(place.parent))
        raise UsageError(
            f"{place} is a picture, and no run folder. Pictures are named by their folder: --data {folder}."
        )


def _run_of(file: Path) -> Path:
    """The folder of the run or checkpoint that a file is in; "RUN" for one outside."""
    inside = (file.parent / CONFIG).is_file() or file.parent.parent.name == CHECKPOINTS
    return file.parent if inside else Path("RUN")


def is_saved(run: Path) -> bool:
    """True if a run has a checkpoint to resume from."""
    return checkpoint.newest(run) is not None


def load_config(run: Path) -> RunConfig:
    """The resolved configuration a run was started with. Raises ResumeError when it is damaged."""
    try:
        return validated(read_config(run / CONFIG), str(run / CONFIG))
    except UsageError as error:
        raise ResumeError(f"The run {run} cannot be read: {error}") from error


def save_config(run: Path, config: RunConfig) -> None:
    """Write the resolved configuration; the inverse of `load_config`."""
    write_text(run / CONFIG, write_config(config))


def save_choices(run: Path, config: RunConfig, choices: Iterable[DefaultChoice], given: Iterable[str]) -> None:
    """Write why a new run has its settings: those that were given, and the defaults chosen, each with its reason.

    One that was given with options at "auto" has the reason of these, and is marked as given.
    Values are as in the configuration, with all options of a component, which a choice names briefly.
    """
    told = {name: (formatted(getattr(config, name)), GIVEN) for name in given}
    said = set(told)
    for one in choices:
        name = one.flag.removeprefix("--").replace("-", "_")
        whole = name in SETTINGS and flag_of(name).kind
        told[name] = formatted(getattr(config, name)) if whole else one.value, one.why
    listed: list[dict[str, Any]] = [
        {"setting": name, "value": value, "why": why} | ({GIVEN: True} if name in said and why != GIVEN else {})
        for name, (value, why) in told.items()
    ]
    write_text(run / CHOICES, json.dumps(listed, indent=1, ensure_ascii=False) + "\n")
