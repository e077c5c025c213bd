"""Convolutional networks as a sequence of named stages, cut after the last layer that is needed."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.features import Extractor
from gantool.builtin.extractors import Pooling
from gantool.errors import OptionError, did_you_mean

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Opened(nn.Module):
    """A stage with features inside that can be selected, at the places of its input."""

    @abstractmethod
    def with_inner(self, values: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n _ h w"], Float[Tensor, "n _ _ _"]]:
        """The features inside, and the stage's output."""


@dataclass(frozen=True)
class Stage:
    """One stage of a network: `module` with its `kernel` and `stride`; `name` if its output can be selected.

    The features inside of an `Opened` module can be selected as `inner`.
    """

    module: nn.Module
    kernel: int = 1
    stride: int = 1
    name: str = ""
    inner: str = ""


class LayeredNetwork(nn.Module):
    """Features of the named layers, in the order of `layers`, of images in [-1, 1].

    The input is normalised to `mean` and `std` of [0, 1] pixels. Every layer's output at one place depends on input
    pixels at most `halo` away, and lies on a grid of `strides[layer]` input pixels, `stride` at most.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        stages: Sequence[Stage],
        layers: Sequence[str],
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        last = max(index for index, stage in enumerate(stages) if stage.name in layers or stage.inner in layers)
        kept = stages[: last + 1]
        self.layers = tuple(layers)
        self._names = [(stage.name, stage.inner) for stage in kept]
        self.stages = nn.ModuleList(stage.module for stage in kept)
        self.stride, self.halo = reach(kept)
        after = {stage.name: reach(kept[: index + 1])[0] for index, stage in enumerate(kept)}
        before = {stage.inner: reach(kept[:index])[0] for index, stage in enumerate(kept)}
        self.strides = {name: after.get(name) or before[name] for name in layers}
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)
        self.requires_grad_(False)

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> list[Float[Tensor, "n _ _ _"]]:
        """Features of each layer."""
        found = self.found(images)
        return [found[name] for name in self.layers]

    def found(self, images: Float[Tensor, "n 3 h w"]) -> dict[str, Float[Tensor, "n _ _ _"]]:
        """The same by name."""
        values = ((images + 1) / 2 - self.mean) / self.std
        found = {}
        for (name, inner), stage in zip(self._names, self.stages, strict=True):
            if inner in self.layers and isinstance(stage, Opened):
                found[inner], values = stage.with_inner(values)
            else:
                values = stage(values)
            if name in self.layers:
                found[name] = values
        return found


class Trained(Extractor):
    """An extractor whose weights are not read or fetched before they are needed."""

    @abstractmethod
    def select(self, layers: Sequence[str]) -> LayeredNetwork:
        """The network for these layers, with its weights."""

    @cached_property
    def _whole(self) -> LayeredNetwork:
        return self.select(tuple(self.style_layers))

    def __call__(self, images: Float[Tensor, "n 3 h w"]) -> Sequence[Float[Tensor, "n _ _ _"]]:
        """Features of the style layers."""
        features: Sequence[Tensor] = self._whole(images)
        return features


class Convolution(nn.Conv2d):
    """A convolution with replicated borders, since zeros would put a frame around every picture."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, padding=kernel // 2, padding_mode="replicate")


class Halving(nn.Module):
    """Pooling over `kernel` with stride 2; a side of one pixel stays as it is."""

    def __init__(self, pooling: Pooling, kernel: int = 2) -> None:
        super().__init__()
        self._pooling, self._kernel = pooling, kernel

    def forward(self, values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
        """The values at half the size, rounded up."""
        pad_h, pad_w = values.shape[-2] % 2, values.shape[-1] % 2
        if pad_h or pad_w:
            values = F.pad(values, (0, pad_w, 0, pad_h), mode="replicate")
        if self._pooling == "average":
            return F.avg_pool2d(values, 2)
        return F.max_pool2d(values, min(self._kernel, *values.shape[-2:]), 2, ceil_mode=True)


def reach(stages: Sequence[Stage]) -> tuple[int, int]:
    """The stride of the last stage in input pixels, and its halo: the distance of the farthest input it depends on."""
    stride, field = 1, 1
    for stage in stages:
        field += (stage.kernel - 1) * stride
        stride *= stage.stride
    return stride, field


def check_layers(network: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise OptionError for a layer the network does not have, or for none at all."""
    if not wanted:
        raise OptionError(f"{network}: no layer is given. It has {', '.join(known)}.")
    for name in wanted:
        if name not in known:
            raise OptionError(f"{network} has no layer {name!r}.{did_you_mean(name, known)} It has {', '.join(known)}.")


def fill(network: nn.Module, weights: Mapping[str, Tensor], names: Mapping[str, str], title: str, file: str) -> None:
    """Copy weights into the network; `names` maps its parameters to names in the file.

    Raises OptionError that names the first layer that is missing or of another shape.
    """
    for own, parameter in network.named_parameters():
        name = names[own]
        bare = name.removeprefix("features.")
        found = weights.get(name, weights.get(bare))
        if found is None:
            there = f"; it has {', '.join(list(weights)[:3])} ..." if weights else ", and nothing else of it"
            raise OptionError(f"{file} has no {name!r}, which {title} needs here{there}. Give a file of its weights.")
        if found.shape != parameter.shape:
            raise OptionError(
                f"{file}: {name!r} is of shape {tuple(found.shape)}; {title} needs {tuple(parameter.shape)}."
            )
        with torch.no_grad():
            parameter.copy_(found)
