"""Runs that do not fit one machine: the order of a billion pictures, shards to batches, memory, network, processes.

    python benchmarks/scale.py [order] [batches] [memory] [network] [processes]

All five without a name. It makes its own shards in a temporary folder and leaves nothing behind. The machine may be
shared, so speed is that of the processors' time, which other programs change little: of this process and its workers.
Only `processes` goes by the clock, and needs two quiet cores.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

import gantool
from gantool.builtin.sources.shards import ShardsSource, build
from gantool.data.batches import ShuffledBatches, open_batches
from gantool.data.order import Order
from gantool.data.pictures.workers import cores
from gantool.data.shards.options import ShardsOptions
from gantool.data.shards.worker import decode_all
from gantool.data.shards.writing import Packed, write_shards
from gantool.engine.distributed import World
from gantool.engine.step import discriminator_step, generator_step
from gantool.plugins.host import host
from gantool.run.planning import plan_of
from gantool.run.prepare import build_game, prepare

BILLION = 10**9
BATCH, SIDE = 64, 64
ROUNDS, STEPS = 3, 16
GPUS = 64


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    torch.set_num_threads(1)
    for part in parser.parse_args().parts:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["GANTOOL_CACHE"] = f"{folder}/cache"
            PARTS[part](Path(folder))


def order(_: Path) -> None:
    """Time and memory of the order of a billion pictures, one permutation and 100,000 shards of 10,000."""
    for what, groups in (("in one permutation", ()), ("in 100,000 shards and windows of 8", [10_000] * 100_000)):
        before = resident()
        tracemalloc.start()
        Order(0, BILLION, groups, 8).images_at(0, BATCH)
        most = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        whole = Order(0, BILLION, groups, 8)
        first = spent(whole, [0], 1)
        anywhere = spent(whole, np.random.default_rng(0).integers(0, BILLION, 500).tolist(), 1)
        following = spent(whole, range(12_345, 12_345 + 500 * BATCH, BATCH), BATCH)
        print(
            f"1e9 pictures, {what}: {first:.2f} ms for the first picture of an epoch, {anywhere:.3f} ms for one "
            f"anywhere in it, {following:.3f} ms for the next {BATCH}; {most:.0f} MB at most, and "
            f"{resident() - before:.0f} MB more than before"
        )


def spent(whole: Order, places: Sequence[int], n: int) -> float:
    """Milliseconds of this processor for n pictures from each of these places on."""
    began = time.process_time()
    for place in places:
        whole.images_at(place, n)
    return (time.process_time() - began) / len(places) * 1e3


def batches(folder: Path) -> None:
    """Shards to batches beside reading and decoding alone, by JPEGs of 256 pixels; some of each in turns."""
    write_shards(photos(2048, 256), folder / "shards", 12_000_000, "data")
    for count in (0, cores()):
        source = opened(folder / "shards", count)
        jobs = [one for index in range(len(source)) if isinstance(one := source._found(index), tuple)]
        made = batches_of(source)
        made.take(0, BATCH)  # starts the workers
        workers = [worker._process.pid for worker in source._decoders._workers]
        decoding, batched, clock = 0.0, 0.0, 0.0
        for start in range(0, len(jobs), BATCH):
            began = time.process_time()
            decode_all(jobs[start : start + BATCH], source.decoding, SIDE, 3)
            decoding += time.process_time() - began
            began, by_clock = time.process_time() + sum(map(busy, workers)), time.perf_counter()
            made.take(BATCH + start, BATCH)
            batched += time.process_time() + sum(map(busy, workers)) - began
            clock += time.perf_counter() - by_clock
        print(
            f"{count or 'no'} workers: {len(jobs) / decoding:.0f} pictures for a second of a core by decoding alone, "
            f"{len(jobs) / batched:.0f} to batches ({decoding / batched:.2f}); {len(jobs) / clock:.0f} by the clock"
        )


def memory(folder: Path) -> None:
    """Memory of this process and its workers over 5 epochs of 24 shards of 500 pictures."""
    write_shards(photos(12_000, 64), folder / "shards", 1_280_000, "data")
    source = opened(folder / "shards", 2)
    print(f"{len(source.groups)} shards of {source.groups[0]} pictures")
    made = batches_of(source)
    for epoch in range(5):
        for start in range(epoch * len(source), (epoch + 1) * len(source), BATCH):
            made.take(start, BATCH)
        workers = [worker._process.pid for worker in source._decoders._workers]
        print(
            f"after epoch {epoch + 1}: {resident():.1f} MB, and "
            f"{', '.join(f'{resident(process):.1f}' for process in workers)} MB of its workers"
        )


def network(_: Path) -> None:
    """Bytes that a step at 256 pixels sends through all-reduce, and what a ring of 64 GPUs needs for them."""
    more = ("stylegan2",) if "stylegan2" in host().specs("architecture") else ()
    for arch in ("dcgan:width=64", "progressive", "msg", *more):
        settings = {"data": "shapes:count=8", "resolution": 256, "augment": "none", "device": "cpu", "images": "5M"}
        config = gantool.configure(arch=arch, batch=2, precision="float32", layout="contiguous", **settings)
        prepared = prepare(config, plan_of(config).components, 8, [], torch.device("cpu"))
        sent: list[int] = []
        game = build_game(prepared, torch.device("cpu"), Counting(0, 2, sent=sent))
        stage = prepared.stages[-1]
        game.gan.advance(stage.start)
        images = game.precision.arrange(torch.zeros(2, 3, stage.resolution, stage.resolution))
        discriminator_step(game, images, None, 0)
        generator_step(game, images, None, 0)
        ring = 2 * (GPUS - 1) / GPUS * sum(sent)
        times = ", ".join(f"{ring / (bits / 8):.3f} s at {bits / 1e9:.0f} Gbit/s" for bits in (100e9, 400e9))
        print(f"{arch}: {sum(sent) / 1e6:.1f} MB by {len(sent)} all-reduces; a ring of {GPUS} needs {times}")


@dataclass(frozen=True)
class Counting(World):
    """One of two processes without the other: it counts the bytes of gradients that it would send."""

    sent: list[int] = field(default_factory=list)

    def average(self, parameters: Iterable[nn.Parameter], value: Tensor) -> Tensor:
        """The value of this process alone."""
        with mock.patch("torch.distributed.all_reduce", lambda flat, *_: self.sent.append(flat.nbytes)):
            return super().average(parameters, value)


def processes(folder: Path) -> None:
    """Images a second of two processes of one thread beside twice those of one, each with 32 images a step."""
    alone, both = (
        median(speeds) for speeds in zip(*([_speed(folder, n) for n in (1, 2)] for _ in range(ROUNDS)), strict=True)
    )
    print(
        f"dcgan, 64 pixels: {alone:.1f} images/s by one process, {both:.1f} by two: efficiency {both / alone / 2:.2f}"
    )


def _speed(folder: Path, count: int) -> float:
    """Images a second of a training by so many processes, the median over its steps after the first ones."""
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count), "-m", "--", "gantool"]
    name = f"{count}-{len([*folder.glob('runs/*')])}"
    words = f"train -q --arch dcgan:width=64 --data shapes --resolution 64 --batch {32 * count}"
    words += f" --images {32 * count * STEPS}"
    flags = f"--precision float32 --device cpu --snapshot-every 100000 --out {folder}/runs --name {name}"
    program = [sys.executable, *(several if count > 1 else ["-m", "gantool"]), *words.split(), *flags.split()]
    subprocess.run(program, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    lines = map(json.loads, (folder / "runs" / name / "metrics.jsonl").read_text().splitlines())
    speeds = [line["images_per_second"] for line in lines if "images_per_second" in line]
    return median(speeds[len(speeds) // 4 :])


PARTS: dict[str, Callable[[Path], None]] = {
    "order": order, "batches": batches, "memory": memory, "network": network, "processes": processes,
}  # fmt: skip


def opened(folder: Path, workers: int) -> ShardsSource:
    """The shards in a folder, at the side that is trained."""
    return build(ShardsOptions(path=str(folder), workers=workers), SIDE, 3)


def batches_of(source: ShardsSource) -> ShuffledBatches:
    """Batches on the CPU, mirrored at random."""
    return open_batches(source, name="shards", resolution=SIDE, channels=3, seed=0, flip=True, labels=False,
                        device=torch.device("cpu"))  # fmt: skip


def photos(count: int, side: int) -> Iterator[Packed]:
    """JPEGs of soft noise, which are as large as photographs of this side."""
    chance = np.random.default_rng(0)
    for _ in range(count):
        small = Image.fromarray(chance.integers(0, 256, (side // 8, side // 8, 3), np.uint8))
        content = io.BytesIO()
        small.resize((side, side), Image.Resampling.BICUBIC).save(content, "JPEG", quality=90)
        yield Packed(content.getvalue(), "jpg", None)


def busy(process: int) -> float:
    """Seconds of the processors that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process: int | None = None) -> float:
    """Memory of a process in MB."""
    file = Path(f"/proc/{process or 'self'}/statm")
    if not file.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return int(file.read_text().split()[1]) * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
