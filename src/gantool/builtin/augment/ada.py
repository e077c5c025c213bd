"""Adaptive discriminator augmentation, controlled by overfitting (Karras et al. 2020, "limited data")."""

from collections.abc import Callable, Mapping

from gantool.api.networks import Images, Logits
from gantool.api.strategies import Augmentation
from gantool.builtin.augment import AdaOptions, pipeline
from gantool.builtin.augment.adapting import Adapting


class Ada(Adapting, Augmentation):
    """The paper's pipeline "bgc", each of its transformations with probability `p` for each sample.

    `p` follows the reals' logits: when their mean sign is above `target`, the discriminator overfits, and p grows.

    Logits are less the boundary of the loss, or, for one that only compares them (relativistic, rpgan), less the middle
    between reals and fakes. A critic (wasserstein) is meant to tell all reals: use `fixed=yes` with it.
    """

    def __init__(self, options: AdaOptions) -> None:
        super().__init__(float(options.p), options.every)
        self.options = options

    def advance(self, images_seen: int) -> None:
        """Have a constant strength be that of the options, also where the saved state has another."""
        if self.options.fixed:
            self.p.fill_(self.options.p)

    def draw(self, n: int) -> Callable[[Images], Images]:
        """The transformation of one batch of n, drawn by its first call; each call applies the same."""
        drawn: list[pipeline.Drawn] = []

        def apply(images: Images) -> Images:
            if not drawn:
                drawn.append(pipeline.draw(self.p, n, like=images[-1]))
            return drawn[0].apply(images)

        return apply

    def status(self) -> Mapping[str, float]:
        """The numbers that the console shows."""
        return {"augment_p": float(self.p)}

    def observe(self, real_logits: Logits) -> None:
        """Record the logits of a step's augmented reals, and update p when it is due."""
        if not self.options.fixed:
            self.follow(real_logits, self.options.target, self.options.kimg)
