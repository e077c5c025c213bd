"""Images a second of training steps: five loops for each of several networks, and the share of the card's bf16 peak.

    python benchmarks/gpu/steps.py [--only dcgan-64-b64 ...] [--seconds 0.5] [--rounds 3] [--device auto]
        [--limit 70] [--rows FILE]

tutorial       float32, contiguous, plain Adam, four .item() every step
bare           the same loss and penalties by hand in bf16 and channels_last, fused Adam, nothing else
bare graphed   the same, recorded as a CUDA graph for each set of lazy penalties
engine         gantool's trainer, --graph off
engine graphed gantool's trainer, --graph on

All run in one process, one after the other in each round, on pictures that rest on the device. Cases whose rows are in
FILE are left out: one that takes more than LIMIT seconds, or breaks the device, ends the program, and the same command
goes on with the next. A step's operations are
counted by torch in the bare loop: multiplications and additions of matrix products and convolutions, double backward
included. The peak is that of the data sheet, where it is known here, or that of a large product of matrices.
"""

import argparse
import copy
import faulthandler
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from gantool.api.events import Warned
from gantool.api.networks import Labels
from gantool.engine.cuda_graphs import CudaRecorder
from gantool.engine.devices import pick_device
from gantool.engine.distributed import World
from gantool.engine.judging import PerImage
from gantool.engine.model_file import ModelCard
from gantool.engine.precision import Precision
from gantool.engine.trainer import Trainer
from gantool.errors import GantoolError
from gantool.pixels import to_float
from gantool.plugins.host import host
from gantool.run.prepare import PreparedRun, build_game, prepare
from gantool.run.resolve import resolve_run

PEAKS = {
    "H200 NVL": 835.5e12,
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100 NVL": 835.5e12,
    "H100": 989e12,
    "A100": 312e12,
}
"""Operations a second in dense bf16, by NVIDIA's data sheets; of whole cards, not of a part of one (MIG)."""
GROWN = "progressive:stabilise_kimg=0.001,fade_kimg=0,batch_halves_beyond=0"
AT_THE_END = {
    "horizon": 1, "lr_schedule": "constant", "penalty": ("r1-falling:images=1", "r2-falling:images=1"),
}  # fmt: skip
"""r3gan's schedules over: beta2 and gamma change with each step before, and the bare loop's graph cannot follow."""
CASES: dict[str, dict[str, Any]] = {
    "dcgan-64-b64": {"arch": "dcgan", "resolution": 64, "batch": 64},
    "stylegan2-256-b16": {"arch": "stylegan2", "resolution": 256, "batch": 16},
    "dcgan-64-b256": {"arch": "dcgan", "resolution": 64, "batch": 256},
    "progressive-256-b16": {"arch": GROWN, "resolution": 256, "batch": 16},
    "r3gan-64-b64": {"arch": "r3gan", "resolution": 64, "batch": 64} | AT_THE_END,
    "msg-128-b16": {"arch": "msg", "resolution": 128, "batch": 16},
    "dcgan-64-b1024": {"arch": "dcgan", "resolution": 64, "batch": 1024},
    "tiny": {"arch": "dcgan:width=4,max_width=8", "resolution": 16, "batch": 8, "penalty": ("r1:every=4,weight=1",)},
}
"""In the order of their worth; the last one tries this program."""
COUNTED, WARM = 16, 3
"""Steps in which each penalty is due, and plays of each set of penalties before it is recorded."""
Steps = dict[str, Callable[[], object]]


class Pictures:
    """Random uint8 pictures on the device."""

    class_names, fingerprint, notes = (), "noise", ()

    def __init__(self, batch: int, side: int, device: torch.device) -> None:
        self.images = torch.randint(0, 256, (2 * batch, 3, side, side), dtype=torch.uint8, device=device)
        self.count = len(self.images)

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[Tensor, Labels]:
        """The next batch."""
        return self.images[images_seen % self.count :][:n], None


@dataclass
class Loop:
    """A loop written by hand, with the loss and the penalties of the engine's run."""

    ready: PreparedRun
    device: torch.device
    taught: bool = False
    seen: int = 0
    graphs: dict[tuple[bool, ...], Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.precision = Precision(device_type=self.device.type) if self.taught else self.ready.precision
        gan, config = self.ready.gan, self.ready.config
        gan.advance(self.ready.stages[-1].start)
        self.g, self.d = (self.precision.place(network, self.device) for network in gan.networks)
        self.penalties = [
            one.to(self.device) if isinstance(one, nn.Module) else one for one in self.ready.parts.penalties
        ]
        how: dict[str, Any] = {} if self.taught else {"fused": True}
        self.optimizers = [
            torch.optim.Adam(network.parameters(), rate, config.betas, **how)
            for network, rate in ((self.g, config.lr_g), (self.d, config.lr_d))
        ]
        self.batch = self.ready.stages[-1].batch
        self.real = Pictures(self.batch, config.resolution, self.device).images[: self.batch]

    def _fakes(self) -> tuple[Tensor, ...]:
        with self.precision.autocast():
            z = torch.randn(self.batch, self.ready.gan.latent_dim, device=self.device)
            return tuple(level.float() for level in self.g(z, None))

    def _judge(self, images: tuple[Tensor, ...]) -> Tensor:
        with self.precision.autocast():
            logits = self.d(images, None)
        return (logits[0] if isinstance(logits, tuple) else logits).float().flatten()

    def _learn(
        self, number: int, loss: Tensor, side: str, due: tuple[bool, ...], values: Callable[[Any], Tensor]
    ) -> None:
        for penalty, is_due in zip(self.penalties, due, strict=True):
            if is_due and penalty.side == side:
                loss = loss + penalty.weight * penalty.every * values(penalty).mean()
        self.optimizers[number].zero_grad()
        loss.backward()
        self.optimizers[number].step()

    def play(self, due: tuple[bool, ...]) -> list[Tensor]:
        """The step of both networks with these penalties."""
        gan, loss = self.ready.gan, self.ready.parts.loss
        real = gan.view(self.precision.arrange(to_float(self.real)))
        with torch.set_grad_enabled(self.taught):
            fake = tuple(level.detach() for level in self._fakes())
        of_real, of_fake = self._judge(real), self._judge(fake)
        loss_d = loss.discriminator(of_real, of_fake).mean()
        self._learn(1, loss_d, "discriminator", due, lambda one: one(PerImage(self.d), real, fake, None))
        learning = [] if self.taught else [weight for weight in self.d.parameters() if weight.requires_grad]
        for weight in learning:
            weight.requires_grad_(False)
        fakes = self._judge(self._fakes())
        loss_g = loss.generator(self._judge(real) if loss.pairs_real else None, fakes).mean()
        z = torch.randn(self.batch, gan.latent_dim, device=self.device)
        self._learn(0, loss_g, "generator", due, lambda one: one(self.g, z, None))
        for weight in learning:
            weight.requires_grad_(True)
        return [loss_d, loss_g, of_real.mean(), of_fake.mean()]

    def due(self) -> tuple[bool, ...]:
        """The penalties that are due in the next step."""
        self.seen += 1
        return tuple((self.seen - 1) % one.every == 0 for one in self.penalties)

    def step(self) -> None:
        """The next step."""
        told = self.play(self.due())
        if self.taught:
            _ = [value.item() for value in told]

    def record(self) -> Callable[[], None]:
        """A function that replays the next step, each set of penalties recorded once."""
        recorder = CudaRecorder(self.device)
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["capturable"] = True
        for due in sorted({self.due() for _ in range(COUNTED)}):
            work = partial(self.play, due)
            for _ in range(WARM):
                recorder.warm(work)
            self.graphs[due], _ = recorder.record(work)
        return lambda: self.graphs[self.due()]()


def ready_for(case: dict[str, Any], device: torch.device) -> PreparedRun:
    """The run, built and checked."""
    asked = {"device": str(device), "augment": "none", "images": 100_000_000}
    resolved = resolve_run(host(), asked | case)
    precision = Precision("bf16", "channels_last", device.type)
    return prepare(resolved.config, resolved.components, 10**9, (), device, precision=precision)


def again(ready: PreparedRun) -> PreparedRun:
    """The same run with networks and components of its own: checking those of a plugin takes seconds."""
    parts = replace(ready.parts, observers=())  # which may hold files
    return replace(ready, gan=copy.deepcopy(ready.gan), parts=copy.deepcopy(parts))


def engine(ready: PreparedRun, device: torch.device, folder: Path, graph: str) -> tuple[Trainer, list[str]]:
    """gantool's own, at full size, and what it warns of."""
    config = ready.config.model_copy(update={"graph": graph})
    card = ModelCard(architecture=config.arch, resolution=config.resolution, channels=3, images_seen=0)
    pictures = Pictures(config.batch, config.resolution, device)
    told: list[str] = []
    note = lambda event: told.append(event.message) if isinstance(event, Warned) else None  # noqa: E731
    made = Trainer(build_game(ready, device, World()), pictures, config, folder, card, [note])
    made.step()  # in which progressive grows
    return made, told


class Counter(TorchDispatchMode):
    """Counts operations by torch's formulas; its own counter watches modules, by hooks that penalties cannot bear."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do it, and count."""
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


def operations(loop: Loop) -> float:
    """Multiplications and additions of a step, on average."""
    steps = COUNTED if any(one.every > 1 for one in loop.penalties) else 1
    with Counter() as counter:
        for _ in range(steps):
            loop.step()
    return counter.total / steps


def peak(device: torch.device) -> tuple[float, str]:
    """Operations a second that the device can do in bf16, and where the number is from."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        known = next((value for key, value in PEAKS.items() if all(word in name for word in key.split())), None)
        if known is not None and "MIG" not in name:
            return known, "data sheet"
    side = 8192 if device.type == "cuda" else 512
    one = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    return 2 * side**3 / min(took(lambda: one @ one, 10, device) for _ in range(3)), "measured"


def took(step: Callable[[], object], steps: int, device: torch.device) -> float:
    """Seconds a step."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    begin = time.perf_counter()
    for _ in range(steps):
        step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - begin) / steps


def measured(
    steps: dict[str, Callable[[], object]], words: argparse.Namespace, device: torch.device
) -> dict[str, float]:
    """The median seconds of a step of each; in a round each has the same number of steps, a whole number of cycles."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    counts = {}
    for name, step in steps.items():
        once = took(step, COUNTED, device)
        counts[name] = COUNTED * max(1, round(words.seconds / once / COUNTED))
    for _ in range(words.rounds):
        for name, step in steps.items():
            seconds[name].append(took(step, counts[name], device))
    return {name: statistics.median(values) for name, values in seconds.items()}


def measure(name: str, words: argparse.Namespace, device: torch.device, folder: Path) -> dict[str, str]:
    """The cells of one row."""
    case = CASES[name]
    ready = ready_for(case, device)
    bare = Loop(again(ready), device)
    counted = operations(bare)
    taught = Loop(again(ready), device, taught=True)
    (eager, _), (graphed, told) = (engine(again(ready), device, folder, graph) for graph in ("off", "on"))
    steps: Steps = {"tutorial": taught.step, "bare": bare.step}
    if device.type == "cuda":
        steps["bare graphed"] = Loop(again(ready), device).record()
    steps |= {"engine": eager.step, "engine graphed": graphed.step}
    warm = (8 if device.type == "cuda" else 1) * max([1, *(one.every for one in bare.penalties)])  # all are recorded
    for _ in range(min(warm, 8 * COUNTED)):
        graphed.step()
    seconds = measured(steps, words, device)
    best = seconds["engine graphed"]
    most, source = peak(device)
    goal = seconds.get("bare graphed", seconds["bare"])
    cells = {which: f"{bare.batch / value:,.0f}" for which, value in seconds.items()}
    if told:  # its steps, or some of them, are those without graphs
        cells["engine graphed"] += f" ({'; '.join(told)})"
    return {
        **cells,
        "of tutorial": f"{seconds['tutorial'] / best:.2f}",
        "of bare graphed": f"{goal / best:.2f}",
        "operations an image": f"{counted / bare.batch / 1e9:.3g} G",
        "of the peak": f"{counted / best / most:.1%} ({source})",
    }


COLUMNS = ("tutorial", "bare", "bare graphed", "engine", "engine graphed", "of tutorial", "of bare graphed",
           "operations an image", "of the peak", "card, torch", "command")  # fmt: skip
COMMAND = "python benchmarks/gpu/steps.py"
HEAD = (f"| images/s | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}")
FAILED = 3
"""The exit status where a case failed, after which the device may answer no more."""


class Rows:
    """The table in a file, written at each change; a case that is begun has a row, which says so until it is known."""

    def __init__(self, file: Path) -> None:
        self._file = file
        known = file.read_text().splitlines()[len(HEAD) :] if file.is_file() else []
        self._lines = {line.split("|")[1].strip(): line for line in known}

    def __contains__(self, name: str) -> bool:
        return name in self._lines

    def put(self, name: str, cells: dict[str, str]) -> str:
        """The row of a case."""
        self._lines[name] = f"| {name} | {' | '.join(cells.get(column, '') for column in COLUMNS)} |"
        self._file.write_text("\n".join((*HEAD, *self._lines.values())) + "\n")
        return self._lines[name]


def main() -> None:
    """Measure case by case, and write each row as soon as it is known."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", nargs="*", choices=CASES, default=[name for name in CASES if name != "tiny"])
    asked.add_argument("--seconds", type=float, default=0.5)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--device", default="auto")
    asked.add_argument("--limit", type=float, default=70.0)
    asked.add_argument("--rows", type=Path, default=Path(os.devnull))
    words = asked.parse_args()
    device = pick_device(words.device)
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    rows = Rows(words.rows)
    for name in (name for name in words.only if name not in rows):
        begin, about = time.perf_counter(), {"card, torch": f"{card}, torch {torch.__version__}"}
        about["command"] = f"`{COMMAND} --only {name}`"
        rows.put(name, {"tutorial": "not measured: it hung, took too long or broke the device"} | about)
        if device.type == "cuda":
            faulthandler.dump_traceback_later(words.limit, exit=True)  # the host may wait for ever, deaf to signals
        failed = None
        with tempfile.TemporaryDirectory() as folder:
            try:
                cells = measure(name, words, device, Path(folder))
            except (RuntimeError, GantoolError) as error:  # another case may be possible
                failed = error
                cells = {"tutorial": f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"}
        faulthandler.cancel_dump_traceback_later()
        print(f"{rows.put(name, cells | about)} {time.perf_counter() - begin:.0f} s", flush=True)
        if failed is not None:
            raise SystemExit(FAILED)
        if device.type == "cuda":
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
