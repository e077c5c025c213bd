"""Extractors of features, and style losses between features."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.part import Part


class Extractor(Part):
    """A network that turns images in [-1, 1] into features; metrics and style transfer use it.

    Style transfer also needs `layers` (names, shallow to deep), `content_layers` and `style_layers` (tables from names
    to weights) and `select`. `style_loss` names the style loss that suits it, and `style_strength` is the factor by
    which style weighs more in a picture that is optimised by this network, so that `--style-weight 1` is usable.

    Large images are computed by tiles (`--tile`) where the network that `select` returns has three attributes, in input
    pixels: `strides` (the distance of two features, by layer), `stride` (the largest of them; tiles lie on its grid)
    and `halo` (how far away an input may be on which a feature depends: a tile is given with so much around it).

    `gantool evaluate` compares the mean magnitudes over places of the last of `layers`, or of those that
    `metric_layers` names, or of the last feature where there are no layers; a feature `[n, d]` stays as it is. All are
    divided by their root mean square among the data's, unless they are `calibrated`: of a scale that is the same for
    any data.

    `flavour` says in a few words what numbers depend on beside the name, such as weights and the way of resizing.
    """

    layers: Sequence[str] = ()
    content_layers: Mapping[str, float] = MappingProxyType({})
    style_layers: Mapping[str, float] = MappingProxyType({})
    style_loss: str = "gram"
    style_strength: float = 1.0
    metric_layers: Sequence[str] = ()
    calibrated: bool = False
    flavour: str = ""

    @abstractmethod
    def __call__(self, images: Float[Tensor, "n c h w"]) -> Sequence[Float[Tensor, "n *feature"]]:
        """Features, shallow to deep."""

    def select(self, layers: Sequence[str]) -> Callable[[Tensor], Sequence[Tensor]] | None:
        """A callable that gives the features of these layers alone; None without layers."""
        return None


Statistics = tuple[Tensor, ...]
"""Statistics of features that a `StyleLoss` compares; the last tensor is the number of places they are from."""

PlaceWeights = Float[Tensor, "#n 1 h w"]
"""The weight of each place: a mask at the size of the features."""


class StyleLoss(Part):
    """A distance between the features of an image and those of a style, without regard to where they are.

    Statistics are measured once for a style and at every step for the image. `additive` statistics of tiles add up to
    those of the whole image, which large images need. A `stochastic` loss draws anew at each step, and is minimised by
    Adam and not by L-BFGS. `strength` is the factor that `--style-weight 1` stands for.
    """

    additive = True
    stochastic = False
    strength = 8.0

    @abstractmethod
    def measure(self, features: Float[Tensor, "n c h w"], weights: PlaceWeights | None = None) -> Statistics:
        """Statistics of one layer's features; the last tensor is the number of places, or the sum of their weights.

        The others are sums over places, unless `blend` is overridden as well.
        """

    def blend(self, targets: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
        """One target made of several styles, by shares that sum to 1: here the mean of the statistics for a place."""
        parts = [
            [share * part / target[-1] for part in target[:-1]] for target, share in zip(targets, shares, strict=True)
        ]
        return (*(torch.stack(same).sum(dim=0) for same in zip(*parts, strict=True)), targets[0][-1].new_ones(()))

    @abstractmethod
    def distance(self, measured: Statistics, target: Statistics) -> Float[Tensor, ""]:
        """The distance: 0 at the target, about 1 for an image with nothing of the style."""

    def seed(self, seed: int) -> None:
        """Seed the random numbers of one scale, if there are any."""

    def turn(self) -> None:
        """Draw anew before a step, if anything is drawn at random."""
