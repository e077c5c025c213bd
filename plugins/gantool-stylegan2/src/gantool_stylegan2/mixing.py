"""Pictures with the styles of two latents (Karras et al. 2019, figure 3): some layers get the w of another."""

import re
from collections.abc import Sequence

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

import gantool

PAPER = 255
COARSE, MIDDLE = 3, 7
"""Layers up to 8 pixels and up to 32, with one convolution at 4 pixels and two at each side beyond, at the most."""


def layer_groups(layers: int) -> dict[str, range]:
    """The coarse, middle and fine layers: by resolution from 64 pixels on, below that a third each."""
    coarse, middle = min(COARSE, round(layers / 3)), min(MIDDLE, round(2 * layers / 3))
    return {"coarse": range(coarse), "middle": range(coarse, middle), "fine": range(middle, layers)}


def parse_layers(text: str, layers: int) -> list[int]:
    """The layers that `coarse`, `middle`, `fine`, `0-3`, or several of these with commas mean.

    Raises UsageError for what is none, or beyond the last layer.
    """
    groups, chosen = layer_groups(layers), set[int]()
    for part in (part.strip() for part in text.split(",")):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if part not in groups and match is None:
            raise gantool.UsageError(
                f"--styles takes {', '.join(groups)}, or layers as in 0-3 or 1,5; {part!r} is neither."
            )
        found = range(int(match[1]), int(match[2] or match[1]) + 1) if match else groups[part]
        if not found or found[-1] >= layers:
            raise gantool.UsageError(f"--styles {part}: this model has the layers 0 to {layers - 1}.")
        chosen |= set(found)
    return sorted(chosen)


def mixed(
    rows: Float[Tensor, "r layers d"], columns: Float[Tensor, "c layers d"], styles: Sequence[int]
) -> Float[Tensor, "r c layers d"]:
    """The rows' latents, with the columns' in the layers of `styles`."""
    w = rows[:, None].repeat(1, len(columns), 1, 1)
    w[:, :, list(styles)] = columns[None][:, :, list(styles)]
    return w


def mixing_table(
    model: gantool.Model,
    rows: Float[Tensor, "r layers d"],
    columns: Float[Tensor, "c layers d"],
    styles: Sequence[int],
) -> UInt8[Tensor, "cells channels h w"]:
    """(r + 1) by (c + 1) pictures, row by row: the columns' own on top, the rows' own left, the corner empty."""
    above, left = model.render(columns), model.render(rows)
    inside = model.render(mixed(rows, columns, styles).flatten(0, 1))
    table = torch.full((len(rows) + 1, len(columns) + 1, *above.shape[1:]), PAPER, dtype=torch.uint8)
    table[0, 1:], table[1:, 0] = above, left
    table[1:, 1:] = inside.reshape(len(rows), len(columns), *above.shape[1:])
    return table.flatten(0, 1)
