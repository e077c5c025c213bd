"""Adversarial losses: logits in, one value per sample out. The step takes the means."""

import torch
from torch.nn.functional import relu, softplus

from gantool.api.networks import Logits
from gantool.api.strategies import Loss
from gantool.builtin.losses import HingeOptions, LogisticOptions, LsganOptions, WassersteinOptions


class Logistic(Loss):
    """Non-saturating logistic loss: binary cross-entropy on logits (Goodfellow et al. 2014, section 3).

    One-sided label smoothing is Salimans et al. 2016, section 3.4; only the discriminator's targets change.
    """

    def __init__(self, options: LogisticOptions) -> None:
        self.smooth, self.flip = options.smooth, options.flip

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """-log D(real) - log(1 - D(fake)); 2 log 2 at zero logits."""
        if self.flip > 0:  # drawn only when asked for, so that a run without it sees the same random numbers as before
            swapped = torch.rand_like(real_logits) < self.flip
            real_logits, fake_logits = (
                torch.where(swapped, fake_logits, real_logits),
                torch.where(swapped, real_logits, fake_logits),
            )
        loss = softplus(-real_logits) + softplus(fake_logits)
        # Cross-entropy with the target 1 - s: (1 - s) softplus(-r) + s softplus(r) = softplus(-r) + s r.
        return loss + self.smooth * real_logits if self.smooth > 0 else loss

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """-log D(fake); log 2 at a zero logit."""
        return softplus(-fake_logits)


class Minimax(Logistic):
    """The zero-sum loss of the first paper (Goodfellow et al. 2014, eq. 1): its generator saturates when D wins."""

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """log(1 - D(fake)); -log 2 at a zero logit."""
        return -softplus(fake_logits)


class Hinge(Loss):
    """Hinge loss (Lim and Ye 2017; Miyato et al. 2018, eq. 16 and 17)."""

    def __init__(self, options: HingeOptions) -> None:
        self.margin = options.margin

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Zero for a sample beyond the margin; 2 margins at zero logits."""
        return relu(self.margin - real_logits) + relu(self.margin + fake_logits)

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The negative logit."""
        return -fake_logits


class LeastSquares(Loss):
    """LSGAN (Mao et al. 2017, eq. 2), with both halves of the paper's factor 1/2."""

    def __init__(self, options: LsganOptions) -> None:
        self.fake, self.real, self.wanted = options.fake, options.real, options.wanted
        self.boundary = (options.fake + options.real) / 2

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Half the squared distances to the targets; 1/2 at zero logits."""
        return ((real_logits - self.real) ** 2 + (fake_logits - self.fake) ** 2) / 2

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """Half the squared distance to the generator's target."""
        return (fake_logits - self.wanted) ** 2 / 2


class Wasserstein(Loss):
    """The critic's difference (Arjovsky et al. 2017, eq. 2); it needs a penalty that keeps the critic Lipschitz."""

    boundary = None

    def __init__(self, options: WassersteinOptions) -> None:
        self.drift = options.drift

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Fake minus real, plus the drift term (Karras et al. 2018, appendix A.1)."""
        return fake_logits - real_logits + self.drift * real_logits.square()

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The negative logit."""
        return -fake_logits
