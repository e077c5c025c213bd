"""The objective computed by tiles: features and gradients of the whole image, in the memory of one tile.

A tile is given to the network with its halo, the surroundings within the receptive field, and only its own features
count. Statistics are summed over all tiles first; then the loss's gradient by the statistics is propagated back
through each tile.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.features import Statistics
from gantool.errors import OptionError
from gantool.style.losses import total_variation
from gantool.style.objective import Image, Objective, Terms, mask_at

Key = tuple[int, str]
"""The index of a region, and the name of a layer."""


@dataclass(frozen=True)
class Tile:
    """Rows and columns of the image: `crop` is the network's input, `own` the part of it that counts."""

    own: tuple[slice, slice]
    crop: tuple[slice, slice]

    def inside(self, stride: int) -> tuple[slice, slice]:
        """The place of `own` in the crop's features of this stride; a tile at the end has the remainder."""
        places = [
            slice(
                (own.start - crop.start) // stride, None if own.stop == crop.stop else (own.stop - crop.start) // stride
            )
            for own, crop in zip(self.own, self.crop, strict=True)
        ]
        return places[0], places[1]

    def whole(self, stride: int, size: tuple[int, int]) -> tuple[slice, slice]:
        """The place of the tile's own features, `size` of them, in those of the whole image."""
        rows, columns = (
            slice(own.start // stride, own.start // stride + n) for own, n in zip(self.own, size, strict=True)
        )
        return rows, columns


def tiles_of(height: int, width: int, side: int, stride: int, halo: int) -> list[Tile]:
    """Tiles of about `side` pixels that cover the image once, on the grid of `stride`."""
    side, halo = _up(side, stride), _up(halo, stride)

    def cut(length: int) -> Iterator[tuple[slice, slice]]:
        for start in range(0, length, side):
            stop = min(start + side, length)
            yield slice(start, stop), slice(max(0, start - halo), min(length, stop + halo))

    return [
        Tile((rows, columns), (more_rows, more_columns))
        for rows, more_rows in cut(height)
        for columns, more_columns in cut(width)
    ]


class TiledObjective(Objective):
    """An objective that is evaluated tile by tile; `side` is the tile's, in pixels."""

    def __init__(self, *args: Any, side: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needed = [getattr(self._network, name, None) for name in ("strides", "stride", "halo")]
        if None in needed:
            raise OptionError(
                "--tile: the network that the extractor's select(layers) returns has no strides, stride and halo, so "
                "the image cannot be tiled. Leave --tile out, or use another --extractor, such as vgg19."
            )
        if not self._style_loss.additive:
            raise OptionError(
                "--tile: the style loss is not additive over tiles, so the image cannot be tiled. Leave --tile out, or "
                "use --style-loss covariance."
            )
        self._strides: Mapping[str, int] = needed[0] or {}
        self._stride, self._halo, self._side = int(needed[1] or 1), int(needed[2] or 0), side

    def evaluate(self, image: Image) -> tuple[Terms, Image]:
        """The losses at an image and the gradient of their weighted sum."""
        leaf = image.detach().requires_grad_(True)
        with torch.enable_grad():
            tv = total_variation(leaf)
            (gradient,) = torch.autograd.grad(self._balance.tv * tv, leaf)
        style, pulls = self._pulls(image)
        content = image.new_zeros(())
        for tile in self._tiles(image):
            crop = image[(..., *tile.crop)].detach().requires_grad_(True)
            with torch.enable_grad():
                near, part = self._drawn(crop, tile, image, pulls)
                (pull,) = torch.autograd.grad(near, crop)
            gradient[(..., *tile.crop)] += pull
            content += part
        total = self._balance.content * content + self._balance.style * style + self._balance.tv * tv
        return Terms(*torch.stack([total, content, style, tv]).detach().tolist()), gradient

    def _pulls(self, image: Image) -> tuple[Tensor, dict[Key, list[Tensor]]]:
        """The style loss, and its gradient by every statistic of the whole."""
        measured: dict[Key, Statistics] = {}
        with torch.no_grad():
            for tile in self._tiles(image):
                features = self._own(image[(..., *tile.crop)], tile)
                for key, values in self._measures(features, tile, image).items():
                    measured[key] = added(measured.get(key), values)
        leaves = {key: [value.detach().requires_grad_(True) for value in values] for key, values in measured.items()}
        with torch.enable_grad():
            style = sum(
                (
                    self._regions[region].share
                    * self._balance.style_layers[name]
                    * self._style_loss.distance(tuple(values), self._regions[region].measured[name])
                    for (region, name), values in leaves.items()
                ),
                start=image.new_zeros(()),
            )
            flat = [value for values in leaves.values() for value in values]
            found = iter(torch.autograd.grad(style, flat, allow_unused=True))
        pulls = {
            key: [torch.zeros_like(value) if (got := next(found)) is None else got for value in values]
            for key, values in leaves.items()
        }
        return style.detach(), pulls

    def _drawn(
        self, crop: Float[Tensor, "1 3 _ _"], tile: Tile, image: Image, pulls: Mapping[Key, Sequence[Tensor]]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """A linear function of a tile with the gradient of the whole loss, and the tile's part of the content loss."""
        features = self._own(crop, tile)
        near, content = crop.sum() * 0, crop.new_zeros(())
        for name, weight in self._balance.content_layers.items():
            target, power = self._content[name]
            values = features[name]
            place = tile.whole(self._strides[name], (values.shape[-2], values.shape[-1]))
            part = weight * (values - target[(..., *place)]).square().sum() / (target.numel() * power)
            near, content = near + self._balance.content * part, content + part.detach()
        for key, measured in self._measures(features, tile, image).items():
            for pull, value in zip(pulls[key], measured, strict=True):
                near = near + self._balance.style * (pull * value).sum()
        return near, content

    def _measures(self, features: Mapping[str, Tensor], tile: Tile, image: Image) -> dict[Key, Statistics]:
        found = {}
        for index, region in enumerate(self._regions):
            for name in self._balance.style_layers:
                values = features[name]
                mask = None
                if region.mask is not None:
                    stride = self._strides[name]
                    height, width = (-(-side // stride) for side in image.shape[-2:])
                    place = tile.whole(stride, (values.shape[-2], values.shape[-1]))
                    mask = mask_at(region.mask, height, width)[(..., *place)]
                found[index, name] = self._style_loss.measure(values, mask)
        return found

    def _content_features(self, content: Image) -> dict[str, Tensor]:
        height, width = content.shape[-2:]
        whole: dict[str, Tensor] = {}
        for tile in self._tiles(content):
            features = self._own(content[(..., *tile.crop)], tile)
            for name in self._balance.content_layers:
                values, stride = features[name], self._strides[name]
                if name not in whole:
                    whole[name] = values.new_empty(1, values.shape[1], -(-height // stride), -(-width // stride))
                whole[name][(..., *tile.whole(stride, (values.shape[-2], values.shape[-1])))] = values
        return whole

    def _style_measures(self, style: Float[Tensor, "1 3 _ _"]) -> dict[str, Statistics]:
        measured: dict[str, Statistics] = {}
        for tile in self._tiles(style):
            features = self._own(style[(..., *tile.crop)], tile)
            for name in self._balance.style_layers:
                found = self._style_loss.measure(features[name])
                measured[name] = added(measured.get(name), found)
        return measured

    def _own(self, crop: Float[Tensor, "1 3 _ _"], tile: Tile) -> dict[str, Tensor]:
        """The features of a tile alone."""
        return {name: values[(..., *tile.inside(self._strides[name]))] for name, values in self.features(crop).items()}

    def _tiles(self, image: Float[Tensor, "1 3 _ _"]) -> list[Tile]:
        height, width = image.shape[-2:]
        return tiles_of(height, width, self._side, self._stride, self._halo)


def added(one: Statistics | None, other: Statistics) -> Statistics:
    """Measures of two tiles as the measure of both."""
    return other if one is None else tuple(first + second for first, second in zip(one, other, strict=True))


def _up(value: int, unit: int) -> int:
    return -(-value // unit) * unit
