"""Adversarial losses: logits in, one value per sample out. The step takes the means."""

from torch.nn.functional import relu, softplus

from gantool.contracts import Logits
from gantool.losses import HingeOptions, LossOptions, LsganOptions, WassersteinOptions


class Logistic:
    """Non-saturating logistic loss: binary cross-entropy on logits (Goodfellow et al. 2014, section 3)."""

    pairs_real = False

    def __init__(self, options: LossOptions) -> None:
        pass

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """-log D(real) - log(1 - D(fake)); 2 log 2 at zero logits."""
        return softplus(-real_logits) + softplus(fake_logits)

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """-log D(fake); log 2 at a zero logit."""
        return softplus(-fake_logits)


class Minimax(Logistic):
    """The zero-sum game of the first paper (Goodfellow et al. 2014, eq. 1): its generator saturates when D wins."""

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """log(1 - D(fake)); -log 2 at a zero logit."""
        return -softplus(fake_logits)


class Hinge:
    """Hinge loss (Lim and Ye 2017; Miyato et al. 2018, eq. 16 and 17)."""

    pairs_real = False

    def __init__(self, options: HingeOptions) -> None:
        self.margin = options.margin

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Nothing to learn from a sample beyond the margin; 2 margins at zero logits."""
        return relu(self.margin - real_logits) + relu(self.margin + fake_logits)

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The negative logit."""
        return -fake_logits


class LeastSquares:
    """LSGAN (Mao et al. 2017, eq. 2), with both halves of the paper's factor 1/2."""

    pairs_real = False

    def __init__(self, options: LsganOptions) -> None:
        self.fake, self.real, self.wanted = options.fake, options.real, options.wanted

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Half the squared distances to the targets; 1/2 at zero logits."""
        return ((real_logits - self.real) ** 2 + (fake_logits - self.fake) ** 2) / 2

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """Half the squared distance to the wanted answer."""
        return (fake_logits - self.wanted) ** 2 / 2


class Wasserstein:
    """The critic's difference (Arjovsky et al. 2017, eq. 2); it needs a penalty that keeps the critic Lipschitz."""

    pairs_real = False

    def __init__(self, options: WassersteinOptions) -> None:
        self.drift = options.drift

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Fake minus real, plus the drift term (Karras et al. 2018, appendix A.1)."""
        return fake_logits - real_logits + self.drift * real_logits.square()

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The negative logit."""
        return -fake_logits
