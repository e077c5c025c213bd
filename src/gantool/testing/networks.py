"""An architecture under trial: how its networks are built, drawn from and judged, the same way every time."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from gantool.api.networks import Gan, Images, Labels, Stage
from gantool.api.specs import Architecture, ImageShape
from gantool.engine.chance import seed_generators
from gantool.engine.contract_check import check_contract
from gantool.engine.judging import PerImage
from gantool.engine.stages import stages_of
from gantool.pixels import to_float
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.choosing import SETTING

BATCH = 4
"""The batch of steps, and of `stages`: the smallest that can be split into two micro-batches."""
SAMPLES = 8
CHANNELS, CLASSES = (3, 1), (0, 3)


@dataclass(frozen=True)
class Case:
    """An architecture, a shape to build it for, and the plugins among which its recipe finds its components.

    `kept` has what takes long to make and serves several checks, each with a copy of its own.
    """

    component: Chosen
    shape: ImageShape
    plugins: PluginHost
    kept: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    @property
    def place(self) -> str:
        """The place of a fault, as part of its sentence."""
        channels = f"{self.shape.channels} channel{'s' if self.shape.channels > 1 else ''}"
        labels = f"{self.shape.classes} classes" if self.shape.classes else "no labels"
        return f"at {self.shape.resolution} pixels, {channels}, {labels}"

    @property
    def resolved(self) -> Chosen:
        """With options at "auto" replaced by what suits a short run."""
        setting = replace(SETTING, resolution=self.shape.resolution, channels=self.shape.channels)
        return self.component.resolved(setting)[0]

    def build(self, seed: int = 0) -> Gan:
        """New networks, in training mode, as this seed of torch's makes them, lazy layers by a first call."""
        with seeded(seed):
            built: object = self.resolved.build(self.shape)
            if not isinstance(built, Gan) or _is_lazy(built):
                check_contract(built, self.shape, self.component.title, BATCH)  # as a run does
        gan = cast(Gan, built)
        set_mode(gan, training=True)
        return gan

    def stages(self, gan: Gan) -> tuple[Stage, ...]:
        """The course of a run."""
        return stages_of(gan, self.shape.resolution, BATCH)

    def labels(self, n: int = SAMPLES) -> Labels:
        """Each class in turn; None where there are none."""
        return torch.arange(n) % self.shape.classes if self.shape.classes else None

    def reals(self, side: int | None = None, n: int = SAMPLES) -> Float[Tensor, "n c h w"]:
        """Pictures of noise, whose pixels go from -1 to 1."""
        side = side or self.shape.resolution
        with seeded(3):
            pixels = torch.randint(0, 256, (n, self.shape.channels, side, side), dtype=torch.uint8)
        pixels[:, :, 0, 0], pixels[:, :, -1, -1] = 0, 255
        return to_float(pixels)


def _is_lazy(gan: Gan) -> bool:
    """True with weights or buffers that have no shape before a first call, as those of torch's lazy layers."""
    return any(is_lazy(each) for net in gan.networks for each in (*net.parameters(), *net.buffers()))


def usual(component: Chosen) -> tuple[int, ...]:
    """The two smallest sizes it says it can do, else 16 and 32 pixels."""
    able = component.spec.resolutions if isinstance(component.spec, Architecture) else ()
    return tuple(sorted(able))[:2] or (16, 32)


def shapes(
    resolutions: Sequence[int], channels: Sequence[int] = CHANNELS, classes: Sequence[int] = CLASSES, quick: bool = True
) -> Iterator[ImageShape]:
    """All combinations; with `quick`, each size once."""
    if not quick:
        yield from (ImageShape(*sizes) for sizes in product(resolutions, channels, classes))
        return
    for turn in range(max(len(resolutions), len(channels), len(classes))):
        yield ImageShape(*(values[min(turn, len(values) - 1)] for values in (resolutions, channels, classes)))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's generators at this seed; the caller's random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        seed_generators(seed, torch.device("cpu"))
        yield


def latents(gan: Gan, n: int = SAMPLES) -> Float[Tensor, "n d"]:
    """The same latents for the same n."""
    return torch.randn(n, gan.latent_dim, generator=torch.Generator().manual_seed(1))


def networks(gan: Gan) -> tuple[tuple[str, nn.Module], ...]:
    """The networks with their names."""
    return tuple(zip(("generator", "discriminator"), gan.networks, strict=False))


def set_mode(gan: Gan, training: bool) -> None:
    """Both networks in training or in evaluation mode."""
    for _, network in networks(gan):
        network.train(training)


def modes(gan: Gan) -> dict[str, bool]:
    """The mode of each module of both networks by name, true for training."""
    return {
        f"{title}.{name}" if name else title: module.training
        for title, network in networks(gan)
        for name, module in network.named_modules()
    }


def changed_mode(gan: Gan, before: dict[str, bool]) -> str | None:
    """The first module that is in another mode than before."""
    return next((name for name, mode in modes(gan).items() if mode != before.get(name, mode)), None)


def weights(gan: Gan) -> dict[str, dict[str, Tensor]]:
    """Copies of the parameters of both networks, by network and name."""
    return {
        title: {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
        for title, network in networks(gan)
    }


def copied(gan: Gan) -> Gan:
    """Networks of their own, as the averaged generator of a run is made."""
    return copy.deepcopy(gan)


@torch.no_grad()
def drawn(gan: Gan, z: Float[Tensor, "n d"], labels: Labels, seed: int = 0) -> Images:
    """The generator's pictures of latents; noise in it is drawn under this seed."""
    with seeded(seed):
        images: Images = gan.generator(z, labels)
    return images


@torch.no_grad()
def judged(gan: Gan, images: Images, labels: Labels, seed: int = 0) -> Float[Tensor, "n"]:
    """The discriminator's logits, one an image; zeros where there is none."""
    if gan.discriminator is None:
        return torch.zeros(len(images[-1]))
    with seeded(seed):
        logits: Tensor = PerImage(gan.discriminator)(images, labels)
    return logits


def same(one: Any, other: Any) -> bool:
    """True if tensors, or tuples of them, agree in every bit; NaN equals NaN."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and one.dtype == other.dtype and bool(((one == other) | (one != one)).all())
    return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))


def far_apart(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """True if they differ by more than rounding: by a thousandth of their standard deviation."""
    return any(
        bool((a - b).abs().max() > 1e-3 * max(float(a.std(correction=0)), float(b.std(correction=0)), 1e-3))
        for a, b in zip(one, other, strict=True)
    )


@torch.no_grad()
def awaken(gan: Gan) -> Gan:
    """Parameters that begin at zero get values: behind a zero nothing has a gradient, and labels change nothing."""
    with seeded(2):
        for _, network in networks(gan):
            for parameter in network.parameters():
                if not parameter.any():
                    inputs = parameter[0].numel() if parameter.ndim > 1 else 100
                    parameter.copy_(torch.randn_like(parameter) / inputs**0.5)
    return gan
