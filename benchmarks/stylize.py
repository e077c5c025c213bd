"""Seconds a step of `gantool.style.transfer` against a bare loop and the loop tutorials teach, in one run.

    python benchmarks/stylize.py [--size 512] [--rounds 3] [--steps 2] [--network vgg19|squeezenet] [--device auto]
    python benchmarks/stylize.py --race --network squeezenet --weights FILE CONTENT STYLE [--steps 500] [--start noise]

Weights are random unless given: they cost as much. All take the same layers, and turns, so that a machine that slows
down slows all.

tutorial   float32, contiguous, zero padding, losses of their own, L-BFGS of torch, .item() for each loss
bare       the extractor and relative Gram losses by hand in the engine's precision, backward, one Adam update
engine     the steps of the transfer: L-BFGS with a history of 10, all three losses told at every step

`--race` runs one scale for `--steps` steps of plain L-BFGS, as tutorials do, and tells when our L-BFGS, which takes
longer steps at low frequencies, has reached its loss: at one scale, and from coarse to fine.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from gantool.builtin.style_losses.statistics import Gram
from gantool.data.pictures.whole import read_picture
from gantool.engine.devices import pick_device
from gantool.plugins.host import host
from gantool.style import Settings, State, transfer
from gantool.style.job import as_image, autocast, read_style
from gantool.style.layers import balance_of
from gantool.style.losses import gram, total_variation
from gantool.style.optimizers import MINIMISERS, lbfgs
from gantool.style.pyramid import MARGIN

STEPS_UNSEEN = 4
"""Before the clock starts: kernels are chosen and L-BFGS has its first pairs."""


def random_weights(network: str, folder: Path) -> str:
    """A file with random weights of a network, of about unit gain."""
    models: Any = __import__("torchvision.models", fromlist=["models"])
    made = getattr(models, {"vgg19": "vgg19", "squeezenet": "squeezenet1_1"}[network])(weights=None)
    path = folder / f"{network}.safetensors"
    save_file({f"features.{key}": value for key, value in made.features.state_dict().items()}, path)
    return str(path)


def tutorial(extractor: Any, content: Tensor, style: Tensor) -> Callable[[], None]:
    """As taught: zero padding, float32, closures with .item()."""
    layers = balance_of(extractor, Settings(), Gram()).layers
    network = extractor.select(layers).to(content.device)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.padding_mode = "zeros"
    with torch.no_grad():
        wanted = dict(zip(layers, network(content), strict=True))
        painted = {name: gram(values) for name, values in zip(layers, network(style), strict=True)}
    image = content.clone().requires_grad_(True)
    optimizer = torch.optim.LBFGS([image], max_iter=1)

    def closure() -> Tensor:
        optimizer.zero_grad()
        features = dict(zip(layers, network(image), strict=True))
        near = torch.stack([F.mse_loss(features[name], wanted[name]) for name in extractor.content_layers]).sum()
        drawn = torch.stack([F.mse_loss(gram(features[name]), painted[name]) for name in extractor.style_layers]).sum()
        loss = near + 1e3 * drawn + total_variation(image)
        loss.backward()  # type: ignore[no-untyped-call]
        assert near.item() >= 0
        assert drawn.item() >= 0
        return loss

    return lambda: optimizer.step(closure)


def bare(
    extractor: Any, content: Tensor, style: Tensor, block: Callable[[], AbstractContextManager[object]]
) -> Callable[[], None]:
    """Nothing but what must be computed, on the image with its margin."""
    layers = balance_of(extractor, Settings(), Gram()).layers
    network = extractor.select(layers).to(content.device)
    content = F.pad(content, (MARGIN,) * 4, mode="reflect")

    def features(of: Tensor) -> dict[str, Tensor]:
        with block():
            return {name: values.float() for name, values in zip(layers, network(of), strict=True)}

    with torch.no_grad():
        wanted = features(content)
        painted = {name: gram(values) for name, values in features(style).items()}
    image = content.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([image], 0.01)

    def step() -> None:
        optimizer.zero_grad()
        found = features(image)
        loss = total_variation(image)
        for name in extractor.content_layers:
            loss = loss + F.mse_loss(found[name], wanted[name])
        for name in extractor.style_layers:
            loss = loss + (gram(found[name]) - painted[name]).square().sum() / painted[name].square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def engine(
    extractor: Any, content: Tensor, style: Tensor, block: Callable[[], AbstractContextManager[object]]
) -> Callable[[], None]:
    """One state more of a transfer at a single scale."""
    states = transfer(content, [style], extractor, Settings(steps=10_000, scales=1, tile=0), autocast=block)
    return lambda: next(states) and None


def measure(words: argparse.Namespace, extractor: Any) -> None:
    """Print the median seconds of a step of each, and ratios."""
    device = pick_device(words.device)
    torch.manual_seed(0)
    content, style = (torch.rand(1, 3, words.size * 2 // 3, words.size, device=device) * 2 - 1 for _ in range(2))
    block = autocast(device, words.precision)
    steps = {
        "tutorial": tutorial(extractor, content, style),
        "bare": bare(extractor, content, style, block),
        "engine": engine(extractor, content, style, block),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        for _ in range(STEPS_UNSEEN):
            step()
    for _ in range(words.rounds):
        for name, step in steps.items():
            begin = time.perf_counter()
            for _ in range(words.steps):
                step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds[name].append((time.perf_counter() - begin) / words.steps)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        print(f"{name:<10}{value:8.3f} s a step")
    print(f"engine's speed: {medians['bare'] / medians['engine']:.2f} of bare, ", end="")
    print(f"{medians['tutorial'] / medians['engine']:.2f} of the tutorial's")
    print(f"most memory of all three together: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def race(words: argparse.Namespace, extractor: Any) -> None:
    """One scale by plain L-BFGS against our own, at one scale and several, on the same objective at full size."""
    device = pick_device(words.device)
    content = as_image(read_picture(words.pictures[0], words.size), device)
    style = as_image(read_style(words.pictures[1], words.size), device)

    def states(scales: int | None, start: str) -> Iterator[State]:
        return transfer(content, [style], extractor, Settings(steps=words.steps, scales=scales, start=start))

    ours = MINIMISERS["lbfgs"]
    MINIMISERS["lbfgs"] = partial(lbfgs, tilt=0.0)
    begin = time.perf_counter()
    *_, last = states(1, words.start)
    plain, goal = time.perf_counter() - begin, last.terms.total
    print(f"plain L-BFGS at one scale from {words.start}: loss {goal:.5f} after {words.steps} steps, {plain:.1f} s")
    MINIMISERS["lbfgs"] = ours
    for name, scales, start in (("ours at one scale", 1, words.start), ("ours from coarse to fine", None, "content")):
        begin = time.perf_counter()
        for state in states(scales, start):
            there = state.image.shape == content.shape and state.terms.total <= goal
            if there:
                break
        seconds = time.perf_counter() - begin
        said = f"there after {seconds:.1f} s, {seconds / plain:.2f} of the time"
        print(
            f"{name}: {said if there else f'not there after {seconds:.1f} s, loss {state.terms.total:.5f}'}", flush=True
        )


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="*")
    parser.add_argument("--network", default="vgg19", choices=["vgg19", "squeezenet"])
    parser.add_argument("--weights", default="")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--race", action="store_true")
    parser.add_argument("--start", default="content", choices=["content", "noise"], help="where the one scale begins")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights = words.weights or random_weights(words.network, Path(folder))
        extractor = host().resolve("extractor", f'{words.network}:weights="{weights}"').build()
        (race if words.race else measure)(words, extractor)


if __name__ == "__main__":
    main()
