"""The latent of a picture: gradient descent in w on what an extractor sees (Karras et al. 2020, appendix D)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

import gantool
from gantool_stylegan2.likeness import Likeness
from gantool_stylegan2.noise import autocorrelation, renormalized

DRAWS, AT_ONCE = 10_000, 1000
LEARNING_RATE = 0.1
RISE, FALL = 0.05, 0.25
"""Shares of the steps in which the learning rate rises and falls."""
NOISE, NOISE_ENDS = 0.05, 0.75
"""Noise on w at first, in deviations of w, and the share of the steps after which there is none."""
NOISE_WEIGHT = 1e5


@dataclass(frozen=True)
class Search:
    """Settings of the search for a latent: `w` is one vector for all layers, `w+` one for each."""

    space: Literal["w", "w+"] = "w"
    steps: int = 500
    seed: int = 0
    noise: bool = True


@dataclass(frozen=True)
class Found:
    """The result of a step: the latents, the noise found with them, and the distance of the picture from the target.

    Where it is `disturbed`, the picture was that of the latents with the step's noise on them, and the distance says
    little of the latents themselves.
    """

    step: int
    steps: int
    latents: Float[Tensor, "1 *w"]
    noises: Mapping[str, Float[Tensor, "side side"]]
    distance: float
    disturbed: bool = False


def project(
    model: gantool.Model,
    target: Float[Tensor, "1 c h w"],
    extractor: gantool.Extractor,
    search: Search,
    label: str | int | None = None,
) -> Iterator[Found]:
    """The states of a search that begins at the mean w, of one class where `label` names it; first, the mean itself.

    The model needs a w space. `target` is in [-1, 1], of the model's side and channels.
    """
    device, generator = model.device, model.generator.requires_grad_(False)
    assert isinstance(generator, gantool.MappedGenerator)
    mean, deviation = _statistics(model, label)
    shared = search.space == "w" and mean.dim() == 3 and torch.equal(mean, mean[:, :1].expand_as(mean))
    w = (mean[:, :1] if shared else mean).to(device).requires_grad_(True)
    noises = _noises(generator) if search.noise else {}
    adam = torch.optim.Adam([w, *noises.values()], betas=(0.9, 0.999))
    likeness = Likeness(extractor, target.to(device))
    random = torch.Generator().manual_seed(search.seed)
    for step in range(search.steps + 1):
        done = step / search.steps
        strength = deviation * NOISE * max(0.0, 1 - done / NOISE_ENDS) ** 2 if step else 0.0
        disturbed = w + strength * torch.randn(w.shape, generator=random).to(device)
        with model.replacing(noises):
            picture = generator.synthesize(disturbed.expand_as(mean))[-1]
        distance = likeness(picture)
        kept = w.detach().expand_as(mean).cpu().clone()
        found = {name: one.detach().clone() for name, one in noises.items()}
        yield Found(step, search.steps, kept, found, distance.item(), disturbed=strength > 0)
        for group in adam.param_groups:
            group["lr"] = LEARNING_RATE * _ramp(done)
        adam.zero_grad()
        torch.autograd.backward(distance + NOISE_WEIGHT * autocorrelation(noises.values()))
        adam.step()
        renormalized(noises.values())


def nearer(best: Found, found: Found) -> Found:
    """The better of the two, the later if they are equal; never a disturbed one, which may only have been lucky."""
    return found if not found.disturbed and found.distance <= best.distance else best


@torch.no_grad()
def measured(
    model: gantool.Model, target: Float[Tensor, "1 c h w"], extractor: gantool.Extractor, found: Found
) -> Found:
    """The same, undisturbed: with the distance of its latents as they are."""
    if not found.disturbed:
        return found
    device, generator = model.device, model.generator
    assert isinstance(generator, gantool.MappedGenerator)
    with model.replacing(found.noises):
        picture = generator.synthesize(found.latents.to(device))[-1]
    return replace(found, distance=Likeness(extractor, target.to(device))(picture).item(), disturbed=False)


def _statistics(model: gantool.Model, label: str | int | None) -> tuple[Float[Tensor, "1 *w"], float]:
    """The mean w, and how far w is from it: the root of the mean squared distance."""
    total = squares = torch.zeros((), dtype=torch.float64)
    for start in range(0, DRAWS, AT_ONCE):
        w = model.latents(range(start, start + AT_ONCE), label).double()
        total, squares = total + w.sum(dim=0), squares + w.square().sum(dim=0)
    mean = total / DRAWS
    variance = (squares / DRAWS - mean.square()).clamp(min=0)
    return mean.float()[None], variance.sum(dim=-1).mean().sqrt().item()


def _ramp(done: float) -> float:
    fall = min(1.0, (1 - done) / FALL)
    return (0.5 - 0.5 * math.cos(fall * math.pi)) * min(1.0, done / RISE)


def _noises(generator: gantool.MappedGenerator) -> dict[str, Tensor]:
    own: Mapping[str, Tensor] = getattr(generator, "noises", dict)()
    return {name: noise.clone().requires_grad_(True) for name, noise in own.items()}
