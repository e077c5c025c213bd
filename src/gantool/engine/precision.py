"""The precision (float32 or bfloat16) and memory layout of a run, chosen by timing on each machine and stored."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.engine.kept import keep, kept, machine
from gantool.engine.rearranged import rearranged

Name = Literal["float32", "bf16"]
Layout = Literal["contiguous", "channels_last"]
Convolutions = Literal["direct", "rearranged"]
CANDIDATES: tuple[tuple[Name, Layout], ...] = (
    ("float32", "contiguous"),
    ("float32", "channels_last"),
    ("bf16", "channels_last"),
    ("bf16", "contiguous"),
)
WORTHWHILE = {"float32": 0.97, "bf16": 0.9}
"""A candidate must take less than this share of the plain one's time, so that noise does not change numerics.

The second is for one in bf16 where the plain one is in float32.
"""

ROUNDS_SECONDS = 5.0
"""The time after which no new round begins."""
PATIENCE_SECONDS = 10.0
"""The time after which the first round ends early and the plain candidate is chosen."""
ROUNDS = 3
"""Rounds of timing, of which each candidate's best counts, so that a busy moment favours none of them."""


@dataclass(frozen=True)
class Precision:
    """The precision and layout of the networks. Losses, penalties and averages are always float32.

    `convolutions` says if those of the networks are computed as written, or in another order (`engine/rearranged`).
    """

    name: Name = "float32"
    layout: Layout = "contiguous"
    device_type: str = "cpu"
    convolutions: Convolutions = "direct"

    def autocast(self) -> AbstractContextManager[object]:
        """A bfloat16 autocast context, or a disabled one, with convolutions as they are to be computed."""
        cast = torch.autocast(self.device_type, torch.bfloat16, enabled=self.name == "bf16")
        return _rearranging(cast) if self.convolutions == "rearranged" and self.device_type == "cpu" else cast

    def place(self, network: nn.Module, device: torch.device) -> nn.Module:
        """The network on the device, with convolutions in this layout."""
        memory_format = torch.channels_last if self.layout == "channels_last" else torch.contiguous_format
        return network.to(device).to(memory_format=memory_format)

    def arrange(self, images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Images in this layout."""
        return images.contiguous(memory_format=torch.channels_last) if self.layout == "channels_last" else images


@contextmanager
def _rearranging(cast: AbstractContextManager[object]) -> Iterator[None]:
    with rearranged(), cast:
        yield


def choose(
    wanted: str,
    layout: str,
    convolutions: str,
    device: torch.device,
    step_seconds: Callable[[Precision], float],
    memory: Path,
    key: str,
) -> Precision:
    """The fastest precision and layout among those allowed by `wanted`, `layout` and `convolutions` (`auto` or a name).

    `step_seconds` times one. The choice is stored in the JSON file `memory` under machine and `key`, so that the same
    run started twice computes the same way. If timing takes too long, it is the first candidate, in float32 if that is
    allowed.
    """
    order: Convolutions = "rearranged" if convolutions == "rearranged" else "direct"
    candidates = [
        Precision(name, form, device.type, order)
        for name, form in CANDIDATES
        if wanted in ("auto", name) and layout in ("auto", form)
    ]
    if wanted == "auto" and not bf16_gains(device):
        candidates = [candidate for candidate in candidates if candidate.name == "float32"]
    may_rearrange = convolutions == "auto" and device.type == "cpu"
    if len(candidates) == 1 and not may_rearrange:
        return candidates[0]
    entry = f"{machine(device)}: {key}, {wanted}, {layout}, {convolutions}"
    known = kept(memory)
    others = [replace(candidate, convolutions="rearranged") for candidate in candidates] if may_rearrange else []
    stored = [candidate for candidate in (*candidates, *others) if _text(candidate) == known.get(entry)]
    if stored:
        return stored[0]
    begin = time.monotonic()
    best = _fastest(candidates, step_seconds) if len(candidates) > 1 else candidates[0]
    if may_rearrange and time.monotonic() - begin <= PATIENCE_SECONDS:
        best = _fastest((best, replace(best, convolutions="rearranged")), step_seconds)
    keep(memory, known | {entry: _text(best)})
    return best


def _text(precision: Precision) -> str:
    return f"{precision.name} {precision.layout} {precision.convolutions}"


def _fastest(candidates: Sequence[Precision], step_seconds: Callable[[Precision], float]) -> Precision:
    plain, begin = candidates[0], time.monotonic()
    seconds: dict[Precision, float] = {}
    for candidate in candidates:
        if seconds and time.monotonic() - begin > PATIENCE_SECONDS:
            return plain
        seconds[candidate] = step_seconds(candidate)
    for _ in range(ROUNDS - 1):
        if time.monotonic() - begin > ROUNDS_SECONDS:
            break
        seconds = {candidate: min(best, step_seconds(candidate)) for candidate, best in seconds.items()}
    shares = {c: WORTHWHILE["float32" if c.name == plain.name else c.name] for c in candidates}
    worthwhile = [c for c in candidates if seconds[c] < shares[c] * seconds[plain]]
    return min(worthwhile, key=lambda candidate: seconds[candidate], default=plain)


def bf16_gains(device: torch.device) -> bool:
    """True if bfloat16 is fast on this device, by a tiny convolution, since the networks might take minutes."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False

    def seconds(dtype: torch.dtype) -> float:
        images, kernel = torch.randn(4, 64, 16, 16, dtype=dtype), torch.randn(64, 64, 3, 3, dtype=dtype)
        F.conv2d(images, kernel, padding=1)
        start = time.perf_counter()
        for _ in range(4):
            F.conv2d(images, kernel, padding=1)
        return time.perf_counter() - start

    with torch.random.fork_rng(devices=[]):
        return min(seconds(torch.bfloat16) for _ in range(3)) < min(seconds(torch.float32) for _ in range(3))
