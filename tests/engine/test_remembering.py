"""Components between steps: told the clock, asked how they stand, and blamed by name for what they raise."""

import pytest

from fakes import trainer
from gantool.engine.remembering import advance, status
from gantool.errors import PluginError
from gantool.losses import LogisticOptions
from gantool.losses.losses import Logistic


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
    game = trainer(tmp_path, loss=Clocked(LogisticOptions())).game
    with pytest.raises(PluginError, match=r"Clocked \(loss\) failed in advance\(64\): KeyError"):
        advance(game, 64)
    with pytest.raises(PluginError, match=r"Clocked \(loss\) failed in status\(\): AttributeError"):
        status(game)
