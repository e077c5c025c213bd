"""How near a stylised picture is to the style, and how much of the content is left, without any network.

    python benchmarks/style_quality.py CONTENT STYLE RESULT...

patches   sliced Wasserstein distance between 5x5 RGB patches of picture and style, mean of three scales; less is nearer
edges     correlation of edge strength of picture and content at 128 pixels; 1 is the same outlines

The first two rows are what a result must beat: the content itself, and the content with the style's colours.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from gantool.builtin.style_losses.sliced import quantiles
from gantool.data.pictures.whole import read_picture
from gantool.pixels import to_float
from gantool.style.color import luma, matched
from gantool.style.pyramid import resized, shrunk

PATCH, DIRECTIONS, SCALES = 5, 128, 3
EDGE_PIXELS = 128


def patch_distance(picture: Tensor, style: Tensor) -> float:
    """Mean absolute difference of quantiles along random directions of patch space, in [-1, 1] units, by scale."""
    directions = torch.randn(DIRECTIONS, 3 * PATCH**2, generator=torch.Generator().manual_seed(2024))
    directions = F.normalize(directions, dim=1).view(-1, 3, PATCH, PATCH)
    distances = []
    for level in range(SCALES):
        views = [
            F.conv2d(resized(one, one.shape[-2] >> level, one.shape[-1] >> level), directions)[0].flatten(1)
            for one in (picture, style)
        ]
        first, second = (quantiles(view, 4096) for view in views)
        distances.append((first - second).abs().mean().item())
    return sum(distances) / SCALES


def edge_correlation(picture: Tensor, content: Tensor) -> float:
    """Pearson correlation of Sobel magnitudes of lightness."""
    first, second = (edges(shrunk(one, EDGE_PIXELS)).flatten() for one in (picture, content))
    return float(torch.corrcoef(torch.stack([first, second]))[0, 1])


def edges(image: Tensor) -> Tensor:
    """Sobel magnitude of lightness."""
    sobel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    return F.conv2d(luma(image), torch.stack([sobel, sobel.T])[:, None]).square().sum(dim=1).sqrt()


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("results", type=Path, nargs="+")
    words = parser.parse_args()
    results = {str(path): to_float(read_picture(path).pixels)[None] for path in words.results}
    longest = max(next(iter(results.values())).shape[-2:])
    content = to_float(read_picture(words.content, longest).pixels)[None]
    style = shrunk(to_float(read_picture(words.style).pixels)[None], longest)
    rows = {"content itself": content, "colours alone": matched(content, style), **results}
    print(f"{'patches':>8}{'edges':>8}")
    for name, picture in rows.items():
        print(f"{patch_distance(picture, style):8.3f}{edge_correlation(picture, content):8.2f}  {name}")


if __name__ == "__main__":
    main()
