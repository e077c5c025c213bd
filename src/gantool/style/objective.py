"""The objective at one resolution: content, style and total variation of an image, and their gradient."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gantool.api.features import Statistics, StyleLoss
from gantool.style.losses import content_loss, power_of, total_variation

Image = Float[Tensor, "n 3 h w"]
"""A picture, or several of one size that are drawn in the same style."""
Network = Callable[[Tensor], Sequence[Tensor]]
"""A function from images to the features of some layers, in the order of their names."""


@dataclass(frozen=True)
class Terms:
    """The three losses, unweighted, and their weighted sum."""

    total: float
    content: float
    style: float
    tv: float


@dataclass(frozen=True)
class Balance:
    """The weights of the losses, and of each layer within content and style; layers' weights sum to 1."""

    content: float
    style: float
    tv: float
    content_layers: Mapping[str, float]
    style_layers: Mapping[str, float]

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is needed, once."""
        return tuple(dict.fromkeys((*self.style_layers, *self.content_layers)))


@dataclass(frozen=True)
class StyleTarget:
    """The style of one region: the targets of each layer, and a `mask` at image size (None: everywhere)."""

    measured: Mapping[str, Statistics]
    mask: Float[Tensor, "1 1 h w"] | None
    share: float


class Objective:
    """The loss of an image of the content's size; call `set_content` and `set_styles` first.

    Of several images, each with its own content, it is the mean.
    """

    def __init__(
        self,
        network: Network,
        layers: Sequence[str],
        balance: Balance,
        style_loss: StyleLoss,
        autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._network, self._layers = network, tuple(layers)
        self._balance, self._style_loss, self._autocast = balance, style_loss, autocast
        self._content: dict[str, tuple[Tensor, Tensor]] = {}
        self._regions: list[StyleTarget] = []

    def features(self, image: Image) -> dict[str, Tensor]:
        """Features of every layer, in float32 (or in float64, for an image in it)."""
        with self._autocast():
            found = self._network(image)
        return {
            name: values.to(torch.promote_types(values.dtype, torch.float32))
            for name, values in zip(self._layers, found, strict=True)
        }

    @torch.no_grad()
    def set_content(self, content: Image) -> None:
        """Set the picture whose features are to be kept."""
        features = self._content_features(content)
        self._content = {name: (values, power_of(values)) for name, values in features.items()}

    @torch.no_grad()
    def set_styles(
        self,
        styles: Sequence[Float[Tensor, "1 3 _ _"]],
        shares: Sequence[float],
        masks: Sequence[Float[Tensor, "1 1 h w"]] | None = None,
    ) -> None:
        """Set the target: all styles blended by `shares`, or with masks of the content's size one style per region."""
        names = list(self._balance.style_layers)
        weights = [share / sum(shares) for share in shares]
        each = [self._style_measures(style) for style in styles]
        blend = self._style_loss.blend
        if masks is None:
            blended = {name: blend([one[name] for one in each], weights) for name in names}
            self._regions = [StyleTarget(blended, None, 1.0)]
            return
        areas = [float(mask.mean()) for mask in masks]
        self._regions = [
            StyleTarget({name: blend([one[name]], [1.0]) for name in names}, mask, area / sum(areas))
            for one, mask, area in zip(each, masks, areas, strict=True)
        ]

    def _content_features(self, content: Image) -> dict[str, Tensor]:
        features = self.features(content)
        return {name: features[name] for name in self._balance.content_layers}

    def _style_measures(self, style: Float[Tensor, "1 3 _ _"]) -> dict[str, Statistics]:
        features = self.features(style)
        return {name: self._style_loss.measure(features[name]) for name in self._balance.style_layers}

    def parts(self, image: Image) -> tuple[Float[Tensor, ""], Float[Tensor, ""], Float[Tensor, ""]]:
        """Content, style and total variation, differentiable."""
        features = self.features(image)
        zero = image.new_zeros(())
        content, style = zero, zero
        for name, weight in self._balance.content_layers.items():
            target, power = self._content[name]
            content = content + weight * content_loss(features[name], target, power)
        for region in self._regions:
            for name, weight in self._balance.style_layers.items():
                values = features[name]
                mask = None if region.mask is None else mask_at(region.mask, values.shape[-2], values.shape[-1])
                for one in torch.split(values, 1):
                    measured = self._style_loss.measure(one, mask)
                    distance = self._style_loss.distance(measured, region.measured[name])
                    style = style + region.share * weight / len(values) * distance
        return content, style, total_variation(image)

    def turn(self) -> None:
        """Draw the random directions of the style loss anew, if it has any."""
        self._style_loss.turn()

    def evaluate(self, image: Image) -> tuple[Terms, Image]:
        """The losses at an image and the gradient of their weighted sum."""
        leaf = image.detach().requires_grad_(True)
        with torch.enable_grad():
            content, style, tv = self.parts(leaf)
            total = self._balance.content * content + self._balance.style * style + self._balance.tv * tv
            (gradient,) = torch.autograd.grad(total, leaf)
        numbers = torch.stack([total, content, style, tv]).detach().tolist()
        return Terms(*numbers), gradient


def mask_at(mask: Float[Tensor, "1 1 _ _"], height: int, width: int) -> Float[Tensor, "1 1 height width"]:
    """A mask at the size of features, by averaging."""
    return F.adaptive_avg_pool2d(mask, (height, width))
