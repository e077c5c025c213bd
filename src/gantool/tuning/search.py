"""The search: one trial after the other, each a run of full length that may be stopped at a rung.

A trial is configured with the full `--images`, so that schedules, growth and whatever else depends on a run's length
are those of the full run from its first step; at a rung it is stopped if it is not among the best so far. A trial that
is not stopped is therefore the same run that `gantool train` makes of its settings, and none is trained twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gantool.errors import TrainingError
from gantool.tuning.halving import goes_on, propose
from gantool.tuning.space import Dimension, meant
from gantool.tuning.trials import REPEAT, START, Trial, load, noise, rungs, save

Report = Callable[[int, float], bool]
"""A function called with each snapshot's images_seen and score; True if the trial continues."""


@dataclass(frozen=True)
class Outcome:
    """The end of a trial: at `images`, with a `reason` if it failed, or because the user interrupted it."""

    images: int
    reason: str = ""
    interrupted: bool = False


Train = Callable[[Trial, Report], Outcome]
"""A function that trains or resumes a trial and reports each score, until its end or until `Report` returns False."""


@dataclass(frozen=True)
class Search:
    """A search: its folder, its space, and the full length of a trial."""

    folder: Path
    space: tuple[Dimension, ...]
    start: dict[str, Any]
    """The resolved settings of the start."""
    images: int
    seed: int
    trials: int
    """The number of settings to try, with the start; its repetition comes on top."""

    @property
    def rungs(self) -> list[int]:
        """The numbers of images after which trials are compared."""
        return rungs(self.images)

    def run(self, train: Train, tell: Callable[[str, Trial], None] = lambda event, trial: None) -> bool:
        """Run all trials that are left; True if the search is finished, False if it was interrupted.

        `tell` is called when a trial begins, passes a rung, or ends. Raises TrainingError when the start has no score.
        """
        trials = load(self.folder)
        while True:
            if not trials or trials[-1].status != "running":
                following = self._next(trials)
                if following is None:
                    return True
                trials.append(following)
                save(self.folder, trials)
            tell("begins", trials[-1])
            if not self._run_trial(trials, train, tell):
                return False

    def _next(self, trials: Sequence[Trial]) -> Trial | None:
        number = len(trials)
        if number == START:
            found = [dimension.starting_at(self.start) for dimension in self.space]
            return Trial(START, self.seed, {name: value for one in found if one for name, value in one.items()})
        if number == REPEAT:
            return Trial(REPEAT, self.seed + 1)
        proposed = propose(self.space, trials, self.rungs, self.seed) if number <= self.trials else None
        if proposed is None:
            return None
        drawn, texts = proposed
        settings = {name: value for key, text in texts.items() for name, value in meant(key, text).items()}
        return Trial(number, self.seed, drawn, settings)

    def _run_trial(self, trials: list[Trial], train: Train, tell: Callable[[str, Trial], None]) -> bool:
        """Run the last trial to its end; False if it was interrupted."""
        trial = trials[-1]

        def report(images_seen: int, score: float) -> bool:
            before = replace(trial, scores=[one for one in trial.scores if one[0] < images_seen]).passed(self.rungs)
            trial.add(images_seen, score)
            passed = trial.passed(self.rungs)
            if before < passed < len(self.rungs):
                # All others are compared with the start, so it is trained to its full length, twice.
                if trial.number > REPEAT and not goes_on(self.space, trials, self.rungs):
                    trial.status = "stopped"
                tell("stopped" if trial.status == "stopped" else "goes on", trial)
            save(self.folder, trials)
            return trial.status == "running"

        outcome = train(trial, report)
        trial.images = outcome.images
        if trial.status == "running" and not outcome.interrupted:
            trial.reason = outcome.reason or ("" if trial.scores else "no snapshot had a score")
            trial.status = "failed" if trial.reason else "finished"
            tell(trial.status, trial)
        save(self.folder, trials)
        if trial.status == "failed" and trial.number == START and not trial.scores and not outcome.reason:
            raise TrainingError(
                "No snapshot had a score, so there is nothing to search by: the watch must not have best=no or off=yes."
            )
        return not outcome.interrupted

    def noise(self) -> float | None:
        """The relative difference of scores by chance alone."""
        return noise(load(self.folder), self.images)
