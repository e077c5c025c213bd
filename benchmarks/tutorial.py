"""Images a second of `gantool train` against the program of DCGAN tutorials, from a folder to a trained network.

    python benchmarks/tutorial.py [FOLDER] [--images 6400] [--rounds 3] [--threads 2] [--count 4000] [--side 128]

The tutorial's program is that of pytorch/examples by its description: ImageFolder, resize and crop, a DataLoader with
two workers, transposed convolutions, BCE on a sigmoid, Adam, losses printed at each step, pictures at each hundredth,
weights at the end. gantool trains equal networks with equal loss, batch and rates, and does all that a run does.

Programs take turns, each in a process of its own and gantool with an empty cache; figures are medians. Time by the
clock is of use where nothing else runs; processor time counts workers too, and may be compared on a busy machine with
--threads 1. The second table leaves out what a program takes for a run of two batches. Without FOLDER, pictures are
drawn and written as JPEG.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

BATCH, SIDE, LATENT, WIDTH = 64, 64, 100, 64
PICTURES_EVERY = 100
"""Steps between two sheets of the tutorial's program."""


def generator() -> nn.Sequential:
    """Latents to pictures of 64 pixels."""
    widths = [8 * WIDTH, 4 * WIDTH, 2 * WIDTH, WIDTH]
    layers: list[nn.Module] = [nn.ConvTranspose2d(LATENT, widths[0], 4, 1, 0, bias=False)]
    for inputs, outputs in zip(widths, [*widths[1:], 3], strict=True):
        layers += [nn.BatchNorm2d(inputs), nn.ReLU(True), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)]
    return nn.Sequential(*layers, nn.Tanh())


def discriminator() -> nn.Sequential:
    """Pictures of 64 pixels to probabilities."""
    widths = [WIDTH, 2 * WIDTH, 4 * WIDTH, 8 * WIDTH]
    layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for inputs, outputs in pairwise(widths):
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0))


def initialise(module: nn.Module) -> None:
    """N(0, 0.02) for convolutions, N(1, 0.02) for gains."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def batches(folder: Path, count: int) -> Iterator[Tensor]:
    """So many batches of pictures, epoch after epoch."""
    from torchvision import datasets, transforms

    shown = [
        transforms.Resize(SIDE), transforms.CenterCrop(SIDE), transforms.ToTensor(),
        transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ]  # fmt: skip
    pictures = datasets.ImageFolder(str(folder), transforms.Compose(shown))
    loader = torch.utils.data.DataLoader(pictures, BATCH, shuffle=True, num_workers=2)
    while True:
        for batch, _ in loader:
            if not count:
                return
            yield batch
            count -= 1


def tutorial(folder: Path, out: Path, steps: int) -> None:
    """The tutorial's program."""
    from torchvision.utils import save_image

    g, d = generator().apply(initialise), discriminator().apply(initialise)
    optimizer_g, optimizer_d = (torch.optim.Adam(one.parameters(), 2e-4, (0.5, 0.999)) for one in (g, d))
    criterion, fixed = nn.BCELoss(), torch.randn(BATCH, LATENT, 1, 1)
    for step, real in enumerate(batches(folder, steps)):
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        d.zero_grad()
        of_real = d(real)
        loss_real = criterion(of_real, ones)
        loss_real.backward()
        fake = g(torch.randn(len(real), LATENT, 1, 1))
        of_fake = d(fake.detach())
        loss_fake = criterion(of_fake, zeros)
        loss_fake.backward()
        optimizer_d.step()
        g.zero_grad()
        judged = d(fake)
        loss_g = criterion(judged, ones)
        loss_g.backward()
        optimizer_g.step()
        shown = (loss_real + loss_fake, loss_g, of_real.mean(), of_fake.mean(), judged.mean())
        print(f"[{step}/{steps}]", *(f"{value.item():.4f}" for value in shown))
        if step % PICTURES_EVERY == 0:
            save_image(real, out / "real.png", normalize=True)
            save_image(g(fixed).detach(), out / f"fake-{step:06d}.png", normalize=True)
    for name, network in (("g", g), ("d", d)):
        torch.save(network.state_dict(), out / f"{name}.pth")


class Took(NamedTuple):
    """Seconds of one program by the clock, and of processors."""

    clock: float
    processors: float


def timed(command: list[str], environment: dict[str, str]) -> Took:
    """Run it to its end."""
    with tempfile.TemporaryDirectory() as cache:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        cold = environment | {"GANTOOL_CACHE": cache}
        ended = subprocess.run(command, env=cold, capture_output=True, text=True, check=False)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        sys.exit(f"{' '.join(command)}: {ended.stderr[-2000:]}")
    return Took(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def draw_pictures(folder: Path, count: int, side: int) -> None:
    """Shapes as JPEG files, in the one class that ImageFolder needs."""
    from PIL import Image

    from gantool.plugins.host import host

    source = host().resolve("source", f"shapes:count={count}").build(resolution=side, channels=3)
    (folder / "all").mkdir(parents=True)
    for number in range(count):
        Image.fromarray(source[number][0].permute(1, 2, 0).numpy()).save(folder / "all" / f"{number:06d}.jpg")


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path, nargs="?")
    asked.add_argument("--images", type=int, default=6400)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--threads", type=int, default=os.cpu_count())
    asked.add_argument("--count", type=int, default=4000, help="pictures that are drawn")
    asked.add_argument("--side", type=int, default=128, help="their side")
    asked.add_argument("--train", default="", help="more flags of gantool train")
    asked.add_argument("--program", type=Path, help=argparse.SUPPRESS)
    words = asked.parse_args()
    if words.program:
        tutorial(words.folder, words.program, words.images // BATCH)
        return
    with tempfile.TemporaryDirectory() as made:
        folder, out = words.folder or Path(made) / "pictures", Path(made) / "out"
        if not words.folder:
            draw_pictures(folder, words.count, words.side)
        out.mkdir()
        compare(words, folder, out)


def compare(words: argparse.Namespace, folder: Path, out: Path) -> None:
    """The rounds, and their table."""
    environment = os.environ | {"OMP_NUM_THREADS": str(words.threads), "MKL_NUM_THREADS": str(words.threads)}
    recipe = (
        "--arch dcgan:width=64,grow=transposed --resolution 64 --batch 64 --lr 2e-4 --betas 0.5,0.999 --loss logistic"
    )
    ours = [sys.executable, "-m", "gantool", "train", "--data", str(folder), *recipe.split(), "--penalty", "none"]
    ours += ["--augment", "none", "--device", "cpu", "--out", str(out), "--quiet", *words.train.split()]
    taught = [sys.executable, __file__, str(folder), "--program", str(out)]
    took: dict[tuple[str, int], list[Took]] = {}
    for _ in range(words.rounds):
        for images in (2 * BATCH, words.images):
            for name, command in (("tutorial", taught), ("gantool", ours)):
                key = (name, images)
                took.setdefault(key, []).append(timed([*command, "--images", str(images)], environment))
    whole = {name: medians(took[name, words.images]) for name in ("tutorial", "gantool")}
    start = {name: medians(took[name, 2 * BATCH]) for name in whole}
    print(f"torch {torch.__version__}, {words.threads} threads, {words.images} images, {words.rounds} rounds")
    for title, images, spent in (
        ("whole programs", words.images, whole),
        ("without what comes before the third step", words.images - 2 * BATCH, {
            name: Took(*(a - b for a, b in zip(whole[name], start[name], strict=True))) for name in whole
        }),
    ):  # fmt: skip
        print(title)
        for name, seconds in spent.items():
            print(
                f"{name:>9}  {images / seconds.clock:8.1f} images/s  {images / seconds.processors:8.1f} a second of "
                f"processors  ({seconds.clock:.1f} s, {seconds.processors:.1f} s)"
            )
        ratio = [a / b for a, b in zip(spent["tutorial"], spent["gantool"], strict=True)]
        print(f"gantool / tutorial  {ratio[0]:.2f} by the clock, {ratio[1]:.2f} by processor time")


def medians(rounds: list[Took]) -> Took:
    """Of each time by itself."""
    return Took(*(statistics.median(values) for values in zip(*rounds, strict=True)))


if __name__ == "__main__":
    main()
