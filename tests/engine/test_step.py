import pytest
import torch

from fakes import tiny_gan
from gantool.api.strategies import Augmentation, Loss, Penalty
from gantool.builtin.losses import (
    HingeOptions,
    LogisticOptions,
    LossOptions,
    LsganOptions,
    RelativisticOptions,
    WassersteinOptions,
)
from gantool.builtin.losses.losses import Hinge, LeastSquares, Logistic, Minimax, Wasserstein
from gantool.builtin.losses.relativistic import RelativisticAverage, RelativisticPairing
from gantool.builtin.penalties import DraganOptions, DriftOptions, GpOptions, R1Options
from gantool.builtin.penalties.gradients import R1, R2, Dragan, Drift, GradientPenalty
from gantool.engine.step import Game, discriminator_step, generator_step

LOSSES = [
    Logistic(LogisticOptions()), Minimax(LogisticOptions()), Hinge(HingeOptions()), LeastSquares(LsganOptions()),
    Wasserstein(WassersteinOptions()), RelativisticAverage(RelativisticOptions()), RelativisticPairing(LossOptions()),
]  # fmt: skip
PENALTIES = [
    None, R1(R1Options(weight=1)), R2(R1Options(weight=1)), GradientPenalty(GpOptions()), Dragan(DraganOptions()),
    Drift(DriftOptions()),
]  # fmt: skip


def game(loss=LOSSES[0], penalties=(), **more):
    gan = tiny_gan()
    adam = [torch.optim.Adam(net.parameters(), 1e-2, fused=True) for net in (gan.generator, gan.discriminator)]
    return Game(gan, loss, *adam, penalties=penalties, **more)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()]).clone()


REAL = torch.rand(8, 3, 8, 8) * 2 - 1


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("penalty", PENALTIES, ids=lambda penalty: type(penalty).__name__)
def test_each_step_moves_its_own_network_and_no_other(loss, penalty):
    play = game(loss, (penalty,) if penalty else ())
    g, d = weights(play.gan.generator), weights(play.gan.discriminator)
    scalars = discriminator_step(play, REAL, None, step=0)
    assert not torch.equal(d, weights(play.gan.discriminator))
    assert torch.equal(g, weights(play.gan.generator))
    d = weights(play.gan.discriminator)
    scalars |= generator_step(play, REAL, None)
    assert torch.equal(d, weights(play.gan.discriminator))
    assert not torch.equal(g, weights(play.gan.generator))
    assert all(torch.isfinite(value) for value in scalars.values())


def test_the_discriminator_can_learn_again_after_the_generators_step():
    play = game()
    generator_step(play, REAL, None)
    assert all(parameter.requires_grad for parameter in play.gan.discriminator.parameters())


def test_a_lazy_penalty_is_as_strong_on_average_as_one_on_every_step():
    called = []

    class Steady(Penalty):
        """Its gradient is the same for whatever weights."""

        def __init__(self, every):
            self.weight, self.every = 2.0, every

        def __call__(self, network, real, fake, labels):
            called.append(self.every)
            return torch.ones(len(real[-1])) * next(iter(network.parameters())).sum()

    def gradient(step, *penalties):
        torch.manual_seed(0)
        play = game(penalties=penalties)
        discriminator_step(play, REAL, None, step)
        return next(iter(play.gan.discriminator.parameters())).grad

    plain = gradient(0)
    always, lazy = ([gradient(step, Steady(every)) - plain for step in range(6)] for every in (1, 3))
    assert called == [1] * 6 + [3] * 2
    assert [bool(one.abs().max() > 1) for one in lazy] == [True, False, False, True, False, False]
    torch.testing.assert_close(sum(lazy), sum(always))
    torch.testing.assert_close(always[0], torch.full_like(plain, 2.0))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (R1, R1Options),
        (R2, R1Options),
        (GradientPenalty, GpOptions),
        (Dragan, DraganOptions),
        (Drift, DriftOptions),
    ],
)
def test_a_lazy_penalty_is_scaled_by_how_rarely_it_comes(kind, options):
    gradients = []
    for every in (1, 4):
        play = game(penalties=(kind(options(weight=1.0, every=every)),))
        torch.manual_seed(0)
        discriminator_step(play, REAL, None, step=0)
        gradients.append(torch.cat([p.grad.flatten() for p in play.gan.discriminator.parameters()]))
    plain = game()
    torch.manual_seed(0)
    discriminator_step(plain, REAL, None, step=0)
    bare = torch.cat([p.grad.flatten() for p in plain.gan.discriminator.parameters()])
    assert torch.allclose(gradients[1] - bare, 4 * (gradients[0] - bare), atol=1e-6)


@pytest.mark.parametrize("which", ["discriminator", "generator"])
def test_a_step_that_is_not_finite_changes_nothing_and_says_so(which):
    class Broken(Logistic):
        pass

    setattr(Broken, which, lambda self, real, fake: fake * float("nan"))
    play = game(Broken(LogisticOptions()))
    before = weights(play.gan.generator), weights(play.gan.discriminator)
    scalars = discriminator_step(play, REAL, None, 0) if which == "discriminator" else generator_step(play, REAL, None)
    assert scalars[f"skipped_{which[0]}"] == 1
    assert torch.equal(before[0], weights(play.gan.generator))
    assert torch.equal(before[1], weights(play.gan.discriminator))


def test_real_logits_are_computed_for_the_generator_only_when_the_loss_pairs_them():
    seen = []

    class Paired(Logistic):
        pairs_real = True

        def generator(self, real_logits, fake_logits):
            seen.append(real_logits)
            return torch.nn.functional.softplus(real_logits - fake_logits)

    generator_step(game(Paired(LogisticOptions())), REAL, None)
    assert seen[0].shape == (8,)


def test_a_loss_that_does_not_say_whether_it_pairs_gets_no_real_logits():
    seen = []

    class Plain(Loss):
        def discriminator(self, real_logits, fake_logits):
            return fake_logits - real_logits

        def generator(self, real_logits, fake_logits):
            seen.append(real_logits)
            return -fake_logits

    assert isinstance(Plain(), Loss)
    generator_step(game(Plain()), REAL, None)
    assert seen == [None]


def test_one_draw_of_the_augmentation_is_applied_to_real_and_fake_alike():
    draws = []

    class Brighter(Augmentation):
        def draw(self, n):
            draws.append(n)
            return lambda images: tuple(level * 0 + 0.25 for level in images)

    play = game(augmentation=Brighter())
    torch.manual_seed(0)
    scalars = discriminator_step(play, REAL, None, 0)
    assert draws == [8]
    assert scalars["real_accuracy"] + scalars["fake_accuracy"] == 1  # it cannot tell what looks the same


def test_the_generator_learns_with_noise_of_its_own():
    play, latents = game(), []
    play.gan.generator.register_forward_pre_hook(lambda module, inputs: latents.append(inputs[0].clone()))
    discriminator_step(play, REAL, None, 0)
    generator_step(play, REAL, None)
    assert not torch.equal(*latents)


@pytest.mark.parametrize("loss", [RelativisticPairing(LossOptions()), Wasserstein(WassersteinOptions())])
def test_accuracy_of_logits_that_only_count_against_each_other_does_not_see_a_shift(loss):
    seen = []
    for shift in (0.0, 50.0, -50.0):
        play = game(loss)
        with torch.no_grad():
            play.gan.discriminator.last.bias += shift
        torch.manual_seed(0)
        scalars = discriminator_step(play, REAL, None, step=0)
        seen.append((scalars["real_accuracy"].item(), scalars["fake_accuracy"].item()))
    assert seen[0] == seen[1] == seen[2]
    assert 0 < sum(seen[0]) < 2


class Listening(Augmentation):
    """Notes the logits that an adaptive augmentation follows."""

    def __init__(self):
        self.told = []

    def draw(self, n):
        return lambda images: images

    def observe(self, real_logits):
        self.told.append(real_logits)


@pytest.mark.parametrize("shift", [0.0, 50.0, -50.0])
def test_augmentation_follows_reals_above_the_middle_where_logits_only_count_against_each_other(shift):
    play = game(RelativisticPairing(LossOptions()), augmentation=Listening())
    with torch.no_grad():
        play.gan.discriminator.last.bias += shift
    torch.manual_seed(0)
    scalars = discriminator_step(play, REAL, None, step=0)
    (logits,) = play.augmentation.told
    assert (logits > 0).float().mean() == scalars["real_accuracy"]
    assert logits.abs().max() < 10


@pytest.mark.parametrize(("fake", "real"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 6.0)])
def test_accuracy_is_measured_at_the_losss_own_boundary(fake, real):
    play = game(LeastSquares(LsganOptions(fake=fake, real=real, wanted=real)), augmentation=Listening())
    middle = (fake + real) / 2
    with torch.no_grad():
        play.gan.discriminator.last.weight.zero_()
        play.gan.discriminator.last.bias.fill_(middle + 0.1)
    scalars = discriminator_step(play, REAL, None, step=0)
    assert (scalars["real_accuracy"], scalars["fake_accuracy"]) == (1, 0)
    assert bool((play.augmentation.told[0] > 0).all())


def test_a_batch_in_parts_gives_the_gradient_of_the_whole():
    """Averaged, not summed; the discriminator here sees each sample by itself, and so does the loss."""

    def gradient(accumulate):
        play = game(accumulate=accumulate)
        play.gan.generator.eval()  # BatchNorm compares the samples of a part
        torch.manual_seed(0)
        discriminator_step(play, REAL, None, step=0)
        return play

    parts, fakes = gradient(4), []
    original = parts.gan.generator.forward
    torch.manual_seed(0)
    for _ in range(4):
        fakes.append(original(torch.randn(2, 4))[0].detach())
    whole = game()
    fake = (torch.cat(fakes),)
    logits = [whole.gan.discriminator(images) for images in ((REAL,), fake)]
    whole.loss.discriminator(*logits).mean().backward()
    for one, other in zip(parts.gan.discriminator.parameters(), whole.gan.discriminator.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


@pytest.mark.parametrize("accumulate", [2, 4])
def test_parts_report_the_means_of_the_whole_batch(accumulate):
    scalars = discriminator_step(game(accumulate=accumulate), REAL, None, step=0)
    scalars |= generator_step(game(accumulate=accumulate), REAL, None)
    assert all(value.shape == () and torch.isfinite(value) for value in scalars.values())


def test_each_part_keeps_its_own_labels():
    seen = []

    class Labelled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(()))

        def forward(self, images, labels):
            seen.append((images[0].mean(dim=(1, 2, 3)).detach(), labels))
            return self.weight * images[0].mean(dim=(1, 2, 3))

    play = game(accumulate=4)
    play.gan.discriminator = Labelled()
    labels = torch.arange(8)
    batch = labels.float().view(8, 1, 1, 1).expand(8, 3, 8, 8) / 10
    discriminator_step(play, batch, labels, step=0)
    of_reals = seen[0::2]
    assert len(of_reals) == 4
    for means, its_labels in of_reals:
        assert torch.allclose(means, its_labels / 10)


def test_long_gradients_are_shortened_to_the_limit_and_short_ones_left():
    def gradient_after(clip):
        play = game(clip=clip)
        torch.manual_seed(0)
        scalars = discriminator_step(play, REAL, None, step=0)
        got = torch.cat([p.grad.flatten() for p in play.gan.discriminator.parameters()])
        return got, scalars["gradient_norm_d"]

    plain, norm = gradient_after(0.0)
    assert torch.allclose(plain.norm(), norm)
    clipped, told = gradient_after(norm.item() / 10)
    assert torch.allclose(clipped.norm(), norm / 10, rtol=1e-3)
    assert torch.equal(told, norm)  # what is told is the length before
    assert torch.equal(gradient_after(norm.item() * 10)[0], plain)


def test_instance_noise_disturbs_reals_and_fakes_and_only_when_asked():
    def shown(noise):
        play, seen = game(), []
        forward = play.gan.discriminator.forward
        play.gan.discriminator.forward = lambda images, labels: seen.append(images[0].detach()) or forward(images)
        torch.manual_seed(0)
        discriminator_step(play, REAL, None, step=0, noise=noise)
        return seen

    (real, fake), (noisy_real, noisy_fake) = shown(0.0), shown(0.5)
    assert torch.equal(real, REAL)
    for clean, noisy in ((real, noisy_real), (fake, noisy_fake)):
        assert (noisy - clean).std().item() == pytest.approx(0.5, rel=0.1)
    assert not torch.allclose(noisy_real - real, noisy_fake - fake)


def test_constraints_are_called_after_each_update_of_the_discriminator():
    class Halve(Penalty):
        side = "discriminator weights"

        def constrain(self, network):
            with torch.no_grad():
                for weight in network.parameters():
                    weight.fill_(0.25)

    play = game(penalties=(Halve(),))
    discriminator_step(play, REAL, None, step=0)
    assert (weights(play.gan.discriminator) == 0.25).all()


def test_a_generators_penalty_is_due_every_nth_step_and_n_times_as_strong():
    class Size(Penalty):
        side, weight, every = "generator", 2.0, 3

        def __call__(self, network, z, labels):
            return network(z, labels)[0].square().mean(dim=(1, 2, 3))

    play = game(penalties=(Size(),))
    assert "penalty_size" not in generator_step(play, REAL, None, step=1)
    before = weights(play.gan.generator)
    scalars = generator_step(play, REAL, None, step=3)
    assert scalars["penalty_size"] > 0
    assert not torch.equal(before, weights(play.gan.generator))


def test_an_augmentation_that_adapts_sees_the_logits_of_reals_once_a_step():
    play = game(augmentation=Listening())
    discriminator_step(play, REAL, None, step=0)
    generator_step(play, REAL, None)
    (logits,) = play.augmentation.told
    assert (tuple(logits.shape), logits.requires_grad) == ((8,), False)
