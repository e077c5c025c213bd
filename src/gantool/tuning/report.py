"""The report of a search: its table, the noise of its scores, and the command of the best trial."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gantool.engine.commands import folders
from gantool.tuning.search import Search
from gantool.tuning.space import flags
from gantool.tuning.trials import REPEAT, START, Trial, best_of, load, ranked


def words(trial: Trial) -> str:
    """The settings by which a trial differs from the start, as flags."""
    if trial.number == REPEAT:
        return f"(the start, with --seed {trial.seed})"
    return shlex.join(flags(trial.settings)) or "(the start)"


def line(event: str, trial: Trial, search: Search) -> str:
    """One line about a trial that begins, passes a rung, or ends."""
    name = _name(trial, search)
    if event == "begins":
        again = f", goes on from {trial.images:,} images" if trial.images else ""
        own = "" if trial.number == REPEAT or not flags(trial.settings) else f": {words(trial)}"
        return f"{name}{again}{own}"
    if event == "failed":
        return f"{name} failed at {trial.images:,} images: {trial.reason}"
    score = "no score" if trial.best is None else f"score {trial.best:.3g}"
    of = f" of {search.images:,}" if trial.images < search.images else ""
    return f"{name} at {trial.images:,}{of} images: {score}, {event}"


def _name(trial: Trial, search: Search) -> str:
    """The start has no number here, as its folder's is 0, nor has its repetition, by which noise is known."""
    names = {START: "The start", REPEAT: f"The start again, with --seed {trial.seed}"}
    return names.get(trial.number, f"Trial {trial.number} of {search.trials}")


def table(trials: Sequence[Trial]) -> Iterator[str]:
    """A line for each trial, best first."""
    yield f"{'rank':>4}  {'trial':>5}  {'score':>7}  {'images':>9}  {'result':<8}  settings"
    place = 0
    for trial in ranked(trials):
        candidate = trial.status == "finished" and trial.number != REPEAT
        place += candidate
        score = "-" if trial.best is None else f"{trial.best:.4g}"
        why = f"  {trial.reason}" if trial.reason else ""
        yield (
            f"{place if candidate else '-':>4}  {trial.number:>5}  {score:>7}  {trial.images:>9,}  "
            f"{trial.status:<8}  {words(trial)}{why}"
        )


def worth(trials: Sequence[Trial], noise: float | None) -> Iterator[str]:
    """Sentences on how much better than the start the best trial is, and whether that is more than chance."""
    if noise is not None:
        yield (
            f"Noise: the start twice, with two seeds, differs by {noise:.0%} on the way. Take scores that differ by "
            "less for equal; one pair of runs says no more than roughly how much that is."
        )
    best, start = best_of(trials), trials[START] if trials else None
    if best is None:
        yield "No trial has finished, so there is no best."
    elif best.number == START:
        yield "No trial is better than the start."
    elif start is not None and start.best is not None and best.best is not None and start.status == "finished":
        better = 1 - best.best / start.best
        chance = noise is not None and start.best / best.best - 1 <= noise
        doubt = ", which may be chance: the start is as good a choice" if chance else ""
        yield f"The best score is {better:.0%} lower than that of the start{doubt}."


def command(given: Mapping[str, Any], file: Path | None, search: Search, trial: Trial, plugins: Sequence[Path]) -> str:
    """The `gantool train` command that repeats the run of a trial, ready to paste."""
    settings = {**given, **trial.settings, "images": search.images, "seed": trial.seed}
    begin = ["gantool", "train", *(["--config", str(file)] if file else [])]
    return shlex.join([*begin, *flags(settings), *folders(plugins)])


def document(search: Search, best_command: str | None, interrupted: bool) -> dict[str, Any]:
    """The whole report, for `--json`."""
    trials = load(search.folder)
    best = best_of(trials)
    return {
        "search": str(search.folder),
        "images": search.images,
        "rungs": search.rungs,
        "space": {dimension.key: list(dimension.texts) for dimension in search.space},
        "interrupted": interrupted,
        "noise": search.noise(),
        "best": None if best is None else best.number,
        "command": best_command,
        "trials": [
            {
                "number": trial.number,
                "seed": trial.seed,
                "settings": trial.settings,
                "status": trial.status,
                "score": trial.best,
                "images_seen": trial.images,
                "reason": trial.reason,
                "scores": trial.scores,
                "run": str(trial.run_in(search.folder)),
            }
            for trial in ranked(trials)
        ],
    }
