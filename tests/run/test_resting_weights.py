"""Weights that `Gan.advance` lets rest for a while learn for the rest of a run, also after an exact resume."""

import sys

import pytest
import torch

import gantool
from fakes import TinyDiscriminator, TinyGenerator
from gantool.engine.state import _fitted
from gantool.run.planning import plan

STARTS = 32
SMALL = {
    "arch": "resting", "data": "shapes:count=64", "resolution": 8, "batch": 8, "device": "cpu", "augment": "none",
    "precision": "float32", "layout": "contiguous", "log": ["watch:off=yes"], "images": 64,
}  # fmt: skip


class Resting(gantool.Gan):
    """A discriminator whose first layer begins to learn at image STARTS."""

    def advance(self, images_seen):
        self.discriminator.first.requires_grad_(images_seen >= STARTS)


def build(options, shape):
    return Resting(TinyGenerator(), TinyDiscriminator(), 4)


@gantool.hookimpl
def gantool_architectures():
    return [gantool.Architecture("resting", "Rests at first", gantool.Options, f"{__name__}:build")]


@pytest.fixture
def begin(tmp_path, gantool_host):
    gantool_host.add(sys.modules[__name__], "resting")

    def trainer(name, **settings):
        return gantool.trainer(plan(gantool_host, SMALL | settings, out=tmp_path, name=name), out=tmp_path)

    return trainer


def first(made):
    return made.game.gan.discriminator.first.weight


def test_weights_that_rest_at_first_learn_later_and_resume_exactly(begin):
    with torch.random.fork_rng(devices=[]):
        whole = begin("whole")
        before = first(whole).detach().clone()
        for _ in range(STARTS // 8):
            whole.step()
        assert torch.equal(first(whole), before)
        whole.step()
        assert not torch.equal(first(whole), before)
        whole.train()
        begin("halves", images=40).train()
        begin("halves").train()
    resumed = begin("halves")
    for one, other in zip(whole.game.gan.networks, resumed.game.gan.networks, strict=True):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_moments_of_an_older_optimizer_that_never_had_them_find_their_weights(begin):
    with torch.random.fork_rng(devices=[]):
        made = begin("older", images=16)
        made.train()
    optimizer, weights = made.game.optimizer_d, list(made.game.gan.discriminator.parameters())
    moments = optimizer.state_dict()["state"]
    group = optimizer.state_dict()["param_groups"][0]
    older = {"state": {0: moments[2], 1: moments[3]}, "param_groups": [group | {"params": [0, 1]}]}
    restored = _fitted(older, optimizer, (weights, weights[2:]))
    assert restored == {"state": {2: moments[2], 3: moments[3]}, "param_groups": [group | {"params": [0, 1, 2, 3]}]}
