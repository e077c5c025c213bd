"""Work shared out among processes, with results as of one."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Int64
from torch import Tensor

from gantool.engine.distributed import World


def shared(world: World, count: int, compute: Callable[[Int64[Tensor, "n"]], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    """`compute` of the places 0 to count - 1: each process has a stretch of them, and all get the whole, in order."""
    each = math.ceil(count / world.size)
    places = torch.arange(world.rank * each, (world.rank + 1) * each) % count  # all stretches are equally long
    return tuple(world.gathered(part)[:count] for part in compute(places))
