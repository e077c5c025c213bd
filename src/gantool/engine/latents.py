"""Latents: sampling, truncation and interpolation, as pure functions.

Every function works on z `[n, d]` and, where it makes sense, on an intermediate latent `[n, *w]`; interpolation is
along the last dimension.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

SEED_LIMIT = 2**32
"""The limit of seeds: torch's CPU generator uses 32 bits, so larger ones would repeat the pictures of smaller ones."""

Method = Literal["lerp", "slerp", "smooth", "smooth-sphere"]
"""Methods of interpolation: lines, great circles, a spline, and a spline on the shell where Gaussian latents lie."""
METHODS: dict[str, dict[str, Method]] = {
    "z": {"auto": "slerp", "slerp": "slerp", "lerp": "lerp", "smooth": "smooth-sphere"},
    "w": {"auto": "smooth", "slerp": "slerp", "lerp": "lerp", "smooth": "smooth"},
}
"""The path in latent space for each method, in z and in w."""

Mix = Callable[[Tensor, Tensor, float | Tensor], Tensor]


def draw(seeds: Sequence[int], dim: int) -> Float[Tensor, "n d"]:
    """Standard normal latents on the CPU; each depends on its own seed alone.

    Raises ValueError for a seed outside 0 to 2**32 - 1.
    """
    latents = torch.empty(len(seeds), dim)
    generator = torch.Generator()
    for row, seed in zip(latents, seeds, strict=True):
        if not 0 <= seed < SEED_LIMIT:
            raise ValueError(f"seed {seed} is not between 0 and {SEED_LIMIT - 1}")
        row.normal_(generator=generator.manual_seed(seed))
    return latents


def truncate(
    latents: Float[Tensor, "n *d"], psi: float | Float[Tensor, " n"], mean: Float[Tensor, "..."] | None = None
) -> Float[Tensor, "n *d"]:
    """Pull latents toward the mean: psi 1 leaves them, 0 gives the mean (Karras et al. 2019, appendix B).

    `psi` is one for all, or one for each. `mean` is `[*d]`, or `[n, *d]` with one for each latent; zero, the mean of z,
    if not given.
    """
    if isinstance(psi, Tensor):
        psi = psi.view(-1, *[1] * (latents.dim() - 1))
    elif psi == 1:
        return latents
    return latents * psi if mean is None else lerp(mean.expand_as(latents), latents, psi)


def lerp(
    a: Float[Tensor, "*n d"], b: Float[Tensor, "*n d"], t: float | Float[Tensor, "*#n #d"]
) -> Float[Tensor, "*n d"]:
    """The straight line from a (t = 0) to b (t = 1), exact at both ends."""
    return torch.lerp(a, b, t)


def slerp(
    a: Float[Tensor, "*n d"], b: Float[Tensor, "*n d"], t: float | Float[Tensor, "*#n #d"]
) -> Float[Tensor, "*n d"]:
    """The great circle from a (t = 0) to b (t = 1), exact at both ends; lengths change geometrically (Shoemake 1985).

    Opposite vectors turn through a fixed perpendicular; where one of them is zero the line is straight.
    """
    t = torch.as_tensor(t, dtype=a.dtype, device=a.device)
    length_a, length_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    somewhere = (length_a > 0) & (length_b > 0)
    unit_a, unit_b = a / length_a.where(somewhere, 1.0), b / length_b.where(somewhere, 1.0)
    cosine = (unit_a * unit_b).sum(-1, keepdim=True)
    across = unit_b - cosine * unit_a
    sine = across.norm(dim=-1, keepdim=True)
    unit_across = torch.where(sine > 1e-4, across / sine.clamp(min=1e-4), _perpendicular(unit_a))
    angle = torch.atan2(sine, cosine)
    direction = torch.cos(t * angle) * unit_a + torch.sin(t * angle) * unit_across
    length = length_a.where(somewhere, 1.0) ** (1 - t) * length_b.where(somewhere, 1.0) ** t
    turned = torch.where(somewhere, length * direction, torch.lerp(a, b, t))
    return torch.where(t == 0, a, torch.where(t == 1, b, turned))


def walk(
    keys: Float[Tensor, "k *d"], frames: int, method: Method = "slerp", loop: bool = False
) -> Float[Tensor, "frames *d"]:
    """`frames` latents that pass through the keys in order, each key's frame being that key bit for bit.

    The last frame is the last key; with `loop` the path goes on to the first key and stops one frame before it, so
    that the animation repeats without a doubled frame. Raises ValueError for fewer than two keys or too few frames.
    """
    count = len(keys)
    if count < 2:
        raise ValueError("a walk needs at least two keys")
    if frames < count:
        raise ValueError(f"a walk through {count} keys needs at least {count} frames")
    steps = count if loop else count - 1
    stops = [round(key * (frames if loop else frames - 1) / steps) for key in range(steps + 1)]
    path = torch.empty(frames, *keys.shape[1:], dtype=keys.dtype, device=keys.device)
    for step, (start, stop) in enumerate(pairwise(stops)):
        t = torch.arange(stop - start, dtype=keys.dtype, device=keys.device) / (stop - start)
        t = t.reshape(-1, *[1] * (keys.dim() - 1))
        path[start:stop] = _segment(keys, step, t, method, loop)
        path[start] = keys[step]
    if not loop:
        path[-1] = keys[-1]
    return path


def swept_walk(
    keys: Float[Tensor, "k *d"],
    frames: int,
    method: Method,
    loop: bool,
    psi: tuple[float, float],
    means: Float[Tensor, "k *d"] | None = None,
) -> Float[Tensor, "frames *d"]:
    """A walk through keys, perhaps a single one, whose frames are truncated one by one.

    The two values of `psi` are those that `sweep` takes; `means` are those of the keys, as `truncate` takes them.
    """

    def path(stops: Tensor, method: Method) -> Tensor:
        return stops.expand(frames, *stops.shape[1:]) if len(stops) == 1 else walk(stops, frames, method, loop)

    return truncate(path(keys, method), sweep(*psi, frames, loop), None if means is None else path(means, "lerp"))


def sweep(start: float, stop: float, frames: int, loop: bool = False) -> Float[Tensor, " frames"]:
    """Values from start to stop; with `loop` to stop and back, one frame short of the start."""
    if loop:
        return start + (stop - start) * (1 - (torch.arange(frames) * 2 / frames - 1).abs())
    return torch.linspace(start, stop, frames)


def _segment(keys: Tensor, step: int, t: Tensor, method: Method, loop: bool) -> Tensor:
    """The path from key `step` to the next, at fractions t."""
    mix: Mix = slerp if method in ("slerp", "smooth-sphere") else lerp
    shape = (len(t), *keys.shape[1:])
    count = len(keys)
    start, stop = keys[step].expand(shape), keys[(step + 1) % count].expand(shape)
    if method in ("lerp", "slerp"):
        return mix(start, stop, t)
    # An open path has no key beyond its ends, so the spline is continued in a straight line.
    before = keys[step - 1].expand(shape) if loop or step > 0 else mix(start, stop, -1.0)
    after = keys[(step + 2) % count].expand(shape) if loop or step + 2 < count else mix(start, stop, 2.0)
    return _catmull_rom(before, start, stop, after, t, mix)


def _catmull_rom(before: Tensor, start: Tensor, stop: Tensor, after: Tensor, t: Tensor, mix: Mix) -> Tensor:
    """The uniform Catmull-Rom spline as a pyramid of mixtures (Barry and Goldman 1988; on spheres, Schlag 1991)."""
    here = mix(start, stop, t)
    toward = mix(mix(before, start, t + 1), here, (t + 1) / 2)
    onward = mix(here, mix(stop, after, t - 1), t / 2)
    return mix(toward, onward, t)


def _perpendicular(unit: Tensor) -> Tensor:
    """A unit vector orthogonal to each unit vector, from the axis of its smallest coordinate."""
    axis = torch.zeros_like(unit).scatter_(-1, unit.abs().argmin(-1, keepdim=True), 1.0)
    across = axis - (axis * unit).sum(-1, keepdim=True) * unit
    length: Tensor = across.norm(dim=-1, keepdim=True)
    return across / length.clamp(min=1e-12)
