"""The terms of the evidence lower bound as pure functions, one value for each sample, in nats."""

import math

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

LEAST_LOG_SIGMA = -6.0
"""The bound by which Rybkin et al. 2021 keep a sigma that learns from 0; far below the 1/255 of a picture file."""


def bounded(log_sigma: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """A log-sigma that learns, kept above the least."""
    return LEAST_LOG_SIGMA + F.softplus(log_sigma - LEAST_LOG_SIGMA)


def divergence(mean: Float[Tensor, "n d"], log_variance: Float[Tensor, "n d"]) -> Float[Tensor, "n"]:
    """KL(N(mean, variance) | N(0, I)) (Kingma and Welling 2014, appendix B)."""
    return (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1) / 2


def surprise(
    error: Float[Tensor, "n p"], log_sigma: Float[Tensor, ""] | None
) -> tuple[Float[Tensor, "n"], Float[Tensor, ""]]:
    """The negative log-likelihood of p pixel values that are so far from their means, and the log-sigma it is by.

    None stands for the log-sigma that makes it least over the batch (Rybkin et al. 2021, section 3.2). It has no
    gradient of its own, since at the least the likelihood does not change with it.
    """
    if log_sigma is None:
        log_sigma = error.detach().square().mean().log().clamp(min=2 * LEAST_LOG_SIGMA) / 2
    exponent = (error * (-log_sigma).exp()).square().sum(dim=1) / 2
    return exponent + error.shape[1] * (log_sigma + math.log(2 * math.pi) / 2), log_sigma
