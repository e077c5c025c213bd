"""What part of a run does the watch take? Train once, and add up the processor time spent in it and in saving the best.

    python benchmarks/watch_cost.py [SETTING=VALUE]...

Settings are those of `gantool train`; without any it is dcgan:width=16 at 32 pixels on 8,000 shapes, a short run of
small networks, where the watch weighs most. Processor time, since other work on the machine does not count in it.
"""

import functools
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import gantool
from gantool.builtin.observers.watch import Watch
from gantool.engine.trainer import Trainer

DEFAULTS = {"arch": "dcgan:width=16", "data": "shapes", "resolution": 32, "images": "8k"}
PLACES: dict[str, tuple[type, str]] = {"the watch": (Watch, "__call__"), "saving the best": (Trainer, "_keep_the_best")}


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
    """Train and print both shares."""
    asked = dict(setting.split("=", 1) for setting in sys.argv[1:])
    settings = DEFAULTS | {name: int(value) if value.isdigit() else value for name, value in asked.items()}
    spent = dict.fromkeys(PLACES, 0.0)
    for name, (owner, method) in PLACES.items():
        setattr(owner, method, timed(getattr(owner, method), spent, name))
    with tempfile.TemporaryDirectory() as folder:
        trainer = gantool.trainer(gantool.configure(**settings), out=folder)
        start = time.process_time()
        trainer.train()
        whole = time.process_time() - start
    print(f"{settings}: {whole:.1f} s of processor time")
    for name, seconds in spent.items():
        print(f"{name}: {seconds:.2f} s, {seconds / whole:.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
