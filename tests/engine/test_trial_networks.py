"""An architecture whose terms or steps cannot work is named before there is a run."""

import pytest
import torch
from torch import nn

from fakes import TinyDiscriminator, TinyGenerator
from gantool.api.networks import Gan
from gantool.api.specs import ImageShape
from gantool.engine.trial_networks import try_networks
from gantool.errors import PluginError

CPU, SHAPE = torch.device("cpu"), ImageShape(8)


def tried(gan, **more):
    try_networks(gan, "Architecture 'odd' of gantool-odd", SHAPE, CPU, **more)


def with_terms(answer, discriminator=None):
    class Odd(Gan):
        def terms(self, side, seen):
            return answer(side, seen)

    return Odd(TinyGenerator(), discriminator, 4)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda side, seen: None, "returned None, not a mapping from names"),
        (lambda side, seen: {3: seen.fake[-1]}, "returned a dict, not a mapping from names"),
        (lambda side, seen: {"a": seen.fake[-1].mean()}, "tensor of shape .* as 'a' for 4 samples"),
        (
            lambda side, seen: {"loss_x": seen.fake[-1].mean(dim=(1, 2, 3))},
            "'loss_x'; the step's own scalars begin with loss, ",
        ),
        (lambda side, seen: {"a": seen.fake[-1].mean(dim=(1, 2, 3))}, "'a', a name that is taken by the other side"),
        (lambda side, seen: seen.nothing, "failed on 4 samples .*nothing"),
    ],
)
def test_terms_that_are_none_are_named(answer, words):
    with pytest.raises(PluginError, match=rf"^Architecture 'odd' of gantool-odd cannot be used: its terms.*{words}"):
        tried(with_terms(answer, TinyDiscriminator()))


def test_a_generator_without_adversary_and_terms_has_nothing_to_learn_by():
    with pytest.raises(PluginError, match="a generator without a discriminator has no loss"):
        tried(with_terms(lambda side, seen: {}))
    tried(with_terms(lambda side, seen: {"a": seen.fake[-1].mean(dim=(1, 2, 3))}))


@pytest.mark.parametrize(
    "answer",
    [
        lambda side, seen: {"a": seen.real[-1].mean(dim=(1, 2, 3))},
        lambda side, seen: {"a": seen.fake[-1].detach().mean(dim=(1, 2, 3)), "b": seen.z.mean(dim=1)},
    ],
)
def test_terms_without_gradient_are_blamed_and_no_discriminator_where_there_is_none(answer):
    with pytest.raises(PluginError) as caught:
        tried(with_terms(answer))
    assert "its terms('generator', seen) returned what has no gradient to the generator's weights." in str(caught.value)
    assert "discriminator" not in str(caught.value)


def test_a_step_that_fails_without_a_discriminator_does_not_speak_of_one():
    failing = with_terms(lambda side, seen: {"a": Failing.apply(seen.fake[-1]).mean(dim=(1, 2, 3))})
    with pytest.raises(PluginError, match="no way back") as caught:
        tried(failing)
    assert "discriminator" not in str(caught.value)


@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_a_network_that_is_all_frozen_is_named(frozen):
    gan = Gan(TinyGenerator(), TinyDiscriminator(), 4)
    getattr(gan, frozen).requires_grad_(False)
    with pytest.raises(PluginError, match=f"its {frozen} can have no gradient to its weights, which are all frozen"):
        tried(gan)


def test_a_shared_network_whose_gradient_is_gone_in_the_generators_step_is_named():
    shared = TinyDiscriminator()

    class Borrowing(nn.Module):
        """All that it learns is the discriminator's."""

        def __init__(self):
            super().__init__()
            self.theirs = shared
            self.register_buffer("start", torch.randn(1, 3, 8, 8))

        def forward(self, z, labels=None):
            moved = self.theirs((self.start.expand(len(z), -1, -1, -1),)).view(-1, 1, 1, 1)
            return ((self.start + moved + z.mean(dim=1).view(-1, 1, 1, 1)).tanh(),)

    with pytest.raises(PluginError, match="gantool-odd cannot be used: its step of the generator failed on 4 samples"):
        tried(Gan(Borrowing(), shared, 4))


class Failing(torch.autograd.Function):
    @staticmethod
    def forward(context, values):
        return values.clone()

    @staticmethod
    def backward(context, gradient):
        raise ValueError("no way back")


def test_a_term_that_fails_backward_is_named():
    gan = with_terms(
        lambda side, seen: {f"of_{side}": Failing.apply(seen.of_fake[1])} if side == "generator" else {}, Telling()
    )
    with pytest.raises(PluginError, match=r"its step of the generator failed on 4 samples .*no way back"):
        tried(gan)


class Telling(TinyDiscriminator):
    def forward(self, images, labels=None):
        logits = super().forward(images, labels)
        return logits, (None, logits * 2)


def test_matched_features_have_reals_in_the_generators_step_where_the_loss_pairs_them():
    def matched(side, seen):
        if side == "discriminator":
            return {}
        of_fake, of_real = seen.of_fake[1], seen.of_real[1]
        return {"matching": (of_fake.mean() - of_real.mean()).square() + 0 * seen.real[-1].mean(dim=(1, 2, 3))}

    gan = with_terms(matched, Telling())
    tried(gan, pairs_real=True)
    with pytest.raises(PluginError, match=r"terms\('generator', seen\) failed .* as --loss relativistic has"):
        tried(gan)


class Remembering(TinyDiscriminator):
    def __init__(self):
        super().__init__()
        self.register_buffer("memory", torch.ones(1))

    def forward(self, images, labels=None):
        logits = super().forward(images, labels) * self.memory
        self.memory.add_(1)
        return logits


def test_a_buffer_that_is_changed_in_place_is_told_with_its_remedy():
    with pytest.raises(
        PluginError, match=r"discriminator failed .* an inplace operation\).*by buffer\.clone\(\)"
    ) as told:
        tried(Gan(TinyGenerator(), Remembering(), 4))
    assert "anomaly" not in str(told.value)
