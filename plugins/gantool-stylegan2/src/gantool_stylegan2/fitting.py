"""From renamed weights to a model: the options that their shapes tell, and each tensor checked by the network."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.discriminator import Discriminator
from gantool_stylegan2.generator import Generator
from gantool_stylegan2.mapping import Mapping as Mapped
from gantool_stylegan2.widths import channels_at, sides_up_to

LEAST_LEVELS, MOST_LEVELS = 4, 9
"""Sides from 4 pixels on: up to 32, and up to 1024."""
CHANNELS = (1, 3, 4)
MOST_LAYERS, MOST_CLASSES, MOST_SIDE, DRAWS = 32, 100_000, 2**16, 4096
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Settings:
    """What no shape tells: the limit of activations, and the group of the discriminator's minibatch statistics."""

    clamp: float = 0.0
    stddev_group: int = 4


def options_of(weights: Weights, settings: Settings) -> tuple[StyleGan2, gantool.ImageShape]:
    """Options and shape of a generator's weights under the plugin's names. Raises CheckpointError where none fit."""
    levels = _numbered(weights, r"synthesis\.to_rgb\.(\d+)\.bias")
    layers = _numbered(weights, r"mapping\.layers\.(\d+)\.weight")
    if not LEAST_LEVELS <= levels <= MOST_LEVELS or not 1 <= layers <= MOST_LAYERS:
        raise gantool.CheckpointError(
            f"a network of {levels} sides and {layers} mapping layers; stylegan2 has from 32 to 1024 pixels and "
            f"at most {MOST_LAYERS} mapping layers"
        )
    resolution = 4 * 2 ** (levels - 1)
    embedding = weights.get("mapping.embedding.weight")
    classes = _side(weights, "mapping.embedding.weight", 1) if embedding is not None else 0
    if classes > MOST_CLASSES:
        raise gantool.CheckpointError(f"a network of {classes:,} classes; {MOST_CLASSES:,} are the most")
    base, most = _widths([_side(weights, f"synthesis.convs.{2 * level}.bias", 0) for level in range(levels)])
    options = StyleGan2(
        channel_base=base,
        channel_max=most,
        latent=_side(weights, f"mapping.layers.{layers - 1}.weight", 0),
        mapping_layers=layers,
        noise=any(name.endswith(".strength") for name in weights),
        clamp=settings.clamp,
        stddev_group=settings.stddev_group,
    )
    channels = _side(weights, "synthesis.to_rgb.0.bias", 0)
    if channels not in CHANNELS:
        raise gantool.CheckpointError(f"a generator of {channels} channels; stylegan2 has 1, 3 or 4")
    return options, gantool.ImageShape(resolution, channels, classes)


def generator_of(weights: Weights, options: StyleGan2, shape: gantool.ImageShape) -> dict[str, Tensor]:
    """The state of the generator with these options. Raises CheckpointError for the first tensor that does not fit."""
    with torch.device("meta"):
        network = Generator(options, shape)
    found = _fitted({"mean_w": torch.zeros(int(options.latent)), **weights}, network, "generator")
    return found if "mean_w" in weights else found | {"mean_w": _mean_w(found, options, shape)}


def discriminator_of(weights: Weights, options: StyleGan2, shape: gantool.ImageShape) -> dict[str, Tensor]:
    """The same for the discriminator."""
    with torch.device("meta"):
        network = Discriminator(options, shape)
    return _fitted(weights, network, "discriminator")


def drawn_noise(options: StyleGan2, shape: gantool.ImageShape) -> dict[str, Tensor]:
    """Fixed noise of every layer, for generators that were trained with fresh noise and saved before it was kept."""
    random = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        expected = Generator(options, shape).noises()
    return {name: torch.randn(noise.shape, generator=random) for name, noise in expected.items()}


def _fitted(weights: Weights, network: nn.Module, which: str) -> dict[str, Tensor]:
    expected = {name: tensor.shape for name, tensor in network.state_dict().items()}
    missing, more = sorted(expected.keys() - weights.keys()), sorted(weights.keys() - expected.keys())
    if missing or more:
        what = f"lacks {missing[0]!r}" if missing else f"has {more[0]!r}"
        raise gantool.CheckpointError(f"a {which} that {what}, other than the one of stylegan2")
    fitted = {}
    for name, shape in expected.items():
        tensor = weights[name]
        if _bare(tensor.shape) != _bare(shape):
            raise gantool.CheckpointError(
                f"a {which} whose {name!r} is {list(tensor.shape)}, where stylegan2 has {list(shape)}"
            )
        if not tensor.is_floating_point():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise gantool.CheckpointError(f"a {which} whose {name!r} is of {kind}; weights have floating point")
        fitted[name] = tensor.detach().float().reshape(shape).contiguous()
        if not torch.isfinite(fitted[name]).all():
            raise gantool.CheckpointError(f"a {which} whose {name!r} is not finite, as after a run that diverged")
    return fitted


@torch.no_grad()
def _mean_w(weights: Weights, options: StyleGan2, shape: gantool.ImageShape) -> Tensor:
    """The mean of w, where the weights have none."""
    latent = int(options.latent)
    mapping = Mapped(latent, shape.classes, latent, int(options.mapping_layers))
    mapping.load_state_dict({name[8:]: one for name, one in weights.items() if name.startswith("mapping.")})
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(shape.classes, (DRAWS,), generator=random) if shape.classes else None
    w: Tensor = mapping(torch.randn(DRAWS, latent, generator=random), labels)
    return w.mean(dim=0)


def _bare(shape: torch.Size) -> list[int]:
    """The sides but those of 1, which others add for broadcasting."""
    return [side for side in shape if side != 1]


def _numbered(weights: Weights, pattern: str) -> int:
    """The number of tensors of a list."""
    return sum(re.fullmatch(pattern, name) is not None for name in weights)


def _side(weights: Weights, name: str, side: int) -> int:
    """A side of a tensor, without the sides of 1 that others add."""
    tensor = weights.get(name)
    if tensor is None:
        raise gantool.CheckpointError(f"a generator that lacks {name!r}, other than the one of stylegan2")
    if tensor.dim() <= side:
        raise gantool.CheckpointError(f"a generator whose {name!r} is {list(tensor.shape)}")
    size = tensor.shape[side] if tensor.dim() <= 2 else math.prod(tensor.shape)
    if not 1 <= size <= MOST_SIDE:
        raise gantool.CheckpointError(f"a generator whose {name!r} is {list(tensor.shape)}; {MOST_SIDE:,} is the most")
    return size


def _widths(widths: list[int]) -> tuple[int, int]:
    """`channel_base` and `channel_max` that give the widths at 4, 8, ... pixels."""
    most, sides = max(widths), sides_up_to(4 * 2 ** (len(widths) - 1))
    narrow = [width * side for width, side in zip(widths, sides, strict=True) if width < most]
    base = max(narrow, default=most * sides[-1])
    options = StyleGan2(channel_base=base, channel_max=most, latent=1, mapping_layers=1)
    if [channels_at(options, side) for side in sides] != widths:
        raise gantool.CheckpointError(
            f"a generator of {', '.join(map(str, widths))} channels from 4 pixels on, which no channel_base gives"
        )
    return base, most
