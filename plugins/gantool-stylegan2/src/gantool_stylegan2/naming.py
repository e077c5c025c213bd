"""Weights under others' names, those of the authors' code and of rosinality's, and the same under the plugin's."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor

import gantool

Rule = tuple[str, Callable[[re.Match[str]], str]]
"""A pattern of whole names, and the plugin's name for those that it fits."""


@dataclass(frozen=True)
class Naming:
    """How an implementation names the tensors of both networks; those of `filters` are its constants."""

    generator: tuple[Rule, ...]
    discriminator: tuple[Rule, ...]
    filters: str
    coarsest_first: bool = False
    """True if blocks of the discriminator are numbered from 4 pixels on."""

    def is_filter(self, name: str) -> bool:
        """True for a constant."""
        return re.fullmatch(self.filters, name) is not None


def renamed_generator(weights: Mapping[str, Tensor], naming: Naming) -> dict[str, Tensor]:
    """The weights of a generator by the plugin's names. Raises CheckpointError for a name that no rule knows."""
    return _renamed(weights, naming.generator, naming)


def renamed_discriminator(weights: Mapping[str, Tensor], naming: Naming) -> dict[str, Tensor]:
    """The same for a discriminator."""
    found = _renamed(weights, naming.discriminator, naming)
    return _turned(found) if naming.coarsest_first else found


def _renamed(weights: Mapping[str, Tensor], rules: Iterable[Rule], naming: Naming) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if naming.is_filter(name):
            continue
        new = next((give(fit) for pattern, give in rules if (fit := re.fullmatch(pattern, name))), None)
        if new is None or new in found:
            raise gantool.CheckpointError(f"a network of another kind: StyleGAN2 has no {name[:80]!r}")
        found[new] = tensor
    return found


def _level(side: str) -> int:
    """0 for 4 pixels, 1 for 8, ..."""
    return int(side).bit_length() - 3


def _conv(fit: re.Match[str]) -> str:
    return f"synthesis.convs.{2 * _level(fit[1]) - 1 + int(fit[2])}"


def _block(fit: re.Match[str]) -> str:
    return f"blocks.{_level(fit[1])}"


def _turned(discriminator: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same with blocks numbered from the finest, where they are numbered from the coarsest, which is 1."""
    levels = [int(name.split(".")[1]) for name in discriminator if name.startswith("blocks.")]

    def turned(name: str) -> str:
        parts = name.split(".")
        return ".".join(["blocks", str(max(levels) - int(parts[1])), *parts[2:]])

    return {turned(name) if name.startswith("blocks.") else name: one for name, one in discriminator.items()}


_PART = r"\.(weight|bias)"
_SIDE = r"(4|8|16|32|64|128|256|512|1024)"
_AUTHORS_CONV, _AUTHORS_RGB = rf"synthesis\.b{_SIDE}\.conv([01])", rf"synthesis\.b{_SIDE}\.torgb"
_AUTHORS_SECONDS = {"conv0": "first", "conv1": "second", "skip": "shortcut"}

AUTHORS = Naming(
    generator=(
        (r"mapping\.w_avg", lambda fit: "mean_w"),
        (rf"mapping\.embed{_PART}", lambda fit: f"mapping.embedding.{fit[1]}"),
        (rf"mapping\.fc(\d\d?){_PART}", lambda fit: f"mapping.layers.{fit[1]}.{fit[2]}"),
        (r"synthesis\.b4\.const", lambda fit: "synthesis.constant"),
        (rf"{_AUTHORS_CONV}\.weight", lambda fit: f"{_conv(fit)}.conv.weight"),
        (rf"{_AUTHORS_CONV}\.affine{_PART}", lambda fit: f"{_conv(fit)}.conv.style.{fit[3]}"),
        (rf"{_AUTHORS_CONV}\.bias", lambda fit: f"{_conv(fit)}.bias"),
        (rf"{_AUTHORS_CONV}\.noise_strength", lambda fit: f"{_conv(fit)}.strength"),
        (rf"{_AUTHORS_CONV}\.noise_const", lambda fit: f"{_conv(fit)}.noise"),
        (rf"{_AUTHORS_RGB}\.weight", lambda fit: f"synthesis.to_rgb.{_level(fit[1])}.conv.weight"),
        (rf"{_AUTHORS_RGB}\.affine{_PART}", lambda fit: f"synthesis.to_rgb.{_level(fit[1])}.conv.style.{fit[2]}"),
        (rf"{_AUTHORS_RGB}\.bias", lambda fit: f"synthesis.to_rgb.{_level(fit[1])}.bias"),
    ),
    discriminator=(
        (rf"mapping\.embed{_PART}", lambda fit: f"of_label.embedding.{fit[1]}"),
        (rf"mapping\.fc(\d\d?){_PART}", lambda fit: f"of_label.layers.{fit[1]}.{fit[2]}"),
        (rf"b{_SIDE}\.fromrgb{_PART}", lambda fit: f"from_rgb.{fit[2]}"),
        (rf"b4\.conv{_PART}", lambda fit: f"conv.{fit[1]}"),
        (rf"b4\.fc{_PART}", lambda fit: f"features.{fit[1]}"),
        (rf"b4\.out{_PART}", lambda fit: f"last.{fit[1]}"),
        (
            rf"b{_SIDE}\.(conv0|conv1|skip){_PART}",
            lambda fit: f"{_block(fit)}.{_AUTHORS_SECONDS[fit[2]]}.{fit[3]}",
        ),
    ),
    filters=r"(.+\.)?resample_filter",
    coarsest_first=True,
)

_ROSINALITY_NEXT = r"(convs|to_rgbs)\.(\d\d?)"
_ROSINALITY_LISTS = {"convs": "synthesis.convs", "to_rgbs": "synthesis.to_rgb"}


def _next(fit: re.Match[str]) -> str:
    return f"{_ROSINALITY_LISTS[fit[1]]}.{int(fit[2]) + 1}"


ROSINALITY = Naming(
    generator=(
        (rf"style\.(\d\d?){_PART}", lambda fit: f"mapping.layers.{int(fit[1]) - 1}.{fit[2]}"),
        (r"input\.input", lambda fit: "synthesis.constant"),
        (r"noises\.noise_(\d\d?)", lambda fit: f"synthesis.convs.{fit[1]}.noise"),
        (r"conv1\.conv\.weight", lambda fit: "synthesis.convs.0.conv.weight"),
        (rf"conv1\.conv\.modulation{_PART}", lambda fit: f"synthesis.convs.0.conv.style.{fit[1]}"),
        (r"conv1\.noise\.weight", lambda fit: "synthesis.convs.0.strength"),
        (r"conv1\.activate\.bias", lambda fit: "synthesis.convs.0.bias"),
        (r"to_rgb1\.conv\.weight", lambda fit: "synthesis.to_rgb.0.conv.weight"),
        (rf"to_rgb1\.conv\.modulation{_PART}", lambda fit: f"synthesis.to_rgb.0.conv.style.{fit[1]}"),
        (r"to_rgb1\.bias", lambda fit: "synthesis.to_rgb.0.bias"),
        (rf"{_ROSINALITY_NEXT}\.conv\.weight", lambda fit: f"{_next(fit)}.conv.weight"),
        (rf"{_ROSINALITY_NEXT}\.conv\.modulation{_PART}", lambda fit: f"{_next(fit)}.conv.style.{fit[3]}"),
        (rf"{_ROSINALITY_NEXT}\.noise\.weight", lambda fit: f"{_next(fit)}.strength"),
        (r"(convs)\.(\d\d?)\.activate\.bias", lambda fit: f"{_next(fit)}.bias"),
        (r"(to_rgbs)\.(\d\d?)\.bias", lambda fit: f"{_next(fit)}.bias"),
    ),
    discriminator=(
        (r"convs\.0\.0\.weight", lambda fit: "from_rgb.weight"),
        (r"convs\.0\.1\.bias", lambda fit: "from_rgb.bias"),
        (r"convs\.(\d\d?)\.conv1\.0\.weight", lambda fit: f"blocks.{int(fit[1]) - 1}.first.weight"),
        (r"convs\.(\d\d?)\.conv1\.1\.bias", lambda fit: f"blocks.{int(fit[1]) - 1}.first.bias"),
        (r"convs\.(\d\d?)\.conv2\.1\.weight", lambda fit: f"blocks.{int(fit[1]) - 1}.second.weight"),
        (r"convs\.(\d\d?)\.conv2\.2\.bias", lambda fit: f"blocks.{int(fit[1]) - 1}.second.bias"),
        (r"convs\.(\d\d?)\.skip\.1\.weight", lambda fit: f"blocks.{int(fit[1]) - 1}.shortcut.weight"),
        (r"final_conv\.0\.weight", lambda fit: "conv.weight"),
        (r"final_conv\.1\.bias", lambda fit: "conv.bias"),
        (rf"final_linear\.0{_PART}", lambda fit: f"features.{fit[1]}"),
        (rf"final_linear\.1{_PART}", lambda fit: f"last.{fit[1]}"),
    ),
    filters=r"(.+\.)?kernel",
)
