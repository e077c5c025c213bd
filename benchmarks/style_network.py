"""How near a style network brings photos to its style, how long a pass takes, and how much noise moves the picture.

    python benchmarks/style_network.py NETWORK STYLE PHOTO... [--extractor E] [--size N]

style   the style loss of the picture, and as a share of the photo's own
noise   root mean square change of the picture, by that of the photo, for noise of one level of 256
pan     mean difference in levels of two frames of a pan by 1 and by 4 pixels, once the motion is undone
pass    CPU milliseconds for a picture of 256 x 256 pixels, median of 15
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.style_networks import StyleNetwork
from gantool.cli.components import find_extractor
from gantool.data.pictures.whole import read_picture
from gantool.plugins.host import host
from gantool.style.job import as_image, find_style_loss, read_style
from gantool.style.layers import balance_of
from gantool.style.learning import objective_of
from gantool.style.lesson import Lesson
from gantool.style.network import redrawn
from gantool.style.network_file import load_style_network

LEVEL, ROUNDS = 2 / 255, 15
PANS, BORDER = (1, 4), 16
"""Pans in pixels, the second the network's stride, and the border that is left out of their comparison."""


def after_motion(network: StyleNetwork, photo: Float[Tensor, "1 3 h w"], pixels: int) -> float:
    """The mean difference in levels between two frames of a pan by so many pixels, once the motion is undone."""
    width = photo.shape[-1] - pixels
    one, two = (redrawn(network, photo[..., start : start + width]) for start in (0, pixels))
    off = one[..., pixels:] - two[..., : width - pixels]
    return 127.5 * off[..., BORDER:-BORDER, BORDER:-BORDER].abs().mean().item()


@torch.no_grad()
def main() -> None:
    """Print a line for each photo, then the time of a pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--extractor", default="auto")
    parser.add_argument("--size", type=int, default=384)
    given = parser.parse_args()
    cpu = torch.device("cpu")
    network, card = load_style_network(given.network)
    extractor, _ = find_extractor(given.extractor)
    style_loss = find_style_loss(host(), card.style_loss, extractor)
    lesson = Lesson(size=card.size, style_size=card.style_size)
    balance = balance_of(extractor, lesson.settings, style_loss)
    style = as_image(read_style(given.style, card.style_size), cpu)
    objective = objective_of(style, extractor, style_loss, balance, lesson)
    for path in given.photos:
        photo = as_image(read_picture(path, given.size), cpu)
        picture = redrawn(network, photo)
        objective.set_content(photo)
        own, drawn = (objective.parts(image)[1].item() for image in (photo, picture))
        noise = LEVEL * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))
        moved = (redrawn(network, photo + noise) - picture).square().mean().sqrt() / noise.square().mean().sqrt()
        pans = ", ".join(f"{after_motion(network, photo, pixels):.1f}" for pixels in PANS)
        print(f"{path.stem:<24} style {drawn:.3f} of {own:.3f} ({drawn / own:.0%})  noise x {moved:.2f}  pan {pans}")
    square, seconds = torch.zeros(1, 3, 256, 256), list[float]()
    for _ in range(ROUNDS):
        began = time.process_time()
        network(square)
        seconds.append(time.process_time() - began)
    print(f"pass {1000 * statistics.median(seconds):.0f} ms at 256 x 256, {1000 * min(seconds):.0f} ms at best")


if __name__ == "__main__":
    main()
