"""The turns of both networks: who learns from a batch, and how many batches each has learnt from."""

from dataclasses import asdict, dataclass
from functools import partial

from torch import Tensor

from gantool.api.networks import Labels
from gantool.api.part import name_of
from gantool.api.strategies import Turn
from gantool.engine.graphs import Graphs
from gantool.engine.simultaneous import simultaneous_step
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.engine.updates import Scalars
from gantool.errors import TrainingError


@dataclass
class Turns:
    """The number of turns that each network had: a lazy penalty is due by them, since the clock's may never meet."""

    d: int = 0
    g: int = 0

    def state(self) -> dict[str, int]:
        """The state dict for a checkpoint."""
        return asdict(self)

    def play(self, game: Game, batch: Tensor, labels: Labels, noise: float, graphs: Graphs | None = None) -> Scalars:
        """The steps of one batch, of those networks to which the game's balance gives a turn."""
        balance = game.balance
        adversary = game.gan.discriminator is not None
        learns_d, learns_g = balance.turn() if balance is not None else Turn(discriminator=adversary)
        if not (learns_d or learns_g):
            raise TrainingError(f"The balance {name_of(balance)} gave neither network a turn; one has to learn.")
        scalars: Scalars = {}
        if learns_d and learns_g and game.updates == "simultaneous":
            scalars |= simultaneous_step(game, batch, labels, (self.d, self.g), noise)
            self.d, self.g, learns_d, learns_g = self.d + 1, self.g + 1, False, False
        step = partial(_step, game) if graphs is None else graphs.step
        if learns_d:
            scalars |= step("discriminator", batch, labels, self.d, noise)
            self.d += 1
        if learns_g:
            scalars |= step("generator", batch, labels, self.g, noise)
            self.g += 1
        if balance is not None:
            balance.observe(scalars)
        return scalars


def _step(game: Game, side: str, batch: Tensor, labels: Labels, step: int, noise: float) -> Scalars:
    play = discriminator_step if side == "discriminator" else generator_step
    return play(game, batch, labels, step, noise)
