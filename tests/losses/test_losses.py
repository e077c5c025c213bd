import math

import pytest
import torch

from gantool import losses as catalogue
from gantool.losses.losses import Hinge, LeastSquares, Logistic, Minimax, Wasserstein

ZERO = torch.zeros(3)
ALL = {
    "logistic": (Logistic(catalogue.LossOptions()), 2 * math.log(2), math.log(2)),
    "minimax": (Minimax(catalogue.LossOptions()), 2 * math.log(2), -math.log(2)),
    "hinge": (Hinge(catalogue.HingeOptions()), 2.0, 0.0),
    "lsgan": (LeastSquares(catalogue.LsganOptions()), 0.5, 0.5),
    "wasserstein": (Wasserstein(catalogue.WassersteinOptions()), 0.0, 0.0),
}


@pytest.mark.parametrize("name", ALL)
def test_value_at_zero_logits(name):
    loss, discriminator, generator = ALL[name]
    assert torch.allclose(loss.discriminator(ZERO, ZERO), torch.full((3,), discriminator))
    assert torch.allclose(loss.generator(None, ZERO), torch.full((3,), generator))


@pytest.mark.parametrize("name", ALL)
def test_the_two_networks_pull_in_opposite_directions(name):
    loss = ALL[name][0]
    real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
    by_real, by_fake = torch.autograd.grad(loss.discriminator(real, fake).sum(), (real, fake))
    assert (by_real < 0).all()
    assert (by_fake >= 0).all()
    (by_fake_g,) = torch.autograd.grad(loss.generator(None, fake).sum(), fake)
    assert (by_fake_g < 0).all()


def test_every_registered_loss_is_tested_here():
    assert {spec.name for spec in catalogue.gantool_losses()} == set(ALL)


def test_logistic_is_cross_entropy_on_logits():
    real, fake = torch.randn(5), torch.randn(5)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    expected = bce(real, torch.ones(5), reduction="none") + bce(fake, torch.zeros(5), reduction="none")
    assert torch.allclose(ALL["logistic"][0].discriminator(real, fake), expected)


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
