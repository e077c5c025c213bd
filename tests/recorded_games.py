"""Small games, played with and without the stand-in's recordings."""

import torch

from fakes import tiny_gan
from gantool.builtin.losses import LogisticOptions
from gantool.builtin.losses.losses import Logistic
from gantool.engine.graphs import COMPARED_STEPS, WARM_STEPS, Graphs
from gantool.engine.step import Game
from gantool.engine.turns import Turns
from stand_in import StandIn

FIRST_REPLAY = 1 + WARM_STEPS + COMPARED_STEPS
"""The first step is of a kind of its own, which finds no moments."""
RATE = 2**-7
"""A number of float32 too, as which a recording reads it."""


def game(penalties=(), augmentation=None, loss=None, **more):
    torch.manual_seed(0)
    gan = tiny_gan()
    adam = [torch.optim.Adam(net.parameters(), RATE, fused=True) for net in (gan.generator, gan.discriminator)]
    return Game(gan, loss or Logistic(LogisticOptions()), *adam, penalties=penalties, augmentation=augmentation, **more)


def play(one, graphs, steps, noise=0.0, rate=None, turns=None):
    """Weights after these steps, and the scalars of the last."""
    turns, scalars = turns or Turns(), {}
    for step in range(steps):
        torch.default_generator.manual_seed(1000 + turns.d)
        if rate is not None:
            for optimizer in one.optimizers:
                optimizer.param_groups[0]["lr"] = rate(step)
        real = torch.rand(8, 3, 8, 8) * 2 - 1
        scalars = turns.play(one, real, None, noise, graphs)
    weights = torch.cat([p.detach().flatten() for network in one.gan.networks for p in network.parameters()])
    return weights, {name: float(value) for name, value in scalars.items()}


def graphs_for(one, recorder, mode, tell):
    recorder.games.append(one)
    return Graphs(one, recorder, mode, tell)


def assert_same(expected, found):
    assert torch.equal(expected[0], found[0])
    assert expected[1] == found[1]


def both(make, steps=FIRST_REPLAY + 4, recorder=None, mode="on", **how):
    """The same steps with and without graphs; the recorder, and what it told."""
    recorder, told = recorder or StandIn(), []
    plain, graphed = make(), make()
    expected = play(plain, None, steps, **how)
    found = play(graphed, graphs_for(graphed, recorder, mode, told.append), steps, **how)
    return expected, found, recorder, told
