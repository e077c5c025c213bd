"""Components that take part in a step: losses, penalties, augmentations and balances."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Images, Logits
from gantool.api.part import Part


class Strategy(Part):
    """The base of components of a training step: one may follow the clock, and report its status."""

    def advance(self, images_seen: int) -> None:
        """Follow the clock, before every step: a pure function of `images_seen`."""

    def status(self) -> Mapping[str, float]:
        """Numbers that are shown at each tick beside the losses."""
        return {}


class Loss(Strategy):
    """An adversarial loss on logits: one value per logit, the step takes the mean.

    One whose attribute `pairs_real` is true gets the real logits in `generator` too (relativistic losses need them);
    others get None. `boundary` is the logit between what counts as real and as fake, by which accuracies are measured
    and components adapt; it is None where logits only count against each other: the middle between the means of reals
    and fakes in the batch then takes its place.
    """

    pairs_real: bool = False
    boundary: float | None = 0.0

    @abstractmethod
    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """The discriminator's loss, one value per sample."""

    @abstractmethod
    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """The generator's loss, one value per sample."""


class Penalty(Strategy):
    """A regulariser of one network: a value that is added to its loss, or a change to its weights after each update.

    `side` says which, and how it is called:

    - "discriminator": `penalty(network, real, fake, labels)` gives one value per sample, in float32. The images are
      augmented, and left as they are; `network(images, labels)`, an `nn.Module`, gives logits `[n]` in float32.
    - "generator": `penalty(network, z, labels)` gives one value per sample, for latents z of its own.
    - "discriminator weights", "generator weights": `constrain(network)` changes weights in place after each update.

    The step adds `weight * every * mean` on every `every`-th turn of that network (lazy regularisation, Karras et al.
    2020). A value that depends on the weights alone, as in orthogonal regularisation, may be one for all samples,
    `[1]`; `penalty(network, *seen)` then takes the arguments of either side.
    """

    side: str = "discriminator"
    weight: float = 1.0
    every: int = 1

    def __call__(self, network: nn.Module, *args: Any, **kwargs: Any) -> Logits:
        """The penalty of each sample."""
        raise NotImplementedError

    def constrain(self, network: nn.Module) -> None:
        """Change the weights in place: those that learn, since the others (`requires_grad` false) were frozen."""
        raise NotImplementedError


class Augmentation(Strategy):
    """A differentiable augmentation: `draw(n)` fixes one draw for a batch, then applied to real and fake alike."""

    @abstractmethod
    def draw(self, n: int) -> Callable[[Images], Images]:
        """The transformation of one batch of n, the same at all levels, into new images of the same shapes."""

    def observe(self, real_logits: Logits) -> None:
        """Adapt to the logits of reals less the boundary, one an image, after each step of the discriminator."""


class Turn(NamedTuple):
    """The network, or both, that a batch updates."""

    discriminator: bool = True
    generator: bool = True


class Balance(Strategy):
    """A strategy that keeps the two networks equally strong: it decides which of them the next batch updates.

    `learning_rate_scales` multiply the learning rates of generator and discriminator.
    """

    learning_rate_scales: tuple[float, float] = (1.0, 1.0)

    @abstractmethod
    def turn(self) -> Turn:
        """The turn of the next batch; calling it twice changes nothing."""

    def observe(self, seen: Mapping[str, Float[Tensor, ""]]) -> None:
        """Adapt to the scalars of a step: losses, and the discriminator's accuracies where it learnt."""
