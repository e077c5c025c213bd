"""Components between steps: told the clock, asked how they stand, and blamed by name for what they raise."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from fakes import trainer
from gantool.api.strategies import Penalty
from gantool.builtin.losses import LogisticOptions
from gantool.builtin.losses.losses import Logistic
from gantool.engine.checkpoint import MisfitError
from gantool.engine.component_state import advance, restore, state, status
from gantool.errors import CheckpointError, PluginError


class Failing(Penalty):
    side = "generator weights"

    def advance(self, images_seen):
        raise ZeroDivisionError


class Clocked(Logistic):
    def advance(self, images_seen):
        self.seen = {0: 0.0, 8: 8.0}[images_seen]

    def status(self):
        return {"seen": self.seen}


def test_the_clock_is_told_and_what_is_told_back_is_gathered(tmp_path):
    game = trainer(tmp_path, loss=Clocked(LogisticOptions())).game
    advance(game, 8)
    assert status(game)["seen"] == 8.0


def test_what_fails_in_the_middle_of_a_run_is_named(tmp_path):
    loss, penalty = Clocked(LogisticOptions()), Failing()
    game = trainer(tmp_path, loss=loss).game
    with pytest.raises(PluginError, match=r"^The loss Clocked failed in advance\(64\): KeyError"):
        advance(game, 64)
    loss.component_name, penalty.component_name = "clocked", "slope"
    with pytest.raises(PluginError, match=r"^The loss 'clocked' failed in status\(\): AttributeError"):
        status(game)
    with pytest.raises(PluginError, match=r"^The penalty 'slope' failed in advance\(64\): ZeroDivisionError"):
        advance(replace(game, loss=Logistic(LogisticOptions()), penalties=(penalty,)), 64)


def test_a_component_that_has_changed_is_named_and_not_the_architecture(tmp_path):
    class Keeping(Logistic, nn.Module):
        def __init__(self, size):
            nn.Module.__init__(self)
            self.register_buffer("mean", torch.zeros(size))

    game = replace(trainer(tmp_path).game, loss=Keeping(2))
    saved = state(game)
    restore(game, saved)
    with pytest.raises(CheckpointError, match=r"The saved state of the loss Keeping does not fit it") as raised:
        restore(replace(game, loss=Keeping(3)), saved)
    assert not isinstance(raised.value, MisfitError)
