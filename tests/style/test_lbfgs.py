import math

import torch

from gantool.style.lbfgs import Lbfgs


def rosenbrock(point):
    leaf = point.detach().requires_grad_(True)
    loss = 100 * (leaf[1] - leaf[0] ** 2) ** 2 + (1 - leaf[0]) ** 2
    return loss.item(), torch.autograd.grad(loss, leaf)[0]


def test_it_finds_the_minimum_of_a_curved_valley():
    optimizer = Lbfgs(torch.tensor([-1.2, 1.0], dtype=torch.float64), rosenbrock)
    losses = [optimizer.loss] + [optimizer.step() for _ in range(60)]
    assert losses == sorted(losses, reverse=True)
    assert torch.allclose(optimizer.image, torch.ones(2, dtype=torch.float64), atol=1e-4)


def test_it_steps_back_from_where_the_loss_is_not_finite():
    def walled(point):
        loss, gradient = (point - 3).square().sum().item(), 2 * (point - 3)
        return (math.nan, gradient * math.nan) if point.max() > 2 else (loss, gradient)

    optimizer = Lbfgs(torch.zeros(3), walled, first_step=1.9)
    for _ in range(20):
        assert math.isfinite(optimizer.step())
    assert 1 < optimizer.image.max() <= 2


def test_at_a_minimum_it_stays():
    optimizer = Lbfgs(torch.zeros(2), lambda point: (point.square().sum().item(), 2 * point))
    optimizer.step()
    assert optimizer.stuck
    assert torch.equal(optimizer.image, torch.zeros(2))


def test_a_metric_that_is_the_inverse_hessian_leads_straight_to_the_minimum():
    bends = torch.logspace(0, 6, 40, dtype=torch.float64)

    def bowl(point):
        return 0.5 * (bends * point.square()).sum().item(), bends * point

    begin = torch.ones(40, dtype=torch.float64)
    told = Lbfgs(begin, bowl, metric=lambda gradient: 3 * gradient / bends)
    blind = Lbfgs(begin, bowl)
    for _ in range(3):
        told.step()
        blind.step()
    assert told.loss < 1e-12 * blind.loss


def test_what_the_pairs_do_not_tell_is_taken_from_the_metric_at_their_scale():
    asked = []

    def bowl(point):
        asked.append(point)
        return 0.5 * (bends * point.square()).sum().item(), bends * point

    bends, metric = torch.tensor([1.0, 8.0, 90.0]).double(), torch.tensor([1.0, 0.1, 0.01]).double()
    optimizer = Lbfgs(torch.ones(3).double(), bowl, metric=lambda gradient: metric * gradient)
    optimizer.step()
    moved, gradient = optimizer.image - 1, bends * optimizer.image
    change = bends * moved
    inverse = torch.outer(moved, change) / (moved @ change)
    known = torch.eye(3).double() - inverse
    scale = (moved @ change) / (change @ (metric * change))
    hessian = known @ torch.diag(scale * metric) @ known.T + torch.outer(moved, moved) / (moved @ change)
    optimizer.step()
    assert torch.allclose(asked[2], 1 + moved - hessian @ gradient)
