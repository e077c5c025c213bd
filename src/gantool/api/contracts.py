"""The contracts between the engine and everything a plugin can bring. Shapes are checked when the tests run.

A loss, penalty, augmentation or balance that remembers something from step to step is an `nn.Module` that keeps it in
buffers of floating point, which stay finite when a step is not: they are moved to the device, saved with the run,
restored when it goes on, and averaged over processes after every step.

One that changes by plan has `advance(images_seen)`, called before every step like a Gan's: a pure function of the
clock, so that there is nothing to save (a penalty may set its `weight` so). Both kinds may tell how they stand by
`status() -> Mapping[str, float]`, read once a tick.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from gantool.api.events import Event

Images = tuple[Float[Tensor, "n c _ _"], ...]
"""Coarse to fine, each `[n, c, h, w]` in [-1, 1]; a 1-tuple for an architecture of one resolution."""

Labels = Int64[Tensor, "n"] | None
Logits = Float[Tensor, "n"]
Critic = Callable[[Images, Labels], Logits]
"""A discriminator as penalties see it."""


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


class Gan:
    """A generator and its discriminator.

    `generator(z, labels) -> Images` takes `z: [n, latent_dim]`; `discriminator(images, labels) -> logits [n]`.
    `labels` is None or int64 `[n]`. A generator with an intermediate latent space also has `map(z, labels) -> w` and
    `synthesize(w) -> Images`; sampling, truncation and interpolation then work in `w`.

    In evaluation mode each sample is drawn and judged by itself. A module of the discriminator that compares samples of
    a batch on purpose, as minibatch standard deviation does, says so by an attribute `compares_samples`, true.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, latent_dim: int) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim

    def view(self, batch: Float[Tensor, "n c h w"]) -> Images:
        """What the discriminator sees of a real batch; override for pyramids or fades."""
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
        """What changes while it grows and is worth telling beside the losses, such as level and alpha."""
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


@runtime_checkable
class Loss(Protocol):
    """An adversarial loss on logits: one value per sample, the step takes the mean.

    One whose attribute `pairs_real` is true gets the real logits in `generator` too (relativistic losses need them);
    where it is false or missing, None. One whose attribute `zero_decides` is false gives logits that only count against
    each other: the accuracy told of it takes the middle between reals and fakes for the boundary, and not 0.
    """

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """What the discriminator minimises."""

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """What the generator minimises."""


@runtime_checkable
class Penalty(Protocol):
    """A regulariser of the discriminator: one value per sample, in float32. It leaves the images as they are.

    The step adds `weight * every * mean` on every `every`-th step (lazy regularisation, Karras et al. 2020).
    Components of this kind come in two more forms, `GeneratorPenalty` and `Constraint`.
    """

    weight: float
    every: int

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """The penalty of each sample."""


@runtime_checkable
class GeneratorPenalty(Protocol):
    """A regulariser of the generator, told from one of the discriminator by its attribute `side`, "generator"."""

    side: str
    weight: float
    every: int

    def __call__(self, network: nn.Module, z: Float[Tensor, "n d"], labels: Labels) -> Logits:
        """The penalty of each sample."""


@runtime_checkable
class Constraint(Protocol):
    """What holds a discriminator's weights within bounds: a penalty without a value, called after each update."""

    def constrain(self, network: nn.Module) -> None:
        """Change the weights in place."""


@runtime_checkable
class Augmentation(Protocol):
    """A differentiable augmentation: `draw(n)` fixes one draw for a batch, then applied to real and fake alike.

    One that adapts also has `observe(real_logits)`, called after each step of the discriminator.
    """

    def draw(self, n: int) -> Callable[[Images], Images]:
        """The transformation of one batch of n, the same at all levels, into new images of the same shapes."""


class Turn(NamedTuple):
    """Which of the two networks learns from a batch."""

    discriminator: bool = True
    generator: bool = True


@runtime_checkable
class Balance(Protocol):
    """Who learns from the next batch: what keeps the two networks equally strong.

    Optional `learning_rate_scales`, two numbers, multiply the learning rates of generator and discriminator.
    """

    def turn(self) -> Turn:
        """Whose turn it is; asking again changes nothing."""

    def observe(self, seen: Mapping[str, Float[Tensor, ""]]) -> None:
        """Take note of a turn that was played: losses, and the discriminator's accuracies where it learnt."""


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used, and why."""

    path: str
    reason: str


@runtime_checkable
class Source(Protocol):
    """Images, addressed by index. `class_names` is empty when there are no labels.

    Three more attributes may be missing. A source whose content never changes for a given `fingerprint` (a short
    string) is cached on disk under it; without one it is read as it is. `skipped` is a sequence of Skipped, what could
    not be used; without it that is nothing. `batch(start, stop)` gives the pictures of these indices `[n, c, h, w]` and
    their labels `[n]` (None where there are none), as tensors or arrays, where that is faster than one by one.
    """

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the classes, in the order of their labels."""

    def __len__(self) -> int:
        """How many images there are."""

    def __getitem__(self, index: int, /) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        """One image at the wanted resolution and its label."""


@runtime_checkable
class Batches(Protocol):
    """The engine's supply of real images, a pure function of `images_seen`: a resumed run sees the same order."""

    @property
    def count(self) -> int:
        """How many images there are before they repeat."""

    @property
    def fingerprint(self) -> str:
        """The same for the same images; a resumed run checks it."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in the order of their labels."""

    def take(self, images_seen: int, n: int, resolution: int | None = None) -> tuple[UInt8[Tensor, "n c h w"], Labels]:
        """Images `images_seen` to `images_seen + n` of the endless, shuffled sequence, on the training device.

        With `resolution`, reduced to that side by averaging squares of pixels, at that side's cost.
        """


@runtime_checkable
class Extractor(Protocol):
    """A network that turns images in [-1, 1] into features; metrics and style transfer use it.

    Style transfer also needs `layers` (names, shallow to deep), `content_layers` and `style_layers` (tables from names
    to weights) and `select(layers)`, which returns a callable that gives the features of these layers alone.
    `style_loss` may name the style loss that suits it.
    """

    def __call__(self, images: Float[Tensor, "n c h w"]) -> Sequence[Float[Tensor, "n *feature"]]:
        """Features, shallow to deep."""


@runtime_checkable
class Observer(Protocol):
    """Told of every event of a run. It never touches what is trained.

    It may answer with events of its own, a list or tuple: what it measured, what it warns of. All other observers are
    told of them. The run keeps the checkpoint of the best `Measured.score`, so one observer at most should give one.
    """

    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Take note of the event."""


Statistics = tuple[Tensor, ...]
"""Statistics of features that a `StyleLoss` compares; the last tensor is the number of places they are from."""
PlaceWeights = Float[Tensor, "#n 1 h w"]
"""The weight of each place: a mask at the size of the features."""


class StyleLoss:
    """A distance between the features of an image and those of a style, without regard to where they are.

    Statistics are measured once for a style and at every step for the image. `additive` statistics of tiles add up to
    those of the whole image, which large images need. A `stochastic` loss draws anew at each step, and is minimised by
    Adam and not by L-BFGS. `strength` is the factor that `--style-weight 1` stands for.
    """

    additive = True
    stochastic = False
    strength = 8.0

    def measure(self, features: Float[Tensor, "n c h w"], weights: PlaceWeights | None = None) -> Statistics:
        """Statistics of one layer's features; the last tensor is the number of places, or the sum of their weights."""
        raise NotImplementedError

    def blend(self, targets: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
        """One target made of several styles, by shares that sum to 1: here the mean of the statistics."""
        parts = [
            [share * part / target[-1] for part in target[:-1]] for target, share in zip(targets, shares, strict=True)
        ]
        return (*(torch.stack(same).sum(dim=0) for same in zip(*parts, strict=True)), targets[0][-1].new_ones(()))

    def distance(self, measured: Statistics, target: Statistics) -> Float[Tensor, ""]:
        """0 at the target, about 1 where nothing of the style is there."""
        raise NotImplementedError

    def seed(self, seed: int) -> None:
        """Seed the random numbers of one scale, if there are any."""

    def turn(self) -> None:
        """Draw anew before a step, if anything is drawn at random."""
