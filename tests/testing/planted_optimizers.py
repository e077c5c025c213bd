"""Optimizers, sound ones and with one fault each."""

import torch


def at_two_rates(options, parameters, setting):
    """Sound: what has no more than one dimension learns at a tenth of the rate."""
    wide, thin = ([p for p in parameters if (p.ndim > 1) == is_wide] for is_wide in (True, False))
    groups = [{"params": wide}, {"params": thin, "lr": setting.learning_rate / 10}]
    return torch.optim.Adam([group for group in groups if group["params"]], lr=setting.learning_rate)


def at_its_own_rate(options, parameters, setting):
    return torch.optim.Adam(parameters, lr=1e-2)


def dropping_vectors(options, parameters, setting):
    return torch.optim.Adam([p for p in parameters if p.ndim > 1], lr=setting.learning_rate)


class Signs(torch.optim.Optimizer):
    """Says that it heeds found_inf, and does."""

    _step_supports_amp_scaling = True

    def __init__(self, parameters, learning_rate):
        super().__init__(parameters, {"lr": learning_rate})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None and not self.is_skipped():
                    self.move(weight, group["lr"])

    def is_skipped(self):
        return bool(getattr(self, "found_inf", 0))

    def move(self, weight, rate):
        mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
        mean.lerp_(weight.grad, 0.1)
        weight.add_(mean.sign(), alpha=-rate)


def heeding_overflow(options, parameters, setting):
    """Sound."""
    return Signs(parameters, setting.learning_rate)


def deaf_to_overflow(options, parameters, setting):
    class Deaf(Signs):
        def is_skipped(self):
            return False

    return Deaf(parameters, setting.learning_rate)


def for_matrices(options, parameters, setting):
    class Flat(Signs):
        def move(self, weight, rate):
            rows = weight.grad @ weight.grad.T if weight.ndim > 1 else weight.grad
            super().move(weight, rate if rows.isfinite().all() else 0.0)

    return Flat(parameters, setting.learning_rate)
