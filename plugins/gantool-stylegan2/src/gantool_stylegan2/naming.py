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


def renamed(weights: Mapping[str, Tensor], rules: Iterable[Rule], filters: str) -> dict[str, Tensor]:
    """The weights by the plugin's names. Raises CheckpointError for a name that no rule knows."""
    found: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if re.fullmatch(filters, name):
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
    """Blocks of the discriminator by their side; `in_order` numbers them from the finest."""
    return f"blocks.{_level(fit[1])}"


def in_order(discriminator: Mapping[str, Tensor]) -> dict[str, Tensor]:
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
)
