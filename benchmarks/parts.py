"""Where does the time of a run go? Train once, and add up the processor time of its parts.

    python benchmarks/parts.py [SETTING=VALUE]...

Settings are those of `gantool train`; without any it is dcgan:width=16 at 32 pixels on 8,000 shapes, a short run of
small networks, where all that is not training weighs most. Processor time, since other work on the machine does not
count in it; set OMP_NUM_THREADS=1, or threads that wait for each other count as well.
"""

import functools
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch

import gantool
from gantool.builtin.observers.report import Report
from gantool.builtin.observers.samples import Samples
from gantool.builtin.observers.watch import Watch
from gantool.data.batches import ShuffledBatches
from gantool.engine import passes, turns, updates
from gantool.engine.ema import Ema
from gantool.engine.snapshots import FixedLatents, Snapshots
from gantool.engine.trainer import Trainer

DEFAULTS = {"arch": "dcgan:width=16", "data": "shapes", "resolution": 32, "images": "8k"}
PLACES: dict[str, tuple[Any, str]] = {
    "training": (Trainer, "step"),
    "  reading batches": (ShuffledBatches, "take"),
    "  the discriminator's steps": (turns, "discriminator_step"),
    "  the generator's steps": (turns, "generator_step"),
    "  steps of both at once": (turns, "simultaneous_step"),
    "    generator, forward": (passes, "generate"),
    "    discriminator, forward": (passes, "judge"),
    "    backward": (torch.autograd, "backward"),
    "    optimizers": (updates, "update"),
    "  the average": (Ema, "update"),
    "sample grids with their measurements": (Trainer, "_snapshot"),
    "  drawing samples": (FixedLatents, "render"),
    "  writing grids": (Samples, "__call__"),
    "  the watch, samples of its own included": (Watch, "__call__"),
    "  without saving the best": (Snapshots, "take"),
    "saving, the best included": (Trainer, "save"),
    "the report": (Report, "__call__"),
}
"""Parts by their functions; what is further in is a part of what stands above it."""


def timed(method: Callable[..., Any], spent: dict[str, float], name: str) -> Callable[..., Any]:
    """The method, with the processor time of its calls added to `spent`."""

    @functools.wraps(method)
    def call(*arguments: Any, **more: Any) -> Any:
        start = time.process_time()
        try:
            return method(*arguments, **more)
        finally:
            spent[name] += time.process_time() - start

    return call


def main() -> int:
    """Train and print all shares."""
    asked = dict(setting.split("=", 1) for setting in sys.argv[1:])
    settings = DEFAULTS | {name: int(value) if value.isdigit() else value for name, value in asked.items()}
    with tempfile.TemporaryDirectory() as folder:
        trainer = gantool.trainer(gantool.configure(**settings), out=folder)
        penalties = {f"    penalty {each.component_name}": (type(each), "__call__") for each in trainer.game.penalties}
        spent = dict.fromkeys([*PLACES, *penalties], 0.0)
        for name, (owner, method) in (PLACES | penalties).items():
            setattr(owner, method, timed(getattr(owner, method), spent, name))
        start = time.process_time()
        trainer.train()
        whole = time.process_time() - start
    print(f"{settings}: {whole:.1f} s of processor time")
    beside = whole - spent["training"]
    print(f"{'all that is not training':40} {beside:7.2f} s {beside / whole:6.1%}")
    for name, seconds in spent.items():
        print(f"{name:40} {seconds:7.2f} s {seconds / whole:6.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
