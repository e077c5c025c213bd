"""The data path: images per second of `take()` at 64 pixels, and how long the cache of a folder takes to build.

    python benchmarks/data_path.py [--images 3583] [--batch 64]

Makes its own pictures (128-pixel PNG discs) in a temporary folder and leaves nothing behind.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from gantool.builtin.sources.folder import build
from gantool.data.batches import open_batches
from gantool.data.cache.build import CachedSource
from gantool.data.pictures.options import FolderOptions


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=3583)
    parser.add_argument("--batch", type=int, default=64)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GANTOOL_CACHE"] = f"{folder}/cache"
        draw(Path(folder) / "pictures", asked.images)
        options = FolderOptions(path=f"{folder}/pictures")
        began = time.perf_counter()
        source = build(options, resolution=64, channels=3)
        print(f"build the cache of {asked.images} pictures, 128 to 64 pixels: {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        build(options, resolution=64, channels=3)
        print(f"find it again: {time.perf_counter() - began:.2f} s")
        for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
            for flip in (False, True):
                rate = images_per_second(source, torch.device(device), flip, asked.batch)
                print(f"take({asked.batch}) on {device}{', flipped' if flip else ''}: {rate:,.0f} images/s")
            for side in (32, 16, 8):
                rate = images_per_second(source, torch.device(device), False, asked.batch, side)
                print(f"take({asked.batch}) on {device}, reduced to {side} pixels: {rate:,.0f} images/s")
        if sys.platform != "win32":
            import resource

            print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def draw(folder: Path, count: int) -> None:
    """Pictures of one disc each."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    for index in range(count):
        picture = Image.fromarray(chance.integers(0, 40, (128, 128, 3), np.uint8))
        x, y, radius = (int(value) for value in chance.integers(20, 100, 3))
        ImageDraw.Draw(picture).ellipse(
            (x - radius, y - radius, x + radius, y + radius), fill=tuple(chance.integers(0, 255, 3))
        )
        picture.save(folder / f"{index:05}.png", compress_level=1)


def images_per_second(
    source: CachedSource, device: torch.device, flip: bool, batch: int, side: int = 64, seconds: float = 2.0
) -> float:
    """Of `take` alone, over consecutive batches and several epochs, at a level of this side."""
    batches = open_batches(
        source, name="folder", resolution=64, channels=3, seed=0, flip=flip, labels=False, device=device
    )
    seen = 0
    for _ in range(10):
        batches.take(seen, batch, side)
        seen += batch
    warm, began = seen, time.perf_counter()
    while time.perf_counter() - began < seconds:
        batches.take(seen, batch, side)
        seen += batch
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (seen - warm) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
