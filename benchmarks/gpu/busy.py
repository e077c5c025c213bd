"""The share of the time in which a GPU works, in a run on real pictures: of 1, what the host and the data leave of it.

    python benchmarks/gpu/busy.py DATA [--arch dcgan] [--resolution 64] [--batch 64] [--steps 200] [--device auto]
        [--graph off]

Kernels and copies are those that torch's profiler sees; where two overlap, the time counts once. On a CPU it is the
time inside of torch's operations, which only tries this program.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

import gantool
from gantool.engine.devices import pick_device

WARM_STEPS = 120
"""In which all is recorded that can be."""


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union of spans."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def main() -> None:
    """Train, watch some steps, and print the share."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data")
    asked.add_argument("--arch", default="dcgan")
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=64)
    asked.add_argument("--steps", type=int, default=200)
    asked.add_argument("--device", default="auto")
    asked.add_argument("--graph", default="off")
    words = asked.parse_args()
    device = pick_device(words.device)
    config = gantool.configure(
        arch=words.arch,
        data=words.data,
        resolution=words.resolution,
        batch=words.batch,
        device=words.device,
        graph=words.graph,
        images=10**8,
    )
    on_gpu = device.type == "cuda"
    kind = DeviceType.CUDA if on_gpu else DeviceType.CPU
    with tempfile.TemporaryDirectory() as folder:
        made = gantool.trainer(config, Path(folder))
        for _ in range(WARM_STEPS if on_gpu else 1):
            made.step()
        if on_gpu:
            torch.cuda.synchronize()
        with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as watched:
            begin = time.perf_counter()
            for _ in range(words.steps):
                made.step()
            if on_gpu:
                torch.cuda.synchronize()
            seconds = time.perf_counter() - begin
    events = watched.events() or []
    work = [
        (event.time_range.start, event.time_range.end)
        for event in events
        if event.device_type == kind and not getattr(event, "is_user_annotation", False)
    ]
    speed, pieces = words.steps * words.batch / seconds, len(work) / words.steps
    print(f"{covered(work) / 1e6 / seconds:.0%} busy, {speed:,.0f} images/s, {pieces:.0f} pieces of work a step")


if __name__ == "__main__":
    main()
