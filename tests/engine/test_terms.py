"""What an architecture brings of its own: terms, several judgements of an image, a frozen part, no discriminator."""

import pytest
import torch
from torch import nn

from fakes import TinyDiscriminator, TinyGenerator, game_of
from gantool.api.networks import Gan
from gantool.api.strategies import Penalty
from gantool.builtin.losses import LossOptions
from gantool.builtin.losses.relativistic import RelativisticPairing
from gantool.engine.step import discriminator_step, generator_step
from gantool.errors import TrainingError

REAL = torch.rand(8, 3, 8, 8) * 2 - 1


class Telling(TinyDiscriminator):
    """Gives its features beside the logits."""

    def forward(self, images, labels=None):
        return super().forward(images, labels), self.first(images[-1]).mean(dim=(1, 2, 3))


class Watched(Gan):
    """Keeps what a step had at hand."""

    def __init__(self, discriminator):
        super().__init__(TinyGenerator(), discriminator, 4)
        self.seen = {}

    def terms(self, side, seen):
        self.seen[side] = seen
        return {f"of_{side}": seen.of_fake if seen.of_fake is not None else seen.fake[-1].mean(dim=(1, 2, 3))}


def test_terms_are_added_logged_and_given_what_both_passes_returned():
    gan = Watched(Telling())
    play = game_of(gan)
    of_d, of_g = discriminator_step(play, REAL, None, 0), generator_step(play, REAL, None)
    for side, scalars in (("discriminator", of_d), ("generator", of_g)):
        assert torch.isfinite(scalars[f"of_{side}"])
        assert gan.seen[side].z.shape == (8, 4)
        assert gan.seen[side].of_fake.shape == (8,)
    assert torch.equal(gan.seen["discriminator"].real[0], REAL)
    assert gan.seen["discriminator"].of_real.shape == (8,)
    assert gan.seen["generator"].real is None
    assert gan.seen["generator"].of_real is None


def test_the_generators_terms_see_reals_where_the_loss_pairs_them():
    gan = Watched(Telling())
    generator_step(game_of(gan, RelativisticPairing(LossOptions())), REAL, None)
    assert torch.equal(gan.seen["generator"].real[0], REAL)
    assert gan.seen["generator"].of_real.shape == (8,)


def test_terms_teach_their_side():
    def gradient(weight):
        class Weighed(Gan):
            def terms(self, side, seen):
                return {f"of_{side}": weight * seen.of_fake}

        torch.manual_seed(0)
        play = game_of(Weighed(TinyGenerator(), Telling(), 4))
        torch.manual_seed(1)
        discriminator_step(play, REAL, None, 0)
        return torch.cat([p.grad.flatten() for p in play.gan.discriminator.first.parameters()])

    none, once, twice = (gradient(weight) for weight in (0, 1, 2))
    torch.testing.assert_close(twice - none, 2 * (once - none))
    assert (once - none).abs().max() > 0


class Patches(TinyDiscriminator):
    """The same logit, and a second judgement that is `apart` from it."""

    apart = 0.0

    def forward(self, images, labels=None):
        logits = super().forward(images, labels)
        return torch.stack([logits - self.apart, logits + self.apart], dim=1)


def test_several_equal_judgements_are_one():
    def learnt(kind):
        torch.manual_seed(0)
        play = game_of(Gan(TinyGenerator(), kind(), 4))
        torch.manual_seed(1)
        scalars = discriminator_step(play, REAL, None, 0) | generator_step(play, REAL, None)
        return scalars, [p.grad for network in play.gan.networks for p in network.parameters()]

    (one, gradients), (two, others) = learnt(TinyDiscriminator), learnt(Patches)
    for name in one:
        torch.testing.assert_close(one[name], two[name])
    for each, other in zip(gradients, others, strict=True):
        torch.testing.assert_close(each, other)


def test_penalties_see_one_logit_an_image_and_the_network_as_a_module():
    class Looks(Penalty):
        component_name = "looks"

        def __call__(self, network, real, fake, labels):
            assert isinstance(network, nn.Module)
            assert sum(weight.numel() for weight in network.parameters()) == count
            logits = network(real, labels)
            assert logits.shape == (8,)
            return logits.square()

    patches = Patches()
    patches.apart = 3.0
    count = sum(weight.numel() for weight in patches.parameters())
    scalars = discriminator_step(game_of(Gan(TinyGenerator(), patches, 4), penalties=(Looks(),)), REAL, None, 0)
    assert "penalty_looks" in scalars


def test_what_was_built_frozen_stays_so_and_stays_where_it_is():
    gan = Gan(TinyGenerator(), TinyDiscriminator(), 4)
    gan.discriminator.first.requires_grad_(False)
    before = gan.discriminator.first.weight.clone()
    play = game_of(gan)
    discriminator_step(play, REAL, None, 0)
    generator_step(play, REAL, None)
    assert not gan.discriminator.first.weight.requires_grad
    assert gan.discriminator.last.weight.requires_grad
    assert torch.equal(before, gan.discriminator.first.weight)


def test_the_weights_of_a_generator_can_be_held_too():
    class Bound(Penalty):
        side = "generator weights"

        def constrain(self, network):
            with torch.no_grad():
                for weight in network.parameters():
                    weight.clamp_(-0.01, 0.01)

    play = game_of(Gan(TinyGenerator(), TinyDiscriminator(), 4), penalties=(Bound(),))
    discriminator_step(play, REAL, None, 0)
    assert max(float(weight.detach().abs().max()) for weight in play.gan.generator.parameters()) > 0.01
    generator_step(play, REAL, None)
    assert max(float(weight.detach().abs().max()) for weight in play.gan.generator.parameters()) <= 0.01 + 1e-6


def test_an_optimizer_that_knows_of_no_skipping_is_skipped_by_the_step():
    gan = Gan(TinyGenerator(), TinyDiscriminator(), 4)
    optimizers = [torch.optim.RMSprop(network.parameters()) for network in gan.networks]
    play = game_of(gan, optimizers=optimizers)
    before = [weight.clone() for weight in gan.discriminator.parameters()]
    scalars = discriminator_step(play, REAL * float("nan"), None, 0)
    assert scalars["skipped_d"] == 1
    assert all(torch.equal(one, other) for one, other in zip(before, gan.discriminator.parameters(), strict=True))
    assert discriminator_step(play, REAL, None, 0)["skipped_d"] == 0
    assert not torch.equal(before[0], next(gan.discriminator.parameters()))


def test_a_generator_alone_has_no_other_step():
    gan = Watched(None)
    play = game_of(gan)
    scalars = generator_step(play, REAL, None, noise=1.0)
    assert scalars["loss_g"] == scalars["of_generator"]
    assert torch.equal(gan.seen["generator"].real[0], REAL)
    with pytest.raises(TrainingError, match="no discriminator"):
        discriminator_step(play, REAL, None, 0)
