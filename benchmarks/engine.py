"""Images a second of the engine against a bare loop, and against the step that tutorials teach, in one run.

    python benchmarks/engine.py [--resolution 64] [--batch 64] [--rounds 5] [--steps 2] [--device auto]

Each runs in a process of its own and waits while another has its turn: what one sets for its process helps only itself,
and a machine that slows down slows all of them. Ratios are of the medians, by the clock and by processor time: the
second holds on a CPU where other programs run, with OMP_NUM_THREADS=1.

tutorial   float32, contiguous, discriminator gradients left on in the generator's step, four .item() every step
bare       a loop written by hand for these networks in the engine's precision and layout, nothing else
engine     gantool's trainer: derived seeds, averaged generator, non-finite guard, scalars, freed memory kept
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import gantool
from gantool.api.networks import Labels
from gantool.api.run_config import RunConfig
from gantool.engine.devices import keep_freed_memory, pick_device
from gantool.engine.distributed import World
from gantool.engine.model_file import ModelCard
from gantool.engine.precision import Precision
from gantool.engine.trainer import Trainer
from gantool.run.planning import plan_of
from gantool.run.prepare import PreparedRun, build_game, prepare

REST_SECONDS = 0.3
"""Between turns, until the threads of the last one have stopped waiting for work by spinning."""


class Synthetic:
    """Random uint8 pictures on the device."""

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        shape = (4 * config.batch, config.channels, config.resolution, config.resolution)
        self.images = torch.randint(0, 256, shape, dtype=torch.uint8, device=device)
        self.count, self.fingerprint, self.class_names = len(self.images), "synthetic", ()

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[Tensor, Labels]:
        """The next batch."""
        start = images_seen % self.count
        return self.images[start : start + n], None


def adam(network: nn.Module, **more: bool) -> torch.optim.Adam:
    """As in the recipe."""
    return torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999), **more)


def prepared(config: RunConfig, device: torch.device) -> PreparedRun:
    """The run, built; precision and layout were measured before."""
    return prepare(config, plan_of(config).components, config.batch, (), device, precision=Precision())


def tutorial(config: RunConfig, device: torch.device) -> Callable[[], None]:
    """The step that most repositories have."""
    gan = prepared(config, device).gan
    g, d = gan.generator.to(device), gan.discriminator.to(device)
    optimizer_g, optimizer_d = adam(g), adam(d)
    shape = (config.batch, config.channels, config.resolution, config.resolution)
    real, ones, zeros = torch.rand(shape, device=device) * 2 - 1, *torch.tensor([[1.0], [0.0]]).expand(2, config.batch)
    ones, zeros = ones.to(device), zeros.to(device)

    def step() -> None:
        fake = g(torch.randn(config.batch, gan.latent_dim, device=device), None)
        d.zero_grad()
        real_logits = d((real,), None)
        loss_real = F.binary_cross_entropy_with_logits(real_logits, ones)
        loss_real.backward()
        fake_logits = d(tuple(level.detach() for level in fake), None)
        loss_fake = F.binary_cross_entropy_with_logits(fake_logits, zeros)
        loss_fake.backward()
        optimizer_d.step()
        g.zero_grad()
        loss_g = F.binary_cross_entropy_with_logits(d(fake, None), ones)
        loss_g.backward()
        optimizer_g.step()
        _ = (loss_real + loss_fake).item(), loss_g.item(), real_logits.mean().item(), fake_logits.mean().item()

    return step


def bare(config: RunConfig, device: torch.device, precision: Precision) -> Callable[[], None]:
    """The fewest lines that train the same networks in the same precision."""
    gan = prepared(config, device).gan
    g, d = precision.place(gan.generator, device), precision.place(gan.discriminator, device)
    optimizer_g, optimizer_d = adam(g, fused=True), adam(d, fused=True)
    images = Synthetic(config, device).images[: config.batch]

    def noise() -> Tensor:
        return torch.randn(config.batch, gan.latent_dim, device=device)

    def step() -> None:
        real = precision.arrange(images.float() / 127.5 - 1)
        with precision.autocast():
            with torch.no_grad():
                fake = g(noise(), None)
            real_logits, fake_logits = d((real,), None), d(fake, None)
        optimizer_d.zero_grad()
        (F.softplus(-real_logits.float()) + F.softplus(fake_logits.float())).mean().backward()
        optimizer_d.step()
        d.requires_grad_(False)
        with precision.autocast():
            logits = d(g(noise(), None), None)
        optimizer_g.zero_grad()
        F.softplus(-logits.float()).mean().backward()
        optimizer_g.step()
        d.requires_grad_(True)

    return step


def engine(config: RunConfig, device: torch.device, precision: Precision, run: Path) -> Callable[[], None]:
    """gantool's own."""
    game = build_game(replace(prepared(config, device), precision=precision), device, World())
    card = ModelCard(architecture=config.arch, resolution=config.resolution, channels=config.channels, images_seen=0)
    return Trainer(game, Synthetic(config, device), config, run, card, []).step


def contender(name: str, config: RunConfig, precision: Precision, parent: Connection) -> None:
    """One of the three, in a process of its own: answers each number of steps with the seconds of each.

    They are by the clock, and of processors.
    """
    device = pick_device(config.device)
    with tempfile.TemporaryDirectory() as run:
        if name == "tutorial":
            step = tutorial(config, device)
        elif name == "bare":
            step = bare(config, device, precision)
        else:
            keep_freed_memory(device)
            step = engine(config, device, precision, Path(run))
        while steps := parent.recv():
            start, used = time.perf_counter(), time.process_time()
            for _ in range(steps):
                step()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            parent.send(((time.perf_counter() - start) / steps, (time.process_time() - used) / steps))


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--arch", default="dcgan:width=64")
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=64)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--steps", type=int, default=2)
    asked.add_argument("--device", default="auto")
    asked.add_argument("--precision", default="auto")
    asked.add_argument("--layout", default="auto")
    asked.add_argument("--convolutions", default="auto")
    asked.add_argument("--graph", default="off")
    args = asked.parse_args()

    config = gantool.configure(
        arch=args.arch, resolution=args.resolution, batch=args.batch, device=args.device, precision=args.precision,
        layout=args.layout, convolutions=args.convolutions, graph=args.graph,
    )  # fmt: skip
    measured = prepare(config, plan_of(config).components, config.batch, (), pick_device(config.device))
    config, precision = measured.config, measured.precision
    spawn = multiprocessing.get_context("spawn")
    lines: dict[str, Connection] = {}
    processes = []
    for name in ("tutorial", "bare", "engine"):
        lines[name], other = spawn.Pipe()
        processes.append(spawn.Process(target=contender, args=(name, config, precision, other), daemon=True))
        processes[-1].start()

    def measure(name: str, steps: int) -> tuple[float, float]:
        lines[name].send(steps)
        took: tuple[float, float] = lines[name].recv()
        time.sleep(REST_SECONDS)
        return took

    for name in lines:
        measure(name, 1)
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
    for number in range(args.rounds):
        names = list(lines)
        for name in names[number % 3 :] + names[: number % 3]:  # nobody always comes last
            took[name].append(measure(name, args.steps))
    for line, process in zip(lines.values(), processes, strict=True):
        line.send(0)
        process.join()
    speed = {
        name: [args.batch / statistics.median(seconds) for seconds in zip(*times, strict=True)]
        for name, times in took.items()
    }
    machine = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    print(f"{args.arch} at {args.resolution} pixels, batch {args.batch}; {machine}")
    print(
        f"engine and bare: {config.device}, {precision.name} {precision.layout}, {precision.convolutions} convolutions"
    )
    for name, (by_clock, of_processors) in speed.items():
        print(f"{name:>9}  {by_clock:10.1f} images/s  {of_processors:10.1f} a second of processors")
    for other in ("bare", "tutorial"):
        by_clock, of_processors = (a / b for a, b in zip(speed["engine"], speed[other], strict=True))
        print(f"engine / {other:9} {by_clock:.3f}  {of_processors:.3f}")


if __name__ == "__main__":
    main()
