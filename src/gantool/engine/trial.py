"""A trial of networks and components before a run: they are called as a step calls them, to see if they keep contracts.

Values are not judged, since they depend on networks that have learnt nothing; shapes, types and gradients are.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import nn

from gantool.api.networks import Gan, Images, Labels
from gantool.api.specs import ImageShape, OptimizerSetting
from gantool.api.strategies import Augmentation, Balance, Loss, Penalty, Strategy
from gantool.engine.judging import PerImage
from gantool.engine.trial_calls import SAMPLES, calling, copied, described, own_randomness, stages
from gantool.engine.trial_networks import learning
from gantool.errors import PluginError

LOSS = "A loss returns one value per sample, a float tensor [n] with a gradient to the logits; the step takes the mean."
WITHOUT_REALS = " Its generator gets None for the real logits, unless the loss has pairs_real = True."
PENALTY = (
    "A penalty returns one value per sample, a float tensor [n], or [1] where it depends on the weights alone, with a "
    "gradient to the discriminator's weights (that of torch.autograd.grad has one with create_graph=True), and leaves "
    "the images as they are; the step takes the mean."
)
OPTIMIZER = (
    "An optimizer's factory(options, parameters, setting) returns a torch.optim.Optimizer; its step() passes over "
    "parameters whose grad is None, and takes weights of any shape, here of [4], [4, 3] and [6, 5, 3, 3]."
)
SHAPES = ((4,), (4, 3), (6, 5, 3, 3))
"""Of a bias, of a linear layer's weight and of a convolution's; sides differ, or a transposed one would fit too."""
GENERATOR_PENALTY = (
    "A penalty of the generator returns one value per sample, a float tensor [n], or [1] where it depends on the "
    "weights alone, with a gradient to the generator's weights; the step takes the mean."
)
CONSTRAINT = (
    "A constraint changes its network's weights in place (weight.copy_, weight.mul_), within torch.no_grad(), and "
    "keeps them finite."
)
OBSERVE = "An augmentation's observe(real_logits) takes the logits of the reals in a step, a float tensor [n]."
STATE = "A component keeps its state in buffers of floating point, and its status() returns numbers by name."
CLOCK = "advance(images_seen) is called before every step, and what it sets follows from images_seen alone."
LATER = 10_000
BALANCE = (
    "A balance's turn() returns gantool.Turn(discriminator, generator), of which at least one is true, "
    "and observe(seen) takes the scalars of a step."
)
AUGMENTATION = (
    "An augmentation's draw(n) returns a function from a tuple of images to a tuple of new ones of the same shapes, "
    "type and device, finite and with a gradient to those it got."
)


def try_loss(loss: Loss, title: str, device: torch.device) -> None:
    """Call both methods of a loss with a few logits. Raises PluginError that says what `title` does wrong."""
    with own_randomness(device):
        real, fake = (torch.randn(SAMPLES, device=device, requires_grad=True) for _ in range(2))
        with calling(title, "discriminator(real_logits, fake_logits)", LOSS) as check:
            check.values(loss.discriminator(real.clone(), fake.clone()), (real, fake), "the logits")
        with calling(title, "generator(real_logits, fake_logits)", LOSS) as check:
            check.contract += "" if loss.pairs_real else WITHOUT_REALS
            value = loss.generator(real.detach() if loss.pairs_real else None, fake.clone())
            check.values(value, (fake,), "the fake logits")


def try_optimizer(build: Callable[..., torch.optim.Optimizer], title: str, device: torch.device) -> None:
    """Take one step with weights of 1, 2 and 4 dimensions, as networks have. Raises PluginError on what is wrong."""
    moving, idle = ([nn.Parameter(torch.ones(shape, device=device)) for shape in SHAPES] for _ in range(2))
    for weight in moving:
        weight.grad = torch.ones_like(weight)
    with calling(title, "step()", OPTIMIZER, samples=False):
        optimizer = build([*moving, *idle], OptimizerSetting(1e-3))
        groups = getattr(optimizer, "param_groups", None)
        if not groups or not all("lr" in group for group in groups):
            raise PluginError(f"{title} has no param_groups with 'lr', by which schedules set the learning rate.")
        held = {id(weight) for group in groups for weight in group["params"]}
        for weight in moving:
            if id(weight) not in held:
                raise PluginError(
                    f"{title} cannot be used: it leaves out a weight of {weight.dim()} dimension(s), which would never "
                    "learn. Put every parameter that the factory is given into one of its param_groups, in a group of "
                    "its own where it is to be treated otherwise."
                )
        optimizer.step()
        if not all(bool(torch.isfinite(weight).all()) for weight in moving):
            raise PluginError(f"{title} made a weight of 1 with a gradient of 1 infinite or NaN in one step.")


def try_penalty(penalty: Penalty, title: str, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Call a penalty with a copy of its network, in each stage. Raises PluginError that says what is wrong."""
    trials: dict[str, Callable[..., None]] = {
        "discriminator": _try_on_discriminator,
        "generator": _try_on_generator,
        "discriminator weights": partial(_try_on_weights, number=1),
        "generator weights": partial(_try_on_weights, number=0),
    }
    with own_randomness(device):
        for twin, real, fake in stages(gan, shape, device):
            labels = torch.zeros(SAMPLES, dtype=torch.int64, device=device) if shape.classes else None
            trials[penalty.side](penalty, title, twin, real, fake, labels)


def _try_on_discriminator(penalty: Penalty, title: str, twin: Gan, real: Images, fake: Images, labels: Labels) -> None:
    if twin.discriminator is None:
        return
    weights, before = learning(twin.discriminator), copied((*real, *fake))
    with calling(title, "penalty(network, real, fake, labels)", PENALTY) as check:
        value = penalty(PerImage(twin.discriminator), real, fake, labels)
        check.values(value, weights, "the discriminator's weights", shared=True)
        check.unchanged(before, (*real, *fake))


def _try_on_generator(penalty: Penalty, title: str, twin: Gan, real: Images, fake: Images, labels: Labels) -> None:
    with calling(title, "penalty(network, z, labels)", GENERATOR_PENALTY) as check:
        value = penalty(twin.generator, torch.randn(SAMPLES, twin.latent_dim, device=real[-1].device), labels)
        check.values(value, learning(twin.generator), "the generator's weights", shared=True)


def _try_on_weights(
    penalty: Penalty, title: str, twin: Gan, real: Images, fake: Images, labels: Labels, number: int
) -> None:
    for network in twin.networks[number : number + 1]:
        with calling(title, "constrain(network)", CONSTRAINT, samples=False) as check:
            before = {name: (id(weight), weight.data_ptr()) for name, weight in network.named_parameters()}
            penalty.constrain(network)
            after = {name: (id(weight), weight.data_ptr()) for name, weight in network.named_parameters()}
            if moved := [name for name in before | after if before.get(name) != after.get(name)]:
                raise check.broken(f"replaced {moved[0]}, which the optimizer would go on to change without effect")
            if not all(bool(torch.isfinite(weight).all()) for weight in network.parameters()):
                raise check.broken("left weights that are not finite")


def try_balance(balance: Balance, title: str) -> None:
    """Call a balance's turn and observe, a few times. Raises PluginError that says what is wrong."""
    with own_randomness(torch.device("cpu")):
        for _ in range(SAMPLES):
            with calling(title, "turn()", BALANCE, samples=False) as check:
                turn = balance.turn()
                if not isinstance(turn, tuple) or len(turn) != 2 or not any(turn):
                    raise check.broken(f"returned {turn!r:.80}")
                scales = balance.learning_rate_scales
                if len(scales) != 2 or not all(0 < float(scale) < math.inf for scale in scales):
                    raise check.broken(f"goes with learning_rate_scales {scales!r:.80}, not two positive numbers")
            seen = {"loss_d": torch.tensor(1.4), "real_accuracy": torch.tensor(0.5), "fake_accuracy": torch.tensor(0.5)}
            with calling(title, "observe(seen)", BALANCE, samples=False):
                balance.observe((seen if turn[0] else {}) | ({"loss_g": torch.tensor(0.7)} if turn[1] else {}))


def try_augmentation(augmentation: Augmentation, title: str, gan: Gan, shape: ImageShape, device: torch.device) -> None:
    """Augment noise, in the shapes of each stage. Raises PluginError that says what `title` does wrong."""
    with own_randomness(device):
        for _, real, fake in stages(gan, shape, device):
            before = copied(real)
            with calling(title, "draw(n)", AUGMENTATION) as check:
                apply = augmentation.draw(SAMPLES)
                if not callable(apply):
                    raise check.broken(f"returned {described(apply)}")
            with calling(title, "draw(n)(images)", AUGMENTATION) as check:
                with torch.no_grad():
                    check.images(apply(real), real)
                check.unchanged(before, real)
                leaves = tuple(level.requires_grad_(True) for level in fake)
                seen = apply(leaves)
                check.images(seen, fake)
                check.gradient([level.sum() for level in seen], leaves, "the images")
        with calling(title, "observe(real_logits)", OBSERVE):
            augmentation.observe(torch.randn(SAMPLES, device=device))


def try_state(component: Strategy, title: str) -> None:
    """Check the buffers and the status of a component. Raises PluginError that says what `title` does wrong."""
    if isinstance(component, nn.Module):
        with calling(title, "buffers()", STATE, samples=False) as check:
            odd = [name for name, buffer in component.named_buffers() if not buffer.is_floating_point()]
            if odd:
                raise check.broken(f"hold {odd[0]!r}, which is not of floating point")
    first = _at(component, title, 0)
    _at(component, title, LATER)
    with calling(title, "advance(images_seen)", CLOCK, samples=False) as check:
        if _at(component, title, 0) != first:
            raise check.broken("leads to another weight or status when the clock comes back to 0")


def _at(component: Strategy, title: str, images_seen: int) -> str:
    """The weight and status at a moment of a run, as text, in which NaN equals itself."""
    with calling(title, f"advance({images_seen})", CLOCK, samples=False):
        component.advance(images_seen)
    with calling(title, "status()", STATE, samples=False) as check:
        status = component.status()
        if not isinstance(status, Mapping) or not all(isinstance(value, int | float) for value in status.values()):
            raise check.broken(f"returned {status!r:.80}")
    return repr((getattr(component, "weight", None), dict(status)))
