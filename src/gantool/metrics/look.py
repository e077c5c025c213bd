"""Simple statistics that reveal noise, blank pictures and saturated colours."""

from jaxtyping import UInt8
from torch import Tensor

from gantool.metrics.pyramid import laplacian
from gantool.pixels import to_float


def clipped(images: UInt8[Tensor, "n c h w"]) -> float:
    """The share of values at 0 or 255."""
    return float(((images == 0) | (images == 255)).float().mean())


def contrast(images: UInt8[Tensor, "n c h w"]) -> float:
    """The mean deviation of pixels within a picture and channel; 0 if every picture is of one colour."""
    return float(to_float(images).flatten(2).std(dim=-1, correction=0).mean())


def detail(images: UInt8[Tensor, "n c h w"]) -> float:
    """Root mean square of the finest level of the Laplacian pyramid: edges and grain, and most of all noise."""
    return float(laplacian(to_float(images), smallest=1)[0].square().mean().sqrt())
