"""Features of a network that is never trained, whose weights are no part of a run's checkpoints."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

import gantool
from gantool_projected import EXTRACTOR

LAYERS = ("stage1", "stage2", "stage3", "stage4")
"""Layers of the extractor, at a quarter of the side down to a 32nd."""
CHANNELS = (24, 40, 112, 320)
MEMBER = "network."


class Frozen(nn.Module):
    """Four layers of features of pictures `[n, 3, h, w]` in [-1, 1].

    A checkpoint has the digest of the weights alone, by which others are refused: the weights themselves are 12 MB that
    never change, and are on every machine that trains.
    """

    digest: Tensor

    def __init__(self, weights: str = "") -> None:
        super().__init__()
        quoted = weights.replace('"', '""')
        text = f'{EXTRACTOR}:weights="{quoted}"' if weights else EXTRACTOR
        network = gantool.extractor(text).select(LAYERS)
        assert isinstance(network, nn.Module)
        self.network = network.requires_grad_(False)
        self.register_buffer("digest", _digest(self.network))
        self.register_state_dict_post_hook(_leave_out)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_put_in)  # type: ignore[no-untyped-call]

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Sequence[Float[Tensor, "n _ _ _"]]:
        """Fine to coarse."""
        features: Sequence[Tensor] = self.network(images)
        return features


class Absent(nn.Module):
    """In place of features whose weights are not here: a model draws without them, and whatever judges says why not."""

    def __init__(self, reason: gantool.GantoolError) -> None:
        super().__init__()
        self.reason = reason

    def forward(self, images: Tensor) -> Sequence[Tensor]:
        """Raises the error."""
        raise self.reason


def features_of(weights: str) -> nn.Module:
    """The frozen features; without weights, what raises the error once something is to be judged."""
    try:
        return Frozen(weights)
    except gantool.GantoolError as error:
        return Absent(error)


class Mixing(nn.Module):
    """Random mixing of features across channels, by 1x1 convolutions, and across scales, by 3x3 ones from coarse to
    fine (section 3.2): neither is trained. So no discriminator can be content with a part of the features.
    """

    def __init__(self, inputs: Sequence[int], finest: int) -> None:
        super().__init__()
        self.widths = [finest * 2**scale for scale in range(len(inputs))]
        self.across_channels = nn.ModuleList(
            _random(before, after, 1) for before, after in zip(inputs, self.widths, strict=True)
        )
        self.across_scales = nn.ModuleList(_random(width, width, 3) for width in self.widths)
        self.downward = nn.ModuleList(_random(2 * width, width, 1) for width in self.widths[:-1])
        self.requires_grad_(False)

    def forward(self, features: Sequence[Float[Tensor, "n _ _ _"]]) -> list[Float[Tensor, "n _ _ _"]]:
        """Mixed features at the same scales, fine to coarse."""
        mixed: list[Tensor] = []
        for scale in reversed(range(len(features))):
            maps = self.across_channels[scale](features[scale])
            if mixed:
                coarser = self.downward[scale](mixed[-1])
                maps = maps + F.interpolate(coarser, size=maps.shape[-2:], mode="bilinear")
            mixed.append(maps + self.across_scales[scale](maps))
        return mixed[::-1]


def _random(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    made = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(made.weight, nonlinearity="linear")
    return made


def _digest(network: nn.Module) -> Tensor:
    """The first 24 bytes of the SHA-256 of all weights, as whole numbers below 2^48."""
    digest = hashlib.sha256()
    for name, weight in network.named_parameters():
        digest.update(f"{name} {list(weight.shape)}".encode())
        digest.update(weight.detach().float().contiguous().numpy().data)
    found = digest.digest()
    return torch.tensor([int.from_bytes(found[place : place + 6]) for place in range(0, 24, 6)])


def _leave_out(module: nn.Module, state: dict[str, Any], prefix: str, _: Any) -> None:
    for name in [name for name in state if name.startswith(prefix + MEMBER)]:
        del state[name]


def _put_in(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Its own weights, as if the file had them. Raises CheckpointError where that was made by others."""
    assert isinstance(module, Frozen)
    saved = state.get(f"{prefix}digest")
    if isinstance(saved, Tensor) and not torch.equal(saved.cpu(), module.digest.cpu()):
        raise gantool.CheckpointError(
            f"The discriminator was trained on features of {EXTRACTOR} with other weights than those that are here. "
            "Name the file that it was trained with by the option weights=FILE of its architecture, or begin a new run "
            "without this discriminator: --init RUN/generator.safetensors."
        )
    own: Mapping[str, Tensor] = dict(module.network.named_parameters())
    state.update({f"{prefix}{MEMBER}{name}": weight for name, weight in own.items()})
