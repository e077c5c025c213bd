"""The common part of all trials: the call of a component, its arguments, and the check of its result."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from gantool.api.networks import Gan, Images
from gantool.api.specs import ImageShape
from gantool.engine.chance import seed_generators
from gantool.engine.devices import is_out_of_memory
from gantool.engine.stages import stages_of
from gantool.errors import GantoolError, PluginError, cause

SAMPLES = 4
"""Not two: the means of reals and of fakes, stacked, would pass for one value per sample."""

IN_PLACE = (
    "A tensor that its result was computed by, such as a buffer, is changed in place before the backward pass: compute "
    "by buffer.clone()."
)


class Check:
    """The result that one call of a component must give, and the words for anything else."""

    def __init__(self, title: str, call: str, contract: str) -> None:
        self.title, self.call, self.contract = title, call, contract

    def broken(self, what: str) -> PluginError:
        """The error that says what the call did."""
        return PluginError(f"{self.title} cannot be used: its {self.call} {what}. {self.contract}")

    def values(self, value: object, sources: Sequence[Tensor], called: str, shared: bool = False) -> None:
        """One value per sample, or if `shared` one for all, with a gradient to at least one of the sources."""
        shapes = ((SAMPLES,), (1,)) if shared else ((SAMPLES,),)
        if not isinstance(value, Tensor) or tuple(value.shape) not in shapes or not value.is_floating_point():
            raise self.broken(f"returned {described(value)} for {SAMPLES} samples")
        self.gradient([value.mean()], sources, called)

    def images(self, images: object, given: Images) -> None:
        """Images like those that were given."""
        if not isinstance(images, tuple):
            raise self.broken(f"returned {described(images)}, not a tuple of images")
        if [described(level) for level in images] != [described(level) for level in given]:
            raise self.broken(
                f"returned {' and '.join(map(described, images)) or 'nothing'} for "
                f"{' and '.join(map(described, given))}"
            )
        self.finite(images, "pixels")

    def finite(self, values: Sequence[Tensor], called: str) -> None:
        """Neither infinite nor not a number."""
        if not all(bool(torch.isfinite(value).all()) for value in values):
            raise self.broken(f"returned {called} that are not finite")

    def gradient(self, scalars: Sequence[Tensor], sources: Sequence[Tensor], called: str) -> None:
        """A check that each scalar is differentiable, and that a gradient reaches at least one of the sources."""
        if not sources:
            raise self.broken(f"can have no gradient to {called}, which are all frozen (requires_grad is False)")
        flows = all(scalar.requires_grad for scalar in scalars)
        if not flows or not any(g is not None for g in torch.autograd.grad(scalars, sources, allow_unused=True)):
            raise self.broken(f"returned what has no gradient to {called}")

    def unchanged(self, before: Images, after: Images) -> None:
        """The same pixels as before the call."""
        if not all(torch.equal(one, other) for one, other in zip(before, after, strict=True)):
            raise self.broken("changed the images it was given")


@contextmanager
def calling(title: str, call: str, contract: str, samples: bool = True) -> Iterator[Check]:
    """Turn an exception of the call into the error about its contract; a lack of memory stays as it is.

    `samples` is False for a call that gets none.
    """
    check = Check(title, call, contract)
    try:
        yield check
    except (Exception, SystemExit) as error:
        if isinstance(error, GantoolError) or is_out_of_memory(error):
            raise
        given = f" on {SAMPLES} samples" if samples else ""
        told, in_place, _ = cause(error).partition(": [")
        if "modified by an inplace operation" in told and in_place:
            check.contract = IN_PLACE
        else:
            told = cause(error)
        raise check.broken(f"failed{given} ({told})") from error


@contextmanager
def own_randomness(device: torch.device) -> Iterator[None]:
    """The caller's random state is left alone, and the same trial always goes the same way."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        seed_generators(0, device)
        yield


def stages(gan: Gan, shape: ImageShape, device: torch.device) -> Iterator[tuple[Gan, Images, Images]]:
    """A copy of the networks as a step trains them, and noise for reals and fakes, in each stage of a run."""
    twin = copy.deepcopy(gan)
    for network in twin.networks:
        network.to(device).train()
    for stage in stages_of(twin, shape.resolution, SAMPLES):
        twin.advance(stage.start)
        size = (SAMPLES, shape.channels, stage.resolution, stage.resolution)
        with torch.no_grad():
            real = twin.view(torch.rand(size, device=device) * 2 - 1)
            fake = tuple(torch.rand_like(level) * 2 - 1 for level in real)
        yield twin, real, fake


def copied(images: Images) -> Images:
    """The same pixels in tensors of their own."""
    return tuple(level.clone() for level in images)


def described(thing: object) -> str:
    """A short description of a returned object, for an error."""
    if isinstance(thing, Tensor):
        return f"a {str(thing.dtype).removeprefix('torch.')} tensor of shape {list(thing.shape)} on {thing.device.type}"
    return "None" if thing is None else f"a {type(thing).__name__}"
