"""The next settings to try and the trials to stop, by optuna's sampler and pruner as functions of the trials so far.

All trials are added to a new study each time. So a search that is resumed in another process decides as one that was
never interrupted: its whole state is one readable file of trials. (A study in optuna's own journal or database would
not do: the sampler's random state is not in it, and a process that is killed leaves a trial running and the journal
locked.)
"""

import random
from collections.abc import Sequence
from typing import Any

from gantool.errors import UsageError
from gantool.tuning.space import Dimension
from gantool.tuning.trials import FACTOR, REPEAT, Trial

STARTUP = 5
"""The number of trials drawn at random before the sampler uses their scores (TPE, Bergstra et al. 2011)."""
ATTEMPTS = 20
"""The number of draws in a row that were tried already after which the space counts as exhausted."""


def import_optuna() -> Any:
    """The optuna library. Raises UsageError, with the command that installs it, if it is missing."""
    try:
        import optuna
    except ImportError as error:
        raise UsageError("gantool tune needs optuna: pip install 'gantool[tune]'.") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def propose(
    space: Sequence[Dimension], trials: Sequence[Trial], rungs: Sequence[int], seed: int
) -> tuple[dict[str, float | int | str], dict[str, str]] | None:
    """The next draw, and the text for each dimension; None when nothing new is left to try.

    The tree-structured Parzen estimator draws (Bergstra et al. 2011); trials that failed count as the worst.
    """
    tried = [trial.drawn for trial in trials if trial.drawn]
    for attempt in range(ATTEMPTS):
        random_seed = random.Random(f"{seed} {len(trials)} {attempt}").getrandbits(31)
        study = _study(random_seed)
        _tell_all(study, space, trials, rungs)
        drawn, texts = _draw(space, study.ask())
        if drawn not in tried:
            return drawn, texts
    return None


def goes_on(space: Sequence[Dimension], trials: Sequence[Trial], rungs: Sequence[int]) -> bool:
    """True if the last trial, which has just passed a rung, is among the best FACTOR-th of those that reached it.

    Asynchronous successive halving (Li et al. 2020): no trial waits for others, so the first one at a rung continues.
    """
    return _tell_all(_study(0), space, trials, rungs)


def _study(seed: int) -> Any:
    optuna = import_optuna()
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=FACTOR)
    return optuna.create_study(sampler=sampler, pruner=pruner)  # in memory; it minimises


def _tell_all(study: Any, space: Sequence[Dimension], trials: Sequence[Trial], rungs: Sequence[int]) -> bool:
    """Add the trials to a study in their order; True if the last of them continues."""
    pruned = import_optuna().trial.TrialState.PRUNED
    on = True
    for trial in trials:
        if trial.number == REPEAT:
            continue
        drawn = trial.drawn or {}
        study.enqueue_trial(drawn)
        added = study.ask()
        _draw([dimension for dimension in space if _was_drawn(dimension, drawn)], added)
        on = True
        for power, rung in enumerate(rungs):
            score = trial.at(rung)
            if score is not None:
                added.report(score, step=FACTOR**power)
                on = not added.should_prune()
        if trial.status == "finished":
            study.tell(added, trial.best)
        elif trial.status != "running":
            study.tell(added, state=pruned)
    return on


def _was_drawn(dimension: Dimension, drawn: dict[str, float | int | str]) -> bool:
    """True if this dimension was drawn: the start may lie outside the search space."""
    return any(name == dimension.key or name.startswith(f"{dimension.key} ") for name in drawn)


def _draw(space: Sequence[Dimension], source: Any) -> tuple[dict[str, float | int | str], dict[str, str]]:
    drawn: dict[str, float | int | str] = {}
    texts: dict[str, str] = {}
    for dimension in space:
        found, texts[dimension.key] = dimension.draw(source)
        drawn |= found
    return drawn, texts
