"""The estimate of a step's memory against the bytes of all tensors that are alive at once in one."""

import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from gantool.api.networks import Stage
from gantool.api.specs import ImageShape
from gantool.builtin.losses import LogisticOptions
from gantool.builtin.losses.losses import Logistic
from gantool.builtin.penalties import R1Options
from gantool.builtin.penalties.gradients import R1
from gantool.engine.ema import Ema
from gantool.engine.memory_estimate import memory_estimate
from gantool.engine.stages import stages_of
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.plugins.host import host

SIDE, BATCH = 16, 12


class Alive(TorchDispatchMode):
    """Counts the bytes of storages from the operation that makes them until nothing holds them."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self._known = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in tree_iter(result):
            if isinstance(value, torch.Tensor):
                self.note(value)
        return result

    def note(self, tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in self._known:
            self._known[storage._cdata] = storage.nbytes()
            self.now += storage.nbytes()
            self.most = max(self.most, self.now)
            weakref.finalize(storage, self._gone, storage._cdata)

    def _gone(self, key):
        self.now -= self._known.pop(key, 0)


@pytest.mark.parametrize(
    "arch",
    [
        "dcgan:width=8,latent=8",
        "msg:fmap_base=128,fmap_max=16,latent=8",
        # Wide at few pixels: its scaled weights weigh more than what a sample adds.
        "progressive:fmap_base=1024,fmap_max=64,latent=8,stabilise_kimg=0.1,fade_kimg=0",
    ],
)
@pytest.mark.parametrize("penalized", [False, True])
def test_a_step_takes_what_was_estimated_within_a_fifth(arch, penalized):
    gan = host().resolve("architecture", arch).build(ImageShape(SIDE))
    last: Stage = stages_of(gan, SIDE, BATCH)[-1]
    gan.advance(last.start)
    penalties = (R1(R1Options(weight=1)),) if penalized else ()
    optimizers = [torch.optim.Adam(network.parameters(), fused=True) for network in gan.networks]
    game, average = Game(gan, Logistic(LogisticOptions()), *optimizers, penalties), Ema(gan, 100)
    with Alive() as alive:
        for network in (*gan.networks, average.gan.generator):
            for weight in network.parameters():
                alive.note(weight)
        batch = torch.randn(BATCH, 3, SIDE, SIDE)
        for step in range(2):  # in the first one the moments come to be
            discriminator_step(game, batch, None, step)
            generator_step(game, batch, None, step)
    assert memory_estimate(gan, last, 0, penalties) == pytest.approx(alive.most, rel=0.2)
