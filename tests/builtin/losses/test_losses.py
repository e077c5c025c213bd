import math

import pytest
import torch

from gantool.builtin import losses as catalogue
from gantool.builtin.losses.losses import Hinge, LeastSquares, Logistic, Minimax, Wasserstein
from gantool.builtin.losses.relativistic import RelativisticAverage, RelativisticPairing
from gantool.errors import OptionError
from gantool.plugins.host import PluginHost

ZERO = torch.zeros(3)
ALL = {
    "logistic": (Logistic(catalogue.LogisticOptions()), 2 * math.log(2), math.log(2)),
    "minimax": (Minimax(catalogue.LogisticOptions()), 2 * math.log(2), -math.log(2)),
    "hinge": (Hinge(catalogue.HingeOptions()), 2.0, 0.0),
    "lsgan": (LeastSquares(catalogue.LsganOptions()), 0.5, 0.5),
    "wasserstein": (Wasserstein(catalogue.WassersteinOptions()), 0.0, 0.0),
    "relativistic": (RelativisticAverage(catalogue.RelativisticOptions()), 2 * math.log(2), 2 * math.log(2)),
    "relativistic:kind=hinge": (RelativisticAverage(catalogue.RelativisticOptions(kind="hinge")), 2.0, 2.0),
    "rpgan": (RelativisticPairing(catalogue.LossOptions()), math.log(2), math.log(2)),
}
RELATIVE = [name for name, (loss, *_) in ALL.items() if loss.pairs_real]


def drawn(seed, n=6):
    return torch.randn(2, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).unbind()


@pytest.mark.parametrize("name", ALL)
def test_value_at_zero_logits(name):
    loss, discriminator, generator = ALL[name]
    assert torch.allclose(loss.discriminator(ZERO, ZERO), torch.full((3,), discriminator))
    assert torch.allclose(loss.generator(ZERO if loss.pairs_real else None, ZERO), torch.full((3,), generator))


@pytest.mark.parametrize("name", ALL)
def test_the_two_networks_pull_in_opposite_directions(name):
    loss = ALL[name][0]
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    by_real, by_fake = torch.autograd.grad(loss.discriminator(real, fake).sum(), (real, fake))
    assert (by_real < 0).all()
    assert (by_fake >= 0).all()
    (by_fake_g,) = torch.autograd.grad(loss.generator(real if loss.pairs_real else None, fake).sum(), fake)
    assert (by_fake_g < 0).all()


@pytest.mark.parametrize(("text", "same"), [("lsgan:real=0,fake=0", "0"), ("lsgan:fake=1", "1")])
def test_targets_that_are_the_same_are_refused(text, same):
    with pytest.raises(
        OptionError, match=f"lsgan refuses these options: real and fake are both {same}, .*real=1,fake=0"
    ):
        PluginHost(third_party=False, environ={}).resolve("loss", text)


def test_every_registered_loss_is_tested_here():
    assert {spec.name for spec in catalogue.gantool_losses()} == {name.partition(":")[0] for name in ALL}


@pytest.mark.parametrize("name", ALL)
def test_there_is_one_value_per_sample(name):
    loss, (real, fake) = ALL[name][0], drawn(0)
    assert loss.discriminator(real, fake).shape == (6,)
    assert loss.generator(real if loss.pairs_real else None, fake).shape == (6,)


def test_logistic_is_cross_entropy_on_logits():
    real, fake = torch.randn(5), torch.randn(5)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    expected = bce(real, torch.ones(5), reduction="none") + bce(fake, torch.zeros(5), reduction="none")
    assert torch.allclose(ALL["logistic"][0].discriminator(real, fake), expected)


CROSS_ENTROPY = [Logistic, Minimax]


def softened(kind, **options):
    return kind(catalogue.LogisticOptions(**options))


@pytest.mark.parametrize("kind", CROSS_ENTROPY)
def test_without_smoothing_and_flips_nothing_changes_and_nothing_is_drawn(kind):
    real, fake = torch.randn(64), torch.randn(64)
    plain = torch.nn.functional.softplus(-real) + torch.nn.functional.softplus(fake)
    state = torch.get_rng_state()
    assert torch.equal(softened(kind, smooth=0, flip=0).discriminator(real, fake), plain)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("kind", CROSS_ENTROPY)
@pytest.mark.parametrize("smooth", [0.1, 0.3])
def test_smoothing_lowers_the_target_of_reals_and_leaves_that_of_fakes(kind, smooth):
    real, fake = drawn(5)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    by_real = bce(real, torch.full_like(real, 1 - smooth), reduction="none")
    expected = by_real + bce(fake, torch.zeros_like(fake), reduction="none")
    assert torch.allclose(softened(kind, smooth=smooth).discriminator(real, fake), expected)


@pytest.mark.parametrize("smooth", [0.05, 0.1, 0.4])
def test_the_best_answer_to_a_real_is_the_logit_of_the_smoothed_target(smooth):
    # Where there are no fakes; where there are as many as reals, half the target.
    loss, fake = softened(Logistic, smooth=smooth), torch.zeros(1, dtype=torch.float64)
    best = torch.logit(torch.tensor([1 - smooth], dtype=torch.float64)).requires_grad_(True)
    (slope,) = torch.autograd.grad(loss.discriminator(best, fake).sum(), best)
    assert abs(slope.item()) < 1e-12
    shared = torch.logit(torch.tensor([(1 - smooth) / 2], dtype=torch.float64)).requires_grad_(True)
    (slope,) = torch.autograd.grad(loss.discriminator(shared, shared).sum(), shared)
    assert abs(slope.item()) < 1e-12


@pytest.mark.parametrize("kind", CROSS_ENTROPY)
def test_the_generator_knows_of_neither_smoothing_nor_flips(kind):
    _, fake = drawn(6)
    softer = softened(kind, smooth=0.2, flip=0.7)
    assert torch.equal(softer.generator(None, fake), softened(kind).generator(None, fake))


@pytest.mark.parametrize("kind", CROSS_ENTROPY)
@pytest.mark.parametrize("smooth", [0, 0.2])
def test_flipping_all_labels_exchanges_reals_and_fakes(kind, smooth):
    real, fake = drawn(7)
    flipped = softened(kind, flip=1, smooth=smooth).discriminator(real, fake)
    assert torch.equal(flipped, softened(kind, smooth=smooth).discriminator(fake, real))


def test_flips_take_the_share_asked_for_and_follow_torchs_generator():
    real, fake = torch.full((20_000,), 2.0), torch.full((20_000,), -1.0)
    loss = softened(Logistic, flip=0.2)
    values = []
    for _ in range(2):
        torch.manual_seed(0)
        values.append(loss.discriminator(real, fake))
    assert torch.equal(*values)
    assert not torch.equal(values[0], loss.discriminator(real, fake))
    assert (values[0] > 1).float().mean().item() == pytest.approx(0.2, abs=0.01)


def test_hinge_ignores_what_is_beyond_the_margin():
    hinge = Hinge(catalogue.HingeOptions(margin=0.5))
    assert hinge.discriminator(torch.tensor([0.6]), torch.tensor([-0.6])).item() == 0
    assert hinge.discriminator(torch.tensor([0.0]), torch.tensor([0.0])).item() == 1


def test_minimax_saturates_where_the_default_does_not():
    lost = torch.full((1,), -10.0, requires_grad=True)
    (saturated,) = torch.autograd.grad(ALL["minimax"][0].generator(None, lost).sum(), lost)
    (alive,) = torch.autograd.grad(ALL["logistic"][0].generator(None, lost).sum(), lost)
    assert abs(saturated.item()) < 1e-3
    assert abs(alive.item()) > 0.99


def test_drift_pulls_the_logits_of_reals_toward_zero():
    loss = Wasserstein(catalogue.WassersteinOptions(drift=0.5))
    real, fake = torch.tensor([2.0, -4.0]), torch.tensor([1.0, 1.0])
    assert loss.discriminator(real, fake).tolist() == [1 - 2 + 2, 1 + 4 + 8]


@pytest.mark.parametrize("shift", [-3.0, 0.5, 100.0])
@pytest.mark.parametrize("name", RELATIVE)
def test_relativistic_losses_do_not_change_when_all_logits_move_together(name, shift):
    loss, (real, fake) = ALL[name][0], drawn(1)
    assert torch.allclose(loss.discriminator(real + shift, fake + shift), loss.discriminator(real, fake))
    assert torch.allclose(loss.generator(real + shift, fake + shift), loss.generator(real, fake))


@pytest.mark.parametrize("name", RELATIVE)
def test_relativistic_generators_say_that_they_need_reals(name):
    with pytest.raises(ValueError, match="needs the logits of reals"):
        ALL[name][0].generator(None, ZERO)


@pytest.mark.parametrize("name", RELATIVE)
def test_relativistic_networks_play_the_same_game_from_either_side(name):
    loss, (real, fake) = ALL[name][0], drawn(2)
    assert torch.equal(loss.generator(real, fake), loss.discriminator(fake, real))


def test_relativistic_average_is_cross_entropy_against_the_average_of_the_other_kind():
    real, fake = drawn(3)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    expected = bce(real - fake.mean(), ones) + bce(fake - real.mean(), zeros)
    assert torch.allclose(ALL["relativistic"][0].discriminator(real, fake).mean(), expected)


@pytest.mark.parametrize("name", ["relativistic", "relativistic:kind=hinge"])
def test_the_average_of_the_fakes_teaches_by_the_reals_too(name):
    # The first two fakes lead the average real already, so that only the average of the fakes still pulls them.
    real = torch.zeros(3, dtype=torch.float64)
    fake = torch.tensor([9.0, 9.0, -60.0], dtype=torch.float64, requires_grad=True)
    by_average, by_itself = (real - fake.mean()), (fake - real.mean())
    cost = torch.nn.functional.softplus if name == "relativistic" else lambda x: torch.relu(1 + x)
    expected = torch.autograd.grad((cost(by_average) + cost(-by_itself)).sum(), fake)[0]
    (seen,) = torch.autograd.grad(ALL[name][0].generator(real, fake).sum(), fake)
    assert torch.allclose(seen, expected)
    assert seen[0] < -0.5


def test_with_batches_of_one_the_average_is_the_pair_counted_twice():
    real, fake = drawn(4, n=1)
    pair, average = ALL["rpgan"][0], ALL["relativistic"][0]
    assert torch.allclose(average.discriminator(real, fake), 2 * pair.discriminator(real, fake))
