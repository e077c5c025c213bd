import pytest
import torch

from gantool.losses import GpOptions, R1Options
from gantool.losses.penalties import R1, GradientPenalty

WEIGHT = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))


def linear(images, labels):
    return (images[-1] * WEIGHT).sum(dim=(1, 2, 3))


def quadratic(images, labels):
    return (images[-1] ** 2).sum(dim=(1, 2, 3)) / 2


def batch(seed, n=5):
    return (torch.randn(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed)),)


def test_r1_of_a_linear_discriminator_is_the_squared_norm_of_its_weight():
    value = R1(R1Options())(linear, batch(1), batch(2), None)
    assert torch.allclose(value, WEIGHT.square().sum().expand(5))


def test_r1_of_a_quadratic_discriminator_is_the_squared_norm_of_the_real_sample():
    real = batch(1)
    assert torch.allclose(R1(R1Options())(quadratic, real, batch(2), None), real[0].square().sum(dim=(1, 2, 3)))


def test_r1_adds_up_over_the_levels_of_a_pyramid():
    real = (*batch(1), *batch(2))

    def both(images, labels):
        return linear(images[:1], labels) + 2 * linear(images[1:], labels)

    assert torch.allclose(R1(R1Options())(both, real, real, None), 5 * WEIGHT.square().sum().expand(5))


def test_the_weight_of_r1_is_gamma_of_which_the_step_takes_half():
    assert R1(R1Options(weight=3, every=4)).weight == 1.5


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


@pytest.mark.parametrize(
    "penalty", [R1(R1Options()), GradientPenalty(GpOptions()), GradientPenalty(GpOptions(target=0))]
)
def test_gradients_of_a_penalty_reach_the_weights_and_stay_finite_where_the_discriminator_is_flat(penalty):
    weight = torch.zeros(3, 4, 4, requires_grad=True)
    value = penalty(lambda images, labels: (images[-1] * weight).sum(dim=(1, 2, 3)), batch(1), batch(2), None)
    value.mean().backward()
    assert weight.grad is not None
    assert torch.isfinite(weight.grad).all()
