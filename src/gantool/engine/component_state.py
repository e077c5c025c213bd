"""The components of a game between its steps: told the clock; what they remember is saved, restored and shared."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

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
    """Everything but the networks, by its place in the game."""
    parts: dict[str, Strategy | None] = {"loss": game.loss, "augmentation": game.augmentation, "balance": game.balance}
    counted: Counter[str] = Counter()
    for penalty in game.penalties:
        parts[f"{PLACES[penalty.side]}.{counted[penalty.side]}"] = penalty
        counted[penalty.side] += 1
    return {name: part for name, part in parts.items() if part is not None}


def advance(game: Game, images_seen: int) -> None:
    """Set the networks, and the components that go by it, to the clock of the next step."""
    game.gan.advance(images_seen)
    for name, part in components(game).items():
        with _blamed(name, part, f"advance({images_seen})"):
            part.advance(images_seen)


def remembering(game: Game) -> dict[str, nn.Module]:
    """The components that keep something in buffers, by their place in the game."""
    return {name: part for name, part in components(game).items() if isinstance(part, nn.Module) and part.state_dict()}


def memory(game: Game) -> Iterator[Tensor]:
    """All buffers of the components."""
    for part in remembering(game).values():
        yield from part.buffers()


def status(game: Game) -> dict[str, float]:
    """Numbers of the networks and of the components that change, read from the device."""
    told: dict[str, float] = dict(game.gan.status())
    for name, part in components(game).items():
        with _blamed(name, part, "status()"):
            told |= part.status()
    return told


@contextmanager
def _blamed(name: str, part: object, call: str) -> Iterator[None]:
    """What a component raises in the middle of a run is told as its own fault."""
    try:
        yield
    except GantoolError:
        raise
    except Exception as error:
        raise PluginError(
            f"{type(part).__name__} ({name.partition('.')[0]}) failed in {call}: {cause(error)}. Tell its author; the "
            "last checkpoint is intact."
        ) from error


def state(game: Game) -> dict[str, dict[str, Any]]:
    """What a checkpoint keeps of the components."""
    return {name: dict(part.state_dict()) for name, part in remembering(game).items()}


def restore(game: Game, saved: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Remember what was saved; a part that remembered nothing yet begins afresh. Raises CheckpointError."""
    for name, part in remembering(game).items():
        if name in saved:
            try:
                load_weights(part, saved[name], f"the {name}")
            except MisfitError as misfit:  # the architecture's networks fit, and it is not to be blamed
                raise CheckpointError(
                    f"What the {name} ({type(part).__name__}) remembered does not fit it: it has changed since the run "
                    "was saved. Install the version of gantool or of its plugin that the run was made with."
                ) from misfit
