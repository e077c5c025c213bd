"""Relativistic losses: only differences of logits of reals and fakes matter."""

from torch import Tensor
from torch.nn.functional import relu, softplus

from gantool.api.networks import Logits
from gantool.api.strategies import Loss
from gantool.builtin.losses import LossOptions, RelativisticOptions


def _given(real_logits: Logits | None) -> Logits:
    if real_logits is None:
        raise ValueError("The generator of a relativistic loss needs the logits of reals, and got None.")
    return real_logits


class RelativisticAverage(Loss):
    """RaSGAN and RaHingeGAN (Jolicoeur-Martineau 2018): each sample against the average of the other kind.

    The averages carry gradients, as in the paper: the generator has a gradient by the term of the reals too. They are
    taken over the batch of one process: with many processes it is the paper's loss with a smaller batch.
    """

    pairs_real = True
    boundary = None

    def __init__(self, options: RelativisticOptions) -> None:
        self._hinge = options.kind == "hinge"

    def _cost_of_lead(self, lead: Tensor) -> Tensor:
        return relu(1 - lead) if self._hinge else softplus(-lead)

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Reals against the mean logit of fakes, fakes against that of reals; 2 log 2 at zero logits, by hinge 2."""
        by_real = self._cost_of_lead(real_logits - fake_logits.mean())
        by_fake = self._cost_of_lead(real_logits.mean() - fake_logits)
        return by_real + by_fake

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The same with reals and fakes exchanged, so that its value at zero logits is the same too."""
        return self.discriminator(fake_logits, _given(real_logits))


class RelativisticPairing(Loss):
    """RpGAN: each fake against one real (Jolicoeur-Martineau 2018, RSGAN; Huang et al. 2025, eq. 2)."""

    pairs_real = True
    boundary = None

    def __init__(self, options: LossOptions) -> None:
        pass

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """-log sigmoid(real - fake); log 2 where both logits are equal."""
        return softplus(-(real_logits - fake_logits))

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The same with reals and fakes exchanged."""
        return softplus(-(fake_logits - _given(real_logits)))
