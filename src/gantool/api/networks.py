"""Networks and what they exchange: images, labels, logits, and the `Gan` that an architecture builds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float, Int64
from torch import Tensor, nn

Images = tuple[Float[Tensor, "n c _ _"], ...]
"""Coarse to fine, each `[n, c, h, w]` in [-1, 1]; a 1-tuple for an architecture of one resolution."""

Labels = Int64[Tensor, "n"] | None

Logits = Float[Tensor, "n"]

Critic = Callable[[Images, Labels], Logits]
"""A discriminator as penalties see it: one logit an image."""


@dataclass(frozen=True)
class Stage:
    """A stretch of a run in which networks and batch keep one size, beginning at `start` images seen.

    Reals come at `resolution` pixels, `batch` of them a step. `fresh_moments` lets both optimizers begin the stage
    without moments. `title` says in a few words what happens in it.
    """

    start: int
    resolution: int
    batch: int
    title: str = ""
    fresh_moments: bool = False


@dataclass(frozen=True)
class Seen:
    """The tensors of one step, as `Gan.terms` gets them.

    `real` and `fake` are the images as the discriminator sees them, `of_real` and `of_fake` its output beside the
    logits for each; None where the step has no such pass. The generator's step has `real`
    where the loss pairs reals with fakes, and where there is no discriminator.
    """

    z: Float[Tensor, "n d"]
    labels: Labels
    fake: Images
    real: Images | None = None
    of_fake: Any = None
    of_real: Any = None


class Gan:
    """A generator and its discriminator.

    `generator(z, labels) -> Images` takes z from N(0, I), `[n, latent_dim]`; `discriminator(images, labels)` gives
    logits `[n]`, or `[n, k]` for several judgements of an image (scales, patches), or `(logits, more)`, where `more` is
    anything that `terms` needs. `labels` is None or int64 `[n]`. A generator with an intermediate latent space also has
    `map(z, labels) -> w` and `synthesize(w) -> Images`; sampling, truncation and interpolation then work in `w`.

    With `discriminator=None` there is no adversary: the generator learns by `terms` alone, and whatever it needs for
    that is a part of it (the encoder of a VAE).

    A parameter that was built frozen (`requires_grad` False) stays frozen.

    In evaluation mode each sample is drawn and judged by itself. A module of the discriminator that compares samples of
    a batch on purpose, as minibatch standard deviation does, says so by an attribute `compares_samples`, true. A layer
    that multiplies its weights by a number that depends on its inputs has that number as `scale`, a float (`--init`).
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module | None, latent_dim: int) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The generator, and the discriminator where there is one."""
        return (self.generator,) if self.discriminator is None else (self.generator, self.discriminator)

    def terms(self, side: str, seen: Seen) -> Mapping[str, Float[Tensor, "n"]]:
        """Loss terms of the architecture's own by name, one value per sample, for the step of one `side`.

        `side` is "discriminator" or "generator". Means of the terms are added to that side's loss and logged by their
        names; the two sides need different ones.
        """
        return {}

    def view(self, batch: Float[Tensor, "n c h w"]) -> Images:
        """A real batch as the discriminator sees it; override for pyramids or fades."""
        return (batch,)

    def advance(self, images_seen: int) -> None:
        """Grow, where the architecture grows: a pure function of `images_seen`, safe to call again.

        All parameters exist from the start: growing decides which of them are used. A Gan that was just built stands
        where its last stage ends.
        """

    def stages(self, batch: int) -> Sequence[Stage]:
        """The course of a run for `--batch`, the first from 0 on; empty when nothing ever changes."""
        return ()

    def status(self) -> Mapping[str, float]:
        """Values to show beside the losses at each tick, such as level and alpha of a network that grows."""
        return {}

    def module_sides(self) -> Mapping[str, int]:
        """The side in pixels of what modules work on, by name: `{"discriminator.blocks.0": 32}`, in order of their use.

        Where modules of a list are named, all of a side are: `--init` then finds them at another resolution, whatever
        their number is there, and `--freeze-d` freezes those of the discriminator's largest sides, with all that takes
        pictures at these. Modules that are not named belong to no side. Empty: names alone tell what is alike.
        """
        return {}

    def levels(self) -> Sequence[int]:
        """Sides of the pictures that `show` can ask for now, coarse to fine; empty: those the generator returns."""
        return ()

    def show(self, level: int | None) -> None:
        """Let the generator draw at one of `levels()`; None returns to what `advance` has set."""


@runtime_checkable
class MappedGenerator(Protocol):
    """A generator with an intermediate latent space."""

    def map(self, z: Float[Tensor, "n d"], labels: Labels) -> Float[Tensor, "n *w"]:
        """From z to the intermediate latent."""

    def synthesize(self, w: Float[Tensor, "n *w"]) -> Images:
        """From the intermediate latent to images."""
