"""A component that breaks its contract is named before there is a run; one that keeps it leaves no trace."""

import copy
import sys

import pytest
import torch

from fakes import tiny_gan
from gantool.api.specs import ImageShape
from gantool.api.strategies import Augmentation, Balance, Penalty, Strategy
from gantool.builtin.architectures import MsgOptions, ProgressiveOptions
from gantool.builtin.architectures.msg import build as build_msg
from gantool.builtin.architectures.progressive import build as build_progressive
from gantool.builtin.losses import HingeOptions, LogisticOptions, LsganOptions, WassersteinOptions
from gantool.builtin.losses.losses import Hinge, LeastSquares, Logistic, Minimax, Wasserstein
from gantool.builtin.penalties import (
    ClipOptions,
    DraganOptions,
    DriftOptions,
    GpOptions,
    PathLengthOptions,
    R1Options,
)
from gantool.builtin.penalties.constraints import Clip
from gantool.builtin.penalties.gradients import R1, Dragan, Drift, GradientPenalty
from gantool.builtin.penalties.on_generator import PathLength
from gantool.engine.trial import (
    try_augmentation,
    try_balance,
    try_loss,
    try_optimizer,
    try_penalty,
    try_state,
)
from gantool.engine.trial_networks import try_networks
from gantool.errors import PluginError, UsageError

CPU, SHAPE = torch.device("cpu"), ImageShape(8)
TITLE = "Thing 'odd' of gantool-odd"


def refused(attempt, *words):
    """That it is refused in one sentence of these words, and the caller's random state left alone."""
    state = torch.get_rng_state()
    with pytest.raises(PluginError) as caught:
        attempt()
    assert torch.equal(state, torch.get_rng_state())
    text = str(caught.value)
    assert text.startswith(f"{TITLE} cannot be used: its ")
    assert "\n" not in text
    assert all(word in text for word in words), text


class Altered(torch.nn.Module):
    """A network with something done to its images before or its answer after."""

    def __init__(self, network, before=None, after=None):
        super().__init__()
        self.network, self.before, self.after = network, before, after

    def forward(self, images, labels=None):
        answer = self.network(self.before(images) if self.before else images, labels)
        return self.after(answer) if self.after else answer


@pytest.mark.parametrize(
    ("side", "odd", "words"),
    [
        ("generator", {"after": lambda images: tuple(level.detach() for level in images)}, "no gradient to its w"),
        ("generator", {"after": lambda images: tuple(level * float("nan") for level in images)}, "are not finite"),
        ("discriminator", {"after": torch.Tensor.detach}, "no gradient to its weights"),
        ("discriminator", {"after": lambda logits: logits / 0}, "logits that are not finite"),
        ("discriminator", {"before": lambda images: (images[0].detach(),)}, "no gradient to the pictures"),
        ("discriminator", {"before": lambda images: (images[0].mul_(2),)}, "changed the images"),
    ],
)
def test_networks_that_cannot_learn_are_told_before_there_is_a_run(side, odd, words):
    gan = tiny_gan()
    setattr(gan, side, Altered(getattr(gan, side), **odd))
    refused(lambda: try_networks(gan, TITLE, SHAPE, CPU), side, words)


class Odd(Logistic):
    """A loss that is odd in one of its two answers."""

    def __init__(self, discriminator=None, generator=None, pairs_real=False):
        super().__init__(LogisticOptions())
        self.odd, self.pairs_real = (discriminator, generator), pairs_real

    def discriminator(self, real_logits, fake_logits):
        return (self.odd[0] or super().discriminator)(real_logits, fake_logits)

    def generator(self, real_logits, fake_logits):
        return (self.odd[1] or super().generator)(real_logits, fake_logits)


PER_SAMPLE = "one value per sample, a float tensor [n]"


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (Odd(lambda real, fake: real.nothing), ["discriminator(real_logits, fake_logits) failed", "'nothing'"]),
        (Odd(lambda real, fake: sys.exit(3)), ["it tried to end the program (exit code 3)"]),
        (Odd(lambda real, fake: (fake - real).mean()), ["a float32 tensor of shape [] on cpu for 4", PER_SAMPLE]),
        (Odd(lambda real, fake: torch.stack([real.mean(), fake.mean()])), ["shape [2]"]),
        (Odd(lambda real, fake: (fake - real)[:, None]), ["shape [4, 1]"]),
        (Odd(lambda real, fake: [fake]), ["returned a list"]),
        (Odd(lambda real, fake: None), ["returned None"]),
        (Odd(lambda real, fake: fake > real), ["a bool tensor"]),
        (Odd(lambda real, fake: fake.detach()), ["no gradient to the logits"]),
        (
            Odd(None, lambda real, fake: real - fake),
            ["its generator(real_logits", "failed", "pairs_real = True"],
        ),
        (Odd(None, lambda real, fake: fake.mean()), ["its generator", "shape []"]),
        (Odd(None, lambda real, fake: real, pairs_real=True), ["its generator", "no gradient to the fake logits"]),
    ],
)
def test_a_loss_is_tried_with_logits_as_in_a_step(loss, words):
    refused(lambda: try_loss(loss, TITLE, CPU), *words)


@pytest.mark.parametrize(
    "loss",
    [
        Logistic(LogisticOptions()), Minimax(LogisticOptions()), Hinge(HingeOptions()), LeastSquares(LsganOptions()),
        Wasserstein(WassersteinOptions()), Logistic(LogisticOptions(smooth=0.1, flip=1)),
        Odd(None, lambda real, fake: real - fake, pairs_real=True),
        Odd(lambda real, fake: (fake - real) / 0), Odd(lambda real, fake: (fake - real.mean()).double()),
    ],
)  # fmt: skip
def test_a_loss_that_keeps_its_contract_passes_whatever_its_values(loss):
    state = torch.get_rng_state()
    try_loss(loss, TITLE, CPU)
    assert torch.equal(state, torch.get_rng_state())


class Plain(Penalty):
    """A penalty that is a function."""

    weight, every = 1.0, 1

    def __init__(self, function):
        self.function = function

    def __call__(self, network, real, fake, labels):
        return self.function(network, real, fake, labels)


def flat_gradient(network, real, fake, labels):
    images = tuple(level.clone().requires_grad_(True) for level in real)
    gradients = torch.autograd.grad(network(images, labels).sum(), images)
    return gradients[0].square().flatten(1).sum(1)


def in_place(network, real, fake, labels):
    real[-1].add_(0.1)
    return network(real, labels)


@pytest.mark.parametrize(
    ("penalty", "words"),
    [
        (lambda network, real, fake, labels: network.none, ["penalty(network, real, fake, labels) failed", "'none'"]),
        (
            lambda network, real, fake, labels: network(real, labels).square().mean(),
            ["shape [] ", PER_SAMPLE, "or [1]"],
        ),
        (flat_gradient, ["no gradient to the discriminator's weights", "create_graph=True"]),
        (lambda network, real, fake, labels: real[-1].requires_grad_(True).sum((1, 2, 3)), ["no gradient to the disc"]),
        (in_place, ["changed the images"]),
    ],
)
def test_a_penalty_is_tried_on_a_discriminator(penalty, words):
    gan = tiny_gan()
    refused(lambda: try_penalty(Plain(penalty), TITLE, gan, SHAPE, CPU), *words)


def spread(network, real, fake, labels):
    """Of the whole batch, and not finite."""
    logits = network(real, labels)
    return (logits - logits.mean()) / logits.detach().std() * float("inf")


SMALL = {"fmap_base": 64, "fmap_max": 8}
GANS = [
    (tiny_gan, SHAPE),
    (lambda: build_msg(MsgOptions(**SMALL), ImageShape(16)), ImageShape(16)),
    (lambda: build_progressive(GROWING, ImageShape(16, classes=2)), ImageShape(16, classes=2)),
]
GROWING = ProgressiveOptions(**SMALL, stabilise_kimg=1, fade_kimg=1)


@pytest.mark.parametrize(("build", "shape"), GANS)
def test_networks_that_can_are_left_as_they_are(build, shape):
    gan = build()
    before = copy.deepcopy([*gan.generator.state_dict().values(), *gan.discriminator.state_dict().values()])
    try_networks(gan, TITLE, shape, CPU)
    after = [*gan.generator.state_dict().values(), *gan.discriminator.state_dict().values()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert all(weight.grad is None for weight in gan.generator.parameters())


@pytest.mark.parametrize(
    "penalty",
    [
        R1(R1Options(weight=1)),
        GradientPenalty(GpOptions()),
        Dragan(DraganOptions()),
        Drift(DriftOptions()),
        Plain(spread),
    ],
)
@pytest.mark.parametrize(("build", "shape"), GANS, ids=["tiny", "msg", "progressive"])
def test_the_networks_are_left_as_they_were(build, shape, penalty):
    gan = build()
    gan.advance(0)
    before = copy.deepcopy([gan.generator.state_dict(), gan.discriminator.state_dict()])
    gan.discriminator.eval()
    try_penalty(penalty, TITLE, gan, shape, CPU)
    for network, state in zip((gan.generator, gan.discriminator), before, strict=True):
        assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
        assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())
    assert not gan.discriminator.training
    assert gan.generator.training


class Drawn(Augmentation):
    """An augmentation of one transformation."""

    def __init__(self, apply):
        self.apply = apply

    def draw(self, n):
        return self.apply


def each(transform):
    return Drawn(lambda images: tuple(transform(level) for level in images))


@pytest.mark.parametrize(
    ("augmentation", "words"),
    [
        (Drawn(None), ["its draw(n) returned None"]),
        (Drawn(lambda images: list(images)), ["its draw(n)(images) returned a list, not a tuple"]),
        (Drawn(lambda images: ()), ["returned nothing for"]),
        (Drawn(lambda images: images + images), ["shape [4, 3, 8, 8] on cpu and "]),
        (Drawn(lambda images: images.flip(-1)), ["failed on 4 samples (AttributeError"]),
        (each(lambda level: level[..., 1:]), ["shape [4, 3, 8, 7]", "for a float32 tensor of shape [4, 3, 8, 8]"]),
        (each(lambda level: level.double()), ["float64"]),
        (each(lambda level: level / 0), ["not finite"]),
        (each(lambda level: level.detach().flip(-1)), ["no gradient to the images"]),
        (each(lambda level: torch.ones_like(level, requires_grad=True) * 1), ["no gradient to the images"]),
        (each(lambda level: level.mul_(0.5)), ["changed the images"]),
    ],
)
def test_an_augmentation_is_tried_on_images(augmentation, words):
    gan = tiny_gan()
    refused(lambda: try_augmentation(augmentation, TITLE, gan, SHAPE, CPU), *words)


@pytest.mark.parametrize(("build", "shape"), GANS, ids=["tiny", "msg", "progressive"])
def test_an_augmentation_that_keeps_its_contract_passes(build, shape):
    gan = build()
    gan.advance(0)
    state = torch.get_rng_state()
    try_augmentation(Drawn(lambda images: images), TITLE, gan, shape, CPU)
    try_augmentation(each(lambda level: level.flip(-1) * torch.rand(4, 1, 1, 1)), TITLE, gan, shape, CPU)
    assert torch.equal(state, torch.get_rng_state())


def test_its_own_words_and_a_lack_of_memory_stay_what_they_are():
    def own(real, fake):
        raise UsageError("give it a teacher")

    def memory(real, fake):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(UsageError, match="a teacher"):
        try_loss(Odd(own), TITLE, CPU)
    with pytest.raises(torch.OutOfMemoryError):
        try_loss(Odd(memory), TITLE, CPU)


class OfGenerator(Penalty):
    side, weight, every = "generator", 1.0, 1

    def __init__(self, call):
        self.call = call

    def __call__(self, network, z, labels):
        return self.call(network(z, labels)[-1])


def test_a_penalty_of_the_generator_is_tried_on_a_copy():
    gan = tiny_gan()
    before = copy.deepcopy(gan.generator.state_dict())
    try_penalty(PathLength(PathLengthOptions()), TITLE, gan, SHAPE, CPU)
    assert all(torch.equal(before[name], value) for name, value in gan.generator.state_dict().items())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda images: images.mean(), ("returned a float32 tensor of shape []", "one value per sample")),
        (lambda images: images.detach().mean(dim=(1, 2, 3)), ("no gradient to the generator's weights",)),
        (lambda images: 1 / 0, ("failed on 4 samples", "division by zero")),
    ],
)
def test_a_penalty_of_the_generator_that_breaks_its_contract_is_named(call, words):
    refused(lambda: try_penalty(OfGenerator(call), TITLE, tiny_gan(), SHAPE, CPU), *words)


class Constrains(Penalty):
    side = "discriminator weights"

    def __init__(self, value):
        self.value = value

    @torch.no_grad()
    def constrain(self, network):
        for weight in network.parameters():
            weight.div_(self.value)


def test_a_constraint_is_tried_on_a_copy():
    gan = tiny_gan()
    before = copy.deepcopy(gan.discriminator.state_dict())
    for constraint in (Clip(ClipOptions()), Constrains(2)):
        try_penalty(constraint, TITLE, gan, SHAPE, CPU)
    assert all(torch.equal(before[name], value) for name, value in gan.discriminator.state_dict().items())
    refused(lambda: try_penalty(Constrains(0), TITLE, gan, SHAPE, CPU), "left weights that are not finite")


class Replaces(Penalty):
    """Puts something else where a weight was."""

    side = "discriminator weights"

    def __init__(self, replace):
        self.constrain = lambda network: replace(network.last)


def another_parameter(layer):
    layer.weight = torch.nn.Parameter(layer.weight.detach() / 2)


def another_storage(layer):
    layer.weight.data = layer.weight.data / 2


@pytest.mark.parametrize("replace", [another_parameter, another_storage])
def test_a_constraint_that_replaces_weights_is_named(replace):
    words = ("replaced last.weight", "changes its network's weights in place")
    refused(lambda: try_penalty(Replaces(replace), TITLE, tiny_gan(), SHAPE, CPU), *words)


def of_all(parameters, setting):
    return torch.optim.SGD(parameters, setting.learning_rate)


def at_two_rates(parameters, setting):
    flat, deep = ([one for one in parameters if (one.dim() > 1) == is_deep] for is_deep in (False, True))
    groups = [{"params": flat}, {"params": deep, "lr": 0.1 * setting.learning_rate}]
    return torch.optim.SGD(groups, setting.learning_rate)


class OfMatrices(torch.optim.SGD):
    def step(self, closure=None):
        for weight in self.param_groups[0]["params"]:
            if weight.grad is not None and weight.dim() > 1:
                weight.grad @ weight.grad.transpose(0, 1)


@pytest.mark.parametrize("build", [of_all, at_two_rates])
def test_an_optimizer_that_moves_weights_of_any_shape_passes(build):
    try_optimizer(build, TITLE, CPU)


def test_a_call_without_samples_is_not_said_to_fail_on_some():
    class Failing(torch.optim.SGD):
        def step(self, closure=None):
            raise ValueError("no step")

    with pytest.raises(PluginError, match=r"its step\(\) failed \(ValueError: no step\)"):
        try_optimizer(lambda weights, setting: Failing(weights, setting.learning_rate), TITLE, CPU)


def test_an_optimizer_is_tried_with_weights_of_each_shape():
    refused(
        lambda: try_optimizer(lambda p, s: OfMatrices(p, s.learning_rate), TITLE, CPU), "step() failed", "[6, 5, 3, 3]"
    )


@pytest.mark.parametrize("kept", [lambda one: one.dim() > 1, lambda one: one.dim() == 1])
def test_an_optimizer_that_drops_weights_is_named_with_the_remedy(kept):
    with pytest.raises(PluginError, match=r"leaves out a weight of .* which would never learn\. Put every"):
        try_optimizer(lambda p, s: of_all([one for one in p if kept(one)], s), TITLE, CPU)


class Whose(Balance):
    def __init__(self, turn):
        self.answer = turn

    def turn(self):
        return self.answer

    def observe(self, seen):
        assert seen


@pytest.mark.parametrize("turn", [None, True, (False, False), (True,), (True, True, True)])
def test_a_balance_that_gives_nobody_a_turn_is_named(turn):
    try_balance(Whose((True, False)), TITLE)
    refused(lambda: try_balance(Whose(turn), TITLE), "turn() returned", "at least one is true")


class Remembers(torch.nn.Module, Strategy):
    def __init__(self, buffer, told):
        super().__init__()
        self.register_buffer("steps", buffer)
        self.status = lambda: told


def test_what_a_component_remembers_and_tells_is_looked_at():
    try_state(Remembers(torch.zeros(()), {"steps": 1.0}), TITLE)
    try_state(Strategy(), TITLE)
    refused(lambda: try_state(Remembers(torch.zeros((), dtype=torch.int64), {}), TITLE), "'steps'", "floating point")
    refused(lambda: try_state(Remembers(torch.zeros(()), None), TITLE), "status() returned None")


class Observes(Augmentation):
    def draw(self, n):
        return lambda images: tuple(level * 1 for level in images)

    def observe(self, one, other):
        raise AssertionError


def test_an_augmentation_that_cannot_be_told_of_logits_is_named():
    refused(lambda: try_augmentation(Observes(), TITLE, tiny_gan(), SHAPE, CPU), "observe(real_logits) failed")


def test_learning_rate_scales_that_are_not_two_numbers_are_named():
    odd = Whose((True, True))
    odd.learning_rate_scales = (1,)
    refused(lambda: try_balance(odd, TITLE), "learning_rate_scales (1,)")


class Falling(Penalty):
    weight, calls = 1.0, 0

    def advance(self, images_seen):
        self.weight = 1 / (1 + images_seen)


class Drifting(Falling):
    def advance(self, images_seen):
        self.calls += 1
        self.weight = 1 / self.calls


class FailingLater(Falling):
    def advance(self, images_seen):
        self.weight = {0: 1.0}[images_seen]


class Silent(Falling):
    def status(self):
        return None


def test_what_goes_by_the_clock_follows_from_it_alone():
    try_state(Falling(), TITLE)
    refused(lambda: try_state(Drifting(), TITLE), "another weight", "images_seen alone")
    refused(lambda: try_state(FailingLater(), TITLE), "advance(10000)", "KeyError")
    refused(lambda: try_state(Silent(), TITLE), "status() returned None")
