"""The checks of a balance."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from gantool.api.strategies import Balance, Turn
from gantool.engine.trial import try_balance, try_state
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault
from gantool.testing.seeding import SEEDS, seeds_torch
from gantool.testing.trials import REMEDY, Trial, faults_by, restore

LONG = 300
COURSES: Mapping[str, Callable[[int], tuple[float, float]]] = {
    "while the discriminator wins": lambda step: (1e-4, 1.0),
    "while the generator wins": lambda step: (20.0, 0.0),
    "while neither wins": lambda step: (1.386, 0.5),
    "while nothing is finite": lambda step: (float("nan"), 0.0),
    "while the winner changes": lambda step: (3.0, 0.1) if step % 40 < 20 else (0.01, 0.99),
}
"""The discriminator's loss and accuracy at each step of a run."""


def it_keeps_the_contract(trial: Trial[Balance]) -> Iterator[str]:
    """Its turn() returns a Turn, and observe() takes the scalars of a step."""
    balance = trial.new
    try_state(balance, trial.component.title)
    try_balance(balance, trial.component.title)
    yield from ()


def turn_changes_nothing(trial: Trial[Balance]) -> Iterator[str]:
    """Calling turn() again gives the same answer."""
    for words, course in COURSES.items():
        balance = trial.new
        for step in range(50):
            turns = {tuple(balance.turn()) for _ in range(3)}
            if len(turns) > 1:
                yield (
                    f"turn() called again returns another Turn, {words}. Let it change nothing: counting belongs in "
                    "observe(seen)."
                )
                return
            balance.observe(_seen(balance.turn(), *course(step)))


def both_networks_learn(trial: Trial[Balance]) -> Iterator[str]:
    """Both networks learn now and then, whatever is seen."""
    for words, course in COURSES.items():
        turns = _played(trial.new, course, 0, LONG)
        for place, title in enumerate(("discriminator", "generator")):
            if not any(turn[place] for turn in turns[LONG // 2 :]):
                yield (
                    f"turn() never updates the {title} in {LONG - LONG // 2} batches, {words}: a run would not "
                    "recover. Let "
                    "each network learn from a small share of the batches at least."
                )
                return
        if not all(any(turn) for turn in turns):
            yield (
                f"turn() returns a Turn for neither network, {words}. Set at least one of the two to True in each Turn."
            )
            return


def torch_is_not_seeded(trial: Trial[Balance]) -> Iterator[str]:
    """It does not seed torch's generator."""
    if seeds_torch(partial(_played, trial.new, COURSES["while the winner changes"], 0, 50)):
        yield f"it {SEEDS}"


def state_comes_back(trial: Trial[Balance]) -> Iterator[str]:
    """With its state restored, it continues as if it had never stopped."""
    course = COURSES["while the winner changes"]
    for stop in (1, 13, 27, 50):
        balance, again = trial.new, trial.new
        _played(balance, course, 0, stop)
        restore(balance, again)
        if _played(balance, course, stop, 100) != _played(again, course, stop, 100):
            yield f"after {stop} batches it holds state that is not saved: {REMEDY}"
            return


def _played(balance: Balance, course: Callable[[int], tuple[float, float]], start: int, count: int) -> list[Turn]:
    turns = []
    for step in range(start, start + count):
        turns.append(balance.turn())
        balance.observe(_seen(turns[-1], *course(step)))
    return turns


def _seen(turn: Turn, loss: float, accuracy: float) -> dict[str, Tensor]:
    """The scalars of a step, by the networks that it has updated."""
    of_d = {"loss_d": loss, "real_accuracy": accuracy, "fake_accuracy": accuracy, "gradient_norm_d": 1.0}
    of_g = {"loss_g": 1.0, "gradient_norm_g": 1.0}
    return {
        name: torch.tensor(value) for name, value in ((of_d if turn[0] else {}) | (of_g if turn[1] else {})).items()
    }


PROPERTIES = (turn_changes_nothing, both_networks_learn, torch_is_not_seeded, state_comes_back)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a balance."""
    return faults_by(it_keeps_the_contract, PROPERTIES, Trial[Balance](component, plugins))
