"""What was written without gantool's base classes gets their defaults where it is built, and stays what it is."""

import copy
import pickle
from dataclasses import dataclass
from functools import partial

import pytest
import torch
from torch import nn

from gantool.api.data import Source
from gantool.api.observers import Observer
from gantool.api.strategies import Balance, Loss, Penalty
from gantool.builtin.losses import HingeOptions
from gantool.builtin.losses.losses import Hinge
from gantool.errors import PluginError
from gantool.plugins.adapt import adapt


class Plain:
    def discriminator(self, real_logits, fake_logits):
        return fake_logits - real_logits

    def generator(self, real_logits, fake_logits):
        return -fake_logits


class Remembering(nn.Module):
    weight, every = 2.0, 1

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, network, real, fake, labels):
        return network(real, labels)


class Clip:
    def constrain(self, network):
        pass


@dataclass(frozen=True)
class Numbers:
    count: int

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return torch.zeros(3, 4, 4, dtype=torch.uint8), None


class Slotted:
    __slots__ = ()

    def turn(self):
        return (True, True)

    def observe(self, seen):
        pass


def adapted(kind, built):
    return adapt(kind, built, "named", f"{kind.capitalize()} 'named' of gantool-own")


@pytest.mark.parametrize(
    ("kind", "built", "base"),
    [
        ("loss", Plain(), Loss),
        ("loss", Hinge(HingeOptions()), Loss),
        ("penalty", Remembering(), Penalty),
        ("penalty", Clip(), Penalty),
        ("source", Numbers(3), Source),
    ],
)
def test_it_is_the_same_object_with_all_that_is_optional(kind, built, base):
    same = adapted(kind, built)
    assert same is built
    assert isinstance(built, base)
    assert built.component_name == "named"
    public = {name for each in base.__mro__ for name in vars(each) if not name.startswith("_")}
    assert all(hasattr(built, name) for name in public)


def test_defaults_are_those_of_the_base_class_and_what_is_there_stays():
    loss, penalty, source = adapted("loss", Plain()), adapted("penalty", Remembering()), adapted("source", Numbers(3))
    assert (loss.pairs_real, loss.boundary, loss.status(), loss.advance(3)) == (False, 0, {}, None)
    assert (penalty.side, penalty.weight, list(penalty.state_dict())) == ("discriminator", 2.0, ["mean"])
    assert (source.fingerprint, source.skipped, source.batch(0, 2)) == (None, (), None)
    assert adapted("penalty", Clip()).side == "discriminator weights"


def test_it_can_be_copied_and_pickled():
    source = adapted("source", Numbers(3))
    for again in (copy.deepcopy(source), pickle.loads(pickle.dumps(source))):
        assert (len(again), again.batch(0, 1), again.component_name) == (3, None, "named")


def told(event):
    return None


@pytest.mark.parametrize(
    ("kind", "built", "base"),
    [("observer", told, Observer), ("observer", partial(told), Observer), ("penalty", lambda *seen: seen, Penalty)],
)
def test_a_function_is_adapted_and_makes_no_component_of_other_functions(kind, built, base):
    assert adapted(kind, built).component_name == "named"
    assert not isinstance(len, base)
    assert not isinstance(lambda: None, base)
    assert not isinstance(partial(print), base)


def test_what_takes_no_attributes_is_told_to_derive():
    with pytest.raises(
        PluginError, match=r"type Slotted, which takes no further attributes\. Derive it from gantool\.Bal"
    ):
        adapted("balance", Slotted())


class Unwritten(Penalty):
    """Says what it acts on, and not how."""

    def __init__(self, side):
        self.side = side


class Shadowed(Penalty, nn.Module):
    def forward(self, network, real, fake, labels):
        return network(real, labels)


class Holding(Penalty):
    def constrain(self, network):
        pass


class HoldingModule(Holding, nn.Module):
    pass


class ModuleHolding(nn.Module, Penalty):
    def constrain(self, network):
        pass


class Idle(nn.Module):
    weight, every = 1.0, 1


class Valued(Penalty):
    side = "generator weights"

    def __call__(self, network, z, labels):
        return z.sum(dim=1)


@pytest.mark.parametrize(
    ("built", "words"),
    [
        (Unwritten("generator"), "acts on the generator, and has no __call__ of its own"),
        (Unwritten("generator weights"), "acts on the generator weights, and has no constrain of its own"),
        (Shadowed(), "name nn.Module before gantool.Penalty"),
        (Unwritten("discriminator"), r"no __call__ of its own\.$"),
        (
            Holding(),
            "no __call__ of its own. It changes weights: set side = 'discriminator weights' or 'generator weights'",
        ),
        (ModuleHolding(), "It changes weights: set side = 'discriminator weights' or 'generator weights'"),
        (Idle(), r"acts on the discriminator, and has no __call__ of its own\.$"),
        (HoldingModule(), "has no __call__ of its own. It changes weights: set side = 'discriminator weights'"),
        (Valued(), "has no constrain of its own. It has a value: set side = 'discriminator' or 'generator'"),
    ],
)
def test_a_penalty_that_does_not_do_what_its_side_asks_for_is_named(built, words):
    with pytest.raises(PluginError, match=words):
        adapted("penalty", built)


class Called(nn.Module):
    def __call__(self, network, real, fake, labels):
        return network(real, labels)


class CalledPenalty(Called, Penalty):
    pass


@pytest.mark.parametrize("kind", [Called, CalledPenalty])
def test_a_module_may_define_call_itself(kind):
    built = kind()
    assert adapted("penalty", built) is built


def test_a_base_class_asks_for_its_methods():
    with pytest.raises(TypeError, match="abstract method"):
        type("Half", (Balance,), {})()
