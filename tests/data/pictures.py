"""Little folders of pictures for the tests of the data path."""

from pathlib import Path

import numpy as np
from PIL import Image


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (8, 8)) -> Path:
    """A file of noise of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def pictures(folder: Path, *names: str) -> Path:
    """A folder of differing pictures, one for each name."""
    for seed, name in enumerate(names):
        picture(folder / name, seed)
    return folder
