"""Plugins written against the contracts, each a file beside this one, trained as `gantool train` does."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import gantool
import second_edition
from gantool.api.events import Tick

SMALL = {
    "data": "shapes:count=64", "resolution": 8, "device": "cpu", "precision": "float32", "layout": "contiguous",
    "tick": 64, "snapshot_every": 10_000, "checkpoint_every": 10_000, "log": ["watch:off=yes", "report:off=yes"],
}  # fmt: skip


class Run:
    """A run to its end: its trainer, its folder, and the scalars of each tick."""

    def __init__(self, trainer) -> None:
        self.trainer, self.folder, self.ticks = trainer, trainer.run, []
        trainer._tell._observers.append(self)

    def __call__(self, event) -> None:
        if isinstance(event, Tick):
            self.ticks.append(event.scalars)

    def course(self, name: str) -> tuple[float, float]:
        """The first value of a scalar and its last."""
        return self.ticks[0][name], self.ticks[-1][name]


@pytest.fixture
def learn(tmp_path: Path, gantool_host) -> Callable[..., Run]:
    gantool_host.add(second_edition, "gantool-second-edition")

    def train(name: str = "run", before: Callable = lambda trainer: None, **settings) -> Run:
        from gantool.run.planning import plan

        made = gantool.trainer(plan(gantool_host, SMALL | settings, out=tmp_path, name=name), out=tmp_path)
        run = Run(made)
        before(made)
        with torch.random.fork_rng(devices=[]):
            made.train()
        return run

    return train
