"""The loss `your-name`: logits in, one value per sample out; the training step takes the means."""

import gantool
from gantool import Logits
from torch.nn.functional import relu

from gantool_your_name import YourNameOptions


class SquaredHinge(gantool.Loss):
    """Squared hinge: the gradient of a sample grows with its distance from the right side of the margin."""

    def __init__(self, options: YourNameOptions) -> None:
        self.margin = options.margin

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Zero for real logits above the margin and fake logits below minus the margin."""
        return relu(self.margin - real_logits).square() + relu(self.margin + fake_logits).square()

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The negative logit."""
        return -fake_logits
