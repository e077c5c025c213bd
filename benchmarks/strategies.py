"""What each loss and each penalty costs: the time of a step against that of the plain logistic loss, in one run.

    python benchmarks/strategies.py [--arch dcgan] [--resolution 64] [--batch 16] [--rounds 9] [--device auto]

Both steps of the game on noise, in float32. Each has its turn in every round; ratios are of medians of processor time
on a CPU, which other programs disturb least, and of elapsed time elsewhere.
"""

import argparse
import statistics
import time

import torch

import gantool
from gantool.building import build_game, build_gan
from gantool.engine.devices import pick_device
from gantool.engine.distributed import World
from gantool.engine.precision import Precision
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.plugins import host

PLAIN = ("logistic", "none")


def strategies() -> list[tuple[str, str]]:
    """The plain game, then each other loss without a penalty, then each penalty with the plain loss."""
    losses = [(name, "none") for name in host().specs("loss") if name != PLAIN[0]]
    return [PLAIN, *losses, *((PLAIN[0], name) for name in host().specs("penalty"))]


def built(loss: str, penalty: str, args: argparse.Namespace, device: torch.device) -> Game:
    """The game that the two are played by."""
    config = gantool.configure(
        arch=args.arch, resolution=args.resolution, batch=args.batch, loss=loss, penalty=(penalty,), device=args.device,
        precision="float32", layout="contiguous",
    )  # fmt: skip
    return build_game(config, build_gan(config, ())[0], device, Precision("float32", "contiguous"), World())


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
    asked.add_argument("--arch", default="dcgan")
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--rounds", type=int, default=9)
    asked.add_argument("--device", default="auto")
    args = asked.parse_args()

    device = pick_device(args.device)
    batch = torch.rand(args.batch, 3, args.resolution, args.resolution, device=device) * 2 - 1
    games = {pair: built(*pair, args, device) for pair in strategies()}
    for game in games.values():
        measure(game, batch)
    took: dict[tuple[str, str], list[float]] = {pair: [] for pair in games}
    for _ in range(args.rounds):
        for pair, game in games.items():
            took[pair].append(measure(game, batch))
    plain = statistics.median(took[PLAIN])
    machine = f"{device}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    print(f"{args.arch} at {args.resolution} pixels, batch {args.batch}; {machine}")
    for (loss, penalty), times in took.items():
        print(f"{loss:>14} {penalty:>8}  {statistics.median(times) / plain:.2f}")


if __name__ == "__main__":
    main()
