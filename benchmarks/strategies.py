"""What each loss, penalty and augmentation costs: the time of a step against that of the plain logistic loss.

    python benchmarks/strategies.py [--arch dcgan] [--resolution 64] [--batch 16] [--rounds 9] [--device auto]

Both steps of the game on noise, in float32. Each has its turn in every round; ratios are of medians of processor time
on a CPU, which other programs disturb least, and of elapsed time elsewhere.
"""

import argparse
import statistics
import time

import torch

from gantool.engine.devices import pick_device
from gantool.engine.distributed import World
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.plugins.host import host
from gantool.run.prepare import build_game, prepare
from gantool.run.resolve import resolve_run

PLAIN = ("logistic", "none", "none")
AUGMENTATIONS = {"ada": "ada:p=0.5"}  # what begins as the identity


def strategies() -> list[tuple[str, str, str]]:
    """The plain game, then each other loss, each penalty and each augmentation in its place."""
    losses = [(name, "none", "none") for name in host().specs("loss") if name != PLAIN[0]]
    penalties = [(PLAIN[0], name, "none") for name in host().specs("penalty")]
    augmentations = [(PLAIN[0], "none", AUGMENTATIONS.get(name, name)) for name in host().specs("augmentation")]
    return [PLAIN, *losses, *penalties, *augmentations]


def built(loss: str, penalty: str, augment: str, args: argparse.Namespace, device: torch.device) -> Game:
    """The game that is played by them."""
    settings = {
        "arch": args.arch, "resolution": args.resolution, "batch": args.batch, "loss": loss, "penalty": (penalty,),
        "augment": augment, "device": args.device, "precision": "float32", "layout": "contiguous",
    }  # fmt: skip
    run = resolve_run(host(), settings)
    return build_game(prepare(run.config, run.components, args.batch, (), device), device, World())


def measure(game: Game, batch: torch.Tensor) -> float:
    """Seconds of one step of each network."""
    cpu = batch.device.type == "cpu"
    clock = time.process_time if cpu else time.perf_counter
    start = clock()
    discriminator_step(game, batch, None, step=0)
    generator_step(game, batch, None)
    if not cpu:
        torch.cuda.synchronize(batch.device)
    return clock() - start


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--arch", default="dcgan:width=64")
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--rounds", type=int, default=9)
    asked.add_argument("--device", default="auto")
    args = asked.parse_args()

    device = pick_device(args.device)
    batch = torch.rand(args.batch, 3, args.resolution, args.resolution, device=device) * 2 - 1
    games = {played: built(*played, args, device) for played in strategies()}
    for game in games.values():
        measure(game, batch)
    took: dict[tuple[str, str, str], list[float]] = {played: [] for played in games}
    for _ in range(args.rounds):
        for played, game in games.items():
            took[played].append(measure(game, batch))
    plain = statistics.median(took[PLAIN])
    machine = f"{device}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    print(f"{args.arch} at {args.resolution} pixels, batch {args.batch}; {machine}")
    for (loss, penalty, augment), times in took.items():
        print(f"{loss:>14} {penalty:>8} {augment:>12}  {statistics.median(times) / plain:.2f}")


if __name__ == "__main__":
    main()
