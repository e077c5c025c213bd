"""Images a second at each level of the progressive GAN, and of MSG-GAN against what it is made of.

    python benchmarks/levels.py [--resolution 64] [--batch 16] [--fmap-base 1024] [--fmap-max 128] [--rounds 3]

For each level the trainer's own step, by WGAN-GP, as in the paper, and by the logistic loss and RpGAN with R1 every
eighth. Then `msg` at the full resolution beside `dcgan` and beside itself with its finest level alone, all by their own
recipes and with that batch; they take turns. Ratios are of the medians.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch

import gantool
from gantool.api.networks import Labels
from gantool.api.run_config import RunConfig
from gantool.engine.devices import pick_device
from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.engine.trainer import Trainer
from gantool.run.planning import plan_of
from gantool.run.prepare import build_game, prepare


class Synthetic:
    """Random uint8 pictures on the device, at any side."""

    def __init__(self, channels: int, device: torch.device) -> None:
        self.channels, self.device = channels, device
        self.count, self.fingerprint, self.class_names = 1024, "synthetic", ()

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[torch.Tensor, Labels]:
        """The next batch."""
        shape = (n, self.channels, resolution, resolution)
        return torch.randint(0, 256, shape, dtype=torch.uint8, device=self.device), None


def trainer(config: RunConfig, run: Path) -> Trainer:
    """gantool's own, without observers."""
    device = pick_device(config.device)
    prepared = prepare(config, plan_of(config).components, config.batch, (), device)
    config, game = prepared.config, build_game(prepared, device, World())
    card = ModelCard(architecture=config.arch, resolution=config.resolution, channels=config.channels, images_seen=0)
    return Trainer(game, Synthetic(config.channels, device), config, run, card, [])


def speed(made: Trainer, images_seen: int, seconds: float) -> float:
    """Images a second from `images_seen` on, over at least so many seconds and one step."""
    made.cadence.images_seen = images_seen
    made.step()
    start, before = time.perf_counter(), made.images_seen
    while True:
        for _ in range(8):  # a lazy penalty's whole round
            made.step()
        if made.device.type == "cuda":
            torch.cuda.synchronize(made.device)
        took = time.perf_counter() - start
        if took > seconds:
            return (made.images_seen - before) / took


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--fmap-base", type=int, default=1024)
    asked.add_argument("--fmap-max", type=int, default=128)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--seconds", type=float, default=3.0)
    asked.add_argument("--device", default="auto")
    args = asked.parse_args()
    size = f"fmap_base={args.fmap_base},fmap_max={args.fmap_max},latent={args.fmap_max}"
    common = {"resolution": args.resolution, "batch": args.batch, "device": args.device}

    with tempfile.TemporaryDirectory() as run:
        arch = f"progressive:{size},stabilise_kimg=1000,fade_kimg=1000"
        paper = {"loss": "wasserstein:drift=0.001", "penalty": ("gp:weight=10",)}
        growing = trainer(gantool.configure(arch=arch, **paper, **common), Path(run))
        lazy = {
            loss: trainer(
                gantool.configure(arch=arch, loss=loss, penalty=("r1:weight=1,every=8",), **common), Path(run)
            )
            for loss in ("logistic", "rpgan")
        }
        print(f"progressive:{size}, --batch {args.batch}, on {growing.device} in {growing.game.precision.name}")
        print(f"{'level':>6}{'batch':>7}{'fading in':>12}{'training':>12}{'logistic':>12}{'rpgan':>12}   images/s")
        for side in sorted({stage.resolution for stage in growing.stages}):
            stages = [stage for stage in growing.stages if stage.resolution == side]
            speeds = {stage.title.split()[0]: speed(growing, stage.start, args.seconds) for stage in stages}
            fading = f"{speeds['fade']:>12.1f}" if "fade" in speeds else f"{'-':>12}"
            others = "".join(f"{speed(one, stages[-1].start, args.seconds):>12.1f}" for one in lazy.values())
            print(f"{side:>6}{stages[0].batch:>7}{fading}{speeds['train']:>12.1f}{others}")

        names = {
            "dcgan": "dcgan:width=64",
            "msg": f"msg:{size}",
            "msg, finest level alone": f"msg:{size},levels=finest",
        }
        made = {name: trainer(gantool.configure(arch=arch, **common), Path(run)) for name, arch in names.items()}
        measured: dict[str, list[float]] = {name: [] for name in names}
        for number in range(args.rounds):
            order = list(names)
            for name in order[number % 3 :] + order[: number % 3]:
                measured[name].append(speed(made[name], 0, args.seconds))
    medians = {name: statistics.median(speeds) for name, speeds in measured.items()}
    print(f"\nat {args.resolution} pixels, batch {args.batch}: images/s, and against msg")
    for name, images in medians.items():
        print(f"{name:>26}{images:>10.1f}{images / medians['msg']:>8.2f}")


if __name__ == "__main__":
    main()
