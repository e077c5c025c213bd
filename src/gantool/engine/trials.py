"""Whether a loss, penalty, augmentation or balance keeps its contract: called as a step would, before there is a run.

Values are not judged, since they depend on networks that have learnt nothing; shapes, types and gradients are.
"""

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gantool.components import ImageShape
from gantool.contracts import Augmentation, Balance, Constraint, Gan, GeneratorPenalty, Images, Loss, Penalty
from gantool.engine.devices import is_out_of_memory
from gantool.engine.stages import stages_of
from gantool.errors import GantoolError, PluginError, cause

SAMPLES = 4
"""Not two: the means of reals and of fakes, stacked, would pass for one value per sample."""

LOSS = "A loss returns one value per sample, a float tensor [n] with a gradient to the logits; the step takes the mean."
WITHOUT_REALS = " Its generator gets None for the real logits, unless the loss has pairs_real = True."
PENALTY = (
    "A penalty returns one value per sample, a float tensor [n] with a gradient to the discriminator's weights "
    "(that of torch.autograd.grad has one with create_graph=True), and leaves the images as they are; the step takes "
    "the mean."
)
GENERATOR_PENALTY = (
    "A penalty of the generator returns one value per sample, a float tensor [n] with a gradient to the generator's "
    "weights; the step takes the mean."
)
CONSTRAINT = "A constraint changes the discriminator's weights in place, within torch.no_grad(), and keeps them finite."
OBSERVE = "An augmentation's observe(real_logits) takes the logits of a step's reals, a float tensor [n]."
REMEMBERS = (
    "What remembers something keeps it in buffers of floating point, and tells of itself by status(), which returns "
    "numbers by name."
)
CLOCK = "advance(images_seen) is called before every step, and what it sets follows from images_seen alone."
LATER = 10_000
BALANCE = (
    "A balance's turn() returns gantool.Turn(discriminator, generator), of which at least one is true, "
    "and observe(seen) takes what was seen."
)
AUGMENTATION = (
    "An augmentation's draw(n) returns a function from a tuple of images to a tuple of new ones of the same shapes, "
    "type and device, finite and with a gradient to those it got."
)


def try_loss(loss: Loss, title: str, device: torch.device) -> None:
    """Ask for both values of a few logits. Raises PluginError that says what `title` does wrong."""
    with _own_randomness(device):
        real, fake = (torch.randn(SAMPLES, device=device, requires_grad=True) for _ in range(2))
        with _calling(title, "discriminator(real_logits, fake_logits)", LOSS) as check:
            check.values(loss.discriminator(real.clone(), fake.clone()), (real, fake), "the logits")
        with _calling(title, "generator(real_logits, fake_logits)", LOSS) as check:
            pairs = getattr(loss, "pairs_real", False)
            check.contract += "" if pairs else WITHOUT_REALS
            value = loss.generator(real.detach() if pairs else None, fake.clone())
            check.values(value, (fake,), "the fake logits")


def try_penalty(penalty: Penalty, title: str, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Penalise a copy of the discriminator, in each stage. Raises PluginError that says what `title` does wrong."""
    labels = torch.zeros(SAMPLES, dtype=torch.int64, device=device) if shape.classes else None
    with _own_randomness(device):
        for twin, real, fake in _stages(gan, shape, device):
            weights = [weight for weight in twin.discriminator.parameters() if weight.requires_grad]
            before = _copied((*real, *fake))
            with _calling(title, "penalty(network, real, fake, labels)", PENALTY) as check:
                value = penalty(twin.discriminator, real, fake, labels)
                check.values(value, weights, "the discriminator's weights")
                check.unchanged(before, (*real, *fake))


def try_generator_penalty(
    penalty: GeneratorPenalty, title: str, gan: Gan, shape: ImageShape, device: torch.device
) -> None:
    """Penalise a copy of the generator, in each stage. Raises PluginError that says what `title` does wrong."""
    labels = torch.zeros(SAMPLES, dtype=torch.int64, device=device) if shape.classes else None
    with _own_randomness(device):
        for twin, _, _ in _stages(gan, shape, device):
            weights = [weight for weight in twin.generator.parameters() if weight.requires_grad]
            with _calling(title, "penalty(network, z, labels)", GENERATOR_PENALTY) as check:
                value = penalty(twin.generator, torch.randn(SAMPLES, gan.latent_dim, device=device), labels)
                check.values(value, weights, "the generator's weights")


def try_constraint(constraint: Constraint, title: str, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Constrain a copy of the discriminator. Raises PluginError that says what `title` does wrong."""
    twin = copy.deepcopy(gan.discriminator).to(device)
    with _own_randomness(device), _calling(title, "constrain(network)", CONSTRAINT) as check:
        constraint.constrain(twin)
        if not all(bool(torch.isfinite(weight).all()) for weight in twin.parameters()):
            raise check.broken("left weights that are not finite")


def try_balance(balance: Balance, title: str) -> None:
    """Ask whose turn it is and tell what came of it, a few times. Raises PluginError that says what is wrong."""
    with _own_randomness(torch.device("cpu")):
        for _ in range(SAMPLES):
            with _calling(title, "turn()", BALANCE) as check:
                turn = balance.turn()
                if not isinstance(turn, tuple) or len(turn) != 2 or not any(turn):
                    raise check.broken(f"returned {turn!r:.80}")
                scales = getattr(balance, "learning_rate_scales", (1.0, 1.0))
                if len(scales) != 2 or not all(0 < float(scale) < math.inf for scale in scales):
                    raise check.broken(f"goes with learning_rate_scales {scales!r:.80}, not two positive numbers")
            seen = {"loss_d": torch.tensor(1.4), "real_accuracy": torch.tensor(0.5), "fake_accuracy": torch.tensor(0.5)}
            with _calling(title, "observe(seen)", BALANCE):
                balance.observe((seen if turn[0] else {}) | ({"loss_g": torch.tensor(0.7)} if turn[1] else {}))


def try_augmentation(augmentation: Augmentation, title: str, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Augment noise, in the shapes of each stage. Raises PluginError that says what `title` does wrong."""
    with _own_randomness(device):
        for _, real, fake in _stages(gan, shape, device):
            before = _copied(real)
            with _calling(title, "draw(n)", AUGMENTATION) as check:
                apply = augmentation.draw(SAMPLES)
                if not callable(apply):
                    raise check.broken(f"returned {_described(apply)}")
            with _calling(title, "draw(n)(images)", AUGMENTATION) as check:
                with torch.no_grad():
                    check.images(apply(real), real)
                check.unchanged(before, real)
                leaves = tuple(level.requires_grad_(True) for level in fake)
                seen = apply(leaves)
                check.images(seen, fake)
                check.gradient([level.sum() for level in seen], leaves, "the images")
        if observe := getattr(augmentation, "observe", None):
            with _calling(title, "observe(real_logits)", OBSERVE):
                observe(torch.randn(SAMPLES, device=device))


def try_memory(component: object, title: str) -> None:
    """Look at what a component remembers and tells. Raises PluginError that says what `title` does wrong."""
    if isinstance(component, nn.Module):
        with _calling(title, "buffers()", REMEMBERS) as check:
            odd = [name for name, buffer in component.named_buffers() if not buffer.is_floating_point()]
            if odd:
                raise check.broken(f"hold {odd[0]!r}, which is not of floating point")
    first = _at(component, title, 0)
    _at(component, title, LATER)
    with _calling(title, "advance(images_seen)", CLOCK) as check:
        if callable(getattr(component, "advance", None)) and _at(component, title, 0) != first:
            raise check.broken("leads to another weight or status when the clock comes back to 0")


def _at(component: Any, title: str, images_seen: int) -> str:
    """The weight and status at a moment of a run, as text, in which what is not a number equals itself."""
    if callable(getattr(component, "advance", None)):
        with _calling(title, f"advance({images_seen})", CLOCK):
            component.advance(images_seen)
    told: Any = {}
    if callable(getattr(component, "status", None)):
        with _calling(title, "status()", REMEMBERS) as check:
            told = component.status()
            if not isinstance(told, Mapping) or not all(isinstance(value, int | float) for value in told.values()):
                raise check.broken(f"returned {told!r:.80}")
    return repr((getattr(component, "weight", None), dict(told)))


class _Check:
    """What one call of a component must give, and the words for what it gave instead."""

    def __init__(self, title: str, call: str, contract: str) -> None:
        self.title, self.call, self.contract = title, call, contract

    def broken(self, what: str) -> PluginError:
        """The error that says what the call did."""
        return PluginError(f"{self.title} cannot be used: its {self.call} {what}. {self.contract}")

    def values(self, value: object, sources: Sequence[Tensor], called: str) -> None:
        """One value per sample, with a gradient to at least one of the sources."""
        if not isinstance(value, Tensor) or tuple(value.shape) != (SAMPLES,) or not value.is_floating_point():
            raise self.broken(f"returned {_described(value)} for {SAMPLES} samples")
        self.gradient([value.mean()], sources, called)

    def images(self, images: object, given: Images) -> None:
        """Images like those that were given."""
        if not isinstance(images, tuple):
            raise self.broken(f"returned {_described(images)}, not a tuple of images")
        if [_described(level) for level in images] != [_described(level) for level in given]:
            raise self.broken(
                f"returned {' and '.join(map(_described, images)) or 'nothing'} for "
                f"{' and '.join(map(_described, given))}"
            )
        if not all(bool(torch.isfinite(level).all()) for level in images):
            raise self.broken("returned pixels that are not finite")

    def gradient(self, scalars: Sequence[Tensor], sources: Sequence[Tensor], called: str) -> None:
        """Each of the scalars differentiable, and at least one of the sources reached."""
        flows = all(scalar.requires_grad for scalar in scalars)
        if not flows or not any(g is not None for g in torch.autograd.grad(scalars, sources, allow_unused=True)):
            raise self.broken(f"returned what has no gradient to {called}")

    def unchanged(self, before: Images, after: Images) -> None:
        """The same pixels as before the call."""
        if not all(torch.equal(one, other) for one, other in zip(before, after, strict=True)):
            raise self.broken("changed the images it was given")


@contextmanager
def _calling(title: str, call: str, contract: str) -> Iterator[_Check]:
    check = _Check(title, call, contract)
    try:
        yield check
    except (Exception, SystemExit) as error:
        if isinstance(error, GantoolError) or is_out_of_memory(error):
            raise
        raise check.broken(f"failed on {SAMPLES} samples ({cause(error)})") from error


@contextmanager
def _own_randomness(device: torch.device) -> Iterator[None]:
    """The caller's random state is left alone, and the same trial always goes the same way."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        yield


def _stages(gan: Gan, shape: ImageShape, device: torch.device) -> Iterator[tuple[Gan, Images, Images]]:
    """A copy of the networks as a step trains them, and noise for reals and fakes, in each stage of a run."""
    twin = copy.deepcopy(gan)
    for network in (twin.generator, twin.discriminator):
        network.to(device).train()
    for stage in stages_of(twin, shape.resolution, SAMPLES):
        twin.advance(stage.start)
        size = (SAMPLES, shape.channels, stage.resolution, stage.resolution)
        with torch.no_grad():
            real = twin.view(torch.rand(size, device=device) * 2 - 1)
            fake = tuple(torch.rand_like(level) * 2 - 1 for level in real)
        yield twin, real, fake


def _copied(images: Images) -> Images:
    return tuple(level.clone() for level in images)


def _described(thing: object) -> str:
    if isinstance(thing, Tensor):
        return f"a {str(thing.dtype).removeprefix('torch.')} tensor of shape {list(thing.shape)} on {thing.device.type}"
    return "None" if thing is None else f"a {type(thing).__name__}"
