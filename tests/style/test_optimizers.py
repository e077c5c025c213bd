import pytest
import torch

from gantool.style.objective import Objective, Terms
from gantool.style.optimizers import lbfgs, tilted


class Rough(Objective):
    """A loss that hardly feels low frequencies: half the squared gradient of the distance from a target."""

    def __init__(self, target):
        self.target = target

    def evaluate(self, image):
        leaf = image.detach().requires_grad_(True)
        off = leaf - self.target
        loss = off.diff(dim=-1).square().mean() + off.diff(dim=-2).square().mean() + 1e-4 * off.square().mean()
        return Terms(loss.item(), 0.0, 0.0, 0.0), torch.autograd.grad(loss, leaf)[0]


def image(seed, height=12, width=17):
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_tilting_is_linear_symmetric_and_positive():
    one, other = image(0), image(1)
    assert torch.allclose(tilted(2 * one + other, 0.5), 2 * tilted(one, 0.5) + tilted(other, 0.5))
    assert torch.allclose((one * tilted(other, 0.5)).sum(), (tilted(one, 0.5) * other).sum())
    assert (one * tilted(one, 0.5)).sum() > 0
    assert torch.equal(tilted(one, 0.0), one)


@pytest.mark.parametrize(("waves", "gain"), [(8, 1.0), (4, 2.0**0.5), (1, 8.0**0.5)])
def test_tilting_leaves_the_highest_frequency_and_multiplies_lower_ones_by_its_power(waves, gain):
    wave = torch.cos(2 * torch.pi * waves * torch.arange(16, dtype=torch.float64) / 16).expand(1, 3, 16, 16)
    assert torch.allclose(tilted(wave, 0.5), gain * wave)


def test_a_constant_is_multiplied_by_no_more_than_the_longest_wave():
    assert torch.allclose(tilted(torch.ones(1, 3, 8, 32), 1.0), torch.tensor(16.0))


def test_tilted_steps_get_further_where_low_frequencies_lie_flat():
    target = torch.nn.functional.interpolate(image(2, 2, 2), (48, 64), mode="bilinear")
    losses = [[terms.total for _, terms in lbfgs(Rough(target), image(3, 48, 64), 20, tilt)] for tilt in (0.0, 0.5)]
    assert losses[1] == sorted(losses[1], reverse=True)
    assert losses[1][-1] < 0.7 * losses[0][-1]
