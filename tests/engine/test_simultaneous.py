"""Simultaneous updates: each network learns what it would have learnt first, and both in one step."""

import copy
import weakref

import pytest
import torch
from test_step import LOSSES

import gantool
from fakes import game_of, tiny_gan
from gantool.api.networks import Gan
from gantool.api.specs import ImageShape
from gantool.api.strategies import Balance, Turn
from gantool.builtin.augment import DiffAugmentOptions
from gantool.builtin.augment.diffaugment import DiffAugment
from gantool.builtin.penalties import GpOptions, PathLengthOptions, R1Options
from gantool.builtin.penalties.gradients import R1, GradientPenalty
from gantool.builtin.penalties.on_generator import PathLength
from gantool.engine import checkpoint
from gantool.engine.cuda_graphs import check_graph
from gantool.engine.simultaneous import simultaneous_step
from gantool.engine.step import discriminator_step, generator_step
from gantool.engine.turns import Turns
from gantool.errors import OptionError
from gantool.plugins.host import host
from gantool.run import planning
from gantool.run.start import trainer

STEPS = (4, 4)


def batch(side=8):
    return torch.rand(8, 3, side, side, generator=torch.Generator().manual_seed(5)) * 2 - 1


def weights(network):
    return torch.cat([weight.detach().flatten() for weight in network.parameters()]).clone()


def by_sgd(gan):
    """Steps as long as the gradient, which Adam's first are not."""
    return [torch.optim.SGD(network.parameters(), 0.1) for network in gan.networks]


def played(game, play, *more, **others):
    torch.manual_seed(3)
    scalars = play(game, *more, **others)
    return weights(game.gan.generator), weights(game.gan.discriminator), scalars


def assert_each_learns_as_if_it_came_first(make, real, labels=None):
    """`make` gives the same game each time."""
    first_g, first_d = (weights(network) for network in make().gan.networks)
    _, alone_d, scalars_d = played(make(), discriminator_step, real, labels, STEPS[0])
    alone_g, _, scalars_g = played(make(), generator_step, real, labels, STEPS[1])
    both_g, both_d, scalars = played(make(), simultaneous_step, real, labels, STEPS)
    assert not torch.equal(first_g, both_g)
    assert not torch.equal(first_d, both_d)
    torch.testing.assert_close(both_d, alone_d)
    torch.testing.assert_close(both_g, alone_g)
    assert scalars.keys() == (scalars_d | scalars_g).keys()
    for name, value in (scalars_d | scalars_g).items():
        torch.testing.assert_close(scalars[name], value, msg=name)


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_each_network_learns_as_if_it_came_first(loss, accumulate):
    # The gradient penalty draws between two micro-batches, and a generator's step alone would draw other latents.
    penalties = (R1(R1Options(weight=1, every=2)), *([GradientPenalty(GpOptions(every=4))] if accumulate == 1 else []))

    def make():
        more = {"augmentation": DiffAugment(DiffAugmentOptions()), "accumulate": accumulate, "clip": 1.0}
        return game_of(gan := tiny_gan(), loss, by_sgd(gan), penalties=penalties, **more)

    assert_each_learns_as_if_it_came_first(make, batch())


def test_batch_statistics_and_labels_make_no_difference():
    built = gantool.build("dcgan:width=4,max_width=8", ImageShape(16, 3, 2))

    def make():
        gan = copy.deepcopy(built)
        return game_of(gan, optimizers=by_sgd(gan))

    assert_each_learns_as_if_it_came_first(make, batch(16), torch.arange(8) % 2)


class Termed(Gan):
    """Each side has a term of what the discriminator says beside its logits, and of the pictures themselves."""

    def terms(self, side, seen):
        sign = 1.0 if side == "generator" else -2.0
        return {f"term_{side}": sign * seen.fake[-1].mean(dim=(1, 2, 3)) * seen.of_fake}


class Saying(torch.nn.Module):
    """Another discriminator's logits, and half of them as more."""

    def __init__(self, critic):
        super().__init__()
        self.critic = critic

    def forward(self, images, labels=None):
        logits = self.critic(images, labels)
        return logits, logits / 2


def test_terms_of_one_side_teach_the_other_nothing():
    def make():
        plain = tiny_gan()
        gan = Termed(plain.generator, Saying(plain.discriminator), plain.latent_dim)
        return game_of(gan, optimizers=by_sgd(gan))

    assert_each_learns_as_if_it_came_first(make, batch())


def test_terms_of_the_discriminator_get_fakes_without_their_way_from_the_generator():
    kept = []

    class Pooling(Gan):
        def terms(self, side, seen):
            kept.append((side, seen.fake[-1].requires_grad))
            return {}

    plain = tiny_gan()
    simultaneous_step(game_of(Pooling(plain.generator, plain.discriminator, plain.latent_dim)), batch(), None, (0, 0))
    assert kept == [("discriminator", False), ("generator", True)]


def test_penalties_of_the_generator_are_its_own():
    def make():
        return game_of(gan := tiny_gan(), optimizers=by_sgd(gan), penalties=(PathLength(PathLengthOptions(every=2)),))

    assert_each_learns_as_if_it_came_first(make, batch())


@pytest.mark.parametrize("which", [0, 1])
def test_frozen_weights_get_no_gradient(which):
    game = game_of(tiny_gan())
    frozen = next(game.gan.networks[which].parameters())
    before = frozen.requires_grad_(False).detach().clone()
    simultaneous_step(game, batch(), None, (0, 0))
    assert frozen.grad is None
    assert torch.equal(frozen, before)


def test_a_network_whose_gradient_is_not_finite_is_left_as_it_is():
    class Broken(Gan):
        def terms(self, side, seen):
            return {"broken": seen.fake[-1].sum(dim=(1, 2, 3)) * torch.nan} if side == "generator" else {}

    plain = tiny_gan()
    game = game_of(Broken(plain.generator, plain.discriminator, plain.latent_dim))
    before = [weights(network) for network in game.gan.networks]
    scalars = simultaneous_step(game, batch(), None, (0, 0))
    assert (scalars["skipped_g"], scalars["skipped_d"]) == (1, 0)
    assert torch.equal(before[0], weights(game.gan.generator))
    assert not torch.equal(before[1], weights(game.gan.discriminator))


def test_nothing_of_a_micro_batch_is_kept_while_the_next_one_is_drawn():
    drawn, alive = [], []

    class Watched(Gan):
        def terms(self, side, seen):
            if side == "generator":
                drawn.append(weakref.ref(seen.fake[-1]))
            return {}

    plain = tiny_gan()
    plain.generator.register_forward_pre_hook(lambda *_: alive.append(sum(one() is not None for one in drawn)))
    game = game_of(Watched(plain.generator, plain.discriminator, plain.latent_dim), accumulate=4)
    simultaneous_step(game, batch(), None, (0, 0))
    assert alive == [0, 0, 0, 0]


class OnlyTheDiscriminator(Balance):
    """No turn for the generator."""

    def turn(self):
        return Turn(generator=False)


def test_a_turn_of_one_network_is_its_own_step():
    game = game_of(tiny_gan(), updates="simultaneous", balance=OnlyTheDiscriminator())
    before = weights(game.gan.generator)
    turns = Turns()
    scalars = turns.play(game, batch(), None, 0.0)
    assert (turns.d, turns.g) == (1, 0)
    assert "loss_g" not in scalars
    assert torch.equal(before, weights(game.gan.generator))


def test_a_run_with_simultaneous_updates_resumes_exactly_and_differs_from_an_alternating_one(tmp_path):
    def trained(name, images, **more):
        settings = {
            "arch": "dcgan:width=4,max_width=8", "data": "shapes:count=64", "resolution": 16, "images": images,
            "batch": 8, "seed": 2, "augment": "none", "device": "cpu", "precision": "float32",
        }  # fmt: skip
        folder = {"resume": tmp_path / name} if more.pop("resume", False) else {"name": name}
        trainer(planning.plan(host(), settings | more, out=tmp_path, **folder)).train()
        return checkpoint.load(checkpoint.newest(tmp_path / name)).generator

    simultaneous = {"updates": "simultaneous"}
    whole = trained("whole", 64, **simultaneous)
    trained("parts", 32, **simultaneous)
    parts, other = trained("parts", 64, resume=True), trained("other", 64)
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
    assert any(not torch.equal(value, other[name]) for name, value in whole.items())


def test_recording_is_refused_with_the_remedy():
    with pytest.raises(OptionError, match="--updates alternating"):
        check_graph("on", torch.device("cuda"), 1, "simultaneous")
