"""The contracts between the engine and everything a plugin can bring. Shapes are checked when the tests run.

A loss, penalty, augmentation or balance with state from step to step is an `nn.Module` that keeps it in
buffers of floating point, which stay finite when a step is not: they are moved to the device, saved with the run,
restored when it resumes, and averaged over processes after every step.

One that follows a schedule has `advance(images_seen)`, called before every step like that of a Gan: a pure function of
the clock, so that there is nothing to save (a penalty may set its `weight` so). Both kinds may report numbers by
`status() -> Mapping[str, float]`, read once a tick.

An author derives from these classes, whose optional attributes have defaults (`class Mine(nn.Module, gantool.Penalty)`
where it is a module too), or writes a class with the same methods: it gets the defaults when it is built.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from gantool.api.events import Event

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
    a batch on purpose, as minibatch standard deviation does, says so by an attribute `compares_samples`, true.
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


class Part(ABC):  # noqa: B024 (what is abstract differs by kind)
    """The base of all components but architectures; `component_name` is set where one is built by its name."""

    component_name: str = ""


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
    others get None. One whose attribute `zero_decides` is false gives logits that only count against each other: the
    accuracy takes the middle between reals and fakes for the boundary, and not 0.
    """

    pairs_real: bool = False
    zero_decides: bool = True

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
        """Change the weights in place."""
        raise NotImplementedError


class Augmentation(Strategy):
    """A differentiable augmentation: `draw(n)` fixes one draw for a batch, then applied to real and fake alike."""

    @abstractmethod
    def draw(self, n: int) -> Callable[[Images], Images]:
        """The transformation of one batch of n, the same at all levels, into new images of the same shapes."""

    def observe(self, real_logits: Logits) -> None:
        """Adapt to the logits of reals, one an image, after each step of the discriminator."""


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


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used, and why."""

    path: str
    reason: str


class Source(Part):
    """Images, addressed by index.

    `class_names` are in the order of their labels, and empty when there are none. A source whose content never changes
    for a given `fingerprint` (a short string) is cached on disk under it; without one it is read as it is. `skipped`
    lists what could not be used.
    """

    class_names: Sequence[str] = ()
    fingerprint: str | None = None
    skipped: Sequence[Skipped] = ()

    @abstractmethod
    def __len__(self) -> int:
        """The number of images."""

    @abstractmethod
    def __getitem__(self, index: int, /) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        """One image at the wanted resolution and its label."""

    def batch(self, start: int, stop: int) -> tuple[Any, Any] | None:
        """Images `[n, c, h, w]` of these indices and labels `[n]` or None, as tensors or arrays.

        None where that is no faster than one by one.
        """
        return None


@runtime_checkable
class Batches(Protocol):
    """The engine's supply of real images, a pure function of `images_seen`: a resumed run sees the same order."""

    @property
    def count(self) -> int:
        """The number of different images before they repeat."""

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


class Extractor(Part):
    """A network that turns images in [-1, 1] into features; metrics and style transfer use it.

    Style transfer also needs `layers` (names, shallow to deep), `content_layers` and `style_layers` (tables from names
    to weights) and `select`. `style_loss` names the style loss that suits it.
    """

    layers: Sequence[str] = ()
    content_layers: Mapping[str, float] = MappingProxyType({})
    style_layers: Mapping[str, float] = MappingProxyType({})
    style_loss: str = "gram"

    @abstractmethod
    def __call__(self, images: Float[Tensor, "n c h w"]) -> Sequence[Float[Tensor, "n *feature"]]:
        """Features, shallow to deep."""

    def select(self, layers: Sequence[str]) -> Callable[[Tensor], Sequence[Tensor]] | None:
        """A callable that gives the features of these layers alone; None without layers."""
        return None


Listener = Callable[[Event], Sequence[Event] | None]
"""A receiver of a run's events: an observer, or any function of the same signature."""


class Observer(Part):
    """Takes every event of a run. It never touches what is trained.

    It may answer with events of its own, a list or tuple, such as `Measured` and `Warned`. All other observers get
    them. The run keeps the checkpoint of the best `Measured.score`, so one observer at most should give one.
    """

    @abstractmethod
    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Handle the event."""


Statistics = tuple[Tensor, ...]
"""Statistics of features that a `StyleLoss` compares; the last tensor is the number of places they are from."""
PlaceWeights = Float[Tensor, "#n 1 h w"]
"""The weight of each place: a mask at the size of the features."""


class StyleLoss(Part):
    """A distance between the features of an image and those of a style, without regard to where they are.

    Statistics are measured once for a style and at every step for the image. `additive` statistics of tiles add up to
    those of the whole image, which large images need. A `stochastic` loss draws anew at each step, and is minimised by
    Adam and not by L-BFGS. `strength` is the factor that `--style-weight 1` stands for.
    """

    additive = True
    stochastic = False
    strength = 8.0

    @abstractmethod
    def measure(self, features: Float[Tensor, "n c h w"], weights: PlaceWeights | None = None) -> Statistics:
        """Statistics of one layer's features; the last tensor is the number of places, or the sum of their weights."""

    def blend(self, targets: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
        """One target made of several styles, by shares that sum to 1: here the mean of the statistics."""
        parts = [
            [share * part / target[-1] for part in target[:-1]] for target, share in zip(targets, shares, strict=True)
        ]
        return (*(torch.stack(same).sum(dim=0) for same in zip(*parts, strict=True)), targets[0][-1].new_ones(()))

    @abstractmethod
    def distance(self, measured: Statistics, target: Statistics) -> Float[Tensor, ""]:
        """The distance: 0 at the target, about 1 for an image with nothing of the style."""

    def seed(self, seed: int) -> None:
        """Seed the random numbers of one scale, if there are any."""

    def turn(self) -> None:
        """Draw anew before a step, if anything is drawn at random."""
