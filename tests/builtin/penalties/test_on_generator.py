import pytest
import torch
from torch import nn

from gantool.builtin.penalties import PathLengthOptions
from gantool.builtin.penalties.on_generator import PathLength, path_lengths

LATENT, SIDE = 3, 4


class Linear(nn.Module):
    """Pictures that are `scale` times an orthonormal image of z, so that |J^T y| has a known mean square."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        basis, _ = torch.linalg.qr(torch.randn(SIDE * SIDE, LATENT, generator=torch.Generator().manual_seed(0)))
        self.basis = nn.Parameter(scale * basis)

    def forward(self, z, labels=None):
        return ((z @ self.basis.T).unflatten(1, (1, SIDE, SIDE)),)


class Mapped(Linear):
    """The same with an intermediate latent of twice z."""

    def map(self, z, labels):
        return 2 * z

    def synthesize(self, w):
        return Linear.forward(self, w)


def test_lengths_are_those_of_the_jacobian():
    torch.manual_seed(0)
    squared = path_lengths(Linear(5.0), torch.randn(4096, LATENT), None).square().mean().item()
    # E |J^T y|^2 = |J|^2 / pixels, and |J|^2 = 25 * 3 for three orthonormal columns five times as long.
    assert squared == pytest.approx(25 * LATENT / SIDE**2, rel=0.05)


def test_lengths_are_taken_by_the_intermediate_latent_where_there_is_one():
    z = torch.randn(8, LATENT)
    torch.manual_seed(1)
    plain = path_lengths(Linear(), z, None)
    torch.manual_seed(1)
    # By z the factor 2 of the mapping would show.
    z = z.requires_grad_(True)
    assert torch.allclose(path_lengths(Mapped(), z, None), plain, atol=1e-6)


def test_the_running_mean_follows_and_equal_lengths_cost_nothing():
    penalty = PathLength(PathLengthOptions(decay=1))
    z = torch.randn(4, LATENT)
    torch.manual_seed(3)
    lengths = path_lengths(Linear(), z, None)
    torch.manual_seed(3)
    value = penalty(Linear(), z, None)
    assert penalty.mean.item() == pytest.approx(lengths.mean().item())
    assert torch.allclose(value, (lengths - lengths.mean()) ** 2, atol=1e-6)
    assert value.mean().item() == pytest.approx(lengths.var(correction=0).item(), rel=1e-3)
    penalty.mean.fill_(1.0)
    penalty.decay = 0.25
    torch.manual_seed(3)
    penalty(Linear(), z, None)
    assert penalty.mean.item() == pytest.approx(0.75 + 0.25 * lengths.mean().item(), rel=1e-5)


def test_its_gradient_reaches_the_weights():
    network, penalty = Linear(), PathLength(PathLengthOptions())
    (gradient,) = torch.autograd.grad(penalty(network, torch.randn(4, LATENT), None).mean(), network.basis)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().sum() > 0


def test_a_generator_that_ignores_its_latent_gives_no_nan():
    network = Linear(0.0)
    (gradient,) = torch.autograd.grad(
        PathLength(PathLengthOptions())(network, torch.randn(4, LATENT), None).mean(), network.basis
    )
    assert torch.isfinite(gradient).all()


def test_what_is_not_finite_is_not_remembered():
    penalty = PathLength(PathLengthOptions(decay=0.5))
    penalty(Linear(), torch.randn(4, LATENT), None)
    before = penalty.mean.clone()
    penalty(Linear(float("nan")), torch.randn(4, LATENT), None)
    assert torch.equal(penalty.mean, before)
