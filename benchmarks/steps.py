"""Processor time of a training step under settings of `gantool train`, each against the first, taking turns in one run.

    python benchmarks/steps.py VARIANT VARIANT... [--with SETTING=VALUE,...] [--rounds 8]

A variant is SETTING=VALUE,SETTING=VALUE,... or `-` for none; `--with` has the settings of all (dcgan at 64 pixels,
batch 64). Processor time, since other programs on the machine do not count in it; set OMP_NUM_THREADS=1.

    python benchmarks/steps.py convolutions=direct convolutions=rearranged
    python benchmarks/steps.py updates=alternating updates=simultaneous --with convolutions=rearranged
"""

import argparse
import statistics
import tempfile
import time

import torch

import gantool
from gantool.engine.trainer import Trainer

COMMON = "arch=dcgan:width=64,data=shapes:count=256,resolution=64,batch=64,images=6400,device=cpu,precision=bf16"
STEPS = 2
"""Steps of a turn."""


def settings(text: str) -> dict[str, object]:
    """Settings of a list; whole numbers are numbers."""
    pairs = (each.split("=", 1) for each in text.split(",") if "=" in each)
    return {name: int(value) if value.isdigit() else value for name, value in pairs}


def turn(trainer: Trainer) -> float:
    """Seconds of processors for a step."""
    start = time.process_time()
    for _ in range(STEPS):
        trainer.step()
    return (time.process_time() - start) / STEPS


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("variants", nargs="+")
    asked.add_argument("--with", dest="common", default="", help="settings of all variants")
    asked.add_argument("--rounds", type=int, default=8)
    words = asked.parse_args()
    common = settings(f"{COMMON},layout=channels_last") | settings(words.common)
    with tempfile.TemporaryDirectory() as folder:
        made = {
            text: gantool.trainer(gantool.configure(**common | settings(text)), out=folder) for text in words.variants
        }
        for trainer in made.values():
            for network in trainer.game.gan.networks:
                network.train()
            turn(trainer)
        took: dict[str, list[float]] = {text: [] for text in made}
        for _ in range(words.rounds):
            for text, trainer in made.items():
                took[text].append(turn(trainer))
    first = statistics.median(took[words.variants[0]])
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {common}")
    for text, seconds in took.items():
        middle = statistics.median(seconds)
        spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
        print(f"{text:40} {middle:7.3f} s a step ({spread}), {first / middle:.2f} times the first's speed")


if __name__ == "__main__":
    main()
