import pytest
import torch

from gantool.builtin import penalties as catalogue
from gantool.builtin.losses import WassersteinOptions
from gantool.builtin.losses.losses import Wasserstein
from gantool.builtin.penalties import DraganOptions, DriftOptions, GpOptions, R1Options
from gantool.builtin.penalties.gradients import R1, R2, Dragan, Drift, GradientPenalty

ALL = {
    "r1": R1(R1Options(weight=1)),
    "r2": R2(R1Options(weight=1)),
    "gp": GradientPenalty(GpOptions()),
    "gp:target=0": GradientPenalty(GpOptions(target=0)),
    "dragan": Dragan(DraganOptions()),
    "dragan:target=0": Dragan(DraganOptions(target=0)),
    "drift": Drift(DriftOptions()),
}
WEIGHT = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))


def linear(images, labels):
    return (images[-1] * WEIGHT).sum(dim=(1, 2, 3))


def quadratic(images, labels):
    return (images[-1] ** 2).sum(dim=(1, 2, 3)) / 2


def batch(seed, n=5):
    return (torch.randn(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed)),)


def pyramid(images, labels):
    return linear(images[:1], labels) + 2 * linear(images[1:], labels)


def test_every_registered_penalty_is_tested_here():
    elsewhere = {"bcr", "clip", "path-length"}  # test_consistency.py, test_constraints.py, test_on_generator.py
    assert {spec.name for spec in catalogue.gantool_penalties()} - elsewhere == {n.partition(":")[0] for n in ALL}


@pytest.mark.parametrize("penalty", ALL.values(), ids=ALL)
def test_penalties_are_in_float32_and_leave_the_images_as_they_are(penalty):
    real, fake = (tuple(level.bfloat16() for level in (*batch(seed), *batch(seed + 1))) for seed in (1, 3))
    before = [level.clone() for level in (*real, *fake)]

    def sure(images, labels):
        assert all(level.dtype == torch.float32 for level in images)
        return pyramid(images, labels)

    value = penalty(sure, real, fake, None)
    assert value.dtype == torch.float32
    assert value.shape == (5,)
    assert all(torch.equal(one, other) for one, other in zip(before, (*real, *fake), strict=True))
    assert not any(level.requires_grad for level in (*real, *fake))


def test_r1_of_a_linear_discriminator_is_the_squared_norm_of_its_weight():
    value = R1(R1Options(weight=1))(linear, batch(1), batch(2), None)
    assert torch.allclose(value, WEIGHT.square().sum().expand(5))


def test_r1_of_a_quadratic_discriminator_is_the_squared_norm_of_the_real_sample():
    real = batch(1)
    assert torch.allclose(R1(R1Options(weight=1))(quadratic, real, batch(2), None), real[0].square().sum(dim=(1, 2, 3)))


def test_r1_adds_up_over_the_levels_of_a_pyramid():
    real = (*batch(1), *batch(2))

    assert torch.allclose(R1(R1Options(weight=1))(pyramid, real, real, None), 5 * WEIGHT.square().sum().expand(5))


@pytest.mark.parametrize("kind", [R1, R2])
def test_the_weight_of_r1_and_r2_is_gamma_of_which_the_step_takes_half(kind):
    penalty = kind(R1Options(weight=3, every=4))
    assert (penalty.weight, penalty.every) == (1.5, 4)


@pytest.mark.parametrize("network", [linear, quadratic, lambda images, labels: linear(images, labels).sin()])
def test_r2_is_r1_at_the_fakes(network):
    real, fake = batch(1), batch(2)
    assert torch.equal(
        R2(R1Options(weight=1))(network, real, fake, None), R1(R1Options(weight=1))(network, fake, real, None)
    )


def test_r2_of_a_quadratic_discriminator_is_the_squared_norm_of_the_fake_sample():
    fake = batch(2)
    assert torch.allclose(R2(R1Options(weight=1))(quadratic, batch(1), fake, None), fake[0].square().sum(dim=(1, 2, 3)))


@pytest.mark.parametrize("target", [0.0, 1.0, 2.5])
def test_gp_of_a_linear_discriminator_is_the_squared_distance_of_its_norm_from_the_target(target):
    value = GradientPenalty(GpOptions(target=target))(linear, batch(1), batch(2), None)
    assert torch.allclose(value, ((WEIGHT.norm() - target) ** 2).expand(5), rtol=1e-4)


def test_gp_looks_between_real_and_fake():
    real, fake = batch(1), batch(2)
    torch.manual_seed(3)
    value = GradientPenalty(GpOptions(target=0))(quadratic, real, fake, None)
    torch.manual_seed(3)
    share = torch.rand(5, 1, 1, 1)
    between = real[0] + share * (fake[0] - real[0])
    assert torch.allclose(value, between.square().sum(dim=(1, 2, 3)), rtol=1e-4)


@pytest.mark.parametrize("penalty", ALL.values(), ids=ALL)
def test_gradients_of_a_penalty_reach_the_weights_and_stay_finite_where_the_discriminator_is_flat(penalty):
    weight = torch.zeros(3, 4, 4, requires_grad=True)
    value = penalty(lambda images, labels: (images[-1] * weight).sum(dim=(1, 2, 3)), batch(1), batch(2), None)
    value.mean().backward()
    assert weight.grad is not None
    assert torch.isfinite(weight.grad).all()


@pytest.mark.parametrize("target", [0.0, 1.0, 2.5])
def test_dragan_of_a_linear_discriminator_is_the_squared_distance_of_its_norm_from_the_target(target):
    value = Dragan(DraganOptions(target=target))(linear, batch(1), batch(2), None)
    assert torch.allclose(value, ((WEIGHT.norm() - target) ** 2).expand(5), rtol=1e-4)


def test_dragan_adds_up_the_squared_gradients_of_the_levels_of_a_pyramid_before_it_takes_the_norm():
    real = (*batch(1), *batch(2))
    value = Dragan(DraganOptions(target=2))(pyramid, real, real, None)
    assert torch.allclose(value, ((5**0.5 * WEIGHT.norm() - 2) ** 2).expand(5), rtol=1e-4)


def test_dragan_without_noise_and_target_is_r1():
    real, fake = batch(1), batch(2)
    value = Dragan(DraganOptions(target=0, noise=0))(quadratic, real, fake, None)
    assert torch.equal(value, R1(R1Options(weight=1))(quadratic, real, fake, None))


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_dragan_looks_around_reals_as_far_as_their_spread_says(scale):
    real = (scale * batch(1, n=400)[0],)
    torch.manual_seed(0)
    squared = Dragan(DraganOptions(target=0, noise=0.5))(quadratic, real, batch(2, n=400), None)
    # The gradient is the point itself: its mean square grows by the noise's variance, a quarter of the reals'.
    expected = real[0].square().mean() + real[0].var(correction=0) / 4
    assert squared.mean().item() / WEIGHT.numel() == pytest.approx(expected.item(), rel=0.02)


def test_dragan_of_flat_pictures_is_finite():
    flat = (torch.zeros(2, 3, 4, 4),)
    assert torch.isfinite(Dragan(DraganOptions())(quadratic, flat, flat, None)).all()


def test_drift_is_the_squared_logit_of_the_reals():
    real, fake = batch(1), batch(2)
    assert torch.allclose(Drift(DriftOptions())(linear, real, fake, None), linear(real, None).square())
    assert torch.allclose(Drift(DriftOptions())(quadratic, real, fake, None), quadratic(real, None).square())
    levels = (*real, *fake)
    assert torch.allclose(Drift(DriftOptions())(pyramid, levels, levels, None), pyramid(levels, None).square())


def test_drift_as_a_penalty_adds_what_the_option_of_wasserstein_adds():
    real, fake = linear(batch(1), None), linear(batch(2), None)
    plain, drifting = (Wasserstein(WassersteinOptions(drift=drift)) for drift in (0.0, 0.2))
    penalty = Drift(DriftOptions(weight=0.2))
    added = penalty.weight * penalty(linear, batch(1), batch(2), None)
    assert torch.allclose(plain.discriminator(real, fake) + added, drifting.discriminator(real, fake))
