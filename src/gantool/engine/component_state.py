"""Component state: advance with the clock, save, restore, all-reduce."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from gantool.api.part import name_of
from gantool.api.strategies import Strategy
from gantool.engine.checkpoint import MisfitError, load_weights
from gantool.engine.step import Game
from gantool.errors import CheckpointError, GantoolError, PluginError, cause

PLACES = {
    "discriminator": "penalties",
    "generator": "generator_penalties",
    "discriminator weights": "constraints",
    "generator weights": "generator_constraints",
}
"""The names that checkpoints have for the penalties of each side; those of one side are counted."""


def components(game: Game) -> dict[str, Strategy]:
    """All components but the networks, by their role."""
    parts: dict[str, Strategy | None] = {"loss": game.loss, "augmentation": game.augmentation, "balance": game.balance}
    counted: Counter[str] = Counter()
    for penalty in game.penalties:
        parts[f"{PLACES[penalty.side]}.{counted[penalty.side]}"] = penalty
        counted[penalty.side] += 1
    return {name: part for name, part in parts.items() if part is not None}


def advance(game: Game, images_seen: int) -> None:
    """Advance the networks and the components to this number of images, before a step."""
    game.gan.advance(images_seen)
    for name, part in components(game).items():
        with _blamed(name, part, f"advance({images_seen})"):
            part.advance(images_seen)


def stateful(game: Game) -> dict[str, nn.Module]:
    """The components with state in buffers, by their role."""
    return {name: part for name, part in components(game).items() if isinstance(part, nn.Module) and part.state_dict()}


def buffers(game: Game) -> Iterator[Tensor]:
    """All buffers of the components."""
    for part in stateful(game).values():
        yield from part.buffers()


def status(game: Game) -> dict[str, float]:
    """The status values of the networks and of the components that change, read from the device."""
    values: dict[str, float] = dict(game.gan.status())
    for name, part in components(game).items():
        with _blamed(name, part, "status()"):
            values |= part.status()
    return values


@contextmanager
def _blamed(name: str, part: object, call: str) -> Iterator[None]:
    """Report an error of a component in the middle of a run as that component's fault."""
    try:
        yield
    except GantoolError:
        raise
    except Exception as error:
        raise PluginError(
            f"The {_called(name, part)} failed in {call}: {cause(error)}. Tell its author; the last checkpoint is "
            "intact."
        ) from error


def _called(role: str, part: object) -> str:
    """The words for a component in messages: the kind that its role tells, and its name."""
    return f"{'penalty' if '.' in role else role} {name_of(part)}"


def state(game: Game) -> dict[str, dict[str, Any]]:
    """The state of the components for a checkpoint."""
    return {name: dict(part.state_dict()) for name, part in stateful(game).items()}


def restore(game: Game, saved: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Restore the state of the components; one without saved state begins afresh. Raises CheckpointError."""
    for name, part in stateful(game).items():
        if name in saved:
            try:
                load_weights(part, saved[name], f"the {_called(name, part)}")
            except MisfitError as misfit:  # the architecture's networks fit, so the fault is not there
                raise CheckpointError(
                    f"The saved state of the {_called(name, part)} does not fit it: it has changed since the run was "
                    "saved. Install the version of gantool or of its plugin that the run was made with."
                ) from misfit
